/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The interpreter loop. Dispatch is by computed goto where the compiler has it: each handler jumps to the next one, so
 * the branch predictor sees where it came from; with SKEP_SWITCH_DISPATCH or another compiler by a switch.
 *
 * The meter. `meter` less the index of an instruction is what remains of the budget before that instruction; so
 * straight code costs nothing, and a jump that is taken adds the instructions it skips (or, backwards, takes away those
 * that it repeats). While meter >= count no index can exhaust it: that is the fast check at meter points.
 */
#include "interp/interp.h"

#if (defined(__GNUC__) || defined(__clang__)) && !defined(SKEP_SWITCH_DISPATCH)
#define COMPUTED_GOTO 1
#else
#define COMPUTED_GOTO 0
#endif

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


/* LD_ABS and LD_IND: false when the packet does not reach that far. */
static bool load_packet(const skep_run *run, uint32_t offset, unsigned size, uint64_t *value)
{
    if ((uint64_t)offset + size > run->packet_size)
        return false;
    const uint8_t *p = sk_ptr(run->packet + offset);
    *value = size == 1   ? *p
             : size == 2 ? sk_be16(sk_load16(p))
             : size == 4 ? sk_be32(sk_load32(p))
                         : sk_be64(sk_load64(p));
    return true;
}

/* Enters a function: a zeroed frame, r6..r9 zero, the caller's ones put aside. */
static SK_NOINLINE bool enter(const struct sk_image *image, skep_run *run, uint32_t subprog, uint32_t back)
{
    if (run->depth + 1 >= SKEP_MAX_FRAMES)
        return sk_run_fault(run, SKEP_ERR_DEPTH, 0);
    const struct sk_subprog *sub = &image->program->subprogs[subprog];
    struct sk_frame *frame = &run->frames[++run->depth];
    memcpy(frame->saved, run->regs + 6, sizeof frame->saved);
    frame->r10 = run->regs[10];
    frame->back = back;
    frame->subprog = subprog;
    memset(run->regs + 6, 0, sizeof frame->saved);
    run->regs[10] = run->stack_low;
    sk_run_push_stack(run, image->frame_sizes[subprog], sub->stack_touched);
    if (sub->may_goto_count)
        memset(run->may_gotos + (size_t)run->depth * run->may_goto_stride, 0, sub->may_goto_count * sizeof(uint32_t));
    return true;
}

/* Leaves it; returns the index to go on at. */
static SK_NOINLINE uint32_t leave(const struct sk_image *image, skep_run *run)
{
    const struct sk_frame *frame = &run->frames[run->depth--];
    memcpy(run->regs + 6, frame->saved, sizeof frame->saved);
    run->regs[10] = frame->r10;
    memset(run->regs + 1, 0, 5 * sizeof *run->regs);
    sk_run_pop_stack(run, image->frame_sizes[frame->subprog]);
    return frame->back;
}

/* The function that a handle names, or SK_NO_INDEX. */
static uint32_t function_of_handle(const struct sk_program *p, uint64_t handle)
{
    uint64_t slot = handle ^ SK_FUNC_HANDLE_TAG;
    if (slot >= p->slot_count || p->index_of[slot] == SK_NO_INDEX)
        return SK_NO_INDEX;
    uint32_t index = p->index_of[slot], subprog = sk_program_subprog_at(p, index);
    return p->subprogs[subprog].begin == index ? subprog : SK_NO_INDEX;
}

#ifndef SKEP_SMALL_INTERP
#define IF_VARIANTS(...) __VA_ARGS__
#define OR_PLAIN(variant, plain) variant
#else
#define IF_VARIANTS(...)
#define OR_PLAIN(variant, plain) plain
#endif

/* Called without an image it only hands out the table of handlers. */
static bool loop(const struct sk_image *image, skep_run *run, const int32_t **ops)
{
#define ENTRY(name, plain) [SK_IOP_##name] = HANDLER_OF(OR_PLAIN(name, plain))
#if COMPUTED_GOTO
#define HANDLER_OF_(name) (int32_t)((const char *)&&L_##name - (const char *)&&L_NOP)
#else
#define HANDLER_OF_(name) SK_IOP_##name
#endif
#define HANDLER_OF(name) HANDLER_OF_(name)
#define ALU_ENTRIES(name)                                                                                              \
    ENTRY(name##_MI, name##_MI), ENTRY(name##_AI, name##_MI), ENTRY(name##_MM, name##_MM),                             \
        ENTRY(name##_AM, name##_MM), ENTRY(name##_MA, name##_MM),
    static const int32_t table[SK_IOP_COUNT] = {
#define SK_ALU(name, expression) ALU_ENTRIES(name##64) ALU_ENTRIES(name##32)
#define SK_UNARY(name, op, expression) ENTRY(name##_M, name##_M), ENTRY(name##_A, name##_M),
#define SK_DIV(name, type, utype, expression) ENTRY(name##_I, name##_I), ENTRY(name##_M, name##_M),
#define SK_LOAD(name, op, bytes, expression)                                                                           \
    ENTRY(name##_GM, name##_GM), ENTRY(name##_GA, name##_GM), ENTRY(name##_TM, name##_TM),                             \
        ENTRY(name##_TA, name##_TM),
#define SK_STORE(size, bytes, bits)                                                                                    \
    ENTRY(ST##size##_GM, ST##size##_GM), ENTRY(ST##size##_GA, ST##size##_GM), ENTRY(ST##size##_TM, ST##size##_TM),     \
        ENTRY(ST##size##_TA, ST##size##_TM), ENTRY(STX##size##_GMM, STX##size##_GMM),                                  \
        ENTRY(STX##size##_GAM, STX##size##_GMM), ENTRY(STX##size##_GMA, STX##size##_GMM),                              \
        ENTRY(STX##size##_TMM, STX##size##_TMM), ENTRY(STX##size##_TAM, STX##size##_TMM),                              \
        ENTRY(STX##size##_TMA, STX##size##_TMM),
#define SK_JUMP(name, type64, type32, expression) ALU_ENTRIES(name##64) ALU_ENTRIES(name##32)
#define SK_ATOMIC(name, access, bytes, type, expression, result) ENTRY(name##_G, name##_G), ENTRY(name##_T, name##_T),
#define SK_OTHER(name) ENTRY(name, name),
#include "interp/iop.def"
#undef SK_ALU
#undef SK_UNARY
#undef SK_DIV
#undef SK_LOAD
#undef SK_STORE
#undef SK_JUMP
#undef SK_ATOMIC
#undef SK_OTHER
    };
    if (!image) {
        *ops = table;
        return true;
    }

    const struct sk_icode *const code = image->code;
    const struct sk_icode *ip = code;
    const int64_t count = image->program->count;
    uint64_t *const r = run->regs;
    uint64_t acc = 0;
    int64_t meter = (int64_t)run->budget;

#if COMPUTED_GOTO
#define OP(name) L_##name:
#define DISPATCH() goto *(const void *)((const char *)&&L_NOP + ip->op)
    DISPATCH();
#else
#define OP(name) case SK_IOP_##name:
#define DISPATCH() goto dispatch
dispatch:
    switch ((enum sk_iop)ip->op) {
#endif
#define NEXT()                                                                                                         \
    do {                                                                                                               \
        ip++;                                                                                                          \
        DISPATCH();                                                                                                    \
    } while (0)
#define INDEX() (ip - code)
#define OPERAND32 ((int32_t)ip->imm)
#define DISTANCE ((int32_t)(ip->imm >> 32))
/* Whether this instruction, a meter point, is one too many. */
#define EXHAUSTED() (SK_UNLIKELY(meter < count) && meter < INDEX() + 1)
#define TAKE()                                                                                                         \
    do {                                                                                                               \
        int32_t distance_ = DISTANCE;                                                                                  \
        if (SK_UNLIKELY(meter < count) && distance_ <= 0 && meter < INDEX() + 1)                                       \
            goto exhausted;                                                                                            \
        meter += distance_ - 1;                                                                                        \
        ip += distance_;                                                                                               \
        DISPATCH();                                                                                                    \
    } while (0)

/* Operands: M from the register file, A from the accumulator, I from the instruction. */
#define DST_M r[ip->dst]
#define DST_A acc
#define SRC_M r[ip->src]
#define SRC_A acc
#define SRC_I ((uint64_t)ip->imm)
#define WRITE_DST(value)                                                                                               \
    do {                                                                                                               \
        acc = (uint64_t)(value);                                                                                              \
        r[ip->dst] = acc;                                                                                              \
    } while (0)

#define ALU_ONE(label, dst, src, width, expression)                                                                    \
    OP(label)                                                                                                          \
    {                                                                                                                  \
        enum { bits = width };                                                                                         \
        const uint##width##_t a = (uint##width##_t)dst, b = (uint##width##_t)src;                                      \
        WRITE_DST((uint##width##_t)(expression));                                                                      \
        NEXT();                                                                                                        \
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
    OP(label)                                                                                                          \
    {                                                                                                                  \
        const uint64_t a = operand;                                                                                    \
        WRITE_DST(expression);                                                                                         \
        NEXT();                                                                                                        \
    }
#define SK_UNARY(name, op, expression)                                                                                 \
    UNARY_ONE(name##_M, SRC_M, expression) IF_VARIANTS(UNARY_ONE(name##_A, SRC_A, expression))

#define DIV_ONE(label, src, type, utype, expression)                                                                   \
    OP(label)                                                                                                          \
    {                                                                                                                  \
        const type a = (type)DST_M, b = (type)src;                                                                     \
        WRITE_DST((utype)(expression));                                                                                \
        NEXT();                                                                                                        \
    }
#define SK_DIV(name, type, utype, expression)                                                                          \
    DIV_ONE(name##_I, SRC_I, type, utype, expression) DIV_ONE(name##_M, SRC_M, type, utype, expression)

#define GUARD(reg, address, bytes, access)                                                                             \
    do {                                                                                                               \
        if (SK_UNLIKELY(!sk_run_guarded(run, reg, address, bytes, SK_GUARD_##access)))                                 \
            if (!sk_run_guard_miss(run, reg, address, bytes, SK_GUARD_##access))                                       \
                goto fault;                                                                                            \
    } while (0)
#define NO_GUARD(reg, address, bytes, access) ((void)0)

#define LOAD_ONE(label, base, guard, bytes, expression)                                                                \
    OP(label)                                                                                                          \
    {                                                                                                                  \
        const uint64_t address = base + (uint64_t)(int64_t)ip->off;                                                    \
        guard(ip->src, address, bytes, READ);                                                                          \
        const void *p = sk_ptr(address);                                                                               \
        WRITE_DST(expression);                                                                                         \
        NEXT();                                                                                                        \
    }
#define SK_LOAD(name, op, bytes, expression)                                                                           \
    LOAD_ONE(name##_GM, SRC_M, GUARD, bytes, expression)                                                               \
    LOAD_ONE(name##_TM, SRC_M, NO_GUARD, bytes, expression)                                                            \
    IF_VARIANTS(LOAD_ONE(name##_GA, SRC_A, GUARD, bytes, expression)                                                   \
                LOAD_ONE(name##_TA, SRC_A, NO_GUARD, bytes, expression))

#define STORE_ONE(label, base, value, guard, bytes, bits)                                                              \
    OP(label)                                                                                                          \
    {                                                                                                                  \
        const uint64_t address = base + (uint64_t)(int64_t)ip->off;                                                    \
        guard(ip->dst, address, bytes, WRITE);                                                                         \
        sk_store##bits(sk_ptr(address), (uint##bits##_t)(value));                                                      \
        NEXT();                                                                                                        \
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
    OP(label)                                                                                                          \
    {                                                                                                                  \
        const type a = (type)dst, b = (type)src;                                                                       \
        if (expression)                                                                                                \
            TAKE();                                                                                                    \
        NEXT();                                                                                                        \
    }
#define JUMP_WIDTH(name, type, expression)                                                                             \
    JUMP_ONE(name##_MI, DST_M, OPERAND32, type, expression)                                                            \
    JUMP_ONE(name##_MM, DST_M, SRC_M, type, expression)                                                                \
    IF_VARIANTS(JUMP_ONE(name##_AI, DST_A, OPERAND32, type, expression)                                                \
                JUMP_ONE(name##_AM, DST_A, SRC_M, type, expression)                                                    \
                JUMP_ONE(name##_MA, DST_M, SRC_A, type, expression))
#define SK_JUMP(name, type64, type32, expression)                                                                      \
    JUMP_WIDTH(name##64, type64, expression) JUMP_WIDTH(name##32, type32, expression)

#define RESULT_NONE(value) ((void)(value))
#define RESULT_SRC(value) (r[ip->src] = (uint64_t)(value))
#define RESULT_R0(value) (r[0] = (value))
#define ATOMIC_ONE(label, guard, access, bytes, type, expression, result)                                              \
    OP(label)                                                                                                          \
    {                                                                                                                  \
        const uint64_t address = DST_M + (uint64_t)(int64_t)ip->off;                                                   \
        guard(ip->dst, address, bytes, access);                                                                        \
        if (SK_UNLIKELY(address & ((bytes)-1))) {                                                                      \
            sk_run_fault(run, SKEP_ERR_ALIGN, address);                                                                \
            goto fault;                                                                                                \
        }                                                                                                              \
        type *p = (type *)sk_ptr(address);                                                                             \
        const type v = (type)SRC_M;                                                                                    \
        (void)v;                                                                                                       \
        RESULT_##result(expression);                                                                                   \
        NEXT();                                                                                                        \
    }
#define SK_ATOMIC(name, access, bytes, type, expression, result)                                                       \
    ATOMIC_ONE(name##_G, GUARD, access, bytes, type, expression, result)                                               \
    ATOMIC_ONE(name##_T, NO_GUARD, access, bytes, type, expression, result)
#define SK_OTHER(name)
#include "interp/iop.def"

    OP(NOP) NEXT();

    OP(CONST)
    {
        WRITE_DST((uint64_t)ip->imm);
        NEXT();
    }

    OP(JA) TAKE();

    OP(MAY_GOTO)
    {
        uint32_t *visits = run->may_gotos + (size_t)run->depth * run->may_goto_stride + (uint32_t)OPERAND32;
        if (*visits == SKEP_MAY_GOTO_VISITS)
            TAKE();
        ++*visits;
        NEXT();
    }

    OP(CALL)
    {
        if (EXHAUSTED())
            goto exhausted;
        const struct sk_helper *helper = run->calls[ip->imm];
        if (SK_UNLIKELY(!helper)) {
            sk_run_fault(run, SKEP_ERR_CALL, image->call_ids[ip->imm]);
            goto fault;
        }
        if (!sk_helper_call(run, helper, image->guarded))
            goto fault;
        acc = r[0];
        NEXT();
    }

    OP(CALL_LOCAL)
    {
        if (EXHAUSTED())
            goto exhausted;
        if (!enter(image, run, (uint32_t)OPERAND32, (uint32_t)INDEX() + 1))
            goto fault;
        meter += DISTANCE - 1;
        ip += DISTANCE;
        DISPATCH();
    }

    OP(CALLX)
    {
        if (EXHAUSTED())
            goto exhausted;
        const uint64_t target = DST_M;
        if (target <= UINT32_MAX) {
            const struct sk_helper *helper = sk_helper_find(run->helpers, (uint32_t)target);
            if (helper) {
                if (!sk_helper_call(run, helper, image->guarded))
                    goto fault;
                NEXT();
            }
        } else {
            uint32_t subprog = function_of_handle(image->program, target);
            if (subprog != SK_NO_INDEX) {
                if (!enter(image, run, subprog, (uint32_t)INDEX() + 1))
                    goto fault;
                meter -= INDEX() + 1;
                ip = code + image->program->subprogs[subprog].begin;
                meter += INDEX();
                DISPATCH();
            }
        }
        sk_run_fault(run, SKEP_ERR_CALL, target);
        goto fault;
    }

    OP(EXIT)
    {
        if (EXHAUSTED())
            goto exhausted;
        meter -= INDEX() + 1;
        if (run->depth == 0)
            goto done;
        ip = code + leave(image, run);
        meter += INDEX();
        DISPATCH();
    }

    OP(PACKET)
    {
        uint32_t offset = (uint32_t)(OPERAND32 + (ip->dst ? (int32_t)SRC_M : 0));
        if (!load_packet(run, offset, (unsigned)ip->off, &acc)) {
            r[0] = 0;
            meter -= INDEX() + 1;
            goto done;
        }
        r[0] = acc;
        NEXT();
    }

#if !COMPUTED_GOTO
    default: goto fault; /* no other number is ever stored */
    }
#endif

done:
    run->executed = run->budget - (uint64_t)meter;
    return true;

exhausted:
    sk_run_fault(run, SKEP_ERR_BUDGET, 0);
fault:
    run->fault_index = (uint32_t)INDEX();
    meter -= INDEX() + 1;
    run->executed = run->budget - (uint64_t)(meter < 0 ? 0 : meter);
    return false;
}

const int32_t *sk_interp_ops(void)
{
    const int32_t *ops = NULL;
    loop(NULL, NULL, &ops);
    return ops;
}

bool sk_interp(const struct sk_image *image, skep_run *run)
{
    uint32_t may_gotos = image->program->subprogs[0].may_goto_count;
    if (may_gotos)
        memset(run->may_gotos, 0, may_gotos * sizeof(uint32_t));
    return loop(image, run, NULL);
}
