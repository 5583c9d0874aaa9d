/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Last in, first out. */
#include "suite.h"

MAP_VALUES(stack, STACK, s64, 4);
MAP_VALUES(pair, STACK, s64, 1);

SEC("tc") int steps(struct __sk_buff *skb)
{
    s64 v = 0x55;
    SAVE(bpf_map_pop_elem(&stack, &v));
    SAVE(v); /* cleared */
    v = 0x55;
    SAVE(bpf_map_peek_elem(&stack, &v));
    SAVE(v);
    for (u32 i = 0; i < 6; i++) {
        v = i + 1;
        out[10 + i] = bpf_map_push_elem(&stack, &v, BPF_ANY);
    }
    v = 100;
    out[20] = bpf_map_push_elem(&stack, &v, BPF_EXIST); /* makes room */
    out[21] = bpf_map_push_elem(&stack, &v, BPF_NOEXIST);
    out[22] = bpf_map_push_elem(&stack, &v, 3);
    out[23] = bpf_map_push_elem(&stack, &v, 4);
    out[24] = bpf_map_push_elem(&stack, &v, 1ull << 40);
    out[25] = bpf_map_peek_elem(&stack, &v);
    out[26] = v;
    out[27] = bpf_map_pop_elem(&stack, &v);
    out[28] = v;
    out[29] = bpf_map_pop_elem(&stack, &v);
    out[30] = v;
    v = 7;
    out[31] = bpf_map_push_elem(&stack, &v, BPF_ANY);
    out[32] = bpf_map_peek_elem(&stack, &v);
    out[33] = v;
    return 0;
}

/* A container of one. */
SEC("tc") int single(struct __sk_buff *skb)
{
    s64 v = 1;
    out[40] = bpf_map_push_elem(&pair, &v, BPF_ANY);
    v = 2;
    out[41] = bpf_map_push_elem(&pair, &v, BPF_ANY);
    out[42] = bpf_map_push_elem(&pair, &v, BPF_EXIST);
    v = 3;
    out[43] = bpf_map_push_elem(&pair, &v, BPF_EXIST);
    out[44] = bpf_map_pop_elem(&pair, &v);
    out[45] = v;
    out[46] = bpf_map_pop_elem(&pair, &v);
    return 0;
}

/* Many rounds: the ends meet. */
SEC("tc") int rounds(struct __sk_buff *skb)
{
    s64 v, sum = 0;
    while (!bpf_map_pop_elem(&stack, &v))
        if (++sum > 10)
            break;
    out[50] = sum;
    sum = 0;
    for (u32 i = 0; i < 100; i++) {
        v = i;
        sum += bpf_map_push_elem(&stack, &v, BPF_ANY) ? 1000000 : 0;
        if (i % 3 == 2) {
            sum = sum * 3 + (bpf_map_pop_elem(&stack, &v) ? -1 : v);
            sum = sum * 3 + (bpf_map_pop_elem(&stack, &v) ? -1 : v);
        }
    }
    out[51] = sum;
    return 0;
}
