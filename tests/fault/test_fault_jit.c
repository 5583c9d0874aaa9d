/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Compiling with each allocation failing once, pages included: SKEP_ERR_MEMORY, nothing leaked, and the VM runs as before, in
 * the interpreter and with the code that it had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "skep/skep.h"

static struct {
    size_t calls, fail_at; /* the call that fails, from 1; 0: none */
    size_t live, pages;
} heap;

static void *heap_realloc(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        heap.live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (++heap.calls == heap.fail_at)
        return NULL;
    void *moved = realloc(ptr, size);
    assert_non_null(moved);
    heap.live += ptr == NULL;
    return moved;
}

static void *alloc_pages(void *user, size_t size)
{
    (void)user;
    if (++heap.calls == heap.fail_at)
        return NULL;
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    heap.pages++;
    return pages;
}

static bool seal_pages(void *user, void *pages, size_t size)
{
    (void)user;
    return mprotect(pages, size, PROT_READ | PROT_EXEC) == 0;
}

static void free_pages(void *user, void *pages, size_t size)
{
    (void)user;
    heap.pages--;
    assert_int_equal(munmap(pages, size), 0);
}

static const skep_hooks hooks = {.size = sizeof hooks, .realloc = heap_realloc, .code_alloc = alloc_pages, .code_seal = seal_pages,
                                 .code_free = free_pages};

/* Long, so that buffers grow: guards, branches, loops and calls; the result is 3. */
enum { MANY = 2000 };
static skep_slot program[MANY];

static void write_program(void)
{
    size_t n = 0;
    program[n++] = (skep_slot)SKEP_MOV64_REG(1, 10);
    program[n++] = (skep_slot)SKEP_MOV64_IMM(6, 3);
    while (n + 16 < MANY) {
        program[n++] = (skep_slot)SKEP_STXDW(1, -16, 6);
        program[n++] = (skep_slot)SKEP_LDXDW(7, 1, -16);
        program[n++] = (skep_slot)SKEP_JEQ_IMM(7, 4, 1);
        program[n++] = (skep_slot)SKEP_MOV64_REG(6, 7);
        program[n++] = (skep_slot)SKEP_JEQ_IMM(6, 5, -3);
        program[n] = (skep_slot)SKEP_CALL_LOCAL((int32_t)(MANY - 3 - n - 1));
        n++;
        program[n++] = (skep_slot)SKEP_MOV64_REG(1, 10);
    }
    program[n++] = (skep_slot)SKEP_MOV64_REG(0, 6);
    while (n < MANY - 3)
        program[n++] = (skep_slot)SKEP_EXIT();
    program[n++] = (skep_slot)SKEP_STDW(10, -8, 1);
    program[n++] = (skep_slot)SKEP_MAY_GOTO(0);
    program[n++] = (skep_slot)SKEP_EXIT();
}

static skep_vm *make(void)
{
    skep_vm *vm = NULL;
    skep_error err;
    const skep_vm_options o = {.size = sizeof o, .hooks = &hooks, .code = program, .code_size = sizeof program};
    if (skep_vm_create(&o, &vm, &err))
        fail_msg("%s", err.message);
    return vm;
}

static void assert_works(const skep_vm *vm, bool native)
{
    uint64_t result = 0;
    skep_error err;
    const size_t fail_at = heap.fail_at;
    heap.fail_at = 0;
    if ((native ? skep_vm_exec_jit : skep_vm_exec)(vm, NULL, &result, &err))
        fail_msg("%s", err.message);
    assert_int_equal(result, 3);
    heap.fail_at = fail_at;
}

static void fail_each(const skep_jit_options *options, bool again)
{
    for (size_t fail_at = 1;; fail_at++) {
        memset(&heap, 0, sizeof heap);
        skep_vm *vm = make();
        skep_error err;
        if (again)
            assert_int_equal(skep_vm_jit_compile(vm, options, &err), SKEP_OK);
        const size_t live = heap.live, pages = heap.pages;
        memset(&err, 0x55, sizeof err);
        heap.calls = 0;
        heap.fail_at = fail_at;
        const skep_code code = skep_vm_jit_compile(vm, options, &err);
        heap.fail_at = 0;
        if (code) {
            assert_int_equal(code, SKEP_ERR_MEMORY);
            assert_int_equal(err.code, SKEP_ERR_MEMORY);
            assert_int_equal(heap.live, live);
            assert_int_equal(heap.pages, pages);
            if (again)
                assert_works(vm, true); /* with the code that there was */
            else
                assert_int_equal(skep_vm_exec_jit(vm, NULL, NULL, &err), SKEP_ERR_STATE);
            assert_works(vm, false);
            assert_int_equal(skep_vm_jit_compile(vm, options, &err), SKEP_OK); /* and now it goes */
        }
        assert_works(vm, true);
        skep_vm_free(vm);
        assert_int_equal(heap.live, 0);
        assert_int_equal(heap.pages, 0);
        if (code == SKEP_OK) {
            assert_true(fail_at > 10);
            return;
        }
    }
}

static void test_compile(void **state)
{
    static const skep_jit_options lines = {.size = sizeof lines, .lines = true};
    (void)state;
    skep_vm *vm = make();
    const skep_code code = skep_vm_jit_compile(vm, NULL, NULL);
    skep_vm_free(vm);
    if (code == SKEP_ERR_UNSUPPORTED)
        skip();
    fail_each(NULL, false);
    fail_each(NULL, true);
    fail_each(&lines, false);
}

int main(void)
{
    write_program();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_compile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
