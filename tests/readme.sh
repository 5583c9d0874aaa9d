#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What README.md says is so: its program builds and prints what its comment claims, each call and file that it names
# exists, its command lines work. readme.sh LIBRARY
set -eu
library=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

awk '/^```c$/ {inside = 1; next} /^```$/ {inside = 0} inside' README.md >"$out/readme.c"
${CC:-cc} -std=c11 -Wall -Wextra -Wconversion -Werror -Iinclude "$out/readme.c" "$library" -o "$out/readme"
got=$("$out/readme")
[ "$got" = 42 ] || { echo "the program of README.md prints $got"; exit 1; }

for name in $(grep -oE '\bskep_[a-z_]+\b' README.md | sort -u); do
    grep -qE "\b$name\b" include/skep/*.h CMakeLists.txt || { echo "README.md names $name; there is no such thing"; exit 1; }
done
for path in $(grep -oE '\]\([a-zA-Z][^):]*\)' README.md | tr -d '])('); do
    [ -e "$path" ] || { echo "README.md points to $path; there is no such file"; exit 1; }
done

[ -n "${SKEP_TOOL:-}" ] || { echo "no tool here"; exit 0; }
awk '/^```sh$/ {inside = 1; next} /^```$/ {inside = 0} inside' README.md | grep -v '^make' >"$out/commands"
[ "$(grep -c skep "$out/commands")" -ge 5 ] || { echo "README.md shows too few commands"; exit 1; }
if [ -z "${SKEP_CLANG:-}" ]; then
    echo "no clang for BPF here"
    exit 0
fi
sed -i "s|build/skep|'$SKEP_TOOL'|; s|clang-19|'$SKEP_CLANG'|; s|examples/|$PWD/&|; s|tests/data|$PWD/&|g" "$out/commands"
cd "$out"
bash -eu ./commands >log 2>&1 || { cat log; echo "the command lines of README.md fail"; exit 1; }
for line in '42 (0x2a)' 'r0 = 40' 'packets per second'; do
    grep -qF "$line" log || { cat log; echo "the command lines of README.md do not print: $line"; exit 1; }
done
