/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stacks of whoever runs: what is refused. Whether there is a stack is a matter of the kernel's. */
#include "suite.h"

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 64);
    __uint(key_size, 4);
    __uint(value_size, 16 * 8);
} vol_stacks SEC(".maps");

SEC("raw_tp") int a_ids(void *ctx)
{
    SAVE(bpf_get_stackid(ctx, &vol_stacks, 1ull << 20));
    SAVE(bpf_get_stackid(ctx, &vol_stacks, 1ull << 40));
    long id = bpf_get_stackid(ctx, &vol_stacks, 0), again;
    SAVE(id < 64);
    again = bpf_get_stackid(ctx, &vol_stacks, BPF_F_FAST_STACK_CMP);
    SAVE(again < 64);
    return 0;
}

SEC("raw_tp") int b_copies(void *ctx)
{
    u64 frames[8] = {0};
    SAVE(bpf_get_stack(ctx, frames, sizeof frames, 1ull << 30));
    SAVE(bpf_get_stack(ctx, frames, 7, 0));
    long n = bpf_get_stack(ctx, frames, sizeof frames, 0);
    SAVE(n <= (long)sizeof frames);
    return 0;
}
