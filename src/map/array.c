/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arrays and per-cpu arrays (kernel/bpf/arraymap.c): every entry exists from the beginning and cannot be deleted. */
#include "map/array.h"
#include "map/batch.h"
#include "map/lock.h"
#include "map/types.h"

#define PERCPU_FLAGS (SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_RDONLY_PROG | SKEP_MAP_WRONLY_PROG)
#define ARRAY_FLAGS (PERCPU_FLAGS | SKEP_MAP_NUMA_NODE | SKEP_MAP_MMAPABLE | SKEP_MAP_INNER_MAP)
#define VALUE_MOST UINT32_C(0x7fffffff)
#define PERCPU_VALUE_MOST (UINT32_C(32) << 10) /* PCPU_MIN_UNIT_SIZE */

static struct sk_array *array_of(const struct skep_map *map) { return (struct sk_array *)(uintptr_t)map; }

static int check(const skep_map_options *o)
{
    const bool per_cpu = o->type == SKEP_MAP_PERCPU_ARRAY;
    if (o->max_entries == 0 || o->key_size != 4 || o->value_size == 0 ||
        !sk_map_flags_ok(o->flags, per_cpu ? PERCPU_FLAGS : ARRAY_FLAGS))
        return -SKEP_EINVAL;
    return o->value_size > (per_cpu ? PERCPU_VALUE_MOST : VALUE_MOST) ? -SKEP_E2BIG : 0;
}

static int create(struct skep_map *map, const skep_map_options *options)
{
    struct sk_array *a = array_of(map);
    (void)options;
    a->stride = sk_map_round8(map->value_size);
    a->extent = a->stride * map->max_entries;
    uint32_t parts = map->ops->per_cpu ? map->cpus->count : 1;
    uint64_t part = (a->extent + 63) & ~UINT64_C(63);
    if (part > (SIZE_MAX >> 1) / parts)
        return -SKEP_E2BIG;
    a->per_cpu = parts > 1 || map->ops->per_cpu ? part : 0;
    a->values = sk_alloc_zero(&map->hooks, (size_t)part * parts);
    return a->values ? 0 : -SKEP_ENOMEM;
}

static void destroy(struct skep_map *map) { sk_free(&map->hooks, array_of(map)->values); }

static void *lookup(struct skep_map *map, const void *key, uint32_t cpu)
{
    const struct sk_array *a = array_of(map);
    uint32_t index = sk_load32(key);
    return SK_LIKELY(index < map->max_entries) ? a->values + index * a->stride + cpu * a->per_cpu : NULL;
}

static int check_update(const struct skep_map *map, const void *key, uint64_t flags)
{
    if ((flags & ~(uint64_t)SKEP_F_LOCK) > SKEP_EXIST)
        return -SKEP_EINVAL;
    if (sk_load32(key) >= map->max_entries)
        return -SKEP_E2BIG;
    if (flags & SKEP_NOEXIST)
        return -SKEP_EEXIST;
    if ((flags & SKEP_F_LOCK) && map->lock_offset < 0)
        return -SKEP_EINVAL;
    return 0;
}

static int update(struct skep_map *map, const void *key, const void *value, uint64_t flags, uint32_t cpu)
{
    int failed = check_update(map, key, flags);
    if (failed)
        return failed;
    sk_map_store_value(map, lookup(map, key, cpu), value, flags & SKEP_F_LOCK);
    return 0;
}

static int no_remove(struct skep_map *map, const void *key)
{
    (void)map, (void)key;
    return -SKEP_EINVAL;
}

static int64_t for_each(struct skep_map *map, sk_map_visit visit, void *user, uint32_t cpu)
{
    const struct sk_array *a = array_of(map);
    uint32_t i = 0;
    while (i < map->max_entries) {
        uint32_t key = i++;
        if (visit(user, &key, a->values + key * a->stride + cpu * a->per_cpu))
            break;
    }
    return i;
}

static bool find_value(const struct skep_map *map, uint64_t address, struct sk_span *span)
{
    const struct sk_array *a = array_of(map);
    uint64_t offset = address - sk_addr(a->values), part = 0;
    if (a->per_cpu) {
        part = offset / a->per_cpu;
        if (part >= map->cpus->count)
            return false;
        offset -= part * a->per_cpu;
    }
    if (offset >= a->extent)
        return false;
    uint64_t index = offset / a->stride;
    *span = (struct sk_span){sk_addr(a->values) + part * a->per_cpu + index * a->stride, a->stride};
    return true;
}

static int next_key(struct skep_map *map, const void *key, void *next)
{
    uint32_t index = key ? sk_load32(key) : UINT32_MAX;
    if (index >= map->max_entries)
        index = UINT32_MAX; /* begins anew */
    if (index == map->max_entries - 1)
        return -SKEP_ENOENT;
    sk_store32(next, index + 1);
    return 0;
}

static int copy_out(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    const struct sk_array *a = array_of(map);
    uint8_t *from = lookup(map, key, 0), *to = value;
    if (!from)
        return -SKEP_ENOENT;
    if (!map->ops->per_cpu) {
        sk_map_load_value(map, to, from, flags & SKEP_F_LOCK);
        return 0;
    }
    for (uint32_t cpu = 0; cpu < map->cpus->count; cpu++, from += a->per_cpu, to += a->stride)
        sk_map_copy_words(to, from, (size_t)a->stride);
    return 0;
}

static int copy_in(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    const struct sk_array *a = array_of(map);
    const uint8_t *from = value;
    if (!map->ops->per_cpu)
        return update(map, key, value, flags, 0);
    int failed = flags > SKEP_EXIST ? -SKEP_EINVAL : check_update(map, key, flags);
    if (failed)
        return failed;
    uint8_t *to = lookup(map, key, 0);
    for (uint32_t cpu = 0; cpu < map->cpus->count; cpu++, to += a->per_cpu, from += a->stride)
        sk_map_copy_words(to, from, (size_t)a->stride);
    return 0;
}

#define ARRAY_OPS                                                                                                      \
    .size = sizeof(struct sk_array), .check = check, .create = create, .destroy = destroy, .lookup = lookup,           \
    .update = update, .remove = no_remove, .for_each = for_each, .find_value = find_value, .copy_out = copy_out,       \
    .copy_in = copy_in, .next_key = next_key, .lookup_batch = sk_batch_lookup, .update_batch = sk_batch_update

const struct sk_map_ops sk_map_array = {.type = SKEP_MAP_ARRAY, ARRAY_OPS};
const struct sk_map_ops sk_map_percpu_array = {
    .type = SKEP_MAP_PERCPU_ARRAY, .per_cpu = true, .lookup_cpu = lookup, ARRAY_OPS};
