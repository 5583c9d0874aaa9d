/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* bpf_redirect from XDP, and routes that nobody knows. */
#include "suite.h"

SEC("xdp") int a_flags(struct xdp_md *ctx)
{
    SAVE(bpf_redirect(1, 1));
    SAVE(bpf_redirect(1, 1ull << 40));
    SAVE(bpf_redirect(0x7fffff, 0));
    return XDP_PASS;
}

SEC("xdp") int b_lo(struct xdp_md *ctx) { return bpf_redirect(1, 0); }

SEC("xdp") int c_fib(struct xdp_md *ctx)
{
    struct bpf_fib_lookup fib = {.family = 2, .ifindex = 1};
    SAVE(bpf_fib_lookup(ctx, &fib, sizeof fib, 1u << 20)); /* flags nobody knows */
    fib.family = 99;
    SAVE(bpf_fib_lookup(ctx, &fib, sizeof fib, 0));
    return XDP_PASS;
}

SEC("xdp") int d_mtu(struct xdp_md *ctx)
{
    u32 mtu = 0;
    SAVE(bpf_check_mtu(ctx, 0, &mtu, 0, 99));
    return XDP_PASS;
}
