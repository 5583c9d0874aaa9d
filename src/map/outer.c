/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Arrays and hashes of maps (kernel/bpf/arraymap.c, hashtab.c, map_in_map.c). Each entry holds a reference, which is
 * dropped when the entry goes. Programs look maps up with peek_map while they hold the map that they find, which is the
 * usual case and costs no atomic operation; else with get_map.
 */
#include "map/batch.h"
#include "map/indexed.h"
#include "map/slot.h"
#include "map/table.h"
#include "map/types.h"

#define HASH_FLAGS                                                                                                     \
    (SKEP_MAP_NO_PREALLOC | SKEP_MAP_NUMA_NODE | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_ZERO_SEED |              \
     SKEP_MAP_RDONLY_PROG | SKEP_MAP_WRONLY_PROG)
#define ENTRY_MOST                                                                                                     \
    (UINT32_C(4) << 20) /* KMALLOC_MAX_SIZE with 4 KiB pages: key, value and what Linux has around them */
#define ENTRY_HEADER 48

/* The facts of the template, kept by value: the template itself may go. */
struct likeness {
    uint32_t type, key_size, value_size, max_entries, flags;
    int32_t lock_offset, timer_offset;
};

struct sk_outer {
    struct skep_map map;
    struct likeness like;
    sk_slot *slots;        /* of struct skep_map; by index, or by the entry of the table */
    struct sk_table table; /* of a hash */
};

static struct sk_outer *outer_of(struct skep_map *map) { return (struct sk_outer *)map; }

/* ------------------------------------------------------------------------------------- what may be in it */

static struct likeness likeness_of(const struct skep_map *map)
{
    return (struct likeness){map->type,  map->key_size,    map->value_size,  map->max_entries,
                             map->flags, map->lock_offset, map->timer_offset};
}

/* bpf_map_meta_equal, array_map_meta_equal and xsk_map_meta_equal. */
static bool is_like(const struct skep_map *map, const struct likeness *like)
{
    if (map->type != like->type || map->key_size != like->key_size || map->value_size != like->value_size ||
        map->flags != like->flags || map->lock_offset != like->lock_offset || map->timer_offset != like->timer_offset)
        return false;
    if ((like->type == SKEP_MAP_ARRAY && !(like->flags & SKEP_MAP_INNER_MAP)) || like->type == SKEP_MAP_XSKMAP)
        return map->max_entries == like->max_entries;
    return true;
}

/* bpf_map_meta_alloc: one level only, and no types without map_meta_equal. */
static int check_template(const skep_map_options *o)
{
    if (!o->inner)
        return -SKEP_EBADF;
    if (o->inner->ops->get_map)
        return -SKEP_EINVAL;
    return o->inner->type == SKEP_MAP_PROG_ARRAY ? -SKEP_ENOTSUPP : 0;
}

static int check_array(const skep_map_options *o)
{
    const int failed = sk_indexed_check(o, SK_INDEXED_FLAGS);
    return failed ? failed : check_template(o);
}

static int check_hash(const skep_map_options *o)
{
    if (o->value_size != 4 || !sk_map_flags_ok(o->flags, HASH_FLAGS) || o->max_entries == 0 || o->key_size == 0)
        return -SKEP_EINVAL;
    if ((uint64_t)o->key_size + o->value_size >= ENTRY_MOST - ENTRY_HEADER)
        return -SKEP_E2BIG;
    return check_template(o);
}

/* --------------------------------------------------------------------------------------------- both types */

static int create(struct skep_map *map, const skep_map_options *options)
{
    struct sk_outer *o = outer_of(map);
    o->like = likeness_of(options->inner);
    o->slots = sk_alloc_array(&map->hooks, map->max_entries, sizeof(sk_slot));
    if (!o->slots)
        return -SKEP_ENOMEM;
    if (map->type != SKEP_MAP_HASH_OF_MAPS)
        return 0;
    uint32_t seed = 0;
    if (!(map->flags & SKEP_MAP_ZERO_SEED) && map->hooks.random)
        seed = (uint32_t)map->hooks.random(map->hooks.user);
    if (sk_table_create(&o->table, &map->hooks, map->max_entries, map->key_size, false, seed))
        return 0;
    sk_free(&map->hooks, o->slots);
    return -SKEP_ENOMEM;
}

static void destroy(struct skep_map *map)
{
    struct sk_outer *o = outer_of(map);
    for (uint32_t i = 0; i < map->max_entries; i++)
        sk_map_unref(sk_slot_replace(&o->slots[i], NULL));
    sk_free(&map->hooks, o->slots);
    sk_table_destroy(&o->table, &map->hooks);
}

/* The map at `slot`, with a reference for the caller. */
static struct skep_map *take(sk_slot *slot)
{
    struct skep_map *inner = sk_slot_lock(slot);
    if (inner)
        sk_map_ref(inner);
    sk_slot_unlock(slot, inner);
    return inner;
}

static int copy_out(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    struct skep_map *inner = map->ops->get_map(map, key);
    (void)flags;
    if (!inner)
        return -SKEP_ENOENT;
    sk_store32(value, inner->id);
    sk_map_unref(inner);
    return 0;
}

/* ------------------------------------------------------------------------------------------- array_of_maps */

static const struct skep_map *peek_array(struct skep_map *map, const void *key)
{
    const uint32_t index = sk_load32(key);
    return index < map->max_entries ? sk_slot_peek(&outer_of(map)->slots[index]) : NULL;
}

static struct skep_map *get_array(struct skep_map *map, const void *key)
{
    const uint32_t index = sk_load32(key);
    return index < map->max_entries ? take(&outer_of(map)->slots[index]) : NULL;
}

static int put_array(struct skep_map *map, const void *key, struct skep_map *inner, uint64_t flags)
{
    const uint32_t index = sk_load32(key);
    if (flags != SKEP_ANY)
        return -SKEP_EINVAL;
    if (index >= map->max_entries)
        return -SKEP_E2BIG;
    if (!is_like(inner, &outer_of(map)->like))
        return -SKEP_EINVAL;
    sk_map_unref(sk_slot_replace(&outer_of(map)->slots[index], sk_map_ref(inner)));
    return 0;
}

static int remove_array(struct skep_map *map, const void *key)
{
    const uint32_t index = sk_load32(key);
    if (index >= map->max_entries)
        return -SKEP_E2BIG;
    struct skep_map *old = sk_slot_replace(&outer_of(map)->slots[index], NULL);
    sk_map_unref(old);
    return old ? 0 : -SKEP_ENOENT;
}

/* -------------------------------------------------------------------------------------------- hash_of_maps */

static const struct skep_map *peek_hash(struct skep_map *map, const void *key)
{
    const struct sk_outer *o = outer_of(map);
    const struct skep_map *inner;
    uint32_t version;
    do {
        version = sk_table_begin(&o->table);
        const uint32_t entry = sk_table_walk(&o->table, key);
        inner = entry == SK_NO_ENTRY ? NULL : sk_slot_peek(&o->slots[entry]);
    } while (sk_table_again(&o->table, version));
    return inner;
}

static struct skep_map *get_hash(struct skep_map *map, const void *key)
{
    struct sk_outer *o = outer_of(map);
    sk_spin_lock(&o->table.lock);
    const uint32_t entry = sk_table_get(&o->table, key);
    struct skep_map *inner = entry == SK_NO_ENTRY ? NULL : take(&o->slots[entry]);
    sk_spin_unlock(&o->table.lock);
    return inner;
}

static int put_hash(struct skep_map *map, const void *key, struct skep_map *inner, uint64_t flags)
{
    struct sk_outer *o = outer_of(map);
    if (!is_like(inner, &o->like) || flags > SKEP_EXIST)
        return -SKEP_EINVAL;
    struct skep_map *old = NULL;
    int failed = 0;
    sk_spin_lock(&o->table.lock);
    uint32_t entry = sk_table_get(&o->table, key);
    const bool there = entry != SK_NO_ENTRY;
    if (!there)
        entry = sk_table_free_entry(&o->table);
    if (there && flags == SKEP_NOEXIST)
        failed = -SKEP_EEXIST;
    else if (!there && flags == SKEP_EXIST)
        failed = -SKEP_ENOENT;
    else if (entry == SK_NO_ENTRY)
        failed = -SKEP_E2BIG;
    else
        old = sk_slot_replace(&o->slots[entry], sk_map_ref(inner));
    if (!failed && !there)
        sk_table_add(&o->table, key);
    sk_spin_unlock(&o->table.lock);
    sk_map_unref(old);
    return failed;
}

static int remove_hash(struct skep_map *map, const void *key)
{
    struct sk_outer *o = outer_of(map);
    struct skep_map *old = NULL;
    sk_spin_lock(&o->table.lock);
    const uint32_t entry = sk_table_get(&o->table, key);
    if (entry != SK_NO_ENTRY) {
        sk_table_remove(&o->table, key);
        old = sk_slot_replace(&o->slots[entry], NULL);
    }
    sk_spin_unlock(&o->table.lock);
    sk_map_unref(old);
    return old ? 0 : -SKEP_ENOENT;
}

static int next_hash(struct skep_map *map, const void *key, void *next)
{
    struct sk_table *t = &outer_of(map)->table;
    sk_spin_lock(&t->lock);
    const bool found = sk_table_next(t, key, next);
    sk_spin_unlock(&t->lock);
    return found ? 0 : -SKEP_ENOENT;
}

/* From outside values are descriptors, and none is good; skep_map_update_map says which map is meant. */
static int hash_no_fd(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    (void)map, (void)key, (void)value, (void)flags;
    return -SKEP_EBADF;
}

#define OUTER_OPS                                                                                                      \
    .no_values = true, .size = sizeof(struct sk_outer), .create = create, .destroy = destroy, .copy_out = copy_out,    \
    .lookup_batch = sk_batch_lookup, .update_batch = sk_batch_update

const struct sk_map_ops sk_map_array_of_maps = {.type = SKEP_MAP_ARRAY_OF_MAPS,
                                                .check = check_array,
                                                .remove = remove_array,
                                                .copy_in = sk_indexed_no_fd,
                                                .next_key = sk_indexed_next_key,
                                                .get_map = get_array,
                                                .put_map = put_array,
                                                .peek_map = peek_array,
                                                OUTER_OPS};
const struct sk_map_ops sk_map_hash_of_maps = {.type = SKEP_MAP_HASH_OF_MAPS,
                                               .check = check_hash,
                                               .remove = remove_hash,
                                               .remove_batch = sk_batch_remove,
                                               .copy_in = hash_no_fd,
                                               .next_key = next_hash,
                                               .get_map = get_hash,
                                               .put_map = put_hash,
                                               .peek_map = peek_hash,
                                               OUTER_OPS};
