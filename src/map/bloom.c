/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bloom filters (kernel/bpf/bloom_filter.c): with SKEP_MAP_ZERO_SEED the same false positives as there. */
#include "map/jhash.h"
#include "map/lock.h"
#include "map/types.h"

#define BLOOM_FLAGS                                                                                                    \
    (SKEP_MAP_NUMA_NODE | SKEP_MAP_ZERO_SEED | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_RDONLY_PROG |              \
     SKEP_MAP_WRONLY_PROG)
#define VALUE_MOST (UINT32_C(4) << 20) /* KMALLOC_MAX_SIZE with 4 KiB pages */

struct sk_bloom {
    struct skep_map map;
    uint32_t hashes, seed;
    uint32_t mask;  /* one less than the number of bits */
    uint32_t *bits; /* atomic */
};

static struct sk_bloom *bloom_of(struct skep_map *map) { return (struct sk_bloom *)map; }

static int check(const skep_map_options *o)
{
    if (o->value_size > VALUE_MOST)
        return -SKEP_E2BIG;
    if (o->max_entries == 0 || o->key_size != 0 || o->value_size == 0 || !sk_map_flags_ok(o->flags, BLOOM_FLAGS) ||
        o->extra > 15)
        return -SKEP_EINVAL;
    return 0;
}

static int create(struct skep_map *map, const skep_map_options *options)
{
    struct sk_bloom *b = bloom_of(map);
    (void)options;
    b->hashes = map->extra ? (uint32_t)map->extra : 5;
    /* Entries times hashes divided by ln 2, as Linux rounds it, in 32 bits; then up to a power of two, 64 at least. */
    uint64_t wanted = (uint64_t)map->max_entries * b->hashes;
    if (wanted <= UINT32_MAX)
        wanted = wanted / 5 * 7;
    uint64_t bits = 64;
    while (bits < wanted && bits < UINT64_C(1) << 32)
        bits <<= 1;
    b->mask = (uint32_t)(bits - 1);
    b->seed = 0;
    if (!(map->flags & SKEP_MAP_ZERO_SEED) && map->hooks.random)
        b->seed = (uint32_t)map->hooks.random(map->hooks.user);
    if (bits / 8 > SIZE_MAX / 2)
        return -SKEP_ENOMEM;
    b->bits = sk_alloc_zero(&map->hooks, (size_t)(bits / 8));
    return b->bits ? 0 : -SKEP_ENOMEM;
}

static void destroy(struct skep_map *map) { sk_free(&map->hooks, bloom_of(map)->bits); }

static uint32_t bit_of(const struct sk_bloom *b, const void *value, uint32_t number)
{
    return sk_jhash(value, b->map.value_size, b->seed + number) & b->mask;
}

static int push(struct skep_map *map, const void *value, uint64_t flags)
{
    struct sk_bloom *b = bloom_of(map);
    if (flags != SKEP_ANY)
        return -SKEP_EINVAL;
    for (uint32_t i = 0; i < b->hashes; i++) {
        const uint32_t bit = bit_of(b, value, i), one = UINT32_C(1) << bit % 32;
        uint32_t *word = &b->bits[bit / 32];
        if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & one)) /* what is set needs no cache line of its own */
            __atomic_fetch_or(word, one, __ATOMIC_RELAXED);
    }
    return 0;
}

static int peek(struct skep_map *map, void *value)
{
    const struct sk_bloom *b = bloom_of(map);
    for (uint32_t i = 0; i < b->hashes; i++) {
        const uint32_t bit = bit_of(b, value, i);
        if (!(__atomic_load_n(&b->bits[bit / 32], __ATOMIC_RELAXED) >> bit % 32 & 1))
            return -SKEP_ENOENT;
    }
    return 0;
}

static int no_remove(struct skep_map *map, const void *key)
{
    (void)map, (void)key;
    return -SKEP_EOPNOTSUPP;
}

static int no_next_key(struct skep_map *map, const void *key, void *next)
{
    (void)map, (void)key, (void)next;
    return -SKEP_EOPNOTSUPP;
}

const struct sk_map_ops sk_map_bloom = {.type = SKEP_MAP_BLOOM_FILTER,
                                        .no_values = true,
                                        .size = sizeof(struct sk_bloom),
                                        .check = check,
                                        .create = create,
                                        .destroy = destroy,
                                        .remove = no_remove,
                                        .push = push,
                                        .peek = peek,
                                        .next_key = no_next_key};
