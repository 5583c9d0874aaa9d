/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ring buffers: records reserved, submitted, discarded and copied; a buffer that is full; what queries answer. */
#include "suite.h"

MAP_BYTES(ring, RINGBUF, 4096);
MAP_BYTES(full, RINGBUF, 4096);

struct event {
    u64 number;
    u32 kind;
    u8 odd[3];
} __attribute__((packed));

SEC("tc") int a_records(struct __sk_buff *skb)
{
    struct event e = {1, 2, {3, 4, 5}};
    SAVE(bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA));
    SAVE(bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE));
    SAVE(bpf_ringbuf_query(&ring, 77));
    SAVE(bpf_ringbuf_output(&ring, &e, sizeof e, 0));
    SAVE(bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA));
    SAVE(bpf_ringbuf_output(&ring, &e, 3, BPF_RB_NO_WAKEUP));
    SAVE(bpf_ringbuf_output(&ring, &e, 0, BPF_RB_FORCE_WAKEUP));
    SAVE(bpf_ringbuf_output(&ring, &e, 8, 4));
    SAVE(bpf_ringbuf_output(&ring, &e, 8, 1ull << 40));
    u64 *p = bpf_ringbuf_reserve(&ring, 16, 0), *q = bpf_ringbuf_reserve(&ring, 24, 0);
    SAVE(p != 0);
    SAVE(q != 0);
    SAVE(bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
    SAVE(bpf_ringbuf_query(&ring, BPF_RB_CONS_POS));
    if (q) {
        q[0] = 0x30, q[1] = 0x31, q[2] = 0x32;
        bpf_ringbuf_submit(q, 0);
    }
    if (p) {
        p[0] = 0x20, p[1] = 0x21;
        bpf_ringbuf_discard(p, BPF_RB_NO_WAKEUP);
    }
    p = bpf_ringbuf_reserve(&ring, 8, 0);
    if (p) {
        p[0] = 0x40;
        bpf_ringbuf_submit(p, BPF_RB_FORCE_WAKEUP);
    }
    p = bpf_ringbuf_reserve(&ring, 8, 1);
    SAVE(p != 0);
    if (p)
        bpf_ringbuf_discard(p, 0);
    SAVE(bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA));
    return 0;
}

static s64 stored, refused;
static u8 chunk[500];
static long put(u32 i, void *unused)
{
    chunk[0] = (u8)i;
    if (bpf_ringbuf_output(&full, chunk, sizeof chunk, 0) == 0)
        stored++;
    else
        refused++;
    return 0;
}

SEC("tc") int b_full(struct __sk_buff *skb)
{
    bpf_loop(20, put, (void *)0, 0);
    SAVE(stored);
    SAVE(refused);
    SAVE(bpf_ringbuf_output(&full, chunk, sizeof chunk, 0));
    void *p = bpf_ringbuf_reserve(&full, 4096, 0);
    SAVE(p != 0);
    if (p)
        bpf_ringbuf_discard(p, 0);
    p = bpf_ringbuf_reserve(&full, 3000, 0);
    SAVE(p != 0);
    if (p)
        bpf_ringbuf_discard(p, 0);
    SAVE(bpf_ringbuf_query(&full, BPF_RB_AVAIL_DATA));
    return 0;
}
