/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bytes in and out of a packet by offset, with every refusal. */
#include "suite.h"

SEC("tc") int multi_a_load(struct __sk_buff *skb)
{
    u8 b[32] = {0xee};
    ADD(bpf_skb_load_bytes(skb, 0, b, 14));
    ADD(b[0] + b[13]);
    ADD(bpf_skb_load_bytes(skb, 20, b, 8));
    ADD(b[0] + b[1] + b[7]);
    ADD(bpf_skb_load_bytes(skb, skb->len - 4, b, 4));
    ADD(b[0] + b[3]);
    SAVE(bpf_skb_load_bytes(skb, skb->len - 3, b, 4));
    SAVE(b[0] | b[1] | b[2] | b[3]); /* cleared */
    SAVE(bpf_skb_load_bytes(skb, 0xffff, b, 1));
    SAVE(bpf_skb_load_bytes(skb, 0x7fffffff, b, 1));
    SAVE(bpf_skb_load_bytes(skb, 0xffffffff, b, 1));
    return 0;
}

SEC("tc") int multi_b_relative(struct __sk_buff *skb)
{
    u8 b[8] = {0};
    SAVE(bpf_skb_load_bytes_relative(skb, 0, b, 6, BPF_HDR_START_MAC));
    ADD(b[0] + b[5]);
    SAVE(bpf_skb_load_bytes_relative(skb, 12, b, 2, BPF_HDR_START_MAC));
    ADD(b[0]);
    ADD(bpf_skb_load_bytes_relative(skb, 0, b, 4, BPF_HDR_START_NET));
    ADD(b[0]);
    SAVE(bpf_skb_load_bytes_relative(skb, 0, b, 4, 2));
    SAVE(bpf_skb_load_bytes_relative(skb, 0x10000, b, 4, BPF_HDR_START_NET));
    return 0;
}

SEC("tc") int multi_c_store(struct __sk_buff *skb)
{
    u8 b[4] = {0xde, 0xad, 0xbe, 0xef};
    ADD(bpf_skb_store_bytes(skb, 0, b, 4, 0));
    ADD(bpf_skb_store_bytes(skb, skb->len - 4, b, 4, BPF_F_RECOMPUTE_CSUM));
    ADD(bpf_skb_store_bytes(skb, 26, b, 4, BPF_F_INVALIDATE_HASH));
    SAVE(bpf_skb_store_bytes(skb, skb->len - 3, b, 4, 0));
    SAVE(bpf_skb_store_bytes(skb, 0, b, 4, 4));
    SAVE(bpf_skb_store_bytes(skb, 0, b, 4, 1ull << 33));
    SAVE(bpf_skb_store_bytes(skb, 0x10000, b, 4, 0));
    return 0;
}

SEC("tc") int multi_d_pull(struct __sk_buff *skb)
{
    ADD(bpf_skb_pull_data(skb, 0));
    ADD(bpf_skb_pull_data(skb, 40));
    ADD(bpf_skb_pull_data(skb, skb->len));
    ADD(bpf_skb_pull_data(skb, skb->len + 1));
    u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    if (data + 14 <= end)
        data[6] ^= 0xff;
    return data + 42 <= end ? data[41] : -1;
}
