/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "run/run.h"

#include "base/fmt.h"

#define STACK_BYTES ((size_t)SKEP_STACK_SIZE * SKEP_MAX_FRAMES)
#define ALIGN16(n) (((n) + 15) & ~(size_t)15)

size_t sk_run_workspace_size(uint32_t most_may_gotos, size_t extra)
{
    return 15 + ALIGN16(sizeof(skep_run)) + STACK_BYTES +
           ALIGN16((size_t)most_may_gotos * SKEP_MAX_FRAMES * sizeof(uint32_t)) + ALIGN16(extra);
}

/* All entries back to what is always good. */
static void reset_guards(skep_run *run)
{
    for (unsigned bases = run->bases; bases; bases &= bases - 1) {
        unsigned reg = (unsigned)__builtin_ctz(bases);
        for (unsigned write = 0; write < 2; write++) {
            run->guard_low[write][reg] = run->home_low[write];
            run->guard_eights[write][reg] = run->home_eights[write];
        }
    }
}

void sk_run_ready(skep_run *run)
{
    const struct sk_region *first = &run->regions[0];
    for (unsigned write = 0; write < 2; write++) {
        bool good = run->region_count && first->size >= 8 && (first->access & (write ? SKEP_WRITE : SKEP_READ));
        run->home_low[write] = good ? first->low : run->stack_low;
        run->home_eights[write] = (good ? first->size : run->stack_top - run->stack_low) - 7;
    }
    reset_guards(run);
}

SK_PLAIN_LOOPS skep_run *sk_run_init(void *workspace, const struct sk_run_shape *shape, uint8_t **extra)
{
    uint8_t *at = sk_ptr((sk_addr(workspace) + 15) & ~UINT64_C(15));
    skep_run *run = (skep_run *)(void *)at;
    at += ALIGN16(sizeof *run);
    /* Member by member: clearing the whole would cost more than a small program. */
    for (unsigned i = 0; i < SK_GUARD_SLOTS; i++)
        run->regs[i] = 0;
    run->stack_low = run->stack_top = sk_addr(at) + STACK_BYTES;
    run->regs[10] = run->stack_top;
    sk_run_push_stack(run, shape->frame_size, shape->touched);
    run->bases = shape->bases;
    run->region_count = 0;
    run->grants = NULL;
    run->grant_count = 0;
    run->packet = run->packet_size = run->context = 0;
    run->depth = 0;
    run->may_gotos = (uint32_t *)(void *)(at + STACK_BYTES);
    run->may_goto_stride = shape->most_may_gotos;
    run->helper = NULL;
    run->code = SKEP_OK;
    run->fault_index = run->fault_size = 0;
    run->fault_address = 0;
    run->fault_write = run->helper_failed = false;
    run->detail = 0;
    run->executed = 0;
    run->message[0] = 0;
    *extra = at + STACK_BYTES + ALIGN16((size_t)shape->most_may_gotos * SKEP_MAX_FRAMES * sizeof(uint32_t));
    return run;
}

void sk_run_add_region(skep_run *run, const char *name, uint64_t low, uint64_t size, uint32_t access)
{
    if (size)
        run->regions[run->region_count++] = (struct sk_region){low, size, access, name};
}

static bool holds(const struct sk_region *region, uint64_t address, uint64_t size, bool write)
{
    uint64_t offset = address - region->low;
    return offset <= region->size && size <= region->size - offset &&
           (region->access & (write ? SKEP_WRITE : SKEP_READ));
}

bool sk_run_find(const skep_run *run, uint64_t address, uint64_t size, bool write, struct sk_region *region)
{
    struct sk_region stack = {run->stack_low, run->stack_top - run->stack_low, SKEP_READ | SKEP_WRITE, "stack"};
    if (holds(&stack, address, size, write)) {
        *region = stack;
        return true;
    }
    for (size_t i = 0; i < run->region_count; i++)
        if (holds(&run->regions[i], address, size, write)) {
            *region = run->regions[i];
            return true;
        }
    for (size_t i = 0; i < run->grant_count; i++)
        if (holds(&run->grants[i], address, size, write)) {
            *region = run->grants[i];
            return true;
        }
    return false;
}

bool sk_run_guard_miss(skep_run *run, unsigned reg, uint64_t address, unsigned size, bool write)
{
    struct sk_region region;
    if (SK_UNLIKELY(!sk_run_find(run, address, size, write, &region))) {
        run->fault_size = size;
        run->fault_write = write;
        return sk_run_fault(run, SKEP_ERR_ACCESS, address);
    }
    if (region.size < 8)
        return true;
    if (region.low == run->stack_low)
        run->stack_cached = true;
    run->guard_low[write][reg] = region.low;
    run->guard_eights[write][reg] = region.size - 7;
    return true;
}

void sk_run_push_stack(skep_run *run, uint32_t size, uint32_t touched)
{
    run->stack_low -= size;
    run->stack_cached = false; /* entries from now on may hold the new frame; older ones do not */
    if (touched > size)
        touched = size;
    if (touched)
        memset(sk_ptr(run->stack_low + size - touched), 0, touched);
}

void sk_run_pop_stack(skep_run *run, uint32_t size)
{
    run->stack_low += size;
    if (run->stack_cached)
        reset_guards(run);
    /* The caller's own frame may still be in entries that it made before the call. */
    run->stack_cached = true;
}

bool sk_run_fault(skep_run *run, skep_code code, uint64_t address)
{
    if (!run->code) {
        run->code = code;
        run->fault_address = address;
    }
    return false;
}

/* ------------------------------------------------------------------------- what helpers may do with a run */

void skep_run_fail(skep_run *run, int64_t detail, const char *message)
{
    if (run->helper_failed)
        return;
    run->helper_failed = true;
    run->detail = detail;
    sk_snfmt(run->message, sizeof run->message, "%s", message ? message : "");
}

void *skep_run_memory(skep_run *run, uint64_t address, size_t size, bool write)
{
    struct sk_region region;
    return sk_run_find(run, address, size, write, &region) ? sk_ptr(address) : NULL;
}
