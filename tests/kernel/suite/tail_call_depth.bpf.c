/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* 33 tail calls and no more: by a program to itself, and by two that take turns. */
#include "suite.h"

int target_self(struct __sk_buff *skb);
int target_ping(struct __sk_buff *skb);
int target_pong(struct __sk_buff *skb);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 3);
    __uint(key_size, 4);
    __array(values, int(void *));
} jumps SEC(".maps") = {.values = {(void *)&target_self, (void *)&target_ping, (void *)&target_pong}};

u64 selves, pings, pongs, endings;

SEC("tc") int target_self(struct __sk_buff *skb)
{
    selves++;
    bpf_tail_call(skb, &jumps, 0);
    endings++;
    return selves;
}

SEC("tc") int target_ping(struct __sk_buff *skb)
{
    pings++;
    bpf_tail_call(skb, &jumps, 2);
    return 1000 + pings;
}

SEC("tc") int target_pong(struct __sk_buff *skb)
{
    pongs++;
    bpf_tail_call(skb, &jumps, 1);
    return 2000 + pongs;
}

SEC("tc") int a_self(struct __sk_buff *skb)
{
    bpf_tail_call(skb, &jumps, 0);
    return -1;
}

SEC("tc") int b_turns(struct __sk_buff *skb)
{
    bpf_tail_call(skb, &jumps, 1);
    return -1;
}
