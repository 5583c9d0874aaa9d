/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What skep_jit_options promises; that the code computes the same is the business of runner.c and engines.c. */
#include "vm_tools.h"

static bool here(void)
{
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_EXIT());
    const skep_code code = skep_vm_jit_compile(vm, NULL, NULL);
    skep_vm_free(vm);
    return code == SKEP_OK;
}

#define NEEDS_A_BACK_END()                                                                                             \
    do {                                                                                                               \
        (void)state;                                                                                                   \
        if (!here())                                                                                                   \
            skip();                                                                                                    \
    } while (0)

static uint64_t run_native(const skep_vm *vm, const skep_exec_options *options)
{
    uint64_t result = 0x5555555555555555;
    ACCEPTED(skep_vm_exec_jit(vm, options, &result, &err));
    return result;
}

/* How often `size` bytes stand in the VM's code. */
static unsigned times_in_code(const skep_vm *vm, const void *bytes, size_t size)
{
    static uint8_t code[1 << 16];
    size_t room = sizeof code;
    unsigned times = 0;
    skep_error err;
    assert_int_equal(skep_vm_jit_copy(vm, code, &room, &err), SKEP_OK);
    for (size_t i = 0; i + size <= room; i++)
        times += memcmp(code + i, bytes, size) == 0;
    return times;
}

/* Each constant is its 0x11223344 with another last byte, or stands in its sixteen or sixty-four bits. */
static const skep_slot with_constants[] = {
    SKEP_MOV64_IMM(SKEP_R0, 0x11223301), SKEP_MOV32_IMM(SKEP_R3, 0x11223302), SKEP_LDDW(SKEP_R4, 0x1122330311223304),
    SKEP_LDDW(SKEP_R5, -0x11223305),     SKEP_ADD64_IMM(SKEP_R2, 0x11223306), SKEP_SUB64_IMM(SKEP_R2, 0x11223307),
    SKEP_MUL64_IMM(SKEP_R2, 0x11223309), SKEP_MUL32_IMM(SKEP_R2, 0x1122330b), SKEP_AND64_IMM(SKEP_R2, 0x1122330c),
    SKEP_OR64_IMM(SKEP_R2, 0x1122330d),  SKEP_XOR32_IMM(SKEP_R2, 0x1122330e), SKEP_DIV64_IMM(SKEP_R2, 0x11223301),
    SKEP_MOD32_IMM(SKEP_R2, 0x11223311), SKEP_MOV64_REG(SKEP_R6, SKEP_R2),    SKEP_ADD64_IMM(SKEP_R6, 0x11223312),
    SKEP_JEQ_IMM(SKEP_R2, 0x11223313, 2), SKEP_JSGT32_IMM(SKEP_R2, -0x11223314, 1), SKEP_JSET_IMM(SKEP_R2, 0x11223315, 0),
    SKEP_STW(SKEP_R1, 0, 0x11223316),    SKEP_STDW(SKEP_R1, 8, -0x11223317),  SKEP_STH(SKEP_R1, 16, 0x3318),
    SKEP_ADD64_REG(SKEP_R0, SKEP_R2),    SKEP_ADD64_REG(SKEP_R0, SKEP_R3),    SKEP_ADD64_REG(SKEP_R0, SKEP_R4),
    SKEP_ADD64_REG(SKEP_R0, SKEP_R5),    SKEP_ADD64_REG(SKEP_R0, SKEP_R6),    SKEP_EXIT(),
};

static uint64_t given_keys(void *user)
{
    return *(uint64_t *)user += UINT64_C(0x9e3779b97f4a7c15);
}

static void test_blinded_constants_do_not_stand_in_the_code(void **state)
{
    NEEDS_A_BACK_END();
    static const uint8_t upper[] = {0x33, 0x22, 0x11}, negated[] = {0xcc, 0xdd, 0xee}, half[] = {0x18, 0x33};
    for (skep_policy policy = SKEP_GUARDED; policy <= SKEP_TRUSTED; policy++) {
        uint64_t results[3], memories[3][3], keys = 1;
        for (unsigned way = 0; way < 3; way++) {
            const skep_hooks hooks = {.size = sizeof hooks, .user = &keys, .random = given_keys};
            const skep_vm_options options = {.size = sizeof options, .kind = SKEP_RAW, .policy = policy, .code = with_constants,
                                             .code_size = sizeof with_constants, .hooks = way == 2 ? NULL : &hooks};
            const skep_jit_options jit = {.size = sizeof jit, .blind = way > 0};
            skep_vm *vm = make_with(&options);
            memset(memories[way], 0, sizeof memories[way]);
            ACCEPTED(skep_vm_jit_compile(vm, &jit, &err));
            results[way] = run_native(vm, EXEC(.mem = memories[way], .mem_size = 24));
            assert_true(keys != 1 || way == 0); /* the hook was asked */
            if (way == 0) { /* the test itself: they would be seen */
                assert_true(times_in_code(vm, upper, 3) >= 16);
                assert_true(times_in_code(vm, negated, 3) >= 3);
                assert_true(times_in_code(vm, half, 2) >= 1);
            } else {
                assert_int_equal(times_in_code(vm, upper, 3), 0);
                assert_int_equal(times_in_code(vm, negated, 3), 0);
            }
            if (way == 1) /* random numbers may have two bytes by chance */
                assert_int_equal(times_in_code(vm, half, 2), 0);
            skep_vm_free(vm);
        }
        assert_true(results[0] == results[1] && results[0] == results[2]);
        assert_memory_equal(memories[0], memories[1], sizeof memories[0]);
        assert_memory_equal(memories[0], memories[2], sizeof memories[0]);
    }
}

static void test_blinded_code_differs_each_time(void **state)
{
    NEEDS_A_BACK_END();
    static uint8_t codes[2][1 << 14];
    size_t sizes[2];
    for (unsigned i = 0; i < 2; i++) {
        skep_vm *vm = make_vm(SKEP_RAW, with_constants, sizeof with_constants);
        const skep_jit_options jit = {.size = sizeof jit, .blind = true};
        sizes[i] = sizeof codes[i];
        ACCEPTED(skep_vm_jit_compile(vm, &jit, &err));
        ACCEPTED(skep_vm_jit_copy(vm, codes[i], &sizes[i], &err));
        skep_vm_free(vm);
    }
    assert_true(sizes[0] != sizes[1] || memcmp(codes[0], codes[1], sizes[0]) != 0);
}

static void test_uncounted_code_has_no_budget(void **state)
{
    NEEDS_A_BACK_END();
    /* r0 = 3; r0 -= 1 until it is 0. */
    const skep_slot code[] = {SKEP_MOV64_IMM(SKEP_R0, 3), SKEP_SUB64_IMM(SKEP_R0, 1), SKEP_JNE_IMM(SKEP_R0, 0, -2), SKEP_EXIT()};
    const skep_jit_options jit = {.size = sizeof jit, .uncounted = true};
    uint64_t executed = 77, result = 77;
    skep_vm_options options = {.size = sizeof options, .policy = SKEP_TRUSTED, .budget = SKEP_BUDGET_NONE, .code = code,
                               .code_size = sizeof code};
    skep_vm *vm = make_with(&options);
    ACCEPTED(skep_vm_jit_compile(vm, &jit, &err));
    ACCEPTED(skep_vm_exec_jit(vm, EXEC(.executed = &executed, .budget = SKEP_BUDGET_NONE), &result, &err));
    assert_int_equal(result, 0);
    assert_int_equal(executed, 0);
    executed = result = 77;
    REFUSED(skep_vm_exec_jit(vm, EXEC(.executed = &executed, .budget = 1000), &result, &err), SKEP_ERR_ARGUMENT, "1000");
    assert_int_equal(result, 77);
    ACCEPTED(skep_vm_exec(vm, EXEC(.executed = &executed, .budget = 1000), &result, &err)); /* the interpreter counts */
    assert_int_equal(executed, 8);

    uint8_t workspace[16384];
    skep_run *run;
    const skep_exec_options prepared = {.size = sizeof prepared, .workspace = workspace, .workspace_size = sizeof workspace,
                                        .executed = &executed};
    ACCEPTED(skep_run_prepare(vm, &prepared, &run, &err));
    for (unsigned i = 0; i < 2; i++) {
        executed = 77;
        assert_int_equal(skep_vm_jit_function(vm)(run), 0);
        ACCEPTED(skep_run_outcome(run, &err));
        assert_int_equal(executed, 0);
    }
    skep_vm_free(vm);

    options.budget = 0;
    vm = make_with(&options);
    REFUSED(skep_vm_jit_compile(vm, &jit, &err), SKEP_ERR_ARGUMENT, "SKEP_BUDGET_NONE");
    skep_vm_free(vm);
    options.budget = SKEP_BUDGET_NONE;
    options.policy = SKEP_GUARDED;
    vm = make_with(&options);
    REFUSED(skep_vm_jit_compile(vm, &jit, &err), SKEP_ERR_ARGUMENT, "trusted");
    skep_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blinded_constants_do_not_stand_in_the_code),
        cmocka_unit_test(test_blinded_code_differs_each_time),
        cmocka_unit_test(test_uncounted_code_has_no_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
