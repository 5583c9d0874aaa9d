/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Virtual machines with each allocation failing once: SKEP_ERR_MEMORY, nothing leaked, nothing half done. After the failure
 * the same VM does the same thing with success, and still does what it did before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "skep/skep.h"

struct heap {
    size_t calls, fail_at; /* the call that fails, from 1; 0: none */
    size_t live;
};

static void *heap_realloc(void *user, void *ptr, size_t size)
{
    struct heap *heap = user;
    if (size == 0) {
        heap->live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (++heap->calls == heap->fail_at)
        return NULL;
    void *moved = realloc(ptr, size);
    assert_non_null(moved);
    heap->live += ptr == NULL;
    return moved;
}

static struct heap heap;
static const skep_hooks hooks = {.size = sizeof hooks, .user = &heap, .realloc = heap_realloc};

static uint64_t one(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return 1;
}

static size_t stack_size(const void *code, size_t size, uint32_t pc, void *user)
{
    (void)code, (void)size, (void)pc, (void)user;
    return 64;
}

enum { MANY = 3000 };

/* r0 = helper 1 + a function's 40; several functions, helpers and an unaligned number of everything. */
static const skep_slot first[] = {SKEP_CALL(1),      SKEP_MOV64_REG(6, 0), SKEP_CALL_LOCAL(3), SKEP_ADD64_REG(0, 6),
                                  SKEP_JA(0),        SKEP_EXIT(),          SKEP_LDDW(0, 40),   SKEP_JEQ_IMM(0, 41, 1),
                                  SKEP_EXIT(),       SKEP_CALL(2),         SKEP_EXIT()};
/* So many may_goto that a run needs memory. */
static skep_slot second[MANY + 2];
static uint8_t granted[8];

/* A VM with all there is, that gives 41. */
static skep_vm *make(void)
{
    skep_vm *vm = NULL;
    skep_error err;
    skep_vm_options o = {.size = sizeof o, .hooks = &hooks, .code = first, .code_size = sizeof first};
    if (skep_vm_create(&o, &vm, &err))
        fail_msg("%s", err.message);
    assert_int_equal(skep_vm_register_fn(vm, 1, one, NULL, &err), SKEP_OK);
    assert_int_equal(skep_vm_grant(vm, granted, 8, SKEP_READ, &err), SKEP_OK);
    return vm;
}

static void assert_works(const skep_vm *vm, uint64_t wanted)
{
    uint64_t result = 0;
    skep_error err;
    const size_t fail_at = heap.fail_at;
    heap.fail_at = 0;
    if (skep_vm_exec(vm, NULL, &result, &err))
        fail_msg("%s", err.message);
    assert_int_equal(result, wanted);
    heap.fail_at = fail_at;
}

/* One call with a VM; *after is what the VM gives when it succeeded. */
typedef skep_code action_fn(skep_vm *vm, uint64_t *after, skep_error *err);

static skep_code load(skep_vm *vm, uint64_t *after, skep_error *err)
{
    *after = 5;
    return skep_vm_load(vm, second, sizeof second, err);
}

static skep_code reload(skep_vm *vm, uint64_t *after, skep_error *err)
{
    (void)after;
    return skep_vm_load(vm, first, sizeof first, err);
}

static skep_code describe(skep_vm *vm, uint64_t *after, skep_error *err)
{
    char text[64];
    (void)after, (void)err;
    return skep_vm_describe(vm, text, sizeof text) ? SKEP_OK : SKEP_ERR_STATE;
}

static skep_code set_stack_size(skep_vm *vm, uint64_t *after, skep_error *err)
{
    (void)after;
    return skep_vm_set_stack_size(vm, stack_size, NULL, err);
}

/* Many, so that tables grow; again each time, since those before the failure are there. */
static skep_code register_many(skep_vm *vm, uint64_t *after, skep_error *err)
{
    (void)after;
    skep_code failed = SKEP_OK;
    for (uint32_t id = 0; id < 40 && !failed; id++)
        failed = skep_vm_register(vm, id * 7919, &(skep_helper){.size = sizeof(skep_helper), .name = "x", .fn = one}, err);
    return failed;
}

static skep_code grant_many(skep_vm *vm, uint64_t *after, skep_error *err)
{
    (void)after;
    skep_code failed = SKEP_OK;
    for (int i = 0; i < 40 && !failed; i++)
        failed = skep_vm_grant(vm, granted, 8, SKEP_READ, err);
    return failed;
}

static skep_code clone(skep_vm *vm, uint64_t *after, skep_error *err)
{
    skep_vm *other = (skep_vm *)&heap;
    (void)after;
    skep_code failed = skep_vm_clone(vm, &other, err);
    if (failed) {
        assert_ptr_equal(other, &heap); /* not written */
    } else {
        assert_works(other, 41);
        skep_vm_free(other);
    }
    return failed;
}

static void every_allocation(action_fn *action, size_t at_least)
{
    for (size_t fail_at = 1;; fail_at++) {
        heap = (struct heap){0};
        skep_vm *vm = make();
        skep_error err;
        uint64_t after = 41;
        memset(&err, 0x55, sizeof err);
        heap.calls = 0;
        heap.fail_at = fail_at;
        const size_t live = heap.live;
        skep_code code = action(vm, &after, &err);
        const bool done = code == SKEP_OK;
        if (!done) {
            assert_int_equal(code, SKEP_ERR_MEMORY);
            assert_int_equal(err.code, SKEP_ERR_MEMORY);
            if (action != register_many && action != grant_many)
                assert_int_equal(heap.live, live);
            assert_works(vm, 41); /* as before */
            heap.fail_at = 0;
            if (action(vm, &after, &err)) /* and now it goes */
                fail_msg("%s", err.message);
        }
        assert_works(vm, after);
        skep_vm_free(vm);
        assert_int_equal(heap.live, 0);
        if (done) {
            assert_true(fail_at > at_least);
            return;
        }
    }
}

static void test_actions(void **state)
{
    (void)state;
    every_allocation(load, 9);
    every_allocation(reload, 9);
    every_allocation(set_stack_size, 4);
    every_allocation(register_many, 40);
    every_allocation(grant_many, 3);
    every_allocation(clone, 3);
    every_allocation(describe, 0);
}

static void test_create(void **state)
{
    (void)state;
    for (size_t fail_at = 1;; fail_at++) {
        heap = (struct heap){.fail_at = fail_at};
        skep_vm *vm = NULL;
        skep_error err;
        skep_vm_options o = {.size = sizeof o, .hooks = &hooks, .code = second, .code_size = sizeof second};
        skep_code code = skep_vm_create(&o, &vm, &err);
        if (code == SKEP_OK) {
            assert_true(fail_at > 10);
            assert_works(vm, 5);
            skep_vm_free(vm);
            assert_int_equal(heap.live, 0);
            return;
        }
        assert_int_equal(code, SKEP_ERR_MEMORY);
        assert_null(vm);
        assert_int_equal(heap.live, 0);
    }
}

/* A run that needs memory: without it the run does not begin. */
static void test_exec(void **state)
{
    (void)state;
    heap = (struct heap){0};
    skep_vm *vm = make();
    uint64_t result = 77, executed = 77, after;
    skep_error err;
    assert_int_equal(load(vm, &after, &err), SKEP_OK);
    heap.calls = 0;
    heap.fail_at = 1;
    skep_exec_options o = {.size = sizeof o, .executed = &executed};
    assert_int_equal(skep_vm_exec(vm, &o, &result, &err), SKEP_ERR_MEMORY);
    assert_int_equal(result, 77);
    const size_t live = heap.live;
    assert_int_equal(skep_vm_exec(vm, &o, &result, &err), SKEP_OK);
    assert_int_equal(result, 5);
    assert_int_equal(heap.live, live);
    skep_vm_free(vm);
    assert_int_equal(heap.live, 0);
}

/* A freestanding build has no memory but the hook's; here the same with a hook that never has any. */
static void *never(void *user, void *ptr, size_t size)
{
    (void)user, (void)ptr, (void)size;
    return NULL;
}

static void test_never(void **state)
{
    (void)state;
    const skep_hooks none = {.size = sizeof none, .realloc = never};
    skep_vm *vm = NULL;
    skep_vm_options o = {.size = sizeof o, .hooks = &none};
    skep_error err;
    assert_int_equal(skep_vm_create(&o, &vm, &err), SKEP_ERR_MEMORY);
    assert_null(vm);
}

int main(void)
{
    for (size_t i = 0; i < MANY; i++)
        second[i] = (skep_slot)SKEP_MAY_GOTO(0);
    second[MANY] = (skep_slot)SKEP_MOV64_IMM(0, 5);
    second[MANY + 1] = (skep_slot)SKEP_EXIT();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_actions), cmocka_unit_test(test_create), cmocka_unit_test(test_exec),
                                       cmocka_unit_test(test_never)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
