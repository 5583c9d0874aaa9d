/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * LRU hash maps. What to evict is found as a clock does it: a hand goes round the elements; one that was looked up since the
 * hand's last visit is spared until the next. So entries that are in use stay, and others go in about the order in which
 * they came. Linux has two lists for the same purpose; neither promises an order.
 *
 * With NO_COMMON_LRU each pool has a hand of its own, which stays in its range.
 */
#include "map/batch.h"
#include "map/hash.h"
#include "map/types.h"

#define LRU_FLAGS                                                                                                      \
    (SKEP_MAP_NO_COMMON_LRU | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_ZERO_SEED | SKEP_MAP_RDONLY_PROG |          \
     SKEP_MAP_WRONLY_PROG)
#define PATIENCE 1024u /* so many are spared; then one goes whether it was used or not */

static int check(const skep_map_options *o)
{
    if (o->flags & SKEP_MAP_NO_PREALLOC)
        return sk_map_flags_ok(o->flags, LRU_FLAGS | SKEP_MAP_NO_PREALLOC | SKEP_MAP_NUMA_NODE) ? -SKEP_ENOTSUPP : -SKEP_EINVAL;
    if ((o->flags & SKEP_MAP_NO_COMMON_LRU) && (o->flags & SKEP_MAP_NUMA_NODE))
        return -SKEP_EINVAL;
    return sk_hash_check(o, o->type == SKEP_MAP_LRU_PERCPU_HASH ? LRU_FLAGS : LRU_FLAGS | SKEP_MAP_NUMA_NODE);
}

/* Takes the element out of the table, if it is there. Its key may change before the bucket is locked: then it is not in it. */
static bool take_out(struct sk_hash *h, uint32_t element)
{
    uint64_t small[64];
    const bool is_small = h->map.key_size <= sizeof small;
    void *key = is_small ? small : sk_alloc(&h->map.hooks, h->map.key_size);
    if (!key)
        return false;
    sk_hash_get_key(h, element, key);
    struct sk_hash_bucket *bucket = sk_hash_bucket_of(h, sk_hash_key(h, key));
    if (!is_small)
        sk_free(&h->map.hooks, key);
    sk_spin_lock(&bucket->lock);
    const struct sk_hash_place place = sk_hash_locate_element(h, bucket, element);
    if (place.element == element)
        sk_hash_unlink(h, &place);
    sk_spin_unlock(&bucket->lock);
    if (place.element != element)
        return false;
    sk_hash_value_gone(h, element);
    return true;
}

uint32_t sk_hash_evict(struct sk_hash *h, uint32_t hint)
{
    uint32_t pool = 0, low = 0, size = h->elements;
    if (h->map.flags & SKEP_MAP_NO_COMMON_LRU) {
        pool = (hint & h->pool_mask) % h->pool_count;
        low = pool << h->pool_shift;
        size = h->pools[pool].end - low;
    }
    uint32_t *hand = &h->pools[pool].hand, spared = 0;
    /* Once round sparing, once more not; what others take meanwhile leaves something free. */
    for (uint64_t steps = 0; steps < 2 * (uint64_t)size + PATIENCE; steps++) {
        const uint32_t element = low + __atomic_fetch_add(hand, 1, __ATOMIC_RELAXED) % size;
        const uint8_t mark = __atomic_load_n(&h->marks[element], __ATOMIC_RELAXED);
        if (mark & SK_HASH_TOUCHED && spared < PATIENCE) {
            __atomic_store_n(&h->marks[element], SK_HASH_USED, __ATOMIC_RELAXED);
            spared++;
        } else if (mark && take_out(h, element)) {
            return element;
        }
    }
    return sk_hash_pool_take(h, hint);
}

static int create(struct skep_map *map, const skep_map_options *options);

#define LRU_OPS(lookup_)                                                                                               \
    .size = sizeof(struct sk_hash), .check = check, .create = create, .destroy = sk_hash_destroy, .lookup = lookup_,   \
    .update = sk_hash_update, .remove = sk_hash_remove, .for_each = sk_hash_for_each,                                  \
    .find_value = sk_hash_find_value, .copy_out = sk_hash_copy_out, .copy_in = sk_hash_copy_in, .take = sk_hash_take,  \
    .next_key = sk_hash_next_key, .lookup_batch = sk_hash_lookup_batch, .update_batch = sk_batch_update,               \
    .remove_batch = sk_batch_remove
#define PLAIN(lookup_) {.type = SKEP_MAP_LRU_HASH, LRU_OPS(lookup_)}
#define PER_CPU(lookup_) {.type = SKEP_MAP_LRU_PERCPU_HASH, .per_cpu = true, .lookup_cpu = lookup_, LRU_OPS(lookup_)}

const struct sk_map_ops sk_map_lru_hash = PLAIN(sk_hash_lookup_lru);
const struct sk_map_ops sk_map_lru_percpu_hash = PER_CPU(sk_hash_lookup_lru_per_cpu);
static const struct sk_map_ops plain[] = {PLAIN(sk_hash_lookup_lru_4), PLAIN(sk_hash_lookup_lru_8), PLAIN(sk_hash_lookup_lru_16)};
static const struct sk_map_ops per_cpu[] = {PER_CPU(sk_hash_lookup_lru_per_cpu_4), PER_CPU(sk_hash_lookup_lru_per_cpu_8),
                                            PER_CPU(sk_hash_lookup_lru_per_cpu_16)};

static int create(struct skep_map *map, const skep_map_options *options)
{
    static const struct sk_map_ops *const sizes[] = {&plain[0], &plain[1], &plain[2], &sk_map_lru_hash};
    static const struct sk_map_ops *const per_cpu_sizes[] = {&per_cpu[0], &per_cpu[1], &per_cpu[2], &sk_map_lru_percpu_hash};
    struct sk_hash *h = sk_hash_of(map);
    (void)options;
    if (map->flags & SKEP_MAP_NO_COMMON_LRU) { /* as many for each cpu */
        const uint32_t over = map->max_entries % map->cpus->count;
        map->max_entries += over ? map->cpus->count - over : 0;
    }
    const int failed = sk_hash_create(map, map->ops->per_cpu ? per_cpu_sizes : sizes);
    if (failed)
        return failed;
    h->marks = sk_alloc_zero(&map->hooks, h->elements);
    if (h->marks)
        return 0;
    sk_hash_destroy(map);
    return -SKEP_ENOMEM;
}
