/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What each iop does, as a function of its instruction, to be inlined into the handlers of interp.c: alone and as a part
 * of superinstructions. A function returns false for "fault" (the run has it), and those of jumps whether to jump.
 * `acc` is the accumulator (see iop.def).
 */
#ifndef SK_BODIES_H
#define SK_BODIES_H

#include "interp/lower.h"

static inline uint32_t sk_cmpxchg32(uint32_t *p, uint32_t expected, uint32_t v)
{
    __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

static inline uint64_t sk_cmpxchg64(uint64_t *p, uint64_t expected, uint64_t v)
{
    __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

/* The operand and the distance of a jump. */
static inline int32_t sk_icode_operand(const struct sk_icode *ip) { return (int32_t)ip->imm; }
static inline int32_t sk_icode_distance(const struct sk_icode *ip) { return (int32_t)(ip->imm >> 32); }

#ifndef SKEP_SMALL_INTERP
#define IF_VARIANTS(...) __VA_ARGS__
#else
#define IF_VARIANTS(...)
#endif

#define BODY(name)                                                                                                     \
    static inline __attribute__((always_inline)) bool do_##name(const struct sk_icode *ip SK_UNUSED,                   \
                                                                uint64_t *r SK_UNUSED, uint64_t *acc SK_UNUSED,        \
                                                                skep_run *run SK_UNUSED)

/* Operands: M from the register file, A from the accumulator, I from the instruction. */
#define DST_M r[ip->dst]
#define DST_A *acc
#define SRC_M r[ip->src]
#define SRC_A *acc
#define SRC_I ((uint64_t)ip->imm)
#define SRC_I32 sk_icode_operand(ip)
#define WRITE_DST(value) (r[ip->dst] = *acc = (uint64_t)(value))

#define ALU_ONE(label, dst, src, width, expression)                                                                    \
    BODY(label)                                                                                                        \
    {                                                                                                                  \
        enum { bits = width };                                                                                         \
        const uint##width##_t a = (uint##width##_t)dst, b = (uint##width##_t)src;                                      \
        WRITE_DST((uint##width##_t)(expression));                                                                      \
        return true;                                                                                                   \
    }
#define ALU_WIDTH(name, width, expression)                                                                             \
    ALU_ONE(name##_MI, DST_M, SRC_I, width, expression)                                                                \
    ALU_ONE(name##_MM, DST_M, SRC_M, width, expression)                                                                \
    IF_VARIANTS(ALU_ONE(name##_AI, DST_A, SRC_I, width, expression)                                                    \
                ALU_ONE(name##_AM, DST_A, SRC_M, width, expression)                                                    \
                ALU_ONE(name##_MA, DST_M, SRC_A, width, expression))
#define SIGNED(x) (bits == 64 ? (int64_t)(x) : (int64_t)(int32_t)(x))
#define SK_ALU(name, expression) ALU_WIDTH(name##64, 64, expression) ALU_WIDTH(name##32, 32, expression)

#define UNARY_ONE(label, operand, expression)                                                                          \
    BODY(label)                                                                                                        \
    {                                                                                                                  \
        const uint64_t a = operand;                                                                                    \
        WRITE_DST(expression);                                                                                         \
        return true;                                                                                                   \
    }
#define SK_UNARY(name, op, expression)                                                                                 \
    UNARY_ONE(name##_M, SRC_M, expression) IF_VARIANTS(UNARY_ONE(name##_A, SRC_A, expression))

#define DIV_ONE(label, src, type, utype, expression)                                                                   \
    BODY(label)                                                                                                        \
    {                                                                                                                  \
        const type a = (type)DST_M, b = (type)src;                                                                     \
        WRITE_DST((utype)(expression));                                                                                \
        return true;                                                                                                   \
    }
#define SK_DIV(name, type, utype, expression)                                                                          \
    DIV_ONE(name##_I, SRC_I, type, utype, expression) DIV_ONE(name##_M, SRC_M, type, utype, expression)

#define GUARD(reg, address, bytes, access)                                                                             \
    if (SK_UNLIKELY(!sk_run_guarded(run, reg, address, bytes, SK_GUARD_##access)))                                     \
        if (!sk_run_guard_miss(run, reg, address, bytes, SK_GUARD_##access))                                           \
            return false;
#define NO_GUARD(reg, address, bytes, access)

#define LOAD_ONE(label, base, guard, bytes, expression)                                                                \
    BODY(label)                                                                                                        \
    {                                                                                                                  \
        const uint64_t address = base + (uint64_t)(int64_t)ip->off;                                                    \
        guard(ip->src, address, bytes, READ);                                                                          \
        const void *p = sk_ptr(address);                                                                               \
        WRITE_DST(expression);                                                                                         \
        return true;                                                                                                   \
    }
#define SK_LOAD(name, op, bytes, expression)                                                                           \
    LOAD_ONE(name##_GM, SRC_M, GUARD, bytes, expression)                                                               \
    LOAD_ONE(name##_TM, SRC_M, NO_GUARD, bytes, expression)                                                            \
    IF_VARIANTS(LOAD_ONE(name##_GA, SRC_A, GUARD, bytes, expression)                                                   \
                LOAD_ONE(name##_TA, SRC_A, NO_GUARD, bytes, expression))

#define STORE_ONE(label, base, value, guard, bytes, bits)                                                              \
    BODY(label)                                                                                                        \
    {                                                                                                                  \
        const uint64_t address = base + (uint64_t)(int64_t)ip->off;                                                    \
        guard(ip->dst, address, bytes, WRITE);                                                                         \
        sk_store##bits(sk_ptr(address), (uint##bits##_t)(value));                                                      \
        return true;                                                                                                   \
    }
#define SK_STORE(size, bytes, bits)                                                                                    \
    STORE_ONE(ST##size##_GM, DST_M, SRC_I, GUARD, bytes, bits)                                                         \
    STORE_ONE(ST##size##_TM, DST_M, SRC_I, NO_GUARD, bytes, bits)                                                      \
    STORE_ONE(STX##size##_GMM, DST_M, SRC_M, GUARD, bytes, bits)                                                       \
    STORE_ONE(STX##size##_TMM, DST_M, SRC_M, NO_GUARD, bytes, bits)                                                    \
    IF_VARIANTS(STORE_ONE(ST##size##_GA, DST_A, SRC_I, GUARD, bytes, bits)                                             \
                STORE_ONE(ST##size##_TA, DST_A, SRC_I, NO_GUARD, bytes, bits)                                          \
                STORE_ONE(STX##size##_GAM, DST_A, SRC_M, GUARD, bytes, bits)                                           \
                STORE_ONE(STX##size##_GMA, DST_M, SRC_A, GUARD, bytes, bits)                                           \
                STORE_ONE(STX##size##_TAM, DST_A, SRC_M, NO_GUARD, bytes, bits)                                        \
                STORE_ONE(STX##size##_TMA, DST_M, SRC_A, NO_GUARD, bytes, bits))

#define JUMP_ONE(label, dst, src, type, expression)                                                                    \
    BODY(label)                                                                                                        \
    {                                                                                                                  \
        const type a = (type)dst, b = (type)src;                                                                       \
        return expression;                                                                                             \
    }
#define JUMP_WIDTH(name, type, expression)                                                                             \
    JUMP_ONE(name##_MI, DST_M, SRC_I32, type, expression)                                                              \
    JUMP_ONE(name##_MM, DST_M, SRC_M, type, expression)                                                                \
    IF_VARIANTS(JUMP_ONE(name##_AI, DST_A, SRC_I32, type, expression)                                                  \
                JUMP_ONE(name##_AM, DST_A, SRC_M, type, expression)                                                    \
                JUMP_ONE(name##_MA, DST_M, SRC_A, type, expression))
#define SK_JUMP(name, type64, type32, expression)                                                                      \
    JUMP_WIDTH(name##64, type64, expression) JUMP_WIDTH(name##32, type32, expression)

#define RESULT_NONE(value) ((void)(value))
#define RESULT_SRC(value) (r[ip->src] = (uint64_t)(value))
#define RESULT_R0(value) (r[0] = (value))
#define ATOMIC_ONE(label, guard, access, bytes, type, expression, result)                                              \
    BODY(label)                                                                                                        \
    {                                                                                                                  \
        const uint64_t address = DST_M + (uint64_t)(int64_t)ip->off;                                                   \
        guard(ip->dst, address, bytes, access);                                                                        \
        if (SK_UNLIKELY(address & ((bytes)-1)))                                                                        \
            return sk_run_fault(run, SKEP_ERR_ALIGN, address);                                                         \
        type *p = (type *)sk_ptr(address);                                                                             \
        const type v = (type)SRC_M;                                                                                    \
        (void)v;                                                                                                       \
        RESULT_##result(expression);                                                                                   \
        return true;                                                                                                   \
    }
#define SK_ATOMIC(name, access, bytes, type, expression, result)                                                       \
    ATOMIC_ONE(name##_G, GUARD, access, bytes, type, expression, result)                                               \
    ATOMIC_ONE(name##_T, NO_GUARD, access, bytes, type, expression, result)
#define SK_OTHER(name)
#include "interp/iop.def"
#undef SK_ALU
#undef SK_UNARY
#undef SK_DIV
#undef SK_LOAD
#undef SK_STORE
#undef SK_JUMP
#undef SK_ATOMIC
#undef SK_OTHER

BODY(NOP) { return true; }

BODY(CONST)
{
    WRITE_DST((uint64_t)ip->imm);
    return true;
}

BODY(JA) { return true; }

BODY(MAY_GOTO)
{
    uint32_t *visits = run->may_gotos + (size_t)run->depth * run->may_goto_stride + (uint32_t)sk_icode_operand(ip);
    if (*visits == SKEP_MAY_GOTO_VISITS)
        return true;
    ++*visits;
    return false;
}

#endif
