/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps in an array: declared with the object, looked up twice, missing places and all. */
#include "suite.h"

struct inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, u32);
    __type(value, s64);
};
struct inner first SEC(".maps"), second SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 4);
    __type(key, u32);
    __array(values, struct inner);
} outer SEC(".maps") = {.values = {[0] = &first, [2] = &second}};

SEC("tc") int steps(struct __sk_buff *skb)
{
    u32 one = 1;
    for (u32 i = 0; i < 6; i++) {
        u32 k = i;
        void *inner = lookup(&outer, &k);
        if (!inner) {
            ADD(1 << i);
            continue;
        }
        s64 v = 10 + i;
        ADD(update(inner, &one, &v, BPF_ANY));
        ADD(update(inner, &one, &v, BPF_NOEXIST));
        ADD(VALUE_OR(inner, &one, -1));
        k = 2;
        ADD(lookup(inner, &k) != 0);
        ADD(delete (inner, &one));
    }
    s64 v = 77;
    u32 zero = 0;
    SAVE(update(&second, &zero, &v, BPF_ANY));
    u32 two = 2;
    void *inner = lookup(&outer, &two);
    if (inner)
        SAVE(VALUE_OR(inner, &zero, -1));
    return 0;
}
