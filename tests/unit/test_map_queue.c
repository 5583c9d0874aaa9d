/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Queues, stacks (Documentation/bpf/map_queue_stack.rst) and bloom filters (map_bloom_filter.rst). */
#include "map_tools.h"

#include "map/jhash.h"
#include "map/map.h"

static void push(skep_map *map, uint64_t value, uint64_t flags, int expected)
{
    assert_int_equal(skep_map_update(map, NULL, &value, flags), expected);
}

static void pop(skep_map *map, int expected, uint64_t number)
{
    uint64_t peeked = 5, popped = 5;
    assert_int_equal(skep_map_lookup(map, NULL, &peeked, 0), expected);
    assert_int_equal(skep_map_lookup_and_delete(map, NULL, &popped, 0), expected);
    assert_int_equal(peeked, expected ? 0 : number);
    assert_int_equal(popped, expected ? 0 : number);
}

static void queue(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_QUEUE, 0, 8, 3, 0, NULL);
    pop(map, -SKEP_ENOENT, 0);
    for (unsigned round = 0; round < 5; round++) {
        push(map, 1, 0, 0);
        push(map, 2, SKEP_EXIST, 0);
        push(map, 3, 0, 0);
        push(map, 4, 0, -SKEP_E2BIG);
        push(map, 4, SKEP_NOEXIST, -SKEP_EINVAL);
        push(map, 4, 3, -SKEP_EINVAL);
        push(map, 4, UINT64_C(1) << 32, -SKEP_EINVAL);
        push(map, 5, SKEP_EXIST, 0); /* over 1 */
        pop(map, 0, 2);
        pop(map, 0, 3);
        pop(map, 0, 5);
        pop(map, -SKEP_ENOENT, 0);
    }
    uint64_t value = 0;
    assert_int_equal(skep_map_lookup(map, &value, &value, 0), -SKEP_EINVAL); /* there are no keys */
    assert_int_equal(skep_map_delete(map, NULL), -SKEP_EINVAL);
    assert_int_equal(skep_map_next_key(map, NULL, &value), -SKEP_EINVAL);
    skep_map_unref(map);
}

static void stack(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_STACK, 0, 8, 3, 0, NULL);
    pop(map, -SKEP_ENOENT, 0);
    for (unsigned round = 0; round < 5; round++) {
        push(map, 1, 0, 0);
        push(map, 2, 0, 0);
        push(map, 3, 0, 0);
        push(map, 4, 0, -SKEP_E2BIG);
        push(map, 5, SKEP_EXIST, 0); /* over 1, the oldest */
        pop(map, 0, 5);
        pop(map, 0, 3);
        pop(map, 0, 2);
        pop(map, -SKEP_ENOENT, 0);
    }
    skep_map_unref(map);
}

/* Every value comes out once, and those of one thread in its order. */
static skep_map *shared;
enum { PRODUCERS = 3, EACH = 4000 };

static void *produce(void *user)
{
    const uint64_t who = (uint64_t)(uintptr_t)user << 32;
    for (uint64_t i = 0; i < EACH;) {
        const uint64_t value[4] = {who | i, ~(who | i), who | i, i};
        i += shared->ops->push(shared, value, 0) == 0;
    }
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    pthread_t threads[PRODUCERS];
    uint64_t next[PRODUCERS] = {0}, value[4];
    shared = make_map(SKEP_MAP_QUEUE, 0, sizeof value, 100, 0, NULL);
    for (uintptr_t i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
    for (unsigned got = 0; got < PRODUCERS * EACH;) {
        if (shared->ops->pop(shared, value))
            continue;
        assert_int_equal(value[0], ~value[1]);
        assert_int_equal(value[0] >> 32 < PRODUCERS, 1);
        assert_int_equal(value[3], next[value[0] >> 32]++);
        got++;
    }
    for (unsigned i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(shared->ops->pop(shared, value), -SKEP_ENOENT);
    skep_map_unref(shared);
}

static void bloom(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_BLOOM_FILTER, 0, 8, 1000, 0, NULL);
    unsigned wrong = 0;
    for (uint64_t value = 0; value < 1000; value++) {
        assert_int_equal(skep_map_update(map, NULL, &value, 0), 0);
        assert_int_equal(skep_map_lookup(map, NULL, &value, 0), 0);
    }
    for (uint64_t value = 0; value < 1000; value++)
        assert_int_equal(skep_map_lookup(map, NULL, &value, 0), 0);
    for (uint64_t value = 1000; value < 11000; value++) {
        const int there = skep_map_lookup(map, NULL, &value, 0);
        assert_true(there == 0 || there == -SKEP_ENOENT);
        wrong += there == 0;
    }
    assert_true(wrong < 600); /* five hashes and 1.4 bits for each of them: 3 % or less are taken for members */
    uint64_t value = 1;
    assert_int_equal(skep_map_update(map, NULL, &value, SKEP_EXIST), -SKEP_EINVAL);
    assert_int_equal(skep_map_delete(map, NULL), -SKEP_EOPNOTSUPP);
    assert_int_equal(skep_map_lookup_and_delete(map, NULL, &value, 0), -SKEP_ENOTSUPP);
    assert_int_equal(skep_map_next_key(map, NULL, &value), -SKEP_EOPNOTSUPP);
    skep_map_unref(map);
}

/* Published results of lookup3's hashlittle(): its driver5() prints them (Jenkins, lookup3.c). */
static void hash(void **state)
{
    (void)state;
    assert_int_equal(sk_jhash("", 0, 0), 0xdeadbeef);
    assert_int_equal(sk_jhash("", 0, 0xdeadbeef), 0xbd5b7dde);
    assert_int_equal(sk_jhash("Four score and seven years ago", 30, 0), 0x17770551);
    assert_int_equal(sk_jhash("Four score and seven years ago", 30, 1), 0xcd628161);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(queue), cmocka_unit_test(stack), cmocka_unit_test(many_threads),
                                       cmocka_unit_test(bloom), cmocka_unit_test(hash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
