#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The one-file build: compiles alone and without a warning, hosted and freestanding, with each part left out; what is
# left of it runs the cases and the vectors.
set -eu
out=${SKEP_BUILD_DIR:-build}/amalgamation
cc=${CC:-cc}
flags="-std=c11 -Wall -Wextra -Wconversion -Werror"
vectors=()
if [ -d "${SKEP_CONFORMANCE:-}" ]; then vectors=("$SKEP_CONFORMANCE"); else echo "no conformance vectors here"; fi

python3 tools/amalgamate.py --out "$out"
freestanding() { # level and switches
    echo "freestanding $*"
    $cc $flags -ffreestanding -DSKEP_FREESTANDING "$@" -c "$out/skep.c" -o "$out/part.o"
    tools/check_freestanding "$out/part.o"
}
freestanding -Os
for switch in -DSKEP_NO_JIT -DSKEP_NO_TEXT -DSKEP_NO_OBJECT -DSKEP_NO_STOCK_HELPERS -DSKEP_SMALL_INTERP; do
    freestanding -O0 "$switch"
done
freestanding -Os -DSKEP_NO_JIT -DSKEP_NO_TEXT -DSKEP_NO_OBJECT -DSKEP_NO_STOCK_HELPERS -DSKEP_SMALL_INTERP
# The portable dispatch, too, which compilers without computed goto get.
for define in "" -DSKEP_SWITCH_DISPATCH "-DSKEP_SMALL_INTERP -DSKEP_NO_JIT -DSKEP_NO_OBJECT -DSKEP_NO_STOCK_HELPERS"; do
    echo "hosted $define"
    $cc $flags -O2 $define -D_DEFAULT_SOURCE -DSKEP_AMALGAMATION -I"$out" "$out/skep.c" tests/runner.c -o "$out/runner"
    "$out/runner" --at-least 150 tests/data "${vectors[@]}"
done
[ -z "${SKEP_CLANG:-}" ] || "$SKEP_CLANG" $flags -fsyntax-only "$out/skep.c"
rm -f "$out/part.o"
