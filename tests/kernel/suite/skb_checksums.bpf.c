/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Network address translation with the checksum helpers: header, transport, pseudo header. */
#include "suite.h"

SEC("tc") int a_translate(struct __sk_buff *skb)
{
    u32 from = bpf_htonl(0xc0000201), to = bpf_htonl(0x0a000005);
    u16 port = bpf_htons(80), other = bpf_htons(8080);
    SAVE(bpf_l4_csum_replace(skb, 50, from, to, BPF_F_PSEUDO_HDR | 4));
    SAVE(bpf_l3_csum_replace(skb, 24, from, to, 4));
    SAVE(bpf_skb_store_bytes(skb, 26, &to, 4, 0));
    SAVE(bpf_l4_csum_replace(skb, 50, port, other, 2));
    SAVE(bpf_skb_store_bytes(skb, 36, &other, 2, 0));
    return 0;
}

SEC("tc") int b_diff(struct __sk_buff *skb)
{
    u32 from[2] = {1, 2}, to[2] = {0x11111111, 0x22222222};
    s64 diff = bpf_csum_diff(from, 8, to, 8, 0);
    SAVE(bpf_l3_csum_replace(skb, 24, 0, diff, 0));
    SAVE(bpf_l4_csum_replace(skb, 50, 0, diff, 0));
    SAVE(bpf_l4_csum_replace(skb, 50, 0, diff, BPF_F_PSEUDO_HDR));
    return 0;
}

SEC("tc") int c_zero(struct __sk_buff *skb)
{
    u16 zero = 0;
    SAVE(bpf_skb_store_bytes(skb, 50, &zero, 2, 0));
    SAVE(bpf_l4_csum_replace(skb, 50, 1, 2, BPF_F_MARK_MANGLED_0 | 2)); /* zero means there is none */
    SAVE(bpf_l4_csum_replace(skb, 50, 0, 0xffff, BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | 2));
    SAVE(bpf_l4_csum_replace(skb, 52, 3, 3, 2));
    return 0;
}

SEC("tc") int d_refused(struct __sk_buff *skb)
{
    SAVE(bpf_l3_csum_replace(skb, 24, 1, 2, 3));
    SAVE(bpf_l3_csum_replace(skb, 24, 1, 2, 8));
    SAVE(bpf_l3_csum_replace(skb, 24, 1, 2, 0x10 | 2));
    SAVE(bpf_l3_csum_replace(skb, 25, 1, 2, 2));
    SAVE(bpf_l3_csum_replace(skb, 0xffff, 1, 2, 2));
    SAVE(bpf_l3_csum_replace(skb, 0x10000, 1, 2, 2));
    SAVE(bpf_l3_csum_replace(skb, skb->len - 1, 1, 2, 2));
    SAVE(bpf_l3_csum_replace(skb, 24, 1, 2, 0));
    SAVE(bpf_l4_csum_replace(skb, 50, 1, 2, 3));
    SAVE(bpf_l4_csum_replace(skb, 50, 1, 2, 0x80 | 2));
    SAVE(bpf_l4_csum_replace(skb, 50, 1, 2, 0x100 | 2));
    SAVE(bpf_l4_csum_replace(skb, 51, 1, 2, 2));
    SAVE(bpf_l4_csum_replace(skb, 0x10000, 1, 2, 2));
    SAVE(bpf_l4_csum_replace(skb, 50, 1, 2, 0));
    return 0;
}

SEC("tc") int e_update(struct __sk_buff *skb)
{
    SAVE(bpf_csum_update(skb, 0x1234));
    SAVE(bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY));
    SAVE(bpf_csum_level(skb, BPF_CSUM_LEVEL_INC));
    SAVE(bpf_csum_level(skb, BPF_CSUM_LEVEL_DEC));
    SAVE(bpf_csum_level(skb, BPF_CSUM_LEVEL_RESET));
    SAVE(bpf_csum_level(skb, 99));
    return 0;
}

/* One more hop, on each captured packet. */
SEC("tc") int each_hop(struct __sk_buff *skb)
{
    u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    if (data + 34 > end || data[12] != 8 || data[13] || data[22] < 2)
        return 2;
    u16 before = *(u16 *)(data + 22), after = before - 1;
    long r = bpf_l3_csum_replace(skb, 24, before, after, 2);
    if (r)
        return r;
    return bpf_skb_store_bytes(skb, 22, &after, 2, 0);
}
