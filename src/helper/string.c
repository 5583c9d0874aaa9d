/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Numbers in texts, and comparing texts: __bpf_strtoull and others in kernel/bpf/helpers.c, _parse_integer in lib/kstrtox.c. */
#include "helper/kernel.h"

#define MOST_DIGITS 63u /* what the kernel copies of a text before it reads it */

static bool blank(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0; }
static unsigned digit(uint8_t c)
{
    uint8_t lower = c | 32;
    return c >= '0' && c <= '9' ? c - (unsigned)'0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10u : 16u;
}

/* How many bytes make up the number, or an error. */
static int64_t parse(const uint8_t *text, uint64_t size, uint64_t flags, uint64_t *number, bool *negative)
{
    unsigned base = flags & 31; /* BPF_STRTOX_BASE_MASK */
    uint64_t at = 0, v = 0;
    *number = 0;
    if ((base != 0 && base != 8 && base != 10 && base != 16) || flags & ~UINT64_C(31))
        return -SKEP_EINVAL;
    while (at < size && blank(text[at]))
        at++;
    *negative = at < size && text[at] == '-';
    at += *negative;
    if (at == size)
        return -SKEP_EINVAL;
    const uint64_t end = size - at < MOST_DIGITS ? size : at + MOST_DIGITS;
    const bool zero = text[at] == '0', x = zero && at + 1 < end && (text[at + 1] | 32) == 'x';
    if (base == 0)
        base = !zero ? 10 : x && at + 2 < end && digit(text[at + 2]) < 16 ? 16 : 8;
    if (base == 16 && x)
        at += 2;
    const uint64_t begin = at;
    bool overflow = false;
    for (; at < end && digit(text[at]) < base; at++) {
        unsigned d = digit(text[at]);
        overflow |= v > UINT64_MAX / base || v * base > UINT64_MAX - d;
        v = v * base + d;
    }
    if (overflow)
        return -SKEP_ERANGE;
    *number = v;
    return at == begin ? -SKEP_EINVAL : (int64_t)at;
}

SK_BPF(strtol)
{
    bool negative = false;
    uint64_t v;
    int64_t n = parse(sk_ptr(r1), r2, r3, &v, &negative);
    if (n >= 0 && v > (negative ? UINT64_C(1) << 63 : (uint64_t)INT64_MAX))
        n = -SKEP_ERANGE;
    sk_store64(sk_ptr(r4), n < 0 ? 0 : negative ? 0 - v : v);
    return sk_int(n);
}

SK_BPF(strtoul)
{
    bool negative = false;
    uint64_t v;
    int64_t n = parse(sk_ptr(r1), r2, r3, &v, &negative);
    if (n >= 0 && negative)
        n = -SKEP_EINVAL;
    sk_store64(sk_ptr(r4), n < 0 ? 0 : v);
    return sk_int(n);
}

SK_BPF(strncmp)
{
    const uint8_t *a = sk_ptr(r1), *b = sk_ptr(r3);
    for (uint32_t i = 0; i < (uint32_t)r2; i++) {
        if (a[i] != b[i])
            return sk_int(a[i] < b[i] ? -1 : 1);
        if (!a[i])
            break;
    }
    return 0;
}
