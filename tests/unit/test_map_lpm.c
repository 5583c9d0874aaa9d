/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Longest-prefix tries; order and errors as Linux 6.18 has them. */
#include "map_tools.h"

#include "map/map.h"

struct v4 {
    uint32_t prefix;
    uint8_t address[4];
};

#define V4(a, b, c, d, p) (&(struct v4){p, {a, b, c, d}})

static void test_sizes(void **state)
{
    (void)state;
    const skep_map_type type = SKEP_MAP_LPM_TRIE;
    const uint32_t lazy = SKEP_MAP_NO_PREALLOC;
    assert_int_equal(refusal(type, 8, 4, 10, lazy), 0);
    assert_int_equal(refusal(type, 8, 4, 10, 0), -SKEP_EINVAL);
    assert_int_equal(refusal(type, 8, 0, 10, lazy), -SKEP_EINVAL);
    assert_int_equal(refusal(type, 8, 4, 0, lazy), -SKEP_EINVAL);
    assert_int_equal(refusal(type, 4, 4, 10, lazy), -SKEP_EINVAL);
    assert_int_equal(refusal(type, 5, 4, 10, lazy), 0);
    assert_int_equal(refusal(type, 260, 4, 10, lazy), 0);
    assert_int_equal(refusal(type, 261, 4, 10, lazy), -SKEP_EINVAL);
    assert_int_equal(refusal(type, 5, 4194024, 1, lazy), 0);
    assert_int_equal(refusal(type, 5, 4194025, 1, lazy), -SKEP_EINVAL);
    assert_int_equal(refusal(type, 8, 4, UINT32_MAX, lazy), 0); /* nothing is allocated before it is wanted */
    const uint32_t good = lazy | SKEP_MAP_NUMA_NODE | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_RDONLY_PROG | SKEP_MAP_WRONLY_PROG;
    for (unsigned bit = 1; bit < 32; bit++)
        assert_int_equal(refusal(type, 8, 4, 10, lazy | 1u << bit), good >> bit & 1 ? 0 : -SKEP_EINVAL);
}

static int get(skep_map *map, const struct v4 *key)
{
    int value;
    const int failed = skep_map_lookup(map, key, &value, 0);
    const int *there = map->ops->lookup(map, key, 0);
    assert_true(failed ? !there : *there == value);
    return failed ? failed : value;
}

static void put(skep_map *map, const struct v4 *key, int value)
{
    assert_int_equal(skep_map_update(map, key, &value, 0), 0);
}

static void test_prefixes(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_LPM_TRIE, 8, 4, 8, SKEP_MAP_NO_PREALLOC, NULL);
    int value = 1;
    struct v4 next;
    assert_int_equal(get(map, V4(10, 0, 0, 1, 32)), -SKEP_ENOENT);
    assert_int_equal(skep_map_next_key(map, NULL, &next), -SKEP_ENOENT);
    assert_int_equal(skep_map_delete(map, V4(10, 0, 0, 0, 8)), -SKEP_ENOENT);
    assert_int_equal(skep_map_update(map, V4(10, 0, 0, 0, 8), &value, SKEP_EXIST), -SKEP_ENOENT);
    assert_int_equal(skep_map_update(map, V4(10, 0, 0, 0, 33), &value, 0), -SKEP_EINVAL);
    assert_int_equal(skep_map_update(map, V4(10, 0, 0, 0, 8), &value, 3), -SKEP_EINVAL);
    assert_int_equal(skep_map_update(map, V4(10, 0, 0, 0, 8), &value, SKEP_F_LOCK), -SKEP_EINVAL);
    put(map, V4(10, 0, 0, 0, 0), 100);
    put(map, V4(10, 0, 0, 0, 8), 8);
    put(map, V4(10, 1, 0, 0, 16), 16);
    put(map, V4(10, 1, 2, 0, 24), 24);
    put(map, V4(10, 1, 2, 3, 32), 32);
    put(map, V4(10, 1, 3, 0, 24), 25);
    put(map, V4(10, 128, 0, 0, 9), 9);
    put(map, V4(128, 0, 0, 0, 1), 101);
    assert_int_equal(skep_map_update(map, V4(11, 0, 0, 0, 8), &value, 0), -SKEP_ENOSPC);
    assert_int_equal(skep_map_update(map, V4(10, 1, 0, 0, 16), &value, SKEP_NOEXIST), -SKEP_EEXIST);
    put(map, V4(10, 1, 0, 0, 16), 17); /* a full trie's entries can be replaced */
    assert_int_equal(get(map, V4(10, 1, 2, 3, 32)), 32);
    assert_int_equal(get(map, V4(10, 1, 2, 4, 32)), 24);
    assert_int_equal(get(map, V4(10, 1, 3, 9, 32)), 25);
    assert_int_equal(get(map, V4(10, 1, 9, 9, 32)), 17);
    assert_int_equal(get(map, V4(10, 2, 0, 0, 32)), 8);
    assert_int_equal(get(map, V4(10, 129, 0, 0, 32)), 9);
    assert_int_equal(get(map, V4(10, 1, 2, 3, 12)), 8); /* no longer ones than asked for */
    assert_int_equal(get(map, V4(10, 1, 2, 3, 4)), 100);
    assert_int_equal(get(map, V4(200, 0, 0, 0, 32)), 101);
    assert_int_equal(get(map, V4(10, 1, 2, 3, 33)), -SKEP_ENOENT);
    /* Linux's order: what is below comes first, zeros before ones. */
    static const struct v4 order[] = {{32, {10, 1, 2, 3}}, {24, {10, 1, 2, 0}}, {24, {10, 1, 3, 0}}, {16, {10, 1, 0, 0}},
                                      {9, {10, 128, 0, 0}}, {8, {10, 0, 0, 0}},  {1, {128, 0, 0, 0}}, {0, {10, 0, 0, 0}}};
    const void *last = NULL;
    for (size_t i = 0; i < 8; i++, last = &next) {
        assert_int_equal(skep_map_next_key(map, last, &next), 0);
        assert_memory_equal(&next, &order[i], 8);
    }
    assert_int_equal(skep_map_next_key(map, &next, &next), -SKEP_ENOENT);
    assert_int_equal(skep_map_next_key(map, V4(10, 1, 2, 0, 25), &next), 0); /* there is none: begins anew */
    assert_memory_equal(&next, &order[0], 8);
    assert_int_equal(skep_map_next_key(map, V4(10, 1, 2, 0, 33), &next), 0);
    assert_memory_equal(&next, &order[0], 8);
    /* Taking out: bits behind the prefix do not matter. */
    assert_int_equal(skep_map_delete(map, V4(10, 1, 2, 0, 33)), -SKEP_EINVAL);
    assert_int_equal(skep_map_delete(map, V4(10, 1, 2, 0, 25)), -SKEP_ENOENT);
    assert_int_equal(skep_map_delete(map, V4(10, 1, 2, 77, 24)), 0);
    assert_int_equal(get(map, V4(10, 1, 2, 4, 32)), 17);
    assert_int_equal(get(map, V4(10, 1, 2, 3, 32)), 32);
    assert_int_equal(skep_map_delete(map, V4(10, 0, 0, 0, 8)), 0); /* where two part */
    assert_int_equal(skep_map_delete(map, V4(10, 0, 0, 0, 8)), -SKEP_ENOENT);
    assert_int_equal(get(map, V4(10, 2, 0, 0, 32)), 100);
    int got;
    assert_int_equal(skep_map_lookup_and_delete(map, V4(10, 1, 2, 3, 32), &got, 0), -SKEP_ENOTSUPP);
    skep_map_unref(map);
}

static void test_old_value_stays(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_LPM_TRIE, 8, 12, 1, SKEP_MAP_NO_PREALLOC, NULL);
    int value[3] = {1, 2, 3};
    assert_int_equal(skep_map_update(map, V4(1, 2, 3, 4, 32), value, 0), 0);
    const int *old = map->ops->lookup(map, V4(1, 2, 3, 4, 32), 0);
    value[0] = 9;
    assert_int_equal(skep_map_update(map, V4(1, 2, 3, 4, 32), value, 0), 0);
    const int *now = map->ops->lookup(map, V4(1, 2, 3, 4, 32), 0);
    assert_int_equal(old[0], 1);
    assert_int_equal(now[0], 9);
    struct sk_span span;
    assert_true(map->ops->find_value(map, (uint64_t)(uintptr_t)old + 11, &span));
    assert_int_equal(span.low, (uint64_t)(uintptr_t)old);
    assert_int_equal(span.size, 12);
    assert_false(map->ops->find_value(map, (uint64_t)(uintptr_t)old + 12, &span));
    assert_true(map->ops->find_value(map, (uint64_t)(uintptr_t)now, &span));
    assert_false(map->ops->find_value(map, (uint64_t)(uintptr_t)(now > old ? now : old) + 16, &span));
    assert_false(map->ops->find_value(map, (uint64_t)(uintptr_t)map, &span));
    skep_map_unref(map);
}

/* A list of prefixes, searched from end to end. */
struct listed {
    uint32_t prefix;
    uint8_t data[16];
    uint32_t value;
};

static bool same_bits(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
    for (uint32_t i = 0; i < bits; i++)
        if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1)
            return false;
    return true;
}

static void test_model(void **state)
{
    (void)state;
    enum { ENTRIES = 60 };
    static const uint32_t sizes[] = {1, 4, 7, 8, 12, 16};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        const uint32_t size = sizes[seed % 6];
        struct listed list[ENTRIES];
        uint32_t count = 0;
        uint64_t random = seed;
        skep_map *map = make_map(SKEP_MAP_LPM_TRIE, 4 + size, 4, ENTRIES, SKEP_MAP_NO_PREALLOC, NULL);
        for (uint32_t step = 0; step < 2000; step++) {
            struct listed key = {.value = step};
            const uint64_t r = next_random(&random);
            key.prefix = (uint32_t)(r % (size * 8 + 1));
            for (uint32_t i = 0; i < size; i++)
                key.data[i] = next_random(&random) & 1 ? 0x80 : next_random(&random) & 1 ? 0 : 0x11;
            uint32_t at = 0;
            while (at < count && (list[at].prefix != key.prefix || !same_bits(list[at].data, key.data, key.prefix)))
                at++;
            const bool there = at < count;
            switch (r >> 32 & 3) {
            case 0:
            case 1: {
                const uint64_t flags = r >> 34 & 3;
                const int expected = flags == 3                  ? -SKEP_EINVAL
                                     : flags == 1 && there       ? -SKEP_EEXIST
                                     : flags == 2 && !there      ? -SKEP_ENOENT
                                     : !there && count == ENTRIES ? -SKEP_ENOSPC
                                                                  : 0;
                assert_int_equal(skep_map_update(map, &key, &step, flags), expected);
                if (!expected) {
                    list[at] = key;
                    count += !there;
                }
                break;
            }
            case 2:
                assert_int_equal(skep_map_delete(map, &key), there ? 0 : -SKEP_ENOENT);
                if (there)
                    list[at] = list[--count];
                break;
            default: {
                const struct listed *best = NULL;
                for (uint32_t i = 0; i < count; i++)
                    if (list[i].prefix <= key.prefix && (!best || list[i].prefix > best->prefix) &&
                        same_bits(list[i].data, key.data, list[i].prefix))
                        best = &list[i];
                const uint32_t *found = map->ops->lookup(map, &key, 0);
                assert_true(!found == !best);
                if (best)
                    assert_int_equal(*found, best->value);
            }
            }
        }
        /* Every entry once, with the bytes of its last update. */
        struct listed next = {0};
        uint32_t walked = 0;
        for (const void *last = NULL; !skep_map_next_key(map, last, &next); last = &next, walked++) {
            uint32_t at = 0;
            while (at < count && (list[at].prefix != next.prefix || memcmp(list[at].data, next.data, size)))
                at++;
            assert_true(at < count);
        }
        assert_int_equal(walked, count);
        skep_map_unref(map);
    }
}

static void test_batches(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_LPM_TRIE, 8, 4, 100, SKEP_MAP_NO_PREALLOC, NULL);
    struct v4 keys[100], cursor;
    uint32_t values[100], count = 100, total = 0;
    for (uint32_t i = 0; i < 100; i++)
        keys[i] = (struct v4){24, {10, 0, (uint8_t)i, 0}}, values[i] = i;
    assert_int_equal(skep_map_update_batch(map, keys, values, &count, 0), 0);
    for (int result = 0, first = 1; !result; first = 0) {
        count = 7;
        result = skep_map_lookup_batch(map, first ? NULL : &cursor, &cursor, keys, values, &count, 0);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(keys[i].address[2], values[i]);
        total += count;
    }
    assert_int_equal(total, 100);
    count = 2;
    assert_int_equal(skep_map_lookup_and_delete_batch(map, NULL, &cursor, keys, values, &count, 0), -SKEP_ENOTSUPP);
    keys[0] = (struct v4){24, {10, 0, 1, 0}}, keys[1] = (struct v4){23, {10, 0, 1, 0}};
    assert_int_equal(skep_map_delete_batch(map, keys, &count, 0), -SKEP_ENOENT);
    assert_int_equal(count, 1);
    skep_map_unref(map);
}

/* Many threads: a prefix that is always there is always found, or a longer one. */
struct shared {
    skep_map *map;
    uint32_t next_thread, wrong;
};

static void *change_and_find(void *user)
{
    struct shared *s = user;
    const uint32_t me = __atomic_fetch_add(&s->next_thread, 1, __ATOMIC_RELAXED);
    uint64_t random = me + 1;
    uint32_t wrong = 0;
    for (uint32_t step = 0; step < 30000; step++) {
        const uint64_t r = next_random(&random);
        struct v4 key = {8 + (uint32_t)(r % 25), {10, (uint8_t)(r >> 32 & 3), (uint8_t)(r >> 40 & 3), (uint8_t)(r >> 48 & 3)}};
        uint32_t value = 10;
        if (me < 2 && key.prefix > 8) {
            if (r >> 56 & 1)
                wrong += skep_map_update(s->map, &key, &value, 0) != 0;
            else
                skep_map_delete(s->map, &key);
        } else {
            key.prefix = 32;
            const uint32_t *found = s->map->ops->lookup(s->map, &key, 0);
            wrong += !found || __atomic_load_n(found, __ATOMIC_RELAXED) != 10;
            wrong += skep_map_lookup(s->map, &key, &value, 0) || value != 10;
        }
    }
    __atomic_fetch_add(&s->wrong, wrong, __ATOMIC_RELAXED);
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct shared s = {.map = make_map(SKEP_MAP_LPM_TRIE, 8, 4, 1000, SKEP_MAP_NO_PREALLOC, NULL)};
    put(s.map, V4(10, 0, 0, 0, 8), 10);
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, change_and_find, &s), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(s.wrong, 0);
    skep_map_unref(s.map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),  cmocka_unit_test(test_prefixes), cmocka_unit_test(test_old_value_stays),
        cmocka_unit_test(test_model),  cmocka_unit_test(test_batches),  cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
