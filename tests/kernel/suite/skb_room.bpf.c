/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Packets that grow and shrink at either end, and VLAN tags. */
#include "suite.h"

SEC("tc") int multi_a_tail(struct __sk_buff *skb)
{
    SAVE(bpf_skb_change_tail(skb, skb->len + 8, 0));
    ADD(skb->len);
    SAVE(bpf_skb_change_tail(skb, skb->len, 1));
    SAVE(bpf_skb_change_tail(skb, 1, 0));
    SAVE(bpf_skb_change_tail(skb, 100000, 0));
    ADD(skb->data_end - skb->data);
    return 0;
}

SEC("tc") int b_cut(struct __sk_buff *skb)
{
    SAVE(bpf_skb_change_tail(skb, 60, 0));
    SAVE(skb->len);
    SAVE(bpf_skb_change_tail(skb, 20, 0));
    SAVE(skb->len);
    return 0;
}

SEC("tc") int multi_c_head(struct __sk_buff *skb)
{
    SAVE(bpf_skb_change_head(skb, 8, 0));
    ADD(skb->len);
    SAVE(bpf_skb_change_head(skb, 8, 1));
    SAVE(bpf_skb_change_head(skb, 100000, 0));
    return 0;
}

SEC("tc") int multi_d_push(struct __sk_buff *skb)
{
    SAVE(bpf_skb_vlan_push(skb, bpf_htons(0x8100), 0x123));
    SAVE(skb->vlan_present);
    SAVE(skb->vlan_tci);
    SAVE(skb->vlan_proto);
    ADD(skb->len);
    SAVE(bpf_skb_vlan_push(skb, bpf_htons(0x88a8), 0x2fff));
    ADD(skb->len);
    SAVE(skb->vlan_tci);
    SAVE(bpf_skb_vlan_push(skb, bpf_htons(0x0800), 5)); /* not a tag: 802.1Q */
    SAVE(skb->vlan_proto);
    return 0;
}

SEC("tc") int multi_e_pop(struct __sk_buff *skb)
{
    SAVE(skb->vlan_present);
    SAVE(bpf_skb_vlan_pop(skb));
    ADD(skb->len);
    ADD(skb->protocol);
    SAVE(bpf_skb_vlan_pop(skb));
    return 0;
}

SEC("tc") int f_round(struct __sk_buff *skb)
{
    SAVE(bpf_skb_vlan_push(skb, bpf_htons(0x8100), 7));
    SAVE(bpf_skb_vlan_push(skb, bpf_htons(0x8100), 8));
    SAVE(bpf_skb_vlan_pop(skb));
    SAVE(skb->vlan_tci);
    SAVE(bpf_skb_vlan_pop(skb));
    SAVE(skb->vlan_present);
    return 0;
}
