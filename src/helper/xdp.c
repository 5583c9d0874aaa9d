/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Helpers of XDP programs: the packet's bounds and bytes (net/core/filter.c). */
#include "helper/packet.h"

SK_BPF(xdp_adjust_head)
{
    SK_NEED_XDP(run);
    return sk_int(sk_packet_adjust_head(run, (int32_t)r2));
}

SK_BPF(xdp_adjust_tail)
{
    SK_NEED_XDP(run);
    return sk_int(sk_packet_adjust_tail(run, (int32_t)r2));
}

SK_BPF(xdp_adjust_meta)
{
    SK_NEED_XDP(run);
    return sk_int(sk_packet_adjust_meta(run, (int32_t)r2));
}

SK_BPF(xdp_get_buff_len)
{
    SK_NEED_XDP(run);
    return run->packet_size;
}

/* bpf_xdp_pointer() */
static int check(const skep_run *run, uint32_t offset, uint32_t size)
{
    if (offset > 0xffff || size > 0xffff)
        return -SKEP_EFAULT;
    return sk_packet_reaches(run, (uint64_t)offset + size) ? 0 : -SKEP_EINVAL;
}

SK_BPF(xdp_load_bytes)
{
    const uint32_t offset = (uint32_t)r2, size = (uint32_t)r4;
    SK_NEED_XDP(run);
    int failed = check(run, offset, size);
    if (!failed)
        memmove(sk_ptr(r3), sk_packet_bytes(run) + offset, size);
    return sk_int(failed);
}

SK_BPF(xdp_store_bytes)
{
    const uint32_t offset = (uint32_t)r2, size = (uint32_t)r4;
    SK_NEED_XDP(run);
    int failed = check(run, offset, size);
    if (!failed)
        memmove(sk_packet_bytes(run) + offset, sk_ptr(r3), size);
    return sk_int(failed);
}
