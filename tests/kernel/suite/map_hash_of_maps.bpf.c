/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps in a hash table; those in it are hash tables, whose sizes may differ. */
#include "suite.h"

struct inner {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 3);
    __type(key, u32);
    __type(value, s64);
};
struct inner small SEC(".maps");
struct large {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 30);
    __type(key, u32);
    __type(value, s64);
} large SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(max_entries, 8);
    __type(key, u32);
    __array(values, struct inner);
} outer SEC(".maps") = {.values = {[3] = (void *)&small, [7] = (void *)&large}};

SEC("tc") int steps(struct __sk_buff *skb)
{
    for (u32 i = 0; i < 8; i++) {
        u32 k = i;
        void *inner = lookup(&outer, &k);
        if (!inner) {
            ADD(1 << i);
            continue;
        }
        for (u32 j = 0; j < 5; j++) {
            u32 key = j;
            s64 v = i * 100 + j;
            ADD(update(inner, &key, &v, BPF_NOEXIST));
        }
        k = 1;
        ADD(delete (inner, &k));
        ADD(delete (inner, &k));
        k = 2;
        ADD(VALUE_OR(inner, &k, -1));
    }
    return 0;
}
