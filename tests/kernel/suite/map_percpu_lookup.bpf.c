/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values of other cpus, through bpf_map_lookup_percpu_elem. */
#include "suite.h"

MAP(array, PERCPU_ARRAY, u32, s64, 4, 0);
MAP(hash, PERCPU_HASH, u32, s64, 4, 0);
MAP(lru, LRU_PERCPU_HASH, u32, s64, 4, 0);

#define STEPS(map)                                                                                                     \
    do {                                                                                                               \
        s64 v = 5;                                                                                                     \
        u32 k = 1, none = 9, cpu = bpf_get_smp_processor_id();                                                         \
        SAVE(update(&map, &k, &v, BPF_ANY));                                                                           \
        s64 *mine = lookup(&map, &k), *same = bpf_map_lookup_percpu_elem(&map, &k, cpu);                               \
        SAVE(mine && mine == same);                                                                                    \
        if (same)                                                                                                      \
            *same += 3;                                                                                                \
        SAVE(VALUE_OR(&map, &k, -1));                                                                                  \
        SAVE(bpf_map_lookup_percpu_elem(&map, &none, cpu) != 0);                                                       \
        SAVE(bpf_map_lookup_percpu_elem(&map, &k, 1u << 20) != 0);                                                     \
        SAVE(bpf_map_lookup_percpu_elem(&map, &k, 0xffffffff) != 0);                                                   \
        SAVE(bpf_map_lookup_percpu_elem(&map, &k, 0) != 0);                                                            \
    } while (0)

SEC("tc") int steps(struct __sk_buff *skb)
{
    STEPS(array);
    STEPS(hash);
    STEPS(lru);
    return 0;
}
