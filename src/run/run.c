/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "run/run.h"

#include "base/fmt.h"

static bool holds(const struct sk_region *region, uint64_t address, uint64_t size, bool write)
{
    uint64_t offset = address - region->low;
    return offset <= region->size && size <= region->size - offset &&
           (region->access & (write ? SKEP_WRITE : SKEP_READ));
}

void sk_run_clean_frames(skep_run *run)
{
    for (uint32_t d = 0; d <= run->depth; d++) {
        struct sk_frame *frame = &run->frames[d];
        if (frame->unclean)
            memset(sk_ptr(frame->low), 0, frame->unclean);
        frame->unclean = 0;
    }
}

bool sk_run_find(skep_run *run, uint64_t address, uint64_t size, bool write, struct sk_region *region)
{
    struct sk_region stack = {run->stack_low, run->stack_top - run->stack_low, SKEP_READ | SKEP_WRITE, "stack"};
    if (holds(&stack, address, size, write)) {
        sk_run_clean_frames(run);
        *region = stack;
        return true;
    }
    for (size_t i = 0; i < run->region_count; i++)
        if (holds(&run->regions[i], address, size, write)) {
            *region = run->regions[i];
            return true;
        }
    for (size_t i = 0; i < run->env->grant_count; i++)
        if (holds(&run->env->grants[i], address, size, write)) {
            *region = run->env->grants[i];
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

void sk_run_pop_stack(skep_run *run, uint32_t size)
{
    run->stack_low += size;
    if (run->stack_cached)
        sk_run_reset_guards(run);
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
