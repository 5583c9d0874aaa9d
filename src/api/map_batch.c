/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Batches of map operations: what the bpf() system call checks before it asks the type (kernel/bpf/syscall.c). */
#include "map/map.h"

static int check(const skep_map *map, bool reads, bool writes)
{
    if (reads && (map->flags & SKEP_MAP_WRONLY))
        return -SKEP_EPERM;
    if (writes && ((map->flags & SKEP_MAP_RDONLY) || __atomic_load_n(&map->frozen, __ATOMIC_ACQUIRE)))
        return -SKEP_EPERM;
    return 0;
}

int skep_map_lookup_batch(skep_map *map, const void *in, void *out, void *keys, void *values, uint32_t *count, uint64_t flags)
{
    const int failed = check(map, true, false);
    if (failed)
        return failed;
    return map->ops->lookup_batch ? map->ops->lookup_batch(map, in, out, keys, values, count, flags, false) : -SKEP_ENOTSUPP;
}

int skep_map_lookup_and_delete_batch(skep_map *map, const void *in, void *out, void *keys, void *values, uint32_t *count,
                                     uint64_t flags)
{
    const int failed = check(map, true, true);
    if (failed)
        return failed;
    return map->ops->lookup_batch ? map->ops->lookup_batch(map, in, out, keys, values, count, flags, true) : -SKEP_ENOTSUPP;
}

int skep_map_update_batch(skep_map *map, const void *keys, const void *values, uint32_t *count, uint64_t flags)
{
    const int failed = check(map, false, true);
    if (failed)
        return failed;
    return map->ops->update_batch ? map->ops->update_batch(map, keys, values, count, flags) : -SKEP_ENOTSUPP;
}

int skep_map_delete_batch(skep_map *map, const void *keys, uint32_t *count, uint64_t flags)
{
    const int failed = check(map, false, true);
    if (failed)
        return failed;
    return map->ops->remove_batch ? map->ops->remove_batch(map, keys, count, flags) : -SKEP_ENOTSUPP;
}
