/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the header promises of machine code. That it computes the same is the business of test_lower.c and engines.c. */
#include <pthread.h>
#include <sys/mman.h>

#include "vm_tools.h"

static bool here(void)
{
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_EXIT());
    const skep_code code = skep_vm_jit_compile(vm, NULL, NULL);
    assert_true(code == SKEP_OK || code == SKEP_ERR_UNSUPPORTED);
    skep_vm_free(vm);
    return code == SKEP_OK;
}

#define NEEDS_A_BACK_END()                                                                                             \
    do {                                                                                                               \
        (void)state;                                                                                                   \
        if (!here())                                                                                                   \
            skip();                                                                                                    \
    } while (0)

static void compiles(skep_vm *vm)
{
    skep_error err;
    if (skep_vm_jit_compile(vm, NULL, &err))
        fail_msg("%s", err.message);
}

static uint64_t run_native(const skep_vm *vm, const skep_exec_options *options)
{
    uint64_t result = 0x5555555555555555;
    skep_error err;
    if (skep_vm_exec_jit(vm, options, &result, &err))
        fail_msg("%s", err.message);
    return result;
}

static void has_no_code(const skep_vm *vm)
{
    uint64_t result = 77;
    REFUSED(skep_vm_exec_jit(vm, NULL, &result, &err), SKEP_ERR_STATE, NULL);
    assert_int_equal(result, 77);
    assert_null(skep_vm_jit_function(vm));
    skep_jit_stats stats = {.size = sizeof stats};
    REFUSED(skep_vm_jit_stats(vm, &stats, &err), SKEP_ERR_STATE, NULL);
}

/* Both engines fail in the same words. */
static void fail_alike(skep_vm *vm, const skep_exec_options *options, skep_code wanted, uint64_t pc)
{
    static _Alignas(16) uint8_t workspace[16384]; /* the same addresses for both */
    skep_exec_options own = {.size = sizeof own};
    skep_error a, b;
    uint64_t result = 77;
    if (options)
        own = *options;
    own.workspace = workspace;
    own.workspace_size = sizeof workspace;
    memset(&a, 0x55, sizeof a);
    memset(&b, 0xaa, sizeof b);
    compiles(vm);
    assert_int_equal(skep_vm_exec(vm, &own, &result, &a), wanted);
    memset(workspace, 0x7f, sizeof workspace); /* nothing counts on what is there */
    assert_int_equal(skep_vm_exec_jit(vm, &own, &result, &b), wanted);
    assert_int_equal(result, 77);
    assert_int_equal(b.code, wanted);
    assert_int_equal(a.pc, pc);
    assert_int_equal(b.pc, pc);
    assert_int_equal(a.address, b.address);
    assert_int_equal(a.detail, b.detail);
    assert_string_equal(a.message, b.message);
}

static uint64_t five(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return 5;
}

static void test_order_of_calls(void **state)
{
    NEEDS_A_BACK_END();
    skep_vm *vm = make_with(NULL);
    REFUSED(skep_vm_jit_compile(vm, NULL, &err), SKEP_ERR_STATE, NULL); /* no program */
    REFUSED(skep_vm_jit_compile(NULL, NULL, &err), SKEP_ERR_ARGUMENT, NULL);
    has_no_code(vm);
    LOAD(vm, SKEP_MOV64_IMM(0, 3), SKEP_EXIT());
    has_no_code(vm);
    compiles(vm);
    assert_int_equal(run_native(vm, NULL), 3);
    compiles(vm); /* again */
    assert_int_equal(run_native(vm, NULL), 3);
    skep_vm_free(vm);
}

static void test_code_is_dropped(void **state)
{
    NEEDS_A_BACK_END();
    static uint8_t granted[8];
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_CALL(1), SKEP_EXIT());
    compiles(vm);
    ACCEPTED(skep_vm_register_fn(vm, 1, five, NULL, &err));
    has_no_code(vm);
    compiles(vm);
    assert_int_equal(run_native(vm, NULL), 5);
    ACCEPTED(skep_vm_grant(vm, granted, sizeof granted, SKEP_READ, &err));
    has_no_code(vm);
    compiles(vm);
    LOAD(vm, SKEP_MOV64_IMM(0, 9), SKEP_EXIT());
    has_no_code(vm);
    compiles(vm);
    assert_int_equal(run_native(vm, NULL), 9);
    /* A program that is refused leaves all as it was. */
    assert_int_equal(skep_vm_load(vm, SLOTS(SKEP_JA(7), SKEP_EXIT()), NULL), SKEP_ERR_INVALID);
    assert_int_equal(run_native(vm, NULL), 9);
    skep_vm_free(vm);
}

static void test_revoked_memory(void **state)
{
    NEEDS_A_BACK_END();
    static uint8_t granted[8] = {42};
    const uint64_t at = (uint64_t)(uintptr_t)granted;
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_LDDW(1, at), SKEP_LDXB(0, 1, 0), SKEP_EXIT());
    ACCEPTED(skep_vm_grant(vm, granted, sizeof granted, SKEP_READ, &err));
    compiles(vm);
    assert_int_equal(run_native(vm, NULL), 42);
    ACCEPTED(skep_vm_revoke(vm, granted, &err));
    fail_alike(vm, NULL, SKEP_ERR_ACCESS, 2);
    skep_vm_free(vm);
}

static void test_clone(void **state)
{
    NEEDS_A_BACK_END();
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_MOV64_IMM(0, 11), SKEP_EXIT()), *clone;
    compiles(vm);
    ACCEPTED(skep_vm_clone(vm, &clone, &err));
    assert_ptr_equal(skep_vm_jit_function(clone), skep_vm_jit_function(vm));
    LOAD(vm, SKEP_MOV64_IMM(0, 12), SKEP_EXIT());
    assert_int_equal(run_native(clone, NULL), 11);
    skep_vm_free(vm);
    assert_int_equal(run_native(clone, NULL), 11);
    skep_vm_free(clone);
}

/* --------------------------------------------------------------------------------------------- pages */

static struct {
    unsigned allocated, sealed, freed;
    void *pages;
    size_t size;
    bool no_pages, no_seal;
} pages;

static void *alloc_pages(void *user, size_t size)
{
    assert_ptr_equal(user, &pages);
    assert_true(size && size % 4096 == 0);
    if (pages.no_pages)
        return NULL;
    pages.allocated++;
    pages.size = size;
    pages.pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages.pages != MAP_FAILED);
    return pages.pages;
}

static bool seal_pages(void *user, void *at, size_t size)
{
    assert_ptr_equal(user, &pages);
    assert_ptr_equal(at, pages.pages);
    assert_int_equal(size, pages.size);
    if (pages.no_seal)
        return false;
    pages.sealed++;
    return mprotect(at, size, PROT_READ | PROT_EXEC) == 0;
}

static void free_pages(void *user, void *at, size_t size)
{
    assert_ptr_equal(user, &pages);
    assert_ptr_equal(at, pages.pages);
    assert_int_equal(size, pages.size);
    pages.freed++;
    assert_int_equal(munmap(at, size), 0);
}

static const skep_hooks paged = {.size = sizeof paged, .user = &pages, .code_alloc = alloc_pages, .code_seal = seal_pages,
                                 .code_free = free_pages};

static skep_vm *make_paged(void)
{
    static const skep_slot code[] = {SKEP_MOV64_IMM(0, 8), SKEP_EXIT()};
    skep_vm_options options = {.size = sizeof options, .hooks = &paged, .code = code, .code_size = sizeof code};
    memset(&pages, 0, sizeof pages);
    return make_with(&options);
}

static void test_hooks_are_paired(void **state)
{
    NEEDS_A_BACK_END();
    skep_vm *vm = make_paged(), *clone;
    assert_int_equal(pages.allocated, 0);
    compiles(vm);
    assert_true(pages.allocated == 1 && pages.sealed == 1 && pages.freed == 0);
    assert_int_equal(run_native(vm, NULL), 8);
    ACCEPTED(skep_vm_clone(vm, &clone, &err));
    skep_vm_free(vm);
    assert_int_equal(pages.freed, 0);
    assert_int_equal(run_native(clone, NULL), 8);
    skep_vm_free(clone);
    assert_true(pages.allocated == 1 && pages.sealed == 1 && pages.freed == 1);
}

static void test_no_pages(void **state)
{
    NEEDS_A_BACK_END();
    skep_vm *vm = make_paged();
    pages.no_pages = true;
    REFUSED(skep_vm_jit_compile(vm, NULL, &err), SKEP_ERR_MEMORY, "pages");
    assert_int_equal(pages.freed, 0);
    has_no_code(vm);
    assert_int_equal(run(vm, NULL), 8);
    skep_vm_free(vm);

    vm = make_paged();
    pages.no_seal = true;
    REFUSED(skep_vm_jit_compile(vm, NULL, &err), SKEP_ERR_UNSUPPORTED, "executable");
    assert_true(pages.allocated == 1 && pages.freed == 1);
    has_no_code(vm);
    assert_int_equal(run(vm, NULL), 8);
    pages.no_seal = false;
    compiles(vm);
    assert_int_equal(run_native(vm, NULL), 8);
    skep_vm_free(vm);
    assert_int_equal(pages.allocated, pages.freed);
}

/* Not all three: the defaults serve. */
static void test_incomplete_hooks(void **state)
{
    NEEDS_A_BACK_END();
    static const skep_slot code[] = {SKEP_MOV64_IMM(0, 8), SKEP_EXIT()};
    static const skep_hooks two = {.size = sizeof two, .user = &pages, .code_alloc = alloc_pages, .code_free = free_pages};
    skep_vm_options options = {.size = sizeof options, .hooks = &two, .code = code, .code_size = sizeof code};
    memset(&pages, 0, sizeof pages);
    skep_vm *vm = make_with(&options);
    compiles(vm);
    assert_int_equal(run_native(vm, NULL), 8);
    assert_int_equal(pages.allocated, 0);
    skep_vm_free(vm);
}

/* No mapping of this process is writable and executable; *at is in one that is executable. */
static void check_maps(const void *at)
{
    char line[512], mode[8];
    bool found = at == NULL;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long low, high;
        assert_int_equal(sscanf(line, "%lx-%lx %7s", &low, &high, mode), 3);
        if (mode[1] == 'w' && mode[2] == 'x')
            fail_msg("writable and executable: %s", line);
        if (at && (uintptr_t)at >= low && (uintptr_t)at < high) {
            assert_true(mode[2] == 'x' && mode[1] == '-');
            found = true;
        }
    }
    fclose(maps);
    assert_true(found);
}

static const void *entry_of(const skep_vm *vm)
{
    const skep_jit_fn fn = skep_vm_jit_function(vm);
    const void *at;
    memcpy(&at, &fn, sizeof at);
    return at;
}

static uint64_t look_at_maps(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
    check_maps(entry_of(skep_run_user(run)));
    return 6;
}

static void test_never_writable_and_executable(void **state)
{
    NEEDS_A_BACK_END();
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_CALL(1), SKEP_EXIT());
    ACCEPTED(skep_vm_register_fn(vm, 1, look_at_maps, vm, &err));
    compiles(vm);
    check_maps(entry_of(vm));
    assert_int_equal(run_native(vm, NULL), 6);
    skep_vm_free(vm);
    check_maps(NULL);
}

/* ------------------------------------------------------------------------------------------ same errors */

static uint64_t fails(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
    skep_run_fail(run, -22, "it is Monday");
    return 1;
}

static void test_helpers_fail(void **state)
{
    NEEDS_A_BACK_END();
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_MOV64_IMM(6, 1), SKEP_CALL(3), SKEP_EXIT());
    fail_alike(vm, NULL, SKEP_ERR_CALL, 1);
    ACCEPTED(skep_vm_register_fn(vm, 3, fails, NULL, &err));
    fail_alike(vm, NULL, SKEP_ERR_HELPER, 1);
    static const skep_prototype prototype = {sizeof prototype, {SKEP_ARG_MEM, SKEP_ARG_SIZE}};
    const skep_helper strict = {.size = sizeof strict, .name = "strict", .fn = five, .prototype = &prototype};
    ACCEPTED(skep_vm_register(vm, 3, &strict, &err));
    fail_alike(vm, NULL, SKEP_ERR_ACCESS, 1);
    LOAD(vm, SKEP_MOV64_REG(1, 10), SKEP_ADD64_IMM(1, -8), SKEP_MOV64_IMM(2, 8), SKEP_CALL(3), SKEP_EXIT());
    compiles(vm);
    assert_int_equal(run_native(vm, NULL), 5);
    LOAD(vm, SKEP_MOV64_REG(1, 10), SKEP_ADD64_IMM(1, -8), SKEP_MOV64_IMM(2, 9), SKEP_CALL(3), SKEP_EXIT());
    fail_alike(vm, NULL, SKEP_ERR_ACCESS, 3);
    skep_vm_free(vm);
}

static void test_faults(void **state)
{
    NEEDS_A_BACK_END();
    uint8_t packet[16] = {0};
    skep_vm *vm = MAKE(SKEP_RAW, SKEP_CALL_LOCAL(-1), SKEP_EXIT());
    fail_alike(vm, EXEC(.mem = packet, .mem_size = 16), SKEP_ERR_DEPTH, 0);
    LOAD(vm, SKEP_LDXW(0, 1, 13), SKEP_EXIT());
    fail_alike(vm, EXEC(.mem = packet, .mem_size = 16), SKEP_ERR_ACCESS, 0);
    LOAD(vm, SKEP_STXB(1, 3, 1), SKEP_EXIT());
    fail_alike(vm, EXEC(.mem = packet, .mem_size = 16, .mem_access = SKEP_READ), SKEP_ERR_ACCESS, 0);
    /* Accesses from one base: what is written before the first bad one is written. */
    LOAD(vm, SKEP_STDW(1, 0, 7), SKEP_LDXW(2, 1, 8), SKEP_STDW(1, 8, 9), SKEP_LDXB(0, 1, 16), SKEP_STDW(1, 0, 1), SKEP_EXIT());
    fail_alike(vm, EXEC(.mem = packet, .mem_size = 16), SKEP_ERR_ACCESS, 3);
    assert_int_equal(packet[0], 7);
    assert_int_equal(packet[8], 9);
    /* A group's widest access is a read, another one a write. */
    LOAD(vm, SKEP_MOV64_REG(5, 10), SKEP_LDXDW(7, 5, 0), SKEP_STXW(5, 1, 7), SKEP_EXIT());
    fail_alike(vm, EXEC(.mem = packet, .mem_size = 16), SKEP_ERR_ACCESS, 1);
    LOAD(vm, SKEP_MOV64_IMM(0, 1), SKEP_JEQ_IMM(0, 1, -2), SKEP_EXIT());
    fail_alike(vm, EXEC(.mem = packet, .mem_size = 16, .budget = 1001), SKEP_ERR_BUDGET, 1);
    skep_vm_free(vm);
}

/* ---------------------------------------------------------------------------------------------- threads */

static void *sum_often(void *argument)
{
    const skep_vm *vm = argument;
    uint8_t packet[64];
    uint64_t wrong = 0;
    for (unsigned turn = 0; turn < 2000; turn++) {
        uint64_t wanted = 0, result = 0;
        for (unsigned i = 0; i < sizeof packet; i++)
            wanted += packet[i] = (uint8_t)(turn * 7 + i + (uintptr_t)packet % 251);
        skep_code code = skep_vm_exec_jit(vm, EXEC(.mem = packet, .mem_size = sizeof packet), &result, NULL);
        wrong += code != SKEP_OK || result != wanted;
    }
    return (void *)(uintptr_t)wrong;
}

static void test_threads(void **state)
{
    NEEDS_A_BACK_END();
    /* The sum of the packet's bytes, by way of the stack. */
    skep_vm *vm = MAKE(SKEP_RAW, SKEP_ADD64_REG(2, 1), SKEP_LDXB(3, 1, 0), SKEP_LDXDW(4, 10, -8), SKEP_ADD64_REG(4, 3),
                       SKEP_STXDW(10, -8, 4), SKEP_ADD64_IMM(1, 1), SKEP_JLT_REG(1, 2, -6), SKEP_LDXDW(0, 10, -8), SKEP_EXIT());
    pthread_t threads[2];
    compiles(vm);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sum_often, vm), 0);
    for (unsigned i = 0; i < 2; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    skep_vm_free(vm);
}

/* ------------------------------------------------------------------------------------- copies, memory */

static void test_code_elsewhere(void **state)
{
    NEEDS_A_BACK_END();
    uint8_t packet[8] = {1, 2, 3, 4};
    /* A call, a guard that fails over to the slow path, and a loop. */
    skep_vm *vm = MAKE(SKEP_RAW, SKEP_CALL_LOCAL(2), SKEP_ADD64_IMM(0, 1), SKEP_EXIT(), SKEP_LDXB(0, 1, 3), SKEP_EXIT());
    size_t size = 0;
    compiles(vm);
    REFUSED(skep_vm_jit_copy(vm, NULL, &size, &err), SKEP_ERR_ARGUMENT, NULL);
    assert_true(size > 0 && size < 65536);
    uint8_t *copy = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(copy != MAP_FAILED);
    size_t room = size - 1;
    REFUSED(skep_vm_jit_copy(vm, copy, &room, &err), SKEP_ERR_ARGUMENT, NULL);
    assert_int_equal(room, size);
    ACCEPTED(skep_vm_jit_copy(vm, copy, &room, &err));
    assert_int_equal(mprotect(copy, 65536, PROT_READ | PROT_EXEC), 0);

    static _Alignas(16) uint8_t workspace[16384];
    skep_run *run;
    ACCEPTED(skep_run_prepare(vm, EXEC(.mem = packet, .mem_size = 4, .workspace = workspace, .workspace_size = sizeof workspace),
                              &run, &err));
    skep_jit_fn fn;
    memcpy(&fn, &copy, sizeof fn);
    assert_int_equal(fn(run), 5);
    ACCEPTED(skep_run_outcome(run, &err));
    ACCEPTED(skep_run_set_memory(run, packet, 3, &err));
    (void)fn(run);
    skep_error err;
    assert_failed(skep_run_outcome(run, &err), &err, SKEP_ERR_ACCESS, NULL);
    assert_int_equal(err.pc, 3);
    ACCEPTED(skep_run_set_memory(run, packet, 4, &err));
    assert_int_equal(fn(run), 5);

    /* Compiled right there. */
    assert_int_equal(mprotect(copy, 65536, PROT_READ | PROT_WRITE), 0);
    skep_jit_options options = {.size = sizeof options, .memory = copy, .memory_size = size - 1};
    REFUSED(skep_vm_jit_compile(vm, &options, &err), SKEP_ERR_ARGUMENT, NULL);
    options.memory_size = 65536;
    ACCEPTED(skep_vm_jit_compile(vm, &options, &err));
    assert_int_equal(mprotect(copy, 65536, PROT_READ | PROT_EXEC), 0);
    assert_ptr_equal(entry_of(vm), copy);
    assert_int_equal(run_native(vm, EXEC(.mem = packet, .mem_size = 4)), 5);
    skep_vm_free(vm);
    assert_int_equal(munmap(copy, 65536), 0);
}

/* A program that ends in a callee leaves a prepared run as it was. */
static void test_prepared_again(void **state)
{
    NEEDS_A_BACK_END();
    static _Alignas(16) uint8_t workspace[16384];
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_MOV64_REG(1, 10),
                       SKEP_CALL(1), SKEP_LDABSB(1), SKEP_EXIT());
    skep_run *run;
    ACCEPTED(skep_vm_register_fn(vm, 1, five, NULL, &err));
    compiles(vm);
    ACCEPTED(skep_run_prepare(vm, EXEC(.workspace = workspace, .workspace_size = sizeof workspace), &run, &err));
    for (unsigned i = 0; i < 20; i++) { /* more than there are frames */
        assert_int_equal(skep_vm_jit_function(vm)(run), 0);
        ACCEPTED(skep_run_outcome(run, &err));
    }
    skep_vm_free(vm);
}

/* ------------------------------------------------------------------------------------------------ size */

#define MANY ((size_t)SKEP_MAX_SLOTS)

static void run_large(skep_slot *slots, const char *what, uint64_t wanted)
{
    skep_vm *vm = make_vm(SKEP_NO_DATA, slots, MANY * sizeof *slots);
    ACCEPTED(skep_vm_register_fn(vm, 1, five, NULL, &err));
    compiles(vm);
    const uint64_t result = run_native(vm, NULL);
    if (result != wanted || run(vm, NULL) != wanted)
        fail_msg("%s: %llu instead of %llu", what, (unsigned long long)result, (unsigned long long)wanted);
    skep_vm_free(vm);
}

static void test_large_programs(void **state)
{
    NEEDS_A_BACK_END();
    skep_slot *slots = malloc(MANY * sizeof *slots);
    assert_non_null(slots);
    /* One after the other. */
    slots[0] = (skep_slot)SKEP_MOV64_IMM(0, 0);
    for (size_t i = 1; i + 1 < MANY; i++)
        slots[i] = i % 2 ? (skep_slot)SKEP_ADD64_IMM(0, 3) : (skep_slot)SKEP_XOR64_REG(0, 1);
    slots[MANY - 1] = (skep_slot)SKEP_EXIT();
    run_large(slots, "straight", 3 * (MANY - 2) / 2);
    /* To the end and back again, then branches, each over one addition: the first is not taken, all others are. */
    slots[0] = (skep_slot)SKEP_MOV64_IMM(0, 0);
    slots[1] = (skep_slot)SKEP_JA32(MANY - 5);
    for (size_t i = 2; i + 3 < MANY; i++)
        slots[i] = i % 2 == 0 ? (skep_slot)SKEP_JSET_IMM(0, 1, 1) : (skep_slot)SKEP_ADD64_IMM(0, 1);
    slots[MANY - 3] = (skep_slot)SKEP_JEQ_IMM(0, 0, 1); /* the far jump leads here */
    slots[MANY - 2] = (skep_slot)SKEP_EXIT();
    slots[MANY - 1] = (skep_slot)SKEP_JA32(-(int32_t)(MANY - 2));
    slots[MANY - 4] = (skep_slot)SKEP_EXIT();
    run_large(slots, "branches", 1);
    /* Calls of a helper, and of one function from far away. */
    for (size_t i = 0; i + 4 < MANY; i++)
        slots[i] = i % 2 ? (skep_slot)SKEP_CALL(1) : (skep_slot)SKEP_CALL_LOCAL((int32_t)(MANY - 3 - i));
    slots[MANY - 4] = (skep_slot)SKEP_ADD64_IMM(0, 1);
    slots[MANY - 3] = (skep_slot)SKEP_EXIT();
    slots[MANY - 2] = (skep_slot)SKEP_ADD64_IMM(0, 2);
    slots[MANY - 1] = (skep_slot)SKEP_EXIT();
    run_large(slots, "calls", 6);
    free(slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_calls),   cmocka_unit_test(test_code_is_dropped),
        cmocka_unit_test(test_revoked_memory),   cmocka_unit_test(test_clone),
        cmocka_unit_test(test_hooks_are_paired), cmocka_unit_test(test_no_pages),
        cmocka_unit_test(test_incomplete_hooks), cmocka_unit_test(test_never_writable_and_executable),
        cmocka_unit_test(test_helpers_fail),     cmocka_unit_test(test_faults),
        cmocka_unit_test(test_threads),          cmocka_unit_test(test_code_elsewhere),
        cmocka_unit_test(test_prepared_again),   cmocka_unit_test(test_large_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
