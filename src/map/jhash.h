/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bob Jenkins' hash of 2006 (lookup3), as Linux uses it (include/linux/jhash.h), so that what depends on a hash (false
 * positives of a bloom filter, ids of stacks, the order of keys) comes out as it does there, given the same seed.
 */
#ifndef SK_JHASH_H
#define SK_JHASH_H

#include "base/base.h"

static inline uint32_t sk_rol32(uint32_t v, unsigned by) { return v << by | v >> (32 - by); }

static inline uint32_t sk_jhash_final(uint32_t a, uint32_t b, uint32_t c)
{
    c ^= b, c -= sk_rol32(b, 14);
    a ^= c, a -= sk_rol32(c, 11);
    b ^= a, b -= sk_rol32(a, 25);
    c ^= b, c -= sk_rol32(b, 16);
    a ^= c, a -= sk_rol32(c, 4);
    b ^= a, b -= sk_rol32(a, 14);
    c ^= b, c -= sk_rol32(b, 24);
    return c;
}

/* Whole words are hashed as words (jhash2 in Linux), everything else as bytes with the first one lowest (jhash). */
static inline uint32_t sk_jhash(const void *key, uint32_t size, uint32_t seed)
{
    const uint8_t *k = key;
    uint32_t a = UINT32_C(0xdeadbeef) + size + seed, b = a, c = a;
    for (; size > 12; size -= 12, k += 12) {
        a += sk_load32(k), b += sk_load32(k + 4), c += sk_load32(k + 8);
        a -= c, a ^= sk_rol32(c, 4), c += b;
        b -= a, b ^= sk_rol32(a, 6), a += c;
        c -= b, c ^= sk_rol32(b, 8), b += a;
        a -= c, a ^= sk_rol32(c, 16), c += b;
        b -= a, b ^= sk_rol32(a, 19), a += c;
        c -= b, c ^= sk_rol32(b, 4), b += a;
    }
    if (size % 4 == 0) {
        if (size == 0)
            return c;
        a += sk_load32(k);
        b += size > 4 ? sk_load32(k + 4) : 0;
        c += size > 8 ? sk_load32(k + 8) : 0;
        return sk_jhash_final(a, b, c);
    }
    uint32_t word[3] = {0, 0, 0};
    for (uint32_t i = 0; i < size; i++)
        word[i / 4] |= (uint32_t)k[i] << (i % 4 * 8);
    return sk_jhash_final(a + word[0], b + word[1], c + word[2]);
}

#endif
