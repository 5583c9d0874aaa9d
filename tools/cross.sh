#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The core on other architectures: a 64-bit one, a 32-bit one and a big-endian one. Each is built hosted (statically
# linked, for qemu-user to run the cases and vectors) and freestanding (to look at its symbols):
# cross.sh [FOLDER] [TRIPLE]...
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-build/cross}
shift || true
vectors=${SKEP_CONFORMANCE:-../shared/conformance}
[ -d "$vectors" ] || { echo "cross.sh: no conformance vectors at $vectors, skipped"; vectors=""; }

one() {
    local triple=$1 emulator=$2 symbols=$3
    shift 3
    echo "== $triple"
    local common=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="${triple%%-*}" -DCMAKE_C_COMPILER="$triple-gcc"
        -DCMAKE_BUILD_TYPE=Release -DSKEP_WERROR=ON)
    cmake -S . -B "$out/$triple" "${common[@]}" -DSKEP_BUILD_TOOL=OFF -DSKEP_BUILD_EXAMPLES=OFF \
        -DCMAKE_EXE_LINKER_FLAGS=-static >/dev/null
    cmake --build "$out/$triple" -j "$(nproc)" --target runner >/dev/null
    cmake -S . -B "$out/$triple-freestanding" "${common[@]}" -DSKEP_FREESTANDING=ON >/dev/null
    cmake --build "$out/$triple-freestanding" -j "$(nproc)" >/dev/null
    # Atomics or 64-bit arithmetic that the processor may lack are in the compiler's runtime library.
    NM=$triple-nm ALLOW=$symbols tools/check_freestanding "$out/$triple-freestanding/libskep.a"
    "$emulator" "$out/$triple/tests/runner" "$@" tests/data ${vectors:+"$vectors"}
}

for triple in "${@:-all}"; do
    case $triple in
    aarch64* | all) one aarch64-linux-gnu qemu-aarch64 '__aarch64_[a-z0-9_]+' ;;&
    arm-* | all) one arm-linux-gnueabihf qemu-arm '__aeabi_[a-z0-9]+|__udivmoddi4|__divmoddi4' ;;&
    s390x* | all) one s390x-linux-gnu qemu-s390x '' --skip tests/little-endian-only.txt ;;
    esac
done
