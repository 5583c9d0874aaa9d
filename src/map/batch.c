/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "map/batch.h"

static bool bad_flags(const struct skep_map *map, uint64_t flags)
{
    return (flags & ~(uint64_t)SKEP_F_LOCK) || (flags && map->lock_offset < 0);
}

static size_t value_size(const struct skep_map *map)
{
    return map->ops->per_cpu ? sk_map_round8(map->value_size) * map->cpus->count : map->value_size;
}

int sk_batch_lookup(struct skep_map *map, const void *in, void *out, void *keys, void *values, uint32_t *count,
                    uint64_t flags, bool take)
{
    const uint32_t most = *count;
    if (take)
        return -SKEP_ENOTSUPP;
    if (bad_flags(map, flags))
        return -SKEP_EINVAL;
    if (!most)
        return 0;
    *count = 0;
    const size_t size = value_size(map);
    const void *last = in; /* key before the next one; not in a buffer of its own, so keys may be of any size */
    uint8_t *key = keys;
    int failed = 0;
    /* A key that goes away between the two steps is passed over: `out` serves to keep it meanwhile. */
    for (uint32_t done = 0; done < most && !failed;) {
        failed = map->ops->next_key(map, last, key);
        if (failed)
            break;
        failed = map->ops->copy_out(map, key, (uint8_t *)values + done * size, flags);
        if (failed == -SKEP_ENOENT) {
            memcpy(out, key, map->key_size);
            last = out;
            failed = 0;
            continue;
        }
        if (failed)
            return failed;
        last = key;
        key += map->key_size;
        *count = ++done;
    }
    if (*count)
        memmove(out, last, map->key_size);
    return failed;
}

int sk_batch_update(struct skep_map *map, const void *keys, const void *values, uint32_t *count, uint64_t flags)
{
    const uint8_t *key = keys, *value = values;
    const uint32_t most = *count;
    if (bad_flags(map, flags))
        return -SKEP_EINVAL;
    const size_t size = value_size(map);
    int failed = 0;
    uint32_t done = 0;
    for (; done < most; done++, key += map->key_size, value += size) {
        failed = map->ops->copy_in ? map->ops->copy_in(map, key, value, flags) : map->ops->update(map, key, value, flags, 0);
        if (failed)
            break;
    }
    *count = done;
    return failed;
}

int sk_batch_remove(struct skep_map *map, const void *keys, uint32_t *count, uint64_t flags)
{
    const uint8_t *key = keys;
    const uint32_t most = *count;
    if (bad_flags(map, flags))
        return -SKEP_EINVAL;
    int failed = 0;
    uint32_t done = 0;
    for (; done < most; done++, key += map->key_size) {
        failed = map->ops->remove(map, key);
        if (failed)
            break;
    }
    *count = done;
    return failed;
}
