/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Metadata in front of a packet: read and written by a program, and what is refused. The kernel comparison has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "skep/skep.h"

/* r0 = (data - data_meta) << 8 | first byte of the metadata, whose second byte becomes 0x77. */
static const skep_slot program[] = {
    SKEP_LDXW(SKEP_R2, SKEP_R1, 8),
    SKEP_LDXW(SKEP_R3, SKEP_R1, 0),
    SKEP_MOV64_REG(SKEP_R0, SKEP_R3),
    SKEP_SUB64_REG(SKEP_R0, SKEP_R2),
    SKEP_LSH64_IMM(SKEP_R0, 8),
    SKEP_LDXB(SKEP_R4, SKEP_R2, 0),
    SKEP_OR64_REG(SKEP_R0, SKEP_R4),
    SKEP_STB(SKEP_R2, 1, 0x77),
    SKEP_EXIT(),
};

static skep_vm *vm_of(skep_kind kind)
{
    skep_vm_options options = {.size = sizeof options, .kind = kind, .code = program, .code_size = sizeof program};
    skep_vm *vm = NULL;
    skep_error err;
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    return vm;
}

static skep_code run(const skep_vm *vm, unsigned char *packet, size_t meta_size, uint64_t *result)
{
    skep_exec_options options = {.size = sizeof options, .mem = packet, .mem_size = 20, .meta_size = meta_size};
    skep_error err;
    return skep_vm_exec(vm, &options, result, &err);
}

static void test_metadata(void **state)
{
    (void)state;
    unsigned char bytes[300] = {0};
    uint64_t result;
    skep_vm *vm = vm_of(SKEP_XDP);
    bytes[248] = 0xab;
    assert_int_equal(run(vm, bytes + 256, 8, &result), SKEP_OK);
    assert_int_equal(result, 8 << 8 | 0xab);
    assert_int_equal(bytes[249], 0x77);
    assert_int_equal(run(vm, bytes + 256, 252, &result), SKEP_OK);
    assert_int_equal(result, 252 << 8);
    assert_int_equal(run(vm, bytes + 256, 0, &result), SKEP_OK); /* the packet itself */
    assert_int_equal(run(vm, bytes + 256, 6, &result), SKEP_ERR_ARGUMENT);
    assert_int_equal(run(vm, bytes + 256, 256, &result), SKEP_ERR_ARGUMENT);
    skep_vm_free(vm);
}

static void test_refused(void **state)
{
    (void)state;
    static const skep_kind kinds[] = {SKEP_NO_DATA, SKEP_RAW, SKEP_SOCKET_FILTER, SKEP_CGROUP_SKB};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        unsigned char bytes[32] = {0};
        uint64_t result;
        static const skep_slot nothing[] = {SKEP_MOV64_IMM(SKEP_R0, 0), SKEP_EXIT()};
        skep_vm_options options = {.size = sizeof options, .kind = kinds[i], .code = nothing, .code_size = sizeof nothing};
        skep_exec_options with = {.size = sizeof with, .meta_size = 4};
        skep_vm *vm = NULL;
        skep_error err;
        if (kinds[i] != SKEP_NO_DATA)
            with.mem = bytes + 8, with.mem_size = 20;
        assert_int_equal(skep_vm_create(&options, &vm, &err), SKEP_OK);
        assert_int_equal(skep_vm_exec(vm, &with, &result, &err), SKEP_ERR_ARGUMENT);
        skep_vm_free(vm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_metadata), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
