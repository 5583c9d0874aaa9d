/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which machine code belongs to which instruction: what skep.h promises of skep_vm_jit_lines. */
#include "vm_tools.h"

static skep_vm *make_compiled(bool lines, const void *code, size_t size)
{
    skep_vm *vm = make_vm(SKEP_RAW, code, size);
    skep_error err;
    skep_jit_options options = {.size = sizeof options, .lines = lines};
    skep_code failed = skep_vm_jit_compile(vm, &options, &err);
    if (failed == SKEP_ERR_UNSUPPORTED) {
        skep_vm_free(vm);
        skip();
    }
    assert_int_equal(failed, SKEP_OK);
    return vm;
}

static void test_every_instruction_has_its_place(void **state)
{
    (void)state;
    /* Each does something that the one before has not done; the third is wide: slots 2 and 3. */
    skep_vm *vm = make_compiled(true, SLOTS(SKEP_LDXB(SKEP_R0, SKEP_R1, 0), SKEP_LDXB(SKEP_R3, SKEP_R1, 1),
                                            SKEP_LDDW(SKEP_R4, 0x123456789abcdef0), SKEP_ADD64_REG(SKEP_R0, SKEP_R3),
                                            SKEP_XOR64_REG(SKEP_R0, SKEP_R4), SKEP_EXIT()));
    skep_jit_stats stats = {.size = sizeof stats};
    skep_jit_line lines[64];
    size_t count = 64;
    skep_error err;
    assert_int_equal(skep_vm_jit_stats(vm, &stats, &err), SKEP_OK);
    assert_int_equal(skep_vm_jit_lines(vm, lines, &count, &err), SKEP_OK);
    assert_true(count > 6);
    uint32_t seen = 0;
    assert_int_equal(lines[0].offset, 0);
    assert_true(lines[0].pc == SKEP_NO_PC); /* the entry */
    for (size_t i = 0; i < count; i++) {
        assert_true(lines[i].offset < (i + 1 < count ? lines[i + 1].offset : stats.code_size));
        assert_true(lines[i].pc == SKEP_NO_PC || lines[i].pc <= 6);
        if (lines[i].pc != SKEP_NO_PC)
            seen |= 1u << lines[i].pc;
    }
    assert_int_equal(seen, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6);
    skep_vm_free(vm);
}

static void test_room_and_state(void **state)
{
    (void)state;
    skep_vm *vm = make_compiled(true, SLOTS(SKEP_MOV64_IMM(SKEP_R0, 7), SKEP_EXIT()));
    skep_jit_line line = {.offset = 99}, lines[64];
    size_t count = 1, whole = 64;
    skep_error err;
    assert_int_equal(skep_vm_jit_lines(vm, lines, &whole, &err), SKEP_OK);
    assert_int_equal(skep_vm_jit_lines(vm, &line, &count, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(count, whole);
    assert_int_equal(line.offset, 99);
    count = 0;
    assert_int_equal(skep_vm_jit_lines(vm, NULL, &count, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(count, whole);
    assert_int_equal(skep_vm_jit_lines(vm, lines, NULL, &err), SKEP_ERR_ARGUMENT);

    skep_vm *clone = NULL;
    assert_int_equal(skep_vm_clone(vm, &clone, &err), SKEP_OK);
    skep_vm_free(vm);
    if (skep_vm_jit_function(clone))
        assert_int_equal(skep_vm_jit_lines(clone, lines, &whole, &err), SKEP_OK);
    skep_vm_free(clone);

    vm = make_compiled(false, SLOTS(SKEP_MOV64_IMM(SKEP_R0, 7), SKEP_EXIT()));
    count = 64;
    assert_int_equal(skep_vm_jit_lines(vm, lines, &count, &err), SKEP_ERR_STATE);
    skep_vm_free(vm);
    vm = MAKE(SKEP_NO_DATA, SKEP_MOV64_IMM(SKEP_R0, 7), SKEP_EXIT());
    assert_int_equal(skep_vm_jit_lines(vm, lines, &count, &err), SKEP_ERR_STATE);
    skep_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_instruction_has_its_place),
        cmocka_unit_test(test_room_and_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
