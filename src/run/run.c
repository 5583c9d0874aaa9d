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

static bool find_in_map(const struct skep_map *map, uint64_t address, uint64_t size, bool write, struct sk_region *region)
{
    struct sk_span span;
    if (!map->ops->find_value || !sk_map_program_may(map, write) || !map->ops->find_value(map, address, &span))
        return false;
    *region = (struct sk_region){span.low, span.size,
                                 (sk_map_program_may(map, false) ? SKEP_READ : 0) | (sk_map_program_may(map, true) ? SKEP_WRITE : 0),
                                 "map value"};
    return holds(region, address, size, write);
}

/* Records, maps that were looked up, and the values of the program's maps. */
static SK_NOINLINE bool find_elsewhere(skep_run *run, uint64_t address, uint64_t size, bool write, struct sk_region *region)
{
    for (uint32_t i = 0; i < run->held_count; i++) { /* few, and quickly compared with */
        const struct sk_held *held = &run->held[i];
        if (held->kind != SK_HELD_MEMORY)
            continue;
        *region = (struct sk_region){held->low, held->size, held->access, "memory of a helper"};
        if (holds(region, address, size, write))
            return true;
    }
    for (uint32_t i = 0; i < run->env->map_count; i++)
        if (find_in_map(run->env->maps[i], address, size, write, region))
            return true;
    for (uint32_t i = 0; i < run->held_count; i++)
        if (run->held[i].kind == SK_HELD_MAP && find_in_map(run->held[i].map, address, size, write, region))
            return true;
    return false;
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
    return (run->env->map_count | run->held_count) && find_elsewhere(run, address, size, write, region);
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
        run->fault_env = run->env;
        run->fault_address = address;
    }
    return false;
}

void sk_run_forget(skep_run *run)
{
    sk_run_reset_guards(run);
    if (run->engine && run->engine->forget)
        run->engine->forget(run);
}

static void drop_map(skep_run *run, struct sk_held *held)
{
    (void)run;
    sk_map_unref(held->map);
}

struct sk_held *sk_run_hold(skep_run *run, enum sk_held_kind kind)
{
    uint32_t i = 0;
    while (i < run->held_count && run->held[i].kind != SK_HELD_FREE)
        i++;
    if (i == SK_HELD_MOST)
        return NULL;
    if (i == run->held_count)
        run->held_count++;
    run->held[i] = (struct sk_held){.kind = (uint8_t)kind};
    return &run->held[i];
}

void sk_run_unhold(skep_run *run, struct sk_held *held)
{
    held->kind = SK_HELD_FREE;
    if (held == &run->held[run->held_count - 1])
        run->held_count--;
    sk_run_forget(run);
}

struct sk_held *sk_run_held_at(skep_run *run, uint64_t low, const struct skep_map *map)
{
    for (uint32_t i = 0; i < run->held_count; i++)
        if (run->held[i].kind == SK_HELD_MEMORY && run->held[i].low == low && run->held[i].map == map)
            return &run->held[i];
    return NULL;
}

uint64_t sk_run_hold_map(skep_run *run, struct skep_map *map)
{
    struct sk_held *held = sk_run_hold(run, SK_HELD_MAP);
    if (!held)
        return 0;
    held->map = map;
    held->drop = drop_map;
    return SK_MAP_HANDLE_TAG | SK_MAP_HANDLE_HELD | (uint64_t)(held - run->held);
}

void sk_run_drop_held(skep_run *run)
{
    for (uint32_t i = 0; i < run->held_count; i++) /* records before the maps that they may lie in */
        if (run->held[i].kind > SK_HELD_MAP && run->held[i].drop)
            run->held[i].drop(run, &run->held[i]);
    for (uint32_t i = 0; i < run->held_count; i++)
        if (run->held[i].kind == SK_HELD_MAP)
            run->held[i].drop(run, &run->held[i]);
    run->held_count = 0;
    while (run->tail_count)
        sk_counted_unref(run->tails[--run->tail_count]);
}

void sk_run_end(skep_run *run)
{
    sk_run_drop_held(run);
    if (run->env->cpus && run->cpu != SK_NO_CPU)
        sk_cpus_give_back(run->env->cpus, run->cpu);
    run->cpu = SK_NO_CPU;
}

/* ------------------------------------------------------------------------- what helpers may do with a run */

void skep_run_fail(skep_run *run, int64_t detail, const char *message)
{
    if (run->attention & SK_ATTENTION_FAILED)
        return;
    run->attention |= SK_ATTENTION_FAILED;
    run->detail = detail;
    sk_snfmt(run->message, sizeof run->message, "%s", message ? message : "");
}

void *skep_run_memory(skep_run *run, uint64_t address, size_t size, bool write)
{
    struct sk_region region;
    return sk_run_find(run, address, size, write, &region) ? sk_ptr(address) : NULL;
}
