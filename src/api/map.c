/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps from outside of programs: what the bpf() system call checks before it asks the type (kernel/bpf/syscall.c). */
#include "map/array.h"
#include "map/perf.h"
#include "map/ringbuf.h"

skep_code skep_map_create(const skep_map_options *options, skep_map **map, skep_error *err)
{
    return sk_map_create(options, map, err);
}

skep_map *skep_map_ref(skep_map *map) { return sk_map_use(map); }
void skep_map_unref(skep_map *map) { sk_map_unuse(map); }

static size_t copy_size(const skep_map *map)
{
    return map->ops->per_cpu ? sk_map_round8(map->value_size) * map->cpus->count : map->value_size;
}

void skep_map_get_info(const skep_map *map, skep_map_info *info)
{
    const skep_map_info all = {.size = info->size,
                               .type = (skep_map_type)map->type,
                               .id = map->id,
                               .key_size = map->key_size,
                               .value_size = map->value_size,
                               .max_entries = map->max_entries,
                               .flags = map->flags,
                               .extra = map->extra,
                               .name = map->name,
                               .frozen = __atomic_load_n(&map->frozen, __ATOMIC_ACQUIRE) != 0,
                               .cpus = map->cpus->count,
                               .copy_size = copy_size(map)};
    memcpy(info, &all, info->size < sizeof all ? info->size : sizeof all);
}

/* ------------------------------------------------------------------------------------- single entries */

static bool may_read(const skep_map *map) { return !(map->flags & SKEP_MAP_WRONLY); }
static bool may_write(const skep_map *map)
{
    return !(map->flags & SKEP_MAP_RDONLY) && !__atomic_load_n(&map->frozen, __ATOMIC_ACQUIRE);
}

/* A key is given where there are keys, and only there. */
static int check_key(const skep_map *map, const void *key)
{
    return map->key_size ? key ? 0 : -SKEP_EFAULT : key ? -SKEP_EINVAL : 0;
}

int skep_map_lookup(skep_map *map, const void *key, void *value, uint64_t flags)
{
    if (flags & ~(uint64_t)SKEP_F_LOCK)
        return -SKEP_EINVAL;
    if (!may_read(map))
        return -SKEP_EPERM;
    if ((flags & SKEP_F_LOCK) && map->lock_offset < 0)
        return -SKEP_EINVAL;
    int failed = check_key(map, key);
    if (failed)
        return failed;
    if (map->ops->copy_out)
        return map->ops->copy_out(map, key, value, flags);
    return map->ops->peek ? map->ops->peek(map, value) : -SKEP_ENOTSUPP;
}

int skep_map_update(skep_map *map, const void *key, const void *value, uint64_t flags)
{
    if (!may_write(map))
        return -SKEP_EPERM;
    if ((flags & SKEP_F_LOCK) && map->lock_offset < 0)
        return -SKEP_EINVAL;
    int failed = check_key(map, key);
    if (failed)
        return failed;
    if (map->ops->copy_in)
        return map->ops->copy_in(map, key, value, flags);
    return map->ops->push ? map->ops->push(map, value, flags) : -SKEP_ENOTSUPP;
}

int skep_map_delete(skep_map *map, const void *key)
{
    if (!may_write(map))
        return -SKEP_EPERM;
    int failed = check_key(map, key);
    if (failed)
        return failed;
    return map->ops->remove ? map->ops->remove(map, key) : -SKEP_ENOTSUPP;
}

int skep_map_lookup_and_delete(skep_map *map, const void *key, void *value, uint64_t flags)
{
    if (flags & ~(uint64_t)SKEP_F_LOCK)
        return -SKEP_EINVAL;
    if (!may_read(map) || !may_write(map))
        return -SKEP_EPERM;
    if ((flags & SKEP_F_LOCK) && map->lock_offset < 0)
        return -SKEP_EINVAL;
    int failed = check_key(map, key);
    if (failed)
        return failed;
    if (map->ops->pop)
        return flags ? -SKEP_EINVAL : map->ops->pop(map, value);
    return map->ops->take ? map->ops->take(map, key, value, flags) : -SKEP_ENOTSUPP;
}

int skep_map_next_key(skep_map *map, const void *key, void *next)
{
    if (!may_read(map))
        return -SKEP_EPERM;
    if (key && !map->key_size)
        return -SKEP_EINVAL;
    return map->ops->next_key ? map->ops->next_key(map, key, next) : -SKEP_EOPNOTSUPP;
}

int skep_map_freeze(skep_map *map)
{
    if (!may_write(map))
        return -SKEP_EPERM;
    return __atomic_exchange_n(&map->frozen, 1, __ATOMIC_ACQ_REL) ? -SKEP_EPERM : 0;
}

/* ----------------------------------------------------------------------------------- what some types have */

int skep_map_update_map(skep_map *outer, const void *key, skep_map *inner, uint64_t flags)
{
    if (!may_write(outer))
        return -SKEP_EPERM;
    if ((flags & SKEP_F_LOCK) && outer->lock_offset < 0)
        return -SKEP_EINVAL;
    int failed = check_key(outer, key);
    if (failed)
        return failed;
    if (!outer->ops->put_map || !inner)
        return -SKEP_EINVAL;
    return outer->ops->put_map(outer, key, inner, flags);
}

void *skep_map_memory(skep_map *map, size_t *size)
{
    struct sk_array *array = (struct sk_array *)map;
    if (map->type != SKEP_MAP_ARRAY)
        return NULL;
    if (size)
        *size = (size_t)array->extent;
    return array->values;
}

int skep_ringbuf_consume(skep_map *map, skep_record_fn visit, void *user)
{
    return map->type == SKEP_MAP_RINGBUF && visit ? sk_ringbuf_consume(map, visit, user) : -SKEP_EINVAL;
}

int skep_perf_open(skep_map *map, uint32_t cpu, size_t bytes)
{
    return map->type == SKEP_MAP_PERF_EVENT_ARRAY ? sk_perf_open(map, cpu, bytes) : -SKEP_EINVAL;
}

int skep_perf_consume(skep_map *map, uint32_t cpu, skep_record_fn visit, void *user, uint64_t *lost)
{
    if (map->type != SKEP_MAP_PERF_EVENT_ARRAY || !visit)
        return -SKEP_EINVAL;
    return sk_perf_consume(map, cpu, visit, user, lost);
}
