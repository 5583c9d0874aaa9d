/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's helpers on maps, callbacks, locks, ring buffers, dynptrs, events and stacks. Expected values are from the kernel's
 * sources (kernel/bpf/helpers.c, ringbuf.c, stackmap.c, kernel/trace/bpf_trace.c; net/core/filter.c), Linux 6.18.
 */
#include "helper_tools.h"

#define M(place) MAP_HANDLE(place)

static void put_key(struct rig *rig, size_t at, uint32_t key) { memcpy(rig->data + at, &key, 4); }

static void test_elements_in(struct rig *rig)
{
    uint64_t r[24];
    skep_map *array = rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, 0);
    rig_map(rig, SKEP_MAP_QUEUE, 0, 8, 2, 0);
    rig_map(rig, SKEP_MAP_PERCPU_ARRAY, 4, 8, 4, 0);
    rig_map(rig, SKEP_MAP_BLOOM_FILTER, 0, 8, 4, 0);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, SKEP_MAP_RDONLY_PROG);
    put_key(rig, 0, 2);
    put_key(rig, 4, 9);
    memcpy(rig->data + 8, "value...", 8);
    assert_int_equal(CALL(1, M(0), AT(4)), 0);
    assert_int_equal(CALL(2, M(0), AT(0), AT(8), SKEP_NOEXIST), ERRNO(SKEP_EEXIST));
    assert_int_equal(CALL(2, M(0), AT(0), AT(8), SKEP_ANY), 0);
    assert_int_equal(CALL(2, M(0), AT(4), AT(8), SKEP_ANY), ERRNO(SKEP_E2BIG));
    assert_int_equal(CALL(3, M(0), AT(0)), ERRNO(SKEP_EINVAL));
    /* What was looked up may be read. */
    STEPS(r, {1, {M(0), AT(0)}, 1 + 5 * 1 + 2}, {113, {AT(16), 8, 0}, 0});
    assert_true(r[0] && !r[1]);
    assert_memory_equal(rig->data + 16, "value...", 8);
    FAILS(1, SKEP_ERR_ACCESS, "map_lookup_elem: argument 1", 7, AT(0));
    FAILS(1, SKEP_ERR_ACCESS, "map_lookup_elem: argument 1", M(5), AT(0));
    FAILS(1, SKEP_ERR_ACCESS, "map_lookup_elem: argument 2", M(0), 0);
    FAILS(2, SKEP_ERR_ACCESS, "map_update_elem: argument 3", M(0), AT(0), AT(BOX - 4));
    FAILS(1, SKEP_ERR_HELPER, "maps of this type cannot do that", M(1), AT(0));
    FAILS(2, SKEP_ERR_HELPER, "maps of this type cannot do that", M(4), AT(0), AT(8));
    FAILS(87, SKEP_ERR_HELPER, "maps of this type cannot do that", M(0), AT(8));

    assert_int_equal(CALL(89, M(1), AT(16)), ERRNO(SKEP_ENOENT));
    assert_int_equal(CALL(87, M(1), AT(8), 0), 0);
    assert_int_equal(CALL(87, M(1), AT(0), 0), 0);
    assert_int_equal(CALL(87, M(1), AT(0), 0), ERRNO(SKEP_E2BIG));
    assert_int_equal(CALL(87, M(1), AT(0), SKEP_EXIST), 0);
    assert_int_equal(CALL(87, M(1), AT(0), 8), ERRNO(SKEP_EINVAL));
    memset(rig->data + 16, 0, 8);
    assert_int_equal(CALL(88, M(1), AT(16)), 0);
    assert_memory_equal(rig->data + 16, rig->data, 8);
    FAILS(88, SKEP_ERR_ACCESS, "map_pop_elem: argument 2", M(1), AT(BOX - 4));
    FAILS(88, SKEP_ERR_HELPER, "maps of this type", M(0), AT(16));

    assert_true(CALL(195, M(2), AT(0), 0) != 0);
    assert_int_equal(CALL(195, M(2), AT(0), 100000), 0);
    assert_int_equal(CALL(195, M(2), AT(4), 0), 0);
    FAILS(195, SKEP_ERR_HELPER, "maps of this type", M(0), AT(0), 0);

    assert_int_equal(CALL(89, M(3), AT(8)), ERRNO(SKEP_ENOENT));
    assert_int_equal(CALL(87, M(3), AT(8)), 0);
    assert_int_equal(CALL(89, M(3), AT(8)), 0);
    uint64_t value;
    assert_int_equal(skep_map_lookup(array, rig->data, &value, 0), 0);
    assert_memory_equal(&value, "value...", 8);
}
BOTH(test_elements)

/* --------------------------------------------------------------------------------------- callbacks */

#define CALLBACK ((UINT64_C(1) << 32) + 12) /* of the program of rig_call */

static void test_loop_in(struct rig *rig)
{
    uint64_t counts[2] = {0, 5};
    memcpy(rig->data, counts, 16);
    assert_int_equal(CALL(181, 100, CALLBACK, AT(0), 0), 5); /* it says when it is enough */
    counts[1] = 1000;
    memcpy(rig->data, counts, 16);
    assert_int_equal(CALL(181, 100, CALLBACK, AT(0), 0), 100);
    memcpy(counts, rig->data, 16);
    assert_int_equal(counts[0], 100);
    assert_int_equal(CALL(181, 0, CALLBACK, AT(0), 0), 0);
    assert_int_equal(CALL(181, 1, CALLBACK, AT(0), 1), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(181, 8388609, CALLBACK, AT(0), 0), ERRNO(SKEP_E2BIG));
    FAILS(181, SKEP_ERR_CALL, "0x3039 is neither", 1, 12345, AT(0), 0);
    uint64_t result;
    skep_error err;
    assert_failed(rig_call(rig, 181, (const uint64_t[5]){1, CALLBACK, 16, 0}, &result, &err), &err, SKEP_ERR_ACCESS, "cannot read 8 bytes");
    assert_int_equal(err.pc, 12); /* where the callback went wrong */
}
BOTH(test_loop)

static void test_for_each_in(struct rig *rig)
{
    rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, 0);
    rig_map(rig, SKEP_MAP_QUEUE, 0, 8, 4, 0);
    skep_map *hash = rig_map(rig, SKEP_MAP_HASH, 8, 8, 8, 0);
    for (uint64_t k = 1; k <= 5; k++)
        assert_int_equal(skep_map_update(hash, &k, &(uint64_t){k * 10}, 0), 0);
    /* 12: the sum of keys and values, to r4; it ends when that is above its second number. */
    const skep_slot code[] = {SKEP_MOV64_REG(6, 1),  SKEP_LDDW_FUNC(0, 10), SKEP_LDDW_FUNC(0, 19),
                              SKEP_LDXDW(1, 6, 0),   SKEP_LDXDW(2, 6, 8),   SKEP_LDXDW(3, 6, 16),
                              SKEP_LDXDW(4, 6, 24),  SKEP_LDXDW(5, 6, 32),  SKEP_CALL(164),         SKEP_EXIT(),
                              SKEP_LDXDW(1, 2, 0),   SKEP_LDXDW(2, 3, 0),   SKEP_ADD64_REG(1, 2),   SKEP_LDXDW(2, 4, 0),
                              SKEP_ADD64_REG(2, 1),  SKEP_STXDW(4, 0, 2),   SKEP_MOV64_IMM(0, 0),   SKEP_LDXDW(3, 4, 8),
                              SKEP_JLE_REG(2, 3, 1), SKEP_MOV64_IMM(0, 1),  SKEP_EXIT(),
                              /* 23: writes to the key */
                              SKEP_STB(2, 0, 1),     SKEP_EXIT()};
    uint64_t r0, sums[2] = {0, 1000}, args[5] = {M(2), CALLBACK, AT(0), 0, 0};
    skep_error err;
    memcpy(rig->data, sums, 16);
    memcpy(rig->args, args, sizeof args);
    if (rig_exec(rig, code, sizeof code, &r0, &err))
        fail_msg("%s", err.message);
    assert_int_equal(r0, 5);
    memcpy(sums, rig->data, 16);
    assert_int_equal(sums[0], 165);
    memset(rig->data, 0, 16);
    ACCEPTED(rig_exec(rig, code, sizeof code, &r0, &err));
    assert_int_equal(r0, 1);
    args[1] += 11;
    memcpy(rig->args, args, sizeof args);
    assert_failed(rig_exec(rig, code, sizeof code, &r0, &err), &err, SKEP_ERR_ACCESS, "cannot write 1 byte");
    assert_int_equal(err.pc, 23);
    assert_int_equal(CALL(164, M(0), CALLBACK, AT(0), 1), ERRNO(SKEP_EINVAL));
    FAILS(164, SKEP_ERR_HELPER, "maps of this type", M(1), CALLBACK, AT(0), 0);
    FAILS(164, SKEP_ERR_ACCESS, "for_each_map_elem: argument 1", 1, CALLBACK, AT(0), 0);
}
BOTH(test_for_each)

/* ------------------------------------------------------------------------------------------- locks */

static void test_lock_in(struct rig *rig)
{
    uint64_t r[24];
    skep_map_options options = {.size = sizeof options, .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 16, .max_entries = 2,
                                .lock_offset = 1 + 8};
    ACCEPTED(skep_map_create(&options, &rig->maps[rig->map_count++], &err));
    rig_map(rig, SKEP_MAP_ARRAY, 4, 16, 1, 0);
    uint64_t base, other;
    base = CALL(1, M(0), AT(0));
    put_key(rig, 4, 1);
    other = CALL(1, M(0), AT(4));
    STEPS(r, {93, {base + 8}, 0}, {94, {base + 8}, 0}, {93, {other + 8}, 0}, {94, {other + 8}, 0});
    assert_true(!r[0] && !r[1] && !r[2] && !r[3]);
    STEPS_FAIL(SKEP_ERR_HELPER, "holds a lock already", {93, {base + 8}, 0}, {93, {base + 8}, 0});
    STEPS_FAIL(SKEP_ERR_HELPER, "holds a lock already", {93, {base + 8}, 0}, {93, {other + 8}, 0});
    STEPS_FAIL(SKEP_ERR_HELPER, "holds a lock already", {93, {base + 8}, 0}, {2, {M(0), AT(4), AT(16), SKEP_F_LOCK}, 0});
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not the lock", {93, {base + 8}, 0}, {94, {other + 8}, 0});
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not the lock", {94, {base + 8}, 0});
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not a lock", {93, {base}, 0});
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not a lock", {93, {base + 12}, 0});
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not a lock", {93, {AT(0)}, 0});
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not a lock", {93, {0}, 0});
    /* Each of those gave its lock back; and what a program writes to it means nothing. */
    memset((void *)(uintptr_t)base, 0xff, 16);
    STEPS(r, {93, {base + 8}, 0}, {94, {base + 8}, 0});
    STEPS(r, {93, {base + 8}, 0}); /* this one at its end */
    assert_int_equal(skep_map_update(rig->maps[0], rig->data, rig->data + 16, SKEP_F_LOCK), 0);
}
BOTH(test_lock)

/* --------------------------------------------------------------------------------------- ring buffers */

static int take(void *user, const void *record, size_t size)
{
    char *out = user;
    snprintf(out + strlen(out), 64, "%zu:%.*s ", size, (int)size, (const char *)record);
    return 0;
}

static const char *consume(skep_map *ring)
{
    static char out[512];
    out[0] = 0;
    skep_ringbuf_consume(ring, take, out);
    return out;
}

static void test_ringbuf_in(struct rig *rig)
{
    uint64_t r[24];
    skep_map *ring = rig_map(rig, SKEP_MAP_RINGBUF, 0, 0, 4096, 0);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, 0);
    strcpy((char *)rig->data, "first second");
    assert_int_equal(CALL(130, M(0), AT(0), 5, 0), 0);
    assert_int_equal(CALL(130, M(0), AT(6), 6, 2), 0);
    assert_int_equal(CALL(130, M(0), AT(0), 5, 4), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(130, M(0), AT(0), 6000, 0), ERRNO(SKEP_EAGAIN));
    assert_string_equal(consume(ring), "5:first 6:second ");
    FAILS(130, SKEP_ERR_HELPER, "maps of this type", M(1), AT(0), 5, 0);
    FAILS(130, SKEP_ERR_ACCESS, "ringbuf_output: argument 2", M(0), 0, 5, 0);
    assert_int_equal(CALL(134, M(0), 1), 4096);
    assert_int_equal(CALL(134, M(0), 9), 0);

    /* Reserved, filled through a string that is cut, submitted. */
    STEPS(r, {131, {M(0), 6, 0}, 1 + 5 * 1 + 0}, {115, {0, 6, AT(6)}, 0}, {131, {M(0), 8, 0}, 0}, {131, {M(0), 8, 1}, 0},
          {131, {M(0), 5000, 0}, 0});
    assert_int_equal(r[1], 6);
    assert_true(r[2] && !r[3] && !r[4]);
    /* Neither was submitted: the end of the run discards. */
    assert_string_equal(consume(ring), "");
    STEPS(r, {131, {M(0), 6, 0}, 1 + 5 * 1 + 0}, {132, {0, 0}, 0}, {131, {M(0), 6, 0}, 1 + 5 * 3 + 0}, {133, {0, 0}, 0},
          {130, {M(0), AT(0), 5, 0}, 0});
    assert_memory_equal(consume(ring), "6:", 2);
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not a record", {132, {AT(0), 0}, 0});
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not a record", {133, {0, 0}, 0});
    /* What is submitted is out of reach. */
    const skep_slot code[] = {SKEP_LDXDW(1, 1, 0), SKEP_MOV64_IMM(2, 8), SKEP_MOV64_IMM(3, 0), SKEP_CALL(131), SKEP_MOV64_REG(6, 0),
                              SKEP_STDW(6, 0, 7),  SKEP_MOV64_REG(1, 6), SKEP_MOV64_IMM(2, 0), SKEP_CALL(132), SKEP_STDW(6, 0, 8),
                              SKEP_EXIT()};
    skep_error err;
    uint64_t r0;
    rig->args[0] = M(0);
    assert_failed(rig_exec(rig, code, sizeof code, &r0, &err), &err, SKEP_ERR_ACCESS, "cannot write 8 bytes");
    assert_int_equal(err.pc, 9);
    /* Too many at once. */
    struct step many[20];
    uint64_t results[20];
    for (size_t i = 0; i < 20; i++)
        many[i] = (struct step){131, {M(0), 8, 0}, 0};
    assert_failed(rig_steps(rig, many, 20, results, &err), &err, SKEP_ERR_HELPER, "holds too many");
    assert_int_equal(err.pc, STEP_PC(16));
    consume(ring);
    assert_int_equal(CALL(130, M(0), AT(0), 5, 0), 0);
}
BOTH(test_ringbuf)

/* ------------------------------------------------------------------------------------------- dynptrs */

static void test_dynptr_in(struct rig *rig)
{
    uint64_t r[24];
    skep_map *ring = rig_map(rig, SKEP_MAP_RINGBUF, 0, 0, 4096, 0);
    strcpy((char *)rig->data, "0123456789");
    enum { D = 64, OUT = 128 };
    STEPS(r, {197, {AT(0), 10, 0, AT(D)}, 0}, {201, {AT(OUT), 4, AT(D), 3, 0}, 0}, {201, {AT(OUT), 4, AT(D), 7, 0}, 0},
          {201, {AT(OUT), 4, AT(D), 3, 1}, 0}, {202, {AT(D), 8, AT(OUT), 2, 0}, 0}, {202, {AT(D), 9, AT(OUT), 2, 0}, 0},
          {202, {AT(D), 8, AT(OUT), 2, 1}, 0}, {203, {AT(D), 2, 8}, 0}, {203, {AT(D), 3, 8}, 0}, {201, {AT(OUT), 0, AT(D), 10, 0}, 0});
    assert_int_equal(r[0], 0);
    assert_int_equal(r[1], 0);
    assert_memory_equal(rig->data + OUT, "3456", 4);
    assert_int_equal(r[2], ERRNO(SKEP_E2BIG));
    assert_int_equal(r[3], ERRNO(SKEP_EINVAL));
    assert_int_equal(r[4], 0);
    assert_memory_equal(rig->data, "0123456734", 10);
    assert_int_equal(r[5], ERRNO(SKEP_E2BIG));
    assert_int_equal(r[6], ERRNO(SKEP_EINVAL));
    assert_int_equal(r[7], AT(2));
    assert_int_equal(r[8], 0);
    assert_int_equal(r[9], 0);

    assert_int_equal(CALL(197, AT(0), 10, 1, AT(D)), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(201, AT(OUT), 0, AT(D), 0, 0), ERRNO(SKEP_EINVAL)); /* it leads nowhere now */
    assert_int_equal(CALL(202, AT(D), 0, AT(OUT), 0, 0), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(203, AT(D), 0, 0), 0);
    FAILS(197, SKEP_ERR_ACCESS, "dynptr_from_mem: argument 1", AT(BOX - 4), 10, 0, AT(D));
    FAILS(197, SKEP_ERR_ACCESS, "dynptr_from_mem: argument 4", AT(0), 10, 0, AT(BOX - 15));
    FAILS(201, SKEP_ERR_ACCESS, "dynptr_read: argument 3", AT(OUT), 4, 0, 0, 0);
    FAILS(201, SKEP_ERR_ACCESS, "does not lead to a dynptr", AT(OUT), 4, AT(0), 0, 0);
    FAILS(202, SKEP_ERR_ACCESS, "does not lead to a dynptr", AT(0), 0, AT(OUT), 4, 0);
    FAILS(203, SKEP_ERR_ACCESS, "does not lead to a dynptr", AT(0), 0, 4);

    STEPS(r, {198, {M(0), 10, 0, AT(D)}, 0}, {202, {AT(D), 1, AT(0), 3, 0}, 0}, {203, {AT(D), 0, 10}, 1 + 5 * 3 + 0},
          {115, {0, 3, AT(4)}, 0}, {199, {AT(D), 0}, 0}, {199, {AT(D), 0}, 0}, {203, {AT(D), 0, 1}, 0});
    assert_int_equal(r[0], 0);
    assert_int_equal(r[3], 3);
    assert_int_equal(r[6], 0);
    assert_memory_equal(consume(ring), "10:45", 5);
    STEPS(r, {198, {M(0), 10, 0, AT(D)}, 0}, {200, {AT(D), 0}, 0}, {198, {M(0), 10, 1, AT(D)}, 0}, {198, {M(0), 1 << 24, 0, AT(D)}, 0},
          {198, {M(0), 4096, 0, AT(D)}, 0}, {200, {AT(D), 0}, 0});
    assert_int_equal(r[2], ERRNO(SKEP_EINVAL));
    assert_int_equal(r[3], ERRNO(SKEP_E2BIG));
    assert_int_equal(r[4], ERRNO(SKEP_EINVAL));
    assert_string_equal(consume(ring), "");
    /* One of an earlier run names no record of this one; a forged one reaches nothing that the program may not. */
    ACCEPTED(rig_steps(rig, (const struct step[]){{198, {M(0), 10, 0, AT(D)}, 0}}, 1, r, &err));
    FAILS(203, SKEP_ERR_ACCESS, "does not lead to a dynptr", AT(D), 0, 1);
    STEPS(r, {197, {AT(0), 10, 0, AT(D)}, 0});
    memset(rig->data + D, 0x11, 8);
    FAILS(201, SKEP_ERR_ACCESS, "may not reach any more", AT(OUT), 4, AT(D), 0, 0);
    FAILS(202, SKEP_ERR_ACCESS, "may not reach any more", AT(D), 0, AT(OUT), 4, 0);
    STEPS_FAIL(SKEP_ERR_ACCESS, "is not a dynptr of a ring buffer", {197, {AT(0), 10, 0, AT(D)}, 0}, {199, {AT(D), 0}, 0});
    /* Also when nothing is checked. */
    rig->policy = SKEP_TRUSTED;
    FAILS(201, SKEP_ERR_ACCESS, "dynptr_read: argument 3", AT(OUT), 4, 0, 0, 0);
    FAILS(132, SKEP_ERR_ACCESS, "is not a record", AT(0), 0);
    FAILS(93, SKEP_ERR_ACCESS, "is not a lock", 0);
    FAILS(1, SKEP_ERR_ACCESS, "is not a map", 3, AT(0));
}
BOTH(test_dynptr)

/* -------------------------------------------------------------------------------- events and stacks */

static void test_events_in(struct rig *rig)
{
    char out[256] = "";
    uint64_t lost;
    ACCEPTED(skep_cpus_create(NULL, 1, &rig->cpus, &err));
    skep_map *events = rig_map(rig, SKEP_MAP_PERF_EVENT_ARRAY, 4, 4, 2, 0);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, 0);
    const uint64_t context = (uint64_t)(uintptr_t)rig->args, current = 0xffffffff;
    strcpy((char *)rig->data, "event");
    assert_int_equal(CALL(25, context, M(0), current, AT(0), 5), ERRNO(SKEP_ENOENT));
    assert_int_equal(skep_perf_open(events, 0, 4096), 0);
    assert_int_equal(CALL(25, context, M(0), current, AT(0), 5), 0);
    assert_int_equal(CALL(25, context, M(0), 0, AT(0), 4), 0);
    assert_int_equal(CALL(25, context, M(0), 2, AT(0), 5), ERRNO(SKEP_E2BIG));
    assert_int_equal(CALL(25, context, M(0), UINT64_C(1) << 52, AT(0), 5), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(25, context, M(0), current | UINT64_C(0xfffff) << 32, AT(0), 5), ERRNO(SKEP_EFAULT));
    assert_int_equal(skep_perf_consume(events, 0, take, out, &lost), 2);
    assert_memory_equal(out, "5:event 4:even ", 15);
    FAILS(25, SKEP_ERR_ACCESS, "perf_event_output: argument 1", context + 8, M(0), current, AT(0), 5);
    FAILS(25, SKEP_ERR_HELPER, "maps of this type", context, M(1), current, AT(0), 5);
    assert_int_equal(CALL(22, M(0), 1), ERRNO(SKEP_ENOENT));
    assert_int_equal(CALL(22, M(0), 2), ERRNO(SKEP_E2BIG));
    assert_int_equal(CALL(22, M(0), UINT64_C(1) << 32), ERRNO(SKEP_EINVAL));
    memset(rig->data, 1, 32);
    assert_int_equal(CALL(55, M(0), current, AT(0), 24), ERRNO(SKEP_ENOENT));
    assert_true(rig->data[0] == 0 && rig->data[23] == 0 && rig->data[24] == 1);
    assert_int_equal(CALL(55, M(0), 0, AT(0), 16), ERRNO(SKEP_EINVAL));
}
BOTH(test_events)

static void test_stacks_in(struct rig *rig)
{
    const uint64_t kernel[] = {0x10, 0x20, 0x30}, user[] = {0x40, 0x50};
    const uint64_t context = (uint64_t)(uintptr_t)rig->args;
    rig_map(rig, SKEP_MAP_STACK_TRACE, 4, 80, 8, 0);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, 0);
    assert_int_equal(CALL(27, context, M(0), 0), ERRNO(SKEP_EFAULT));
    memset(rig->data, 1, 64);
    assert_int_equal(CALL(67, context, AT(0), 64, 0), ERRNO(SKEP_EFAULT));
    assert_true(rig->data[0] == 0 && rig->data[63] == 0);
    rig->script.kernel_stack = kernel;
    rig->script.kernel_stack_count = 3;
    rig->script.user_stack = user;
    rig->script.user_stack_count = 2;
    uint64_t id = CALL(27, context, M(0), 0);
    assert_true(id < 8);
    assert_int_equal(CALL(27, context, M(0), 0), id);
    assert_int_equal(CALL(27, context, M(0), 1 << 12), ERRNO(SKEP_EINVAL));
    memset(rig->data, 1, 64);
    assert_int_equal(CALL(67, context, AT(0), 64, 0), 24);
    assert_memory_equal(rig->data, kernel, 24);
    assert_true(rig->data[24] == 0 && rig->data[63] == 0);
    assert_int_equal(CALL(67, context, AT(0), 8, 2), 8);
    assert_memory_equal(rig->data, kernel + 2, 8);
    assert_int_equal(CALL(67, context, AT(0), 16, 1 << 8), 16);
    assert_memory_equal(rig->data, user, 16);
    assert_int_equal(CALL(67, context, AT(0), 16, 4), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(67, context, AT(0), 12, 0), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(67, context, AT(0), 16, 1 << 9), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(67, context, AT(0), 16, 1 << 11), ERRNO(SKEP_EINVAL));
    FAILS(67, SKEP_ERR_ACCESS, "get_stack: argument 2", context, AT(BOX), 16, 0);
    FAILS(27, SKEP_ERR_HELPER, "maps of this type", context, M(1), 0);
}
BOTH(test_stacks)

static void test_attached_in(struct rig *rig)
{
    const uint64_t context = (uint64_t)(uintptr_t)rig->args, args[] = {11, 22}, ret = 33;
    int32_t retval = -1;
    assert_int_equal(CALL(174, context), 0);
    assert_int_equal(CALL(185, context), 0);
    assert_int_equal(CALL(183, context, 0, AT(0)), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(184, context, AT(0)), ERRNO(SKEP_EOPNOTSUPP));
    assert_int_equal(CALL(186), 0);
    rig->script.attach_cookie = 5;
    rig->script.func_ip = 6;
    rig->script.func_args = args;
    rig->script.func_arg_count = 2;
    rig->script.func_ret = &ret;
    rig->script.retval = &retval;
    assert_int_equal(CALL(174, context), 5);
    assert_int_equal(CALL(173, context), 6);
    assert_int_equal(CALL(185, context), 2);
    assert_int_equal(CALL(183, context, 1, AT(0)), 0);
    assert_memory_equal(rig->data, args + 1, 8);
    assert_int_equal(CALL(183, context, 2, AT(0)), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(184, context, AT(0)), 0);
    assert_memory_equal(rig->data, &ret, 8);
    assert_int_equal(CALL(186), UINT64_MAX);
    assert_int_equal(CALL(187, (uint64_t)-7), 0);
    assert_int_equal(retval, -7);
    FAILS(183, SKEP_ERR_ACCESS, "get_func_arg: argument 3", context, 1, 0);
}
BOTH(test_attached)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements), cmocka_unit_test(test_loop),   cmocka_unit_test(test_for_each),
        cmocka_unit_test(test_lock),     cmocka_unit_test(test_ringbuf), cmocka_unit_test(test_dynptr),
        cmocka_unit_test(test_events),   cmocka_unit_test(test_stacks), cmocka_unit_test(test_attached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
