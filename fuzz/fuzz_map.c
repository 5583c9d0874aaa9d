/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any bytes as the options of a map and what is then done to it, from programs and from outside. What was stored is there,
 * what was deleted is not, addresses that lookups give are values of the map, and no map has more entries than it may.
 * Input: type, sizes of key and value, entries (a byte each), flags (two bytes), then operations: a byte each and a key.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "map/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CPUS = 2, MOST_KEY = 256, MOST_VALUE = 256, BATCH = 8 };

static const uint8_t *input;
static size_t left;

static uint8_t next_byte(void) { return left ? left--, *input++ : 0; }

static void next_bytes(uint8_t *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = next_byte();
}

static void must(bool good)
{
    if (!good)
        abort();
}

/* Longest-prefix tries answer for other keys than those that were stored; LRU maps may lose entries; some tell nothing. */
static bool is_plain(const skep_map *map)
{
    if (map->flags & SKEP_MAP_WRONLY)
        return false;
    return map->type == SKEP_MAP_HASH || map->type == SKEP_MAP_PERCPU_HASH || map->type == SKEP_MAP_ARRAY ||
           map->type == SKEP_MAP_PERCPU_ARRAY;
}

static void check_address(skep_map *map, const void *value)
{
    struct sk_span span;
    if (!map->ops->find_value || map->ops->no_values)
        return;
    const uint64_t address = (uint64_t)(uintptr_t)value;
    must(map->ops->find_value(map, address, &span) && span.low == address);
    must(span.size >= map->value_size && span.size < map->value_size + 8u);
    for (uint32_t i = 0; i < map->value_size; i++)
        (void)((const volatile uint8_t *)value)[i];
}

static int64_t visit(void *user, const void *key, void *value)
{
    skep_map *map = user;
    (void)key;
    check_address(map, value);
    if (next_byte() & 1 && map->ops->remove)
        map->ops->remove(map, key);
    return !left;
}

static void walk(skep_map *map)
{
    uint8_t key[MOST_KEY];
    uint32_t count = 0;
    if (!map->key_size)
        return;
    for (const void *last = NULL; !skep_map_next_key(map, last, key); last = key)
        must(++count <= map->max_entries);
}

static void batch(skep_map *map, uint8_t kind)
{
    static uint8_t keys[BATCH * MOST_KEY], values[BATCH * MOST_VALUE * CPUS], at[MOST_KEY + 4];
    uint32_t count = next_byte() % (BATCH + 1);
    next_bytes(at, map->key_size);
    next_bytes(keys, (size_t)count * map->key_size);
    switch (kind % 4) {
    case 0:
        skep_map_lookup_batch(map, kind & 4 ? at : NULL, at, keys, values, &count, kind >> 6);
        break;
    case 1:
        skep_map_lookup_and_delete_batch(map, kind & 4 ? at : NULL, at, keys, values, &count, kind >> 6);
        break;
    case 2:
        skep_map_update_batch(map, keys, values, &count, kind >> 5);
        break;
    default:
        skep_map_delete_batch(map, keys, &count, kind >> 5);
    }
    must(count <= BATCH);
}

static void operate(skep_map *map)
{
    const struct sk_map_ops *ops = map->ops;
    uint8_t key[MOST_KEY], value[MOST_VALUE * CPUS], got[MOST_VALUE * CPUS];
    const uint8_t what = next_byte(), more = next_byte();
    const uint32_t cpu = what >> 7;
    const void *given = map->key_size ? key : NULL;
    next_bytes(key, map->key_size < 6 ? map->key_size : 6);
    memset(key + 6, 0, sizeof key - 6);
    memset(value, more, sizeof value);
    switch (what & 15) {
    case 0:
    case 1:
        if (!skep_map_update(map, given, value, more & 7) && is_plain(map))
            must(!skep_map_lookup(map, given, got, 0));
        break;
    case 2:
    case 3:
        if (ops->update && !ops->update(map, key, value, more & 7, cpu) && is_plain(map))
            must(ops->lookup(map, key, cpu) != NULL);
        break;
    case 4:
        if (!skep_map_delete(map, given) && is_plain(map))
            must(skep_map_lookup(map, given, got, 0) == -SKEP_ENOENT);
        break;
    case 5:
        if (ops->remove && given)
            ops->remove(map, key);
        break;
    case 6:
    case 7:
        if (ops->lookup && given) {
            const void *found = ops->lookup(map, key, cpu);
            if (found)
                check_address(map, found);
        }
        break;
    case 8:
        skep_map_lookup(map, given, got, more & 7);
        break;
    case 9:
        if (!skep_map_lookup_and_delete(map, given, got, more & 7) && is_plain(map))
            must(skep_map_lookup(map, given, got, 0) == -SKEP_ENOENT);
        break;
    case 10:
        if (map->key_size)
            skep_map_next_key(map, more & 1 ? key : NULL, got);
        break;
    case 11:
        if (ops->for_each)
            ops->for_each(map, visit, map, cpu);
        break;
    case 12:
    case 13:
        if (map->key_size)
            batch(map, more);
        break;
    case 14:
        if (more == 0)
            skep_map_freeze(map);
        walk(map);
        break;
    default:
        if (ops->push && ops->peek && ops->pop)
            (void)(more & 1 ? ops->push(map, value, more >> 1 & 3) : more & 2 ? ops->peek(map, got) : ops->pop(map, got));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t types[] = {SKEP_MAP_HASH,     SKEP_MAP_ARRAY,           SKEP_MAP_PERCPU_HASH, SKEP_MAP_PERCPU_ARRAY,
                                    SKEP_MAP_LRU_HASH, SKEP_MAP_LRU_PERCPU_HASH, SKEP_MAP_LPM_TRIE,    SKEP_MAP_QUEUE,
                                    SKEP_MAP_STACK};
    static skep_cpus *cpus;
    if (!cpus && skep_cpus_create(NULL, CPUS, &cpus, NULL))
        abort();
    input = data, left = size;
    skep_map_options o = {.size = sizeof o, .cpus = cpus};
    o.type = (skep_map_type)types[next_byte() % sizeof types];
    o.key_size = next_byte();
    o.value_size = next_byte() + 1u;
    o.max_entries = next_byte();
    o.flags = next_byte();
    o.flags |= (uint32_t)next_byte() << 8;
    if (o.type == SKEP_MAP_LPM_TRIE)
        o.flags |= SKEP_MAP_NO_PREALLOC;
    if (o.flags & 0x8000 && o.value_size >= 8)
        o.lock_offset = 1 + o.value_size / 8 * 4;
    o.flags &= ~0x8000u;
    skep_map *map = NULL;
    if (skep_map_create(&o, &map, NULL))
        return 0;
    while (left)
        operate(map);
    walk(map);
    skep_map_unref(map);
    return 0;
}
