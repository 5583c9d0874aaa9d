/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Socket filters: the packet begins behind its Ethernet header; LD_ABS and LD_IND; a load beyond the end ends with 0. */
#include "suite.h"

u64 load_byte(void *skb, u64 off) asm("llvm.bpf.load.byte");
u64 load_half(void *skb, u64 off) asm("llvm.bpf.load.half");
u64 load_word(void *skb, u64 off) asm("llvm.bpf.load.word");

SEC("socket") int each_a_protocol(struct __sk_buff *skb)
{
    ADD(skb->len);
    return load_byte(skb, 9) + skb->protocol * 256;
}

SEC("socket") int multi_b_loads(struct __sk_buff *skb)
{
    u64 sum = load_byte(skb, 0) + load_half(skb, 1) + load_word(skb, 3);
    ADD(sum);
    sum += load_word(skb, skb->len - 4);
    ADD(sum);
    return sum & 0x7fffffff;
}

SEC("socket") int multi_c_beyond(struct __sk_buff *skb)
{
    ADD(1);
    u64 v = load_word(skb, skb->len - 3);
    ADD(1);
    return v | 1;
}

SEC("socket") int multi_d_negative(struct __sk_buff *skb)
{
    u64 v = load_byte(skb, -0x100000 + 9); /* SKF_NET_OFF */
    return v | 0x100;
}

SEC("socket") int multi_e_link(struct __sk_buff *skb)
{
    u64 v = load_byte(skb, -0x200000 + 13); /* SKF_LL_OFF */
    return v | 0x100;
}

SEC("socket") int multi_f_helper(struct __sk_buff *skb)
{
    u8 b[4] = {1, 2, 3, 4};
    ADD(bpf_skb_load_bytes(skb, 0, b, 4));
    ADD(b[0]);
    ADD(bpf_skb_load_bytes_relative(skb, 0, b, 4, BPF_HDR_START_NET));
    ADD(bpf_skb_load_bytes_relative(skb, 0, b, 4, BPF_HDR_START_MAC));
    ADD(b[3]);
    return skb->len;
}

SEC("socket") int ctx_g_fields(struct __sk_buff *skb)
{
    SAVE(skb->mark);
    SAVE(skb->priority);
    SAVE(skb->protocol);
    SAVE(skb->pkt_type);
    SAVE(skb->vlan_present);
    SAVE(skb->ifindex);
    SAVE(skb->ingress_ifindex);
    SAVE(skb->cb[1]);
    skb->cb[1] = 99;
    SAVE(skb->cb[1]);
    SAVE(skb->gso_segs);
    return 0;
}
