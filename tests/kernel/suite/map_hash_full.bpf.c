/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A hash table that is full takes nothing new, but changes what it has. */
#include "suite.h"

MAP(prealloc, HASH, u32, s64, 4, 0);
MAP(grows, HASH, u32, s64, 4, BPF_F_NO_PREALLOC);

#define STEPS(map)                                                                                                     \
    for (u32 i = 0; i < 6; i++) {                                                                                      \
        u32 key = i;                                                                                                   \
        s64 value = i * 11;                                                                                            \
        out[base + i] = update(&map, &key, &value, BPF_ANY);                                                           \
    }                                                                                                                  \
    u32 k = 2;                                                                                                         \
    s64 v = 99;                                                                                                        \
    out[base + 6] = update(&map, &k, &v, BPF_ANY);                                                                     \
    out[base + 7] = update(&map, &k, &v, BPF_EXIST);                                                                   \
    out[base + 8] = update(&map, &k, &v, BPF_NOEXIST);                                                                 \
    k = 77;                                                                                                            \
    out[base + 9] = update(&map, &k, &v, BPF_NOEXIST);                                                                 \
    out[base + 10] = update(&map, &k, &v, BPF_EXIST);                                                                  \
    k = 0;                                                                                                             \
    out[base + 11] = delete (&map, &k);                                                                                \
    k = 77;                                                                                                            \
    out[base + 12] = update(&map, &k, &v, BPF_NOEXIST);                                                                \
    k = 78;                                                                                                            \
    out[base + 13] = update(&map, &k, &v, BPF_NOEXIST)

SEC("tc") int a_prealloc(struct __sk_buff *skb)
{
    enum { base = 0 };
    STEPS(prealloc);
    return 0;
}

SEC("tc") int b_grows(struct __sk_buff *skb)
{
    enum { base = 20 };
    STEPS(grows);
    return 0;
}
