/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For tests of the kernel's helpers: a rig that calls one helper after the other, with any arguments, in either engine. Its
 * box is the memory of the program; arguments that are pointers lead there.
 */
#ifndef HELPER_TOOLS_H
#define HELPER_TOOLS_H

#include "vm_tools.h"

#define BOX 8192
#define MAP_HANDLE(place) (UINT64_C(0x200000000) | (place))
#define ERRNO(n) ((uint64_t)(int64_t)-(n))

struct rig {
    bool jit;
    skep_policy policy;
    skep_kind kind; /* 0: SKEP_RAW, else one with a packet */
    skep_map *maps[8];
    size_t map_count;
    skep_cpus *cpus;
    skep_script script;
    skep_hooks hooks; /* used when its size is set */
    uint8_t room[256]; /* the packet and what it may grow into */
    size_t headroom, packet_size;
    uint32_t context[48]; /* struct xdp_md, struct __sk_buff */
    uint8_t *packet;      /* afterwards */
    skep_redirect redirect;
    uint64_t args[5];
    _Alignas(16) uint8_t data[BOX];
};

/* As a first argument: the context, that of a program with a packet. */
#define CONTEXT UINT64_C(0xc0ffee)

/* Whatever `code` is, on the box; r1 leads to args, and data follows. With a packet r1 is the context, the box is granted. */
static inline skep_code rig_exec(struct rig *rig, const skep_slot *code, size_t size, uint64_t *result, skep_error *err)
{
    skep_vm_options options = {.size = sizeof options, .kind = rig->kind ? rig->kind : SKEP_RAW, .policy = rig->policy, .code = code, .code_size = size};
    options.maps = rig->maps;
    options.map_count = rig->map_count;
    options.cpus = rig->cpus;
    options.linux_helpers = true;
    if (rig->hooks.size)
        options.hooks = &rig->hooks;
    rig->script.size = sizeof rig->script;
    skep_exec_options exec = {.size = sizeof exec, .mem = rig->args, .mem_size = offsetof(struct rig, data) - offsetof(struct rig, args) + BOX,
                              .script = &rig->script};
    _Static_assert(offsetof(struct rig, data) >= offsetof(struct rig, args) + 40, "one memory");
    skep_vm *vm = make_with(&options);
    if (rig->kind) {
        ACCEPTED(skep_vm_grant(vm, exec.mem, exec.mem_size, SKEP_READ | SKEP_WRITE, &err));
        exec.mem = rig->room + rig->headroom;
        exec.mem_size = rig->packet_size;
        exec.headroom = rig->headroom;
        exec.tailroom = sizeof rig->room - rig->headroom - rig->packet_size;
        exec.mbuff = rig->context;
        exec.mbuff_size = rig->kind == SKEP_XDP ? 24 : sizeof rig->context;
        exec.packet = (void **)&rig->packet;
        exec.packet_size = &rig->packet_size;
        exec.redirect = &rig->redirect;
        memset(&rig->redirect, 0x55, sizeof rig->redirect);
    }
    skep_code failed;
    if (rig->jit) {
        ACCEPTED(skep_vm_jit_compile(vm, NULL, &err));
        failed = skep_vm_exec_jit(vm, &exec, result, err);
    } else {
        failed = skep_vm_exec(vm, &exec, result, err);
    }
    skep_vm_free(vm);
    return failed;
}

#define RIG_CALL_PC 10
static inline skep_code rig_call(struct rig *rig, uint32_t id, const uint64_t args[5], uint64_t *result, skep_error *err)
{
    const skep_slot code[] = {SKEP_MOV64_REG(7, 1),     SKEP_LDDW(6, (uintptr_t)rig->args), SKEP_LDDW_FUNC(0, 8),
                              args[0] == CONTEXT && rig->kind ? (skep_slot)SKEP_MOV64_REG(1, 7) : (skep_slot)SKEP_LDXDW(1, 6, 0),
                                  SKEP_LDXDW(2, 6, 8), SKEP_LDXDW(3, 6, 16),
                              SKEP_LDXDW(4, 6, 24),     SKEP_LDXDW(5, 6, 32),     SKEP_CALL(id),       SKEP_EXIT(),
                              /* 12: a callback that counts at its second argument up to what follows there */
                              SKEP_LDXDW(3, 2, 0),      SKEP_ADD64_IMM(3, 1),     SKEP_STXDW(2, 0, 3), SKEP_LDXDW(4, 2, 8),
                              SKEP_MOV64_IMM(0, 0),     SKEP_JNE_REG(3, 4, 1),    SKEP_MOV64_IMM(0, 1), SKEP_EXIT()};
    memcpy(rig->args, args, sizeof rig->args);
    return rig_exec(rig, code, sizeof code, result, err);
}

static inline uint64_t rig_call_5(struct rig *rig, uint32_t id, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    uint64_t result = 0x5555;
    skep_error err;
    if (rig_call(rig, id, (const uint64_t[5]){a, b, c, d, e}, &result, &err))
        fail_msg("%s", err.message);
    return result;
}

/* The run ends at the call. */
static inline void rig_fails_5(struct rig *rig, uint32_t id, skep_code wanted, const char *words, uint64_t a, uint64_t b,
                               uint64_t c, uint64_t d, uint64_t e)
{
    uint64_t result = 0x5555;
    skep_error err;
    memset(&err, 0x55, sizeof err);
    skep_code code = rig_call(rig, id, (const uint64_t[5]){a, b, c, d, e}, &result, &err);
    assert_failed(code, &err, wanted, words);
    assert_int_equal(err.pc, RIG_CALL_PC);
}

/* What is left out is 0. */
#define RIG_FILL(rig, ...) RIG_FIVE(rig, __VA_ARGS__, 0, 0, 0, 0, 0)
#define RIG_FIVE(rig, id, a, b, c, d, e, ...) rig_call_5(rig, id, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e))
#define CALL(...) RIG_FILL(rig, __VA_ARGS__)
#define RIG_FAIL_FILL(rig, ...) RIG_FAIL_FIVE(rig, __VA_ARGS__, 0, 0, 0, 0, 0)
#define RIG_FAIL_FIVE(rig, id, code, words, a, b, c, d, e, ...)                                                        \
    rig_fails_5(rig, id, code, words, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e))
#define FAILS(...) RIG_FAIL_FILL(rig, __VA_ARGS__)
/* An address in the box. */
#define AT(offset) ((uint64_t)(uintptr_t)(rig->data + (offset)))

static inline skep_map *rig_map(struct rig *rig, skep_map_type type, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
                                uint32_t flags)
{
    skep_map_options options = {.size = sizeof options, .type = type, .key_size = key_size, .value_size = value_size,
                                .max_entries = max_entries, .flags = flags, .cpus = rig->cpus};
    skep_map *map = NULL;
    ACCEPTED(skep_map_create(&options, &map, &err));
    rig->maps[rig->map_count++] = map;
    return map;
}

static inline void rig_free(struct rig *rig)
{
    while (rig->map_count)
        skep_map_unref(rig->maps[--rig->map_count]);
    skep_cpus_free(rig->cpus);
    free(rig);
}

/*
 * Several calls in one run. Results of each are in results[]; `to` (1 + 5 * step + argument, from 0) is an argument that the result
 * becomes, 0 for none.
 */
struct step {
    uint32_t id;
    uint64_t args[5];
    uint32_t to;
};
#define STEPS_AT 4096 /* in the box */
#define RESULTS_AT 6144
#define STEP_PC(step) (8 + 8 * (step))
static inline skep_code rig_steps(struct rig *rig, const struct step *steps, size_t count, uint64_t *results, skep_error *err)
{
    skep_slot code[256] = {SKEP_MOV64_REG(7, 1), SKEP_LDDW(6, (uintptr_t)rig->args)};
    size_t n = 3;
    assert_true(count < 24);
    for (size_t i = 0; i < count; i++) {
        memcpy(rig->data + STEPS_AT + i * 40, steps[i].args, 40);
        const size_t at = offsetof(struct rig, data) - offsetof(struct rig, args) + STEPS_AT + i * 40;
        const size_t to = at - STEPS_AT - i * 40 + (steps[i].to ? STEPS_AT + (steps[i].to - 1) * 8u : BOX - 8u);
        const skep_slot one[] = {steps[i].args[0] == CONTEXT && rig->kind ? (skep_slot)SKEP_MOV64_REG(1, 7) : (skep_slot)SKEP_LDXDW(1, 6, at),
                                 SKEP_LDXDW(2, 6, at + 8), SKEP_LDXDW(3, 6, at + 16), SKEP_LDXDW(4, 6, at + 24),
                                 SKEP_LDXDW(5, 6, at + 32), SKEP_CALL(steps[i].id),
                                 SKEP_STXDW(6, at - STEPS_AT - i * 40 + RESULTS_AT + i * 8, 0), SKEP_STXDW(6, to, 0)};
        memcpy(code + n, one, sizeof one);
        n += sizeof one / sizeof *one;
    }
    const skep_slot end[] = {SKEP_MOV64_IMM(0, 0), SKEP_EXIT()};
    memcpy(code + n, end, sizeof end);
    uint64_t r0;
    skep_code failed = rig_exec(rig, code, (n + 2) * sizeof *code, &r0, err);
    memcpy(results, rig->data + RESULTS_AT, count * 8);
    return failed;
}
#define STEPS(results, ...)                                                                                            \
    do {                                                                                                               \
        const struct step steps_[] = {__VA_ARGS__};                                                                    \
        ACCEPTED(rig_steps(rig, steps_, sizeof steps_ / sizeof *steps_, results, &err));                               \
    } while (0)
/* The last step ends the run. */
#define STEPS_FAIL(wanted, words, ...)                                                                                 \
    do {                                                                                                               \
        const struct step steps_[] = {__VA_ARGS__};                                                                    \
        uint64_t results_[24];                                                                                         \
        skep_error err_;                                                                                               \
        skep_code code_ = rig_steps(rig, steps_, sizeof steps_ / sizeof *steps_, results_, &err_);                     \
        assert_failed(code_, &err_, wanted, words);                                                                    \
        assert_int_equal(err_.pc, STEP_PC(sizeof steps_ / sizeof *steps_ - 1));                                        \
    } while (0)

/* In the interpreter, then in machine code where there is any. */
static inline void rig_both(void (*test)(struct rig *rig))
{
    for (unsigned jit = 0; jit < 2; jit++) {
        static const skep_slot exit[] = {SKEP_EXIT()};
        skep_vm *vm = make_vm(SKEP_NO_DATA, exit, sizeof exit);
        bool there = !jit || !skep_vm_jit_compile(vm, NULL, NULL);
        skep_vm_free(vm);
        if (!there)
            continue;
        struct rig *rig = calloc(1, sizeof *rig);
        rig->jit = jit;
        test(rig);
        rig_free(rig);
    }
}

#define BOTH(name)                                                                                                     \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        rig_both(name##_in);                                                                                           \
    }

#endif
