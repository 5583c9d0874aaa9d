/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finding a key in a hash table, without locks; and the functions of ops for the sizes of keys that most have. */
#include "map/hash_key.h"

SK_HASH_INLINE uint32_t find(const struct sk_hash *h, const uint8_t *key, uint32_t size, struct sk_hash_bucket **where, uint32_t *when)
{
    const uint64_t hash = sk_hash_hash(h, key, size);
    struct sk_hash_bucket *b = sk_hash_home(h, hash);
    uint32_t sequence, element;
    *where = b;
again:
    sequence = __atomic_load_n(&b->sequence, __ATOMIC_ACQUIRE);
    for (uint64_t m = sk_hash_matches(__atomic_load_n(&b->tags, __ATOMIC_ACQUIRE), sk_hash_tag_of(hash)); SK_LIKELY(m); m &= m - 1) {
        element = __atomic_load_n(&b->slots[sk_hash_lowest_byte(m)], __ATOMIC_ACQUIRE);
        if (SK_LIKELY(sk_hash_key_equal(h, element, key, size)))
            goto found;
    }
    element = __atomic_load_n(&b->chain, __ATOMIC_ACQUIRE);
    while (SK_UNLIKELY(element != SK_HASH_NONE)) {
        if (sk_hash_key_equal(h, element, key, size))
            goto found;
        element = __atomic_load_n(&h->links[element], __ATOMIC_ACQUIRE);
        /* The link is the chain's only if the element was still in it. */
        if (__atomic_load_n(&b->sequence, __ATOMIC_RELAXED) != sequence)
            goto again;
    }
found:
    if (SK_UNLIKELY(__atomic_load_n(&b->sequence, __ATOMIC_RELAXED) != sequence))
        goto again;
    *when = sequence;
    return element;
}

uint64_t sk_hash_key(const struct sk_hash *h, const void *key) { return sk_hash_hash(h, key, h->map.key_size); }
struct sk_hash_bucket *sk_hash_bucket_of(const struct sk_hash *h, uint64_t hash) { return sk_hash_home(h, hash); }

uint32_t sk_hash_find_at(const struct sk_hash *h, const void *key, struct sk_hash_bucket **bucket, uint32_t *sequence)
{
    return find(h, key, h->map.key_size, bucket, sequence);
}

/* For the LRU types: it is in use. Written only if that is news: most lookups leave the line to others. */
SK_HASH_INLINE void touch(const struct sk_hash *h, uint32_t element)
{
    if (__atomic_load_n(&h->marks[element], __ATOMIC_RELAXED) == SK_HASH_USED)
        __atomic_store_n(&h->marks[element], SK_HASH_USED | SK_HASH_TOUCHED, __ATOMIC_RELAXED);
}

SK_HASH_INLINE void *lookup(struct skep_map *map, const void *key, uint32_t cpu, uint32_t size, bool per_cpu, bool lru)
{
    const struct sk_hash *h = sk_hash_of(map);
    struct sk_hash_bucket *bucket;
    uint32_t sequence;
    const uint32_t element = find(h, key, size, &bucket, &sequence);
    if (element == SK_HASH_NONE)
        return NULL;
    if (lru)
        touch(h, element);
    return sk_hash_value(h, element, per_cpu ? cpu : 0);
}

#define LOOKUPS(name, per_cpu, lru)                                                                                         \
    void *name##_4(struct skep_map *m, const void *k, uint32_t cpu) { return lookup(m, k, cpu, 4, per_cpu, lru); }          \
    void *name##_8(struct skep_map *m, const void *k, uint32_t cpu) { return lookup(m, k, cpu, 8, per_cpu, lru); }          \
    void *name##_16(struct skep_map *m, const void *k, uint32_t cpu) { return lookup(m, k, cpu, 16, per_cpu, lru); }        \
    void *name(struct skep_map *m, const void *k, uint32_t cpu) { return lookup(m, k, cpu, m->key_size, per_cpu, lru); }
LOOKUPS(sk_hash_lookup, false, false)
LOOKUPS(sk_hash_lookup_per_cpu, true, false)
LOOKUPS(sk_hash_lookup_lru, false, true)
LOOKUPS(sk_hash_lookup_lru_per_cpu, true, true)
