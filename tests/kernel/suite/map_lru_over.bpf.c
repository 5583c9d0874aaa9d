/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tables that forget, filled beyond their limit: nothing is refused, what came last is there, and some went. */
#include "suite.h"

MAP(vol_lru, LRU_HASH, u32, s64, 64, 0);
MAP(vol_own, LRU_HASH, u32, s64, 64, BPF_F_NO_COMMON_LRU);
MAP(vol_percpu, LRU_PERCPU_HASH, u32, s64, 64, 0);

static u32 errors, fresh, kept;

#define CALLBACKS(map)                                                                                                 \
    static long put_##map(u32 i, void *unused)                                                                         \
    {                                                                                                                  \
        s64 v = i;                                                                                                     \
        errors += update(&map, &i, &v, BPF_ANY) != 0;                                                                  \
        fresh += VALUE_OR(&map, &i, -1) == i;                                                                          \
        return 0;                                                                                                      \
    }                                                                                                                  \
    static long get_##map(u32 i, void *unused)                                                                         \
    {                                                                                                                  \
        kept += VALUE_OR(&map, &i, -1) == i;                                                                           \
        return 0;                                                                                                      \
    }
CALLBACKS(vol_lru)
CALLBACKS(vol_own)
CALLBACKS(vol_percpu)

#define STEPS(map)                                                                                                     \
    errors = fresh = kept = 0;                                                                                         \
    bpf_loop(400, put_##map, (void *)0, 0);                                                                            \
    bpf_loop(400, get_##map, (void *)0, 0);                                                                            \
    SAVE(errors);                                                                                                      \
    SAVE(fresh);                                                                                                       \
    SAVE(kept >= 1 && kept <= 128); /* the kernel lets cpus have a few more */                                         \
    kept = 0

SEC("tc") int a_lru(struct __sk_buff *skb)
{
    STEPS(vol_lru);
    return 0;
}

SEC("tc") int b_own(struct __sk_buff *skb)
{
    STEPS(vol_own);
    return 0;
}

SEC("tc") int c_percpu(struct __sk_buff *skb)
{
    STEPS(vol_percpu);
    return 0;
}
