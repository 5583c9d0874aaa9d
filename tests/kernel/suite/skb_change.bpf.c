/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Kinds of packets changed, room in the middle, redirection and copies: mostly what is refused. */
#include "suite.h"

SEC("tc") int a_type(struct __sk_buff *skb)
{
    SAVE(skb->pkt_type);
    SAVE(bpf_skb_change_type(skb, 1));
    SAVE(skb->pkt_type);
    SAVE(bpf_skb_change_type(skb, 3));
    SAVE(skb->pkt_type);
    SAVE(bpf_skb_change_type(skb, 4));
    SAVE(bpf_skb_change_type(skb, 99));
    return 0;
}

SEC("tc") int b_redirect(struct __sk_buff *skb)
{
    SAVE(bpf_redirect(1, 4));
    SAVE(bpf_redirect(1, 1ull << 40));
    SAVE(bpf_redirect(1, BPF_F_INGRESS));
    SAVE(bpf_redirect_peer(1, 1));
    SAVE(bpf_redirect_neigh(1, (void *)0, 0, 1));
    return bpf_redirect(1, 0);
}

SEC("tc") int c_clone(struct __sk_buff *skb)
{
    SAVE(bpf_clone_redirect(skb, 1, 4));
    return 0;
}

SEC("tc") int d_lookups(struct __sk_buff *skb)
{
    SAVE(bpf_get_route_realm(skb));
    return 0;
}

SEC("tc") int e_ecn(struct __sk_buff *skb)
{
    SAVE(bpf_skb_ecn_set_ce(skb));
    return 0;
}
