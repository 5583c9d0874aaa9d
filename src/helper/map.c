/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Helpers on maps. What maps of a type cannot do its operations lack; the verifier would have refused, so the run ends.
 */
#include "helper/kernel.h"

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

SK_BPF(map_lookup_elem)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    if (SK_UNLIKELY(!map))
        return 0;
    if (SK_LIKELY(map->ops->lookup))
        return sk_addr(map->ops->lookup(map, sk_ptr(r2), run->cpu));
    return map->ops->peek_map ? lookup_map(run, map, sk_ptr(r2)) : sk_wrong_map(run);
}

SK_BPF(map_update_elem)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    if (SK_UNLIKELY(!map))
        return 0;
    if (!map->ops->update || !sk_map_program_may(map, true))
        return sk_wrong_map(run);
    if (SK_UNLIKELY(r4 & SKEP_F_LOCK) && sk_holds_lock(run)) {
        skep_run_fail(run, -SKEP_EDEADLK, "the run holds a lock already");
        return 0;
    }
    return sk_int(map->ops->update(map, sk_ptr(r2), sk_ptr(r3), r4, run->cpu));
}

SK_BPF(map_delete_elem)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    if (SK_UNLIKELY(!map))
        return 0;
    if (!map->ops->remove || !sk_map_program_may(map, true))
        return sk_wrong_map(run);
    return sk_int(map->ops->remove(map, sk_ptr(r2)));
}

SK_BPF(map_lookup_percpu_elem)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    if (SK_UNLIKELY(!map))
        return 0;
    if (!map->ops->lookup_cpu)
        return sk_wrong_map(run);
    const uint32_t cpu = (uint32_t)r3;
    return cpu < map->cpus->count ? sk_addr(map->ops->lookup_cpu(map, sk_ptr(r2), cpu)) : 0;
}

/* --------------------------------------------------------------------------- queues, stacks, bloom filters */

SK_BPF(map_push_elem)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    if (!map)
        return 0;
    if (!map->ops->push || !sk_map_program_may(map, true))
        return sk_wrong_map(run);
    return sk_int(map->ops->push(map, sk_ptr(r2), r3));
}

SK_BPF(map_pop_elem)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    if (!map)
        return 0;
    if (!map->ops->pop || !sk_map_program_may(map, true))
        return sk_wrong_map(run);
    return sk_int(map->ops->pop(map, sk_ptr(r2)));
}

SK_BPF(map_peek_elem)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    if (!map)
        return 0;
    return map->ops->peek ? sk_int(map->ops->peek(map, sk_ptr(r2))) : sk_wrong_map(run);
}

/* ------------------------------------------------------------------------------------- for each entry */

struct walk {
    skep_run *run;
    uint64_t map, function, context; /* what the callback gets, and which it is */
    struct sk_held *key;             /* readable while the callback runs */
};

static int64_t visit(void *user, const void *key, void *value)
{
    struct walk *w = user;
    uint64_t enough;
    if (w->key->low != sk_addr(key)) {
        struct sk_held now = *w->key;
        sk_run_unhold(w->run, w->key); /* nobody may know the one before any more */
        w->key = sk_run_hold(w->run, SK_HELD_MEMORY);
        now.low = sk_addr(key);
        *w->key = now;
    }
    if (!skep_run_call(w->run, w->function, (const uint64_t[5]){w->map, w->key->low, sk_addr(value), w->context}, &enough))
        return 1;
    return enough != 0;
}

SK_BPF(for_each_map_elem)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    if (!map)
        return 0;
    if (!map->ops->for_each)
        return sk_wrong_map(run);
    if (r4)
        return sk_int(-SKEP_EINVAL);
    struct walk w = {run, r1, r2, r3, sk_run_hold(run, SK_HELD_MEMORY)};
    if (!w.key) {
        skep_run_fail(run, -SKEP_ENOSPC, "the run holds too many maps and records");
        return 0;
    }
    w.key->access = SKEP_READ;
    w.key->size = map->key_size;
    int64_t visited = map->ops->for_each(map, visit, &w, run->cpu);
    sk_run_unhold(run, w.key);
    return sk_int(visited);
}
