/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Both engines beside the reference of tests/reference.c, on programs made at random: plain forms, accumulator
 * variants, superinstructions and machine code must all do what RFC 9669 says. And what lower.c takes for granted about fused.def.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../differential.h"
#include "../random_program.h"
#include "interp/interp.h"
#include "interp/lower.h"
#include "verify/structural.h"

/* Whether there is a back end for this machine. */
static bool jit_is_here(void)
{
    static const skep_slot nothing[] = {SKEP_EXIT()};
    const skep_vm_options options = {.size = sizeof options, .code = nothing, .code_size = sizeof nothing};
    skep_vm *vm;
    assert_int_equal(skep_vm_create(&options, &vm, NULL), SKEP_OK);
    const skep_code code = skep_vm_jit_compile(vm, NULL, NULL);
    assert_true(code == SKEP_OK || code == SKEP_ERR_UNSUPPORTED);
    skep_vm_free(vm);
    return code == SKEP_OK;
}

static void compare(enum random_style style, uint64_t first, unsigned programs, unsigned *ran, unsigned *faulted)
{
    uint8_t code[RANDOM_MOST_SLOTS * 8], packet[RANDOM_PACKET];
    char why[1024];
    for (uint64_t seed = first; seed < first + programs; seed++) {
        struct random random = {~seed};
        const uint32_t slots = random_program(seed, style, code);
        for (size_t i = 0; i < sizeof packet; i++)
            packet[i] = (uint8_t)random_next(&random);
        struct differential input = {.kind = SKEP_RAW, .code = code, .code_size = slots * 8u, .packet = packet,
                                     .packet_size = sizeof packet, .budget = 100000};
        if (style == RANDOM_WILD) {
            static const uint64_t budgets[] = {1, 10, 50, 300, 2000, 20000};
            input.budget = budgets[random_below(&random, 6)] + random_below(&random, 10);
            input.read_only = random_below(&random, 8) == 0;
        }
        const enum differential_outcome interpreted = differential_run(&input, why, sizeof why);
        input.native = jit_is_here();
        if (interpreted != DIFFERENTIAL_DIFFERENT && input.native)
            if (differential_run(&input, why, sizeof why) != interpreted)
                fail_msg("style %d, seed %llu, as machine code:\n%s", style, (unsigned long long)seed, why);
        switch (interpreted) {
        case DIFFERENTIAL_REFUSED: fail_msg("style %d, seed %llu: refused: %s", style, (unsigned long long)seed, why); break;
        case DIFFERENTIAL_DIFFERENT: fail_msg("style %d, seed %llu:\n%s", style, (unsigned long long)seed, why); break;
        case DIFFERENTIAL_RAN: ++*ran; break;
        case DIFFERENTIAL_FAULT: ++*faulted; break;
        }
    }
}

static void test_sound(void **state)
{
    (void)state;
    unsigned ran = 0, faulted = 0;
    compare(RANDOM_SOUND, 1, 12000, &ran, &faulted);
    assert_int_equal(faulted, 0); /* the generator keeps its promise, so that all of every program is compared */
    assert_int_equal(ran, 12000);
}

static void test_kernel_style(void **state)
{
    (void)state;
    unsigned ran = 0, faulted = 0;
    compare(RANDOM_KERNEL_RAW, 1, 4000, &ran, &faulted);
    assert_int_equal(faulted, 0);
    assert_int_equal(ran, 4000);
}

static void test_wild(void **state)
{
    (void)state;
    unsigned ran = 0, faulted = 0;
    compare(RANDOM_WILD, 1, 30000, &ran, &faulted);
    print_message("%u ran to their end, %u did not\n", ran, faulted);
    assert_true(ran > 2000 && faulted > 2000); /* both kinds of end are tried */
}

/* ---------------------------------------------------------------------------------- superinstructions */

static const struct fused_row {
    uint32_t part[3]; /* enum sk_iop; SK_IOP_COUNT: none */
    uint32_t op;
    const char *name;
} rows[] = {
#define SK_FUSE2(ka, a, kb, b) {{SK_IOP_##a, SK_IOP_##b, SK_IOP_COUNT}, SK_IOP_##a##__##b, #a " " #b},
#define SK_FUSE3(ka, a, kb, b, kc, c) {{SK_IOP_##a, SK_IOP_##b, SK_IOP_##c}, SK_IOP_##a##__##b##__##c, #a " " #b " " #c},
#include "interp/fused.def"
#undef SK_FUSE2
#undef SK_FUSE3
};

/* lower.c searches the rows by bisection. */
static void test_rows_ascend(void **state)
{
    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        for (unsigned p = 0; p < 2; p++)
            assert_true(rows[i].part[p] < SK_IOP_PLAIN_COUNT);
        assert_int_equal(rows[i].op, SK_IOP_PLAIN_COUNT + i);
        if (i == 0)
            continue;
        unsigned p = 0;
        while (p < 3 && rows[i].part[p] == rows[i - 1].part[p])
            p++;
        if (p == 3 || rows[i].part[p] < rows[i - 1].part[p])
            fail_msg("'%s' does not belong after '%s'", rows[i].name, rows[i - 1].name);
    }
}

/* Which instruction lowers to an iop, and where its operands must come from: the letters of the iop's name. */
static const struct source {
    uint16_t op;
    const char *letters;
} sources[SK_IOP_PLAIN_COUNT] = {
#define FIVE(iop, opcode)                                                                                              \
    [SK_IOP_##iop##_MI] = {SK_OP_##opcode##_IMM, "MI"}, [SK_IOP_##iop##_AI] = {SK_OP_##opcode##_IMM, "AI"},            \
    [SK_IOP_##iop##_MM] = {SK_OP_##opcode##_REG, "MM"}, [SK_IOP_##iop##_AM] = {SK_OP_##opcode##_REG, "AM"},            \
    [SK_IOP_##iop##_MA] = {SK_OP_##opcode##_REG, "MA"},
#define SK_ALU(name, expression) FIVE(name##64, name##64) FIVE(name##32, name##32)
#define SK_UNARY(name, opcode, expression)                                                                             \
    [SK_IOP_##name##_M] = {SK_OP_##opcode, "M"}, [SK_IOP_##name##_A] = {SK_OP_##opcode, "A"},
#define SK_DIV(name, type, utype, expression)                                                                          \
    [SK_IOP_##name##_I] = {SK_OP_##name##_IMM, "I"}, [SK_IOP_##name##_M] = {SK_OP_##name##_REG, "-"},
#define SK_LOAD(name, opcode, bytes, expression)                                                                       \
    [SK_IOP_##name##_GM] = {SK_OP_##opcode, "GM"}, [SK_IOP_##name##_GA] = {SK_OP_##opcode, "GA"},                      \
    [SK_IOP_##name##_TM] = {SK_OP_##opcode, "TM"}, [SK_IOP_##name##_TA] = {SK_OP_##opcode, "TA"},
#define SK_STORE(size, bytes, bits)                                                                                    \
    [SK_IOP_ST##size##_GM] = {SK_OP_ST##size, "GM"}, [SK_IOP_ST##size##_GA] = {SK_OP_ST##size, "GA"},                  \
    [SK_IOP_ST##size##_TM] = {SK_OP_ST##size, "TM"}, [SK_IOP_ST##size##_TA] = {SK_OP_ST##size, "TA"},                  \
    [SK_IOP_STX##size##_GMM] = {SK_OP_STX##size, "GMM"}, [SK_IOP_STX##size##_GAM] = {SK_OP_STX##size, "GAM"},          \
    [SK_IOP_STX##size##_GMA] = {SK_OP_STX##size, "GMA"}, [SK_IOP_STX##size##_TMM] = {SK_OP_STX##size, "TMM"},          \
    [SK_IOP_STX##size##_TAM] = {SK_OP_STX##size, "TAM"}, [SK_IOP_STX##size##_TMA] = {SK_OP_STX##size, "TMA"},
#define SK_JUMP(name, type64, type32, expression) FIVE(name##64, name) FIVE(name##32, name##32)
#define SK_ATOMIC(name, access, bytes, type, expression, result)                                                       \
    [SK_IOP_##name##_G] = {SK_OP_##name, "G"}, [SK_IOP_##name##_T] = {SK_OP_##name, "T"},
#define SK_OTHER(name)
#include "interp/iop.def"
    [SK_IOP_CONST] = {SK_OP_MOV64_IMM, ""},  [SK_IOP_NOP] = {SK_OP_COUNT, NULL},
    [SK_IOP_JA] = {SK_OP_JA, ""},            [SK_IOP_MAY_GOTO] = {SK_OP_MAY_GOTO, ""},
    [SK_IOP_CALL] = {SK_OP_CALL, ""},        [SK_IOP_CALL_LOCAL] = {SK_OP_COUNT, NULL},
    [SK_IOP_CALLX] = {SK_OP_COUNT, NULL},    [SK_IOP_EXIT] = {SK_OP_EXIT, ""},
    [SK_IOP_PACKET] = {SK_OP_COUNT, NULL},
};
#define NO_REGISTER 11u

struct sequence {
    struct random random;
    struct sk_insn insns[128];
    unsigned count;
    unsigned acc;
    bool trusted; /* the policy, so T takes any base */
};

static void add(struct sequence *s, unsigned op, unsigned dst, unsigned src, int off, int64_t imm)
{
    s->insns[s->count++] = (struct sk_insn){.op = (uint16_t)op, .dst = (uint8_t)dst, .src = (uint8_t)src, .off = (int16_t)off, .imm = imm};
}

static unsigned any(struct sequence *s) { return random_below(&s->random, 9); }

static unsigned other_than_acc(struct sequence *s)
{
    unsigned reg = any(s);
    return reg == s->acc ? (reg + 1) % 9 : reg;
}

/* The base of an access, for its two letters: guarded or trusted, register file or accumulator. */
static unsigned base_for(struct sequence *s, const char *letters, int *off)
{
    *off = (int)random_below(&s->random, 24);
    if (letters[1] == 'A')
        return s->acc;
    if (letters[0] == 'T' && (!s->trusted || random_below(&s->random, 2))) {
        *off = -8 - *off;
        return 10;
    }
    return s->acc != 9 && random_below(&s->random, 2) ? 9 : other_than_acc(s);
}

/* One instruction that lowers to the iop; false when no register can make it so. */
static bool add_part(struct sequence *s, uint32_t iop)
{
    const struct source *from = &sources[iop];
    if (from->op == SK_OP_COUNT)
        return false;
    const struct sk_op_info *info = &sk_op_infos[from->op];
    const char *letters = from->letters;
    const bool wants_acc = strchr(letters, 'A') != NULL;
    const int64_t imm = (int32_t)random_number(&s->random);
    unsigned dst = any(s), src = any(s);
    int off = 0;
    if (wants_acc && s->acc == NO_REGISTER)
        return false;
    switch ((enum sk_form)info->form) {
    case SK_FORM_DST:
    case SK_FORM_END:
        dst = letters[0] == 'A' ? s->acc : other_than_acc(s);
        add(s, from->op, dst, 0, 0, 0);
        s->acc = dst;
        return true;
    case SK_FORM_DST_IMM:
        if (letters[0] == 'M')
            dst = other_than_acc(s);
        else if (letters[0] == 'A')
            dst = s->acc;
        add(s, from->op, dst, 0, 0, imm);
        s->acc = dst;
        return true;
    case SK_FORM_DST_SRC:
        if (!letters[1] && letters[0] != '-') /* a move */
            src = letters[0] == 'A' ? s->acc : random_below(&s->random, 4) ? other_than_acc(s) : s->acc != 9 ? 9 : 10;
        else if (letters[0] == 'A')
            dst = s->acc;
        else if (letters[0] == 'M')
            dst = other_than_acc(s), src = letters[1] == 'A' ? s->acc : other_than_acc(s);
        add(s, from->op, dst, src, 0, 0);
        s->acc = dst;
        return true;
    case SK_FORM_JMP_IMM:
        add(s, from->op, letters[0] == 'A' ? s->acc : other_than_acc(s), 0, 0, imm);
        return true;
    case SK_FORM_JMP_REG:
        if (letters[0] == 'A')
            dst = s->acc;
        else
            dst = other_than_acc(s), src = letters[1] == 'A' ? s->acc : other_than_acc(s);
        add(s, from->op, dst, src, 0, 0);
        return true;
    case SK_FORM_JA:
    case SK_FORM_MAY_GOTO:
    case SK_FORM_NONE: add(s, from->op, 0, 0, 0, 0); return true;
    case SK_FORM_CALL:
        add(s, from->op, 0, 0, 0, RANDOM_HELPER);
        s->acc = 0;
        return true;
    case SK_FORM_LDX:
        if (letters[0] == 'T' && letters[1] == 'A' && !s->trusted)
            return false;
        src = base_for(s, letters, &off);
        add(s, from->op, dst, src, off, 0);
        s->acc = dst;
        return true;
    case SK_FORM_ST:
    case SK_FORM_STX:
        if (letters[0] == 'T' && letters[1] == 'A' && !s->trusted)
            return false;
        dst = base_for(s, letters, &off);
        if (letters[1] == 'M' && info->form == SK_FORM_STX)
            src = letters[2] == 'A' ? s->acc : other_than_acc(s);
        add(s, from->op, dst, src * (info->form == SK_FORM_STX), off, info->form == SK_FORM_ST ? imm : 0);
        return true;
    default: return false;
    }
}

static void begin(struct sequence *s)
{
    add(s, SK_OP_MOV64_REG, 9, 1, 0, 0);
    for (unsigned reg = 0; reg < 9; reg++) {
        const unsigned how = random_below(&s->random, 4);
        if (how < 2) {
            add(s, SK_OP_MOV64_REG, reg, 9, 0, 0);
            add(s, SK_OP_ADD64_IMM, reg, 0, 0, random_below(&s->random, 16));
        } else {
            add(s, SK_OP_LDDW, reg, 0, 0,
                how == 2 ? (int64_t)random_below(&s->random, 8) : (int64_t)random_number(&s->random));
        }
    }
    for (int off = 8; off <= 64; off += 8)
        add(s, SK_OP_STDW, 10, 0, -off, (int32_t)random_next(&s->random));
}

/* A program in which the row's instructions begin at slot *begins and must become one superinstruction. */
static bool make(struct sequence *s, const struct fused_row *row, unsigned *begins, uint8_t *code, size_t *size)
{
    unsigned jumps[4], jump_count = 0;
    begin(s);
    /* The end is a place that is jumped to, and so is the beginning: nothing else joins the row. */
    add(s, SK_OP_JNE_REG, 9, 9, 0, 0);
    jumps[jump_count++] = s->count - 1;
    add(s, SK_OP_JA, 0, 0, 0, 0);
    s->acc = NO_REGISTER;
    if (sources[row->part[0]].letters && strchr(sources[row->part[0]].letters, 'A')) {
        s->acc = any(s);
        add(s, SK_OP_DIV64_IMM, s->acc, 0, 0, 1); /* leaves the value, and is part of no row */
    }
    *begins = s->count;
    for (unsigned p = 0; p < 3 && row->part[p] != SK_IOP_COUNT; p++) {
        if (!add_part(s, row->part[p]))
            return false;
        if (sk_op_infos[s->insns[s->count - 1].op].effects & SK_E_JUMP)
            jumps[jump_count++] = s->count - 1;
    }
    const unsigned end = s->count;
    for (unsigned reg = 0; reg < 9; reg++)
        add(s, SK_OP_STXDW, 9, reg, RANDOM_DUMP + 8 * (int)reg, 0);
    add(s, SK_OP_EXIT, 0, 0, 0, 0);
    for (unsigned j = 0; j < jump_count; j++) /* no wide instruction from there to the end */
        s->insns[jumps[j]].off = (int16_t)(end - jumps[j] - 1);
    *size = 0;
    for (unsigned i = 0; i < s->count; i++)
        *size += 8 * sk_encode(&s->insns[i], SKEP_LITTLE_ENDIAN, code + *size);
    return true;
}

#if !defined(SKEP_NO_FUSION) && !defined(SKEP_SMALL_INTERP)
static void assert_fused(const struct fused_row *row, const uint8_t *code, size_t size, unsigned begins, bool trusted)
{
    struct sk_program *program;
    struct sk_image *image;
    skep_hooks hooks;
    skep_error err;
    assert_true(sk_hooks_resolve(&hooks, NULL));
    if (sk_structural_load(&hooks, code, size, SKEP_LITTLE_ENDIAN, &program, &err))
        fail_msg("%s: %s", row->name, err.message);
    assert_int_equal(sk_image_create(program, NULL, !trusted, &image, &err), SKEP_OK);
    if (image->code[begins].op != sk_interp_ops()[row->op])
        fail_msg("%s: the row is not used", row->name);
    sk_image_unref(image);
    sk_program_unref(program);
}
#else
#define assert_fused(row, code, size, begins, trusted) ((void)(begins))
#endif

static void test_rows(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        const struct fused_row *row = &rows[i];
        struct sequence s = {.random = {i}};
        /* Under the guarded policy T is what r10 proves; where that cannot be, under the trusted one. */
        bool guards = false, needs_trust = false, runs = false;
        for (unsigned p = 0; p < 3 && row->part[p] != SK_IOP_COUNT; p++) {
            const char *letters = sources[row->part[p]].letters;
            guards |= letters && letters[0] == 'G';
            needs_trust |= letters && letters[0] == 'T' && letters[1] == 'A';
        }
        /* A constant as an address: good for globals, but nothing lies at such a place here. */
        const char *second = sources[row->part[1]].letters;
        const bool absolute = row->part[0] == SK_IOP_CONST && second && strchr("GT", second[0]) && second[0] && second[1] == 'A';
        if (guards && needs_trust)
            continue; /* no program lowers to it */
        for (unsigned trial = 0; trial < 120; trial++) {
            uint8_t code[256 * 8], packet[RANDOM_PACKET];
            char why[1024];
            size_t size = 0;
            unsigned begins = 0;
            s.count = 0;
            s.trusted = needs_trust || (!guards && trial % 2);
            if (!make(&s, row, &begins, code, &size))
                fail_msg("%s: no instructions for it", row->name);
            assert_fused(row, code, size, begins, s.trusted);
            for (size_t b = 0; b < sizeof packet; b++)
                packet[b] = (uint8_t)random_next(&s.random);
            struct differential input = {.kind = SKEP_RAW, .code = code, .code_size = size, .packet = packet,
                                         .packet_size = sizeof packet, .budget = 1000,
                                         .policy = s.trusted ? SKEP_TRUSTED : SKEP_GUARDED};
            switch (differential_run(&input, why, sizeof why)) {
            case DIFFERENTIAL_REFUSED:
            case DIFFERENTIAL_DIFFERENT: fail_msg("%s, trial %u:\n%s", row->name, trial, why); break;
            case DIFFERENTIAL_RAN: runs = true; break;
            case DIFFERENTIAL_FAULT: break;
            }
        }
        tried++;
        if (!runs && !absolute)
            fail_msg("%s: no trial ran to its end", row->name);
    }
    assert_true(tried > SK_COUNT(rows) * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_ascend), cmocka_unit_test(test_rows), cmocka_unit_test(test_sound),
        cmocka_unit_test(test_kernel_style), cmocka_unit_test(test_wild),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
