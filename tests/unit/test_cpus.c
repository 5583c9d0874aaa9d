/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The cpus that runs own: each by one at a time, given back, none left over, and the set that everybody shares. */
#include "map_tools.h"

#include "run/cpus.h"

static uint32_t here;
static uint32_t cpu_here(void *user)
{
    (void)user;
    return here;
}
static uint32_t seven_cpus(void *user)
{
    (void)user;
    return 7;
}

static void counts(void **state)
{
    (void)state;
    const skep_hooks hooks = {.size = sizeof hooks, .cpu_count = seven_cpus};
    skep_cpus *cpus = NULL;
    skep_error err;
    assert_int_equal(skep_cpus_create(&hooks, 0, &cpus, &err), SKEP_OK);
    assert_int_equal(skep_cpus_count(cpus), 7);
    skep_cpus_free(cpus);
    cpus = NULL;
    assert_int_equal(skep_cpus_create(&hooks, SKEP_MAX_CPUS, &cpus, &err), SKEP_OK);
    assert_int_equal(skep_cpus_count(cpus), SKEP_MAX_CPUS);
    skep_cpus_free(cpus);
    cpus = NULL;
    assert_int_equal(skep_cpus_create(&hooks, SKEP_MAX_CPUS + 1, &cpus, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_cpus_create(&hooks, 1, NULL, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_cpus_create(&(const skep_hooks){.size = 3}, 1, &cpus, &err), SKEP_ERR_ARGUMENT);
    assert_null(cpus);
    assert_int_equal(skep_cpus_count(NULL), 0);
    skep_cpus_free(NULL);
}

static void slots(void **state)
{
    (void)state;
    const skep_hooks hooks = {.size = sizeof hooks, .cpu_id = cpu_here};
    skep_cpus *cpus = NULL;
    assert_int_equal(skep_cpus_create(&hooks, 3, &cpus, NULL), SKEP_OK);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(sk_addr(&cpus->slots[i]) % 64, 0);
    /* That of the cpu that the caller is on, whatever the set's size; then the ones after it. */
    here = 5;
    assert_int_equal(sk_cpus_take(cpus), 2);
    assert_int_equal(sk_cpus_take(cpus), 0);
    assert_false(sk_cpus_take_one(cpus, 2));
    assert_true(sk_cpus_take_one(cpus, 1));
    assert_int_equal(sk_cpus_take(cpus), SK_NO_CPU);
    sk_cpus_give_back(cpus, 0);
    assert_int_equal(sk_cpus_take(cpus), 0);
    for (unsigned i = 0; i < 3; i++)
        sk_cpus_give_back(cpus, i);
    here = 1;
    assert_int_equal(sk_cpus_take(cpus), 1);
    sk_cpus_give_back(cpus, 1);
    skep_cpus_free(cpus);
}

static void references(void **state)
{
    (void)state;
    struct counted memory = {0};
    const skep_hooks hooks = {.size = sizeof hooks, .user = &memory, .realloc = counted_realloc};
    skep_cpus *cpus = NULL;
    assert_int_equal(skep_cpus_create(&hooks, 2, &cpus, NULL), SKEP_OK);
    assert_ptr_equal(sk_cpus_ref(cpus), cpus);
    skep_cpus_free(cpus);
    assert_true(memory.blocks > 0);
    sk_cpus_unref(cpus);
    assert_int_equal(memory.blocks, 0);
    sk_cpus_unref(NULL);

    struct skep_cpus *one = sk_cpus_default(&sk_default_hooks), *other = sk_cpus_default(&hooks);
    assert_non_null(one);
    assert_ptr_equal(one, other);
    sk_cpus_unref(one);
    sk_cpus_unref(other);
    assert_int_equal(memory.blocks, 0);
}

/* Each slot protects a number that is not atomic: a run that shared it would lose counts, or a sanitizer would tell. */
enum { THREADS = 6, SLOTS = 3, ROUNDS = 20000 };
static skep_cpus *shared;
static uint64_t owned[SLOTS][8];

static void *take_and_count(void *user)
{
    uint64_t *taken = user;
    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint32_t cpu = sk_cpus_take(shared);
        if (cpu == SK_NO_CPU)
            continue;
        owned[cpu][0]++;
        ++*taken;
        sk_cpus_give_back(shared, cpu);
    }
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    uint64_t taken[THREADS] = {0}, all = 0, counted = 0;
    shared = some_cpus(SLOTS);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_count, &taken[i]), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        all += taken[i];
    }
    for (unsigned i = 0; i < SLOTS; i++)
        counted += owned[i][0];
    assert_int_equal(all, counted);
    assert_true(all >= ROUNDS);
    skep_cpus_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(slots), cmocka_unit_test(references),
                                       cmocka_unit_test(many_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
