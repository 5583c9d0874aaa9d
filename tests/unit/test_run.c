/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Regions and the guard cache of a run: what the cache says good is what sk_run_find() says good, whatever came before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run/begin.h"

static struct sk_region grants[2];
static struct sk_run_env env = {.grants = grants};
static uint8_t workspace[16384];

/* A run with main's frame of `frame` bytes and a packet at `low`, which is never touched: any address will do. */
static skep_run *begin(uint32_t frame, uint64_t low, uint64_t size, uint32_t access)
{
    static const struct sk_run_shape shape = {.bases = 0x7ff};
    struct sk_run_shape own = shape;
    uint8_t *extra;
    own.frame_size = own.touched = frame;
    memset(workspace, 0xa5, sizeof workspace);
    skep_run *run = sk_run_init(workspace, &own, &env, 1000, &extra);
    sk_run_add_region(run, "packet", low, size, access);
    sk_run_ready(run);
    return run;
}

/* As the interpreter does it: the fast half, then the slow one. */
static bool guard(skep_run *run, unsigned reg, uint64_t address, unsigned size, bool write)
{
    bool good = sk_run_guarded(run, reg, address, size, write) || sk_run_guard_miss(run, reg, address, size, write);
    struct sk_region region;
    run->code = SKEP_OK; /* so that the run goes on after a fault */
    assert_int_equal(good, sk_run_find(run, address, size, write, &region));
    return good;
}

static const unsigned sizes[] = {1, 2, 4, 8};

/* Each size at each offset around a region of each length, cached or not. */
static void test_edges(void **state)
{
    (void)state;
    static const uint64_t lows[] = {0x1000, 1, 0x7ffffffffffffff0, 0x8000000000000000, UINT64_MAX - 40};
    for (size_t l = 0; l < SK_COUNT(lows); l++)
        for (uint64_t length = 1; length <= 20; length++) {
            skep_run *run = begin(64, lows[l], length, SKEP_READ | SKEP_WRITE);
            for (unsigned warm = 0; warm < 2; warm++)
                for (int64_t off = -20; off <= 30; off++)
                    for (unsigned s = 0; s < 4; s++)
                        for (unsigned write = 0; write < 2; write++) {
                            if (warm)
                                assert_true(guard(run, 3, lows[l], 1, write));
                            const bool inside = off >= 0 && (uint64_t)off + sizes[s] <= length;
                            assert_int_equal(guard(run, 3, lows[l] + (uint64_t)off, sizes[s], write), inside);
                        }
        }
}

/* A region that ends with the address space; what would wrap is outside. */
static void test_wrap(void **state)
{
    (void)state;
    skep_run *run = begin(64, UINT64_MAX - 15, 15, SKEP_READ | SKEP_WRITE);
    assert_true(guard(run, 1, UINT64_MAX - 15, 8, false));
    assert_true(guard(run, 1, UINT64_MAX - 8, 8, false));
    assert_false(guard(run, 1, UINT64_MAX - 7, 8, false));
    assert_false(guard(run, 1, UINT64_MAX, 1, false));
    assert_false(guard(run, 1, UINT64_MAX, 8, false));
    assert_false(guard(run, 1, 0, 1, false));
    struct sk_region region;
    assert_false(sk_run_find(run, UINT64_MAX - 15, UINT64_MAX, false, &region));
    assert_false(sk_run_find(run, UINT64_MAX - 14, 15, false, &region));
    assert_true(sk_run_find(run, UINT64_MAX - 15, 15, false, &region));
}

/* A read that is cached says nothing of a write through the same register. */
static void test_read_then_write(void **state)
{
    (void)state;
    skep_run *run = begin(64, 0x1000, 64, SKEP_READ);
    assert_true(guard(run, 2, 0x1000, 8, false));
    assert_false(guard(run, 2, 0x1000, 8, true));
    assert_true(guard(run, 2, 0x1008, 8, false));
    assert_false(guard(run, 2, 0x1008, 1, true));
    sk_run_guard_miss(run, 2, 0x1008, 1, true);
    assert_int_equal(run->code, SKEP_ERR_ACCESS);
    assert_int_equal(run->fault_address, 0x1008);
    assert_int_equal(run->fault_size, 1);
    assert_true(run->fault_write);
    sk_run_fault(run, SKEP_ERR_DEPTH, 5); /* the first counts */
    assert_int_equal(run->code, SKEP_ERR_ACCESS);
    assert_int_equal(run->fault_address, 0x1008);
}

/* Main's frame, then frames that come and go: a popped one is out of reach, whatever was cached meanwhile. */
static void test_frames(void **state)
{
    (void)state;
    for (unsigned touch = 0; touch < 16; touch++) { /* which of the four steps use the cache */
        skep_run *run = begin(32, 0x1000, touch & 1 ? 64 : 4, SKEP_READ | SKEP_WRITE);
        const uint64_t top = run->stack_top;
        if (touch & 1)
            assert_true(guard(run, 6, top - 32, 8, true));
        assert_false(guard(run, 6, top - 40, 8, true));
        run->depth = 1;
        sk_run_push_stack(run, 64, 64);
        if (touch & 2)
            assert_true(guard(run, 6, top - 96, 8, true));
        run->depth = 2;
        sk_run_push_stack(run, 8, 8);
        if (touch & 4)
            assert_true(guard(run, 6, top - 104, 8, true));
        assert_true(guard(run, 7, top - 40, 16, true)); /* frames lie side by side */
        sk_run_pop_stack(run, 8);
        run->depth = 1;
        assert_false(guard(run, 6, top - 104, 8, true));
        assert_false(guard(run, 7, top - 97, 1, false));
        if (touch & 8)
            assert_true(guard(run, 6, top - 96, 8, true));
        sk_run_pop_stack(run, 64);
        run->depth = 0;
        for (unsigned reg = 0; reg < 11; reg++) {
            assert_false(guard(run, reg, top - 96, 8, true));
            assert_false(guard(run, reg, top - 33, 1, false));
            assert_true(guard(run, reg, top - 32, 8, true));
            assert_false(guard(run, reg, top - 4, 8, true));
        }
    }
}

/* Whoever reaches the stack by a checked access finds zeros, in frames that are there and in those to come. */
static void test_clean(void **state)
{
    (void)state;
    static const struct sk_run_shape shape = {.frame_size = 512, .touched = 8, .bases = 0x7ff};
    uint8_t *extra;
    memset(workspace, 0xa5, sizeof workspace);
    skep_run *run = sk_run_init(workspace, &shape, &env, 1000, &extra);
    sk_run_add_region(run, "packet", 0x1000, 64, SKEP_READ | SKEP_WRITE);
    sk_run_ready(run);
    const uint64_t top = run->stack_top;
    uint8_t *main_frame = sk_ptr(top - 512), *callee = sk_ptr(top - 1024), *next = sk_ptr(top - 1536);
    run->depth = 1;
    sk_run_push_stack(run, 512, 0);
    main_frame[505] = 77; /* through r10, within what is touched */
    assert_true(guard(run, 4, top - 520, 8, false));
    for (unsigned i = 0; i < 512; i++) {
        assert_int_equal(callee[i], 0);
        assert_int_equal(main_frame[i], i == 505 ? 77 : 0);
    }
    main_frame[0] = callee[0] = 5;
    run->depth = 2;
    sk_run_push_stack(run, 512, 0);
    assert_true(guard(run, 4, top - 1536, 8, false));
    for (unsigned i = 0; i < 512; i++)
        assert_int_equal(next[i], 0);
    assert_int_equal(main_frame[0] + callee[0], 10); /* once is enough */
}

static void test_grants(void **state)
{
    (void)state;
    grants[0] = (struct sk_region){0x2000, 7, SKEP_READ, "granted memory"};
    grants[1] = (struct sk_region){0x2007, 16, SKEP_READ | SKEP_WRITE, "granted memory"};
    env.grant_count = 2;
    skep_run *run = begin(64, 0x1000, 64, SKEP_READ | SKEP_WRITE);
    for (unsigned round = 0; round < 2; round++) {
        assert_true(guard(run, 1, 0x2000, 4, false)); /* too small to be cached, good all the same */
        assert_true(guard(run, 1, 0x2003, 4, false));
        assert_false(guard(run, 1, 0x2004, 4, false)); /* across two */
        assert_false(guard(run, 1, 0x2000, 1, true));
        assert_true(guard(run, 1, 0x2007, 8, true));
        assert_true(guard(run, 1, 0x200f, 8, true));
        assert_false(guard(run, 1, 0x2010, 8, true));
        assert_true(guard(run, 1, 0x1000, 8, true));
        assert_true(guard(run, 1, 0x2006, 1, false));
    }
    env.grant_count = 0;
    run = begin(64, 0x1000, 64, SKEP_READ | SKEP_WRITE);
    assert_false(guard(run, 1, 0x2007, 8, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),  cmocka_unit_test(test_wrap),  cmocka_unit_test(test_read_then_write),
        cmocka_unit_test(test_frames), cmocka_unit_test(test_clean), cmocka_unit_test(test_grants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
