/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tail calls: taken, and not taken because nothing is there or the place is out of range. */
#include "suite.h"

int target_one(struct __sk_buff *skb);
int target_two(struct __sk_buff *skb);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 4);
    __uint(key_size, 4);
    __array(values, int(void *));
} jumps SEC(".maps") = {.values = {[0] = (void *)&target_one, [2] = (void *)&target_two}};

u64 visits;

SEC("tc") int target_one(struct __sk_buff *skb)
{
    visits = visits * 10 + 1;
    return 111;
}

SEC("tc") int target_two(struct __sk_buff *skb)
{
    visits = visits * 10 + 2;
    skb->cb[0]++;
    bpf_tail_call(skb, &jumps, 0);
    return 222;
}

SEC("tc") int a_taken(struct __sk_buff *skb)
{
    bpf_tail_call(skb, &jumps, 0);
    return 1;
}

SEC("tc") int b_chain(struct __sk_buff *skb)
{
    bpf_tail_call(skb, &jumps, 2);
    return 2;
}

SEC("tc") int c_missing(struct __sk_buff *skb)
{
    bpf_tail_call(skb, &jumps, 1);
    bpf_tail_call(skb, &jumps, 3);
    bpf_tail_call(skb, &jumps, 4);
    bpf_tail_call(skb, &jumps, 0xffffffff);
    return 3;
}

SEC("tc") int d_dynamic(struct __sk_buff *skb)
{
    bpf_tail_call(skb, &jumps, skb->len & 2);
    return 4;
}

