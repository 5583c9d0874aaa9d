/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* bpf_for_each_map_elem: every entry once, an early end, how many were visited, and a callback that changes what it sees. */
#include "suite.h"

MAP(array, ARRAY, u32, s64, 10, 0);
MAP(hash, HASH, u32, s64, 16, 0);
MAP(percpu, PERCPU_ARRAY, u32, s64, 5, 0);
MAP(percpu_hash, PERCPU_HASH, u32, s64, 5, 0);
MAP(lru, LRU_HASH, u32, s64, 16, 0);

static s64 count, keys, values; /* not on the stack: the kernel's verifier would follow each number */

static long sum(void *map, u32 *key, s64 *value, void *unused)
{
    keys += *key;
    values += *value;
    count++;
    return 0;
}

static long until(void *map, u32 *key, s64 *value, void *unused)
{
    count++;
    return count >= 3;
}

static long twice(void *map, u32 *key, s64 *value, void *unused)
{
    *value *= 2;
    return 0;
}

static long drop_odd(void *map, u32 *key, s64 *value, void *unused)
{
    if (*key & 1)
        delete (&hash, key);
    return 0;
}

#define STEPS(map)                                                                                                     \
    do {                                                                                                               \
        for (u32 i = 0; i < 5; i++) {                                                                                  \
            u32 k = i;                                                                                                 \
            s64 v = 100 + i;                                                                                           \
            update(&map, &k, &v, BPF_ANY);                                                                             \
        }                                                                                                              \
        count = keys = values = 0;                                                                                          \
        SAVE(bpf_for_each_map_elem(&map, sum, (void *)0, 0));                                                                 \
        SAVE(count);                                                                                                 \
        SAVE(keys);                                                                                                  \
        SAVE(values);                                                                                                \
        count = 0;                                                                                                   \
        SAVE(bpf_for_each_map_elem(&map, until, (void *)0, 0));                                                               \
        SAVE(count);                                                                                                 \
        SAVE(bpf_for_each_map_elem(&map, twice, (void *)0, 0));                                                               \
        SAVE(bpf_for_each_map_elem(&map, sum, (void *)0, 1));                                                                 \
        SAVE(bpf_for_each_map_elem(&map, sum, (void *)0, 1ull << 32));                                                        \
    } while (0)

SEC("tc") int a_array(struct __sk_buff *skb)
{
    STEPS(array);
    return 0;
}

SEC("tc") int a_hash(struct __sk_buff *skb)
{
    STEPS(hash);
    return 0;
}

SEC("tc") int a_percpu(struct __sk_buff *skb)
{
    STEPS(percpu);
    return 0;
}

SEC("tc") int a_percpu_hash(struct __sk_buff *skb)
{
    STEPS(percpu_hash);
    return 0;
}

SEC("tc") int a_lru(struct __sk_buff *skb)
{
    STEPS(lru);
    return 0;
}

SEC("tc") int b_delete(struct __sk_buff *skb)
{
    SAVE(bpf_for_each_map_elem(&hash, drop_odd, (void *)0, 0));
    count = keys = 0;
    SAVE(bpf_for_each_map_elem(&hash, sum, (void *)0, 0));
    SAVE(keys);
    return 0;
}
