/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Perf event arrays: bpf_perf_event_output's errors (bpf-helpers(7), kernel/trace/bpf_trace.c), room, and what was
 * lost. */
#include "map_tools.h"

#include "map/perf.h"

struct seen {
    unsigned count;
    size_t size[600];
    uint8_t bytes[600][32];
};

static int see(void *user, const void *record, size_t size)
{
    struct seen *seen = user;
    assert_true(seen->count < 600);
    seen->size[seen->count] = size;
    memcpy(seen->bytes[seen->count++], record, size < 32 ? size : 32);
    return 0;
}

static void output(void **state)
{
    (void)state;
    skep_cpus *cpus = some_cpus(3);
    skep_map *map = make_map(SKEP_MAP_PERF_EVENT_ARRAY, 4, 4, 2, 0, cpus);
    static struct seen seen;
    uint64_t lost = 77;
    const char text[] = "0123456789abcdef";
    assert_int_equal(sk_perf_output(map, SK_PERF_CURRENT_CPU, 1, text, 5, NULL, 0), -SKEP_ENOENT);
    assert_int_equal(skep_perf_consume(map, 1, see, &seen, &lost), -SKEP_ENOENT);
    assert_int_equal(skep_perf_open(map, 2, 4096), -SKEP_E2BIG);
    assert_int_equal(skep_perf_open(map, 1, 0), -SKEP_EINVAL);
    assert_int_equal(skep_perf_open(map, 1, ((size_t)1 << 30) + 1), -SKEP_EINVAL);
    assert_int_equal(skep_perf_open(map, 1, 1), 0);
    assert_int_equal(sk_perf_output(map, SK_PERF_CURRENT_CPU, 1, text, 5, NULL, 0), 0);
    assert_int_equal(sk_perf_output(map, 1, 1, text, 16, text + 3, 2), 0);
    assert_int_equal(sk_perf_output(map, 1, 0, text, 5, NULL, 0), -SKEP_EOPNOTSUPP);
    assert_int_equal(sk_perf_output(map, 0, 0, text, 5, NULL, 0), -SKEP_ENOENT);
    assert_int_equal(sk_perf_output(map, 2, 2, text, 5, NULL, 0), -SKEP_E2BIG);
    assert_int_equal(sk_perf_output(map, SK_PERF_CURRENT_CPU, 2, text, 5, NULL, 0), -SKEP_E2BIG);
    assert_int_equal(skep_perf_consume(map, 1, see, &seen, &lost), 2);
    assert_int_equal(lost, 0);
    assert_int_equal(seen.size[0], 5);
    assert_memory_equal(seen.bytes[0], "01234", 5);
    assert_int_equal(seen.size[1], 18);
    assert_memory_equal(seen.bytes[1], "0123456789abcdef34", 18);
    assert_int_equal(skep_perf_consume(map, 1, see, &seen, NULL), 0);
    assert_int_equal(skep_perf_consume(map, 2, see, &seen, NULL), -SKEP_E2BIG);
    assert_int_equal(skep_perf_consume(map, 1, NULL, &seen, NULL), -SKEP_EINVAL);

    uint32_t key = 1, value = 0;
    assert_int_equal(skep_map_lookup(map, &key, &value, 0), -SKEP_ENOTSUPP);
    assert_int_equal(skep_map_update(map, &key, &value, 0), -SKEP_EBADF);
    assert_int_equal(skep_map_delete(map, &key), 0);
    assert_int_equal(skep_map_delete(map, &key), -SKEP_ENOENT);
    assert_int_equal(sk_perf_output(map, 1, 1, text, 5, NULL, 0), -SKEP_ENOENT);
    skep_map_unref(map);
    map = make_map(SKEP_MAP_PERF_EVENT_ARRAY, 4, 4, 9, 0, cpus);
    assert_int_equal(skep_perf_open(map, 3, 4096), -SKEP_ENODEV);
    assert_int_equal(skep_perf_open(map, 2, 4096), 0);
    skep_map_unref(map);
    map = make_map(SKEP_MAP_ARRAY, 4, 4, 9, 0, cpus);
    assert_int_equal(skep_perf_open(map, 0, 4096), -SKEP_EINVAL);
    assert_int_equal(skep_perf_consume(map, 0, see, &seen, NULL), -SKEP_EINVAL);
    skep_map_unref(map);
    skep_cpus_free(cpus);
}

/* A page holds 127 records of 20 bytes: 32 each, and one byte stays free. */
static void room(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0, NULL);
    static struct seen seen;
    uint8_t bytes[20] = {0};
    uint64_t lost = 0;
    assert_int_equal(skep_perf_open(map, 0, 4096), 0);
    for (unsigned round = 0; round < 40; round++) {
        seen.count = 0;
        for (uint8_t i = 0; i < 127; i++) {
            bytes[0] = bytes[19] = i;
            assert_int_equal(sk_perf_output(map, 0, 0, bytes, sizeof bytes, NULL, 0), 0);
        }
        assert_int_equal(sk_perf_output(map, 0, 0, bytes, sizeof bytes, NULL, 0), -SKEP_ENOSPC);
        assert_int_equal(sk_perf_output(map, 0, 0, bytes, 1, NULL, 0), 0); /* 16 are left */
        assert_int_equal(sk_perf_output(map, 0, 0, bytes, 1, NULL, 0), -SKEP_ENOSPC);
        assert_int_equal(skep_perf_consume(map, 0, see, &seen, &lost), 128);
        assert_int_equal(lost, 2);
        for (uint8_t i = 0; i < 127; i++) {
            assert_int_equal(seen.size[i], 20);
            assert_int_equal(seen.bytes[i][0], i);
            assert_int_equal(seen.bytes[i][19], i);
        }
    }
    assert_int_equal(skep_perf_consume(map, 0, see, &seen, &lost), 0);
    assert_int_equal(lost, 0);
    static uint8_t big[1 << 17];
    assert_int_equal(skep_perf_open(map, 0, 1 << 18), 0); /* in the place of the other one */
    assert_int_equal(sk_perf_output(map, 0, 0, big, sizeof big, NULL, 0), -SKEP_E2BIG);
    assert_int_equal(sk_perf_output(map, 0, 0, big, UINT64_MAX, big, 8), -SKEP_E2BIG);
    assert_int_equal(sk_perf_output(map, 0, 0, big, 60000, NULL, 0), 0);
    skep_map_unref(map);
}

/* A cpu's own run writes, another thread reads, a third one closes and opens. */
static skep_map *shared;
static uint32_t finished;
enum { EACH = 20000 };

static void *produce(void *user)
{
    (void)user;
    for (uint64_t i = 0; i < EACH; i++) {
        const uint64_t record[3] = {i, ~i, i};
        const int failed = sk_perf_output(shared, SK_PERF_CURRENT_CPU, 0, record, sizeof record, NULL, 0);
        if (failed && failed != -SKEP_ENOSPC && failed != -SKEP_ENOENT)
            return &shared;
    }
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
    return NULL;
}

static int check_record(void *user, const void *record, size_t size)
{
    uint64_t *least = user, number[3];
    assert_int_equal(size, sizeof number);
    memcpy(number, record, sizeof number);
    assert_int_equal(number[0], ~number[1]);
    assert_true(number[0] >= *least);
    *least = number[0] + 1;
    return 0;
}

static void *reopen(void *user)
{
    (void)user;
    while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
        skep_map_delete(shared, &(uint32_t){0});
        skep_perf_open(shared, 0, 4096);
    }
    return NULL;
}

static void threads_at_once(void **state)
{
    (void)state;
    pthread_t producer, opener;
    uint64_t least = 0;
    shared = make_map(SKEP_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0, NULL);
    assert_int_equal(skep_perf_open(shared, 0, 4096), 0);
    assert_int_equal(pthread_create(&producer, NULL, produce, NULL), 0);
    assert_int_equal(pthread_create(&opener, NULL, reopen, NULL), 0);
    while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
        const int count = skep_perf_consume(shared, 0, check_record, &least, NULL);
        assert_true(count >= 0 || count == -SKEP_ENOENT);
    }
    void *failed;
    pthread_join(producer, &failed);
    pthread_join(opener, NULL);
    assert_null(failed);
    skep_map_unref(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(output), cmocka_unit_test(room),
                                       cmocka_unit_test(threads_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
