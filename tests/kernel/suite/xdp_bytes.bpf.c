/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bytes of a frame by offset. */
#include "suite.h"

SEC("xdp") int multi_steps(struct xdp_md *ctx)
{
    u8 b[24] = {0};
    u32 len = bpf_xdp_get_buff_len(ctx);
    ADD(bpf_xdp_load_bytes(ctx, 0, b, 14));
    ADD(b[0] + b[12] + b[13]);
    ADD(bpf_xdp_load_bytes(ctx, 14, b, 20));
    ADD(b[0] + b[19]);
    SAVE(bpf_xdp_load_bytes(ctx, len - 1, b, 1));
    ADD(b[0]);
    SAVE(bpf_xdp_load_bytes(ctx, len - 1, b, 2));
    ADD(b[0]);
    SAVE(bpf_xdp_load_bytes(ctx, len, b, 1));
    SAVE(bpf_xdp_load_bytes(ctx, 0xffff, b, 1));
    SAVE(bpf_xdp_load_bytes(ctx, 0x10000, b, 1));
    SAVE(bpf_xdp_load_bytes(ctx, 0xffffffff, b, 1));
    b[0] = 0xaa, b[1] = 0xbb, b[2] = 0xcc;
    SAVE(bpf_xdp_store_bytes(ctx, 0, b, 3));
    SAVE(bpf_xdp_store_bytes(ctx, len - 3, b, 3));
    SAVE(bpf_xdp_store_bytes(ctx, len - 2, b, 3));
    SAVE(bpf_xdp_store_bytes(ctx, 0x10000, b, 3));
    return XDP_TX;
}

SEC("xdp") int multi_size(struct xdp_md *ctx)
{
    u8 b[64] = {1};
    u32 size = bpf_xdp_get_buff_len(ctx) & 63;
    if (!size)
        return XDP_ABORTED;
    ADD(bpf_xdp_load_bytes(ctx, 0, b, size));
    b[0] = (u8)size;
    ADD(bpf_xdp_store_bytes(ctx, 0, b, size));
    return XDP_PASS;
}
