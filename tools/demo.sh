#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The main job, on real input: demo.sh BUILD compiles the packet filter of examples/filter/ and runs it over a capture.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
if [ -n "${SKEP_CLANG:-}" ]; then
    clang=$SKEP_CLANG
else
    clang=$(command -v clang-19 || command -v clang) || { echo "demo.sh: there is no clang" >&2; exit 1; }
fi

show() {
    printf '$ %s\n' "$*"
    "$@"
}
show "$clang" -O2 -g -target bpf -mcpu=v4 -c examples/filter/filter.c -o "$build/filter.o"
show "$build/skep" run "$build/filter.o" --section filter --pcap tests/data/captures/mixed.pcap --verdicts "${@:2}"
