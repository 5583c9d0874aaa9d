/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tail calls, in both engines: bpf(2) and Documentation/bpf say what they do (the other program runs in the frame at hand, 33
 * in a row at most, the program goes on where there is none); budget, stack and faults are ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "skep/skep.h"

static skep_error err;
static bool machine_code;

static skep_map *make_map(skep_map_type type, uint32_t value_size, uint32_t entries)
{
    const skep_map_options options = {.size = sizeof options, .type = type, .key_size = 4, .value_size = value_size,
                                      .max_entries = entries, .name = "map"};
    skep_map *map = NULL;
    if (skep_map_create(&options, &map, &err))
        fail_msg("%s", err.message);
    return map;
}

static skep_vm *make(const char *text, skep_policy policy, skep_map *const *maps, size_t count)
{
    void *code;
    size_t size;
    skep_vm *vm = NULL;
    if (skep_assemble(text, strlen(text), NULL, &code, &size, &err))
        fail_msg("%s", err.message);
    const skep_vm_options options = {.size = sizeof options, .kind = SKEP_RAW, .policy = policy, .code = code, .code_size = size,
                                     .maps = maps, .map_count = count, .linux_helpers = true};
    if (skep_vm_create(&options, &vm, &err))
        fail_msg("%s", err.message);
    skep_free(NULL, code);
    if (machine_code && skep_vm_jit_compile(vm, NULL, &err))
        fail_msg("%s", err.message);
    return vm;
}

static skep_code run_budget(const skep_vm *vm, uint64_t budget, uint64_t *result, uint64_t *executed)
{
    uint8_t packet[16] = {7, 1, 2, 3};
    const skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = sizeof packet, .budget = budget, .executed = executed};
    return machine_code ? skep_vm_exec_jit(vm, &exec, result, &err) : skep_vm_exec(vm, &exec, result, &err);
}

static uint64_t run(const skep_vm *vm)
{
    uint64_t result = 0;
    if (run_budget(vm, 0, &result, NULL))
        fail_msg("%s", err.message);
    return result;
}

static void put(skep_map *map, uint32_t key, const skep_vm *vm) { assert_int_equal(skep_map_update_program(map, &key, vm, SKEP_ANY), 0); }

#define TAIL(index) "lddw_map_fd r2, 0\nmov64 r3, " #index "\ncall 12\n"

static void from_main(skep_policy policy)
{
    skep_map *programs = make_map(SKEP_MAP_PROG_ARRAY, 4, 4);
    /* r6 and the stack are the other program's own; r1 and r2 are what main's were. */
    skep_vm *first = make("mov64 r6, 5\nstdw [r10-8], 9\n" TAIL(1) "mov64 r0, 100\nexit\n", policy, &programs, 1);
    skep_vm *second = make("ldxdw r0, [r10-8]\nadd64 r0, r6\nldxb r3, [r1]\nadd64 r0, r3\nlsh64 r2, 8\nadd64 r0, r2\nexit\n", policy,
                           NULL, 0);
    assert_int_equal(run(first), 100); /* nothing is there yet */
    put(programs, 1, second);
    assert_int_equal(run(first), 7 + (16 << 8));
    skep_vm_free(second); /* what is stored is a program of its own */
    assert_int_equal(run(first), 7 + (16 << 8));
    uint64_t executed, result;
    assert_int_equal(run_budget(first, 0, &result, &executed), SKEP_OK);
    assert_int_equal(executed, 5 + 7);
    assert_int_equal(run_budget(first, 12, &result, &executed), SKEP_OK);
    assert_int_equal(run_budget(first, 11, &result, &executed), SKEP_ERR_BUDGET);
    assert_int_equal(err.pc, 6); /* in the second program */
    const uint32_t key = 1;
    assert_int_equal(skep_map_delete(programs, &key), 0);
    assert_int_equal(run(first), 100);
    skep_vm_free(first);
    skep_map_unref(programs);
}

static void chain(void **state)
{
    (void)state;
    skep_map *maps[2] = {make_map(SKEP_MAP_PROG_ARRAY, 4, 1), make_map(SKEP_MAP_ARRAY, 8, 1)};
    skep_vm *vm = make("mov64 r6, r1\nstw [r10-4], 0\nlddw_map_fd r1, 1\nmov64 r2, r10\nadd64 r2, -4\ncall 1\njeq r0, 0, +2\n"
                       "ldxdw r7, [r0]\nadd64 r7, 1\nstxdw [r0], r7\nmov64 r1, r6\n" TAIL(0) "mov64 r0, r7\nexit\n",
                       SKEP_GUARDED, maps, 2);
    put(maps[0], 0, vm);
    assert_int_equal(run(vm), 34); /* itself and 33 times more */
    assert_int_equal(run(vm), 68);
    skep_vm_free(vm);
    skep_map_unref(maps[0]); /* the map and its program hold each other: the last user lets them go */
    skep_map_unref(maps[1]);
}

/* In a function: what the other program returns is what the function returns; its caller's registers and stack are kept. */
static void from_function(skep_policy policy)
{
    skep_map *programs = make_map(SKEP_MAP_PROG_ARRAY, 4, 4);
    skep_vm *first = make("mov64 r6, 1000\nstdw [r10-8], 3\ncall local inner\nldxdw r1, [r10-8]\nadd64 r0, r6\nadd64 r0, r1\nexit\n"
                          "inner:\nmov64 r6, 7\nstdw [r10-8], 70\n" TAIL(2) "mov64 r0, 50\nexit\n",
                          policy, &programs, 1);
    skep_vm *second = make("mov64 r6, 4\nldxdw r0, [r10-8]\nstdw [r10-8], 44\nadd64 r0, r6\ncall local deeper\nexit\n"
                           "deeper:\nstdw [r10-512], 1\nmov64 r0, 20\nexit\n", policy, NULL, 0);
    assert_int_equal(run(first), 1053);
    put(programs, 2, second);
    assert_int_equal(run(first), 1023);
    skep_vm_free(first);
    skep_vm_free(second);
    skep_map_unref(programs);
}

/* Each call from a function leaves frames behind: 33 must fit, as in Linux. */
static void chain_of_functions(void **state)
{
    (void)state;
    skep_map *maps[2] = {make_map(SKEP_MAP_PROG_ARRAY, 4, 1), make_map(SKEP_MAP_ARRAY, 8, 1)};
    skep_vm *vm = make("call local inner\nadd64 r0, 1\nexit\n"
                       "inner:\nlddw_map_fd r2, 0\nmov64 r3, 0\ncall 12\nmov64 r0, 0\nexit\n", SKEP_TRUSTED, maps, 2);
    /* Main's r1 is dead in inner: helper 12 wants the context. */
    skep_vm_free(vm);
    vm = make("call local inner\nadd64 r0, 1\nexit\n"
              "inner:\nstdw [r10-200], 5\nlddw_map_fd r2, 0\nmov64 r3, 0\ncall 12\nmov64 r0, 0\nexit\n", SKEP_GUARDED, maps, 2);
    put(maps[0], 0, vm);
    assert_int_equal(run(vm), 34);
    skep_vm_free(vm);
    skep_map_unref(maps[0]);
    skep_map_unref(maps[1]);
}

static void faults_and_refusals(void **state)
{
    (void)state;
    uint64_t result;
    skep_map *programs = make_map(SKEP_MAP_PROG_ARRAY, 4, 2), *array = make_map(SKEP_MAP_ARRAY, 8, 1);
    skep_vm *first = make("call local inner\nexit\ninner:\n" TAIL(0) "exit\n", SKEP_GUARDED, &programs, 1);
    skep_vm *bad = make("mov64 r0, 1\nmov64 r3, 0\nldxb r0, [r3]\nexit\n", SKEP_GUARDED, NULL, 0);
    put(programs, 0, bad);
    assert_int_equal(run_budget(first, 0, &result, NULL), SKEP_ERR_ACCESS);
    assert_int_equal(err.pc, 2);
    if (!strstr(err.message, "ldxb r0, [r3"))
        fail_msg("%s", err.message);
    assert_int_equal(run_budget(first, 0, &result, NULL), SKEP_ERR_ACCESS); /* and again */
    const uint32_t key = 1, beyond = 2;
    skep_vm *trusted = make("exit\n", SKEP_TRUSTED, NULL, 0);
    assert_int_equal(skep_map_update_program(programs, &key, trusted, SKEP_ANY), -SKEP_EINVAL);
    assert_int_equal(skep_map_update_program(programs, &beyond, bad, SKEP_ANY), -SKEP_E2BIG);
    assert_int_equal(skep_map_update_program(programs, &key, bad, SKEP_NOEXIST), -SKEP_EINVAL);
    assert_int_equal(skep_map_update_program(array, &key, bad, SKEP_ANY), -SKEP_EINVAL);
    skep_vm *wrong = make(TAIL(0) "exit\n", SKEP_GUARDED, &array, 1);
    assert_int_equal(run_budget(wrong, 0, &result, NULL), SKEP_ERR_ACCESS);
    assert_non_null(strstr(err.message, "array of programs"));
    skep_vm *other = make("mov64 r1, r2\n" TAIL(0) "exit\n", SKEP_GUARDED, &programs, 1);
    assert_int_equal(run_budget(other, 0, &result, NULL), SKEP_ERR_ACCESS); /* not the context */
    skep_vm_free(first);
    skep_vm_free(bad);
    skep_vm_free(trusted);
    skep_vm_free(wrong);
    skep_vm_free(other);
    skep_map_unref(programs);
    skep_map_unref(array);
}

static void from_main_guarded(void **state) { (void)state; from_main(SKEP_GUARDED); }
static void from_main_trusted(void **state) { (void)state; from_main(SKEP_TRUSTED); }
static void from_function_guarded(void **state) { (void)state; from_function(SKEP_GUARDED); }
static void from_function_trusted(void **state) { (void)state; from_function(SKEP_TRUSTED); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_main_guarded),     cmocka_unit_test(from_main_trusted),
        cmocka_unit_test(from_function_guarded), cmocka_unit_test(from_function_trusted),
        cmocka_unit_test(chain),                 cmocka_unit_test(chain_of_functions),
        cmocka_unit_test(faults_and_refusals),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    skep_vm *vm = make("exit\n", SKEP_GUARDED, NULL, 0);
    machine_code = skep_vm_jit_compile(vm, NULL, &err) == SKEP_OK;
    skep_vm_free(vm);
    return failed + (machine_code ? cmocka_run_group_tests(tests, NULL, NULL) : 0);
}
