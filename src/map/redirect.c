/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Device maps, cpu maps and socket maps (kernel/bpf/devmap.c, cpumap.c, net/xdp/xskmap.c).
 *
 * A value is 8 bytes, interface or queue size first, then a program's id, which is 0 here: programs of entries are
 * known by descriptors in Linux, and none is good here. An entry of zeros is empty. In a socket map the second word,
 * which nobody else sees, says whether there is an entry, since any number may be one. Lookups take no lock, programs
 * never write. What Linux asks of its surroundings is taken for granted: every interface exists, and every number is a
 * socket; cpus are those of the map's set.
 */
#include "map/redirect.h"

#include "map/indexed.h"
#include "map/table.h"
#include "map/types.h"

#define QUEUE_MOST 16384u /* cpumap.c: sanity limit on the queue size */

struct sk_targets {
    struct skep_map map;
    uint32_t (*values)[2]; /* [max_entries]; atomic */
    struct sk_table table; /* of devmap_hash */
};

static struct sk_targets *targets_of(const struct skep_map *map) { return (struct sk_targets *)(uintptr_t)map; }

static int check_devmap(const skep_map_options *o)
{
    if (o->max_entries == 0 || o->key_size != 4 || (o->value_size != 4 && o->value_size != 8) ||
        !sk_map_flags_ok(o->flags, SK_INDEXED_FLAGS))
        return -SKEP_EINVAL;
    return o->type == SKEP_MAP_DEVMAP_HASH && o->max_entries > UINT32_C(1) << 31 ? -SKEP_EINVAL : 0;
}

static int check_cpumap(const skep_map_options *o)
{
    if (o->max_entries == 0 || o->key_size != 4 || (o->value_size != 4 && o->value_size != 8) ||
        (o->flags & ~SKEP_MAP_NUMA_NODE))
        return -SKEP_EINVAL;
    return o->max_entries > SKEP_MAX_CPUS ? -SKEP_E2BIG : 0;
}

static int check_xskmap(const skep_map_options *o) { return sk_indexed_check(o, SK_INDEXED_FLAGS); }

static int create(struct skep_map *map, const skep_map_options *options)
{
    struct sk_targets *t = targets_of(map);
    (void)options;
    if (map->type == SKEP_MAP_DEVMAP || map->type == SKEP_MAP_DEVMAP_HASH)
        map->flags |= SKEP_MAP_RDONLY_PROG; /* shows in Linux's bpf_map_info, too */
    t->values = sk_alloc_array(&map->hooks, map->max_entries, sizeof *t->values);
    if (!t->values)
        return -SKEP_ENOMEM;
    if (map->type != SKEP_MAP_DEVMAP_HASH || sk_table_create(&t->table, &map->hooks, map->max_entries, 4, true, 0))
        return 0;
    sk_free(&map->hooks, t->values);
    return -SKEP_ENOMEM;
}

static void destroy(struct skep_map *map)
{
    struct sk_targets *t = targets_of(map);
    sk_free(&map->hooks, t->values);
    sk_table_destroy(&t->table, &map->hooks);
}

static uint32_t get(const struct sk_targets *t, uint32_t entry, unsigned word)
{
    return __atomic_load_n(&t->values[entry][word], __ATOMIC_ACQUIRE);
}

static void set(struct sk_targets *t, uint32_t entry, unsigned word, uint32_t value)
{
    __atomic_store_n(&t->values[entry][word], value, __ATOMIC_RELEASE);
}

static unsigned presence_of(const struct skep_map *map) { return map->type == SKEP_MAP_XSKMAP; }

/* ------------------------------------------------------------------------------------------------ lookups */

/* Number of the entry that is in use, and its value; or SK_NO_ENTRY. */
static uint32_t read_entry(const struct sk_targets *t, uint32_t key, uint32_t *value)
{
    if (t->map.type != SKEP_MAP_DEVMAP_HASH) {
        const bool there = key < t->map.max_entries && get(t, key, presence_of(&t->map));
        *value = there ? get(t, key, 0) : 0;
        /* Deleted meanwhile, perhaps: what was 0 is nothing, but for sockets. */
        return there && (*value || t->map.type == SKEP_MAP_XSKMAP) ? key : SK_NO_ENTRY;
    }
    uint32_t entry, version;
    do {
        version = sk_table_begin(&t->table);
        entry = sk_table_walk(&t->table, &key);
        *value = entry == SK_NO_ENTRY ? 0 : get(t, entry, 0);
    } while (sk_table_again(&t->table, version));
    return entry;
}

static void *lookup(struct skep_map *map, const void *key, uint32_t cpu)
{
    struct sk_targets *t = targets_of(map);
    uint32_t value;
    const uint32_t entry = read_entry(t, sk_load32(key), &value);
    (void)cpu;
    return entry == SK_NO_ENTRY ? NULL : t->values[entry];
}

static bool find_value(const struct skep_map *map, uint64_t address, struct sk_span *span)
{
    const struct sk_targets *t = targets_of(map);
    const uint64_t offset = address - sk_addr(t->values), index = offset / sizeof *t->values;
    if (index >= map->max_entries)
        return false;
    *span = (struct sk_span){sk_addr(t->values[index]), sizeof *t->values}; /* rounded up, as others are */
    return true;
}

static int copy_out(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    const struct sk_targets *t = targets_of(map);
    uint32_t target;
    (void)flags;
    if (map->type == SKEP_MAP_XSKMAP)
        return -SKEP_EOPNOTSUPP;
    if (read_entry(t, sk_load32(key), &target) == SK_NO_ENTRY)
        return -SKEP_ENOENT;
    memset(value, 0, map->value_size);
    sk_store32(value, target);
    return 0;
}

uint32_t sk_redirect_map(struct skep_map *map, uint64_t key, uint64_t flags, struct sk_redirect_target *target)
{
    const struct sk_targets *t = targets_of(map);
    const bool device = map->type == SKEP_MAP_DEVMAP || map->type == SKEP_MAP_DEVMAP_HASH;
    const uint64_t more = device ? SK_REDIRECT_BROADCAST | SK_REDIRECT_EXCLUDE_INGRESS : 0;
    if (flags & ~(SK_REDIRECT_ACTION_MASK | more))
        return SK_XDP_ABORTED;
    const bool all = (flags & SK_REDIRECT_BROADCAST) != 0;
    uint32_t value;
    const uint32_t entry = read_entry(t, (uint32_t)key, &value);
    if (entry == SK_NO_ENTRY && !all) {
        *target = (struct sk_redirect_target){0};
        return (uint32_t)(flags & SK_REDIRECT_ACTION_MASK);
    }
    *target = (struct sk_redirect_target){.map_id = map->id,
                                   .map_type = map->type,
                                   .key = (uint32_t)key,
                                   .value = all ? 0 : value,
                                   .flags = all ? flags & more : 0};
    return SK_XDP_REDIRECT;
}

/* ------------------------------------------------------------------------------------------------ changes */

/* A program's descriptor beside the value: none that is above zero is good. */
static bool names_program(const struct skep_map *map, const void *value)
{
    return map->value_size == 8 && (int32_t)sk_load32((const uint8_t *)value + 4) > 0;
}

static int update_array(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    struct sk_targets *t = targets_of(map);
    const uint32_t index = sk_load32(key), target = sk_load32(value);
    if (flags > SKEP_EXIST)
        return -SKEP_EINVAL;
    if (index >= map->max_entries)
        return -SKEP_E2BIG;
    if (flags == SKEP_NOEXIST)
        return -SKEP_EEXIST;
    if (map->type == SKEP_MAP_CPUMAP && target > QUEUE_MOST)
        return -SKEP_EOVERFLOW;
    if (map->type == SKEP_MAP_CPUMAP && index >= map->cpus->count)
        return -SKEP_ENODEV;
    if (names_program(map, value) && (map->type == SKEP_MAP_DEVMAP || target))
        return map->type == SKEP_MAP_DEVMAP ? -SKEP_EINVAL : -SKEP_ENOMEM;
    set(t, index, 0, target); /* 0 deletes */
    return 0;
}

static int update_sockets(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    struct sk_targets *t = targets_of(map);
    const uint32_t index = sk_load32(key);
    int failed = 0;
    if (flags > SKEP_EXIST)
        return -SKEP_EINVAL;
    if (index >= map->max_entries)
        return -SKEP_E2BIG;
    sk_spin_lock(&t->table.lock);
    const bool there = get(t, index, 1) != 0;
    if (there && flags == SKEP_NOEXIST)
        failed = -SKEP_EEXIST;
    else if (!there && flags == SKEP_EXIST)
        failed = -SKEP_ENOENT;
    if (!failed) {
        set(t, index, 0, sk_load32(value));
        set(t, index, 1, 1);
    }
    sk_spin_unlock(&t->table.lock);
    return failed;
}

static int remove_array(struct skep_map *map, const void *key)
{
    const uint32_t index = sk_load32(key);
    if (index >= map->max_entries)
        return -SKEP_EINVAL;
    set(targets_of(map), index, presence_of(map), 0);
    return 0;
}

static int update_hash(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    struct sk_targets *t = targets_of(map);
    const uint32_t target = sk_load32(value);
    int failed = 0;
    if (flags > SKEP_EXIST || target == 0)
        return -SKEP_EINVAL;
    sk_spin_lock(&t->table.lock);
    uint32_t entry = sk_table_get(&t->table, key);
    const bool there = entry != SK_NO_ENTRY;
    if (!there)
        entry = sk_table_free_entry(&t->table);
    if (there && flags == SKEP_NOEXIST) {
        failed = -SKEP_EEXIST;
    } else if (names_program(map, value)) {
        failed = -SKEP_EINVAL;
    } else if (entry == SK_NO_ENTRY) {
        failed = -SKEP_E2BIG;
    } else {
        set(t, entry, 0, target); /* of an entry that has to be there, SKEP_EXIST or not: so does Linux */
        if (there)
            sk_table_remove(&t->table, key); /* to the head of its chain, as there; the free entries are a stack */
        sk_table_add(&t->table, key);
    }
    sk_spin_unlock(&t->table.lock);
    return failed;
}

static int remove_hash(struct skep_map *map, const void *key)
{
    struct sk_targets *t = targets_of(map);
    sk_spin_lock(&t->table.lock);
    const uint32_t entry = sk_table_get(&t->table, key);
    if (entry != SK_NO_ENTRY) {
        sk_table_remove(&t->table, key);
        set(t, entry, 0, 0);
    }
    sk_spin_unlock(&t->table.lock);
    return entry == SK_NO_ENTRY ? -SKEP_ENOENT : 0;
}

static int next_hash(struct skep_map *map, const void *key, void *next)
{
    struct sk_table *t = &targets_of(map)->table;
    sk_spin_lock(&t->lock);
    const bool found = sk_table_next(t, key, next);
    sk_spin_unlock(&t->lock);
    return found ? 0 : -SKEP_ENOENT;
}

#define TARGET_OPS                                                                                                     \
    .read_only = true, .size = sizeof(struct sk_targets), .create = create, .destroy = destroy,                        \
    .find_value = find_value, .copy_out = copy_out
#define ARRAY_OPS .remove = remove_array, .next_key = sk_indexed_next_key, TARGET_OPS

const struct sk_map_ops sk_map_devmap = {
    .type = SKEP_MAP_DEVMAP, .check = check_devmap, .lookup = lookup, .copy_in = update_array, ARRAY_OPS};
const struct sk_map_ops sk_map_cpumap = {
    .type = SKEP_MAP_CPUMAP, .check = check_cpumap, .no_values = true, .copy_in = update_array, ARRAY_OPS};
const struct sk_map_ops sk_map_xskmap = {
    .type = SKEP_MAP_XSKMAP, .check = check_xskmap, .lookup = lookup, .copy_in = update_sockets, ARRAY_OPS};
const struct sk_map_ops sk_map_devmap_hash = {.type = SKEP_MAP_DEVMAP_HASH,
                                              .check = check_devmap,
                                              .lookup = lookup,
                                              .remove = remove_hash,
                                              .copy_in = update_hash,
                                              .next_key = next_hash,
                                              TARGET_OPS};
