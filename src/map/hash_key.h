/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Keys of hash tables: their hash, what of it is kept where, and comparing them. For hash_find.c and hash_change.c. */
#ifndef SK_MAP_HASH_KEY_H
#define SK_MAP_HASH_KEY_H

#include "map/hash.h"

#define SK_HASH_INLINE static inline __attribute__((always_inline))
#define SK_HASH_ONES UINT64_C(0x0101010101010101)
#define SK_HASH_HIGHS UINT64_C(0x8080808080808080)

/* Both halves of the product, one over the other. */
SK_HASH_INLINE uint64_t sk_hash_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ const unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    const uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    const uint64_t low = al * bl, middle = ah * bl + (low >> 32), other = al * bh + (uint32_t)middle;
    return (other << 32 | (uint32_t)low) ^ (ah * bh + (middle >> 32) + (other >> 32));
#endif
}

/* Word `at` of a key of `size` bytes, those beyond it being zero: keys are stored like that. */
SK_HASH_INLINE uint64_t sk_hash_word_of(const uint8_t *key, uint32_t size, uint32_t at)
{
    if (at + 8 <= size)
        return sk_load64(key + at);
    uint64_t word = 0;
    memcpy(&word, key + at, (size - at) & 7);
    return word;
}

/*
 * With multipliers that nobody knows, whoever chooses keys cannot choose their buckets. One multiplication would leave keys in
 * steps, such as 1, 2, 3, crowded in few buckets with one seed in a hundred; hence another in the end. The upper half of a
 * hash says which bucket, its lowest byte which of the bucket's elements may be meant.
 */
SK_HASH_INLINE uint64_t sk_hash_hash(const struct sk_hash *h, const uint8_t *key, uint32_t size)
{
    uint64_t hash = h->seed[0];
    if (size == 4) {
        hash = sk_hash_fold(sk_load32(key) ^ hash, h->seed[1]);
    } else if (size == 8) {
        hash = sk_hash_fold(sk_load64(key) ^ hash, h->seed[1]);
    } else if (size == 16) {
        hash = sk_hash_fold(sk_load64(key) ^ hash, sk_load64(key + 8) ^ h->seed[1]);
    } else {
        for (uint32_t at = 0; at < size; at += 8)
            hash = sk_hash_fold(hash ^ sk_hash_word_of(key, size, at), h->seed[1]);
    }
    return sk_hash_fold(hash, UINT64_C(0x9e3779b97f4a7c15)); /* the golden ratio's digits */
}

SK_HASH_INLINE bool sk_hash_key_equal(const struct sk_hash *h, uint32_t element, const uint8_t *key, uint32_t size)
{
    const uint8_t *stored = h->keys + (size_t)element * (size <= 4 ? 4 : (size + 7) & ~7u);
    if (size == 4)
        return __atomic_load_n((const uint32_t *)(const void *)stored, __ATOMIC_ACQUIRE) == sk_load32(key);
    if (size < 4) {
        uint32_t word = 0;
        memcpy(&word, key, size & 3);
        return __atomic_load_n((const uint32_t *)(const void *)stored, __ATOMIC_ACQUIRE) == word;
    }
    for (uint32_t at = 0; at < size; at += 8)
        if (__atomic_load_n((const uint64_t *)(const void *)(stored + at), __ATOMIC_ACQUIRE) != sk_hash_word_of(key, size, at))
            return false;
    return true;
}

SK_HASH_INLINE struct sk_hash_bucket *sk_hash_home(const struct sk_hash *h, uint64_t hash)
{
    return &h->buckets[(hash >> 32) * h->bucket_count >> 32];
}

SK_HASH_INLINE unsigned sk_hash_lowest_byte(uint64_t bits)
{
#if UINTPTR_MAX > UINT32_MAX
    return (unsigned)__builtin_ctzll(bits) >> 3;
#else
    return (uint32_t)bits ? (unsigned)__builtin_ctz((uint32_t)bits) >> 3 : 4 + ((unsigned)__builtin_ctz((uint32_t)(bits >> 32)) >> 3);
#endif
}

/* Not 0, which is a free slot; nor 1: sk_hash_matches would take free slots above one with it for another, and the element
 * that such a slot was left by may still have the key that is looked for. */
SK_HASH_INLINE uint64_t sk_hash_tag_of(uint64_t hash)
{
    const uint64_t tag = hash & 0xff;
    return tag < 2 ? tag + 2 : tag;
}

/* The bytes of `tags` that are `tag`, by their high bits, and perhaps some above them that differ in the lowest bit. */
SK_HASH_INLINE uint64_t sk_hash_matches(uint64_t tags, uint64_t tag)
{
    const uint64_t difference = tags ^ tag * SK_HASH_ONES;
    return (difference - SK_HASH_ONES) & ~difference & SK_HASH_HIGHS;
}

#endif
