/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Packets read and written in place, by a parser that looks at every captured frame. */
#include "suite.h"

struct flow {
    u32 type;
    u16 source, destination;
    u8 protocol, version;
};
MAP(flows, HASH, struct flow, u64, 256, 0);

SEC("tc") int each_parse(struct __sk_buff *skb)
{
    u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    struct flow flow = {0};
    if (data + 14 > end)
        return 2;
    u8 *at = data + 14;
    u32 type = data[12] << 8 | data[13];
    if (type == 0x8100 && at + 4 <= end) {
        type = at[2] << 8 | at[3];
        at += 4;
        flow.version = 1;
    }
    flow.type = type;
    if (type == 0x0800 && at + 20 <= end) {
        u32 size = (at[0] & 15) * 4;
        flow.protocol = at[9];
        at += size;
    } else if (type == 0x86dd && at + 40 <= end) {
        flow.protocol = at[6];
        at += 40;
    } else {
        at = end;
    }
    if ((flow.protocol == 6 || flow.protocol == 17) && at + 4 <= end) {
        flow.source = at[0] << 8 | at[1];
        flow.destination = at[2] << 8 | at[3];
    }
    u64 one = 1, *count = lookup(&flows, &flow);
    if (count)
        __sync_fetch_and_add(count, 1);
    else
        ADD(update(&flows, &flow, &one, BPF_NOEXIST));
    return flow.protocol;
}

SEC("tc") int each_swap(struct __sk_buff *skb)
{
    u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    if (data + 12 > end)
        return 2;
    for (int i = 0; i < 6; i++) {
        u8 b = data[i];
        data[i] = data[6 + i];
        data[6 + i] = b;
    }
    return skb->len & 0xff;
}
