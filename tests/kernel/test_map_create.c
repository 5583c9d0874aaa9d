/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What may be made: every type with many sizes, flags and numbers of entries, here and in the running kernel: both make
 * it, or both refuse with the same error number. Skipped where bpf(2) is not permitted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "map/map.h"
#include "map_oracle.h"

static const uint32_t key_sizes[] = {0, 1, 4, 5, 8, 260, 261, 513};
static const uint32_t value_sizes[] = {0,    1,    4,     5,     8,     16,      24,      32,         64,
                                       1016, 1024, 32761, 32768, 32769, 4194304, 4194305, 0x7fffffff, 0xffffffff};
static const uint32_t entries[] = {0, 1, 3, 4, 700, 4096, 8192, 12288};

static unsigned made, refused;

/* Memory that nobody should ask for in a test. */
static bool too_much(const skep_map_options *o)
{
    return (uint64_t)o->max_entries * ((uint64_t)o->key_size + o->value_size) > (UINT64_C(5) << 20);
}

static void one(const skep_map_options *options, int inner_there, skep_map *inner_here)
{
    skep_map_options o = *options;
    skep_map *map = NULL;
    o.size = sizeof o;
    o.inner = inner_here;
    if (too_much(&o))
        return;
    const int there = oracle_create(&o, inner_there);
    const int here = own_create(&o, &map);
    if ((there < 0 ? there : 0) != here)
        fail_msg("type %u, key %u, value %u, entries %u, flags %#x, extra %llu: %d here, %d in the kernel",
                 (unsigned)o.type, o.key_size, o.value_size, o.max_entries, o.flags, (unsigned long long)o.extra, here,
                 there);
    *(here ? &refused : &made) += 1;
    skep_map_unref(map);
    oracle_close(there);
}

/* Sizes with which each type can be made. */
static const skep_map_options good[] = {
    {.type = SKEP_MAP_HASH, .key_size = 4, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 4},
    {.type = SKEP_MAP_PERCPU_HASH, .key_size = 4, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_PERCPU_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_STACK_TRACE, .key_size = 4, .value_size = 64, .max_entries = 4},
    {.type = SKEP_MAP_LRU_HASH, .key_size = 4, .value_size = 8, .max_entries = 4},
    {.type = SKEP_MAP_LRU_PERCPU_HASH, .key_size = 4, .value_size = 8, .max_entries = 4},
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

static void every_type(void (*each)(const skep_map_options *, int, skep_map *))
{
    if (!oracle_permitted())
        skip();
    const skep_map_options template = {
        .size = sizeof template, .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 2};
    skep_map *inner = NULL;
    const int inner_there = oracle_create(&template, 0);
    assert_true(inner_there >= 0);
    assert_int_equal(own_create(&template, &inner), 0);
    made = refused = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (sk_map_ops_of((uint32_t)good[i].type))
            each(&good[i], inner_there, inner);
        else
            print_message("there is no type %u yet\n", (unsigned)good[i].type);
    skep_map_unref(inner);
    oracle_close(inner_there);
    print_message("%u made, %u refused, the same as in the kernel\n", made, refused);
    assert_true(made > 20 && refused > 100);
}

static void each_size(const skep_map_options *options, int inner_there, skep_map *inner)
{
    for (size_t k = 0; k < sizeof key_sizes / sizeof *key_sizes; k++)
        for (size_t v = 0; v < sizeof value_sizes / sizeof *value_sizes; v++)
            for (size_t e = 0; e < sizeof entries / sizeof *entries; e++) {
                skep_map_options o = *options;
                o.key_size = key_sizes[k];
                o.value_size = value_sizes[v];
                o.max_entries = entries[e];
                /* How many cpus a kernel was built for is its own affair. */
                if (o.type == SKEP_MAP_CPUMAP && o.max_entries > 64)
                    continue;
                one(&o, inner_there, inner);
                o.flags ^= SKEP_MAP_NO_PREALLOC; /* which is refused before sizes are, or after */
                if (o.max_entries < 5)
                    one(&o, inner_there, inner);
            }
}

static void sizes(void **state)
{
    (void)state;
    every_type(each_size);
}

static void each_flag(const skep_map_options *options, int inner_there, skep_map *inner)
{
    for (unsigned a = 0; a < 32; a++)
        for (unsigned b = a; b < 32; b++) {
            skep_map_options o = *options;
            o.flags ^= UINT32_C(1) << a | UINT32_C(1) << b;
            /* BPF_F_VTYPE_BTF_OBJ_FD and BPF_F_TOKEN_FD are about other attributes of the system call. */
            if (a == 15 || a == 16 || b == 15 || b == 16)
                continue;
            one(&o, inner_there, inner);
        }
    for (uint64_t extra = 1; extra && extra < UINT64_C(1) << 40; extra = extra < 17 ? extra + 1 : extra << 3) {
        skep_map_options o = *options;
        o.extra = extra;
        one(&o, inner_there, inner);
    }
}

static void flags(void **state)
{
    (void)state;
    every_type(each_flag);
}

static void names(void **state)
{
    (void)state;
    if (!oracle_permitted())
        skip();
    static const char *const some[] = {"", "a", "a_b.C9", "exactly_15_long", "a-b", "a b", "\xc3\xa4", "/", "a:"};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        skep_map_options o = {
            .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1, .name = some[i]};
        one(&o, 0, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes), cmocka_unit_test(flags), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
