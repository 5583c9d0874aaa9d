/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Updates of hash tables. A new value is a new element that takes the place of the old one, so whoever holds the old value's
 * address still sees the old bytes; only values of cpus, and those with SKEP_F_LOCK, are changed where they are.
 */
#include "map/hash.h"

struct update {
    struct sk_hash *h;
    const void *key, *value;
    uint64_t flags;
    uint64_t hash;
    struct sk_hash_bucket *bucket;
    uint32_t cpu;  /* whose value it is, and where to look for a free element first */
    bool all_cpus; /* `value` has one for each cpu */
};

static int check_flags(bool there, uint64_t flags)
{
    flags &= ~(uint64_t)SKEP_F_LOCK;
    return there && flags == SKEP_NOEXIST ? -SKEP_EEXIST : !there && flags == SKEP_EXIST ? -SKEP_ENOENT : 0;
}

static void store_cpus(const struct update *u, uint32_t element, bool fresh)
{
    const struct sk_hash *h = u->h;
    const uint8_t *from = u->value;
    uint8_t *to = sk_hash_value(h, element, 0);
    for (uint32_t cpu = 0; cpu < h->map.cpus->count; cpu++, to += h->per_cpu) {
        if (u->all_cpus) {
            sk_map_copy_words(to, from, (size_t)h->stride);
            from += h->stride;
        } else if (cpu == u->cpu) {
            sk_map_copy_words(to, from, h->map.value_size);
        } else if (fresh) {
            sk_map_clear_words(to, (size_t)h->stride);
        }
    }
}

/* Makes the element the key's. Nobody finds it yet, but somebody may hold the address of its value. */
static void fill(const struct update *u, uint32_t element, uint8_t mark)
{
    struct sk_hash *h = u->h;
    sk_fence(); /* after the change of sequence that made it free */
    sk_hash_set_key(h, element, u->key);
    if (h->per_cpu) {
        store_cpus(u, element, true);
    } else {
        uint8_t *value = sk_hash_value(h, element, 0);
        sk_map_clear_special(&h->map, value);
        sk_map_store_value(&h->map, value, u->value, false);
    }
    if (h->marks)
        __atomic_store_n(&h->marks[element], mark, __ATOMIC_RELAXED);
}

/* Changes the value that is there. Returns with the bucket unlocked. */
static void change(const struct update *u, const struct sk_hash_place *place)
{
    struct sk_hash *h = u->h;
    if (h->per_cpu) {
        store_cpus(u, place->element, false);
        if (h->marks)
            __atomic_store_n(&h->marks[place->element], SK_HASH_USED | SK_HASH_TOUCHED, __ATOMIC_RELAXED);
        sk_spin_unlock(&u->bucket->lock);
        return;
    }
    uint32_t pool;
    const uint32_t element = sk_hash_spare_take(h, &pool, u->cpu);
    fill(u, element, SK_HASH_USED | SK_HASH_TOUCHED);
    sk_hash_replace(h, place, element);
    sk_spin_unlock(&u->bucket->lock);
    sk_hash_value_gone(h, place->element);
    sk_hash_spare_give(h, pool, place->element);
}

static int update(const struct update *u)
{
    struct sk_hash *h = u->h;
    uint32_t element = SK_HASH_NONE;
    for (;;) {
        sk_spin_lock(&u->bucket->lock);
        const struct sk_hash_place place = sk_hash_locate(h, u->bucket, u->key, u->hash);
        const bool there = place.element != SK_HASH_NONE;
        int result = check_flags(there, u->flags);
        if (!result && there) {
            change(u, &place);
        } else if (!result && (element != SK_HASH_NONE || (element = sk_hash_pool_take(h, u->cpu)) != SK_HASH_NONE)) {
            fill(u, element, SK_HASH_USED);
            sk_hash_insert(h, u->bucket, u->hash, element);
            sk_spin_unlock(&u->bucket->lock);
            return 0;
        } else {
            sk_spin_unlock(&u->bucket->lock);
            if (!result && h->marks) {
                element = sk_hash_evict(h, u->cpu);
                if (element != SK_HASH_NONE)
                    continue;
                result = -SKEP_ENOMEM;
            } else if (!result) {
                result = -SKEP_E2BIG;
            }
        }
        if (element != SK_HASH_NONE)
            sk_hash_pool_give(h, element);
        return result;
    }
}

/* In place, with the value's own lock, which programs hold, too: so not while the bucket's is held. False: it is not there. */
static bool update_locked(const struct update *u)
{
    const struct skep_map *map = &u->h->map;
    for (;;) {
        struct sk_hash_bucket *bucket;
        uint32_t sequence;
        const uint32_t element = sk_hash_find_at(u->h, u->key, &bucket, &sequence);
        if (element == SK_HASH_NONE)
            return false;
        uint8_t *value = sk_hash_value(u->h, element, 0);
        uint32_t *lock = sk_map_value_lock(value);
        sk_spin_lock(lock);
        const bool still = __atomic_load_n(&bucket->sequence, __ATOMIC_ACQUIRE) == sequence;
        if (still)
            sk_map_store_value(map, value, u->value, false);
        sk_spin_unlock(lock);
        if (still)
            return true;
    }
}

static int begin(struct update *u)
{
    const struct skep_map *map = &u->h->map;
    const bool locks = !u->h->per_cpu && !u->h->marks;
    if ((u->flags & ~(uint64_t)(locks ? SKEP_F_LOCK : 0)) > SKEP_EXIST)
        return -SKEP_EINVAL;
    u->hash = sk_hash_key(u->h, u->key);
    u->bucket = sk_hash_bucket_of(u->h, u->hash);
    if (u->flags & SKEP_F_LOCK) {
        if (map->lock_offset < 0)
            return -SKEP_EINVAL;
        struct sk_hash_bucket *bucket;
        uint32_t sequence;
        const bool there = sk_hash_find_at(u->h, u->key, &bucket, &sequence) != SK_HASH_NONE;
        const int failed = check_flags(there, u->flags);
        if (failed || (there && update_locked(u)))
            return failed;
    }
    return update(u);
}

int sk_hash_update(struct skep_map *map, const void *key, const void *value, uint64_t flags, uint32_t cpu)
{
    return begin(&(struct update){.h = sk_hash_of(map), .key = key, .value = value, .flags = flags, .cpu = cpu});
}

int sk_hash_update_all(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    return begin(&(struct update){.h = sk_hash_of(map), .key = key, .value = value, .flags = flags, .all_cpus = true});
}
