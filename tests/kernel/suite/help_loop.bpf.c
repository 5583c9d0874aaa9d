/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* bpf_loop: how many rounds, an early end, loops within loops, and callbacks that are chosen when running. */
#include "suite.h"

static u64 total;

static long add(u32 i, u64 *step)
{
    total += i * *step;
    return 0;
}

static long stop_at(u32 i, u64 *limit)
{
    total++;
    return i == *limit;
}

static long inner(u32 i, void *unused)
{
    total += 1;
    return 0;
}

static long outer(u32 i, void *unused)
{
    bpf_loop(i & 7, inner, (void *)0, 0);
    return 0;
}


SEC("tc") int a_rounds(struct __sk_buff *skb)
{
    u64 step = 3;
    SAVE(bpf_loop(10, add, &step, 0));
    SAVE(total);
    SAVE(bpf_loop(0, add, &step, 0));
    SAVE(bpf_loop(100000, add, &step, 0));
    SAVE(total);
    SAVE(bpf_loop(10, add, &step, 1));
    SAVE(bpf_loop(1 << 23, inner, (void *)0, 0));
    /* The kernel's inlined form gives 32 bits of the error, the other one all. */
    SAVE((int)bpf_loop((1 << 23) + 1, inner, (void *)0, 0));
    SAVE((int)bpf_loop(0xffffffff, inner, (void *)0, 0));
    SAVE(total);
    return 0;
}

SEC("tc") int b_early(struct __sk_buff *skb)
{
    u64 limit = 7;
    total = 0;
    SAVE(bpf_loop(100, stop_at, &limit, 0));
    SAVE(total);
    limit = 0;
    SAVE(bpf_loop(100, stop_at, &limit, 0));
    limit = 99;
    SAVE(bpf_loop(100, stop_at, &limit, 0));
    limit = 100;
    SAVE(bpf_loop(100, stop_at, &limit, 0));
    SAVE(total);
    return 0;
}

SEC("tc") int c_nested(struct __sk_buff *skb)
{
    total = 0;
    SAVE(bpf_loop(20, outer, (void *)0, 0));
    SAVE(total);
    return 0;
}

SEC("tc") int multi_d_chosen(struct __sk_buff *skb)
{
    long (*callback)(u32, void *) = skb->len & 1 ? inner : outer;
    total = 0;
    long r = bpf_loop(9, callback, (void *)0, 0);
    return r * 100 + total;
}
