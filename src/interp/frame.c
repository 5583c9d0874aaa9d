/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "interp/frame.h"

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

uint32_t sk_frame_leave(const struct sk_image *image, skep_run *run)
{
    const struct sk_frame *frame = &run->frames[run->depth--];
    memcpy(run->regs + 6, frame->saved, sizeof frame->saved);
    run->regs[10] = frame->r10;
    memset(run->regs + 1, 0, 5 * sizeof *run->regs);
    sk_run_pop_stack(run, image->frame_sizes[frame->subprog]);
    return frame->back;
}

uint32_t sk_function_of_handle(const struct sk_program *p, uint64_t handle)
{
    uint64_t slot = handle ^ SK_FUNC_HANDLE_TAG;
    if (slot >= p->slot_count || p->index_of[slot] == SK_NO_INDEX)
        return SK_NO_INDEX;
    uint32_t index = p->index_of[slot], subprog = sk_program_subprog_at(p, index);
    return p->subprogs[subprog].begin == index ? subprog : SK_NO_INDEX;
}
