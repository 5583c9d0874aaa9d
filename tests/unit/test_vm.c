/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Virtual machines as the public header promises them: kinds, programs, verifiers, clones, descriptions, options. */
#include "vm_tools.h"

/* ----------------------------------------------------------------------------------- the four kinds */

/* Values and bytes of the four examples are those of rbpf's readme. */
static void test_no_data(void **state)
{
    (void)state;
    static const uint8_t code[] = {0xb4, 0, 0, 0, 0, 0, 0, 0, 0xb4, 1, 0, 0, 2, 0, 0, 0, 0x04, 0, 0, 0, 1, 0, 0, 0,
                                   0x0c, 0x10, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
    skep_vm *vm = make_vm(SKEP_NO_DATA, code, sizeof code);
    assert_int_equal(run(vm, NULL), 3);
    assert_int_equal(run(vm, EXEC(0)), 3);
    uint8_t mem[4] = {0};
    run_fails(vm, EXEC(.mem = mem, .mem_size = 4), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "takes no memory");
    run_fails(vm, EXEC(.mbuff = mem, .mbuff_size = 4), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "no metadata buffer");
    assert_int_equal(skep_vm_exec(vm, NULL, NULL, NULL), SKEP_OK); /* nobody needs the result or the error */
    /* r1 to r9 are zero. */
    LOAD(vm, SKEP_OR64_REG(0, 1), SKEP_OR64_REG(0, 2), SKEP_OR64_REG(0, 3), SKEP_OR64_REG(0, 4), SKEP_OR64_REG(0, 5),
         SKEP_OR64_REG(0, 6), SKEP_OR64_REG(0, 7), SKEP_OR64_REG(0, 8), SKEP_OR64_REG(0, 9), SKEP_EXIT());
    assert_int_equal(run(vm, NULL), 0);
    skep_vm_free(vm);
}

static void test_raw(void **state)
{
    (void)state;
    static const uint8_t code[] = {0x71, 0x10, 2, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0xcc, 0xdd};
    skep_vm *vm = make_vm(SKEP_RAW, code, sizeof code);
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = sizeof mem)), 0x11);
    run_fails(vm, EXEC(.mem = mem, .mem_size = 2), SKEP_ERR_ACCESS, 0, "of the packet, which has 2 bytes");
    LOAD(vm, SKEP_MOV64_REG(0, 1), SKEP_EXIT());
    assert_ptr_equal((void *)(uintptr_t)run(vm, EXEC(.mem = mem, .mem_size = sizeof mem)), mem);
    LOAD(vm, SKEP_MOV64_REG(0, 2), SKEP_EXIT());
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = sizeof mem)), sizeof mem);
    assert_int_equal(run(vm, NULL), 0); /* no packet at all */
    LOAD(vm, SKEP_STB(1, 4, 0x77), SKEP_EXIT());
    run(vm, EXEC(.mem = mem, .mem_size = sizeof mem));
    assert_int_equal(mem[4], 0x77); /* in place */
    run_fails(vm, EXEC(.mem = NULL, .mem_size = 5), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "mem is NULL");
    run_fails(vm, EXEC(.mem = mem, .mem_size = 5, .mbuff = mem, .mbuff_size = 5), SKEP_ERR_ARGUMENT, SKEP_NO_PC,
              "no metadata buffer");
    skep_vm_free(vm);
}

static void test_mbuff(void **state)
{
    (void)state;
    static const uint8_t code[] = {0x79, 0x11, 8, 0, 0, 0, 0, 0, 0x69, 0x10, 2, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
    uint8_t mem[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd}, mbuff[32] = {0};
    const uint64_t data = (uint64_t)(uintptr_t)mem, end = data + sizeof mem;
    memcpy(mbuff + 8, &data, 8);
    memcpy(mbuff + 24, &end, 8);
    skep_vm *vm = make_vm(SKEP_MBUFF, code, sizeof code);
    const skep_exec_options *options = EXEC(.mem = mem, .mem_size = sizeof mem, .mbuff = mbuff, .mbuff_size = sizeof mbuff);
    assert_int_equal(run(vm, options), 0x2211);
    run_fails(vm, EXEC(.mem = mem, .mem_size = sizeof mem), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "mbuff is NULL");
    run_fails(vm, EXEC(.mem = mem, .mem_size = 6, .mbuff_size = 6), SKEP_ERR_ARGUMENT, SKEP_NO_PC, "mbuff is NULL");
    LOAD(vm, SKEP_STDW(1, 0, 99), SKEP_MOV64_REG(0, 1), SKEP_EXIT());
    assert_ptr_equal((void *)(uintptr_t)run(vm, options), mbuff);
    assert_int_equal(mbuff[0], 99);
    LOAD(vm, SKEP_LDXB(0, 1, 32), SKEP_EXIT());
    run_fails(vm, options, SKEP_ERR_ACCESS, 0, "offset 32 of the metadata buffer");
    skep_vm_free(vm);
}

static const skep_slot fixed_code[] = {SKEP_LDXDW(2, 1, 0x40), SKEP_LDXDW(3, 1, 0x50), SKEP_MOV64_REG(0, 3),
                                       SKEP_SUB64_REG(0, 2), SKEP_JEQ_IMM(0, 0, 2), SKEP_LDXB(2, 2, 0), SKEP_ADD64_REG(0, 2),
                                       SKEP_EXIT()};

static void test_fixed_mbuff(void **state)
{
    (void)state;
    uint8_t mem[] = {100, 2, 3};
    skep_vm_options options = {.size = sizeof options, .kind = SKEP_FIXED_MBUFF, .code = fixed_code,
                               .code_size = sizeof fixed_code, .data_offset = 0x40, .data_end_offset = 0x50};
    skep_vm *vm = make_with(&options);
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = 3)), 103);
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = 1)), 101);
    assert_int_equal(run(vm, NULL), 0);
    /* Other offsets, from the next run on. */
    LOAD(vm, SKEP_LDXDW(2, 1, 8), SKEP_LDXDW(0, 1, 0), SKEP_SUB64_REG(0, 2), SKEP_EXIT());
    ACCEPTED(skep_vm_set_offsets(vm, 8, 0, &err));
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = 3)), 3);
    /* The buffer ends behind the later field, belongs to the run, and is zero besides. */
    LOAD(vm, SKEP_LDXB(0, 1, 16), SKEP_EXIT());
    run_fails(vm, EXEC(.mem = mem, .mem_size = 3), SKEP_ERR_ACCESS, 0, "metadata buffer");
    ACCEPTED(skep_vm_set_offsets(vm, 0, 16, &err));
    LOAD(vm, SKEP_LDXDW(0, 1, 8), SKEP_STDW(1, 8, 5), SKEP_STDW(1, 0, 5), SKEP_EXIT());
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = 3)), 0);
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = 3)), 0);
    skep_vm_free(vm);
}

static void test_offsets_refused(void **state)
{
    (void)state;
    skep_vm *vm = NULL;
    skep_vm_options options = {.size = sizeof options, .kind = SKEP_FIXED_MBUFF};
    static const size_t bad[][2] = {{0, 0}, {0, 7}, {7, 0}, {100, 93}, {93, 100}, {4096, 0}, {0, 4096}, {SIZE_MAX, 0}, {0, SIZE_MAX - 3}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.data_offset = bad[i][0];
        options.data_end_offset = bad[i][1];
        REFUSED(skep_vm_create(&options, &vm, &err), SKEP_ERR_ARGUMENT, "data_end");
        assert_null(vm);
    }
    options.data_offset = 0;
    options.data_end_offset = 8; /* side by side is fine, and so is the last place */
    vm = make_with(&options);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        REFUSED(skep_vm_set_offsets(vm, bad[i][0], bad[i][1], &err), SKEP_ERR_ARGUMENT, "data_end");
    ACCEPTED(skep_vm_set_offsets(vm, 4095, 4087, &err));
    skep_vm_free(vm);
    vm = make_vm(SKEP_RAW, NULL, 0);
    REFUSED(skep_vm_set_offsets(vm, 0, 8, &err), SKEP_ERR_ARGUMENT, "fixed metadata buffer");
    skep_vm_free(vm);
    REFUSED(skep_vm_set_offsets(NULL, 0, 8, &err), SKEP_ERR_ARGUMENT, NULL);
}

/* ---------------------------------------------------------------------------------------- programs */

static void test_load(void **state)
{
    (void)state;
    skep_vm *vm = make_vm(SKEP_NO_DATA, NULL, 0);
    run_fails(vm, NULL, SKEP_ERR_STATE, SKEP_NO_PC, "no program");
    REFUSED(skep_vm_load(vm, SLOTS(SKEP_JA(-1), SKEP_EXIT()), &err), SKEP_ERR_INVALID, "infinite loop");
    run_fails(vm, NULL, SKEP_ERR_STATE, SKEP_NO_PC, "no program");
    skep_slot code[] = {SKEP_MOV64_IMM(0, 1), SKEP_EXIT()};
    loads(vm, code, sizeof code);
    code[0] = (skep_slot)SKEP_MOV64_IMM(0, 9); /* the bytes were copied */
    assert_int_equal(run(vm, NULL), 1);
    LOAD(vm, SKEP_MOV64_IMM(0, 2), SKEP_EXIT());
    assert_int_equal(run(vm, NULL), 2);
    REFUSED(skep_vm_load(vm, SLOTS(SKEP_MOV64_IMM(10, 2), SKEP_EXIT()), &err), SKEP_ERR_INVALID, "r10");
    assert_int_equal(run(vm, NULL), 2);
    REFUSED(skep_vm_load(vm, NULL, 0, &err), SKEP_ERR_INVALID, "empty");
    REFUSED(skep_vm_load(vm, code, 0, &err), SKEP_ERR_INVALID, "empty");
    assert_int_equal(skep_vm_load(vm, code, 0, NULL), SKEP_ERR_INVALID); /* nobody listens */
    REFUSED(skep_vm_load(NULL, code, sizeof code, &err), SKEP_ERR_ARGUMENT, NULL);
    REFUSED(skep_vm_exec(NULL, NULL, NULL, &err), SKEP_ERR_ARGUMENT, NULL);
    assert_int_equal(run(vm, NULL), 2);
    skep_vm_free(vm);
}

static void test_create_refuses(void **state)
{
    (void)state;
    skep_vm *vm = NULL;
    const skep_slot good[] = {SKEP_EXIT()}, bad[] = {SKEP_MOV64_IMM(0, 1)};
    skep_vm_options o = {.size = sizeof o, .code = bad, .code_size = sizeof bad};
    REFUSED(skep_vm_create(&o, &vm, &err), SKEP_ERR_INVALID, "instruction 0");
    o = (skep_vm_options){.size = sizeof o, .code = NULL, .code_size = 8};
    REFUSED(skep_vm_create(&o, &vm, &err), SKEP_ERR_ARGUMENT, "code");
    o = (skep_vm_options){.size = sizeof o, .kind = (skep_kind)17};
    REFUSED(skep_vm_create(&o, &vm, &err), SKEP_ERR_ARGUMENT, "kind 17");
    o = (skep_vm_options){.size = sizeof o, .policy = (skep_policy)3};
    REFUSED(skep_vm_create(&o, &vm, &err), SKEP_ERR_ARGUMENT, "policy 3");
    o = (skep_vm_options){.size = sizeof o, .policy = SKEP_STRICT};
    REFUSED(skep_vm_create(&o, &vm, &err), SKEP_ERR_UNSUPPORTED, "SKEP_STRICT");
    o = (skep_vm_options){.size = sizeof o, .byte_order = (skep_byte_order)2};
    REFUSED(skep_vm_create(&o, &vm, &err), SKEP_ERR_ARGUMENT, "byte order 2");
    assert_null(vm);
    o = (skep_vm_options){.size = sizeof o, .code = good, .code_size = sizeof good};
    REFUSED(skep_vm_create(&o, NULL, &err), SKEP_ERR_ARGUMENT, NULL);
    ACCEPTED(skep_vm_create(NULL, &vm, &err)); /* no data, guarded, no program */
    LOAD(vm, SKEP_LDXB(0, 1, 0), SKEP_EXIT());
    run_fails(vm, NULL, SKEP_ERR_ACCESS, 0, "null pointer");
    skep_vm_free(vm);
}

static void test_big_endian(void **state)
{
    (void)state;
    /* mov64 r1, 0x01020304; mov64 r0, r1; if r0 != 0 goto +1; mov64 r0, 0; exit. RFC 9669 section 3.1: dst is the high nibble. */
    static const uint8_t code[] = {0xb7, 0x10, 0, 0, 1, 2, 3, 4, 0xbf, 0x01, 0, 0, 0, 0, 0, 0, 0x55, 0, 0, 1, 0, 0, 0, 0,
                                   0xb7, 0,    0, 0, 0, 0, 0, 0, 0x95, 0,    0, 0, 0, 0, 0, 0};
    skep_vm_options o = {.size = sizeof o, .byte_order = SKEP_BIG_ENDIAN, .code = code, .code_size = sizeof code};
    skep_vm *vm = make_with(&o);
    assert_int_equal(run(vm, NULL), 0x01020304);
    static const uint8_t other[] = {0xb7, 0, 0, 0, 0, 0, 1, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
    loads(vm, other, sizeof other); /* in the VM's order, too */
    assert_int_equal(run(vm, NULL), 256);
    skep_vm_free(vm);
}

/* --------------------------------------------------------------------------------------- verifiers */

struct seen {
    unsigned calls;
    uint8_t code[64];
    size_t size;
    skep_code answer;
    const char *message;
};

static skep_code verifier(const void *code, size_t size, void *user, skep_error *err)
{
    struct seen *seen = user;
    seen->calls++;
    assert_non_null(err);
    assert_int_equal(err->pc, SKEP_NO_PC); /* cleared */
    assert_int_equal(err->message[0], 0);
    assert_true(size <= sizeof seen->code);
    memcpy(seen->code, code, size);
    seen->size = size;
    if (seen->message) {
        snprintf(err->message, sizeof err->message, "%s", seen->message);
        err->pc = 1;
        err->detail = -7;
    }
    return seen->answer;
}

static void test_verifier(void **state)
{
    (void)state;
    struct seen a = {0}, b = {.answer = SKEP_ERR_REFUSED, .message = "not today"}, c = {.answer = (skep_code)1234};
    static const skep_slot one[] = {SKEP_MOV64_IMM(0, 1), SKEP_EXIT()}, two[] = {SKEP_MOV64_IMM(0, 2), SKEP_NEG64(0), SKEP_EXIT()};
    skep_vm *vm = make_vm(SKEP_NO_DATA, NULL, 0);
    ACCEPTED(skep_vm_set_verifier(vm, verifier, &a, &err));
    assert_int_equal(a.calls, 0); /* no program, no check */
    loads(vm, one, sizeof one);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.size, sizeof one);
    assert_memory_equal(a.code, one, sizeof one);
    /* The structural check comes first. */
    REFUSED(skep_vm_load(vm, SLOTS(SKEP_JA(5)), &err), SKEP_ERR_INVALID, NULL);
    assert_int_equal(a.calls, 1);

    /* Another one runs at once; when it refuses, the VM keeps its verifier and its program. */
    skep_error err;
    skep_code code = skep_vm_set_verifier(vm, verifier, &b, &err);
    assert_failed(code, &err, SKEP_ERR_REFUSED, "not today");
    assert_int_equal(err.pc, 1);
    assert_int_equal(err.detail, -7);
    assert_int_equal(b.calls, 1);
    assert_memory_equal(b.code, one, sizeof one);
    assert_int_equal(run(vm, NULL), 1);
    loads(vm, two, sizeof two);
    assert_int_equal(a.calls, 2);
    assert_int_equal(b.calls, 1);
    assert_int_equal(run(vm, NULL), (uint64_t)-2);
    assert_int_equal(skep_vm_set_verifier(vm, verifier, &b, NULL), SKEP_ERR_REFUSED);

    /* One that refuses a load: the code is its own, the old program stays. */
    a.answer = SKEP_OK;
    ACCEPTED(skep_vm_set_verifier(vm, verifier, &a, &err));
    a.answer = (skep_code)77;
    REFUSED(skep_vm_load(vm, one, sizeof one, &err), (skep_code)77, "the verifier refused the program");
    assert_int_equal(run(vm, NULL), (uint64_t)-2);
    REFUSED(skep_vm_set_verifier(vm, verifier, &c, &err), (skep_code)1234, NULL);

    /* None: only the structural check. */
    ACCEPTED(skep_vm_set_verifier(vm, NULL, NULL, &err));
    loads(vm, one, sizeof one);
    assert_int_equal(run(vm, NULL), 1);
    skep_vm_free(vm);
    REFUSED(skep_vm_set_verifier(NULL, NULL, NULL, &err), SKEP_ERR_ARGUMENT, NULL);
}

/* ------------------------------------------------------------------------------------------ clones */

static uint64_t seven(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return 7;
}

static uint64_t eight(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    return seven(r1, r2, r3, r4, r5, run) + 1;
}

static void test_clone(void **state)
{
    (void)state;
    struct seen seen = {0};
    uint64_t granted = 5;
    skep_vm *vm = MAKE(SKEP_RAW, SKEP_LDXDW(6, 1, 0), SKEP_LDXDW(6, 6, 0), SKEP_CALL(1), SKEP_ADD64_REG(0, 6), SKEP_EXIT());
    uint64_t mem = (uint64_t)(uintptr_t)&granted;
    const skep_exec_options *options = EXEC(.mem = &mem, .mem_size = 8);
    ACCEPTED(skep_vm_register_fn(vm, 1, seven, NULL, &err));
    ACCEPTED(skep_vm_grant(vm, &granted, sizeof granted, SKEP_READ, &err));
    ACCEPTED(skep_vm_set_verifier(vm, verifier, &seen, &err));
    skep_vm *clone = NULL;
    ACCEPTED(skep_vm_clone(vm, &clone, &err));
    assert_int_equal(run(clone, options), 12);
    assert_int_equal(seen.calls, 1); /* the program is shared, not loaded again */

    /* Neither sees what becomes of the other. */
    ACCEPTED(skep_vm_register_fn(clone, 1, eight, NULL, &err));
    assert_int_equal(run(clone, options), 13);
    assert_int_equal(run(vm, options), 12);
    ACCEPTED(skep_vm_revoke(vm, &granted, &err));
    run_fails(vm, options, SKEP_ERR_ACCESS, 1, NULL);
    assert_int_equal(run(clone, options), 13);
    LOAD(vm, SKEP_MOV64_IMM(0, 1), SKEP_EXIT());
    assert_int_equal(seen.calls, 2);
    assert_int_equal(run(vm, options), 1);
    assert_int_equal(run(clone, options), 13);
    skep_vm_free(vm);
    assert_int_equal(run(clone, options), 13); /* survives the original */
    loads(clone, SLOTS(SKEP_MOV64_IMM(0, 4), SKEP_EXIT()));
    assert_int_equal(seen.calls, 3); /* the verifier came along */
    assert_int_equal(run(clone, options), 4);
    skep_vm *third = NULL;
    ACCEPTED(skep_vm_clone(clone, &third, &err));
    skep_vm_free(clone);
    assert_int_equal(run(third, options), 4);
    skep_vm_free(third);

    vm = make_vm(SKEP_NO_DATA, NULL, 0); /* without a program */
    ACCEPTED(skep_vm_clone(vm, &clone, &err));
    run_fails(clone, NULL, SKEP_ERR_STATE, SKEP_NO_PC, NULL);
    LOAD(clone, SKEP_MOV64_IMM(0, 3), SKEP_EXIT());
    assert_int_equal(run(clone, NULL), 3);
    run_fails(vm, NULL, SKEP_ERR_STATE, SKEP_NO_PC, NULL);
    REFUSED(skep_vm_clone(vm, NULL, &err), SKEP_ERR_ARGUMENT, NULL);
    REFUSED(skep_vm_clone(NULL, &third, &err), SKEP_ERR_ARGUMENT, NULL);
    skep_vm_free(vm);
    skep_vm_free(clone);
}

/* A clone keeps seals and calculators. */
static size_t small_stack(const void *code, size_t size, uint32_t pc, void *user)
{
    (void)code, (void)size, (void)pc, (void)user;
    return 16;
}

static void test_clone_keeps(void **state)
{
    (void)state;
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_EXIT()), *clone;
    ACCEPTED(skep_vm_seal_helpers(vm, &err));
    ACCEPTED(skep_vm_set_stack_size(vm, small_stack, NULL, &err));
    ACCEPTED(skep_vm_clone(vm, &clone, &err));
    REFUSED(skep_vm_register_fn(clone, 1, seven, NULL, &err), SKEP_ERR_STATE, "sealed");
    LOAD(clone, SKEP_STDW(10, -24, 0), SKEP_EXIT());
    run_fails(clone, NULL, SKEP_ERR_ACCESS, 0, "the stack");
    skep_vm_free(vm);
    skep_vm_free(clone);
}

/* ------------------------------------------------------------------------------------- description */

static void test_describe(void **state)
{
    (void)state;
    static uint8_t memory[48];
    char whole[1024], part[1024];
    skep_vm_options o = {.size = sizeof o, .kind = SKEP_FIXED_MBUFF, .data_offset = 64, .data_end_offset = 80, .budget = 4321};
    skep_vm *vm = make_with(&o);
    size_t n = skep_vm_describe(vm, whole, sizeof whole);
    assert_int_equal(n, strlen(whole));
    for (size_t i = 0; i < 6; i++) {
        static const char *const words[] = {"fixed metadata buffer", "64", "80", "guarded", "4321", "program: none"};
        if (!strstr(whole, words[i]))
            fail_msg("'%s' lacks '%s'", whole, words[i]);
    }
    LOAD(vm, SKEP_LDDW(1, 1), SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_EXIT());
    const skep_helper helper = {.size = sizeof helper, .name = "bees", .fn = seven};
    ACCEPTED(skep_vm_register(vm, 4294967295u, &helper, &err));
    ACCEPTED(skep_vm_register_fn(vm, 0, seven, NULL, &err));
    ACCEPTED(skep_vm_seal_helpers(vm, &err));
    ACCEPTED(skep_vm_grant(vm, memory, sizeof memory, SKEP_READ, &err));
    ACCEPTED(skep_vm_grant(vm, memory, 7, SKEP_READ | SKEP_WRITE, &err));
    n = skep_vm_describe(vm, whole, sizeof whole);
    assert_int_equal(n, strlen(whole));
    char base[40];
    snprintf(base, sizeof base, "%#llx+48 r", (unsigned long long)(uintptr_t)memory);
    const char *const words[] = {"4 instructions", "5 slots", "2 functions", "sealed", "4294967295 bees", base, "+7 rw"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strstr(whole, words[i]))
            fail_msg("'%s' lacks '%s'", whole, words[i]);
    /* The length is that of the whole; what fits is written and terminated. */
    for (size_t size = 0; size <= n + 1; size++) {
        memset(part, 'x', sizeof part);
        assert_int_equal(skep_vm_describe(vm, part, size), n);
        if (size) {
            assert_memory_equal(part, whole, size - 1);
            assert_int_equal(part[size - 1], 0);
        }
        assert_int_equal(part[size], 'x');
    }
    assert_int_equal(skep_vm_describe(vm, NULL, 0), n);
    skep_vm_free(vm);
    o = (skep_vm_options){.size = sizeof o, .policy = SKEP_TRUSTED, .budget = SKEP_BUDGET_NONE};
    vm = make_with(&o);
    skep_vm_describe(vm, whole, sizeof whole);
    assert_non_null(strstr(whole, "trusted"));
    assert_non_null(strstr(whole, "no budget"));
    skep_vm_free(vm);
    assert_true(skep_vm_describe(NULL, whole, sizeof whole) > 0);
}

/* ------------------------------------------------------------------------------- options and freeing */

static void test_null_is_fine(void **state)
{
    (void)state;
    skep_vm_free(NULL);
    skep_free(NULL, NULL);
    skep_object_free(NULL);
    skep_builder_free(NULL);
    assert_int_equal(skep_vm_workspace_size(NULL), 0);
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", SKEP_VERSION_MAJOR, SKEP_VERSION_MINOR, SKEP_VERSION_PATCH);
    assert_string_equal(skep_version(), version);
    assert_string_equal(SKEP_VERSION, version);
}

struct larger {
    skep_vm_options options;
    uint64_t more[2];
};

static void test_option_sizes(void **state)
{
    (void)state;
    skep_vm *vm = NULL;
    /* From a newer header: the unknown tail must be zero. */
    struct larger newer = {.options = {.size = sizeof newer, .kind = SKEP_RAW}};
    ACCEPTED(skep_vm_create(&newer.options, &vm, &err));
    skep_vm_free(vm);
    vm = NULL;
    newer.more[1] = 1;
    REFUSED(skep_vm_create(&newer.options, &vm, &err), SKEP_ERR_ARGUMENT, "size");
    /* From an older one, which ends before `byte_order`: what lies there does not count. */
    skep_vm_options o = {.kind = SKEP_NO_DATA, .byte_order = (skep_byte_order)9, .budget = 1};
    o.size = offsetof(skep_vm_options, byte_order);
    ACCEPTED(skep_vm_create(&o, &vm, &err));
    LOAD(vm, SKEP_MOV64_IMM(0, 3), SKEP_EXIT());
    assert_int_equal(run(vm, NULL), 3);
    /* Too small to hold its own size. */
    o.size = 0;
    skep_vm *other = NULL;
    REFUSED(skep_vm_create(&o, &other, &err), SKEP_ERR_ARGUMENT, "size");
    o.size = sizeof(size_t) - 1;
    REFUSED(skep_vm_create(&o, &other, &err), SKEP_ERR_ARGUMENT, "size");
    skep_hooks hooks = {.size = 3};
    o = (skep_vm_options){.size = sizeof o, .hooks = &hooks};
    REFUSED(skep_vm_create(&o, &other, &err), SKEP_ERR_ARGUMENT, "hooks");
    assert_null(other);
    /* The same for a run. */
    struct {
        skep_exec_options options;
        uint8_t more[16];
    } exec = {.options = {.size = sizeof exec}};
    assert_int_equal(run(vm, &exec.options), 3);
    exec.more[15] = 1;
    run_fails(vm, &exec.options, SKEP_ERR_ARGUMENT, SKEP_NO_PC, "size");
    skep_exec_options old = {.size = offsetof(skep_exec_options, budget), .budget = 1};
    assert_int_equal(run(vm, &old), 3);
    old.size = 1;
    run_fails(vm, &old, SKEP_ERR_ARGUMENT, SKEP_NO_PC, "size");
    /* And for helpers. */
    skep_helper helper = {.size = offsetof(skep_helper, user), .fn = seven, .prototype = (const skep_prototype *)8};
    ACCEPTED(skep_vm_register(vm, 1, &helper, &err));
    helper.size = 0;
    REFUSED(skep_vm_register(vm, 1, &helper, &err), SKEP_ERR_ARGUMENT, "size");
    skep_vm_free(vm);
}

/* ------------------------------------------------------------------------------------------- hooks */

struct heap {
    size_t live, calls;
};

static void *heap_realloc(void *user, void *ptr, size_t size)
{
    struct heap *heap = user;
    heap->calls++;
    if (size == 0) {
        heap->live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    heap->live += ptr == NULL;
    return realloc(ptr, size);
}

static void test_hooks(void **state)
{
    (void)state;
    struct heap heap = {0};
    skep_hooks hooks = {.size = sizeof hooks, .user = &heap, .realloc = heap_realloc};
    skep_vm_options o = {.size = sizeof o, .hooks = &hooks};
    skep_vm *vm = make_with(&o), *clone;
    memset(&hooks, 0, sizeof hooks); /* they were copied */
    assert_int_equal(heap.live, 1);
    LOAD(vm, SKEP_CALL(3), SKEP_EXIT());
    for (uint32_t id = 0; id < 100; id++)
        ACCEPTED(skep_vm_register_fn(vm, id, seven, NULL, &err));
    assert_true(heap.live > 100);
    size_t calls = heap.calls;
    assert_int_equal(run(vm, NULL), 7);
    assert_int_equal(heap.calls, calls); /* a run of the usual size allocates nothing */
    for (int i = 0; i < 20; i++)
        ACCEPTED(skep_vm_grant(vm, &heap, sizeof heap, SKEP_READ, &err));
    ACCEPTED(skep_vm_clone(vm, &clone, &err));
    LOAD(vm, SKEP_EXIT());
    skep_vm_free(vm);
    skep_vm_free(clone);
    assert_int_equal(heap.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_data),         cmocka_unit_test(test_raw),
        cmocka_unit_test(test_mbuff),           cmocka_unit_test(test_fixed_mbuff),
        cmocka_unit_test(test_offsets_refused), cmocka_unit_test(test_load),
        cmocka_unit_test(test_create_refuses),  cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_verifier),        cmocka_unit_test(test_clone),
        cmocka_unit_test(test_clone_keeps),     cmocka_unit_test(test_describe),
        cmocka_unit_test(test_null_is_fine),    cmocka_unit_test(test_option_sizes),
        cmocka_unit_test(test_hooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
