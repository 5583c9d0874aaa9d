/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Operations at random on a map here and on one of the same kind in the running kernel: the same result, errno by
 * errno, and the same key or value, after every step. Skipped where bpf(2) is not permitted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../random_program.h"
#include "map_oracle.h"

enum { MOST_VALUE = 8192, INNERS = 3 };

struct kind {
    const char *name;
    skep_map_options options;
    bool maps;       /* of maps */
    bool no_updates; /* what Linux checks in its surroundings: sockets */
    uint32_t values; /* below that; 0: any */
    uint32_t inner_flags;
};

static const struct kind kinds[] = {
    {"array", {.type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 12, .max_entries = 5}, .values = 0},
    {"array, read-only",
     {.type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 5, .flags = SKEP_MAP_RDONLY},
     .values = 0},
    {"array, write-only",
     {.type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 5, .flags = SKEP_MAP_WRONLY},
     .values = 0},
    {"percpu_array", {.type = SKEP_MAP_PERCPU_ARRAY, .key_size = 4, .value_size = 12, .max_entries = 5}, .values = 0},
    {"queue", {.type = SKEP_MAP_QUEUE, .value_size = 5, .max_entries = 4}, .values = 0},
    {"queue of one", {.type = SKEP_MAP_QUEUE, .value_size = 24, .max_entries = 1}, .values = 0},
    {"queue, read-only",
     {.type = SKEP_MAP_QUEUE, .value_size = 4, .max_entries = 4, .flags = SKEP_MAP_RDONLY},
     .values = 0},
    {"stack", {.type = SKEP_MAP_STACK, .value_size = 8, .max_entries = 4}, .values = 0},
    {"stack, write-only",
     {.type = SKEP_MAP_STACK, .value_size = 8, .max_entries = 4, .flags = SKEP_MAP_WRONLY},
     .values = 0},
    /* The same bits there, or lookups would differ: false positives are a matter of the hash. */
    {"bloom_filter",
     {.type = SKEP_MAP_BLOOM_FILTER, .value_size = 4, .max_entries = 30, .flags = SKEP_MAP_ZERO_SEED},
     .values = 300},
    {"bloom_filter of 7 bytes",
     {.type = SKEP_MAP_BLOOM_FILTER, .value_size = 7, .max_entries = 30, .flags = SKEP_MAP_ZERO_SEED, .extra = 2},
     .values = 300},
    {"bloom_filter of 16 bytes",
     {.type = SKEP_MAP_BLOOM_FILTER, .value_size = 16, .max_entries = 10, .flags = SKEP_MAP_ZERO_SEED, .extra = 15},
     .values = 300},
    {"bloom_filter of 29 bytes",
     {.type = SKEP_MAP_BLOOM_FILTER, .value_size = 29, .max_entries = 10, .flags = SKEP_MAP_ZERO_SEED, .extra = 1},
     .values = 300},
    {"ringbuf", {.type = SKEP_MAP_RINGBUF, .max_entries = 4096}, .values = 0},
    {"perf_event_array",
     {.type = SKEP_MAP_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 5},
     .values = 0},
    {"prog_array", {.type = SKEP_MAP_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 5}, .values = 0},
    {"stack_trace", {.type = SKEP_MAP_STACK_TRACE, .key_size = 4, .value_size = 64, .max_entries = 5}, .values = 0},
    {"array_of_maps", {.type = SKEP_MAP_ARRAY_OF_MAPS, .key_size = 4, .value_size = 4, .max_entries = 5}, .maps = true},
    {"hash_of_maps",
     {.type = SKEP_MAP_HASH_OF_MAPS, .key_size = 4, .value_size = 4, .max_entries = 5, .flags = SKEP_MAP_ZERO_SEED},
     .maps = true},
    {"hash_of_maps by 7 bytes",
     {.type = SKEP_MAP_HASH_OF_MAPS, .key_size = 7, .value_size = 4, .max_entries = 5, .flags = SKEP_MAP_ZERO_SEED},
     .maps = true},
    {"hash_of_maps by 20 bytes",
     {.type = SKEP_MAP_HASH_OF_MAPS,
      .key_size = 20,
      .value_size = 4,
      .max_entries = 9,
      .flags = SKEP_MAP_ZERO_SEED | SKEP_MAP_NO_PREALLOC},
     .maps = true},
    /* Interfaces: there is none of index 0, and everywhere the first one is the loopback. */
    {"devmap", {.type = SKEP_MAP_DEVMAP, .key_size = 4, .value_size = 4, .max_entries = 5}, .values = 2},
    {"devmap with programs", {.type = SKEP_MAP_DEVMAP, .key_size = 4, .value_size = 8, .max_entries = 5}, .values = 2},
    {"devmap_hash", {.type = SKEP_MAP_DEVMAP_HASH, .key_size = 4, .value_size = 4, .max_entries = 5}, .values = 2},
    {"devmap_hash with programs",
     {.type = SKEP_MAP_DEVMAP_HASH, .key_size = 4, .value_size = 8, .max_entries = 3},
     .values = 2},
    {"cpumap", {.type = SKEP_MAP_CPUMAP, .key_size = 4, .value_size = 4, .max_entries = 5}, .values = 16400},
    {"cpumap with programs",
     {.type = SKEP_MAP_CPUMAP, .key_size = 4, .value_size = 8, .max_entries = 5},
     .values = 200},
    {"xskmap", {.type = SKEP_MAP_XSKMAP, .key_size = 4, .value_size = 4, .max_entries = 5}, .no_updates = true},
};

static struct random dice;
static uint32_t throw(uint32_t sides) { return (uint32_t)(random_next(&dice) % sides); }

struct pair {
    const struct kind *kind;
    int there;
    skep_map *here;
    int inners_there[INNERS];
    skep_map *inners[INNERS];
    uint32_t value_size;
};

/* Few keys, so that they meet; some out of range. */
static void *random_key(const struct kind *kind, uint8_t *key)
{
    const uint32_t most = kind->options.max_entries;
    const uint32_t number = throw(12) == 0 ? UINT32_MAX - throw(2) : throw(most + 2);
    memset(key, 0x5a, kind->options.key_size);
    memcpy(key + (kind->options.key_size > 4 ? kind->options.key_size - 4 : 0), &number, 4);
    return throw(40) == 0 || !kind->options.key_size ? NULL : key;
}

static uint64_t random_flags(void)
{
    static const uint64_t rare[] = {3, 4, 5, 6, 8, 16, UINT64_C(1) << 32, UINT64_C(1) << 63};
    const uint32_t n = throw(10);
    return n < 6 ? 0 : n < 9 ? n - 6 : rare[throw(sizeof rare / sizeof *rare)];
}

static void random_value(const struct pair *pair, uint8_t *value)
{
    for (uint32_t i = 0; i < pair->value_size; i++)
        value[i] = (uint8_t)random_next(&dice);
    if (pair->kind->values) {
        const uint32_t number = throw(pair->kind->values);
        memset(value, 0, pair->value_size);
        memcpy(value, &number, 4);
        /* No descriptor of a program: one that is not open, or one that says so. */
        const int32_t program = throw(4) ? (throw(2) ? 0 : -1) : 900 + (int32_t) throw(9);
        if (pair->value_size == 8 && pair->kind->options.key_size)
            memcpy(value + 4, &program, 4);
    }
}

static void differ(const struct pair *pair, unsigned step, const char *what, uint64_t flags, int here, int there)
{
    fail_msg("%s, step %u, %s, flags %#llx: %d here, %d in the kernel", pair->kind->name, step, what,
             (unsigned long long)flags, here, there);
}

static void same_bytes(const struct pair *pair, unsigned step, const char *what, const uint8_t *here,
                       const uint8_t *there, size_t size)
{
    if (memcmp(here, there, size))
        fail_msg("%s, step %u, %s: other bytes than in the kernel", pair->kind->name, step, what);
}

static int update_maps(struct pair *pair, const void *key, uint64_t flags, int *there)
{
    const uint32_t which = throw(INNERS + 1);
    int32_t descriptor = which < INNERS ? pair->inners_there[which] : -1;
    *there = oracle_update(pair->there, key, &descriptor, flags);
    return which < INNERS ? skep_map_update_map(pair->here, key, pair->inners[which], flags)
                          : skep_map_update(pair->here, key, &descriptor, flags);
}

/* Ids are given out by each side: what they name must be the same of our few. */
static void to_number(const struct pair *pair, uint8_t *here, uint8_t *there)
{
    uint32_t id;
    memcpy(&id, here, 4);
    for (uint32_t i = 0; i < INNERS; i++) {
        skep_map_info info = {.size = sizeof info};
        skep_map_get_info(pair->inners[i], &info);
        if (info.id == id)
            memcpy(here, &(uint32_t){i}, 4);
    }
    memcpy(&id, there, 4);
    for (uint32_t i = 0; i < INNERS; i++)
        if (oracle_id(pair->inners_there[i]) == id)
            memcpy(there, &(uint32_t){i}, 4);
}

static void one_step(struct pair *pair, unsigned step)
{
    static uint8_t value[MOST_VALUE], out_here[MOST_VALUE], out_there[MOST_VALUE];
    uint8_t key_bytes[64], next_here[64], next_there[64];
    void *key = random_key(pair->kind, key_bytes);
    const uint64_t flags = random_flags();
    int here, there;
    random_value(pair, value);
    memcpy(out_here, value, pair->value_size); /* a bloom filter is asked this way */
    memcpy(out_there, value, pair->value_size);
    switch (throw(6)) {
    case 0:
        there = oracle_lookup(pair->there, key, out_there, flags);
        here = skep_map_lookup(pair->here, key, out_here, flags);
        if (here != there)
            differ(pair, step, "lookup", flags, here, there);
        if (!here && pair->kind->maps)
            to_number(pair, out_here, out_there);
        if (!here)
            same_bytes(pair, step, "lookup", out_here, out_there, pair->value_size);
        break;
    case 1:
    case 2:
        if (pair->kind->no_updates)
            break;
        if (pair->kind->maps) {
            here = update_maps(pair, key, flags, &there);
        } else {
            there = oracle_update(pair->there, key, value, flags);
            here = skep_map_update(pair->here, key, value, flags);
        }
        if (here != there)
            differ(pair, step, "update", flags, here, there);
        break;
    case 3:
        there = oracle_delete(pair->there, key);
        here = skep_map_delete(pair->here, key);
        if (here != there)
            differ(pair, step, "delete", 0, here, there);
        break;
    case 4:
        there = oracle_take(pair->there, key, out_there, flags);
        here = skep_map_lookup_and_delete(pair->here, key, out_here, flags);
        if (here != there)
            differ(pair, step, "lookup_and_delete", flags, here, there);
        if (!here)
            same_bytes(pair, step, "lookup_and_delete", out_here, out_there, pair->value_size);
        break;
    default:
        there = oracle_next_key(pair->there, key, next_there);
        here = skep_map_next_key(pair->here, key, next_here);
        if (here != there)
            differ(pair, step, "next_key", 0, here, there);
        if (!here)
            same_bytes(pair, step, "next_key", next_here, next_there, pair->kind->options.key_size);
    }
}

static void compare(const struct kind *kind)
{
    struct pair pair = {.kind = kind};
    skep_map_options o = kind->options, template = {.size = sizeof template, .type = SKEP_MAP_HASH};
    skep_map_info info = {.size = sizeof info};
    o.size = sizeof o;
    template =
        (skep_map_options){.size = sizeof o, .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 2};
    for (unsigned i = 0; kind->maps && i < INNERS; i++) {
        if (i + 1 == INNERS)
            template.max_entries++; /* this one is not like the first */
        pair.inners_there[i] = oracle_create(&template, 0);
        assert_true(pair.inners_there[i] >= 0);
        assert_int_equal(own_create(&template, &pair.inners[i]), 0);
    }
    o.inner = pair.inners[0];
    pair.there = oracle_create(&o, pair.inners_there[0]);
    assert_true(pair.there >= 0);
    assert_int_equal(own_create(&o, &pair.here), 0);
    skep_map_get_info(pair.here, &info);
    assert_true(info.copy_size <= MOST_VALUE);
    pair.value_size = (uint32_t)info.copy_size;
    /* Of these the kernel waits for its programs at every change. */
    const unsigned steps = kind->maps ? 300 : 2000;
    for (unsigned step = 0; step < steps; step++)
        one_step(&pair, step);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(skep_map_freeze(pair.here), oracle_freeze(pair.there));
    for (unsigned step = steps; step < steps + 100; step++)
        one_step(&pair, step);
    skep_map_unref(pair.here);
    oracle_close(pair.there);
    for (unsigned i = 0; kind->maps && i < INNERS; i++) {
        skep_map_unref(pair.inners[i]);
        oracle_close(pair.inners_there[i]);
    }
}

static void random_operations(void **state)
{
    (void)state;
    if (!oracle_permitted())
        skip();
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            dice = (struct random){seed * 1000 + i};
            compare(&kinds[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_operations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
