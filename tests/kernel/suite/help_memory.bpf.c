/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Keys, values and buffers of helpers wherever a program may have them: stack, packet, map values, records, constants. */
#include "suite.h"

struct key {
    u8 address[6];
};
struct value {
    u64 words[2];
};
MAP(macs, HASH, struct key, struct value, 16, 0);
MAP(store, ARRAY, u32, struct value, 4, 0);
MAP_BYTES(ring, RINGBUF, 4096);
MAP_VALUES(queue, QUEUE, struct value, 4);
static const struct value constant = {{0x1111, 0x2222}};
struct value global = {{3, 4}};

SEC("tc") int multi_a_packet(struct __sk_buff *skb)
{
    u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    if (data + 14 > end)
        return 1;
    ADD(update(&macs, data, &constant, BPF_ANY)); /* the key is in the packet, the value among the constants */
    ADD(update(&macs, data + 6, &global, BPF_NOEXIST));
    struct value *v = lookup(&macs, data);
    if (v)
        v->words[0]++;
    return v ? v->words[0] & 0xff : -1;
}

SEC("tc") int b_values(struct __sk_buff *skb)
{
    u32 zero = 0, one = 1, two = 2;
    struct value *a = lookup(&store, &zero), *b;
    if (!a)
        return 1;
    a->words[0] = 2, a->words[1] = 0x77;
    ADD(update(&store, &one, a, BPF_ANY));  /* a value for a value */
    ADD(update(&store, a, a, BPF_ANY));     /* and for a key: its first four bytes are 2 */
    b = lookup(&store, a);
    SAVE(b ? b->words[1] : -1);
    ADD(bpf_map_push_elem(&queue, a, BPF_ANY));
    a->words[1] = 0x99;
    b = lookup(&store, &two);
    if (b) {
        SAVE(bpf_map_pop_elem(&queue, b));
        SAVE(b->words[1]);
    }
    return 0;
}

SEC("tc") int c_records(struct __sk_buff *skb)
{
    struct value *r = bpf_ringbuf_reserve(&ring, sizeof *r, 0);
    u32 three = 3;
    if (!r)
        return 1;
    r->words[0] = 0xaaaa, r->words[1] = 0xbbbb;
    SAVE(update(&store, &three, r, BPF_ANY));
    SAVE(bpf_skb_load_bytes(skb, 26, r, 4)); /* from the packet into the record */
    bpf_ringbuf_submit(r, 0);
    SAVE(bpf_ringbuf_output(&ring, (void *)&constant, sizeof constant, 0));
    SAVE(bpf_ringbuf_output(&ring, &global, 5, 0));
    struct value *v = lookup(&store, &three);
    if (v)
        SAVE(bpf_ringbuf_output(&ring, v, sizeof *v, 0));
    return 0;
}

SEC("xdp") int d_frame(struct xdp_md *ctx)
{
    u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    if (data + 64 > end)
        return XDP_ABORTED;
    SAVE(bpf_csum_diff(0, 0, (void *)(data + 16), 16, 0) != 0);
    s64 *v = (s64 *)lookup(&macs, data);
    SAVE(v != 0);
    SAVE(bpf_xdp_load_bytes(ctx, 0, &global, sizeof global)); /* from the frame into a global */
    return XDP_PASS;
}
