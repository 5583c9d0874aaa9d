/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What LRU maps keep. The order of eviction is nobody's promise; that what is in use stays is. */
#include "map_tools.h"

#include "map/map.h"

static unsigned count_keys(skep_map *map)
{
    uint32_t next;
    unsigned count = 0;
    for (const void *last = NULL; !skep_map_next_key(map, last, &next); last = &next)
        count++;
    return count;
}

static void set(skep_map *map, uint32_t key)
{
    const uint64_t value[8] = {key};
    assert_int_equal(skep_map_update(map, &key, value, 0), 0);
}

/* It takes as many entries as it is made for, and one more for one less. */
static void test_full(void **state)
{
    const skep_map_type type = (skep_map_type)(uintptr_t)*state;
    for (uint32_t entries = 1; entries <= 1000; entries *= 10) {
        skep_cpus *cpus = some_cpus(4);
        skep_map *map = make_map(type, 4, 8, entries, 0, cpus);
        for (uint32_t key = 0; key < 3 * entries; key++) {
            set(map, key);
            uint64_t got[4];
            assert_int_equal(skep_map_lookup(map, &key, got, 0), 0); /* the newest one is there */
            if (entries <= 10 || key % 97 == 0)
                assert_int_equal(count_keys(map), key < entries ? key + 1 : entries);
        }
        skep_map_unref(map);
        skep_cpus_free(cpus);
    }
}

/* Replacing evicts nothing. */
static void test_replace(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_LRU_HASH, 4, 8, 10, 0, NULL);
    for (uint32_t key = 0; key < 10; key++)
        set(map, key);
    for (uint32_t i = 0; i < 100; i++)
        set(map, i % 10);
    assert_int_equal(count_keys(map), 10);
    skep_map_unref(map);
}

/* What programs look up all the time outlives a flood of others; what they do not goes. */
static void test_in_use(void **state)
{
    const skep_map_type type = (skep_map_type)(uintptr_t)*state;
    enum { ENTRIES = 1000, HOT = 300 };
    for (uint32_t flags = 0; flags <= SKEP_MAP_NO_COMMON_LRU; flags += SKEP_MAP_NO_COMMON_LRU) {
        skep_cpus *cpus = some_cpus(1);
        skep_map *map = make_map(type, 4, 8, ENTRIES, flags, cpus);
        for (uint32_t key = 0; key < ENTRIES; key++)
            set(map, key);
        for (uint32_t hot = 0; hot < HOT; hot++)
            assert_non_null(map->ops->lookup(map, &hot, 0));
        for (uint32_t flood = ENTRIES; flood < 20 * ENTRIES; flood++) {
            const uint32_t hot = flood % HOT;
            assert_non_null(map->ops->lookup(map, &hot, 0));
            set(map, flood);
        }
        for (uint32_t key = HOT; key < ENTRIES; key++) {
            uint64_t got;
            assert_int_equal(skep_map_lookup(map, &key, &got, 0), -SKEP_ENOENT);
        }
        assert_int_equal(count_keys(map), ENTRIES);
        skep_map_unref(map);
        skep_cpus_free(cpus);
    }
}

/* Looking from outside is no use: who lists a map does not change what it keeps. */
static void test_from_outside(void **state)
{
    (void)state;
    enum { ENTRIES = 100 };
    skep_map *map = make_map(SKEP_MAP_LRU_HASH, 4, 8, ENTRIES, 0, NULL);
    for (uint32_t key = 0; key < ENTRIES; key++)
        set(map, key);
    for (uint32_t key = ENTRIES; key < 2 * ENTRIES; key++) {
        uint32_t first = 0;
        uint64_t got;
        skep_map_lookup(map, &first, &got, 0);
        set(map, key);
    }
    uint32_t first = 0;
    assert_null(map->ops->lookup(map, &first, 0));
    skep_map_unref(map);
}

/* Everything is in use: something goes all the same. */
static void test_all_in_use(void **state)
{
    (void)state;
    enum { ENTRIES = 5000 };
    skep_map *map = make_map(SKEP_MAP_LRU_HASH, 4, 8, ENTRIES, 0, NULL);
    for (uint32_t key = 0; key < ENTRIES; key++)
        set(map, key);
    for (uint32_t key = ENTRIES; key < ENTRIES + 50; key++) {
        for (uint32_t all = 0; all < ENTRIES; all++)
            (void)map->ops->lookup(map, &all, 0);
        set(map, key);
    }
    assert_int_equal(count_keys(map), ENTRIES);
    skep_map_unref(map);
}

/* With a list for each cpu there are as many entries for each (Linux rounds up, and says so). */
static void test_rounds_up(void **state)
{
    (void)state;
    skep_cpus *cpus = some_cpus(4);
    skep_map *map = make_map(SKEP_MAP_LRU_HASH, 4, 8, 9, SKEP_MAP_NO_COMMON_LRU, cpus);
    skep_map_info info = {.size = sizeof info};
    skep_map_get_info(map, &info);
    assert_int_equal(info.max_entries, 12);
    skep_map_unref(map);
    skep_cpus_free(cpus);
}

#define OF(test, type) cmocka_unit_test_prestate(test, (void *)(uintptr_t)SKEP_MAP_##type)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF(test_full, LRU_HASH),
        OF(test_full, LRU_PERCPU_HASH),
        cmocka_unit_test(test_replace),
        OF(test_in_use, LRU_HASH),
        OF(test_in_use, LRU_PERCPU_HASH),
        cmocka_unit_test(test_from_outside),
        cmocka_unit_test(test_all_in_use),
        cmocka_unit_test(test_rounds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
