/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arrays of programs (kernel/bpf/arraymap.c, prog_array_map_ops). */
#include "map/prog_array.h"

#include "map/indexed.h"
#include "map/types.h"

static struct sk_prog_array *array_of(struct skep_map *map) { return (struct sk_prog_array *)map; }

static int check(const skep_map_options *o) { return sk_indexed_check(o, SK_INDEXED_FLAGS); }

static int create(struct skep_map *map, const skep_map_options *options)
{
    (void)options;
    array_of(map)->slots = sk_alloc_array(&map->hooks, map->max_entries, sizeof(sk_slot));
    return array_of(map)->slots ? 0 : -SKEP_ENOMEM;
}

/* Programs of the array may hold the array: with its last user they go, as they do in Linux (prog_array_map_clear). */
static void abandon(struct skep_map *map)
{
    for (uint32_t i = 0; i < map->max_entries; i++)
        sk_counted_unref(sk_slot_replace(&array_of(map)->slots[i], NULL));
}

static void destroy(struct skep_map *map)
{
    abandon(map);
    sk_free(&map->hooks, array_of(map)->slots);
}

struct sk_counted *sk_prog_array_get(struct skep_map *map, uint32_t index)
{
    if (index >= map->max_entries)
        return NULL;
    sk_slot *slot = &array_of(map)->slots[index];
    struct sk_counted *program = sk_slot_lock(slot);
    if (program)
        sk_counted_ref(program);
    sk_slot_unlock(slot, program);
    return program;
}

int sk_prog_array_put(struct skep_map *map, uint32_t index, struct sk_counted *program, uint64_t flags)
{
    if (flags != SKEP_ANY)
        return -SKEP_EINVAL;
    if (index >= map->max_entries)
        return -SKEP_E2BIG;
    sk_counted_unref(sk_slot_replace(&array_of(map)->slots[index], sk_counted_ref(program)));
    return 0;
}

static int copy_out(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    struct sk_counted *program = sk_prog_array_get(map, sk_load32(key));
    (void)flags;
    if (!program)
        return -SKEP_ENOENT;
    sk_store32(value, program->id);
    sk_counted_unref(program);
    return 0;
}

static int remove_entry(struct skep_map *map, const void *key)
{
    const uint32_t index = sk_load32(key);
    if (index >= map->max_entries)
        return -SKEP_E2BIG;
    struct sk_counted *old = sk_slot_replace(&array_of(map)->slots[index], NULL);
    sk_counted_unref(old);
    return old ? 0 : -SKEP_ENOENT;
}

const struct sk_map_ops sk_map_prog_array = {.type = SKEP_MAP_PROG_ARRAY,
                                             .no_values = true,
                                             .size = sizeof(struct sk_prog_array),
                                             .check = check,
                                             .create = create,
                                             .destroy = destroy,
                                             .abandon = abandon,
                                             .remove = remove_entry,
                                             .copy_out = copy_out,
                                             .copy_in = sk_indexed_no_fd,
                                             .next_key = sk_indexed_next_key};
