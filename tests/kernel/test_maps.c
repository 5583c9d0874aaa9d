/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The running kernel's maps beside ours: sequences of operations made at random, each done on both, with the same error number
 * and the same bytes every time; and from time to time all that is in them. A row of `kinds` adds a map. Skipped where bpf(2)
 * is not permitted.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <errno.h>

#include <cmocka.h>

#include "map_oracle.h"

enum { MOST_KEY = 64, MOST_VALUE = 64 * 1024, BATCH = 16, STEPS = 1500, SEEDS = 12 };

/* ORDERED: get_next_key and batches give keys in the same order. PREFIXES: a key begins with its length in bits. */
enum { ORDERED = 1, PREFIXES = 2 };

static const struct kind {
    const char *name;
    skep_map_options options;
    uint32_t keys; /* as many different ones are used */
    unsigned traits;
} kinds[] = {
    {"array", {.type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 12, .max_entries = 20}, 24, ORDERED},
    {"percpu_array", {.type = SKEP_MAP_PERCPU_ARRAY, .key_size = 4, .value_size = 12, .max_entries = 20}, 24, ORDERED},
    {"hash", {.type = SKEP_MAP_HASH, .key_size = 4, .value_size = 12, .max_entries = 20}, 32, 0},
    {"hash, one entry", {.type = SKEP_MAP_HASH, .key_size = 8, .value_size = 8, .max_entries = 1}, 3, 0},
    {"hash, not preallocated",
     {.type = SKEP_MAP_HASH, .key_size = 16, .value_size = 40, .max_entries = 50, .flags = SKEP_MAP_NO_PREALLOC}, 60, 0},
    {"hash, odd sizes", {.type = SKEP_MAP_HASH, .key_size = 13, .value_size = 7, .max_entries = 100}, 99, 0},
    {"hash, big", {.type = SKEP_MAP_HASH, .key_size = 33, .value_size = 3000, .max_entries = 3}, 5, 0},
    {"percpu_hash", {.type = SKEP_MAP_PERCPU_HASH, .key_size = 4, .value_size = 12, .max_entries = 20}, 32, 0},
    {"percpu_hash, not preallocated",
     {.type = SKEP_MAP_PERCPU_HASH, .key_size = 5, .value_size = 8, .max_entries = 20, .flags = SKEP_MAP_NO_PREALLOC}, 32, 0},
    /* Linux begins to evict before an LRU map is full: few keys, so that it need not. */
    {"lru_hash", {.type = SKEP_MAP_LRU_HASH, .key_size = 4, .value_size = 12, .max_entries = 4096}, 32, 0},
    {"lru_hash, a list for each cpu",
     {.type = SKEP_MAP_LRU_HASH, .key_size = 8, .value_size = 8, .max_entries = 4096, .flags = SKEP_MAP_NO_COMMON_LRU}, 32, 0},
    {"lru_percpu_hash", {.type = SKEP_MAP_LRU_PERCPU_HASH, .key_size = 4, .value_size = 12, .max_entries = 4096}, 32, 0},
    {"lpm_trie, IPv4",
     {.type = SKEP_MAP_LPM_TRIE, .key_size = 8, .value_size = 12, .max_entries = 30, .flags = SKEP_MAP_NO_PREALLOC},
     0, ORDERED | PREFIXES},
    {"lpm_trie, IPv6",
     {.type = SKEP_MAP_LPM_TRIE, .key_size = 20, .value_size = 8, .max_entries = 200, .flags = SKEP_MAP_NO_PREALLOC},
     0, ORDERED | PREFIXES},
    {"lpm_trie, odd size",
     {.type = SKEP_MAP_LPM_TRIE, .key_size = 4 + 11, .value_size = 1, .max_entries = 5, .flags = SKEP_MAP_NO_PREALLOC},
     0, ORDERED | PREFIXES},
    {"queue", {.type = SKEP_MAP_QUEUE, .value_size = 12, .max_entries = 5}, 0, ORDERED},
    {"stack", {.type = SKEP_MAP_STACK, .value_size = 12, .max_entries = 5}, 0, ORDERED},
};

struct pair {
    const struct kind *kind;
    skep_map *here;
    int there;
    uint32_t key_size, copy_size;
    uint64_t random, seed;
    unsigned step;
};

static uint64_t next_random(struct pair *p)
{
    uint64_t z = p->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void random_key(struct pair *p, uint8_t *key)
{
    const uint64_t r = next_random(p);
    memset(key, 0, MOST_KEY);
    if (p->kind->traits & PREFIXES) {
        const uint32_t bits = (p->key_size - 4) * 8, prefix = (uint32_t)(r % (bits + 2)); /* one too many */
        memcpy(key, &prefix, 4);
        for (uint32_t i = 4; i < p->key_size; i++)
            key[i] = next_random(p) & 1 ? 0 : next_random(p) & 1 ? 0x80 : 0xf0;
    } else if (p->key_size) {
        const uint32_t k = (uint32_t)(r % p->kind->keys);
        memcpy(key, &k, p->key_size < 4 ? p->key_size : 4);
        if (p->key_size > 4)
            key[p->key_size - 1] = (uint8_t)k;
    }
}

static uint64_t random_flags(struct pair *p)
{
    static const uint64_t rare[] = {3, 4, 5, 6, 7, 8, UINT64_C(1) << 32, UINT64_C(1) << 63};
    const uint64_t r = next_random(p);
    return r % 16 ? r >> 32 & 1 ? 0 : r >> 33 & 3 ? r >> 33 & 3 : 0 : rare[r >> 40 & 7];
}

static void random_value(struct pair *p, uint8_t *value)
{
    for (uint32_t i = 0; i < p->copy_size; i++)
        value[i] = (uint8_t)next_random(p);
}

static void differ(const struct pair *p, const char *what, long here, long there)
{
    fail_msg("%s, seed %llu, step %u: %s: %ld here, %ld in the kernel", p->kind->name, (unsigned long long)p->seed, p->step, what,
             here, there);
}

static void same(const struct pair *p, const char *what, int here, int there)
{
    if (here != there)
        differ(p, what, here, there);
}

static void same_bytes(const struct pair *p, const char *what, const uint8_t *here, const uint8_t *there, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (here[i] != there[i]) {
            char text[80];
            snprintf(text, sizeof text, "%s, byte %zu of %zu", what, i, size);
            differ(p, text, here[i], there[i]);
        }
}

static uint8_t value_here[MOST_VALUE], value_there[MOST_VALUE];

/* All keys of ours are there, with the same values; and as many there as here. */
static void same_content(const struct pair *p)
{
    uint8_t key[MOST_KEY] = {0}, other[MOST_KEY] = {0}, next[MOST_KEY];
    unsigned here = 0, there = 0;
    int failed;
    if (!p->key_size)
        return;
    for (const void *last = NULL; !(failed = skep_map_next_key(p->here, last, next)); last = key, here++) {
        memcpy(key, next, p->key_size);
        same(p, "a key of ours", skep_map_lookup(p->here, key, value_here, 0), oracle_lookup(p->there, key, value_there, 0));
        same_bytes(p, "its value", value_here, value_there, p->copy_size);
    }
    assert_int_equal(failed, -SKEP_ENOENT);
    for (const void *last = NULL; !(failed = oracle_next_key(p->there, last, next)); last = other, there++)
        memcpy(other, next, p->key_size);
    assert_int_equal(failed, -SKEP_ENOENT);
    same(p, "keys", (int)here, (int)there);
}

static void one_operation(struct pair *p)
{
    uint8_t key[MOST_KEY], next_here[MOST_KEY] = {0}, next_there[MOST_KEY] = {0};
    const uint64_t r = next_random(p), flags = random_flags(p);
    const void *given = p->key_size ? key : NULL;
    random_key(p, key);
    memset(value_here, 0, p->copy_size);
    memset(value_there, 0, p->copy_size);
    switch (r % 8) {
    case 0:
    case 1:
    case 2:
        random_value(p, value_here);
        same(p, "update", skep_map_update(p->here, given, value_here, flags), oracle_update(p->there, given, value_here, flags));
        break;
    case 3:
        same(p, "delete", skep_map_delete(p->here, given), oracle_delete(p->there, given));
        break;
    case 4: {
        const uint64_t other = r >> 32 & 7 ? 0 : flags;
        same(p, "lookup and delete", skep_map_lookup_and_delete(p->here, given, value_here, other),
             oracle_take(p->there, given, value_there, other));
        same_bytes(p, "value of lookup and delete", value_here, value_there, p->copy_size);
        break;
    }
    case 5:
        if (p->kind->traits & ORDERED) {
            const void *last = r >> 32 & 7 ? given : NULL;
            same(p, "next key", skep_map_next_key(p->here, last, next_here), oracle_next_key(p->there, last, next_there));
            same_bytes(p, "key of next key", next_here, next_there, p->key_size);
        }
        break;
    default: {
        const uint64_t other = r >> 32 & 7 ? 0 : flags;
        same(p, "lookup", skep_map_lookup(p->here, given, value_here, other), oracle_lookup(p->there, given, value_there, other));
        same_bytes(p, "value of lookup", value_here, value_there, p->copy_size);
    }
    }
}

/* ------------------------------------------------------------------------------------------- batches */

static uint8_t keys_here[256 * MOST_KEY], keys_there[256 * MOST_KEY];

static int batch_there(int command, const struct pair *p, const void *in, void *out, void *keys, void *values, uint32_t *count,
                       uint64_t flags)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.batch.map_fd = (uint32_t)p->there;
    attr.batch.in_batch = (uint64_t)(uintptr_t)in;
    attr.batch.out_batch = (uint64_t)(uintptr_t)out;
    attr.batch.keys = (uint64_t)(uintptr_t)keys;
    attr.batch.values = (uint64_t)(uintptr_t)values;
    attr.batch.count = *count;
    attr.batch.elem_flags = flags;
    const int failed = syscall(SYS_bpf, command, &attr, sizeof attr) < 0 ? -errno : 0;
    *count = attr.batch.count;
    return failed;
}

static void change_batch(struct pair *p)
{
    uint32_t here = (uint32_t)(next_random(p) % BATCH), there = here;
    const uint64_t flags = next_random(p) % 8 ? 0 : random_flags(p);
    const bool deletes = next_random(p) & 1;
    if (here * p->copy_size > MOST_VALUE)
        here = there = 1;
    for (uint32_t i = 0; i < here; i++) {
        uint8_t key[MOST_KEY];
        random_key(p, key);
        memcpy(keys_here + i * p->key_size, key, p->key_size);
    }
    for (uint32_t i = 0; i < here * p->copy_size; i++)
        value_here[i] = (uint8_t)next_random(p);
    if (deletes)
        same(p, "delete batch", skep_map_delete_batch(p->here, keys_here, &here, flags),
             batch_there(BPF_MAP_DELETE_BATCH, p, NULL, NULL, keys_here, value_here, &there, flags));
    else
        same(p, "update batch", skep_map_update_batch(p->here, keys_here, value_here, &here, flags),
             batch_there(BPF_MAP_UPDATE_BATCH, p, NULL, NULL, keys_here, value_here, &there, flags));
    same(p, "count of the batch", (int)here, (int)there);
}

/* All at once: the same entries, in the same order if the type has one. */
static void lookup_batch(struct pair *p)
{
    uint8_t out[MOST_KEY];
    const bool take = next_random(p) & 1;
    const uint64_t flags = next_random(p) % 8 ? 0 : random_flags(p);
    uint32_t here = MOST_VALUE / p->copy_size < 256 ? MOST_VALUE / p->copy_size : 256, there = here;
    const int result = (take ? skep_map_lookup_and_delete_batch : skep_map_lookup_batch)(p->here, NULL, out, keys_here, value_here,
                                                                                         &here, flags);
    same(p, take ? "lookup and delete batch" : "lookup batch", result,
         batch_there(take ? BPF_MAP_LOOKUP_AND_DELETE_BATCH : BPF_MAP_LOOKUP_BATCH, p, NULL, out, keys_there, value_there, &there,
                     flags));
    same(p, "count of the batch", (int)here, (int)there);
    if (result && result != -SKEP_ENOENT)
        return;
    uint8_t seen[256] = {0};
    for (uint32_t i = 0; i < here; i++) {
        uint32_t at = p->kind->traits & ORDERED ? i : 0;
        while (!(p->kind->traits & ORDERED) && at < there &&
               (seen[at] || memcmp(keys_here + i * p->key_size, keys_there + at * p->key_size, p->key_size)))
            at++;
        if (at == there)
            fail_msg("%s, seed %llu, step %u: a key of the batch is not in the kernel's", p->kind->name,
                     (unsigned long long)p->seed, p->step);
        seen[at] = 1;
        same_bytes(p, "key of a batch", keys_here + i * p->key_size, keys_there + at * p->key_size, p->key_size);
        same_bytes(p, "value of a batch", value_here + i * p->copy_size, value_there + at * p->copy_size, p->copy_size);
    }
}

static void one_sequence(const struct kind *kind, uint64_t seed)
{
    skep_map_options o = kind->options;
    o.size = sizeof o;
    skep_map_info info = {.size = sizeof info};
    struct pair p = {.kind = kind, .random = seed, .seed = seed, .key_size = o.key_size, .there = oracle_create(&o, 0)};
    assert_int_equal(own_create(&o, &p.here), 0);
    assert_true(p.there >= 0);
    skep_map_get_info(p.here, &info);
    p.copy_size = (uint32_t)info.copy_size;
    assert_true(p.copy_size <= MOST_VALUE && p.key_size <= MOST_KEY);
    for (; p.step < STEPS; p.step++) {
        const uint64_t r = next_random(&p);
        if (r % 64 == 0)
            same_content(&p);
        else if (r % 64 == 1 && p.key_size)
            change_batch(&p);
        else if (r % 64 == 2 && p.key_size)
            lookup_batch(&p);
        else
            one_operation(&p);
    }
    same_content(&p);
    same(&p, "freeze", skep_map_freeze(p.here), oracle_freeze(p.there));
    for (unsigned i = 0; i < 40; i++)
        one_operation(&p);
    same(&p, "freeze again", skep_map_freeze(p.here), oracle_freeze(p.there));
    skep_map_unref(p.here);
    oracle_close(p.there);
}

static void test_sequences(void **state)
{
    (void)state;
    if (!oracle_permitted())
        skip();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            one_sequence(&kinds[i], seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sequences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
