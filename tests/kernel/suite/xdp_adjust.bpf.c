/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Packets that grow and shrink before the stack has seen them, and their metadata. */
#include "suite.h"

#define LENGTH(ctx) ((ctx)->data_end - (ctx)->data)

SEC("xdp") int multi_a_head(struct xdp_md *ctx)
{
    SAVE(bpf_xdp_adjust_head(ctx, -18));
    ADD(LENGTH(ctx));
    u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    if (data + 18 > end)
        return XDP_ABORTED;
    for (int i = 0; i < 18; i++)
        data[i] = 0xc0 + i;
    SAVE(bpf_xdp_adjust_head(ctx, 4));
    ADD(LENGTH(ctx));
    SAVE(bpf_xdp_adjust_head(ctx, 100000));
    SAVE(bpf_xdp_adjust_head(ctx, -100000));
    ADD(LENGTH(ctx));
    SAVE(bpf_xdp_adjust_head(ctx, 0));
    return XDP_TX;
}

SEC("xdp") int multi_b_tail(struct xdp_md *ctx)
{
    SAVE(bpf_xdp_adjust_tail(ctx, 10));
    ADD(LENGTH(ctx));
    SAVE(bpf_xdp_adjust_tail(ctx, 0));
    SAVE(bpf_xdp_adjust_tail(ctx, 100000));
    SAVE(bpf_xdp_adjust_tail(ctx, -100000));
    ADD(bpf_xdp_adjust_tail(ctx, -20));
    ADD(LENGTH(ctx));
    ADD(bpf_xdp_adjust_tail(ctx, 14 - (int)LENGTH(ctx)));
    ADD(bpf_xdp_adjust_tail(ctx, -1)); /* 14 bytes stay */
    return XDP_PASS;
}


SEC("xdp") int multi_d_metadata(struct xdp_md *ctx)
{
    SAVE(ctx->data - ctx->data_meta);
    SAVE(bpf_xdp_adjust_meta(ctx, -8));
    SAVE(ctx->data - ctx->data_meta);
    u32 *meta = (void *)(long)ctx->data_meta;
    if ((void *)(meta + 2) > (void *)(long)ctx->data)
        return XDP_ABORTED;
    meta[0] = 0x11111111, meta[1] = 0x22222222;
    SAVE(bpf_xdp_adjust_meta(ctx, -3));
    SAVE(bpf_xdp_adjust_meta(ctx, 12));
    SAVE(bpf_xdp_adjust_meta(ctx, 4));
    SAVE(ctx->data - ctx->data_meta);
    meta = (void *)(long)ctx->data_meta;
    if ((void *)(meta + 1) > (void *)(long)ctx->data)
        return XDP_ABORTED;
    SAVE(meta[0]);
    SAVE(bpf_xdp_adjust_head(ctx, -16)); /* the metadata moves with it */
    SAVE(ctx->data - ctx->data_meta);
    meta = (void *)(long)ctx->data_meta;
    if ((void *)(meta + 1) > (void *)(long)ctx->data)
        return XDP_ABORTED;
    SAVE(meta[0]);
    SAVE(bpf_xdp_adjust_meta(ctx, 4));
    u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    if (data + 16 > end)
        return XDP_ABORTED;
    for (int i = 0; i < 16; i++)
        data[i] = i;
    return XDP_PASS;
}

SEC("xdp") int e_meta_limit(struct xdp_md *ctx)
{
    SAVE(bpf_xdp_adjust_meta(ctx, -32));
    SAVE(bpf_xdp_adjust_meta(ctx, 32));
    return XDP_DROP;
}
