/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "run/packet.h"

#include "run/begin.h"

#define ETH_HLEN 14u

void sk_packet_place(skep_run *run, uint64_t meta, uint64_t data, uint64_t end)
{
    if (run->packet_len)
        *run->packet_len += (uint32_t)(end - data) - (uint32_t)run->packet_size;
    run->packet = data;
    run->packet_size = end - data;
    run->packet_meta = meta;
    run->slots[SK_SLOT_DATA] = data;
    run->slots[SK_SLOT_DATA_END] = end;
    run->slots[SK_SLOT_DATA_META] = meta;
    run->regions[0].low = meta; /* the packet's is the first one, even when it is empty */
    run->regions[0].size = end - meta;
    sk_run_find_home(run);
    sk_run_forget(run);
}

/* net/core/filter.c, bpf_xdp_adjust_head(): the metadata goes along. */
int64_t sk_packet_adjust_head(skep_run *run, int32_t delta)
{
    const uint64_t meta_size = run->packet - run->packet_meta, end = sk_packet_end(run);
    const int64_t room = (int64_t)sk_packet_headroom(run), most = (int64_t)run->packet_size - (int64_t)ETH_HLEN;
    if (delta < -room || delta > most)
        return -SKEP_EINVAL;
    const uint64_t meta = run->packet_meta + (uint64_t)(int64_t)delta;
    if (meta_size)
        memmove(sk_ptr(meta), sk_ptr(run->packet_meta), (size_t)meta_size);
    sk_packet_place(run, meta, meta + meta_size, end);
    return 0;
}

/* bpf_xdp_adjust_tail(): what is added reads as zero. */
int64_t sk_packet_adjust_tail(skep_run *run, int32_t delta)
{
    const int64_t room = (int64_t)sk_packet_tailroom(run), least = (int64_t)ETH_HLEN - (int64_t)run->packet_size;
    if (delta > room || delta < least)
        return -SKEP_EINVAL;
    if (delta > 0)
        memset(sk_ptr(sk_packet_end(run)), 0, (size_t)delta);
    sk_packet_place(run, run->packet_meta, run->packet, sk_packet_end(run) + (uint64_t)(int64_t)delta);
    return 0;
}

/* bpf_xdp_adjust_meta(): multiples of 4, no more than fits skb_shared_info.meta_len. */
int64_t sk_packet_adjust_meta(skep_run *run, int32_t delta)
{
    const uint64_t old_size = run->packet - run->packet_meta;
    const int64_t size = (int64_t)old_size - delta;
    if (size < 0 || size > (int64_t)(run->packet - run->room_low))
        return -SKEP_EINVAL;
    if (size % 4 || size > 252)
        return -SKEP_EACCES;
    sk_packet_place(run, run->packet - (uint64_t)size, run->packet, sk_packet_end(run));
    return 0;
}
