/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A load balancer over every captured frame: connections are remembered, headers rewritten, checksums kept right. */
#include "suite.h"

struct connection {
    u32 source, destination;
    u16 source_port, destination_port;
    u8 protocol, pad[3];
};
struct backend {
    u32 address;
    u32 connections;
    u64 bytes;
};
MAP(connections, LRU_HASH, struct connection, u32, 512, 0);
MAP(backends, ARRAY, u32, struct backend, 4, 0);
MAP_BYTES(fresh, RINGBUF, 16384);
const volatile u32 backend_count = 3;

static __noinline u32 choose(struct connection *c)
{
    if (!c)
        return 0;
    u32 h = c->source ^ (c->destination * 0x9e3779b1u) ^ (u32)c->source_port << 16 ^ c->destination_port;
    h ^= h >> 15;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    return h % backend_count;
}

SEC("tc") int each_balance(struct __sk_buff *skb)
{
    u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    if (data + 54 > end || data[12] != 8 || data[13] || data[14] != 0x45 || data[23] != 6)
        return 0;
    struct connection c = {.protocol = 6};
    c.source = *(u32 *)(data + 26), c.destination = *(u32 *)(data + 30);
    c.source_port = *(u16 *)(data + 34), c.destination_port = *(u16 *)(data + 36);
    u32 *known = lookup(&connections, &c), index;
    if (known) {
        index = *known;
    } else {
        index = choose(&c);
        ADD(update(&connections, &c, &index, BPF_NOEXIST));
        struct connection *record = bpf_ringbuf_reserve(&fresh, sizeof *record, 0);
        if (record) {
            *record = c;
            bpf_ringbuf_submit(record, 0);
        }
    }
    struct backend *b = lookup(&backends, &index);
    if (!b)
        return 1;
    b->address = bpf_htonl(0x0a0a0000 + index);
    if (!known)
        b->connections++;
    b->bytes += skb->len;
    u32 to = b->address;
    long r = bpf_l4_csum_replace(skb, 50, c.destination, to, BPF_F_PSEUDO_HDR | 4);
    r |= bpf_l3_csum_replace(skb, 24, c.destination, to, 4);
    r |= bpf_skb_store_bytes(skb, 30, &to, 4, 0);
    ADD(r);
    return 100 + index;
}
