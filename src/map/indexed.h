/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the arrays that are no plain memory have in common: keys are indices, all of which there always are. */
#ifndef SK_INDEXED_H
#define SK_INDEXED_H

#include "map/map.h"

/* ARRAY_CREATE_FLAG_MASK as it applies to arrays of descriptors (fd_array_map_alloc_check). */
#define SK_INDEXED_FLAGS (SKEP_MAP_NUMA_NODE | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY)

static inline int sk_indexed_check(const skep_map_options *o, uint32_t flags)
{
    return o->max_entries == 0 || o->key_size != 4 || o->value_size != 4 || !sk_map_flags_ok(o->flags, flags)
               ? -SKEP_EINVAL
               : 0;
}

static inline int sk_indexed_next_key(struct skep_map *map, const void *key, void *next)
{
    const uint32_t index = key ? sk_load32(key) : UINT32_MAX;
    if (index == map->max_entries - 1)
        return -SKEP_ENOENT;
    sk_store32(next, index < map->max_entries ? index + 1 : 0);
    return 0;
}

/* Changes from outside name a file descriptor, of which none is known here: what Linux says to that. */
static inline int sk_indexed_no_fd(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    (void)value;
    if (flags != SKEP_ANY)
        return -SKEP_EINVAL;
    return sk_load32(key) >= map->max_entries ? -SKEP_E2BIG : -SKEP_EBADF;
}

#endif
