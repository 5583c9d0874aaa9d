/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "helper/map.h"

/* What a number that is not a map's, or a map that cannot do it, comes to: Linux's verifier refuses both. */
static struct skep_map *map_of(skep_run *run, uint64_t handle)
{
    struct skep_map *map = sk_run_map(run, handle);
    if (SK_UNLIKELY(!map))
        skep_run_fail(run, -SKEP_EINVAL, "its first argument is not a map");
    return map;
}

static uint64_t cannot(skep_run *run)
{
    skep_run_fail(run, -SKEP_EINVAL, "maps of this type cannot do that");
    return 0;
}

/* Maps in maps: what the program gets is a handle, and the run keeps the map until it ends. */
static uint64_t lookup_map(skep_run *run, struct skep_map *outer, const void *key)
{
    const struct skep_map *there = outer->ops->peek_map(outer, key);
    for (uint32_t i = 0; there && i < run->held_count; i++)
        if (run->held[i].kind == SK_HELD_MAP && run->held[i].map == there)
            return SK_MAP_HANDLE_TAG | SK_MAP_HANDLE_HELD | i;
    struct skep_map *inner = there ? outer->ops->get_map(outer, key) : NULL;
    if (!inner)
        return 0;
    uint64_t handle = sk_run_hold_map(run, inner);
    if (!handle) {
        sk_map_unref(inner);
        skep_run_fail(run, -SKEP_ENOSPC, "the run holds too many maps and records");
    }
    return handle;
}

uint64_t sk_bpf_map_lookup_elem(uint64_t handle, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r3, (void)r4, (void)r5;
    struct skep_map *map = map_of(run, handle);
    if (SK_UNLIKELY(!map))
        return 0;
    if (SK_LIKELY(map->ops->lookup))
        return sk_addr(map->ops->lookup(map, sk_ptr(key), run->cpu));
    return map->ops->peek_map ? lookup_map(run, map, sk_ptr(key)) : cannot(run);
}

uint64_t sk_bpf_map_update_elem(uint64_t handle, uint64_t key, uint64_t value, uint64_t flags, uint64_t r5, skep_run *run)
{
    (void)r5;
    struct skep_map *map = map_of(run, handle);
    if (SK_UNLIKELY(!map))
        return 0;
    if (!map->ops->update || !sk_map_program_may(map, true))
        return cannot(run);
    return (uint64_t)(int64_t)map->ops->update(map, sk_ptr(key), sk_ptr(value), flags, run->cpu);
}

uint64_t sk_bpf_map_delete_elem(uint64_t handle, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r3, (void)r4, (void)r5;
    struct skep_map *map = map_of(run, handle);
    if (SK_UNLIKELY(!map))
        return 0;
    if (!map->ops->remove || !sk_map_program_may(map, true))
        return cannot(run);
    return (uint64_t)(int64_t)map->ops->remove(map, sk_ptr(key));
}
