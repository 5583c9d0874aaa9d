#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Tests with threads once more under ThreadSanitizer, which sees races that did no harm this time. Skipped where the compiler
# or the machine cannot do that.
set -eu
out=${SKEP_BUILD_DIR:-build}/threads
cc=${SKEP_CLANG:-${CC:-cc}}
flags="-std=c11 -g -O1 -fsanitize=thread -D_DEFAULT_SOURCE -Iinclude -Isrc -Itests"
mkdir -p "$out"
printf 'int main(void) { return 0; }\n' >"$out/try.c"
if ! "$cc" $flags "$out/try.c" -o "$out/try" 2>/dev/null || ! "$out/try" 2>/dev/null; then
    echo "skipped: no ThreadSanitizer with $cc here"
    exit 77
fi
find src -name '*.c' | sort | OUT=$out FLAGS=$flags CC=$cc xargs -P "$(nproc)" -I {} sh -c \
    '$CC $FLAGS -c {} -o "$OUT/$(echo {} | tr / _).o"'
for test in map_threads map_lpm; do
    "$cc" $flags "tests/unit/test_$test.c" "$out"/src_*.o -lcmocka -lpthread -o "$out/$test"
    TSAN_OPTIONS="halt_on_error=1 exitcode=66" "$out/$test"
done
rm -rf "$out"
