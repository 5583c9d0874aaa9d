#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Builds the fuzz targets and runs each for some seconds: fuzz.sh [SECONDS] [TARGET]... What it finds is kept in
# build-fuzz/findings; the corpus grows in build-fuzz/corpus, from the seeds in fuzz/corpus/NAME.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
build=build-fuzz
cmake --preset fuzz -DCMAKE_C_COMPILER="${SKEP_FUZZ_CLANG:-clang-19}" >/dev/null
cmake --build "$build" -j "$(nproc)"

if [ $# -gt 0 ]; then
    targets=("${@/#/$build/fuzz/}")
else
    shopt -s nullglob
    targets=("$build"/fuzz/fuzz_*)
fi
[ ${#targets[@]} -gt 0 ] || { echo "fuzz.sh: there are no targets"; exit 1; }
for target in "${targets[@]}"; do
    name=$(basename "$target")
    corpus=$build/corpus/$name
    mkdir -p "$corpus" "$build/findings"
    seeds=()
    [ -d "fuzz/corpus/${name#fuzz_}" ] && seeds=("fuzz/corpus/${name#fuzz_}")
    echo "$name: $seconds seconds"
    if ! "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$name-" "$corpus" "${seeds[@]}" >"$build/$name.log" 2>&1; then
        tail -n 60 "$build/$name.log"
        echo "$name: a finding, see $build/findings"
        exit 1
    fi
    grep -E 'stat::number_of_executed_units' "$build/$name.log" || true
done
