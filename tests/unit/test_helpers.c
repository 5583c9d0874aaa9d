/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Helpers as the public header promises them: registering, sealing, prototypes, failures, the stock ones. */
#include "vm_tools.h"

struct call {
    unsigned count;
    uint64_t args[5];
    uint64_t result;
    int64_t fail;
    const char *message; /* "" : fail without one */
};

static uint64_t record(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    struct call *call = skep_run_user(run);
    call->count++;
    memcpy(call->args, (const uint64_t[]){r1, r2, r3, r4, r5}, sizeof call->args);
    if (call->message) {
        skep_run_fail(run, call->fail, call->message[0] ? call->message : NULL);
        skep_run_fail(run, 999, "too late"); /* the first counts */
    }
    return call->result;
}

static void give(skep_vm *vm, uint32_t id, struct call *call) { ACCEPTED(skep_vm_register_fn(vm, id, record, call, &err)); }

static void test_register(void **state)
{
    (void)state;
    /* Any number of 32 bits; before and after the program. */
    static const uint32_t ids[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    struct call calls[6] = {{0}};
    for (unsigned order = 0; order < 2; order++)
        for (size_t i = 0; i < 6; i++) {
            const skep_slot code[] = {SKEP_MOV64_IMM(1, 1), SKEP_MOV64_IMM(2, 2), SKEP_MOV64_IMM(3, 3), SKEP_MOV64_IMM(4, 4),
                                      SKEP_LDDW(5, 0x1122334455667788), SKEP_CALL(ids[i]), SKEP_EXIT()};
            skep_vm *vm = make_vm(SKEP_NO_DATA, order ? code : NULL, order ? sizeof code : 0);
            for (size_t k = 6; k-- > 0;) {
                calls[k] = (struct call){.result = 100 + k};
                give(vm, ids[k], &calls[k]);
            }
            if (!order)
                loads(vm, code, sizeof code);
            assert_int_equal(run(vm, NULL), 100 + i);
            for (size_t k = 0; k < 6; k++)
                assert_int_equal(calls[k].count, k == i);
            assert_memory_equal(calls[i].args, ((const uint64_t[]){1, 2, 3, 4, 0x1122334455667788}), 40);
            skep_vm_free(vm);
        }
}

static void test_replaced(void **state)
{
    (void)state;
    struct call a = {.result = 1}, b = {.result = 2};
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_CALL(7), SKEP_EXIT());
    run_fails(vm, NULL, SKEP_ERR_CALL, 0, "no helper is registered under 7");
    give(vm, 7, &a);
    assert_int_equal(run(vm, NULL), 1);
    give(vm, 7, &b);
    assert_int_equal(run(vm, NULL), 2);
    /* Through a register, too: which number that will be is not known before. */
    LOAD(vm, SKEP_MOV64_IMM(9, 7), SKEP_CALLX(9), SKEP_EXIT());
    give(vm, 7, &a);
    assert_int_equal(run(vm, NULL), 1);
    skep_vm_free(vm);
    skep_helper helper = {.size = sizeof helper};
    REFUSED(skep_vm_register(NULL, 1, &helper, &err), SKEP_ERR_ARGUMENT, NULL);
    vm = MAKE(SKEP_NO_DATA, SKEP_EXIT());
    REFUSED(skep_vm_register(vm, 1, NULL, &err), SKEP_ERR_ARGUMENT, NULL);
    REFUSED(skep_vm_register(vm, 1, &helper, &err), SKEP_ERR_ARGUMENT, "fn is NULL");
    REFUSED(skep_vm_register_fn(vm, 1, NULL, NULL, &err), SKEP_ERR_ARGUMENT, "fn is NULL");
    skep_vm_free(vm);
}

static void test_unregistered(void **state)
{
    (void)state;
    struct call a = {0};
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_LDDW(1, 1), SKEP_JNE_IMM(1, 1, 1), SKEP_CALL(-2), SKEP_EXIT());
    give(vm, 2, &a);
    run_fails(vm, NULL, SKEP_ERR_CALL, 3, "4294967294");
    /* Not where it is not reached. */
    LOAD(vm, SKEP_JEQ_IMM(1, 0, 1), SKEP_CALL(1), SKEP_MOV64_IMM(0, 4), SKEP_EXIT());
    assert_int_equal(run(vm, NULL), 4);
    skep_vm_free(vm);
}

static void test_seal(void **state)
{
    (void)state;
    struct call a = {.result = 8};
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_LDDW(1, 1), SKEP_CALL(1), SKEP_CALL(2), SKEP_EXIT());
    give(vm, 1, &a);
    /* The loaded program is checked; refused, the helpers stay as they were. */
    skep_error err;
    skep_code code = skep_vm_seal_helpers(vm, &err);
    assert_failed(code, &err, SKEP_ERR_INVALID, "no helper is registered under 2");
    assert_int_equal(err.pc, 3);
    assert_non_null(strstr(err.message, "call 0x2"));
    give(vm, 2, &a);
    ACCEPTED(skep_vm_seal_helpers(vm, &err));
    assert_int_equal(run(vm, NULL), 8);
    REFUSED(skep_vm_register_fn(vm, 3, record, &a, &err), SKEP_ERR_STATE, "sealed");
    REFUSED(skep_vm_register_fn(vm, 1, record, &a, &err), SKEP_ERR_STATE, "sealed");
    code = skep_vm_load(vm, SLOTS(SKEP_CALL(1), SKEP_CALL(3), SKEP_EXIT()), &err);
    assert_failed(code, &err, SKEP_ERR_INVALID, "no helper is registered under 3");
    assert_int_equal(err.pc, 1);
    assert_int_equal(run(vm, NULL), 8); /* the old one stays */
    LOAD(vm, SKEP_CALL(2), SKEP_EXIT());
    assert_int_equal(run(vm, NULL), 8);
    ACCEPTED(skep_vm_seal_helpers(vm, &err)); /* twice does no harm */
    skep_vm_free(vm);
    vm = make_vm(SKEP_NO_DATA, NULL, 0);
    ACCEPTED(skep_vm_seal_helpers(vm, &err));
    REFUSED(skep_vm_load(vm, SLOTS(SKEP_CALL(0), SKEP_EXIT()), &err), SKEP_ERR_INVALID, "under 0");
    skep_vm_free(vm);
    REFUSED(skep_vm_seal_helpers(NULL, &err), SKEP_ERR_ARGUMENT, NULL);
}

static void test_failing(void **state)
{
    (void)state;
    struct call a = {.result = 8, .fail = -42, .message = "the hive is full"};
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_LDDW(1, 1), SKEP_CALL(1), SKEP_EXIT());
    const skep_helper helper = {.size = sizeof helper, .name = "swarm", .fn = record, .user = &a};
    ACCEPTED(skep_vm_register(vm, 1, &helper, &err));
    skep_error err;
    run_fails_with(vm, NULL, SKEP_ERR_HELPER, 2, "the hive is full", &err);
    assert_int_equal(err.detail, -42);
    assert_non_null(strstr(err.message, "swarm"));
    assert_null(strstr(err.message, "too late"));
    a.message = ""; /* a stock sentence */
    a.fail = INT64_MIN;
    run_fails_with(vm, NULL, SKEP_ERR_HELPER, 2, "swarm", &err);
    assert_true(err.detail == INT64_MIN);
    a.message = NULL; /* the VM keeps working */
    assert_int_equal(run(vm, NULL), 8);
    /* Through callx, and with words that are too long. */
    static char words[1000];
    memset(words, 'w', sizeof words - 1);
    a.message = words;
    LOAD(vm, SKEP_MOV64_IMM(6, 1), SKEP_CALLX(6), SKEP_EXIT());
    run_fails(vm, NULL, SKEP_ERR_HELPER, 1, "wwwwww");
    skep_vm_free(vm);
}

/* ------------------------------------------------------------------------------------- prototypes */

#define PROTO(...) (&(const skep_prototype){sizeof(skep_prototype), {__VA_ARGS__}})

static void test_wrong_prototypes(void **state)
{
    (void)state;
    const skep_prototype *bad[] = {
        PROTO(SKEP_ARG_MEM),                                    /* no size */
        PROTO(SKEP_ARG_MEM_WRITE, SKEP_ARG_SCALAR),             /* no size */
        PROTO(SKEP_ARG_MEM, SKEP_ARG_MEM, SKEP_ARG_SIZE),       /* the first has none */
        PROTO(0, 0, 0, 0, SKEP_ARG_MEM),                        /* no place for it */
        PROTO(0, 0, 0, 0, SKEP_ARG_MEM_WRITE),
        PROTO(SKEP_ARG_SIZE),                                   /* of what? */
        PROTO(SKEP_ARG_SCALAR, SKEP_ARG_SIZE_OR_ZERO),
        PROTO(SKEP_ARG_MEM, SKEP_ARG_SIZE, SKEP_ARG_SIZE),
        PROTO((skep_arg)99),
        PROTO(0, 0, 0, 0, (skep_arg)-1),
    };
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_CALL(1), SKEP_EXIT());
    struct call a = {.result = 3};
    give(vm, 1, &a);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const skep_helper helper = {.size = sizeof helper, .fn = record, .prototype = bad[i]};
        REFUSED(skep_vm_register(vm, 1, &helper, &err), SKEP_ERR_ARGUMENT, "prototype");
    }
    const skep_helper key = {.size = sizeof key, .fn = record, .prototype = PROTO(SKEP_ARG_MAP_KEY, SKEP_ARG_MAP)};
    REFUSED(skep_vm_register(vm, 1, &key, &err), SKEP_ERR_ARGUMENT, "of a map");
    const skep_prototype small = {.size = 1};
    const skep_helper helper = {.size = sizeof helper, .fn = record, .prototype = &small};
    REFUSED(skep_vm_register(vm, 1, &helper, &err), SKEP_ERR_ARGUMENT, "size");
    assert_int_equal(run(vm, NULL), 3); /* the one before is still there */
    skep_vm_free(vm);
}

struct world {
    skep_vm *vm;
    struct call call;
    uint8_t packet[32], gap[8], mbuff[32], another[8], granted[16]; /* regions must not touch */
};

/* Registers helper 1 with the prototype, and loads a program that calls it with three numbers from the metadata buffer. */
static void begin(struct world *w, const skep_prototype *prototype)
{
    memset(w, 0, sizeof *w);
    w->vm = MAKE(SKEP_MBUFF, SKEP_MOV64_REG(6, 1), SKEP_LDXDW(1, 6, 0), SKEP_LDXDW(2, 6, 8), SKEP_LDXDW(3, 6, 16), SKEP_CALL(1),
                 SKEP_EXIT());
    w->call.result = 1;
    const skep_helper helper = {.size = sizeof helper, .name = "taste", .fn = record, .user = &w->call, .prototype = prototype};
    ACCEPTED(skep_vm_register(w->vm, 1, &helper, &err));
    ACCEPTED(skep_vm_grant(w->vm, w->granted, sizeof w->granted, SKEP_READ, &err));
}

/* SKEP_OK, or the argument (from 1) that the fault is about; its value must be the fault's address. */
static unsigned ask(struct world *w, uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t args[3] = {a, b, c};
    skep_error err;
    uint64_t result = 0;
    unsigned count = w->call.count;
    memcpy(w->mbuff, args, sizeof args);
    skep_code code = skep_vm_exec(w->vm, EXEC(.mem = w->packet, .mem_size = sizeof w->packet, .mbuff = w->mbuff,
                                              .mbuff_size = sizeof w->mbuff),
                                  &result, &err);
    if (!code) {
        assert_int_equal(w->call.count, count + 1);
        return 0;
    }
    assert_int_equal(w->call.count, count); /* before it is called */
    assert_int_equal(code, SKEP_ERR_ACCESS);
    assert_int_equal(err.pc, 4);
    assert_non_null(strstr(err.message, "taste"));
    for (unsigned i = 1; i <= 3; i++) {
        char words[24];
        snprintf(words, sizeof words, "argument %u", i);
        if (strstr(err.message, words)) {
            assert_int_equal(err.address, args[i - 1]);
            return i;
        }
    }
    fail_msg("which argument? %s", err.message);
    return 9;
}

#define ADDRESS(p) ((uint64_t)(uintptr_t)(p))

static void test_memory_arguments(void **state)
{
    (void)state;
    struct world w;
    for (unsigned write = 0; write < 2; write++)
        for (unsigned zero = 0; zero < 2; zero++) {
            begin(&w, PROTO(write ? SKEP_ARG_MEM_WRITE : SKEP_ARG_MEM, zero ? SKEP_ARG_SIZE_OR_ZERO : SKEP_ARG_SIZE));
            const uint64_t p = ADDRESS(w.packet);
            assert_int_equal(ask(&w, p, 32, 0), 0);
            assert_int_equal(w.call.args[0], p);
            assert_int_equal(w.call.args[1], 32);
            assert_int_equal(ask(&w, p + 31, 1, 0), 0);
            assert_int_equal(ask(&w, p, 33, 0), 1);
            assert_int_equal(ask(&w, p + 32, 1, 0), 1);
            assert_int_equal(ask(&w, p - 1, 1, 0), 1);
            assert_int_equal(ask(&w, p + 1, UINT64_MAX, 0), 1); /* wraps around */
            assert_int_equal(ask(&w, 0, 1, 0), 1);
            assert_int_equal(ask(&w, p, 0, 0), zero ? 0 : 2); /* a size of 0 */
            assert_int_equal(ask(&w, 12345, 0, 0), zero ? 0 : 2); /* the pointer is not looked at then */
            assert_int_equal(ask(&w, ADDRESS(w.granted), 16, 0), write ? 1 : 0); /* read-only */
            skep_vm_free(w.vm);
        }
}

static void test_string_arguments(void **state)
{
    (void)state;
    struct world w;
    for (unsigned null = 0; null < 2; null++) {
        begin(&w, PROTO(null ? SKEP_ARG_STRING_OR_NULL : SKEP_ARG_STRING));
        const uint64_t p = ADDRESS(w.packet);
        memset(w.packet, 'a', sizeof w.packet);
        assert_int_equal(ask(&w, p, 0, 0), 1); /* does not end within its region */
        w.packet[31] = 0;
        assert_int_equal(ask(&w, p, 0, 0), 0);
        assert_int_equal(ask(&w, p + 31, 0, 0), 0); /* empty */
        assert_int_equal(ask(&w, p + 32, 0, 0), 1);
        assert_int_equal(ask(&w, p - 1, 0, 0), 1);
        assert_int_equal(ask(&w, 0, 0, 0), null ? 0 : 1);
        assert_int_equal(ask(&w, ADDRESS(w.granted), 0, 0), 0); /* may be read */
        skep_vm_free(w.vm);
    }
}

static void test_context_argument(void **state)
{
    (void)state;
    struct world w;
    begin(&w, PROTO(SKEP_ARG_SCALAR, SKEP_ARG_ANY, SKEP_ARG_CONTEXT));
    assert_int_equal(ask(&w, 7, 8, ADDRESS(w.mbuff)), 0); /* what r1 was */
    assert_int_equal(ask(&w, 7, 8, ADDRESS(w.mbuff) + 1), 3);
    assert_int_equal(ask(&w, 7, 8, ADDRESS(w.packet)), 3);
    assert_int_equal(ask(&w, 7, 8, 0), 3);
    skep_vm_free(w.vm);
}

/* Unchecked: without a prototype, and where the embedder vouches. */
static void test_unchecked(void **state)
{
    (void)state;
    struct call a = {.result = 2};
    const skep_slot code[] = {SKEP_MOV64_IMM(1, 1), SKEP_MOV64_IMM(2, 50), SKEP_CALL(1), SKEP_EXIT()};
    skep_vm *vm = make_vm(SKEP_NO_DATA, code, sizeof code);
    give(vm, 1, &a);
    assert_int_equal(run(vm, NULL), 2);
    skep_vm_free(vm);
    skep_vm_options o = {.size = sizeof o, .policy = SKEP_TRUSTED, .code = code, .code_size = sizeof code};
    vm = make_with(&o);
    const skep_helper helper = {.size = sizeof helper, .fn = record, .user = &a, .prototype = PROTO(SKEP_ARG_MEM, SKEP_ARG_SIZE)};
    ACCEPTED(skep_vm_register(vm, 1, &helper, &err));
    assert_int_equal(run(vm, NULL), 2);
    skep_vm_free(vm);
}

/* ------------------------------------------------------------------------------- skep_run_memory */

struct probe {
    uint64_t address;
    size_t size;
    bool write;
    void *answer;
};

static uint64_t look(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    struct probe *p = skep_run_user(run);
    (void)r2, (void)r3, (void)r4, (void)r5;
    p->answer = skep_run_memory(run, p->address ? p->address : r1, p->size, p->write);
    return p->answer != NULL;
}

static void test_run_memory(void **state)
{
    (void)state;
    static struct {
        uint8_t before[8], packet[16], gap[8], granted[8], after[8];
    } memory;
    uint8_t *packet = memory.packet, *granted = memory.granted;
    struct probe p = {0};
    const skep_exec_options *options = EXEC(.mem = packet, .mem_size = sizeof memory.packet);
    skep_vm *vm = MAKE(SKEP_RAW, SKEP_MOV64_REG(1, 10), SKEP_ADD64_IMM(1, -4), SKEP_CALL(1), SKEP_EXIT());
    ACCEPTED(skep_vm_register_fn(vm, 1, look, &p, &err));
    ACCEPTED(skep_vm_grant(vm, granted, sizeof memory.granted, SKEP_READ, &err));
    const struct {
        uint64_t address;
        size_t size;
        bool write, good;
    } cases[] = {
        {ADDRESS(packet), 16, false, true},      {ADDRESS(packet), 16, true, true},
        {ADDRESS(packet) + 15, 1, true, true},   {ADDRESS(packet) + 15, 2, true, false},
        {ADDRESS(packet) - 1, 1, false, false},  {ADDRESS(granted), 8, false, true},
        {ADDRESS(granted), 8, true, false},      {ADDRESS(granted), SIZE_MAX, false, false},
        {8, 1, false, false},                    {0, 4, true, true}, /* 0: r1, the last 4 bytes of the stack */
        {0, 5, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        p = (struct probe){cases[i].address, cases[i].size, cases[i].write, packet};
        assert_int_equal(run(vm, options), cases[i].good);
        if (cases[i].address)
            assert_ptr_equal(p.answer, cases[i].good ? (void *)(uintptr_t)cases[i].address : NULL);
    }
    skep_vm_free(vm);
}

/* ------------------------------------------------------------------------------------ stock helpers */

struct hooked {
    char log[256];
    size_t log_size;
    uint64_t time, random;
};

static uint64_t hooked_time(void *user) { return ((struct hooked *)user)->time++; }
static uint64_t hooked_random(void *user) { return ((struct hooked *)user)->random; }
static void hooked_log(void *user, const char *text, size_t size)
{
    struct hooked *h = user;
    memcpy(h->log + h->log_size, text, size);
    h->log_size += size;
}

static uint64_t stock(const char *name, struct hooked *hooked, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    const skep_hooks hooks = {.size = sizeof hooks, .user = hooked, .time_ns = hooked_time, .random = hooked_random,
                              .log = hooked_log};
    const skep_slot code[] = {SKEP_LDDW(1, a), SKEP_LDDW(2, b), SKEP_LDDW(3, c), SKEP_LDDW(4, d), SKEP_LDDW(5, e),
                              SKEP_CALL(1), SKEP_EXIT()};
    skep_vm_options o = {.size = sizeof o, .hooks = hooked ? &hooks : NULL, .code = code, .code_size = sizeof code};
    skep_vm *vm = make_with(&o);
    const skep_helper *helper = skep_helper_stock(name);
    assert_non_null(helper);
    assert_string_equal(helper->name, name);
    assert_non_null(helper->prototype); /* each has one */
    ACCEPTED(skep_vm_register(vm, 1, helper, &err));
    uint64_t result = run(vm, NULL);
    skep_vm_free(vm);
    return result;
}

/* Values: rbpf's helpers, see skep.h. */
static void test_stock_numbers(void **state)
{
    (void)state;
    assert_null(skep_helper_stock("no such"));
    assert_null(skep_helper_stock(NULL));
    assert_null(skep_helper_stock(""));
    assert_int_equal(stock("gather_bytes", NULL, 0x11, 0x22, 0x33, 0x44, 0x55), 0x1122334455);
    assert_int_equal(stock("gather_bytes", NULL, 0x1ff, 0x1ff, 0, 0, 0), 0x1ffULL << 32 | 0x1ffULL << 24); /* no masks */
    static const uint64_t roots[][2] = {{0, 0}, {1, 1}, {2, 1}, {3, 1}, {4, 2}, {8, 2}, {9, 3}, {15, 3}, {16, 4}, {1u << 31, 46340},
                                        {0xfffffffe00000001, 0xffffffff}, {0xfffffffe00000000, 0xfffffffe},
                                        {UINT64_MAX, 0xffffffff}, {UINT64_C(1) << 63, 3037000499}, {999999999999999999, 999999999}};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
        assert_int_equal(stock("sqrti", NULL, roots[i][0], 9, 9, 9, 9), roots[i][1]);
}

static void test_stock_hooks(void **state)
{
    (void)state;
    struct hooked h = {.time = 1234567890123};
    assert_int_equal(stock("ktime_get_ns", &h, 0, 0, 0, 0, 0), 1234567890123);
    assert_int_equal(stock("ktime_get_ns", &h, 0, 0, 0, 0, 0), 1234567890124);
    const uint64_t before = stock("ktime_get_ns", NULL, 0, 0, 0, 0, 0); /* the platform's */
    assert_true(stock("ktime_get_ns", NULL, 0, 0, 0, 0, 0) >= before);
    static const char line[] = "bpf_trace_printf: 0x1, 0xf, 0x20\n";
    assert_int_equal(stock("trace_printk", &h, 99, 99, 1, 15, 32), strlen(line));
    assert_int_equal(h.log_size, strlen(line));
    assert_memory_equal(h.log, line, h.log_size);
    h.log_size = 0;
    assert_int_equal(stock("trace_printk", &h, 0, 0, 0, UINT64_MAX, 0x100), 29 + 1 + 16 + 3);
    assert_int_equal(h.log_size, 29 + 1 + 16 + 3);
    /* In low..high, both included; the whole number unless low < high. */
    static const uint64_t cases[][4] = {{0, 10, 13, 10}, {3, 10, 13, 13}, {4, 10, 13, 10}, {UINT64_MAX, 0, UINT64_MAX, UINT64_MAX},
                                        {UINT64_MAX, 5, 5, UINT64_MAX}, {77, 6, 5, 77}, {5, 0, 1, 1}, {8, 1, UINT64_MAX, 9}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        h.random = cases[i][0];
        assert_int_equal(stock("rand", &h, cases[i][1], cases[i][2], 0, 0, 0), cases[i][3]);
    }
    for (int i = 0; i < 200; i++) {
        const uint64_t n = stock("rand", NULL, 100, 103, 0, 0, 0);
        assert_true(n >= 100 && n <= 103);
    }
}

static void test_stock_memory(void **state)
{
    (void)state;
    skep_vm *vm = MAKE(SKEP_RAW, SKEP_CALL(1), SKEP_EXIT());
    ACCEPTED(skep_vm_register(vm, 1, skep_helper_stock("memfrob"), &err));
    uint8_t mem[] = {0x33, 0x22, 0x11, 0, 0, 0, 0, 0}, after[] = {0x19, 0x08, 0x3b, 0x2a, 0x2a, 0x2a, 0x2a, 0x2a};
    assert_int_equal(run(vm, EXEC(.mem = mem, .mem_size = 8)), 0);
    assert_memory_equal(mem, after, 8);
    assert_int_equal(run(vm, NULL), 0); /* nothing to do */
    run_fails(vm, EXEC(.mem = mem, .mem_size = 8, .mem_access = SKEP_READ), SKEP_ERR_ACCESS, 0, "memfrob");
    assert_memory_equal(mem, after, 8);

    LOAD(vm, SKEP_MOV64_REG(6, 1), SKEP_LDXB(3, 6, 0), SKEP_LDXB(4, 6, 1), SKEP_MOV64_REG(2, 6), SKEP_ADD64_REG(2, 4),
         SKEP_ADD64_REG(1, 3), SKEP_JNE_IMM(3, 0, 1), SKEP_MOV64_IMM(1, 0), SKEP_JNE_IMM(4, 0, 1), SKEP_MOV64_IMM(2, 0), SKEP_CALL(1),
         SKEP_EXIT());
    ACCEPTED(skep_vm_register(vm, 1, skep_helper_stock("strcmp"), &err));
    char strings[] = "xxabc\0abd\0ab\0abc\0\377";
    const struct {
        char a, b;
        uint64_t result;
    } cases[] = {{2, 13, 0}, {2, 6, 1}, {6, 2, 1}, {2, 10, 'c'}, {10, 2, 'c'}, {5, 5, 0}, {5, 17, 255}, {17, 5, 255},
                 {0, 2, UINT64_MAX}, {2, 0, UINT64_MAX}, {0, 0, UINT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strings[0] = cases[i].a;
        strings[1] = cases[i].b;
        assert_int_equal(run(vm, EXEC(.mem = strings, .mem_size = sizeof strings)), cases[i].result);
    }
    strings[0] = 17, strings[1] = 2;
    run_fails(vm, EXEC(.mem = strings, .mem_size = sizeof strings - 1), SKEP_ERR_ACCESS, 10, "does not end");
    skep_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_register),         cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_unregistered),     cmocka_unit_test(test_seal),
        cmocka_unit_test(test_failing),          cmocka_unit_test(test_wrong_prototypes),
        cmocka_unit_test(test_memory_arguments), cmocka_unit_test(test_string_arguments),
        cmocka_unit_test(test_context_argument), cmocka_unit_test(test_unchecked),
        cmocka_unit_test(test_run_memory),       cmocka_unit_test(test_stock_numbers),
        cmocka_unit_test(test_stock_hooks),      cmocka_unit_test(test_stock_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
