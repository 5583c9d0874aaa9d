/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* bpf_csum_diff: sums of what is added and taken away, with seeds, and the folds of them. */
#include "suite.h"

static __always_inline u32 fold(u64 sum)
{
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u32)sum;
}

SEC("tc") int a_fixed(struct __sk_buff *skb)
{
    u32 from[4] = {0x11223344, 0x55667788, 0x99aabbcc, 0xddeeff00}, to[4] = {1, 2, 3, 0xffffffff};
    SAVE(fold(bpf_csum_diff(0, 0, to, 4, 0)));
    SAVE(fold(bpf_csum_diff(0, 0, to, 16, 0)));
    SAVE(fold(bpf_csum_diff(from, 16, 0, 0, 0)));
    SAVE(fold(bpf_csum_diff(from, 16, to, 16, 0)));
    SAVE(fold(bpf_csum_diff(from, 4, to, 12, 0x12345)));
    SAVE(fold(bpf_csum_diff(from, 12, to, 4, 0xffffffff)));
    SAVE(fold(bpf_csum_diff(from, 8, from, 8, 7)));
    SAVE(fold(bpf_csum_diff(0, 0, 0, 0, 0x1ffff)));
    return 0;
}

SEC("tc") int b_refused(struct __sk_buff *skb)
{
    u32 some[2] = {1, 2}, odd = skb->len | 1;
    if (odd > 7)
        odd = 7;
    SAVE(bpf_csum_diff(some, odd, 0, 0, 0));
    SAVE(bpf_csum_diff(0, 0, some, odd, 0));
    return 0;
}

/* The checksum of every IPv4 header. */
SEC("xdp") int each_ip(struct xdp_md *ctx)
{
    u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    if (data + 34 > end || data[12] != 8 || data[13])
        return XDP_PASS;
    u32 header[5];
    __builtin_memcpy(header, data + 14, 20);
    u32 sum = fold(bpf_csum_diff(0, 0, header, 20, 0));
    ADD(sum);
    return sum == 0xffff ? XDP_TX : XDP_DROP;
}
