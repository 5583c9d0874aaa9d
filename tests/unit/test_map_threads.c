/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Maps with many threads at once. Every value says which key it was stored for, twice, so a lookup that gives another
 * entry's value, or half of one, is seen. Under -fsanitize=thread it shows that there are no races either.
 */
#include "map_tools.h"

#include "map/map.h"

enum { THREADS = 4, KEYS = 96, STEPS = 40000 };

struct shared {
    skep_map *map;
    uint32_t key_size, entries;
    bool lru, per_cpu;
    uint32_t next_thread;
    uint64_t wrong, found, stored;
};

static void make_key(const struct shared *s, uint32_t k, uint8_t *key)
{
    memset(key, 0, 24);
    key[0] = (uint8_t)k;
    key[s->key_size - 1] = (uint8_t)(k ^ 0x55);
}

/* The key and the address of a value that may become another's meanwhile. */
static int64_t look(void *user, const void *key, void *value)
{
    const struct shared *s = user;
    const uint8_t *k = key;
    (void)__atomic_load_n((const uint64_t *)value, __ATOMIC_RELAXED);
    return k[0] >= KEYS || (s->key_size > 1 && (k[0] ^ 0x55) != k[s->key_size - 1]) ? -1 : 0;
}

static void *churn(void *user)
{
    struct shared *s = user;
    const uint32_t me = __atomic_fetch_add(&s->next_thread, 1, __ATOMIC_RELAXED);
    const struct sk_map_ops *ops = s->map->ops;
    uint64_t random = me + 1, wrong = 0, found = 0, stored = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        const uint64_t r = next_random(&random);
        const uint32_t k = (uint32_t)(r % KEYS);
        uint8_t key[24];
        uint64_t value[2 * THREADS] = {0};
        make_key(s, k, key);
        switch (r >> 32 & 7) {
        case 0:
        case 1:
            value[0] = k, value[1] = ~(uint64_t)k;
            const int result = ops->update(s->map, key, value, 0, me);
            stored += !result;
            wrong += result && (s->lru || result != -SKEP_E2BIG);
            break;
        case 2:
            wrong += ops->remove(s->map, key) > 0;
            break;
        case 3: /* from outside: the entry's value, whole */
            if (!skep_map_lookup(s->map, key, value, 0) && !s->per_cpu)
                found++, wrong += value[0] != k || value[1] != ~(uint64_t)k;
            break;
        case 4:
            if (!skep_map_lookup_and_delete(s->map, key, value, 0) && !s->per_cpu)
                found++, wrong += value[0] != k || value[1] != ~(uint64_t)k;
            break;
        case 5: {
            uint8_t next[24] = {0};
            if (!(r >> 40 & 15) && !skep_map_next_key(s->map, key, next))
                wrong += (next[0] ^ 0x55) != next[s->key_size - 1] && s->key_size > 1;
            if (!(r >> 44 & 31))
                wrong += ops->for_each(s->map, look, s, me) > KEYS;
            break;
        }
        default: { /* from a program: an address, whose value may become another's */
            const uint64_t *there = ops->lookup(s->map, key, me);
            if (there)
                found += __atomic_load_n(there, __ATOMIC_RELAXED) < KEYS;
        }
        }
    }
    __atomic_fetch_add(&s->wrong, wrong, __ATOMIC_RELAXED);
    __atomic_fetch_add(&s->found, found, __ATOMIC_RELAXED);
    __atomic_fetch_add(&s->stored, stored, __ATOMIC_RELAXED);
    return NULL;
}

static void together(void *(*function)(void *), void *user)
{
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, function, user), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void test_churn(void **state)
{
    const skep_map_type type = (skep_map_type)(uintptr_t)*state;
    static const uint32_t sizes[] = {4, 8, 16, 11, 24};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        skep_cpus *cpus = some_cpus(THREADS);
        struct shared s = {.key_size = sizes[i], .entries = KEYS / 2,
                           .lru = type == SKEP_MAP_LRU_HASH || type == SKEP_MAP_LRU_PERCPU_HASH,
                           .per_cpu = type == SKEP_MAP_PERCPU_HASH || type == SKEP_MAP_LRU_PERCPU_HASH};
        s.map = make_map(type, s.key_size, 16, s.entries, 0, cpus);
        together(churn, &s);
        assert_int_equal(s.wrong, 0);
        assert_true(s.found > 0 && s.stored > 0);
        /* Afterwards it is whole: as many entries as it has can be stored, and no more are there. */
        uint8_t key[24], next[24];
        uint64_t value[2 * THREADS] = {0};
        for (uint32_t k = 0; k < KEYS; k++) {
            make_key(&s, k, key);
            skep_map_delete(s.map, key);
        }
        assert_int_equal(skep_map_next_key(s.map, NULL, next), -SKEP_ENOENT);
        for (uint32_t k = 0; k < s.entries; k++) {
            make_key(&s, k, key);
            assert_int_equal(skep_map_update(s.map, key, value, SKEP_NOEXIST), 0);
        }
        make_key(&s, s.entries, key);
        assert_int_equal(skep_map_update(s.map, key, value, SKEP_NOEXIST), s.lru ? 0 : -SKEP_E2BIG);
        unsigned count = 0;
        for (const void *last = NULL; !skep_map_next_key(s.map, last, next); last = next)
            count++;
        assert_int_equal(count, s.entries);
        skep_map_unref(s.map);
        skep_cpus_free(cpus);
    }
}

/* A key that is always there is always found, however often its value and its neighbours change. */
static void *replace(void *user)
{
    struct shared *s = user;
    const uint32_t me = __atomic_fetch_add(&s->next_thread, 1, __ATOMIC_RELAXED);
    uint8_t key[24], other[24];
    uint64_t value[2] = {me, ~(uint64_t)me}, wrong = 0;
    make_key(s, 1, key);
    for (unsigned step = 0; step < STEPS; step++) {
        make_key(s, 2 + (step * THREADS + me) % 64, other);
        switch (me) {
        case 0:
            wrong += s->map->ops->update(s->map, key, value, SKEP_EXIST, me) != 0;
            break;
        case 1:
            s->map->ops->update(s->map, other, value, 0, me);
            s->map->ops->remove(s->map, other);
            break;
        default:
            wrong += !s->map->ops->lookup(s->map, key, me);
            wrong += skep_map_lookup(s->map, key, value, 0) || (value[0] ^ value[1]) != UINT64_MAX;
        }
    }
    __atomic_fetch_add(&s->wrong, wrong, __ATOMIC_RELAXED);
    return NULL;
}

static void test_always_found(void **state)
{
    (void)state;
    for (uint32_t entries = 2; entries <= 256; entries *= 8) { /* few entries: all in one bucket */
        skep_cpus *cpus = some_cpus(THREADS);
        struct shared s = {.key_size = 8, .map = make_map(SKEP_MAP_HASH, 8, 16, entries, 0, cpus)};
        uint8_t key[24];
        const uint64_t value[2] = {0, UINT64_MAX};
        make_key(&s, 1, key);
        assert_int_equal(skep_map_update(s.map, key, value, 0), 0);
        together(replace, &s);
        assert_int_equal(s.wrong, 0);
        skep_map_unref(s.map);
        skep_cpus_free(cpus);
    }
}

#define OF(test, type) cmocka_unit_test_prestate(test, (void *)(uintptr_t)SKEP_MAP_##type)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF(test_churn, HASH),
        OF(test_churn, PERCPU_HASH),
        OF(test_churn, LRU_HASH),
        OF(test_churn, LRU_PERCPU_HASH),
        cmocka_unit_test(test_always_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
