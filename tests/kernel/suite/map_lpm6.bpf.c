/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Longest prefix match on 128 bits, and on 13: keys need not be whole words. */
#include "suite.h"

struct key6 {
    u32 prefix;
    u8 address[16];
};
struct key13 {
    u32 prefix;
    u8 bits[2];
} __attribute__((packed));
MAP(routes, LPM_TRIE, struct key6, u32, 100, BPF_F_NO_PREALLOC);
MAP(small, LPM_TRIE, struct key13, u8, 100, BPF_F_NO_PREALLOC);

static __always_inline s64 find(const struct key6 *k)
{
    u32 *v = lookup(&routes, k);
    return v ? *v : -1;
}

SEC("tc") int six(struct __sk_buff *skb)
{
    struct key6 k = {.address = {0x20, 0x01, 0x0d, 0xb8}};
    for (u32 i = 0; i <= 128; i += 4) {
        u32 v = i;
        k.prefix = i;
        ADD(update(&routes, &k, &v, BPF_NOEXIST));
    }
    k.prefix = 128;
    SAVE(find(&k));
    k.address[15] = 1;
    SAVE(find(&k));
    k.address[15] = 0, k.address[8] = 0x10;
    SAVE(find(&k));
    k.address[3] = 0xb9;
    SAVE(find(&k));
    k.address[0] = 0xff;
    SAVE(find(&k));
    k.prefix = 129;
    SAVE(find(&k));
    return 0;
}

SEC("tc") int thirteen(struct __sk_buff *skb)
{
    for (u32 i = 0; i < 13; i++) {
        struct key13 k = {i, {(u8)(i * 37), (u8)(i * 59)}};
        u8 v = (u8)i;
        ADD(update(&small, &k, &v, BPF_ANY));
    }
    for (u32 i = 0; i < 64; i++) {
        struct key13 k = {16, {(u8)(i * 4), 0x55}};
        u8 *v = lookup(&small, &k);
        ADD(v ? *v : 100);
    }
    return 0;
}
