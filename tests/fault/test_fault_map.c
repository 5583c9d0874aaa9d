/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Maps with each allocation failing once: an error, nothing leaked, and what was there stays; and with enough memory it works
 * after all.
 */
#include "../unit/map_tools.h"

static const struct {
    skep_map_type type;
    uint32_t key, value, flags;
} kinds[] = {
    {SKEP_MAP_ARRAY, 4, 8, 0},
    {SKEP_MAP_PERCPU_ARRAY, 4, 8, 0},
    {SKEP_MAP_HASH, 8, 8, 0},
    {SKEP_MAP_HASH, 8, 8, SKEP_MAP_NO_PREALLOC},
    {SKEP_MAP_PERCPU_HASH, 8, 8, 0},
    {SKEP_MAP_LRU_HASH, 600, 8, 0},
    {SKEP_MAP_LRU_PERCPU_HASH, 8, 8, 0},
    {SKEP_MAP_LPM_TRIE, 8, 8, SKEP_MAP_NO_PREALLOC},
};

enum { ENTRIES = 2000 };

static void one(size_t kind)
{
    for (size_t fail_at = 1;; fail_at++) {
        struct counted counted = {.fail_at = fail_at};
        const skep_hooks hooks = {.size = sizeof hooks, .user = &counted, .realloc = counted_realloc};
        skep_cpus *cpus = some_cpus(2);
        const skep_map_options options = {.size = sizeof options, .hooks = &hooks, .type = kinds[kind].type,
                                          .key_size = kinds[kind].key, .value_size = kinds[kind].value,
                                          .max_entries = ENTRIES, .flags = kinds[kind].flags, .cpus = cpus};
        skep_map *map = NULL;
        skep_error err;
        if (skep_map_create(&options, &map, &err)) {
            assert_int_equal(err.code, SKEP_ERR_MEMORY);
            assert_null(map);
            assert_int_equal(counted.blocks, 0);
            skep_cpus_free(cpus);
            continue;
        }
        unsigned failures = 0, stored = 0;
        uint8_t key[600] = {0};
        uint64_t value[2], got[2];
        for (uint32_t i = 0; i < ENTRIES; i++) {
            const uint32_t first = kinds[kind].type == SKEP_MAP_LPM_TRIE ? 32 : i;
            memcpy(key, &first, 4);
            if (kinds[kind].key > 4)
                memcpy(key + 4, &i, 4);
            value[0] = value[1] = i;
            const int failed = skep_map_update(map, key, value, 0);
            assert_true(failed == 0 || failed == -SKEP_ENOMEM);
            failures += failed != 0;
            if (failed)
                assert_int_equal(skep_map_update(map, key, value, 0), 0); /* only that one failed */
            assert_int_equal(skep_map_lookup(map, key, got, 0), 0);
            assert_int_equal(got[0], i);
            stored++;
        }
        assert_true(failures <= 1);
        assert_int_equal(stored, ENTRIES);
        skep_map_unref(map);
        assert_int_equal(counted.blocks, 0);
        assert_int_equal(counted.live, 0);
        skep_cpus_free(cpus);
        if (counted.calls < fail_at) {
            assert_true(fail_at > 2);
            return;
        }
    }
}

static void test_maps(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        one(kind);
}

/* Evicting an entry whose key is too long for the stack needs memory for a moment; without it, another way is found or not. */
static void test_eviction(void **state)
{
    (void)state;
    for (size_t fail_at = 1; fail_at < 40; fail_at++) {
        struct counted counted = {0};
        const skep_hooks hooks = {.size = sizeof hooks, .user = &counted, .realloc = counted_realloc};
        const skep_map_options options = {.size = sizeof options, .hooks = &hooks, .type = SKEP_MAP_LRU_HASH, .key_size = 1000,
                                          .value_size = 8, .max_entries = 10};
        skep_map *map = NULL;
        assert_int_equal(skep_map_create(&options, &map, NULL), SKEP_OK);
        counted.fail_at = counted.calls + fail_at;
        uint8_t key[1000] = {0};
        for (uint64_t i = 0; i < 40; i++) {
            memcpy(key + 500, &i, 8);
            assert_int_equal(skep_map_update(map, key, &i, 0), 0);
        }
        skep_map_unref(map);
        assert_int_equal(counted.blocks, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_maps), cmocka_unit_test(test_eviction)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
