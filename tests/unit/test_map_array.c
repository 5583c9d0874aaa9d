/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Arrays and per-cpu arrays, and what all maps have in common: making, information, references, permissions.
 * Expectations are those of Documentation/bpf/map_array.rst and of bpf(2); tests/kernel compares with a running kernel.
 */
#include "map_tools.h"

#include "map/array.h"

static void wrong_options(void **state)
{
    (void)state;
    skep_map *map = NULL;
    skep_error err;
    skep_map_options o = {.size = sizeof o, .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
    assert_int_equal(skep_map_create(&o, NULL, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_map_create(NULL, &map, &err), SKEP_ERR_ARGUMENT);
    o.size = 4;
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_ERR_ARGUMENT);
    o.size = sizeof o;
    o.type = (skep_map_type)77;
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(err.detail, -SKEP_EINVAL);
    o.type = SKEP_MAP_ARRAY;
    o.name = "no-such";
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_ERR_ARGUMENT);
    o.name = "quite_a_long_name";
    o.extra = 1;
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_ERR_ARGUMENT);
    o.extra = 0;
    /* A lock is 4 bytes, a timer 16, both aligned and inside; offsets are one more than they say. */
    o.value_size = 24;
    o.lock_offset = 1 + 21;
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_ERR_ARGUMENT);
    o.lock_offset = 1 + 24;
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_ERR_ARGUMENT);
    o.lock_offset = 0;
    o.timer_offset = 1 + 16;
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_ERR_ARGUMENT);
    o.timer_offset = 1 + 8;
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_OK);
    skep_map_info info = {.size = sizeof info};
    skep_map_get_info(map, &info);
    assert_string_equal(info.name, "quite_a_long_na");
    skep_map_unref(map);
    map = NULL;
    o.type = SKEP_MAP_QUEUE;
    o.key_size = 0;
    assert_int_equal(skep_map_create(&o, &map, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(err.detail, -SKEP_EOPNOTSUPP);
    assert_null(map);
    assert_int_equal(refusal(SKEP_MAP_PERCPU_ARRAY, 4, 32769, 1, 0), -SKEP_E2BIG);
    assert_int_equal(refusal(SKEP_MAP_ARRAY, 4, 8, 0, 0), -SKEP_EINVAL);
    assert_int_equal(refusal(SKEP_MAP_ARRAY, 8, 8, 1, 0), -SKEP_EINVAL);
}

static void information(void **state)
{
    (void)state;
    skep_cpus *cpus = some_cpus(3);
    const skep_map_options o = {.size = sizeof o,
                                .type = SKEP_MAP_PERCPU_ARRAY,
                                .key_size = 4,
                                .value_size = 12,
                                .max_entries = 5,
                                .flags = SKEP_MAP_RDONLY_PROG,
                                .name = "counts",
                                .cpus = cpus};
    skep_map *map = NULL, *other = make_map(SKEP_MAP_ARRAY, 4, 12, 5, 0, cpus);
    skep_map_info info = {.size = sizeof info}, info_other = {.size = sizeof info};
    assert_int_equal(skep_map_create(&o, &map, NULL), SKEP_OK);
    skep_cpus_free(cpus); /* the maps keep it */
    skep_map_get_info(map, &info);
    assert_int_equal(info.type, SKEP_MAP_PERCPU_ARRAY);
    assert_int_equal(info.key_size, 4);
    assert_int_equal(info.value_size, 12);
    assert_int_equal(info.max_entries, 5);
    assert_int_equal(info.flags, SKEP_MAP_RDONLY_PROG);
    assert_int_equal(info.cpus, 3);
    assert_int_equal(info.copy_size, 3 * 16);
    assert_string_equal(info.name, "counts");
    assert_false(info.frozen);
    skep_map_get_info(other, &info_other);
    assert_int_equal(info_other.copy_size, 12);
    assert_int_not_equal(info.id, info_other.id);
    assert_int_equal(skep_map_freeze(map), 0);
    skep_map_get_info(map, &info);
    assert_true(info.frozen);
    /* Asked with a smaller struct, of an older header. */
    memset(&info_other, 0x55, sizeof info_other);
    info_other.size = offsetof(skep_map_info, value_size);
    skep_map_get_info(map, &info_other);
    assert_int_equal(info_other.key_size, 4);
    assert_int_equal(info_other.value_size, 0x55555555);
    assert_ptr_equal(skep_map_ref(map), map);
    skep_map_unref(map);
    skep_map_get_info(map, &info);
    skep_map_unref(map);
    skep_map_unref(other);
    skep_map_unref(NULL);
}

static void operations(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_ARRAY, 4, 12, 3, 0, NULL);
    uint8_t value[12], out[12];
    uint32_t key = 2, next = 77;
    memset(value, 0xab, sizeof value);
    memset(out, 0xff, sizeof out);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), 0);
    for (unsigned i = 0; i < sizeof out; i++)
        assert_int_equal(out[i], 0);
    assert_int_equal(skep_map_update(map, &key, value, SKEP_EXIST), 0);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), 0);
    assert_memory_equal(out, value, sizeof value);
    assert_int_equal(skep_map_update(map, &key, value, SKEP_NOEXIST), -SKEP_EEXIST);
    assert_int_equal(skep_map_delete(map, &key), -SKEP_EINVAL);
    assert_int_equal(skep_map_lookup_and_delete(map, &key, out, 0), -SKEP_ENOTSUPP);
    assert_int_equal(skep_map_next_key(map, &key, &next), -SKEP_ENOENT);
    key = 3;
    assert_int_equal(skep_map_lookup(map, &key, out, 0), -SKEP_ENOENT);
    assert_int_equal(skep_map_update(map, &key, value, 0), -SKEP_E2BIG);
    assert_int_equal(skep_map_next_key(map, &key, &next), 0);
    assert_int_equal(next, 0);
    assert_int_equal(skep_map_next_key(map, NULL, &next), 0);
    assert_int_equal(next, 0);
    assert_int_equal(skep_map_next_key(map, &next, &next), 0);
    assert_int_equal(next, 1);
    assert_int_equal(skep_map_lookup(map, NULL, out, 0), -SKEP_EFAULT);

    assert_int_equal(skep_map_freeze(map), 0);
    assert_int_equal(skep_map_freeze(map), -SKEP_EPERM);
    key = 0;
    assert_int_equal(skep_map_update(map, &key, value, 0), -SKEP_EPERM);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), 0);
    skep_map_unref(map);

    map = make_map(SKEP_MAP_ARRAY, 4, 12, 3, SKEP_MAP_WRONLY, NULL);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), -SKEP_EPERM);
    assert_int_equal(skep_map_next_key(map, NULL, &next), -SKEP_EPERM);
    assert_int_equal(skep_map_update(map, &key, value, 0), 0);
    skep_map_unref(map);
    map = make_map(SKEP_MAP_ARRAY, 4, 12, 3, SKEP_MAP_RDONLY, NULL);
    assert_int_equal(skep_map_update(map, &key, value, 0), -SKEP_EPERM);
    assert_int_equal(skep_map_freeze(map), -SKEP_EPERM);
    skep_map_unref(map);
}

/* Values for all cpus, one after the other; programs see their own. */
static void per_cpu(void **state)
{
    (void)state;
    skep_cpus *cpus = some_cpus(4);
    skep_map *map = make_map(SKEP_MAP_PERCPU_ARRAY, 4, 4, 3, 0, cpus);
    uint64_t values[4] = {10, 11, 12, 13}, out[4] = {0};
    uint32_t key = 1, number = 99;
    assert_int_equal(skep_map_update(map, &key, values, 0), 0);
    for (uint32_t cpu = 0; cpu < 4; cpu++) {
        uint32_t *value = map->ops->lookup(map, &key, cpu);
        assert_non_null(value);
        assert_int_equal(sk_addr(value) % 8, 0);
        assert_int_equal(*value, 10 + cpu);
        assert_ptr_equal(map->ops->lookup_cpu(map, &key, cpu), value);
    }
    assert_int_equal(map->ops->update(map, &key, &number, 0, 2), 0);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), 0);
    values[2] = 99;
    assert_memory_equal(out, values, sizeof out);
    key = 0;
    assert_int_equal(skep_map_lookup(map, &key, out, 0), 0);
    assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
    skep_map_unref(map);
    skep_cpus_free(cpus);
}

/* Which value, rounded up to 8 bytes, an address is in, for every address around the map's memory. */
static void addresses(void **state)
{
    (void)state;
    skep_cpus *cpus = some_cpus(2);
    for (unsigned per_cpu = 0; per_cpu < 2; per_cpu++) {
        skep_map *map = make_map(per_cpu ? SKEP_MAP_PERCPU_ARRAY : SKEP_MAP_ARRAY, 4, 12, 3, 0, cpus);
        const struct sk_array *a = (const struct sk_array *)map;
        unsigned inside = 0;
        for (uint64_t at = sk_addr(a->values) - 40; at < sk_addr(a->values) + 300; at++) {
            struct sk_span span = {0, 0};
            bool good = false;
            for (uint32_t key = 0; key < 3; key++)
                for (uint32_t cpu = 0; cpu < 1 + per_cpu; cpu++)
                    good = good || at - sk_addr(map->ops->lookup(map, &key, cpu)) < 16;
            assert_int_equal(map->ops->find_value(map, at, &span), good);
            inside += good;
            if (good) {
                assert_int_equal(span.size, 16);
                assert_true(at - span.low < 16);
            }
        }
        assert_int_equal(inside, 3 * 16 * (1 + per_cpu));
        skep_map_unref(map);
    }
    skep_cpus_free(cpus);
}

static int64_t add_up(void *user, const void *key, void *value)
{
    uint64_t *sum = user, number;
    uint32_t index;
    memcpy(&index, key, 4);
    memcpy(&number, value, 8);
    *sum += number * (index + 1);
    return index == 2;
}

static void visits(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_ARRAY, 4, 8, 5, 0, NULL);
    uint64_t sum = 0;
    for (uint32_t key = 0; key < 5; key++)
        assert_int_equal(skep_map_update(map, &key, &(uint64_t){key + 10}, 0), 0);
    assert_int_equal(map->ops->for_each(map, add_up, &sum, 0), 3);
    assert_int_equal(sum, 10 + 2 * 11 + 3 * 12);

    size_t size = 0;
    uint64_t *memory = skep_map_memory(map, &size);
    assert_int_equal(size, 5 * 8);
    assert_int_equal(memory[4], 14);
    memory[4] = 15;
    uint64_t value;
    assert_int_equal(skep_map_lookup(map, &(uint32_t){4}, &value, 0), 0);
    assert_int_equal(value, 15);
    assert_ptr_equal(skep_map_memory(map, NULL), memory);
    skep_map_unref(map);
    map = make_map(SKEP_MAP_PERCPU_ARRAY, 4, 8, 5, 0, NULL);
    assert_null(skep_map_memory(map, &size));
    skep_map_unref(map);
}

/* With the lock in the value every reader sees one writer's bytes, and the lock itself is nobody's to copy. */
static skep_map *locked;
enum { WRITES = 3000, WRITERS = 3 };

static void *write_whole(void *user)
{
    const uint8_t byte = (uint8_t)(uintptr_t)user;
    uint8_t value[64];
    uint32_t key = 0;
    memset(value, byte, sizeof value);
    for (unsigned i = 0; i < WRITES; i++)
        if (skep_map_update(locked, &key, value, SKEP_F_LOCK))
            return user;
    return NULL;
}

static void locked_values(void **state)
{
    (void)state;
    const skep_map_options o = {.size = sizeof o,
                                .type = SKEP_MAP_ARRAY,
                                .key_size = 4,
                                .value_size = 64,
                                .max_entries = 1,
                                .lock_offset = 1 + 32};
    pthread_t threads[WRITERS];
    uint32_t key = 0;
    assert_int_equal(skep_map_create(&o, &locked, NULL), SKEP_OK);
    for (uintptr_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_whole, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < WRITES; i++) {
        uint8_t value[64];
        assert_int_equal(skep_map_lookup(locked, &key, value, SKEP_F_LOCK), 0);
        for (unsigned at = 0; at < sizeof value; at++)
            assert_int_equal(value[at], at >= 32 && at < 36 ? 0 : value[0]);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    skep_map_unref(locked);

    skep_map *plain = make_map(SKEP_MAP_ARRAY, 4, 64, 1, 0, NULL);
    uint8_t value[64] = {0};
    assert_int_equal(skep_map_update(plain, &key, value, SKEP_F_LOCK), -SKEP_EINVAL);
    assert_int_equal(skep_map_lookup(plain, &key, value, SKEP_F_LOCK), -SKEP_EINVAL);
    skep_map_unref(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_options), cmocka_unit_test(information),
                                       cmocka_unit_test(operations),    cmocka_unit_test(per_cpu),
                                       cmocka_unit_test(addresses),     cmocka_unit_test(visits),
                                       cmocka_unit_test(locked_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
