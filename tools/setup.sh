#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Installs what a task needs on Debian: setup.sh [build|demo|test|bench|fuzz|cross|ci]...
# Silent and quick when nothing is missing. Otherwise it calls apt-get (with sudo when not root), or, where it
# may not, prints the line that somebody else has to run and fails. Without dpkg it leaves the matter to the build,
# which says what it lacks. A clang of one's own: SKEP_CLANG=/path/to/clang (for -target bpf; 19 or newer).
set -euo pipefail

# Packages of each task. `package=command`: any other source of that command will do as well.
packages() {
    case $1 in
    build) echo gcc=gcc libc6-dev cmake=cmake make=make pkg-config=pkg-config libpcap-dev libjansson-dev libcapstone-dev ;;
    demo)
        packages build
        [ -n "${SKEP_CLANG:-}" ] || echo clang-19=clang-19
        ;;
    test)
        packages demo
        echo g++=g++ libcmocka-dev libbpf-dev python3=python3 llvm-19=llvm-mc-19 libclang-rt-19-dev tcpdump=tcpdump
        echo linux-libc-dev xdp-tools # for tests/kernel/suite.py
        ;;
    bench) packages demo && echo libdpdk-dev libbpf-dev linux-libc-dev python3=python3 ;;
    fuzz) packages build && echo clang-19=clang-19 libclang-rt-19-dev ;;
    cross)
        packages build
        echo python3=python3 qemu-user=qemu-aarch64
        echo gcc-aarch64-linux-gnu=aarch64-linux-gnu-gcc libc6-dev-arm64-cross
        echo gcc-arm-linux-gnueabihf=arm-linux-gnueabihf-gcc libc6-dev-armhf-cross
        echo gcc-s390x-linux-gnu=s390x-linux-gnu-gcc libc6-dev-s390x-cross
        ;;
    ci) packages test && packages fuzz && packages cross && echo git=git ;;
    *)
        echo "setup.sh: no such task: $1 (build, demo, test, bench, fuzz, cross or ci)" >&2
        return 2
        ;;
    esac
}

command -v dpkg-query >/dev/null || exit 0

wanted=""
for task in "${@:-build}"; do
    wanted+=" $(packages "$task")"
done
declare -A seen=()
names=()
for entry in $wanted; do
    name=${entry%%=*} provider=${entry#*=}
    [ -z "${seen[$name]:-}" ] || continue
    seen[$name]=1
    [ "$provider" != "$entry" ] && command -v "$provider" >/dev/null && continue
    names+=("$name")
done
[ ${#names[@]} -gt 0 ] || exit 0

installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' "${names[@]}" 2>/dev/null || true)"
missing=()
for name in "${names[@]}"; do
    [[ $installed == *" installed:$name "* ]] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

line="apt-get install -y --no-install-recommends ${missing[*]}"
root=()
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
        root=(sudo)
    else
        echo "skep needs packages that are not installed here. Please run as root:" >&2
        echo "    apt-get update && $line" >&2
        exit 1
    fi
fi
apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null; }

echo "Installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install=(install -y --no-install-recommends "${missing[@]}")
# Package lists may be absent or stale: try with what is there, then with fresh ones.
if ! apt "${install[@]}" >"$log" 2>&1; then
    if ! { apt update && apt "${install[@]}"; } >"$log" 2>&1; then
        cat "$log" >&2
        echo "setup.sh: could not install them. The line was: $line" >&2
        exit 1
    fi
fi
