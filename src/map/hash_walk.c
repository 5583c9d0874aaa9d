/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Going through a hash table: bucket by bucket, there by slots, then along the chain. Elements never move, so whoever deletes
 * what was visited misses nothing. */
#include "map/hash.h"

#define POSITIONS (SK_HASH_SLOTS + 1) /* of a bucket, for batches: its slots, and its chain as a whole */

/* The first element of the bucket from `slot` on; under its lock. */
static uint32_t first_from(const struct sk_hash_bucket *bucket, uint32_t slot)
{
    for (; slot < SK_HASH_SLOTS; slot++)
        if (bucket->tags >> 8 * slot & 0xff)
            return bucket->slots[slot];
    return bucket->chain;
}

static uint32_t following(const struct sk_hash *h, const struct sk_hash_place *place)
{
    return place->slot < SK_HASH_SLOTS ? first_from(place->bucket, place->slot + 1) : h->links[place->element];
}

static bool is_empty(const struct sk_hash_bucket *bucket)
{
    return !__atomic_load_n(&bucket->tags, __ATOMIC_ACQUIRE) && __atomic_load_n(&bucket->chain, __ATOMIC_ACQUIRE) == SK_HASH_NONE;
}

int sk_hash_next_key(struct skep_map *map, const void *key, void *next)
{
    const struct sk_hash *h = sk_hash_of(map);
    uint32_t i = 0;
    if (key) {
        const uint64_t hash = sk_hash_key(h, key);
        struct sk_hash_bucket *bucket = sk_hash_bucket_of(h, hash);
        sk_spin_lock(&bucket->lock);
        const struct sk_hash_place place = sk_hash_locate(h, bucket, key, hash);
        const uint32_t element = place.element == SK_HASH_NONE ? SK_HASH_NONE : following(h, &place);
        if (element != SK_HASH_NONE)
            sk_hash_get_key(h, element, next);
        sk_spin_unlock(&bucket->lock);
        if (element != SK_HASH_NONE)
            return 0;
        if (place.element != SK_HASH_NONE)
            i = (uint32_t)(bucket - h->buckets) + 1;
    }
    for (; i < h->bucket_count; i++) {
        struct sk_hash_bucket *bucket = &h->buckets[i];
        if (is_empty(bucket))
            continue;
        sk_spin_lock(&bucket->lock);
        const uint32_t element = first_from(bucket, 0);
        if (element != SK_HASH_NONE)
            sk_hash_get_key(h, element, next);
        sk_spin_unlock(&bucket->lock);
        if (element != SK_HASH_NONE)
            return 0;
    }
    return -SKEP_ENOENT;
}

/* Visits the elements of a chain; what the visits do to it may cost us its rest. Other than 0: ended. */
static int64_t visit_chain(struct sk_hash *h, struct sk_hash_bucket *bucket, void *key, sk_map_visit visit, void *user,
                           uint32_t cpu, int64_t *count)
{
    uint32_t now = SK_HASH_NONE, next;
    sk_spin_lock(&bucket->lock);
    for (next = bucket->chain; next != SK_HASH_NONE;) {
        now = next;
        next = h->links[now];
        sk_hash_get_key(h, now, key);
        sk_spin_unlock(&bucket->lock);
        ++*count;
        const int64_t ended = visit(user, key, sk_hash_value(h, now, cpu));
        if (ended)
            return ended;
        sk_spin_lock(&bucket->lock);
        /* Go on behind the element if it is still there, with the one that followed if that is. */
        if (sk_hash_locate_element(h, bucket, now).element == now)
            next = h->links[now];
        else
            next = sk_hash_locate_element(h, bucket, next).element;
    }
    sk_spin_unlock(&bucket->lock);
    return 0;
}

/* What is in the slot now, and its key; no lock. */
static uint32_t key_in_slot(const struct sk_hash *h, const struct sk_hash_bucket *bucket, uint32_t slot, void *key)
{
    for (;;) {
        const uint32_t sequence = __atomic_load_n(&bucket->sequence, __ATOMIC_ACQUIRE);
        if (!(__atomic_load_n(&bucket->tags, __ATOMIC_ACQUIRE) >> 8 * slot & 0xff))
            return SK_HASH_NONE;
        const uint32_t element = __atomic_load_n(&bucket->slots[slot], __ATOMIC_ACQUIRE);
        sk_hash_get_key(h, element, key);
        if (__atomic_load_n(&bucket->sequence, __ATOMIC_RELAXED) == sequence)
            return element;
    }
}

int64_t sk_hash_for_each(struct skep_map *map, sk_map_visit visit, void *user, uint32_t cpu)
{
    struct sk_hash *h = sk_hash_of(map);
    uint64_t small[64];
    void *key = map->key_size <= sizeof small ? small : sk_alloc(&map->hooks, map->key_size);
    int64_t count = 0, ended = 0;
    if (!key)
        return -SKEP_ENOMEM;
    const uint32_t part = map->ops->per_cpu ? cpu : 0;
    for (uint32_t i = 0; i < h->bucket_count && !ended; i++) {
        struct sk_hash_bucket *bucket = &h->buckets[i];
        if (is_empty(bucket))
            continue;
        for (uint32_t slot = 0; slot < SK_HASH_SLOTS && !ended; slot++) {
            const uint32_t element = key_in_slot(h, bucket, slot, key);
            if (element != SK_HASH_NONE) {
                count++;
                ended = visit(user, key, sk_hash_value(h, element, part));
            }
        }
        if (!ended && __atomic_load_n(&bucket->chain, __ATOMIC_ACQUIRE) != SK_HASH_NONE)
            ended = visit_chain(h, bucket, key, visit, user, part, &count);
    }
    if (key != (void *)small)
        sk_free(&map->hooks, key);
    return count;
}

/* ------------------------------------------------------------------------------------------- batches */

struct batch {
    struct sk_hash *h;
    uint8_t *keys, *values;
    size_t value_size;
    uint32_t count, most;
    bool locked, take;
};

static void add(struct batch *b, uint32_t element)
{
    sk_hash_get_key(b->h, element, b->keys + (size_t)b->count * b->h->map.key_size);
    sk_hash_copy_value(b->h, b->values + b->count * b->value_size, element, b->locked);
    b->count++;
}

/* Adds what is in the bucket from *position on; false: there is no room for what is at *position. */
static bool add_bucket(struct batch *b, struct sk_hash_bucket *bucket, uint32_t *position)
{
    struct sk_hash *h = b->h;
    uint32_t gone[SK_HASH_SLOTS], gone_count = 0, gone_chain = SK_HASH_NONE;
    bool room = true;
    sk_spin_lock(&bucket->lock);
    for (; *position < SK_HASH_SLOTS; ++*position) {
        if (!(bucket->tags >> 8 * *position & 0xff))
            continue;
        room = b->count < b->most;
        if (!room)
            break;
        const uint32_t element = bucket->slots[*position];
        add(b, element);
        if (b->take) {
            sk_hash_unlink(h, &(struct sk_hash_place){bucket, &bucket->slots[*position], *position, element});
            gone[gone_count++] = element;
        }
    }
    uint32_t length = 0;
    for (uint32_t e = bucket->chain; e != SK_HASH_NONE; e = h->links[e])
        length++;
    room = room && length <= b->most - b->count;
    if (room) {
        for (uint32_t e = bucket->chain; e != SK_HASH_NONE; e = h->links[e])
            add(b, e);
        while (b->take && bucket->chain != SK_HASH_NONE) {
            /* Those that are out keep their links until they are given back. */
            gone_chain = gone_chain == SK_HASH_NONE ? bucket->chain : gone_chain;
            sk_hash_unlink(h, &(struct sk_hash_place){bucket, &bucket->chain, SK_HASH_SLOTS, bucket->chain});
        }
        *position = 0;
    }
    sk_spin_unlock(&bucket->lock);
    for (uint32_t i = 0; i < gone_count; i++) {
        sk_hash_value_gone(h, gone[i]);
        sk_hash_pool_give(h, gone[i]);
    }
    for (uint32_t e = gone_chain, next; e != SK_HASH_NONE; e = next) {
        next = h->links[e];
        sk_hash_value_gone(h, e);
        sk_hash_pool_give(h, e);
    }
    return room;
}

int sk_hash_lookup_batch(struct skep_map *map, const void *in, void *out, void *keys, void *values, uint32_t *count,
                         uint64_t flags, bool take)
{
    struct sk_hash *h = sk_hash_of(map);
    if ((flags & ~(uint64_t)SKEP_F_LOCK) || (flags && map->lock_offset < 0))
        return -SKEP_EINVAL;
    struct batch b = {.h = h, .keys = keys, .values = values, .most = *count, .locked = flags != 0, .take = take,
                      .value_size = map->ops->per_cpu ? (size_t)h->stride * map->cpus->count : map->value_size};
    if (!b.most)
        return 0;
    *count = 0;
    const uint32_t from = in ? sk_load32(in) : 0;
    uint32_t i = from / POSITIONS, position = from % POSITIONS;
    if (i >= h->bucket_count)
        return -SKEP_ENOENT;
    bool room = true;
    for (; i < h->bucket_count && room; i += room) {
        if (is_empty(&h->buckets[i]))
            position = 0;
        else
            room = add_bucket(&b, &h->buckets[i], &position);
    }
    *count = b.count;
    sk_store32(out, i * POSITIONS + position);
    return room ? -SKEP_ENOENT : b.count ? 0 : -SKEP_ENOSPC;
}
