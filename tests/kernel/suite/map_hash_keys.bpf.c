/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Keys and values of odd sizes; a key is its bytes. */
#include "suite.h"

struct three {
    u8 bytes[3];
};
struct sixty {
    u64 words[7];
    u32 tail;
} __attribute__((packed));
struct value13 {
    u8 bytes[13];
};

MAP(one, HASH, u8, u8, 300, 0);
MAP(three, HASH, struct three, struct value13, 8, BPF_F_NO_PREALLOC);
MAP(sixty, HASH, struct sixty, u16, 8, BPF_F_ZERO_SEED);

SEC("tc") int keys(struct __sk_buff *skb)
{
    for (u32 i = 0; i < 260; i++) {
        u8 k = (u8)i, v = (u8)~i;
        ADD(update(&one, &k, &v, BPF_NOEXIST));
    }
    struct three t = {{1, 2, 3}}, u = {{1, 2, 4}};
    struct value13 v = {"twelve bytes"};
    SAVE(update(&three, &t, &v, BPF_ANY));
    v.bytes[12] = 0xee;
    SAVE(update(&three, &u, &v, BPF_ANY));
    struct value13 *found = lookup(&three, &t);
    SAVE(found ? found->bytes[12] : -1);
    found = lookup(&three, &u);
    SAVE(found ? found->bytes[12] : -1);
    t.bytes[0] = 9;
    SAVE(lookup(&three, &t) != 0);

    struct sixty s = {{1, 2, 3, 4, 5, 6, 7}, 8};
    u16 w = 1;
    SAVE(update(&sixty, &s, &w, BPF_ANY));
    s.tail = 9, w = 2;
    SAVE(update(&sixty, &s, &w, BPF_ANY));
    s.words[6] ^= 1ull << 63, w = 3;
    SAVE(update(&sixty, &s, &w, BPF_ANY));
    u16 *p = lookup(&sixty, &s);
    SAVE(p ? *p : -1);
    s.words[0] = 0;
    SAVE(lookup(&sixty, &s) != 0);
    return 0;
}
