/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps of redirect targets (Documentation/bpf/map_devmap.rst, map_cpumap.rst, map_xskmap.rst, bpf-helpers(7)), and
 * stacks. */
#include "map_tools.h"

#include "map/jhash.h"
#include "map/redirect.h"
#include "map/stacktrace.h"

#define PASS 2u /* XDP_PASS */

static void devices(void **state)
{
    (void)state;
    for (unsigned hash = 0; hash < 2; hash++) {
        skep_map *map = make_map(hash ? SKEP_MAP_DEVMAP_HASH : SKEP_MAP_DEVMAP, 4, 4, 4, 0, NULL);
        skep_map_info info = {.size = sizeof info};
        struct sk_redirect_target to = {.map_id = 5};
        uint32_t key = 1, value = 17;
        skep_map_get_info(map, &info);
        assert_int_equal(info.flags, SKEP_MAP_RDONLY_PROG); /* dev_map_init_map adds it */
        assert_false(sk_map_program_may(map, true));
        assert_true(sk_map_program_may(map, false));
        assert_int_equal(sk_redirect_map(map, key, PASS, &to), PASS);
        assert_int_equal(to.map_id, 0);
        assert_null(map->ops->lookup(map, &key, 0));
        assert_int_equal(skep_map_update(map, &key, &value, 0), 0);
        assert_int_equal(skep_map_lookup(map, &key, &value, 0), 0);
        assert_int_equal(value, 17);
        const uint32_t *found = map->ops->lookup(map, &key, 0);
        struct sk_span span;
        assert_int_equal(*found, 17);
        assert_true(map->ops->find_value(map, sk_addr(found) + 3, &span));
        assert_int_equal(span.low, sk_addr(found));
        assert_false(map->ops->find_value(map, sk_addr(found) + 4 * 8, &span));
        assert_false(map->ops->find_value(map, sk_addr(found) - 2 * 8, &span));
        assert_int_equal(sk_redirect_map(map, key, PASS, &to), SK_XDP_REDIRECT);
        assert_int_equal(to.map_id, info.id);
        assert_int_equal(to.map_type, hash ? SKEP_MAP_DEVMAP_HASH : SKEP_MAP_DEVMAP);
        assert_int_equal(to.key, 1);
        assert_int_equal(to.value, 17);
        assert_int_equal(to.flags, 0);
        /* Flags that are not known change nothing; a broadcast needs no entry. */
        to.value = 99;
        assert_int_equal(sk_redirect_map(map, key, 4, &to), SK_XDP_ABORTED);
        assert_int_equal(sk_redirect_map(map, key, UINT64_C(1) << 40, &to), SK_XDP_ABORTED);
        assert_int_equal(to.value, 99);
        assert_int_equal(sk_redirect_map(map, 3, SK_REDIRECT_BROADCAST | SK_REDIRECT_EXCLUDE_INGRESS, &to),
                         SK_XDP_REDIRECT);
        assert_int_equal(to.flags, SK_REDIRECT_BROADCAST | SK_REDIRECT_EXCLUDE_INGRESS);
        assert_int_equal(skep_map_delete(map, &key), 0);
        assert_int_equal(skep_map_delete(map, &key), hash ? -SKEP_ENOENT : 0);
        assert_int_equal(skep_map_lookup(map, &key, &value, 0), -SKEP_ENOENT);
        value = 0;
        assert_int_equal(skep_map_update(map, &key, &value, 0), hash ? -SKEP_EINVAL : 0);
        key = 400000;
        value = 3;
        assert_int_equal(skep_map_update(map, &key, &value, 0), hash ? 0 : -SKEP_E2BIG);
        assert_int_equal(sk_redirect_map(map, key, 1, &to), hash ? SK_XDP_REDIRECT : 1);
        skep_map_unref(map);
    }
    skep_map *map = make_map(SKEP_MAP_DEVMAP, 4, 8, 4, 0, NULL);
    uint32_t key = 0, value[2] = {4, UINT32_MAX};
    assert_int_equal(skep_map_update(map, &key, value, 0), 0);
    assert_int_equal(skep_map_lookup(map, &key, value, 0), 0);
    assert_int_equal(value[0], 4);
    assert_int_equal(value[1], 0); /* no program */
    value[1] = 6;
    assert_int_equal(skep_map_update(map, &key, value, 0), -SKEP_EINVAL);
    skep_map_unref(map);
}

static void processors(void **state)
{
    (void)state;
    skep_cpus *cpus = some_cpus(3);
    skep_map *map = make_map(SKEP_MAP_CPUMAP, 4, 4, 8, 0, cpus);
    struct sk_redirect_target to;
    uint32_t key = 2, value = 16384, next;
    assert_int_equal(skep_map_update(map, &key, &value, 0), 0);
    assert_int_equal(sk_redirect_map(map, 2, PASS, &to), SK_XDP_REDIRECT);
    assert_int_equal(to.value, 16384);
    assert_int_equal(sk_redirect_map(map, 2, SK_REDIRECT_BROADCAST, &to), SK_XDP_ABORTED);
    value = 16385;
    assert_int_equal(skep_map_update(map, &key, &value, 0), -SKEP_EOVERFLOW);
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_NOEXIST), -SKEP_EEXIST);
    value = 0;
    assert_int_equal(skep_map_update(map, &key, &value, 0), 0); /* the same as deleting */
    assert_int_equal(sk_redirect_map(map, 2, PASS, &to), PASS);
    key = 3;
    assert_int_equal(skep_map_update(map, &key, &value, 0), -SKEP_ENODEV);
    key = 8;
    assert_int_equal(skep_map_update(map, &key, &value, 0), -SKEP_E2BIG);
    assert_int_equal(skep_map_delete(map, &key), -SKEP_EINVAL);
    assert_int_equal(skep_map_next_key(map, NULL, &next), 0);
    assert_int_equal(next, 0);
    skep_map_unref(map);
    skep_cpus_free(cpus);
}

static void sockets(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_XSKMAP, 4, 4, 2, 0, NULL);
    struct sk_redirect_target to;
    uint32_t key = 1, value = 0;
    assert_int_equal(skep_map_lookup(map, &key, &value, 0), -SKEP_EOPNOTSUPP);
    assert_int_equal(sk_redirect_map(map, 1, PASS, &to), PASS);
    assert_null(map->ops->lookup(map, &key, 0));
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_EXIST), -SKEP_ENOENT);
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_NOEXIST), 0);
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_NOEXIST), -SKEP_EEXIST);
    assert_int_equal(sk_redirect_map(map, 1, PASS, &to), SK_XDP_REDIRECT); /* 0 is a number like others */
    value = 7;
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_EXIST), 0);
    assert_int_equal(sk_redirect_map(map, 1, PASS, &to), SK_XDP_REDIRECT);
    assert_int_equal(to.value, 7);
    assert_int_equal(*(const uint32_t *)map->ops->lookup(map, &key, 0), 7);
    assert_int_equal(skep_map_delete(map, &key), 0);
    assert_int_equal(sk_redirect_map(map, 1, PASS, &to), PASS);
    skep_map_unref(map);
}

/* Lookups while entries come and go: what is found is the entry's. */
static skep_map *shared;
static uint32_t finished;

static void *look(void *user)
{
    uint64_t dice = (uint64_t)(uintptr_t)user;
    while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
        const uint32_t key = (uint32_t)(next_random(&dice) % 40);
        struct sk_redirect_target to;
        if (sk_redirect_map(shared, key, PASS, &to) == SK_XDP_REDIRECT && to.value != key + 1)
            return &shared;
        if (sk_redirect_map(shared, 1000, PASS, &to) != SK_XDP_REDIRECT || to.value != 1001)
            return &shared; /* that one is always there */
    }
    return NULL;
}

static void threads_at_once(void **state)
{
    (void)state;
    pthread_t threads[3];
    uint32_t key = 1000, value = 1001;
    shared = make_map(SKEP_MAP_DEVMAP_HASH, 4, 4, 16, 0, NULL);
    assert_int_equal(skep_map_update(shared, &key, &value, 0), 0);
    finished = 0;
    for (uintptr_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look, (void *)(i + 1)), 0);
    uint64_t dice = 99;
    for (unsigned i = 0; i < 60000; i++) {
        key = (uint32_t)(next_random(&dice) % 40);
        value = key + 1;
        if (i % 2) {
            const int failed = skep_map_update(shared, &key, &value, 0);
            assert_true(failed == 0 || failed == -SKEP_E2BIG);
        } else {
            skep_map_delete(shared, &key);
        }
    }
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < 3; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    skep_map_unref(shared);
}

/* --------------------------------------------------------------------------------------------------- stacks */

static void stacks(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_STACK_TRACE, 4, 4 * 8, 3, 0, NULL); /* four buckets */
    uint64_t addresses[200], out[4], other = 0;
    for (uint64_t i = 0; i < 200; i++)
        addresses[i] = 0xffffffff81000000 + i * 16;
    assert_int_equal(sk_stacktrace_store(map, addresses, 3, UINT64_C(1) << 11), -SKEP_EINVAL);
    assert_int_equal(sk_stacktrace_store(map, addresses, 0, 0), -SKEP_EFAULT);
    assert_int_equal(sk_stacktrace_store(map, addresses, 3, 3), -SKEP_EFAULT);
    const int64_t id = sk_stacktrace_store(map, addresses, 3, 1);
    /* kernel/bpf/stackmap.c: jhash2 of the addresses, modulo the buckets. */
    assert_int_equal(id, sk_jhash(addresses + 1, 16, 0) % 4);
    assert_int_equal(sk_stacktrace_store(map, addresses + 1, 2, SK_STACK_USER), id);
    uint32_t key = (uint32_t)id;
    memset(out, 0xff, sizeof out);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), 0);
    assert_memory_equal(out, addresses + 1, 16);
    assert_int_equal(out[2] | out[3], 0);
    /* Another stack of that id. */
    for (other = 1; sk_jhash(&other, 8, 0) % 4 != key; other++)
        ;
    assert_int_equal(sk_stacktrace_store(map, &other, 1, 0), -SKEP_EEXIST);
    assert_int_equal(sk_stacktrace_store(map, &other, 1, SK_STACK_FAST_CMP), -SKEP_EEXIST); /* another hash */
    assert_int_equal(sk_stacktrace_store(map, &other, 1, SK_STACK_REUSE_ID), id);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), 0);
    assert_int_equal(out[0], other);
    /* No more than the value holds, and than kernel.perf_event_max_stack has. */
    key = sk_jhash(addresses, 32, 0) % 4;
    assert_int_equal(sk_stacktrace_store(map, addresses, 200, SK_STACK_REUSE_ID), key);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), 0);
    assert_memory_equal(out, addresses, 32);
    assert_int_equal(sk_stacktrace_store(map, addresses, 200, 127), -SKEP_EFAULT);

    uint32_t next = 9, count = 0;
    for (int more = skep_map_next_key(map, NULL, &next); !more; more = skep_map_next_key(map, &next, &next))
        count++;
    assert_true(count == 1 || count == 2);
    assert_int_equal(skep_map_update(map, &key, out, 0), -SKEP_EINVAL);
    assert_int_equal(skep_map_lookup_and_delete(map, &key, out, 0), 0);
    assert_memory_equal(out, addresses, 32);
    assert_int_equal(skep_map_delete(map, &key), -SKEP_ENOENT);
    key = 4;
    assert_int_equal(skep_map_delete(map, &key), -SKEP_E2BIG);
    assert_int_equal(skep_map_lookup(map, &key, out, 0), -SKEP_ENOENT);
    skep_map_unref(map);

    /* Four buckets, three stacks: the fourth finds none free. */
    map = make_map(SKEP_MAP_STACK_TRACE, 4, 8, 3, 0, NULL);
    bool used[4] = {false};
    unsigned stored = 0;
    for (other = 1; stored < 4; other++) {
        const uint32_t bucket = sk_jhash(&other, 8, 0) % 4;
        if (used[bucket])
            continue;
        used[bucket] = true;
        assert_int_equal(sk_stacktrace_store(map, &other, 1, 0), stored < 3 ? (int64_t)bucket : -SKEP_ENOMEM);
        stored++;
    }
    skep_map_unref(map);

    /* struct bpf_stack_build_id without a build id: the status says so, and the address is at 24. */
    map = make_map(SKEP_MAP_STACK_TRACE, 4, 2 * 32, 1, SKEP_MAP_STACK_BUILD_ID, NULL);
    uint64_t records[8];
    assert_int_equal(sk_stacktrace_store(map, addresses, 1, 0), 0);
    key = 0;
    assert_int_equal(skep_map_lookup(map, &key, records, 0), 0);
    const uint32_t status = 2;
    assert_memory_equal(records, &status, 4);
    assert_int_equal(records[3], addresses[0]);
    assert_int_equal(records[4] | records[5] | records[6] | records[7], 0);
    skep_map_unref(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(devices), cmocka_unit_test(processors),
                                       cmocka_unit_test(sockets), cmocka_unit_test(threads_at_once),
                                       cmocka_unit_test(stacks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
