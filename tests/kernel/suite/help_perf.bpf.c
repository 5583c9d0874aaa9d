/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Records for user space through perf event arrays, with and without a part of the packet. */
#include "suite.h"

MAP_FDS(events, PERF_EVENT_ARRAY, 64);
MAP_FDS(packets, PERF_EVENT_ARRAY, 64);
MAP_FDS(vol_few, PERF_EVENT_ARRAY, 1);

/* With the size of the record before it, 4 more than a multiple of 8: no padding follows. */
struct record {
    u32 words[5];
};

SEC("tc") int a_tc(struct __sk_buff *skb)
{
    struct record r = {{1, 2, 3, 4, 5}};
    SAVE(bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, &r, sizeof r));
    SAVE(bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, &r, 12));
    SAVE(bpf_perf_event_output(skb, &events, 63, &r, 12)); /* nobody listens there */
    SAVE(bpf_perf_event_output(skb, &events, 64, &r, 12)); /* nor is there a place */
    SAVE(bpf_perf_event_output(skb, &events, 1ull << 60, &r, 12));
    SAVE(bpf_perf_event_output(skb, &packets, BPF_F_CURRENT_CPU | 8ull << 32, &r, 12));
    SAVE(bpf_perf_event_output(skb, &packets, BPF_F_CURRENT_CPU | (u64)skb->len << 32, &r, 6));
    SAVE(bpf_perf_event_output(skb, &packets, BPF_F_CURRENT_CPU | (u64)(skb->len + 1) << 32, &r, 4));
    return 0;
}

SEC("xdp") int b_xdp(struct xdp_md *ctx)
{
    struct record r = {{10, 20, 30, 40, 50}};
    u64 len = ctx->data_end - ctx->data;
    SAVE(bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &r, sizeof r));
    SAVE(bpf_perf_event_output(ctx, &packets, BPF_F_CURRENT_CPU | 16ull << 32, &r, 20));
    SAVE(bpf_perf_event_output(ctx, &packets, BPF_F_CURRENT_CPU | (len + 1) << 32, &r, 20));
    return XDP_PASS;
}

SEC("raw_tp") int c_raw_tp(void *ctx)
{
    struct record r = {{100, 200, 300, 400, 500}};
    SAVE(bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &r, sizeof r));
    SAVE(bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU | 8ull << 32, &r, sizeof r));
    SAVE(bpf_perf_event_output(ctx, &events, 99, &r, sizeof r));
    return 0;
}

SEC("raw_tp") int d_read(void *ctx)
{
    SAVE(bpf_perf_event_read(&vol_few, 5));
    SAVE(bpf_perf_event_read(&vol_few, 1ull << 40));
    return 0;
}
