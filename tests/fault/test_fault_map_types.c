/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Making each type of map, and what allocates afterwards, with each allocation failing once: SKEP_ERR_MEMORY, nothing
 * leaked, nothing written; and with enough memory it works.
 */
#include "../unit/map_tools.h"

#include "map/map.h"

static const skep_map_options types[] = {
    {.type = SKEP_MAP_HASH, .key_size = 4, .value_size = 8, .max_entries = 40},
    {.type = SKEP_MAP_HASH, .key_size = 4, .value_size = 8, .max_entries = 40, .flags = SKEP_MAP_NO_PREALLOC},
    {.type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_PERCPU_HASH, .key_size = 4, .value_size = 8, .max_entries = 40},
    {.type = SKEP_MAP_PERCPU_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_STACK_TRACE, .key_size = 4, .value_size = 64, .max_entries = 4},
    {.type = SKEP_MAP_LRU_HASH, .key_size = 4, .value_size = 8, .max_entries = 40},
    {.type = SKEP_MAP_LRU_PERCPU_HASH, .key_size = 4, .value_size = 8, .max_entries = 40},
    {.type = SKEP_MAP_LPM_TRIE, .key_size = 8, .value_size = 8, .max_entries = 4, .flags = SKEP_MAP_NO_PREALLOC},
    {.type = SKEP_MAP_ARRAY_OF_MAPS, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_HASH_OF_MAPS, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_DEVMAP, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_CPUMAP, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_XSKMAP, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_QUEUE, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_STACK, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_DEVMAP_HASH, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_RINGBUF, .max_entries = 4096},
    {.type = SKEP_MAP_BLOOM_FILTER, .value_size = 8, .max_entries = 4},
};

static struct counted memory;
static const skep_hooks hooks = {.size = sizeof hooks, .user = &memory, .realloc = counted_realloc};

static void every_type(void **state)
{
    (void)state;
    skep_map *inner = make_map(SKEP_MAP_ARRAY, 4, 8, 4, 0, NULL);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        skep_map_options o = types[i];
        if (!sk_map_ops_of((uint32_t)o.type))
            continue;
        o.size = sizeof o;
        o.hooks = &hooks;
        o.inner = inner;
        for (size_t fail_at = 1;; fail_at++) {
            skep_map *map = NULL;
            skep_error err;
            memory = (struct counted){.fail_at = fail_at};
            const skep_code code = skep_map_create(&o, &map, &err);
            if (code) {
                assert_int_equal(code, SKEP_ERR_MEMORY);
                assert_null(map);
                assert_int_equal(memory.blocks, 0);
                continue;
            }
            assert_true(memory.calls < fail_at && memory.calls >= 1);
            skep_map_unref(map);
            assert_int_equal(memory.blocks, 0);
            break;
        }
    }
    skep_map_unref(inner);
}

static void cpus(void **state)
{
    (void)state;
    for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
        skep_cpus *set = NULL;
        skep_error err;
        memory = (struct counted){.fail_at = fail_at};
        assert_int_equal(skep_cpus_create(&hooks, 3, &set, &err), SKEP_ERR_MEMORY);
        assert_null(set);
        assert_int_equal(memory.blocks, 0);
    }
}

/* One that is open stays as it is when the next one cannot be made. */
static void perf_buffers(void **state)
{
    (void)state;
    skep_map_options o = {.size = sizeof o,
                          .type = SKEP_MAP_PERF_EVENT_ARRAY,
                          .key_size = 4,
                          .value_size = 4,
                          .max_entries = 4,
                          .hooks = &hooks};
    skep_map *map = NULL;
    memory = (struct counted){0};
    assert_int_equal(skep_map_create(&o, &map, NULL), SKEP_OK);
    const size_t before = memory.blocks;
    assert_int_equal(skep_perf_open(map, 0, 4096), 0);
    const size_t open = memory.blocks;
    assert_true(open > before);
    for (size_t more = 1; more <= 2; more++) {
        memory.fail_at = memory.calls + more;
        assert_int_equal(skep_perf_open(map, 0, 4096), -SKEP_ENOMEM);
        assert_int_equal(memory.blocks, open);
    }
    memory.fail_at = 0;
    assert_int_equal(skep_map_delete(map, &(uint32_t){0}), 0);
    assert_int_equal(memory.blocks, before);
    skep_map_unref(map);
    assert_int_equal(memory.blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_type), cmocka_unit_test(cpus),
                                       cmocka_unit_test(perf_buffers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
