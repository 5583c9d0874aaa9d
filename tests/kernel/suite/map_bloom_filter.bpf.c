/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What was pushed is never said to be absent; how often absent things are said to be there is chance. */
#include "suite.h"

struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __uint(max_entries, 1000);
    __type(value, u64);
} bloom SEC(".maps");
struct odd {
    u8 bytes[7];
};
struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __uint(max_entries, 20);
    __uint(map_extra, 3);
    __type(value, struct odd);
} three SEC(".maps");

struct sums {
    u32 errors, absent, wrong;
};

static long push(u32 i, struct sums *sums)
{
    u64 v = i * 0x9e3779b97f4a7c15;
    sums->errors += bpf_map_push_elem(&bloom, &v, BPF_ANY) != 0;
    return 0;
}

static long peek(u32 i, struct sums *sums)
{
    u64 v = i * 0x9e3779b97f4a7c15;
    sums->absent += bpf_map_peek_elem(&bloom, &v) != 0;
    return 0;
}

static long strange(u32 i, struct sums *sums)
{
    u64 v = (i + 500) * 0x9e3779b97f4a7c15;
    sums->wrong += bpf_map_peek_elem(&bloom, &v) != -2;
    return 0;
}

SEC("tc") int steps(struct __sk_buff *skb)
{
    u64 v = 1;
    SAVE(bpf_map_peek_elem(&bloom, &v));
    SAVE(bpf_map_push_elem(&bloom, &v, BPF_NOEXIST));
    SAVE(bpf_map_push_elem(&bloom, &v, BPF_EXIST));
    SAVE(bpf_map_push_elem(&bloom, &v, 3));
    SAVE(bpf_map_push_elem(&bloom, &v, 4));
    SAVE(bpf_map_push_elem(&bloom, &v, BPF_ANY));
    SAVE(bpf_map_peek_elem(&bloom, &v));
    SAVE(v);
    struct sums sums = {0};
    bpf_loop(500, push, &sums, 0);
    bpf_loop(500, peek, &sums, 0);
    bpf_loop(1000, strange, &sums, 0);
    SAVE(sums.errors);
    SAVE(sums.absent);
    SAVE(sums.wrong < 100); /* some few of 10,000 at this load */
    return 0;
}

SEC("tc") int odd_size(struct __sk_buff *skb)
{
    struct odd v = {{1, 2, 3, 4, 5, 6, 7}};
    SAVE(bpf_map_peek_elem(&three, &v));
    SAVE(bpf_map_push_elem(&three, &v, BPF_ANY));
    SAVE(bpf_map_peek_elem(&three, &v));
    return 0;
}
