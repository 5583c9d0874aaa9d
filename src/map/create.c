/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How maps begin and end. */
#include "base/error.h"
#include "base/fmt.h"
#include "map/map.h"

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

skep_code sk_map_create(const skep_map_options *given, skep_map **out, skep_error *err)
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

struct skep_map *sk_map_ref(struct skep_map *map)
{
    __atomic_fetch_add(&map->references, 1, __ATOMIC_RELAXED);
    return map;
}

void sk_map_unref(struct skep_map *map)
{
    if (!map || __atomic_sub_fetch(&map->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    const skep_hooks hooks = map->hooks;
    map->ops->destroy(map);
    sk_cpus_unref(map->cpus);
    sk_free(&hooks, map);
}

struct skep_map *sk_map_use(struct skep_map *map)
{
    __atomic_fetch_add(&map->users, 1, __ATOMIC_RELAXED);
    return sk_map_ref(map);
}

void sk_map_unuse(struct skep_map *map)
{
    if (map && __atomic_sub_fetch(&map->users, 1, __ATOMIC_ACQ_REL) == 0 && map->ops->abandon)
        map->ops->abandon(map);
    sk_map_unref(map);
}
