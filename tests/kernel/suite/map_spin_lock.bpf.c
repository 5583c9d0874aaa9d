/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values with a lock in them: updates leave the lock alone, with BPF_F_LOCK they take it. */
#include "suite.h"

struct account {
    s64 before;
    struct bpf_spin_lock lock;
    u32 count;
    s64 after;
};
MAP(array, ARRAY, u32, struct account, 2, 0);
MAP(hash, HASH, u32, struct account, 4, 0);

#define STEPS(map)                                                                                                     \
    do {                                                                                                               \
        u32 k = 1, absent = 3;                                                                                         \
        struct account a = {.before = 1, .count = 2, .after = 3};                                                      \
        SAVE(update(&map, &k, &a, BPF_F_LOCK | BPF_EXIST));                                                            \
        SAVE(update(&map, &k, &a, BPF_ANY));                                                                           \
        a.before = 10, a.after = 30;                                                                                   \
        SAVE(update(&map, &k, &a, BPF_F_LOCK));                                                                        \
        SAVE(update(&map, &k, &a, BPF_F_LOCK | BPF_NOEXIST));                                                          \
        SAVE(update(&map, &k, &a, BPF_F_LOCK | BPF_EXIST));                                                            \
        SAVE(update(&map, &absent, &a, BPF_F_LOCK | BPF_EXIST));                                                       \
        SAVE(update(&map, &absent, &a, BPF_F_LOCK));                                                                   \
        SAVE(update(&map, &k, &a, BPF_F_LOCK | 3));                                                                    \
        struct account *p = lookup(&map, &k);                                                                          \
        if (p) {                                                                                                       \
            bpf_spin_lock(&p->lock);                                                                                   \
            p->count++;                                                                                                \
            p->before += p->after;                                                                                     \
            bpf_spin_unlock(&p->lock);                                                                                 \
            SAVE(p->before);                                                                                           \
            SAVE(p->count);                                                                                            \
            bpf_spin_lock(&p->lock);                                                                                   \
            p->count++;                                                                                                \
            bpf_spin_unlock(&p->lock);                                                                                 \
        }                                                                                                              \
    } while (0)

SEC("tc") int steps(struct __sk_buff *skb)
{
    STEPS(array);
    STEPS(hash);
    return 0;
}
