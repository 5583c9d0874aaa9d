/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every field of xdp_md, with and without a context that comes in. */
#include "suite.h"

SEC("xdp") int multi_a_fields(struct xdp_md *ctx)
{
    ADD(ctx->data_end - ctx->data);
    ADD(ctx->data - ctx->data_meta);
    SAVE(ctx->ingress_ifindex);
    SAVE(ctx->rx_queue_index);
    ADD(bpf_xdp_get_buff_len(ctx));
    return XDP_PASS;
}

SEC("xdp") int multi_ctx_b_fields(struct xdp_md *ctx)
{
    ADD(ctx->data_end - ctx->data);
    ADD(ctx->data - ctx->data_meta);
    SAVE(ctx->ingress_ifindex);
    SAVE(ctx->rx_queue_index);
    ADD(bpf_xdp_get_buff_len(ctx));
    u8 *meta = (void *)(long)ctx->data_meta;
    if (meta + 16 > (u8 *)(long)ctx->data)
        return XDP_ABORTED;
    ADD(meta[0] + meta[15]);
    meta[3] = 0x5a;
    return XDP_PASS;
}

SEC("xdp") int ctx_c_change(struct xdp_md *ctx)
{
    SAVE(bpf_xdp_adjust_meta(ctx, 8));
    SAVE(bpf_xdp_adjust_head(ctx, 6));
    return XDP_TX;
}

SEC("xdp") int d_verdicts_aborted(struct xdp_md *ctx) { return XDP_ABORTED; }
SEC("xdp") int d_verdicts_drop(struct xdp_md *ctx) { return XDP_DROP; }
SEC("xdp") int d_verdicts_strange(struct xdp_md *ctx) { return opaque(77); }
SEC("xdp") int d_verdicts_negative(struct xdp_md *ctx) { return opaque(-5); }
SEC("xdp.frags") int multi_e_frags(struct xdp_md *ctx)
{
    ADD(bpf_xdp_get_buff_len(ctx));
    return XDP_DROP;
}
