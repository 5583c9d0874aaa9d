/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Counting with what programs mostly use: a histogram, a top list and a token bucket over every captured frame. */
#include "suite.h"

MAP(histogram, PERCPU_ARRAY, u32, u64, 16, 0);
struct pair {
    u8 macs[12];
};
struct usage {
    u64 packets, bytes;
};
MAP(pairs, HASH, struct pair, struct usage, 64, BPF_F_NO_PREALLOC);
MAP(tokens, ARRAY, u32, s64, 1, 0);

static __always_inline u32 log2_of(u32 v)
{
    u32 r = 0;
    for (u32 i = 0; i < 15; i++) {
        if (v <= 1)
            break;
        v >>= 1;
        r++;
    }
    return r;
}

SEC("xdp") int each_frame(struct xdp_md *ctx)
{
    u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    u32 len = end - data, slot = log2_of(len) & 15, zero = 0;
    u64 *count = lookup(&histogram, &slot);
    if (count)
        *count += 1;
    if (data + 12 > end)
        return XDP_ABORTED;
    struct pair key;
    __builtin_memcpy(key.macs, data, 12);
    struct usage *usage = lookup(&pairs, &key);
    if (usage) {
        __sync_fetch_and_add(&usage->packets, 1);
        __sync_fetch_and_add(&usage->bytes, len);
    } else {
        struct usage first = {1, len};
        ADD(update(&pairs, &key, &first, BPF_NOEXIST));
    }
    s64 *left = lookup(&tokens, &zero);
    if (!left)
        return XDP_ABORTED;
    *left += 200;
    if (*left > 1000)
        *left = 1000;
    if (*left < (s64)len)
        return XDP_DROP;
    *left -= len;
    return XDP_PASS;
}
