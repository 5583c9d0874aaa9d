#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Installs into a folder of its own and builds a program against what is there: with pkg-config and with
# find_package, in C and in C++17, shared and static.
set -eu
source=$PWD
build=$(cd "${SKEP_BUILD_DIR:-build}" && pwd)
cc=${CC:-cc}
cxx=${CXX:-c++}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

cmake --install "$build" --prefix "$out/prefix" >"$out/log" || { cat "$out/log"; exit 1; }
cd "$out"
cat >consumer.c <<'END'
#include <skep/skep.h>
#include <stdio.h>

int main(void)
{
    static const skep_slot program[] = {SKEP_MOV64_IMM(SKEP_R0, 40), SKEP_ADD64_IMM(SKEP_R0, 2), SKEP_EXIT()};
    skep_vm *vm = NULL;
    uint64_t result = 0;
    skep_error err;
    skep_code code = skep_vm_create(NULL, &vm, &err);
    if (!code)
        code = skep_vm_load(vm, program, sizeof program, &err);
    if (!code)
        code = skep_vm_exec(vm, NULL, &result, &err);
    skep_vm_free(vm);
    if (code)
        printf("%s\n", err.message);
    printf("%d %s\n", (int)result, skep_version());
    return code != SKEP_OK;
}
END
cp consumer.c consumer.cpp

pc=$(dirname "$(find prefix -name skep.pc)")
lib=$(dirname "$(find prefix -name libskep.a)")
export PKG_CONFIG_PATH=$out/$pc LD_LIBRARY_PATH=$out/$lib
expect() {
    local got
    got=$("$@")
    [ "$got" = "42 $(pkg-config --modversion skep)" ] || { echo "$*: got $got"; exit 1; }
    echo "$1: $got"
}
flags="$(pkg-config --cflags --libs skep)"
$cc -std=c11 -Wall -Wextra -Wconversion -Werror consumer.c $flags -o c_shared
expect ./c_shared
$cxx -std=c++17 -Wall -Wextra -Wconversion -Werror consumer.cpp $flags -o cxx_shared
expect ./cxx_shared
$cc -std=c11 consumer.c $(pkg-config --cflags skep) "$lib/libskep.a" -o c_static
expect ./c_static

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(consumer C CXX)
find_package(skep 0.1 REQUIRED)
foreach(kind skep skep_static)
    add_executable(c_${kind} consumer.c)
    add_executable(cxx_${kind} consumer.cpp)
    target_compile_features(cxx_${kind} PRIVATE cxx_std_17)
    target_link_libraries(c_${kind} PRIVATE skep::${kind})
    target_link_libraries(cxx_${kind} PRIVATE skep::${kind})
endforeach()
END
{ cmake -S . -B cmake -DCMAKE_PREFIX_PATH="$out/prefix" && cmake --build cmake; } >log 2>&1 || { cat log; exit 1; }
for program in c_skep c_skep_static cxx_skep cxx_skep_static; do
    expect "cmake/$program"
done

# Nothing but the public interface is exported, each name with its version.
shared=$(readlink -f "$lib/libskep.so")
strange=$(nm -D --defined-only "$shared" | awk '$3 !~ /^skep_.*@@SKEP_0\.1$/ && $3 != "SKEP_0.1" {print $3}')
[ -z "$strange" ] || { echo "exported without being public: $strange"; exit 1; }
for name in $(grep -oE '\bSKEP_API [^;(]*\bskep_[a-z_]+\(' -h "$source"/include/skep/*.h | grep -oE 'skep_[a-z_]+\($' | tr -d '('); do
    nm -D --defined-only "$shared" | grep -q " $name@@" || { echo "declared but not exported: $name"; exit 1; }
done
if [ -x "$build/skep" ]; then
    [ -x prefix/bin/skep ] || { echo "the tool is not installed"; exit 1; }
fi
