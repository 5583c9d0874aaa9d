/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The interpreter loop. Dispatch is by computed goto where the compiler has it: each handler jumps to the next one, so
 * the branch predictor sees where it came from; with SKEP_SWITCH_DISPATCH or another compiler by a switch. Dispatch is
 * what costs: hence the superinstructions, handlers of several instructions in a row (fused.def).
 *
 * The meter. `meter` less the index of an instruction is what remains of the budget before that instruction; so
 * straight code costs nothing, and a jump that is taken adds the instructions it skips (or, backwards, takes away those
 * that it repeats). While meter >= count no index can exhaust it: that is the fast check at meter points.
 */
#include "interp/interp.h"

#include "interp/bodies.h"
#include "interp/frame.h"
#include "interp/step.h"

#if (defined(__GNUC__) || defined(__clang__)) && !defined(SKEP_SWITCH_DISPATCH)
#define COMPUTED_GOTO 1
#else
#define COMPUTED_GOTO 0
#endif

/* In a small build the handlers of variants do not exist; nothing is lowered to them. */
#ifndef SKEP_SMALL_INTERP
#define OR_PLAIN(variant, plain) variant
#else
#define OR_PLAIN(variant, plain) plain
#endif

/*
 * From index `start` on until the frame at hand is left; run->meter is what remains of the budget, before and after. Called
 * without an image it only hands out the table of handlers.
 */
static bool loop(const struct sk_image *image, skep_run *run, uint32_t start, const int32_t **ops)
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
#define SK_FUSE2(ka, a, kb, b) ENTRY(a##__##b, NOP),
#define SK_FUSE3(ka, a, kb, b, kc, c) ENTRY(a##__##b##__##c, NOP),
#include "interp/fused.def"
#undef SK_ALU
#undef SK_UNARY
#undef SK_DIV
#undef SK_LOAD
#undef SK_STORE
#undef SK_JUMP
#undef SK_ATOMIC
#undef SK_OTHER
#undef SK_FUSE2
#undef SK_FUSE3
    };
    if (!image) {
        *ops = table;
        return true;
    }

    const struct sk_icode *const code = image->code;
    const struct sk_icode *ip = code + start;
    const int64_t count = image->program->count;
    uint64_t *const r = run->regs;
    uint64_t acc = 0;
    int64_t meter = run->meter + start;
    const uint32_t base = run->depth;

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
#define ADVANCE(n)                                                                                                     \
    do {                                                                                                               \
        ip += (n);                                                                                                     \
        DISPATCH();                                                                                                    \
    } while (0)
#define NEXT() ADVANCE(1)
#define INDEX() (ip - code)
/* Whether this instruction, a meter point, is one too many. */
#define EXHAUSTED() (SK_UNLIKELY(meter < count) && meter < INDEX() + 1)
#define TAKE()                                                                                                         \
    do {                                                                                                               \
        const int32_t distance_ = sk_icode_distance(ip);                                                               \
        if (SK_UNLIKELY(meter < count) && distance_ <= 0 && meter < INDEX() + 1)                                       \
            goto exhausted;                                                                                            \
        meter += distance_ - 1;                                                                                        \
        ip += distance_;                                                                                               \
        DISPATCH();                                                                                                    \
    } while (0)

/* The n-th instruction of a handler; a fault belongs to it. */
#define DO(name, n)                                                                                                    \
    do {                                                                                                               \
        if (SK_UNLIKELY(!do_##name(ip + (n), r, &acc, run))) {                                                         \
            ip += (n);                                                                                                 \
            goto fault;                                                                                                \
        }                                                                                                              \
    } while (0)
#define STEP(name)                                                                                                     \
    OP(name)                                                                                                           \
    {                                                                                                                  \
        DO(name, 0);                                                                                                   \
        NEXT();                                                                                                        \
    }
#define BRANCH(name, n)                                                                                                \
    do {                                                                                                               \
        ip += (n);                                                                                                     \
        if (do_##name(ip, r, &acc, run))                                                                               \
            TAKE();                                                                                                    \
        NEXT();                                                                                                        \
    } while (0)
#define JUMP(name) OP(name) BRANCH(name, 0);

#ifndef SKEP_SMALL_INTERP
#define ALU_STEPS(what, name) what(name##_MI) what(name##_MM) what(name##_AI) what(name##_AM) what(name##_MA)
#else
#define ALU_STEPS(what, name) what(name##_MI) what(name##_MM)
#endif
#define SK_ALU(name, expression) ALU_STEPS(STEP, name##64) ALU_STEPS(STEP, name##32)
#define SK_UNARY(name, op, expression) STEP(name##_M) IF_VARIANTS(STEP(name##_A))
#define SK_DIV(name, type, utype, expression) STEP(name##_I) STEP(name##_M)
#define SK_LOAD(name, op, bytes, expression)                                                                           \
    STEP(name##_GM) STEP(name##_TM) IF_VARIANTS(STEP(name##_GA) STEP(name##_TA))
#define SK_STORE(size, bytes, bits)                                                                                    \
    STEP(ST##size##_GM)                                                                                                \
    STEP(ST##size##_TM)                                                                                                \
    STEP(STX##size##_GMM)                                                                                              \
    STEP(STX##size##_TMM)                                                                                              \
    IF_VARIANTS(STEP(ST##size##_GA) STEP(ST##size##_TA) STEP(STX##size##_GAM) STEP(STX##size##_GMA)                    \
                    STEP(STX##size##_TAM) STEP(STX##size##_TMA))
#define SK_JUMP(name, type64, type32, expression) ALU_STEPS(JUMP, name##64) ALU_STEPS(JUMP, name##32)
#define SK_ATOMIC(name, access, bytes, type, expression, result) STEP(name##_G) STEP(name##_T)
#define SK_OTHER(name)
#include "interp/iop.def"

/* A part of a superinstruction that is not the last: a step, or a jump that leaves the sequence when taken. */
#define PART_S(name, n) DO(name, n)
#define PART_J(name, n)                                                                                                \
    do {                                                                                                               \
        if (do_##name(ip + (n), r, &acc, run)) {                                                                       \
            ip += (n);                                                                                                 \
            TAKE();                                                                                                    \
        }                                                                                                              \
    } while (0)
/* The last part. */
#define LAST_S(name, n)                                                                                                \
    do {                                                                                                               \
        DO(name, n);                                                                                                   \
        ADVANCE((n) + 1);                                                                                              \
    } while (0)
#define LAST_J(name, n) BRANCH(name, n)
#define LAST_C(name, n)                                                                                                \
    do {                                                                                                               \
        ip += (n);                                                                                                     \
        goto do_##name;                                                                                                \
    } while (0)
#define SK_FUSE2(ka, a, kb, b)                                                                                         \
    OP(a##__##b)                                                                                                       \
    {                                                                                                                  \
        PART_##ka(a, 0);                                                                                               \
        LAST_##kb(b, 1);                                                                                               \
    }
#define SK_FUSE3(ka, a, kb, b, kc, c)                                                                                  \
    OP(a##__##b##__##c)                                                                                                \
    {                                                                                                                  \
        PART_##ka(a, 0);                                                                                               \
        PART_##kb(b, 1);                                                                                               \
        LAST_##kc(c, 2);                                                                                               \
    }
#ifndef SKEP_SMALL_INTERP
#include "interp/fused.def"
#endif

    STEP(NOP)
    STEP(CONST)
    JUMP(JA)
    JUMP(MAY_GOTO)

    OP(CALL)
    do_CALL: SK_UNUSED;
    {
        if (EXHAUSTED())
            goto exhausted;
        const struct sk_helper *helper = run->env->calls[ip->imm];
        if (SK_UNLIKELY(!helper)) {
            sk_run_fault(run, SKEP_ERR_CALL, image->call_ids[ip->imm]);
            goto fault;
        }
        run->meter = meter - (INDEX() + 1); /* callbacks draw on it, too */
        bool went_on = sk_helper_call(run, helper, image->guarded);
        meter = run->meter + INDEX() + 1;
        if (SK_UNLIKELY(!went_on))
            goto attend;
        acc = r[0];
        NEXT();
    }

    OP(CALL_LOCAL)
    {
        if (EXHAUSTED())
            goto exhausted;
        if (!sk_frame_enter(image, run, (uint32_t)sk_icode_operand(ip), (uint32_t)INDEX() + 1))
            goto fault;
        meter += sk_icode_distance(ip) - 1;
        ip += sk_icode_distance(ip);
        DISPATCH();
    }

    OP(CALLX)
    {
        if (EXHAUSTED())
            goto exhausted;
        const uint64_t target = r[ip->dst];
        if (target <= UINT32_MAX) {
            const struct sk_helper *helper = sk_helper_find(run->env->helpers, (uint32_t)target);
            if (helper) {
                run->meter = meter - (INDEX() + 1);
                bool went_on = sk_helper_call(run, helper, image->guarded);
                meter = run->meter + INDEX() + 1;
                if (SK_UNLIKELY(!went_on))
                    goto attend;
                NEXT();
            }
        } else {
            uint32_t subprog = sk_function_of_handle(image->program, target);
            if (subprog != SK_NO_INDEX) {
                if (!sk_frame_enter(image, run, subprog, (uint32_t)INDEX() + 1))
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
    do_EXIT: SK_UNUSED;
    {
        if (EXHAUSTED())
            goto exhausted;
        meter -= INDEX() + 1;
    left:
        if (run->depth == base)
            goto done;
        ip = code + sk_frame_leave(image, run);
        meter += INDEX();
        DISPATCH();
    }

    OP(PACKET)
    {
        uint32_t offset = (uint32_t)sk_icode_operand(ip) + (ip->dst ? (uint32_t)r[ip->src] : 0);
        if (!sk_frame_packet(run, offset, (unsigned)ip->off, &acc)) {
            r[0] = 0;
            meter -= INDEX() + 1;
            if (run->nesting) {
                run->attention |= SK_ATTENTION_END;
                run->meter = meter;
                return false;
            }
            goto done;
        }
        r[0] = acc;
        NEXT();
    }

    OP(STEP)
    {
        if (SK_UNLIKELY(!sk_step(run, image, (uint32_t)INDEX())))
            goto fault;
        NEXT();
    }

#if !COMPUTED_GOTO
    default: goto fault; /* no other number is ever stored */
    }
#endif

attend: /* a helper has something to say; the meter is behind its call */
    if (run->attention == SK_ATTENTION_TAIL) {
        run->attention = 0;
        run->meter = meter - (INDEX() + 1);
        if (sk_frame_tail(run)) {
            acc = r[0];
            meter = run->meter;
            goto left;
        }
        meter = run->meter + INDEX() + 1;
    }
    if (run->attention == SK_ATTENTION_END) {
        run->meter = meter - (INDEX() + 1);
        if (run->nesting)
            return false;
        run->attention = 0;
        r[0] = 0;
        return true;
    }
    goto fault;

done: /* LD_ABS may get here past the budget, which only meter points compare */
    run->meter = meter;
    return true;

exhausted:
    sk_run_fault(run, SKEP_ERR_BUDGET, 0);
fault:
    run->meter = meter - (INDEX() + 1);
    if (!(run->attention & SK_ATTENTION_FAULT)) {
        run->fault_index = (uint32_t)INDEX();
        run->attention |= SK_ATTENTION_FAULT; /* those that called us have nothing to add */
    }
    return false;
}

const int32_t *sk_interp_ops(void)
{
    const int32_t *ops = NULL;
    loop(NULL, NULL, 0, &ops);
    return ops;
}

static bool invoke(skep_run *run, uint64_t handle, uint64_t *result)
{
    const struct sk_image *image = run->env->image;
    uint32_t subprog = sk_function_of_handle(image->program, handle);
    if (subprog == SK_NO_INDEX)
        return sk_run_fault(run, SKEP_ERR_CALL, handle);
    if (!sk_frame_enter(image, run, subprog, 0))
        return false;
    run->nesting++;
    bool ok = loop(image, run, image->program->subprogs[subprog].begin, NULL);
    run->nesting--;
    *result = run->regs[0];
    if (ok)
        sk_frame_leave(image, run);
    return ok;
}

static bool enter(skep_run *run) { return loop(run->env->image, run, 0, NULL); }

static const struct sk_engine engine = {invoke, enter, NULL};

bool sk_interp(const struct sk_image *image, skep_run *run)
{
    run->engine = &engine;
    run->meter = (int64_t)run->budget;
    bool ok = loop(image, run, 0, NULL);
    run->executed = run->budget - (uint64_t)(run->meter < 0 ? 0 : run->meter);
    return ok;
}
