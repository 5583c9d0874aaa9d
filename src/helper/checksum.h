/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sums of the internet (RFC 1071) as the kernel carries them: 32 bits that are folded late, words in the host's order. */
#ifndef SK_CHECKSUM_H
#define SK_CHECKSUM_H

#include "base/base.h"

static inline uint32_t sk_csum_add(uint32_t a, uint32_t b)
{
    uint64_t sum = (uint64_t)a + b;
    return (uint32_t)sum + (uint32_t)(sum >> 32);
}
static inline uint32_t sk_csum_sub(uint32_t a, uint32_t b) { return sk_csum_add(a, ~b); }

/* To 16 bits, inverted: what stands in a packet. */
static inline uint16_t sk_csum_fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    return (uint16_t)~sum;
}
static inline uint32_t sk_csum_unfold(uint16_t sum) { return sum; }

/* `seed` plus the 16-bit words of `size` bytes, an odd one filled with zero. */
uint32_t sk_csum_bytes(const void *bytes, size_t size, uint32_t seed);

#endif
