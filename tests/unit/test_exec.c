/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs as the public header promises them: budgets, frames, workspaces, may_goto, access, threads. */
#include "vm_tools.h"

#include <pthread.h>

/* What the run drew from its budget, and how it ended. */
static skep_code draws(const skep_vm *vm, uint64_t budget, uint64_t *executed, skep_error *err)
{
    *executed = 0x5555555555555555;
    return skep_vm_exec(vm, EXEC(.budget = budget, .executed = executed), NULL, err);
}

/* Exactly `needed` instructions are enough; with one less the run ends at `pc`, with all of the budget drawn. */
static void assert_needs(const skep_vm *vm, uint64_t needed, uint64_t pc)
{
    uint64_t executed;
    skep_error err;
    if (draws(vm, needed, &executed, &err))
        fail_msg("%s", err.message);
    assert_int_equal(executed, needed);
    assert_int_equal(draws(vm, SKEP_BUDGET_NONE, &executed, &err), SKEP_OK);
    assert_int_equal(executed, needed);
    assert_int_equal(draws(vm, needed + 1000, &executed, &err), SKEP_OK);
    assert_int_equal(executed, needed);
    assert_failed(draws(vm, needed - 1, &executed, &err), &err, SKEP_ERR_BUDGET, "budget");
    assert_int_equal(err.pc, pc);
    assert_int_equal(err.address, 0);
    assert_int_equal(executed, needed - 1);
}

static uint64_t count_calls(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
    ++*(unsigned *)skep_run_user(run);
    return 5;
}

static void test_budget_exit(void **state)
{
    (void)state;
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_LDDW(1, 1), SKEP_MOV64_IMM(0, 1), SKEP_EXIT());
    assert_needs(vm, 3, 3); /* a wide one is one, and takes two slots */
    /* Forward jumps do not compare, and what they leap over does not count. */
    LOAD(vm, SKEP_JA(2), SKEP_EXIT(), SKEP_EXIT(), SKEP_JEQ_IMM(0, 0, 1), SKEP_EXIT(), SKEP_EXIT());
    assert_needs(vm, 3, 5);
    skep_vm_free(vm);
}

static void test_budget_backwards(void **state)
{
    (void)state;
    /* 0: r1 = 3; 1: r1 -= 1; 2: if r1 != 0 goto 1; 3: exit. 1 + 3 * 2 + 1 = 8. */
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_MOV64_IMM(1, 3), SKEP_ADD64_IMM(1, -1), SKEP_JNE_IMM(1, 0, -2), SKEP_EXIT());
    assert_needs(vm, 8, 3);
    uint64_t executed;
    skep_error err;
    /* Budget 2: the first jump back is the third instruction. With 3 it is made; two more and the next is one too many. */
    assert_int_equal(draws(vm, 2, &executed, &err), SKEP_ERR_BUDGET);
    assert_int_equal(err.pc, 2);
    assert_int_equal(draws(vm, 4, &executed, &err), SKEP_ERR_BUDGET);
    assert_int_equal(err.pc, 2);
    assert_int_equal(executed, 4);
    /* For ever. */
    LOAD(vm, SKEP_MOV64_IMM(1, 3), SKEP_JA(-2), SKEP_EXIT());
    assert_int_equal(draws(vm, 1000001, &executed, &err), SKEP_ERR_BUDGET);
    assert_int_equal(err.pc, 1);
    assert_int_equal(executed, 1000001);
    /* A conditional jump to itself counts each time. */
    LOAD(vm, SKEP_JEQ_IMM(1, 0, -1), SKEP_EXIT());
    assert_int_equal(draws(vm, 77, &executed, &err), SKEP_ERR_BUDGET);
    assert_int_equal(err.pc, 0);
    assert_int_equal(executed, 77);
    skep_vm_free(vm);
}

static void test_budget_calls(void **state)
{
    (void)state;
    unsigned calls = 0;
    uint64_t executed;
    skep_error err;
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_MOV64_IMM(1, 1), SKEP_CALL(5), SKEP_EXIT());
    ACCEPTED(skep_vm_register_fn(vm, 5, count_calls, &calls, &err));
    assert_needs(vm, 3, 2);
    calls = 0;
    assert_int_equal(draws(vm, 1, &executed, &err), SKEP_ERR_BUDGET);
    assert_int_equal(err.pc, 1);
    assert_int_equal(executed, 1);
    assert_int_equal(calls, 0); /* before it has an effect */
    /* 0: call 3; 1: exit; 2: exit (unreachable); 3: r0 = 7; 4: exit */
    LOAD(vm, SKEP_CALL_LOCAL(2), SKEP_EXIT(), SKEP_EXIT(), SKEP_MOV64_IMM(0, 7), SKEP_EXIT());
    assert_needs(vm, 4, 1);
    assert_int_equal(draws(vm, 2, &executed, &err), SKEP_ERR_BUDGET);
    assert_int_equal(err.pc, 4);
    /* Through a handle, and through a helper's number. */
    LOAD(vm, SKEP_LDDW_FUNC(6, 3), SKEP_CALLX(6), SKEP_EXIT(), SKEP_MOV64_IMM(0, 7), SKEP_EXIT());
    assert_needs(vm, 5, 3);
    assert_int_equal(draws(vm, 1, &executed, &err), SKEP_ERR_BUDGET);
    assert_int_equal(err.pc, 2);
    LOAD(vm, SKEP_MOV64_IMM(6, 5), SKEP_CALLX(6), SKEP_EXIT());
    assert_needs(vm, 3, 2);
    calls = 0;
    assert_int_equal(draws(vm, 1, &executed, &err), SKEP_ERR_BUDGET);
    assert_int_equal(calls, 0);
    skep_vm_free(vm);
}

/* Also on failure: the instruction that failed is drawn, those before it, and no more than the budget has. */
static void test_executed_on_failure(void **state)
{
    (void)state;
    uint64_t executed;
    skep_error err;
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_JA(1), SKEP_EXIT(), SKEP_MOV64_IMM(1, 0), SKEP_LDXB(0, 1, 0), SKEP_EXIT());
    assert_int_equal(draws(vm, 100, &executed, &err), SKEP_ERR_ACCESS);
    assert_int_equal(executed, 3);
    assert_int_equal(draws(vm, 1, &executed, &err), SKEP_ERR_ACCESS);
    assert_int_equal(executed, 1);
    skep_vm_free(vm);
}

static void test_budget_of_vm(void **state)
{
    (void)state;
    const skep_slot code[] = {SKEP_MOV64_IMM(0, 1), SKEP_EXIT()}, endless[] = {SKEP_JEQ_IMM(0, 0, -1), SKEP_EXIT()};
    skep_vm_options o = {.size = sizeof o, .budget = 1, .code = code, .code_size = sizeof code};
    skep_vm *vm = make_with(&o);
    run_fails(vm, NULL, SKEP_ERR_BUDGET, 1, "budget of 1");
    run_fails(vm, EXEC(0), SKEP_ERR_BUDGET, 1, NULL);
    assert_int_equal(run(vm, EXEC(.budget = 2)), 1);
    skep_vm_free(vm);
    assert_true(SKEP_BUDGET_DEFAULT >= 1000000); /* generous, and finite */
    o = (skep_vm_options){.size = sizeof o, .code = endless, .code_size = sizeof endless, .budget = 1234567};
    vm = make_with(&o);
    run_fails(vm, NULL, SKEP_ERR_BUDGET, 0, "1234567");
    skep_vm_free(vm);
}

/* ----------------------------------------------------------------------------------------- frames */

/* 0: r6 = n; 1: call 3; 2: exit; 3: if r1 == 0 goto 6; 4: r1 -= 1; 5: call 3; 6: r0 += 1; 7: exit. Calls n + 1 deep. */
static const skep_slot recursion[] = {SKEP_MOV64_IMM(1, 0), SKEP_CALL_LOCAL(1),    SKEP_EXIT(),
                                      SKEP_JEQ_IMM(1, 0, 2), SKEP_ADD64_IMM(1, -1), SKEP_CALL_LOCAL(-3),
                                      SKEP_ADD64_IMM(0, 1),  SKEP_EXIT()};

static void test_depth(void **state)
{
    (void)state;
    assert_int_equal(SKEP_MAX_FRAMES, 8);
    skep_slot code[8];
    memcpy(code, recursion, sizeof code);
    code[0] = (skep_slot)SKEP_MOV64_IMM(1, 6); /* main and seven more */
    skep_vm *vm = make_vm(SKEP_NO_DATA, code, sizeof code);
    assert_int_equal(run(vm, NULL), 7);
    assert_int_equal(run(vm, NULL), 7);
    code[0] = (skep_slot)SKEP_MOV64_IMM(1, 7);
    loads(vm, code, sizeof code);
    run_fails(vm, NULL, SKEP_ERR_DEPTH, 5, "8 frames");
    run_fails(vm, NULL, SKEP_ERR_DEPTH, 5, NULL);
    /* By handle, too: 0: r6 = main; 2: callx r6 */
    LOAD(vm, SKEP_LDDW_FUNC(6, -1), SKEP_CALLX(6), SKEP_EXIT());
    run_fails(vm, NULL, SKEP_ERR_DEPTH, 2, NULL);
    skep_vm_free(vm);
}

/* r1-r5 are zero after a call and pass into it; r6-r9 survive it, and are zero in the callee. */
static void test_registers(void **state)
{
    (void)state;
    /* Callee: r0 = r1 + ... + r5 + (r6 | r7 | r8 | r9); it then spoils r6 to r9. */
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_MOV64_IMM(1, 1), SKEP_MOV64_IMM(2, 2), SKEP_MOV64_IMM(3, 4), SKEP_MOV64_IMM(4, 8),
                       SKEP_MOV64_IMM(5, 16), SKEP_MOV64_IMM(6, 32), SKEP_MOV64_IMM(7, 64), SKEP_MOV64_IMM(8, 128),
                       SKEP_MOV64_IMM(9, 256), SKEP_CALL_LOCAL(10), SKEP_ADD64_REG(0, 6), SKEP_ADD64_REG(0, 7),
                       SKEP_ADD64_REG(0, 8), SKEP_ADD64_REG(0, 9), SKEP_SUB64_REG(0, 1), SKEP_SUB64_REG(0, 2),
                       SKEP_SUB64_REG(0, 3), SKEP_SUB64_REG(0, 4), SKEP_SUB64_REG(0, 5), SKEP_EXIT(),
                       /* 20 */ SKEP_MOV64_REG(0, 1), SKEP_ADD64_REG(0, 2), SKEP_ADD64_REG(0, 3), SKEP_ADD64_REG(0, 4),
                       SKEP_ADD64_REG(0, 5), SKEP_MUL64_IMM(6, 1000), SKEP_MUL64_IMM(7, 1000), SKEP_MUL64_IMM(8, 1000),
                       SKEP_MUL64_IMM(9, 1000), SKEP_ADD64_REG(0, 6), SKEP_ADD64_REG(0, 7), SKEP_ADD64_REG(0, 8),
                       SKEP_ADD64_REG(0, 9), SKEP_MOV64_IMM(6, 7), SKEP_MOV64_IMM(7, 7), SKEP_MOV64_IMM(8, 7),
                       SKEP_MOV64_IMM(9, 7), SKEP_EXIT());
    assert_int_equal(run(vm, NULL), 511);
    /* After a helper. */
    unsigned calls = 0;
    LOAD(vm, SKEP_MOV64_IMM(1, 1), SKEP_MOV64_IMM(2, 2), SKEP_MOV64_IMM(3, 4), SKEP_MOV64_IMM(4, 8), SKEP_MOV64_IMM(5, 16),
         SKEP_MOV64_IMM(9, 100), SKEP_CALL(5), SKEP_ADD64_REG(0, 1), SKEP_ADD64_REG(0, 2), SKEP_ADD64_REG(0, 3),
         SKEP_ADD64_REG(0, 4), SKEP_ADD64_REG(0, 5), SKEP_ADD64_REG(0, 9), SKEP_EXIT());
    ACCEPTED(skep_vm_register_fn(vm, 5, count_calls, &calls, &err));
    assert_int_equal(run(vm, NULL), 105);
    skep_vm_free(vm);
}

struct sizes {
    size_t main, other;
    uint32_t pcs[4];
    unsigned calls;
};

static size_t stack_size(const void *code, size_t code_size, uint32_t pc, void *user)
{
    struct sizes *sizes = user;
    assert_non_null(code);
    assert_true(pc * 8u < code_size);
    sizes->pcs[sizes->calls++ % 4] = pc;
    return pc == 0 ? sizes->main : sizes->other;
}

static void test_stack_sizes(void **state)
{
    (void)state;
    /* 0: r1 = r10; 1: call 4; 2: exit; 3: exit; 4: r0 = r1; 5: r0 -= r10; 6: exit: how far below main's the callee's r10 is */
    static const skep_slot code[] = {SKEP_MOV64_REG(1, 10), SKEP_CALL_LOCAL(2),   SKEP_EXIT(), SKEP_EXIT(),
                                     SKEP_MOV64_REG(0, 1),  SKEP_SUB64_REG(0, 10), SKEP_EXIT()};
    static const struct {
        size_t said, frame;
    } cases[] = {{0, 8}, {1, 8}, {8, 8}, {9, 16}, {100, 104}, {511, 512}, {512, 512}};
    skep_vm *vm = make_vm(SKEP_NO_DATA, code, sizeof code);
    assert_int_equal(run(vm, NULL), SKEP_STACK_SIZE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sizes sizes = {.main = cases[i].said, .other = 64};
        ACCEPTED(skep_vm_set_stack_size(vm, stack_size, &sizes, &err));
        assert_int_equal(sizes.calls, 2); /* at once, for each function */
        assert_int_equal(sizes.pcs[0] + sizes.pcs[1], 4);
        assert_int_equal(run(vm, NULL), cases[i].frame);
    }
    struct sizes good = {.main = 32, .other = 16}, bad = {.main = 32, .other = 513};
    ACCEPTED(skep_vm_set_stack_size(vm, stack_size, &good, &err));
    skep_error err;
    assert_failed(skep_vm_set_stack_size(vm, stack_size, &bad, &err), &err, SKEP_ERR_ARGUMENT, "513");
    assert_int_equal(err.pc, 4);
    assert_int_equal(run(vm, NULL), 32); /* as before */
    good.calls = 0;
    loads(vm, code, sizeof code);
    assert_int_equal(good.calls, 2); /* at every load */
    good.other = 1000;
    REFUSED(skep_vm_load(vm, code, sizeof code, &err), SKEP_ERR_ARGUMENT, "1000");
    good.other = 16;
    /* The frame reaches no further: 16 bytes, of which all are good, and none below. */
    LOAD(vm, SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_STDW(10, -16, 1), SKEP_LDXB(0, 10, -17), SKEP_EXIT());
    run_fails(vm, NULL, SKEP_ERR_ACCESS, 3, "stack");
    LOAD(vm, SKEP_STB(10, -32, 1), SKEP_STB(10, -33, 1), SKEP_EXIT());
    run_fails(vm, NULL, SKEP_ERR_ACCESS, 1, NULL);
    /* Above it lies the caller's. */
    LOAD(vm, SKEP_STDW(10, -8, 7), SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_LDXDW(0, 10, 24), SKEP_EXIT());
    assert_int_equal(run(vm, NULL), 7);
    LOAD(vm, SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_LDXDW(0, 10, 32), SKEP_EXIT());
    run_fails(vm, NULL, SKEP_ERR_ACCESS, 2, NULL);
    ACCEPTED(skep_vm_set_stack_size(vm, NULL, NULL, &err));
    loads(vm, code, sizeof code);
    assert_int_equal(run(vm, NULL), SKEP_STACK_SIZE);
    skep_vm_free(vm);
    REFUSED(skep_vm_set_stack_size(NULL, NULL, NULL, &err), SKEP_ERR_ARGUMENT, NULL);
}

/* ------------------------------------------------------------------------------------- workspaces */

static void test_workspace(void **state)
{
    (void)state;
    skep_slot code[8];
    memcpy(code, recursion, sizeof code);
    code[0] = (skep_slot)SKEP_MOV64_IMM(1, 6);
    skep_vm *vm = make_vm(SKEP_FIXED_MBUFF, code, sizeof code);
    const size_t size = skep_vm_workspace_size(vm);
    assert_true(size >= SKEP_MAX_FRAMES * SKEP_STACK_SIZE);
    uint8_t *memory = malloc(size + 64);
    for (size_t off = 0; off < 32; off++) {
        memset(memory, 0xa5, size + 64);
        assert_int_equal(run(vm, EXEC(.workspace = memory + off, .workspace_size = size)), 7);
        for (size_t i = 0; i < off; i++)
            assert_int_equal(memory[i], 0xa5);
        for (size_t i = off + size; i < size + 64; i++)
            assert_int_equal(memory[i], 0xa5);
    }
    run_fails(vm, EXEC(.workspace = memory, .workspace_size = size - 1), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "workspace");
    run_fails(vm, EXEC(.workspace = memory, .workspace_size = 0), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "workspace");
    /* It changes with the offsets, which say how large the buffer is. */
    ACCEPTED(skep_vm_set_offsets(vm, 0, 4080, &err));
    assert_true(skep_vm_workspace_size(vm) >= size + 4000);
    run_fails(vm, EXEC(.workspace = memory, .workspace_size = size), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "workspace");
    assert_int_equal(run(vm, NULL), 7); /* from the memory hook then */
    free(memory);
    skep_vm_free(vm);
}

/* What was left in a workspace shows nowhere: registers and frames read as zero. */
static void test_zeroed(void **state)
{
    (void)state;
    static uint8_t memory[16 * 1024];
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_MOV64_REG(1, 10), SKEP_ADD64_IMM(1, -512), SKEP_LDXDW(2, 1, 0), SKEP_OR64_REG(0, 2),
                       SKEP_ADD64_IMM(1, 8), SKEP_JNE_REG(1, 10, -4), SKEP_OR64_REG(0, 9), SKEP_EXIT());
    memset(memory, 0xa5, sizeof memory);
    assert_int_equal(run(vm, EXEC(.workspace = memory, .workspace_size = sizeof memory)), 0);
    /* Where only the callee looks, in its own frame and in its caller's. */
    LOAD(vm, SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_LDXDW(0, 10, 504), SKEP_LDXDW(1, 10, 0), SKEP_OR64_REG(0, 1),
         SKEP_LDXDW(1, 10, -512), SKEP_OR64_REG(0, 1), SKEP_EXIT());
    memset(memory, 0xa5, sizeof memory);
    assert_int_equal(run(vm, EXEC(.workspace = memory, .workspace_size = sizeof memory)), 0);
    /* Down from the caller's r10 into the callee's. */
    LOAD(vm, SKEP_MOV64_REG(1, 10), SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_LDXDW(0, 1, -1024), SKEP_EXIT());
    memset(memory, 0xa5, sizeof memory);
    assert_int_equal(run(vm, EXEC(.workspace = memory, .workspace_size = sizeof memory)), 0);
    /* A frame again after one that was written. */
    LOAD(vm, SKEP_CALL_LOCAL(2), SKEP_CALL_LOCAL(5), SKEP_EXIT(), SKEP_MOV64_REG(1, 10), SKEP_STDW(1, -64, -1),
         SKEP_STDW(1, 64, 0), SKEP_EXIT(), SKEP_LDXDW(0, 10, -64), SKEP_EXIT());
    assert_int_equal(run(vm, EXEC(.workspace = memory, .workspace_size = sizeof memory)), 0);
    skep_vm_free(vm);
    /* From the fixed metadata buffer, wherever the stack lies around it. */
    vm = MAKE(SKEP_FIXED_MBUFF, SKEP_LDXDW(0, 1, -16), SKEP_EXIT());
    memset(memory, 0xa5, sizeof memory);
    uint64_t result = 0;
    skep_code code = skep_vm_exec(vm, EXEC(.workspace = memory, .workspace_size = sizeof memory), &result, NULL);
    assert_true(code == SKEP_ERR_ACCESS || result == 0);
    skep_vm_free(vm);
}

/* --------------------------------------------------------------------------------------- may_goto */

static void test_may_goto(void **state)
{
    (void)state;
    assert_int_equal(SKEP_MAY_GOTO_VISITS, 8388608);
    /* 0: may_goto 3; 1: r0 += 1; 2: goto 0; 3: exit */
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_MAY_GOTO(2), SKEP_ADD64_IMM(0, 1), SKEP_JA(-3), SKEP_EXIT());
    assert_int_equal(run(vm, NULL), 8388608);
    assert_int_equal(run(vm, NULL), 8388608); /* each run begins anew */
    skep_vm_free(vm);
}

/* Programs with so many that the counters do not fit into a small workspace. */
static void test_many_may_gotos(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    skep_slot *code = malloc((MANY + 4) * sizeof *code);
    for (size_t i = 0; i < MANY; i++)
        code[i] = (skep_slot)SKEP_MAY_GOTO(0);
    code[MANY] = (skep_slot)SKEP_ADD64_IMM(6, 1);
    code[MANY + 1] = (skep_slot)SKEP_JLT_IMM(6, 3, -2 - 1000); /* over the last ones thrice */
    code[MANY + 2] = (skep_slot)SKEP_MOV64_REG(0, 6);
    code[MANY + 3] = (skep_slot)SKEP_EXIT();
    skep_vm *vm = make_vm(SKEP_NO_DATA, code, (MANY + 4) * sizeof *code);
    size_t size = skep_vm_workspace_size(vm);
    assert_true(size > MANY * 4);
    assert_int_equal(run(vm, NULL), 3);
    uint8_t *workspace = malloc(size);
    memset(workspace, 0xff, size); /* counters that look used up */
    uint64_t executed;
    assert_int_equal(run(vm, EXEC(.workspace = workspace, .workspace_size = size, .executed = &executed)), 3);
    assert_int_equal(executed, MANY + 2 + 2 * (1000 + 2) + 2);
    run_fails(vm, EXEC(.workspace = workspace, .workspace_size = 7000), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "workspace");
    free(workspace);
    free(code);
    skep_vm_free(vm);
}

/* ------------------------------------------------------------------------------------ the memory */

static void test_read_only_packet(void **state)
{
    (void)state;
    uint8_t mem[16] = {3};
    skep_vm *vm = MAKE(SKEP_RAW, SKEP_LDXB(0, 1, 0), SKEP_STB(1, 1, 9), SKEP_EXIT());
    skep_error err;
    run_fails_with(vm, EXEC(.mem = mem, .mem_size = 16, .mem_access = SKEP_READ), SKEP_ERR_ACCESS, 1, "read-only", &err);
    assert_int_equal(err.address, (uint64_t)(uintptr_t)mem + 1);
    assert_int_equal(mem[1], 0);
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = 16, .mem_access = SKEP_READ | SKEP_WRITE)), 3);
    assert_int_equal(mem[1], 9);
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = 16)), 3);
    run_fails(vm, EXEC(.mem = mem, .mem_size = 16, .mem_access = 4), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "mem_access");
    /* Atomics write. */
    LOAD(vm, SKEP_MOV64_IMM(0, 0), SKEP_ATOMIC_FETCH_ADD64(1, 0, 0), SKEP_EXIT());
    run_fails(vm, EXEC(.mem = mem, .mem_size = 16, .mem_access = SKEP_READ), SKEP_ERR_ACCESS, 1, NULL);
    skep_vm_free(vm);
}

static void test_faults(void **state)
{
    (void)state;
    _Alignas(16) uint8_t mem[16] = {0};
    const uint64_t start = (uint64_t)(uintptr_t)mem;
    const skep_exec_options *options = EXEC(.mem = mem, .mem_size = 16);
    skep_error err;
    skep_vm *vm = MAKE(SKEP_RAW, SKEP_LDXDW(0, 1, 8), SKEP_LDXDW(0, 1, 9), SKEP_EXIT()); /* the last byte straddles */
    run_fails_with(vm, options, SKEP_ERR_ACCESS, 1, "ldxdw r0, [r1+0x9]", &err);
    assert_int_equal(err.address, start + 9);
    LOAD(vm, SKEP_LDDW(2, 1), SKEP_LDXW(0, 1, -1), SKEP_EXIT());
    run_fails_with(vm, options, SKEP_ERR_ACCESS, 2, "instruction 2", &err);
    assert_int_equal(err.address, start - 1);
    LOAD(vm, SKEP_ADD64_IMM(1, 1), SKEP_ATOMIC_ADD32(1, 0, 2), SKEP_EXIT());
    run_fails_with(vm, options, SKEP_ERR_ALIGN, 1, "aligned", &err);
    assert_int_equal(err.address, start + 1);
    LOAD(vm, SKEP_LDDW(1, UINT64_MAX - 3), SKEP_LDXDW(0, 1, 0), SKEP_EXIT()); /* wraps around */
    run_fails_with(vm, options, SKEP_ERR_ACCESS, 2, NULL, &err);
    assert_int_equal(err.address, UINT64_MAX - 3);
    LOAD(vm, SKEP_MOV64_IMM(5, 77), SKEP_CALLX(5), SKEP_EXIT());
    run_fails(vm, options, SKEP_ERR_CALL, 1, "0x4d");
    LOAD(vm, SKEP_LDDW_FUNC(5, 4), SKEP_ADD64_IMM(5, -1), SKEP_CALLX(5), SKEP_EXIT(), SKEP_EXIT());
    run_fails(vm, options, SKEP_ERR_CALL, 3, NULL); /* near a function, but none */
    skep_vm_free(vm);
}

/* ---------------------------------------------------------------------------------------- threads */

#define RUNS 100000

struct worker {
    const skep_vm *vm;
    uint8_t packet[32];
    unsigned wrong;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    for (unsigned i = 0; i < RUNS; i++) {
        const size_t size = 1 + i % sizeof w->packet;
        uint64_t result = 0;
        skep_error err;
        w->packet[size - 1] = (uint8_t)(i ^ w->packet[0]);
        const uint64_t wanted = size * 1000 + w->packet[size - 1] + 5;
        if (skep_vm_exec(w->vm, EXEC(.mem = w->packet, .mem_size = size), &result, &err) || result != wanted)
            w->wrong++;
    }
    return NULL;
}

static uint64_t five(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return 5;
}

/* Two threads, one VM: each run has its own metadata buffer. Result: size * 1000 + last byte + what the helper gives. */
static void test_threads(void **state)
{
    (void)state;
    skep_vm *vm = MAKE(SKEP_FIXED_MBUFF, SKEP_LDXDW(6, 1, 0), SKEP_LDXDW(7, 1, 8), SKEP_STXDW(10, -8, 6), SKEP_STDW(1, 0, 0),
                       SKEP_LDXB(8, 7, -1), SKEP_CALL(9), SKEP_LDXDW(6, 10, -8), SKEP_SUB64_REG(7, 6), SKEP_MUL64_IMM(7, 1000),
                       SKEP_ADD64_REG(0, 7), SKEP_ADD64_REG(0, 8), SKEP_EXIT());
    ACCEPTED(skep_vm_register_fn(vm, 9, five, NULL, &err));
    struct worker workers[2] = {{.vm = vm, .packet = {1}}, {.vm = vm, .packet = {200}}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(workers[0].wrong, 0);
    assert_int_equal(workers[1].wrong, 0);
    skep_vm_free(vm);
}

/* A clone is cheap because it shares; each may belong to a thread of its own, and go away there. */
static void *clone_and_free(void *argument)
{
    for (unsigned i = 0; i < 2000; i++) {
        skep_vm *clone = NULL;
        if (skep_vm_clone(argument, &clone, NULL) == SKEP_OK)
            skep_vm_free(clone);
    }
    return NULL;
}

static void test_clones_in_threads(void **state)
{
    (void)state;
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_MOV64_IMM(0, 6), SKEP_EXIT());
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, clone_and_free, vm), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(run(vm, NULL), 6);
    skep_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget_exit),      cmocka_unit_test(test_budget_backwards),
        cmocka_unit_test(test_budget_calls),     cmocka_unit_test(test_executed_on_failure),
        cmocka_unit_test(test_budget_of_vm),     cmocka_unit_test(test_depth),
        cmocka_unit_test(test_registers),        cmocka_unit_test(test_stack_sizes),
        cmocka_unit_test(test_workspace),        cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_may_goto),         cmocka_unit_test(test_many_may_gotos),
        cmocka_unit_test(test_read_only_packet), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_threads),          cmocka_unit_test(test_clones_in_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
