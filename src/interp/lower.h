/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program lowered for the interpreter. code[i] belongs to insns[i], so a fault's index leads straight to its pc, and
 * the distance of a jump is also what it costs the meter. Immutable, counted, shared by clones.
 */
#ifndef SK_LOWER_H
#define SK_LOWER_H

#include "program/program.h"
#include "run/run.h"

enum sk_iop {
#define SK_ALU_VARIANTS(name) SK_IOP_##name##_MI, SK_IOP_##name##_AI, SK_IOP_##name##_MM, SK_IOP_##name##_AM, SK_IOP_##name##_MA,
#define SK_ALU(name, expression) SK_ALU_VARIANTS(name##64) SK_ALU_VARIANTS(name##32)
#define SK_UNARY(name, op, expression) SK_IOP_##name##_M, SK_IOP_##name##_A,
#define SK_DIV(name, type, utype, expression) SK_IOP_##name##_I, SK_IOP_##name##_M,
#define SK_LOAD(name, op, bytes, expression) SK_IOP_##name##_GM, SK_IOP_##name##_GA, SK_IOP_##name##_TM, SK_IOP_##name##_TA,
#define SK_STORE(size, bytes, bits)                                                                                    \
    SK_IOP_ST##size##_GM, SK_IOP_ST##size##_GA, SK_IOP_ST##size##_TM, SK_IOP_ST##size##_TA, SK_IOP_STX##size##_GMM,    \
        SK_IOP_STX##size##_GAM, SK_IOP_STX##size##_GMA, SK_IOP_STX##size##_TMM, SK_IOP_STX##size##_TAM,                \
        SK_IOP_STX##size##_TMA,
#define SK_JUMP(name, type64, type32, expression) SK_ALU_VARIANTS(name##64) SK_ALU_VARIANTS(name##32)
#define SK_ATOMIC(name, access, bytes, type, expression, result) SK_IOP_##name##_G, SK_IOP_##name##_T,
#define SK_OTHER(name) SK_IOP_##name,
#include "interp/iop.def"
#undef SK_ALU
#undef SK_UNARY
#undef SK_DIV
#undef SK_LOAD
#undef SK_STORE
#undef SK_JUMP
#undef SK_ATOMIC
#undef SK_OTHER
    SK_IOP_PLAIN_COUNT,
    SK_IOP_BEFORE_FUSED = SK_IOP_PLAIN_COUNT - 1,
#define SK_FUSE2(ka, a, kb, b) SK_IOP_##a##__##b,
#define SK_FUSE3(ka, a, kb, b, kc, c) SK_IOP_##a##__##b##__##c,
#include "interp/fused.def"
#undef SK_FUSE2
#undef SK_FUSE3
    SK_IOP_COUNT
};

struct sk_icode {
    int32_t op; /* the handler: its distance from a base label, or with a switch enum sk_iop */
    uint8_t dst, src;
    int16_t off;
    int64_t imm; /* jumps: low half the operand, high half the distance */
};
_Static_assert(sizeof(struct sk_icode) == 16, "four to a cache line");

struct sk_image {
    uint32_t references; /* atomic */
    skep_hooks hooks;
    struct sk_program *program;
    struct sk_icode *code;
    uint32_t *frame_sizes; /* [subprog_count] bytes */
    uint32_t *call_ids;    /* [call_count] the distinct helpers called, ascending: SK_IOP_CALL's imm is a place in it */
    uint32_t call_count;
    bool guarded;
    struct sk_run_shape shape;
};

/* Takes its own reference to the program; frame_sizes ([subprog_count]) is copied, NULL: SKEP_STACK_SIZE each. */
skep_code sk_image_create(struct sk_program *program, const uint32_t *frame_sizes, bool guarded,
                          struct sk_image **image, skep_error *err);
/* The place in call_ids of a helper id that the program calls. */
uint32_t sk_image_call_number(const struct sk_image *image, uint32_t id);
struct sk_image *sk_image_ref(struct sk_image *image);
void sk_image_unref(struct sk_image *image); /* NULL is fine */

#endif
