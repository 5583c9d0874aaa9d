/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tail calls from functions: the target's result comes back to the function's caller, and the count goes on. */
#include "suite.h"

int target_leaf(struct __sk_buff *skb);
int target_again(struct __sk_buff *skb);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 4);
    __uint(key_size, 4);
    __array(values, int(void *));
} jumps SEC(".maps") = {.values = {(void *)&target_leaf, (void *)&target_again}};

u64 leaves, again, functions;

static __noinline int jump(struct __sk_buff *skb, u32 where)
{
    volatile u64 local[2] = {where, 5};
    functions++;
    bpf_tail_call(skb, &jumps, where);
    return (int)(local[0] + local[1]);
}

SEC("tc") int target_leaf(struct __sk_buff *skb)
{
    leaves++;
    return 40;
}

SEC("tc") int target_again(struct __sk_buff *skb)
{
    again++;
    int r = jump(skb, 1);
    return r + 1;
}

SEC("tc") int a_once(struct __sk_buff *skb) { return jump(skb, 0) + 1; }

SEC("tc") int b_twice(struct __sk_buff *skb)
{
    int first = jump(skb, 0), second = jump(skb, 0);
    return first * 100 + second;
}

SEC("tc") int c_missing(struct __sk_buff *skb)
{
    int first = jump(skb, 3), second = jump(skb, 0), third = jump(skb, 77);
    return first * 10000 + second * 100 + third;
}

SEC("tc") int d_deep(struct __sk_buff *skb) { return jump(skb, 1); }
