/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every field of __sk_buff that a classifier may read, whole and in part, and those that it may write. */
#include "suite.h"

SEC("tc") int multi_ctx_read(struct __sk_buff *skb)
{
    ADD(skb->len);
    ADD(skb->pkt_type);
    ADD(skb->mark);
    ADD(skb->queue_mapping);
    ADD(skb->protocol);
    ADD(skb->vlan_present);
    ADD(skb->vlan_tci);
    ADD(skb->vlan_proto);
    ADD(skb->priority);
    ADD(skb->ingress_ifindex);
    ADD(skb->ifindex);
    ADD(skb->tc_index);
    for (int i = 0; i < 5; i++)
        ADD(skb->cb[i]);
    ADD(skb->tc_classid);
    ADD(skb->data_end - skb->data);
    ADD(skb->data - skb->data_meta);
    ADD(skb->napi_id);
    ADD(skb->tstamp);
    ADD(skb->wire_len);
    ADD(skb->gso_segs);
    ADD(skb->gso_size);
    ADD(skb->tstamp_type);
    ADD(skb->hwtstamp);
    return 0;
}

SEC("tc") int multi_read(struct __sk_buff *skb)
{
    ADD(skb->len);
    ADD(skb->mark);
    ADD(skb->protocol);
    ADD(skb->ifindex);
    ADD(skb->ingress_ifindex);
    ADD(skb->tstamp);
    ADD(skb->wire_len);
    ADD(skb->gso_segs);
    ADD(skb->gso_size);
    ADD(skb->vlan_present);
    ADD(skb->vlan_tci);
    ADD(skb->queue_mapping);
    ADD(skb->data_end - skb->data);
    return bpf_ntohs((u16)skb->protocol);
}

SEC("tc") int ctx_narrow(struct __sk_buff *skb)
{
    volatile u8 *bytes = (void *)&skb->mark;
    SAVE(bytes[0]);
    volatile u16 *half = (void *)&skb->len;
    SAVE(half[0]);
    volatile u8 *cb = (void *)skb->cb;
    SAVE(cb[4]);
    SAVE(cb[5]);
    volatile u16 *cb16 = (void *)skb->cb;
    SAVE(cb16[2]);
    volatile u64 *cb64 = (void *)skb->cb;
    SAVE(cb64[1]);
    return 0;
}

/* clang would merge stores to neighbours. */
#define SET(field, value) (*(volatile __typeof__(skb->field) *)&skb->field = (value))

SEC("tc") int ctx_write(struct __sk_buff *skb)
{
    SET(mark, 0xabcdef01);
    SET(priority, 0x1234);
    SET(tc_index, 0x7fff1);
    SET(tc_classid, 0x10001);
    SET(queue_mapping, 3);
    SET(tstamp, 987654321);
    for (u32 i = 0; i < 5; i++)
        SET(cb[i], 0x200 + i);
    SAVE(skb->mark);
    SAVE(skb->tc_index);
    SAVE(skb->tc_classid);
    SAVE(skb->queue_mapping);
    SAVE(skb->tstamp);
    SAVE(skb->cb[3]);
    volatile u8 *cb = (void *)skb->cb;
    cb[18] = 0x77;
    volatile u64 *wide = (void *)skb->cb;
    wide[1] = 0x1122334455667788;
    SAVE(skb->cb[4]);
    SAVE(skb->cb[2]);
    return 0;
}

SEC("tc") int mark_default(struct __sk_buff *skb)
{
    SAVE(skb->mark);
    SAVE(skb->priority);
    SAVE(skb->cb[0]);
    SAVE(skb->hash);
    SAVE(bpf_set_hash(skb, 0x1234567));
    SAVE(skb->hash);
    SAVE(bpf_get_hash_recalc(skb));
    bpf_set_hash_invalid(skb);
    return 0;
}
