/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps from outside of programs: what the bpf() system call checks before it asks the type (kernel/bpf/syscall.c). */
#include "base/error.h"
#include "base/fmt.h"
#include "map/array.h"
#include "map/perf.h"
#include "map/ringbuf.h"

static uint32_t last_id;

static skep_code refuse(skep_error *err, int number, const char *what)
{
    skep_code code = number == -SKEP_ENOMEM || number == -SKEP_E2BIG ? SKEP_ERR_MEMORY : SKEP_ERR_ARGUMENT;
    sk_fail(err, code, "map: %s (error %d of Linux)", what, number);
    if (err)
        err->detail = number;
    return code;
}

/* Longer ones are cut: where they come from, Linux's limit is not known. */
static bool good_name(const char *name)
{
    for (; name && *name; name++) {
        const char c = (char)(*name | 0x20);
        if (!(c >= 'a' && c <= 'z') && !(*name >= '0' && *name <= '9') && *name != '_' && *name != '.')
            return false;
    }
    return true;
}

/* Where Linux knows locks and timers in values (map_check_btf). */
static bool good_fields(const skep_map_options *o)
{
    const bool hash = o->type == SKEP_MAP_HASH || o->type == SKEP_MAP_ARRAY;
    return (!o->lock_offset || hash) && (!o->timer_offset || hash || o->type == SKEP_MAP_LRU_HASH);
}

skep_code skep_map_create(const skep_map_options *given, skep_map **out, skep_error *err)
{
    skep_map_options options;
    skep_hooks hooks;
    if (!out)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is nowhere to put the map");
    if (!given || !sk_options_copy(&options, sizeof options, given))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "options: size is not that of a skep_map_options this library knows");
    if (!sk_hooks_resolve(&hooks, options.hooks))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "hooks: size is not that of a skep_hooks this library knows");
    const struct sk_map_ops *ops = sk_map_ops_of((uint32_t)options.type);
    if (!ops)
        return refuse(err, -SKEP_EINVAL, "there is no such type");
    if ((options.lock_offset && (options.lock_offset - 1) % 4) || (options.timer_offset && (options.timer_offset - 1) % 8) ||
        (options.lock_offset && (uint64_t)options.lock_offset + 3 > options.value_size) ||
        (options.timer_offset && (uint64_t)options.timer_offset + 15 > options.value_size))
        return refuse(err, -SKEP_EINVAL, "the lock or timer does not lie in the value");
    if (!good_name(options.name))
        return refuse(err, -SKEP_EINVAL, "its name has other characters than letters, digits, '_' and '.'");
    if (options.extra && options.type != SKEP_MAP_BLOOM_FILTER)
        return refuse(err, -SKEP_EINVAL, "only bloom filters have an extra number");
    int failed = ops->check ? ops->check(&options) : 0;
    if (failed)
        return refuse(err, failed, "its sizes or flags are not those of its type");
    if (!good_fields(&options))
        return refuse(err, -SKEP_EOPNOTSUPP, "there are no locks or timers in values of its type");
    skep_map *map = sk_alloc_zero(&hooks, ops->size);
    if (!map)
        return sk_fail_memory(err);
    map->cpus = options.cpus ? sk_cpus_ref(options.cpus) : sk_cpus_default(&hooks);
    if (!map->cpus) {
        sk_free(&hooks, map);
        return sk_fail_memory(err);
    }
    map->ops = ops;
    map->references = map->users = 1;
    map->type = (uint32_t)options.type;
    map->key_size = options.key_size;
    map->value_size = options.value_size;
    map->max_entries = options.max_entries;
    map->flags = options.flags;
    map->extra = options.extra;
    map->lock_offset = (int32_t)options.lock_offset - 1;
    map->timer_offset = (int32_t)options.timer_offset - 1;
    map->hooks = hooks;
    sk_snfmt(map->name, sizeof map->name, "%s", options.name ? options.name : "");
    map->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
    failed = ops->create(map, &options);
    if (failed) {
        sk_cpus_unref(map->cpus);
        sk_free(&hooks, map);
        return failed == -SKEP_ENOMEM ? sk_fail_memory(err) : refuse(err, failed, "it cannot be made");
    }
    *out = map;
    return SKEP_OK;
}

skep_map *skep_map_ref(skep_map *map)
{
    __atomic_fetch_add(&map->users, 1, __ATOMIC_RELAXED);
    return sk_map_ref(map);
}

void skep_map_unref(skep_map *map)
{
    if (map && __atomic_sub_fetch(&map->users, 1, __ATOMIC_ACQ_REL) == 0 && map->ops->abandon)
        map->ops->abandon(map);
    sk_map_unref(map);
}

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
static bool good_key(const skep_map *map, const void *key) { return !key == !map->key_size; }

int skep_map_lookup(skep_map *map, const void *key, void *value, uint64_t flags)
{
    if (flags & ~(uint64_t)SKEP_F_LOCK)
        return -SKEP_EINVAL;
    if (!may_read(map))
        return -SKEP_EPERM;
    if ((flags & SKEP_F_LOCK) && map->lock_offset < 0)
        return -SKEP_EINVAL;
    if (!good_key(map, key))
        return -SKEP_EINVAL;
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
    if (!good_key(map, key))
        return -SKEP_EINVAL;
    if (map->ops->copy_in)
        return map->ops->copy_in(map, key, value, flags);
    return map->ops->push ? map->ops->push(map, value, flags) : -SKEP_ENOTSUPP;
}

int skep_map_delete(skep_map *map, const void *key)
{
    if (!may_write(map))
        return -SKEP_EPERM;
    if (!good_key(map, key))
        return -SKEP_EINVAL;
    return map->ops->remove ? map->ops->remove(map, key) : -SKEP_ENOTSUPP;
}

int skep_map_lookup_and_delete(skep_map *map, const void *key, void *value, uint64_t flags)
{
    if (flags & ~(uint64_t)SKEP_F_LOCK)
        return -SKEP_EINVAL;
    if (!may_read(map) || !may_write(map))
        return -SKEP_EPERM;
    if (!good_key(map, key))
        return -SKEP_EINVAL;
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
    if (!outer->ops->put_map || !key || !inner)
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
