/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For tests of virtual machines: made, run and expected to fail in a line each. */
#ifndef VM_TOOLS_H
#define VM_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "skep/skep.h"

#define SLOTS(...) (const skep_slot[]){__VA_ARGS__}, sizeof((const skep_slot[]){__VA_ARGS__})
#define MAKE(kind, ...) make_vm(kind, SLOTS(__VA_ARGS__))
#define LOAD(vm, ...) loads(vm, SLOTS(__VA_ARGS__))
#define EXEC(...) (&(skep_exec_options){.size = sizeof(skep_exec_options), __VA_ARGS__})

static inline skep_vm *make_with(const skep_vm_options *options)
{
    skep_vm *vm = NULL;
    skep_error err;
    if (skep_vm_create(options, &vm, &err))
        fail_msg("%s", err.message);
    assert_non_null(vm);
    return vm;
}

static inline skep_vm *make_vm(skep_kind kind, const void *code, size_t size)
{
    skep_vm_options options = {.size = sizeof options, .kind = kind, .code = code, .code_size = size};
    options.data_end_offset = 8;
    return make_with(&options);
}

static inline void loads(skep_vm *vm, const void *code, size_t size)
{
    skep_error err;
    if (skep_vm_load(vm, code, size, &err))
        fail_msg("%s", err.message);
}

static inline uint64_t run(const skep_vm *vm, const skep_exec_options *options)
{
    uint64_t result = 0x5555555555555555;
    skep_error err;
    if (skep_vm_exec(vm, options, &result, &err))
        fail_msg("%s", err.message);
    return result;
}

/* That `code` came back, with a filled error whose message has `words`. */
static inline void assert_failed(skep_code code, const skep_error *err, skep_code wanted, const char *words)
{
    if (code != wanted)
        fail_msg("%s instead of %s: %s", skep_code_name(code), skep_code_name(wanted), code ? err->message : "");
    assert_int_equal(err->code, wanted);
    assert_non_null(memchr(err->message, 0, sizeof err->message));
    if (words && !strstr(err->message, words))
        fail_msg("'%s' lacks '%s'", err->message, words);
}

/* The run must end so; the error stays in *err for a closer look. */
static inline void run_fails_with(const skep_vm *vm, const skep_exec_options *options, skep_code wanted, uint64_t pc,
                                  const char *words, skep_error *err)
{
    uint64_t result = 0x5555555555555555;
    memset(err, 0x55, sizeof *err);
    skep_code code = skep_vm_exec(vm, options, &result, err);
    assert_failed(code, err, wanted, words);
    assert_int_equal(err->pc, pc);
    assert_int_equal(result, 0x5555555555555555); /* nothing was written */
}

static inline void run_fails(const skep_vm *vm, const skep_exec_options *options, skep_code wanted, uint64_t pc,
                             const char *words)
{
    skep_error err;
    run_fails_with(vm, options, wanted, pc, words, &err);
}

#define REFUSED(call, wanted, words)                                                                                   \
    do {                                                                                                               \
        skep_error err;                                                                                                \
        memset(&err, 0x55, sizeof err);                                                                                \
        skep_code code_ = call;                                                                                        \
        assert_failed(code_, &err, wanted, words);                                                                     \
    } while (0)
#define ACCEPTED(call)                                                                                                 \
    do {                                                                                                               \
        skep_error err;                                                                                                \
        if (call)                                                                                                      \
            fail_msg("%s", err.message);                                                                               \
    } while (0)

#endif
