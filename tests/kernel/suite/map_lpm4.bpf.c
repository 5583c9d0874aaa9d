/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Longest prefix match on 32 bits: the table of a router, and every refusal. */
#include "suite.h"

struct key {
    u32 prefix;
    u8 address[4];
};
MAP(routes, LPM_TRIE, struct key, s64, 8, BPF_F_NO_PREALLOC);

#define IP(p, a, b, c, d) (&(struct key){p, {a, b, c, d}})
static __always_inline long add(const struct key *k, s64 v, u64 flags) { return update(&routes, k, &v, flags); }

SEC("tc") int a_fill(struct __sk_buff *skb)
{
    SAVE(VALUE_OR(&routes, IP(32, 10, 1, 2, 3), -1));
    SAVE(add(IP(8, 10, 0, 0, 0), 8, BPF_EXIST));
    SAVE(add(IP(8, 10, 0, 0, 0), 8, BPF_NOEXIST));
    SAVE(add(IP(8, 10, 0, 0, 0), 80, BPF_NOEXIST));
    SAVE(add(IP(8, 10, 200, 200, 200), 88, BPF_EXIST)); /* the same prefix */
    SAVE(add(IP(16, 10, 1, 0, 0), 16, BPF_ANY));
    SAVE(add(IP(24, 10, 1, 2, 0), 24, BPF_ANY));
    SAVE(add(IP(32, 10, 1, 2, 3), 32, BPF_ANY));
    SAVE(add(IP(0, 1, 2, 3, 4), 1000, BPF_ANY));
    SAVE(add(IP(9, 10, 128, 0, 0), 9, BPF_ANY));
    SAVE(add(IP(33, 10, 0, 0, 0), 33, BPF_ANY));
    SAVE(add(IP(0xffffffff, 10, 0, 0, 0), 33, BPF_ANY));
    SAVE(add(IP(8, 10, 0, 0, 0), 8, 3));
    SAVE(add(IP(8, 10, 0, 0, 0), 8, BPF_F_LOCK));
    SAVE(add(IP(1, 128, 0, 0, 0), 1, BPF_ANY));
    SAVE(add(IP(31, 10, 1, 2, 4), 31, BPF_ANY));
    SAVE(add(IP(32, 9, 9, 9, 9), 99, BPF_ANY)); /* full */
    SAVE(add(IP(32, 10, 1, 2, 3), 132, BPF_ANY));
    return 0;
}

SEC("tc") int b_look(struct __sk_buff *skb)
{
    SAVE(VALUE_OR(&routes, IP(32, 10, 1, 2, 3), -1));
    SAVE(VALUE_OR(&routes, IP(32, 10, 1, 2, 4), -1));
    SAVE(VALUE_OR(&routes, IP(32, 10, 1, 2, 5), -1));
    SAVE(VALUE_OR(&routes, IP(32, 10, 1, 2, 6), -1));
    SAVE(VALUE_OR(&routes, IP(32, 10, 1, 9, 6), -1));
    SAVE(VALUE_OR(&routes, IP(32, 10, 127, 9, 6), -1));
    SAVE(VALUE_OR(&routes, IP(32, 10, 128, 9, 6), -1));
    SAVE(VALUE_OR(&routes, IP(32, 11, 128, 9, 6), -1));
    SAVE(VALUE_OR(&routes, IP(32, 255, 128, 9, 6), -1));
    SAVE(VALUE_OR(&routes, IP(12, 10, 1, 2, 3), -1)); /* only prefixes of 12 bits and fewer */
    SAVE(VALUE_OR(&routes, IP(0, 10, 1, 2, 3), -1));
    SAVE(VALUE_OR(&routes, IP(33, 10, 1, 2, 3), -1));
    return 0;
}

SEC("tc") int c_delete(struct __sk_buff *skb)
{
    SAVE(delete (&routes, IP(33, 10, 1, 2, 3)));
    SAVE(delete (&routes, IP(30, 10, 1, 2, 3)));
    SAVE(delete (&routes, IP(24, 10, 1, 2, 77))); /* what lies behind the prefix does not count */
    SAVE(delete (&routes, IP(24, 10, 1, 2, 77)));
    SAVE(VALUE_OR(&routes, IP(32, 10, 1, 2, 9), -1));
    SAVE(delete (&routes, IP(0, 0, 0, 0, 0)));
    SAVE(VALUE_OR(&routes, IP(32, 11, 1, 2, 9), -1));
    SAVE(delete (&routes, IP(8, 10, 0, 0, 0)));
    SAVE(VALUE_OR(&routes, IP(32, 10, 2, 2, 9), -1));
    SAVE(VALUE_OR(&routes, IP(32, 10, 1, 1, 9), -1));
    SAVE(add(IP(8, 10, 0, 0, 0), 7, BPF_NOEXIST));
    return 0;
}
