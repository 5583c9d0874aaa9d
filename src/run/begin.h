/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How a run begins: sk_run_init(), then the context adds its regions and registers, then sk_run_ready(). Inline, and
 * member by member, because small programs take less time than clearing the whole would.
 */
#ifndef SK_BEGIN_H
#define SK_BEGIN_H

#include "run/run.h"

#define SK_STACK_BYTES ((size_t)SKEP_STACK_SIZE * SKEP_MAX_FRAMES)
/* A function that makes a tail call leaves its callers' frames where they are: two of them for each call, as Linux allows
 * (MAX_TAIL_CALL_CNT times 256 bytes), and some more. */
#define SK_TAIL_STACK_BYTES (SK_STACK_BYTES + (size_t)2 * SKEP_STACK_SIZE * SK_TAIL_CALLS_MOST)
#define SK_ALIGN16(n) (((n) + 15) & ~(size_t)15)

/* Bytes of a workspace: the run, its stack, the may_goto counters and `extra` bytes for the context. */
static inline size_t sk_run_workspace_size(const struct sk_run_env *env, uint32_t most_may_gotos, size_t extra)
{
    return 15 + SK_ALIGN16(sizeof(skep_run)) + env->stack_bytes +
           SK_ALIGN16((size_t)most_may_gotos * SKEP_MAX_FRAMES * sizeof(uint32_t)) + SK_ALIGN16(extra);
}

/*
 * Lays a run into a workspace of that size; *extra (16-aligned) is the context's part. No regions but main's frame, all
 * registers zero but r10.
 */
static inline skep_run *sk_run_init(void *workspace, const struct sk_run_shape *shape, const struct sk_run_env *env,
                                    uint64_t budget, uint8_t **extra)
{
    uint8_t *at = sk_ptr((sk_addr(workspace) + 15) & ~UINT64_C(15));
    skep_run *run = (skep_run *)(void *)at;
    at += SK_ALIGN16(sizeof *run);
    uint64_t *r = run->regs; /* one by one: GCC makes `rep stos` of a loop, which is slower */
    r[0] = r[1] = r[2] = r[3] = r[4] = r[5] = r[6] = r[7] = r[8] = r[9] = 0;
    r[10] = run->stack_low = run->stack_top = sk_addr(at) + env->stack_bytes;
    run->depth = 0;
    run->whole_frames = shape->unguarded;
    sk_run_push_stack(run, shape->frame_size, shape->touched);
    run->bases = shape->bases;
    run->env = env;
    run->budget = budget;
    run->region_count = 0;
    run->packet = run->packet_size = run->context = run->context_size = 0;
    run->slots = NULL;
    run->fields = NULL;
    run->may_gotos = (uint32_t *)(void *)(at + env->stack_bytes);
    run->may_goto_stride = shape->most_may_gotos;
    if (shape->main_may_gotos)
        memset(run->may_gotos, 0, shape->main_may_gotos * sizeof(uint32_t));
    run->helper = NULL;
    run->script = NULL;
    run->code = SKEP_OK;
    run->attention = 0;
    run->fault_env = NULL;
    run->engine = NULL;
    run->cpu = SK_NO_CPU;
    run->held_count = 0;
    run->tail_calls = run->tail_count = run->nesting = 0;
    run->stack_bottom = sk_addr(at);
    run->most_frames = SKEP_MAX_FRAMES;
    run->detail = 0;
    run->message[0] = 0;
    *extra = at + env->stack_bytes + SK_ALIGN16((size_t)shape->most_may_gotos * SKEP_MAX_FRAMES * sizeof(uint32_t));
    return run;
}

static inline void sk_run_add_region(skep_run *run, const char *name, uint64_t low, uint64_t size, uint32_t access)
{
    if (size)
        run->regions[run->region_count++] = (struct sk_region){low, size, access, name};
}

/* What guard entries begin as: the first region if it is large enough, else main's frame. */
static inline void sk_run_find_home(skep_run *run)
{
    const struct sk_region *first = &run->regions[0];
    bool frame_is_home = false;
    for (unsigned write = 0; write < 2; write++) {
        bool good = run->region_count && first->size >= 8 && (first->access & (write ? SKEP_WRITE : SKEP_READ));
        frame_is_home |= !good;
        run->home_low[write] = good ? first->low : run->frames[0].low;
        run->home_eights[write] = (good ? first->size : run->stack_top - run->frames[0].low) - 7;
    }
    if (frame_is_home && run->bases) /* hits of the cache will not tell */
        sk_run_clean_frames(run);
}

/* Fills the guard cache. */
static inline void sk_run_ready(skep_run *run)
{
    run->second = run->regs[2];
    sk_run_find_home(run);
    sk_run_reset_guards(run);
}

#endif
