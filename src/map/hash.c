/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hash maps and per-cpu hash maps (kernel/bpf/hashtab.c), and what the LRU types share with them. */
#include "map/batch.h"
#include "map/hash.h"
#include "map/types.h"

#define HASH_FLAGS                                                                                                     \
    (SKEP_MAP_NO_PREALLOC | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_ZERO_SEED | SKEP_MAP_RDONLY_PROG |            \
     SKEP_MAP_WRONLY_PROG)
#define LOAD 5u /* entries for a bucket of eight: few buckets have more, and the table is a sixth of small entries */
#define ELEMENT_MOST (UINT64_C(4194304) - 48) /* KMALLOC_MAX_SIZE - sizeof(struct htab_elem) of x86-64 */
#define PERCPU_VALUE_MOST 32768u              /* PCPU_MIN_UNIT_SIZE */
#define MOST_ENTRIES (UINT32_C(1) << 31)

int sk_hash_check(const skep_map_options *o, uint32_t flags)
{
    const bool per_cpu = o->type == SKEP_MAP_PERCPU_HASH || o->type == SKEP_MAP_LRU_PERCPU_HASH;
    if (o->max_entries == 0 || o->key_size == 0 || o->value_size == 0 || !sk_map_flags_ok(o->flags, flags))
        return -SKEP_EINVAL;
    if ((uint64_t)o->key_size + o->value_size >= ELEMENT_MOST || (per_cpu && o->value_size > PERCPU_VALUE_MOST) ||
        o->max_entries > MOST_ENTRIES)
        return -SKEP_E2BIG;
    return 0;
}

static int check(const skep_map_options *o)
{
    return sk_hash_check(o, o->type == SKEP_MAP_PERCPU_HASH ? HASH_FLAGS : HASH_FLAGS | SKEP_MAP_NUMA_NODE);
}

static void seed(struct sk_hash *h)
{
    /* Digits of pi's and e's fractions: the multiplier must be odd, and neither may be small. */
    h->seed[0] = UINT64_C(0x243f6a8885a308d3);
    h->seed[1] = UINT64_C(0xb7e151628aed2a6b);
    if (h->map.flags & SKEP_MAP_ZERO_SEED)
        return;
    for (int i = 0; i < 2; i++)
        h->seed[i] ^= h->map.hooks.random ? h->map.hooks.random(h->map.hooks.user) : sk_addr(h) * (uint64_t)(2 * i + 1);
    h->seed[1] |= 1;
}

/* Memory for `count` things of `size` bytes, not cleared. */
static void *memory_for(struct sk_hash *h, uint64_t count, uint64_t size)
{
    /* Sizes are below 2^23, counts below 2^42. */
    return count * size > SIZE_MAX >> 1 ? NULL : sk_alloc(&h->map.hooks, (size_t)(count * size));
}

static bool create_buckets(struct sk_hash *h)
{
    h->bucket_count = (h->elements + LOAD - 1) / LOAD;
    h->memory[0] = memory_for(h, (uint64_t)h->bucket_count + 1, sizeof(struct sk_hash_bucket));
    if (!h->memory[0])
        return false;
    h->buckets = sk_ptr((sk_addr(h->memory[0]) + 63) & ~UINT64_C(63));
    for (uint32_t i = 0; i < h->bucket_count; i++)
        h->buckets[i] = (struct sk_hash_bucket){.chain = SK_HASH_NONE};
    return true;
}

/* Room for all elements at once, with or without NO_PREALLOC; but nothing of it is touched before it is used. */
int sk_hash_create(struct skep_map *map, const struct sk_map_ops *const sizes[4])
{
    struct sk_hash *h = sk_hash_of(map);
    sk_hash_pools_plan(h);
    seed(h);
    const uint64_t cpus = map->ops->per_cpu ? map->cpus->count : 1;
    h->key_stride = map->key_size <= 4 ? 4 : (map->key_size + 7) & ~7u;
    h->stride = sk_map_round8(map->value_size);
    h->per_cpu = map->ops->per_cpu ? (h->stride * h->elements + 63) & ~UINT64_C(63) : 0;
    h->keys = memory_for(h, h->elements, h->key_stride);
    h->links = memory_for(h, h->elements, sizeof *h->links);
    h->values = map->ops->per_cpu ? memory_for(h, cpus, h->per_cpu) : memory_for(h, h->elements, h->stride);
    if (!h->keys || !h->links || !h->values || !create_buckets(h) || sk_hash_pools_create(h)) {
        sk_hash_destroy(map);
        return -SKEP_ENOMEM;
    }
    map->ops = map->key_size == 4 ? sizes[0] : map->key_size == 8 ? sizes[1] : map->key_size == 16 ? sizes[2] : sizes[3];
    return 0;
}

void sk_hash_destroy(struct skep_map *map)
{
    struct sk_hash *h = sk_hash_of(map);
    void *all[] = {h->keys, h->links, h->values, h->marks, h->memory[0], h->memory[1]};
    for (size_t i = 0; i < SK_COUNT(all); i++)
        sk_free(&map->hooks, all[i]);
}

bool sk_hash_find_value(const struct skep_map *map, uint64_t address, struct sk_span *span)
{
    const struct sk_hash *h = sk_hash_of(map);
    uint64_t offset = address - sk_addr(h->values), part = 0;
    if (h->per_cpu) {
        part = offset / h->per_cpu;
        if (part >= map->cpus->count)
            return false;
        offset -= part * h->per_cpu;
    }
    const uint64_t element = offset / h->stride;
    if (element >= h->elements || !sk_hash_was_used(h, (uint32_t)element))
        return false;
    offset -= element * h->stride;
    *span = (struct sk_span){address - offset, map->value_size};
    return offset < map->value_size;
}

void sk_hash_copy_value(const struct sk_hash *h, void *to, uint32_t element, bool locked)
{
    const uint8_t *from = sk_hash_value(h, element, 0);
    if (!h->per_cpu) {
        sk_map_load_value(&h->map, to, from, locked);
        return;
    }
    uint8_t *out = to;
    for (uint32_t cpu = 0; cpu < h->map.cpus->count; cpu++, from += h->per_cpu, out += h->stride)
        sk_map_copy_words(out, from, (size_t)h->stride);
}

/* Without the bucket's lock unless others change the bucket all the time. */
int sk_hash_copy_out(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    const struct sk_hash *h = sk_hash_of(map);
    struct sk_hash_bucket *bucket;
    uint32_t sequence;
    for (int tries = 0; tries < 8; tries++) {
        const uint32_t element = sk_hash_find_at(h, key, &bucket, &sequence);
        if (element == SK_HASH_NONE)
            return -SKEP_ENOENT;
        sk_hash_copy_value(h, value, element, flags & SKEP_F_LOCK);
        sk_fence();
        if (__atomic_load_n(&bucket->sequence, __ATOMIC_RELAXED) == sequence)
            return 0;
    }
    sk_spin_lock(&bucket->lock);
    const struct sk_hash_place place = sk_hash_locate(h, bucket, key, sk_hash_key(h, key));
    if (place.element != SK_HASH_NONE)
        sk_hash_copy_value(h, value, place.element, false);
    sk_spin_unlock(&bucket->lock);
    return place.element == SK_HASH_NONE ? -SKEP_ENOENT : 0;
}

int sk_hash_copy_in(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    return map->ops->per_cpu ? sk_hash_update_all(map, key, value, flags) : sk_hash_update(map, key, value, flags, 0);
}

int sk_hash_take(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    struct sk_hash *h = sk_hash_of(map);
    const uint64_t hash = sk_hash_key(h, key);
    struct sk_hash_bucket *bucket = sk_hash_bucket_of(h, hash);
    sk_spin_lock(&bucket->lock);
    const struct sk_hash_place place = sk_hash_locate(h, bucket, key, hash);
    if (place.element != SK_HASH_NONE)
        sk_hash_unlink(h, &place);
    sk_spin_unlock(&bucket->lock);
    if (place.element == SK_HASH_NONE)
        return -SKEP_ENOENT;
    if (value)
        sk_hash_copy_value(h, value, place.element, flags & SKEP_F_LOCK);
    sk_hash_value_gone(h, place.element);
    sk_hash_pool_give(h, place.element);
    return 0;
}

int sk_hash_remove(struct skep_map *map, const void *key) { return sk_hash_take(map, key, NULL, 0); }

#define HASH_OPS(lookup_)                                                                                              \
    .size = sizeof(struct sk_hash), .check = check, .create = create, .destroy = sk_hash_destroy, .lookup = lookup_,   \
    .update = sk_hash_update, .remove = sk_hash_remove, .for_each = sk_hash_for_each,                                  \
    .find_value = sk_hash_find_value, .copy_out = sk_hash_copy_out, .copy_in = sk_hash_copy_in, .take = sk_hash_take,  \
    .next_key = sk_hash_next_key, .lookup_batch = sk_hash_lookup_batch, .update_batch = sk_batch_update,               \
    .remove_batch = sk_batch_remove
#define PLAIN(lookup_) {.type = SKEP_MAP_HASH, HASH_OPS(lookup_)}
#define PER_CPU(lookup_) {.type = SKEP_MAP_PERCPU_HASH, .per_cpu = true, .lookup_cpu = lookup_, HASH_OPS(lookup_)}

static int create(struct skep_map *map, const skep_map_options *options);

const struct sk_map_ops sk_map_hash = PLAIN(sk_hash_lookup), sk_map_percpu_hash = PER_CPU(sk_hash_lookup_per_cpu);
static const struct sk_map_ops plain[] = {PLAIN(sk_hash_lookup_4), PLAIN(sk_hash_lookup_8), PLAIN(sk_hash_lookup_16)};
static const struct sk_map_ops per_cpu[] = {PER_CPU(sk_hash_lookup_per_cpu_4), PER_CPU(sk_hash_lookup_per_cpu_8),
                                            PER_CPU(sk_hash_lookup_per_cpu_16)};

static int create(struct skep_map *map, const skep_map_options *options)
{
    static const struct sk_map_ops *const sizes[] = {&plain[0], &plain[1], &plain[2], &sk_map_hash};
    static const struct sk_map_ops *const per_cpu_sizes[] = {&per_cpu[0], &per_cpu[1], &per_cpu[2], &sk_map_percpu_hash};
    (void)options;
    return sk_hash_create(map, map->ops->per_cpu ? per_cpu_sizes : sizes);
}
