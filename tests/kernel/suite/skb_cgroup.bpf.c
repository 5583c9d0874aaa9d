/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Filters of control groups: packets from the network header on, read in place. */
#include "suite.h"

SEC("cgroup_skb/ingress") int each_a_ingress(struct __sk_buff *skb)
{
    u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    if (data + 20 > end)
        return 0;
    ADD(data[0]);
    return data[0] >> 4 == 4 && data[9] != 6;
}

SEC("cgroup_skb/egress") int multi_b_egress(struct __sk_buff *skb)
{
    ADD(skb->len);
    ADD(skb->protocol);
    return skb->len > 90 ? 1 : 0;
}

SEC("cgroup_skb/ingress") int ctx_c_fields(struct __sk_buff *skb)
{
    SAVE(skb->mark);
    SAVE(skb->priority);
    SAVE(skb->cb[2]);
    SAVE(skb->tstamp);
    SAVE(skb->ifindex);
    SAVE(skb->ingress_ifindex);
    skb->mark = 5;
    skb->priority = 6;
    skb->cb[2] = 7;
    return 1;
}

SEC("cgroup_skb/egress") int d_bytes(struct __sk_buff *skb)
{
    u8 b[8] = {0};
    SAVE(bpf_skb_load_bytes(skb, 0, b, 8));
    SAVE(b[0]);
    SAVE(bpf_skb_load_bytes_relative(skb, 9, b, 1, BPF_HDR_START_NET));
    SAVE(b[0]);
    SAVE(bpf_skb_load_bytes(skb, skb->len, b, 1));
    return 1;
}
