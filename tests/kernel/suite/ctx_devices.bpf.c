/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same work in every kind of program that sees packets, so that what differs is the context's. */
#include "suite.h"

MAP(lengths, HASH, u32, u32, 128, 0);

static __noinline int note(u32 key, u32 value)
{
    ADD(update(&lengths, &key, &value, BPF_ANY));
    return value & 0xff;
}

SEC("xdp") int multi_a_xdp(struct xdp_md *ctx) { return note(0x100 | (ctx->data_end - ctx->data), ctx->data_end - ctx->data) & 3; }
SEC("tc") int multi_b_tc(struct __sk_buff *skb) { return note(0x200 + skb->len, skb->protocol); }
SEC("socket") int multi_c_socket(struct __sk_buff *skb) { return note(0x10000 + skb->len, skb->protocol); }
SEC("cgroup_skb/ingress") int multi_d_ingress(struct __sk_buff *skb) { return note(0x20000 + skb->len, skb->protocol) & 1; }
SEC("cgroup_skb/egress") int multi_e_egress(struct __sk_buff *skb) { return note(0x30000 + skb->len, skb->len) & 1; }
SEC("lwt_in") int multi_f_lwt_in(struct __sk_buff *skb) { return note(0x40000 + skb->len, skb->protocol) & 1; }
SEC("lwt_out") int multi_g_lwt_out(struct __sk_buff *skb) { return note(0x50000 + skb->len, skb->mark) & 1; }
SEC("lwt_xmit") int multi_h_lwt_xmit(struct __sk_buff *skb) { return note(0x60000 + skb->len, skb->data_end - skb->data) & 1; }
