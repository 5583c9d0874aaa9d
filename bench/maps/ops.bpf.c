/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Operations on maps, each in a loop of ROUNDS: what the loop costs without it is measured with `empty`, and subtracted.
 * Programs that begin with fill_ are run FILLS times before anything is measured; they fill the tables, in chunks.
 * The name of an operation says what its rounds do; "pairs" are two calls, counted as one operation.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "../maps.h"

char LICENSE[] SEC("license") = "GPL";

#define u32 __u32
#define u64 __u64
#define ENTRIES (ROUNDS * FILLS)

#define KEYED(name, map_type, flags, entries)                                                                          \
    struct {                                                                                                           \
        __uint(type, BPF_MAP_TYPE_##map_type);                                                                         \
        __uint(max_entries, entries);                                                                                  \
        __uint(map_flags, flags);                                                                                      \
        __type(key, u32);                                                                                              \
        __type(value, u64);                                                                                            \
    } name SEC(".maps")

KEYED(array, ARRAY, 0, ROUNDS);
KEYED(percpu_array, PERCPU_ARRAY, 0, ROUNDS);
KEYED(hash, HASH, 0, ENTRIES);
KEYED(churn, HASH, 0, ENTRIES);
KEYED(grows, HASH, BPF_F_NO_PREALLOC, ENTRIES);
KEYED(percpu_hash, PERCPU_HASH, 0, ENTRIES);
KEYED(lru, LRU_HASH, 0, ENTRIES * 2);
KEYED(lru_full, LRU_HASH, 0, ROUNDS);
KEYED(lru_percpu, LRU_PERCPU_HASH, 0, ENTRIES * 2);
KEYED(each_array, ARRAY, 0, ROUNDS);
KEYED(each_hash, HASH, 0, ROUNDS);

struct prefix {
    u32 length, address;
};
struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, ENTRIES);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct prefix);
    __type(value, u64);
} lpm SEC(".maps");

#define VALUES(name, map_type, entries)                                                                                \
    struct {                                                                                                           \
        __uint(type, BPF_MAP_TYPE_##map_type);                                                                         \
        __uint(max_entries, entries);                                                                                  \
        __type(value, u64);                                                                                            \
    } name SEC(".maps")
VALUES(queue, QUEUE, 1024);
VALUES(stack, STACK, 1024);
VALUES(bloom, BLOOM_FILTER, ENTRIES);

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, RING_BYTES);
} ring SEC(".maps");

struct inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 16);
    __type(key, u32);
    __type(value, u64);
} inner0 SEC(".maps"), inner1 SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, u32);
    __array(values, struct inner);
} outer_array SEC(".maps") = {.values = {&inner0, &inner1}};
struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, u32);
    __array(values, struct inner);
} outer_hash SEC(".maps") = {.values = {[0] = &inner0, [1] = &inner1}};

int tail_call(struct __sk_buff *skb);
struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __uint(key_size, 4);
    __array(values, int(void *));
} jumps SEC(".maps") = {.values = {(void *)&tail_call}};

u32 chunk; /* which part the next run of a fill_ program fills */

/* Not in the order of the table, and all different below 2^32. */
static __always_inline u32 scatter(u32 i) { return i * 0x9e3779b1u; }

#define LOOP(...)                                                                                                      \
    u64 sum = 0;                                                                                                       \
    for (u32 i = 0; i < ROUNDS; i++) {                                                                                 \
        u32 k = i;                                                                                                     \
        u64 v = i;                                                                                                     \
        asm volatile("" : "+r"(v));                                                                                    \
        __VA_ARGS__                                                                                                    \
        asm volatile("" ::"r"(&k), "r"(&v) : "memory");                                                                \
        sum += v;                                                                                                      \
    }                                                                                                                  \
    return (int)(sum & 1);

#define OPERATION(name, ...)                                                                                           \
    SEC("tc") int name(struct __sk_buff *skb) { LOOP(__VA_ARGS__) }

#define FOUND(map, key)                                                                                                \
    u64 *p = bpf_map_lookup_elem(map, key);                                                                            \
    if (p)                                                                                                             \
        v += *p;

OPERATION(empty, )
OPERATION(empty_scattered, k = scatter(i);)

OPERATION(array_lookup, FOUND(&array, &k))
OPERATION(array_update, bpf_map_update_elem(&array, &k, &v, BPF_ANY);)
OPERATION(percpu_array_lookup, FOUND(&percpu_array, &k))
OPERATION(percpu_array_update, bpf_map_update_elem(&percpu_array, &k, &v, BPF_ANY);)

#define FILL(name, map)                                                                                                \
    SEC("tc") int fill_##name(struct __sk_buff *skb)                                                                   \
    {                                                                                                                  \
        u32 from = chunk * ROUNDS;                                                                                     \
        LOOP(k = scatter(from + i); bpf_map_update_elem(map, &k, &v, BPF_ANY);)                                        \
    }
FILL(a_hash, &hash)
FILL(b_percpu_hash, &percpu_hash)
FILL(c_lru, &lru)
FILL(d_lru_percpu, &lru_percpu)
SEC("tc") int fill_e_lpm(struct __sk_buff *skb)
{
    u32 from = chunk * ROUNDS;
    LOOP(struct prefix p = {16 + (i & 15) + 1, scatter(from + i)}; bpf_map_update_elem(&lpm, &p, &v, BPF_ANY);)
}
SEC("tc") int fill_f_small(struct __sk_buff *skb)
{
    LOOP(bpf_map_update_elem(&each_hash, &k, &v, BPF_ANY); v = scatter(i); bpf_map_push_elem(&bloom, &v, BPF_ANY);)
}
SEC("tc") int fill_z_next(struct __sk_buff *skb)
{
    chunk++;
    return 0;
}

OPERATION(hash_lookup, k = scatter(i); FOUND(&hash, &k))
OPERATION(hash_miss, k = ~scatter(i); FOUND(&hash, &k))
OPERATION(hash_update, k = scatter(i); bpf_map_update_elem(&hash, &k, &v, BPF_ANY);)
OPERATION(hash_insert_delete, k = scatter(i); bpf_map_update_elem(&churn, &k, &v, BPF_NOEXIST); bpf_map_delete_elem(&churn, &k);)
OPERATION(hash_malloc_insert_delete, k = scatter(i); bpf_map_update_elem(&grows, &k, &v, BPF_NOEXIST);
          bpf_map_delete_elem(&grows, &k);)
OPERATION(percpu_hash_lookup, k = scatter(i); FOUND(&percpu_hash, &k))
OPERATION(percpu_hash_update, k = scatter(i); bpf_map_update_elem(&percpu_hash, &k, &v, BPF_ANY);)
OPERATION(lru_lookup, k = scatter(i); FOUND(&lru, &k))
OPERATION(lru_update, k = scatter(i); bpf_map_update_elem(&lru, &k, &v, BPF_ANY);)
u32 fresh;
SEC("tc") int lru_insert_evict(struct __sk_buff *skb)
{
    u32 from = fresh;
    fresh += ROUNDS;
    LOOP(k = scatter(from + i); bpf_map_update_elem(&lru_full, &k, &v, BPF_ANY);)
}
OPERATION(lru_percpu_lookup, k = scatter(i); FOUND(&lru_percpu, &k))
OPERATION(lru_percpu_update, k = scatter(i); bpf_map_update_elem(&lru_percpu, &k, &v, BPF_ANY);)
OPERATION(lpm_lookup, struct prefix x = {32, scatter(i)}; FOUND(&lpm, &x))
OPERATION(lpm_update, struct prefix x = {16 + (i & 15) + 1, scatter(i)}; bpf_map_update_elem(&lpm, &x, &v, BPF_ANY);)
OPERATION(queue_push_pop, bpf_map_push_elem(&queue, &v, BPF_ANY); bpf_map_pop_elem(&queue, &v);)
OPERATION(queue_peek, bpf_map_peek_elem(&queue, &v);)
OPERATION(stack_push_pop, bpf_map_push_elem(&stack, &v, BPF_ANY); bpf_map_pop_elem(&stack, &v);)
OPERATION(bloom_push, v = scatter(i); bpf_map_push_elem(&bloom, &v, BPF_ANY);)
OPERATION(bloom_peek, v = scatter(i); v += bpf_map_peek_elem(&bloom, &v);)
OPERATION(ringbuf_output, bpf_ringbuf_output(&ring, &v, sizeof v, BPF_RB_NO_WAKEUP);)
OPERATION(ringbuf_reserve_submit, u64 *p = bpf_ringbuf_reserve(&ring, 8, 0); if (p) {
    *p = v;
    bpf_ringbuf_submit(p, BPF_RB_NO_WAKEUP);
})
OPERATION(array_of_maps_lookup, k = i & 1; void *in = bpf_map_lookup_elem(&outer_array, &k); if (in) { FOUND(in, &k) })
OPERATION(hash_of_maps_lookup, k = i & 1; void *in = bpf_map_lookup_elem(&outer_hash, &k); if (in) { FOUND(in, &k) })

static long visit(void *map, u32 *key, u64 *value, u64 *sum)
{
    *sum += *value;
    return 0;
}
SEC("tc") int for_each_array(struct __sk_buff *skb)
{
    u64 sum = 0;
    bpf_for_each_map_elem(&each_array, visit, &sum, 0);
    return (int)(sum & 1);
}
SEC("tc") int for_each_hash(struct __sk_buff *skb)
{
    u64 sum = 0;
    bpf_for_each_map_elem(&each_hash, visit, &sum, 0);
    return (int)(sum & 1);
}

/* 33 in a row, and then once through. */
SEC("tc") int tail_call(struct __sk_buff *skb)
{
    bpf_tail_call(skb, &jumps, 0);
    return 0;
}
SEC("tc") int nothing(struct __sk_buff *skb) { return 0; }
