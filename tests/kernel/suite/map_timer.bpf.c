/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Timers: what setting, starting and cancelling answer, and that they expire. */
#include "suite.h"

struct element {
    struct bpf_timer timer;
    s64 fired, round;
};
MAP(timers, ARRAY, u32, struct element, 4, 0);
MAP(timer_hash, HASH, u32, struct element, 4, 0);

#define CLOCK_MONOTONIC 1
#define CLOCK_BOOTTIME 7

static int fire(void *map, u32 *key, struct element *e)
{
    e->fired += 1 + *key;
    return 0;
}

static int again(void *map, u32 *key, struct element *e)
{
    if (e->round++ < 3)
        bpf_timer_start(&e->timer, 1000, 0);
    return 0;
}

SEC("tc") int a_answers(struct __sk_buff *skb)
{
    u32 k = 0;
    struct element *e = lookup(&timers, &k);
    if (!e)
        return 1;
    SAVE(bpf_timer_start(&e->timer, 0, 0));
    SAVE(bpf_timer_set_callback(&e->timer, fire));
    SAVE(bpf_timer_cancel(&e->timer));
    SAVE(bpf_timer_init(&e->timer, &timers, 99));
    SAVE(bpf_timer_init(&e->timer, &timers, 0xf0));
    SAVE(bpf_timer_init(&e->timer, &timers, CLOCK_MONOTONIC));
    SAVE(bpf_timer_init(&e->timer, &timers, CLOCK_MONOTONIC));
    SAVE(bpf_timer_start(&e->timer, 0, 0)); /* no callback yet */
    SAVE(bpf_timer_cancel(&e->timer));
    SAVE(bpf_timer_set_callback(&e->timer, fire));
    SAVE(bpf_timer_start(&e->timer, 0, 64));
    SAVE(bpf_timer_start(&e->timer, 3600000000000, 0));
    SAVE(bpf_timer_cancel(&e->timer)); /* it was armed */
    SAVE(bpf_timer_cancel(&e->timer));
    SAVE(bpf_timer_start(&e->timer, 0, 0)); /* cancelling forgot the callback */
    return 0;
}

SEC("tc") int b_expires(struct __sk_buff *skb)
{
    u32 k = 1;
    struct element *e = lookup(&timers, &k);
    if (!e)
        return 1;
    SAVE(bpf_timer_init(&e->timer, &timers, CLOCK_BOOTTIME));
    SAVE(bpf_timer_set_callback(&e->timer, fire));
    SAVE(bpf_timer_start(&e->timer, 1000, 0));
    return 0;
}

SEC("tc") int c_repeats(struct __sk_buff *skb)
{
    u32 k = 2;
    struct element *e = lookup(&timers, &k);
    if (!e)
        return 1;
    SAVE(bpf_timer_init(&e->timer, &timers, CLOCK_MONOTONIC));
    SAVE(bpf_timer_set_callback(&e->timer, again));
    SAVE(bpf_timer_start(&e->timer, 0, 0));
    return 0;
}

SEC("tc") int d_hash(struct __sk_buff *skb)
{
    u32 k = 40;
    struct element fresh = {.fired = 100}, *e;
    SAVE(update(&timer_hash, &k, &fresh, BPF_ANY));
    e = lookup(&timer_hash, &k);
    if (!e)
        return 1;
    SAVE(bpf_timer_init(&e->timer, &timer_hash, CLOCK_MONOTONIC));
    SAVE(bpf_timer_set_callback(&e->timer, fire));
    SAVE(bpf_timer_start(&e->timer, 0, 0));
    k = 41;
    SAVE(update(&timer_hash, &k, &fresh, BPF_ANY));
    e = lookup(&timer_hash, &k);
    if (!e)
        return 2;
    SAVE(bpf_timer_init(&e->timer, &timer_hash, CLOCK_MONOTONIC));
    SAVE(bpf_timer_set_callback(&e->timer, fire));
    SAVE(bpf_timer_start(&e->timer, 3600000000000, 0));
    SAVE(delete (&timer_hash, &k)); /* with its timer */
    return 0;
}
