/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What happens in a bucket while its lock is held; the order of stores is what lookups rely on. */
#include "map/hash_key.h"

static uint64_t word_at(const uint8_t *stored, uint32_t at)
{
    return __atomic_load_n((const uint64_t *)(const void *)(stored + at), __ATOMIC_ACQUIRE);
}

void sk_hash_set_key(struct sk_hash *h, uint32_t element, const void *key)
{
    const uint32_t size = h->map.key_size, stride = h->key_stride;
    uint8_t *stored = h->keys + (size_t)element * stride;
    if (stride == 4) {
        uint32_t word = 0;
        memcpy(&word, key, size);
        __atomic_store_n((uint32_t *)(void *)stored, word, __ATOMIC_RELEASE);
        return;
    }
    for (uint32_t at = 0; at < stride; at += 8) {
        uint64_t word = 0;
        memcpy(&word, (const uint8_t *)key + at, size - at < 8 ? size - at : 8);
        __atomic_store_n((uint64_t *)(void *)(stored + at), word, __ATOMIC_RELEASE);
    }
}

void sk_hash_get_key(const struct sk_hash *h, uint32_t element, void *key)
{
    const uint32_t size = h->map.key_size, stride = h->key_stride;
    const uint8_t *stored = h->keys + (size_t)element * stride;
    if (stride == 4) {
        const uint32_t word = __atomic_load_n((const uint32_t *)(const void *)stored, __ATOMIC_ACQUIRE);
        memcpy(key, &word, size);
        return;
    }
    for (uint32_t at = 0; at < stride; at += 8) {
        const uint64_t word = word_at(stored, at);
        memcpy((uint8_t *)key + at, &word, size - at < 8 ? size - at : 8);
    }
}

static struct sk_hash_place in_slot(struct sk_hash_bucket *bucket, uint32_t slot)
{
    return (struct sk_hash_place){bucket, &bucket->slots[slot], slot, bucket->slots[slot]};
}

static struct sk_hash_place in_chain(struct sk_hash_bucket *bucket, uint32_t *link)
{
    return (struct sk_hash_place){bucket, link, SK_HASH_SLOTS, *link};
}

struct sk_hash_place sk_hash_locate(const struct sk_hash *h, struct sk_hash_bucket *bucket, const void *key, uint64_t hash)
{
    uint64_t tags = bucket->tags;
    const uint64_t tag = sk_hash_tag_of(hash);
    for (uint32_t i = 0; tags; i++, tags >>= 8)
        if ((tags & 0xff) == tag && sk_hash_key_equal(h, bucket->slots[i], key, h->map.key_size))
            return in_slot(bucket, i);
    uint32_t *link = &bucket->chain;
    while (*link != SK_HASH_NONE && !sk_hash_key_equal(h, *link, key, h->map.key_size))
        link = &h->links[*link];
    return in_chain(bucket, link);
}

struct sk_hash_place sk_hash_locate_element(const struct sk_hash *h, struct sk_hash_bucket *bucket, uint32_t element)
{
    uint64_t tags = bucket->tags;
    for (uint32_t i = 0; tags; i++, tags >>= 8)
        if ((tags & 0xff) && bucket->slots[i] == element)
            return in_slot(bucket, i);
    uint32_t *link = &bucket->chain;
    while (*link != SK_HASH_NONE && *link != element)
        link = &h->links[*link];
    return in_chain(bucket, link);
}

void sk_hash_insert(struct sk_hash *h, struct sk_hash_bucket *bucket, uint64_t hash, uint32_t element)
{
    const uint64_t tags = bucket->tags;
    uint64_t free = (tags - SK_HASH_ONES) & ~tags & SK_HASH_HIGHS; /* the lowest byte of it is right */
    if (!free) {
        __atomic_store_n(&h->links[element], bucket->chain, __ATOMIC_RELEASE);
        __atomic_store_n(&bucket->chain, element, __ATOMIC_RELEASE);
        return;
    }
    uint32_t slot = 0;
    while (!(free & 0xff))
        free >>= 8, slot++;
    __atomic_store_n(&bucket->slots[slot], element, __ATOMIC_RELEASE);
    __atomic_store_n(&bucket->tags, tags | sk_hash_tag_of(hash) << 8 * slot, __ATOMIC_RELEASE);
}

static void count_change(struct sk_hash_bucket *bucket)
{
    __atomic_store_n(&bucket->sequence, bucket->sequence + 1, __ATOMIC_RELEASE);
}

void sk_hash_replace(struct sk_hash *h, const struct sk_hash_place *place, uint32_t element)
{
    if (place->slot == SK_HASH_SLOTS)
        __atomic_store_n(&h->links[element], h->links[place->element], __ATOMIC_RELEASE);
    __atomic_store_n(place->link, element, __ATOMIC_RELEASE);
    count_change(place->bucket);
}

void sk_hash_unlink(struct sk_hash *h, const struct sk_hash_place *place)
{
    if (place->slot == SK_HASH_SLOTS)
        __atomic_store_n(place->link, h->links[place->element], __ATOMIC_RELEASE);
    else
        __atomic_store_n(&place->bucket->tags, place->bucket->tags & ~(UINT64_C(0xff) << 8 * place->slot), __ATOMIC_RELEASE);
    count_change(place->bucket);
}
