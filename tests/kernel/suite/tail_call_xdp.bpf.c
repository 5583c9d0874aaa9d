/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pipeline of programs that pass on what they found in a per-cpu map and in the packet. */
#include "suite.h"

int target_ethernet(struct xdp_md *ctx);
int target_ip(struct xdp_md *ctx);
int target_end(struct xdp_md *ctx);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 3);
    __uint(key_size, 4);
    __array(values, int(void *));
} stages SEC(".maps") = {.values = {(void *)&target_ethernet, (void *)&target_ip, (void *)&target_end}};

struct state {
    u32 type, protocol, length;
};
MAP(states, PERCPU_ARRAY, u32, struct state, 1, 0);
MAP(counts, HASH, u32, u64, 64, 0);

static __always_inline struct state *state(void)
{
    u32 zero = 0;
    return lookup(&states, &zero);
}

SEC("xdp") int each_pipeline(struct xdp_md *ctx)
{
    struct state *s = state();
    if (!s)
        return XDP_ABORTED;
    s->type = s->protocol = 0;
    s->length = ctx->data_end - ctx->data;
    bpf_tail_call(ctx, &stages, 0);
    return XDP_ABORTED;
}

SEC("xdp") int target_ethernet(struct xdp_md *ctx)
{
    u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct state *s = state();
    if (!s || data + 14 > end)
        return XDP_DROP;
    s->type = data[12] << 8 | data[13];
    bpf_tail_call(ctx, &stages, s->type == 0x0800 ? 1 : 2);
    return XDP_ABORTED;
}

SEC("xdp") int target_ip(struct xdp_md *ctx)
{
    u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct state *s = state();
    if (!s || data + 34 > end)
        return XDP_DROP;
    s->protocol = data[23];
    data[22]--;
    bpf_tail_call(ctx, &stages, 2);
    return XDP_ABORTED;
}

SEC("xdp") int target_end(struct xdp_md *ctx)
{
    struct state *s = state();
    if (!s)
        return XDP_DROP;
    u32 key = s->type << 8 | s->protocol;
    u64 one = s->length, *count = lookup(&counts, &key);
    if (count)
        *count += s->length;
    else
        update(&counts, &key, &one, BPF_NOEXIST);
    return s->protocol == 17 ? XDP_TX : XDP_PASS;
}
