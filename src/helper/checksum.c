/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "helper/checksum.h"

#include "helper/kernel.h"

uint32_t sk_csum_bytes(const void *bytes, size_t size, uint32_t seed)
{
    const uint8_t *p = bytes;
    uint64_t sum = seed;
    for (; size >= 4; size -= 4, p += 4)
        sum += sk_load32(p);
    if (size >= 2) {
        sum += sk_load16(p);
        p += 2;
        size -= 2;
    }
    if (size)
        sum += SK_BIG_ENDIAN ? (uint32_t)*p << 8 : *p;
    sum = (sum & 0xffffffff) + (sum >> 32);
    return (uint32_t)sum + (uint32_t)(sum >> 32);
}

/* As of Linux 6.13: the sum comes folded to 16 bits, so that it is the same on every machine. */
static uint64_t to16(uint32_t sum) { return (uint16_t)~sk_csum_fold(sum); }

SK_BPF(csum_diff)
{
    const uint32_t from_size = (uint32_t)r2, to_size = (uint32_t)r4, seed = (uint32_t)r5;
    uint32_t sum = seed;
    if (from_size)
        sum = ~sk_csum_bytes(sk_ptr(r1), from_size, ~sum);
    if (to_size)
        sum = sk_csum_bytes(sk_ptr(r3), to_size, sum);
    return to16(sum);
}
