/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hash maps as Linux's documents describe them; errors as Linux 6.18 returns them (tests/kernel/test_maps.c asks it). */
#include "map_tools.h"

#include "map/hash.h"

#define MIB4 (4u << 20)

static void test_sizes(void **state)
{
    (void)state;
    static const skep_map_type types[] = {SKEP_MAP_HASH, SKEP_MAP_PERCPU_HASH, SKEP_MAP_LRU_HASH, SKEP_MAP_LRU_PERCPU_HASH};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const skep_map_type type = types[i];
        const bool per_cpu = i & 1, lru = i & 2;
        assert_int_equal(refusal(type, 4, 4, 10, 0), 0);
        assert_int_equal(refusal(type, 0, 4, 10, 0), -SKEP_EINVAL);
        assert_int_equal(refusal(type, 4, 0, 10, 0), -SKEP_EINVAL);
        assert_int_equal(refusal(type, 4, 4, 0, 0), -SKEP_EINVAL);
        assert_int_equal(refusal(type, 513, 4, 10, 0), 0);
        assert_int_equal(refusal(type, 4, MIB4, 1, 0), -SKEP_E2BIG);
        assert_int_equal(refusal(type, 4, MIB4 - 53, 1, 0), per_cpu ? -SKEP_E2BIG : 0);
        assert_int_equal(refusal(type, 4, MIB4 - 52, 1, 0), -SKEP_E2BIG);
        assert_int_equal(refusal(type, 4, 32768, 1, 0), 0);
        assert_int_equal(refusal(type, 4, 32769, 1, 0), per_cpu ? -SKEP_E2BIG : 0);
        assert_int_equal(refusal(type, 4, 4, (1u << 31) + 1, 0), -SKEP_E2BIG);
        const uint32_t good = SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_ZERO_SEED | SKEP_MAP_RDONLY_PROG | SKEP_MAP_WRONLY_PROG |
                              (per_cpu ? 0 : SKEP_MAP_NUMA_NODE) | (lru ? SKEP_MAP_NO_COMMON_LRU : SKEP_MAP_NO_PREALLOC);
        for (unsigned bit = 0; bit < 32; bit++) {
            const int expected = good >> bit & 1 ? 0 : lru && bit == 0 ? -SKEP_ENOTSUPP : -SKEP_EINVAL;
            assert_int_equal(refusal(type, 4, 4, 10, 1u << bit), expected);
        }
        assert_int_equal(refusal(type, 4, 4, 10, SKEP_MAP_RDONLY | SKEP_MAP_WRONLY), -SKEP_EINVAL);
        assert_int_equal(refusal(type, 4, 4, 10, SKEP_MAP_RDONLY_PROG | SKEP_MAP_WRONLY_PROG), -SKEP_EINVAL);
    }
}

static void test_operations(void **state)
{
    const skep_map_type type = (skep_map_type)(uintptr_t)*state;
    skep_cpus *cpus = some_cpus(1);
    skep_map *map = make_map(type, 4, 8, 4, 0, cpus);
    uint32_t key = 1, next;
    uint64_t value = 7, got = 0;
    assert_int_equal(skep_map_lookup(map, &key, &got, 0), -SKEP_ENOENT);
    assert_int_equal(skep_map_delete(map, &key), -SKEP_ENOENT);
    assert_int_equal(skep_map_next_key(map, NULL, &next), -SKEP_ENOENT);
    assert_int_equal(skep_map_lookup_and_delete(map, &key, &got, 0), -SKEP_ENOENT);
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_EXIST), -SKEP_ENOENT);
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_NOEXIST), 0);
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_NOEXIST), -SKEP_EEXIST);
    value = 8;
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_EXIST), 0);
    for (uint64_t flags = 3; flags < 9; flags++)
        assert_int_equal(skep_map_update(map, &key, &value, flags), -SKEP_EINVAL);
    assert_int_equal(skep_map_update(map, &key, &value, UINT64_C(1) << 32), -SKEP_EINVAL);
    assert_int_equal(skep_map_lookup(map, &key, &got, 0), 0);
    assert_int_equal(got, 8);
    assert_int_equal(skep_map_lookup(map, &key, &got, 1), -SKEP_EINVAL);
    assert_int_equal(skep_map_lookup(map, &key, &got, SKEP_F_LOCK), -SKEP_EINVAL);
    for (key = 2; key < 5; key++)
        assert_int_equal(skep_map_update(map, &key, &value, SKEP_ANY), 0);
    if (type == SKEP_MAP_HASH || type == SKEP_MAP_PERCPU_HASH) {
        assert_int_equal(skep_map_update(map, &key, &value, SKEP_ANY), -SKEP_E2BIG);
        assert_int_equal(skep_map_update(map, &key, &value, SKEP_EXIST), -SKEP_ENOENT);
    }
    key = 3;
    value = 9;
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_EXIST), 0); /* a full map's can be replaced */
    /* Every key once. */
    unsigned seen = 0, count = 0;
    for (const void *last = NULL; !skep_map_next_key(map, last, &next); last = &key, count++) {
        key = next;
        seen |= 1u << key;
    }
    assert_int_equal(count, 4);
    assert_int_equal(seen, 0x1e);
    /* The same, deleting what was seen. */
    for (seen = 0; !skep_map_next_key(map, NULL, &next); seen |= 1u << next)
        assert_int_equal(skep_map_lookup_and_delete(map, &next, &got, 0), 0);
    assert_int_equal(seen, 0x1e);
    skep_map_unref(map);
    skep_cpus_free(cpus);
}

/* Deleting the key that one stands on, after asking for the next: nothing is left out, however crowded a bucket is. */
static void test_delete_while_walking(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_HASH, 8, 8, 2000, 0, NULL);
    for (uint64_t key = 0; key < 2000; key++)
        assert_int_equal(skep_map_update(map, &key, &key, 0), 0);
    uint64_t now, next, count = 1;
    assert_int_equal(skep_map_next_key(map, NULL, &now), 0);
    while (!skep_map_next_key(map, &now, &next)) {
        assert_int_equal(skep_map_delete(map, &now), 0);
        now = next;
        count++;
    }
    assert_int_equal(count, 2000);
    skep_map_unref(map);
}

/* The value that a program looked up stays what it was when the entry gets another one. */
static void test_old_value_stays(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags <= SKEP_MAP_NO_PREALLOC; flags++) {
        skep_map *map = make_map(SKEP_MAP_HASH, 4, 8, 1, flags, NULL);
        uint32_t key = 5;
        uint64_t value = 1;
        assert_int_equal(map->ops->update(map, &key, &value, 0, 0), 0);
        const uint64_t *old = map->ops->lookup(map, &key, 0);
        value = 2;
        assert_int_equal(map->ops->update(map, &key, &value, 0, 0), 0);
        const uint64_t *now = map->ops->lookup(map, &key, 0);
        assert_ptr_not_equal(old, now);
        assert_int_equal(*old, 1);
        assert_int_equal(*now, 2);
        assert_int_equal(map->ops->remove(map, &key), 0);
        assert_null(map->ops->lookup(map, &key, 0));
        assert_int_equal(*now, 2);
        /* Both are still values of the map, as far as memory goes. */
        struct sk_span span;
        assert_true(map->ops->find_value(map, (uint64_t)(uintptr_t)old + 7, &span));
        assert_int_equal(span.low, (uint64_t)(uintptr_t)old);
        assert_int_equal(span.size, 8);
        assert_true(map->ops->find_value(map, (uint64_t)(uintptr_t)now, &span));
        skep_map_unref(map);
    }
}

static void test_find_value(void **state)
{
    const skep_map_type type = (skep_map_type)(uintptr_t)*state;
    skep_cpus *cpus = some_cpus(3);
    skep_map *map = make_map(type, 4, 12, 100, 0, cpus);
    const bool per_cpu = map->ops->per_cpu;
    uint8_t value[3 * 16] = {1};
    for (uint32_t key = 0; key < 50; key++)
        assert_int_equal(skep_map_update(map, &key, value, 0), 0);
    for (uint32_t key = 0; key < 50; key++)
        for (uint32_t cpu = 0; cpu < 3; cpu++) {
            const uint64_t at = (uint64_t)(uintptr_t)map->ops->lookup(map, &key, cpu);
            struct sk_span span;
            assert_int_equal(at & 7, 0);
            assert_true(map->ops->find_value(map, at, &span) && span.low == at && span.size == 12);
            assert_true(map->ops->find_value(map, at + 11, &span) && span.low == at && span.size == 12);
            assert_false(map->ops->find_value(map, at + 12, &span)); /* between values */
            if (!per_cpu)
                break;
        }
    /* Memory that no entry ever had, and what is no memory of the map. */
    uint32_t key = 49;
    struct sk_span span;
    const uint64_t at = (uint64_t)(uintptr_t)map->ops->lookup(map, &key, 0);
    assert_false(map->ops->find_value(map, at + 16 * 30, &span));
    assert_false(map->ops->find_value(map, at - 16 * 200, &span));
    assert_false(map->ops->find_value(map, (uint64_t)(uintptr_t)map, &span));
    assert_false(map->ops->find_value(map, 0, &span));
    assert_false(map->ops->find_value(map, UINT64_MAX, &span));
    skep_map_unref(map);
    skep_cpus_free(cpus);
}

static void test_per_cpu(void **state)
{
    const skep_map_type type = (skep_map_type)(uintptr_t)*state;
    skep_cpus *cpus = some_cpus(3);
    skep_map *map = make_map(type, 4, 4, 10, 0, cpus);
    skep_map_info info = {.size = sizeof info};
    skep_map_get_info(map, &info);
    assert_int_equal(info.copy_size, 24);
    uint32_t key = 1, value = 11;
    uint64_t all[3];
    /* A program's update is its cpu's: others have zeros in a new entry, and keep what they have in one that was there. */
    assert_int_equal(map->ops->update(map, &key, &value, 0, 1), 0);
    assert_int_equal(skep_map_lookup(map, &key, all, 0), 0);
    assert_int_equal(all[0], 0);
    assert_memory_equal(&all[1], &value, 4);
    assert_int_equal(all[2], 0);
    const uint32_t *before = map->ops->lookup(map, &key, 2);
    value = 12;
    assert_int_equal(map->ops->update(map, &key, &value, SKEP_EXIST, 2), 0);
    assert_ptr_equal(map->ops->lookup(map, &key, 2), before); /* in place */
    assert_int_equal(*before, 12);
    assert_int_equal(*(uint32_t *)map->ops->lookup_cpu(map, &key, 1), 11);
    assert_int_equal(*(uint32_t *)map->ops->lookup(map, &key, 0), 0);
    const uint64_t given[3] = {1, 2, 3};
    assert_int_equal(skep_map_update(map, &key, given, 0), 0);
    assert_memory_equal(before, &given[2], 4);
    /* An element that had other values before. */
    assert_int_equal(skep_map_delete(map, &key), 0);
    key = 2;
    assert_int_equal(map->ops->update(map, &key, &value, 0, 0), 0);
    assert_int_equal(skep_map_lookup(map, &key, all, 0), 0);
    assert_int_equal(all[1], 0);
    assert_int_equal(all[2], 0);
    skep_map_unref(map);
    skep_cpus_free(cpus);
}

/* Keys as they come in practice spread over the buckets as if they were random, whatever the seed: five to a bucket, and one
 * with more than 22 would be seen once in some hundred million. */
static void test_spread(void **state)
{
    (void)state;
    enum { ENTRIES = 2000 };
    static const uint32_t sizes[] = {4, 8, 16, 12, 24};
    for (unsigned i = 0; i < 300; i++) {
        const uint32_t size = sizes[i % 5], shift = i % 3 * 7;
        skep_map *map = make_map(SKEP_MAP_HASH, size, 8, ENTRIES, 0, NULL);
        for (uint32_t k = 0; k < ENTRIES; k++) {
            uint8_t key[24] = {192, 168, 0, 0};
            const uint32_t word = k << shift;
            memcpy(key + (i % 2 ? size - 4 : 0), &word, 4);
            assert_int_equal(skep_map_update(map, key, &(uint64_t){k}, SKEP_NOEXIST), 0);
        }
        const struct sk_hash *h = sk_hash_of(map);
        for (uint32_t b = 0; b < h->bucket_count; b++) {
            unsigned length = 0;
            for (uint32_t e = h->buckets[b].chain; e != SK_HASH_NONE; e = h->links[e])
                length++;
            assert_true(length <= 14);
        }
        skep_map_unref(map);
    }
}

/* A key that is gone is not found, whatever keys are beside the place that it left. */
static void test_gone(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_HASH, 4, 4, 2, SKEP_MAP_ZERO_SEED, NULL);
    for (uint32_t beside = 0; beside < 600; beside++) {
        uint32_t got;
        assert_int_equal(skep_map_update(map, &beside, &beside, 0), 0);
        for (uint32_t key = 1000; key < 3000; key++) {
            assert_int_equal(skep_map_update(map, &key, &key, SKEP_NOEXIST), 0);
            assert_int_equal(skep_map_delete(map, &key), 0);
            assert_int_equal(skep_map_lookup(map, &key, &got, 0), -SKEP_ENOENT);
        }
        assert_int_equal(skep_map_delete(map, &beside), 0);
    }
    skep_map_unref(map);
}

/* Keys of all sizes, each byte of which counts. */
static void test_key_sizes(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= 40; size++) {
        skep_map *map = make_map(SKEP_MAP_HASH, size, 4, 9 * size, 0, NULL);
        uint8_t key[48] = {0}, next[48];
        for (uint32_t bit = 0; bit < 8 * size; bit++) {
            key[bit / 8] = (uint8_t)(1 << bit % 8);
            assert_int_equal(skep_map_update(map, key, &bit, SKEP_NOEXIST), 0);
            key[bit / 8] = 0;
        }
        uint32_t got = 0, count = 0;
        assert_int_equal(skep_map_lookup(map, key, &got, 0), -SKEP_ENOENT);
        for (uint32_t bit = 0; bit < 8 * size; bit++) {
            key[bit / 8] = (uint8_t)(1 << bit % 8);
            assert_int_equal(skep_map_lookup(map, key, &got, 0), 0);
            assert_int_equal(got, bit);
            const uint32_t *there = map->ops->lookup(map, key, 0);
            assert_true(there && *there == bit);
            key[bit / 8] = 0;
        }
        for (const void *last = NULL; !skep_map_next_key(map, last, next); last = next)
            count++;
        assert_int_equal(count, 8 * size);
        skep_map_unref(map);
    }
}

/* A struct of the value that begins with a lock. */
static void test_lock(void **state)
{
    (void)state;
    const skep_map_options options = {.size = sizeof options, .type = SKEP_MAP_HASH, .key_size = 4, .value_size = 16,
                                      .max_entries = 2, .lock_offset = 1 + 4};
    skep_map *map = NULL;
    assert_int_equal(skep_map_create(&options, &map, NULL), SKEP_OK);
    uint32_t key = 1, value[4] = {1, 77, 3, 4}, got[4];
    assert_int_equal(skep_map_update(map, &key, value, SKEP_F_LOCK | SKEP_EXIST), -SKEP_ENOENT);
    assert_int_equal(skep_map_update(map, &key, value, SKEP_F_LOCK), 0);
    const uint32_t *there = map->ops->lookup(map, &key, 0);
    assert_int_equal(there[1], 0); /* the lock is not copied in */
    assert_int_equal(there[2], 3);
    value[2] = 5;
    assert_int_equal(skep_map_update(map, &key, value, SKEP_F_LOCK | SKEP_NOEXIST), -SKEP_EEXIST);
    assert_int_equal(skep_map_update(map, &key, value, SKEP_F_LOCK), 0);
    assert_ptr_equal(map->ops->lookup(map, &key, 0), there); /* in place */
    assert_int_equal(there[2], 5);
    assert_int_equal(skep_map_lookup(map, &key, got, SKEP_F_LOCK), 0);
    assert_int_equal(got[1], 0);
    assert_int_equal(got[2], 5);
    assert_int_equal(skep_map_update(map, &key, value, 0), 0);
    assert_ptr_not_equal(map->ops->lookup(map, &key, 0), there);
    assert_int_equal(skep_map_lookup_and_delete(map, &key, got, SKEP_F_LOCK), 0);
    assert_int_equal(skep_map_lookup(map, &key, got, SKEP_F_LOCK), -SKEP_ENOENT);
    skep_map_unref(map);
}

static void test_permissions(void **state)
{
    (void)state;
    uint32_t key = 1, value = 2;
    skep_map *map = make_map(SKEP_MAP_HASH, 4, 4, 10, SKEP_MAP_RDONLY, NULL);
    assert_int_equal(skep_map_update(map, &key, &value, 9), -SKEP_EPERM);
    assert_int_equal(skep_map_delete(map, &key), -SKEP_EPERM);
    assert_int_equal(skep_map_lookup(map, &key, &value, 0), -SKEP_ENOENT);
    assert_int_equal(skep_map_lookup_and_delete(map, &key, &value, 0), -SKEP_EPERM);
    assert_int_equal(skep_map_freeze(map), -SKEP_EPERM);
    skep_map_unref(map);
    map = make_map(SKEP_MAP_HASH, 4, 4, 10, SKEP_MAP_WRONLY, NULL);
    assert_int_equal(skep_map_update(map, &key, &value, 0), 0);
    assert_int_equal(skep_map_lookup(map, &key, &value, 0), -SKEP_EPERM);
    assert_int_equal(skep_map_next_key(map, NULL, &key), -SKEP_EPERM);
    assert_int_equal(skep_map_lookup_and_delete(map, &key, &value, 0), -SKEP_EPERM);
    assert_int_equal(skep_map_delete(map, &key), 0);
    skep_map_unref(map);
    map = make_map(SKEP_MAP_HASH, 4, 4, 10, 0, NULL);
    assert_int_equal(skep_map_freeze(map), 0);
    assert_int_equal(skep_map_freeze(map), -SKEP_EPERM);
    assert_int_equal(skep_map_update(map, &key, &value, 0), -SKEP_EPERM);
    assert_int_equal(skep_map_lookup(map, &key, &value, 0), -SKEP_ENOENT);
    uint32_t count = 1;
    assert_int_equal(skep_map_update_batch(map, &key, &value, &count, 0), -SKEP_EPERM);
    assert_int_equal(map->ops->update(map, &key, &value, 0, 0), 0); /* programs may still write */
    skep_map_unref(map);
}

/* What an embedder without much memory cares about: half as much again as keys and values, at most. */
static void test_memory(void **state)
{
    (void)state;
    static const struct {
        skep_map_type type;
        uint32_t key, value, cpus;
    } cases[] = {{SKEP_MAP_HASH, 8, 56, 1},      {SKEP_MAP_HASH, 4, 56, 64},      {SKEP_MAP_HASH, 16, 48, 4},
                 {SKEP_MAP_HASH, 60, 4, 2},      {SKEP_MAP_HASH, 13, 200, 2},     {SKEP_MAP_PERCPU_HASH, 8, 8, 8},
                 {SKEP_MAP_LRU_HASH, 8, 56, 16}, {SKEP_MAP_LRU_HASH, 40, 24, 2}, {SKEP_MAP_LRU_PERCPU_HASH, 8, 16, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint32_t entries = 100000; entries < 500000; entries += 77777) {
            struct counted counted = {0};
            const skep_hooks hooks = {.size = sizeof hooks, .user = &counted, .realloc = counted_realloc};
            skep_cpus *cpus = some_cpus(cases[i].cpus);
            const skep_map_options options = {.size = sizeof options, .hooks = &hooks, .type = cases[i].type,
                                              .key_size = cases[i].key, .value_size = cases[i].value,
                                              .max_entries = entries, .cpus = cpus};
            skep_map *map = NULL;
            assert_int_equal(skep_map_create(&options, &map, NULL), SKEP_OK);
            uint8_t key[64] = {0}, value[512] = {0};
            for (uint32_t k = 0; k < 1000; k++) {
                memcpy(key, &k, 4);
                assert_int_equal(skep_map_update(map, key, value, 0), 0);
            }
            const size_t per_cpu = cases[i].type == SKEP_MAP_PERCPU_HASH || cases[i].type == SKEP_MAP_LRU_PERCPU_HASH;
            const size_t payload = ((cases[i].key + 7) / 8 * 8 + (cases[i].value + 7) / 8 * 8 * (per_cpu ? cases[i].cpus : 1)) *
                                   (size_t)entries;
            if (counted.most * 2 > payload * 3)
                fail_msg("case %zu, %u entries: %zu bytes for a payload of %zu", i, entries, counted.most, payload);
            skep_map_unref(map);
            assert_int_equal(counted.live, 0);
            skep_cpus_free(cpus);
        }
}

struct visited {
    skep_map *map;
    uint64_t seen[4];
    unsigned calls, stop_at;
    bool deletes;
};

static int64_t visit(void *user, const void *key, void *value)
{
    struct visited *v = user;
    const uint32_t k = *(const uint32_t *)key;
    assert_int_equal(*(uint32_t *)value, k + 1);
    assert_int_equal(v->seen[k / 64] >> k % 64 & 1, 0);
    v->seen[k / 64] |= UINT64_C(1) << k % 64;
    if (v->deletes)
        assert_int_equal(v->map->ops->remove(v->map, key), 0);
    return ++v->calls == v->stop_at;
}

static void test_for_each(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_HASH, 4, 4, 200, 0, NULL);
    for (uint32_t key = 0; key < 200; key++) {
        const uint32_t value = key + 1;
        assert_int_equal(skep_map_update(map, &key, &value, 0), 0);
    }
    struct visited all = {.map = map}, some = {.map = map, .stop_at = 17}, gone = {.map = map, .deletes = true};
    assert_int_equal(map->ops->for_each(map, visit, &all, 0), 200);
    assert_int_equal(map->ops->for_each(map, visit, &some, 0), 17);
    assert_int_equal(map->ops->for_each(map, visit, &gone, 0), 200);
    assert_int_equal(map->ops->for_each(map, visit, &gone, 0), 0);
    skep_map_unref(map);
}

static void test_batches(void **state)
{
    (void)state;
    enum { ENTRIES = 1000 };
    skep_map *map = make_map(SKEP_MAP_HASH, 4, 8, ENTRIES, 0, NULL);
    static uint32_t keys[ENTRIES + 1];
    static uint64_t values[ENTRIES + 1];
    uint32_t count = ENTRIES + 1, cursor = 0;
    for (uint32_t i = 0; i <= ENTRIES; i++)
        keys[i] = i, values[i] = 10 * i;
    assert_int_equal(skep_map_update_batch(map, keys, values, &count, 1), -SKEP_EINVAL);
    assert_int_equal(count, ENTRIES + 1);
    assert_int_equal(skep_map_update_batch(map, keys, values, &count, 0), -SKEP_E2BIG);
    assert_int_equal(count, ENTRIES);
    count = 0;
    assert_int_equal(skep_map_lookup_batch(map, NULL, &cursor, keys, values, &count, 0), 0);
    count = 5;
    assert_int_equal(skep_map_lookup_batch(map, NULL, &cursor, keys, values, &count, 8), -SKEP_EINVAL);
    for (int take = 0; take < 2; take++) {
        static uint8_t seen[ENTRIES];
        uint32_t total = 0;
        memset(seen, 0, sizeof seen);
        for (int result = 0, first = 1; !result; first = 0) {
            count = 31;
            result = (take ? skep_map_lookup_and_delete_batch : skep_map_lookup_batch)(map, first ? NULL : &cursor, &cursor, keys,
                                                                                       values, &count, 0);
            assert_true(result == 0 || result == -SKEP_ENOENT);
            for (uint32_t i = 0; i < count; i++) {
                assert_true(keys[i] < ENTRIES && !seen[keys[i]]++);
                assert_int_equal(values[i], 10 * keys[i]);
            }
            total += count;
        }
        assert_int_equal(total, ENTRIES);
    }
    uint32_t next;
    assert_int_equal(skep_map_next_key(map, NULL, &next), -SKEP_ENOENT);
    for (uint32_t i = 0; i < 3; i++)
        keys[i] = i;
    count = 2;
    assert_int_equal(skep_map_update_batch(map, keys, values, &count, 0), 0);
    count = 3;
    assert_int_equal(skep_map_delete_batch(map, keys, &count, 0), -SKEP_ENOENT);
    assert_int_equal(count, 2);
    skep_map_unref(map);
    /* Arrays: a batch at a time by keys, none taken out. */
    map = make_map(SKEP_MAP_ARRAY, 4, 8, 4, 0, NULL);
    count = 3;
    assert_int_equal(skep_map_lookup_batch(map, NULL, &cursor, keys, values, &count, 0), 0);
    assert_int_equal(count, 3);
    assert_int_equal(cursor, 2);
    count = 3;
    assert_int_equal(skep_map_lookup_batch(map, &cursor, &cursor, keys, values, &count, 0), -SKEP_ENOENT);
    assert_int_equal(count, 1);
    assert_int_equal(keys[0], 3);
    assert_int_equal(skep_map_lookup_and_delete_batch(map, NULL, &cursor, keys, values, &count, 0), -SKEP_ENOTSUPP);
    assert_int_equal(skep_map_delete_batch(map, keys, &count, 0), -SKEP_ENOTSUPP);
    skep_map_unref(map);
}

/* Whatever the operations, it is what a plain list of entries would be. */
static void test_model(void **state)
{
    (void)state;
    enum { KEYS = 64, ENTRIES = 40 };
    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint64_t random = seed, values[KEYS] = {0}, got;
        bool there[KEYS] = {false};
        unsigned count = 0;
        const uint32_t key_size = 1 + (uint32_t)(next_random(&random) % 20);
        skep_map *map = make_map(SKEP_MAP_HASH, key_size, 8, ENTRIES, seed & 1 ? SKEP_MAP_NO_PREALLOC : 0, NULL);
        for (unsigned step = 0; step < 4000; step++) {
            const uint64_t r = next_random(&random);
            const unsigned k = r % KEYS;
            uint8_t key[20] = {0};
            key[0] = (uint8_t)k;
            key[key_size - 1] ^= (uint8_t)(k << 2);
            switch (r >> 32 & 3) {
            case 0:
            case 1: {
                const uint64_t flags = r >> 40 & 3, value = next_random(&random);
                const int expected = flags == 3                        ? -SKEP_EINVAL
                                     : flags == 1 && there[k]          ? -SKEP_EEXIST
                                     : flags == 2 && !there[k]         ? -SKEP_ENOENT
                                     : !there[k] && count == ENTRIES ? -SKEP_E2BIG
                                                                       : 0;
                assert_int_equal(skep_map_update(map, key, &value, flags), expected);
                if (!expected)
                    count += !there[k], there[k] = true, values[k] = value;
                break;
            }
            case 2:
                if (r >> 40 & 1)
                    assert_int_equal(skep_map_delete(map, key), there[k] ? 0 : -SKEP_ENOENT);
                else
                    assert_int_equal(skep_map_lookup_and_delete(map, key, &got, 0), there[k] ? 0 : -SKEP_ENOENT);
                count -= there[k];
                there[k] = false;
                break;
            case 3:
                assert_int_equal(skep_map_lookup(map, key, &got, 0), there[k] ? 0 : -SKEP_ENOENT);
                if (there[k])
                    assert_int_equal(got, values[k]);
                break;
            }
        }
        unsigned walked = 0;
        uint8_t next[20];
        for (const void *last = NULL; !skep_map_next_key(map, last, next); last = next)
            walked++;
        assert_int_equal(walked, count);
        skep_map_unref(map);
    }
}

#define OF(test, type) cmocka_unit_test_prestate(test, (void *)(uintptr_t)SKEP_MAP_##type)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        OF(test_operations, HASH),
        OF(test_operations, PERCPU_HASH),
        OF(test_operations, LRU_HASH),
        OF(test_operations, LRU_PERCPU_HASH),
        cmocka_unit_test(test_delete_while_walking),
        cmocka_unit_test(test_old_value_stays),
        OF(test_find_value, HASH),
        OF(test_find_value, PERCPU_HASH),
        OF(test_find_value, LRU_HASH),
        OF(test_find_value, LRU_PERCPU_HASH),
        OF(test_per_cpu, PERCPU_HASH),
        OF(test_per_cpu, LRU_PERCPU_HASH),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_key_sizes),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_for_each),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
