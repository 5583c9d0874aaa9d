/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "interp/frame.h"

#include "base/fmt.h"
#include "context/fields.h"
#include "run/begin.h"

bool sk_frame_packet(const skep_run *run, uint32_t offset, unsigned size, uint64_t *value)
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

bool sk_frame_enter(const struct sk_image *image, skep_run *run, uint32_t subprog, uint32_t back)
{
    if (run->depth + 1 >= run->most_frames)
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

uint32_t sk_frame_leave(const struct sk_image *image, skep_run *run)
{
    const struct sk_frame *frame = &run->frames[run->depth--];
    memcpy(run->regs + 6, frame->saved, sizeof frame->saved);
    run->regs[10] = frame->r10;
    memset(run->regs + 1, 0, 5 * sizeof *run->regs);
    sk_run_pop_stack(run, image->frame_sizes[frame->subprog]);
    return frame->back;
}

/* Visits of the program that follows: in the room of the one before where that suffices. */
static bool make_counters(skep_run *run, const struct sk_run_shape *shape, void **memory)
{
    *memory = NULL;
    if (shape->most_may_gotos > run->may_goto_stride) {
        *memory = sk_alloc_array(&run->env->hooks, (size_t)shape->most_may_gotos * SKEP_MAX_FRAMES, sizeof *run->may_gotos);
        if (!*memory) {
            sk_snfmt(run->message, sizeof run->message, "no memory for the counters of the program that follows");
            return sk_run_fault(run, SKEP_ERR_HELPER, 0);
        }
        run->may_gotos = *memory;
    } else {
        run->may_gotos += (size_t)run->depth * run->may_goto_stride;
    }
    run->may_goto_stride = shape->most_may_gotos;
    if (shape->main_may_gotos)
        memset(run->may_gotos, 0, shape->main_may_gotos * sizeof(uint32_t));
    return true;
}

/* What a tail call changes of the run and puts back. */
struct view {
    const struct sk_run_env *env;
    uint64_t stack_low, stack_top;
    uint32_t bases, depth, most_frames, may_goto_stride;
    bool whole_frames;
    uint32_t *may_gotos;
    struct sk_frame frames[SKEP_MAX_FRAMES];
};

bool sk_frame_tail(skep_run *run)
{
    const struct sk_run_env *env = run->tail;
    const struct sk_run_shape *shape = &env->image->shape;
    struct view old = {run->env,        run->stack_low,       run->stack_top,    run->bases,    run->depth,
                       run->most_frames, run->may_goto_stride, run->whole_frames, run->may_gotos, {{.back = 0}}};
    const uint64_t top = run->depth ? run->frames[run->depth - 1].low : run->stack_top;
    const uint64_t frames_left = (top - run->stack_bottom) / SKEP_STACK_SIZE;
    void *memory;
    if (frames_left == 0)
        return sk_run_fault(run, SKEP_ERR_DEPTH, 0);
    if (run->fields && run->fields->any_size && env->image->program->context_extent > run->context_size) {
        sk_snfmt(run->message, sizeof run->message, "the program that follows reads %u bytes of a context that has %U",
                 env->image->program->context_extent, run->context_size);
        return sk_run_fault(run, SKEP_ERR_HELPER, 0);
    }
    if (!make_counters(run, shape, &memory))
        return false;
    memcpy(old.frames, run->frames, (run->depth + 1) * sizeof *run->frames);
    memset(run->regs, 0, sizeof *run->regs * 10);
    run->regs[1] = run->context;
    run->regs[2] = run->second;
    run->regs[10] = run->stack_top = run->stack_low = top;
    run->most_frames = frames_left < SKEP_MAX_FRAMES ? (uint32_t)frames_left : SKEP_MAX_FRAMES;
    run->depth = 0;
    run->env = env;
    run->bases = shape->bases;
    run->whole_frames = shape->unguarded;
    sk_run_push_stack(run, shape->frame_size, shape->touched);
    sk_run_ready(run);

    run->nesting++;
    bool ok = run->engine->enter(run);
    run->nesting--;

    run->env = old.env;
    run->stack_low = old.stack_low;
    run->stack_top = old.stack_top;
    run->bases = old.bases;
    run->depth = old.depth;
    run->most_frames = old.most_frames;
    run->may_goto_stride = old.may_goto_stride;
    run->whole_frames = old.whole_frames;
    run->may_gotos = old.may_gotos;
    memcpy(run->frames, old.frames, (old.depth + 1) * sizeof *run->frames);
    sk_free(&env->hooks, memory);
    sk_run_ready(run);
    run->stack_cached = true;
    return ok;
}

uint32_t sk_function_of_handle(const struct sk_program *p, uint64_t handle)
{
    uint64_t slot = handle ^ SK_FUNC_HANDLE_TAG;
    if (slot >= p->slot_count || p->index_of[slot] == SK_NO_INDEX)
        return SK_NO_INDEX;
    uint32_t index = p->index_of[slot], subprog = sk_program_subprog_at(p, index);
    if (p->facts && !p->subprogs[subprog].by_handle)
        return SK_NO_INDEX; /* a number that the program made up; facts hold only for ways in that it shows */
    return p->subprogs[subprog].begin == index ? subprog : SK_NO_INDEX;
}
