/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Raw tracepoints: 64-bit arguments as they come. */
#include "suite.h"

SEC("raw_tp") int a_args(struct bpf_raw_tracepoint_args *ctx)
{
    u64 sum = 0;
    for (int i = 0; i < 12; i++) {
        sum = sum * 31 + ctx->args[i];
        out[i] = ctx->args[i];
    }
    out[20] = sum;
    return 7;
}

SEC("raw_tp/sys_enter") int b_named(struct bpf_raw_tracepoint_args *ctx)
{
    out[30] = ctx->args[1] - ctx->args[0];
    return (int)ctx->args[1];
}

SEC("raw_tp") int c_negative(void *ctx) { return opaque(-9); }
