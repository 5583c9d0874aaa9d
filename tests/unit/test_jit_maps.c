/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Operations on maps that machine code knows when it is made: written out, called directly, and accesses to values that are not
 * checked. Each program runs in both engines and has to come to the same, which is told by hand.
 */
#include "helper_tools.h"

/* r1 the map, r2 = r10 - 4 with the key there; the result in r0. */
#define LOOKUP(place, key) \
    SKEP_STW(10, -4, key), SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -4), SKEP_LDDW(1, MAP_HANDLE(place)), SKEP_CALL(1)
#define LOOKUP_PC 5 /* of the call; what follows is at 6 */
#define FOUND SKEP_JNE_IMM(0, 0, 2), SKEP_MOV64_IMM(0, 77), SKEP_EXIT()
/* As compilers write it: the value is what is fallen into. */
#define IF_FOUND(skip) SKEP_JEQ_IMM(0, 0, skip)
#define OTHERWISE SKEP_MOV64_IMM(0, 77), SKEP_EXIT()

struct outcome {
    skep_code code;
    uint64_t result, pc, address;
};

static struct outcome in_engine(struct rig *rig, bool jit, const skep_slot *code, size_t size)
{
    skep_error err;
    struct outcome o = {0};
    rig->jit = jit;
    memset(&err, 0, sizeof err);
    o.code = rig_exec(rig, code, size, &o.result, &err);
    if (o.code) {
        o.result = 0;
        o.pc = err.pc;
    }
    return o;
}

static void comes_to(struct rig *rig, struct outcome wanted, const skep_slot *code, size_t size)
{
    for (int jit = 0; jit < 2; jit++) {
        struct outcome o = in_engine(rig, jit, code, size);
        if (o.code != wanted.code || o.result != wanted.result || o.pc != wanted.pc)
            fail_msg("%s: code %d result 0x%llx pc %llu, not %d 0x%llx %llu", jit ? "machine code" : "interpreter", (int)o.code,
                     (unsigned long long)o.result, (unsigned long long)o.pc, (int)wanted.code, (unsigned long long)wanted.result,
                     (unsigned long long)wanted.pc);
    }
}
#define GIVES(value, ...) comes_to(rig, (struct outcome){.result = (uint64_t)(value)}, SLOTS(__VA_ARGS__))
#define FAULTS(where, ...) comes_to(rig, (struct outcome){.code = SKEP_ERR_ACCESS, .pc = (where)}, SLOTS(__VA_ARGS__))

enum { ARRAY, PERCPU, ODD, READ_ONLY, WRITE_ONLY, HASH, QUEUE, ONE };

static struct rig *begin(void)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, 0);
    rig_map(rig, SKEP_MAP_PERCPU_ARRAY, 4, 8, 4, 0);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 21, 3, 0); /* 24 bytes apart */
    rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, SKEP_MAP_RDONLY_PROG);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 8, 4, SKEP_MAP_WRONLY_PROG);
    rig_map(rig, SKEP_MAP_HASH, 4, 12, 4, 0);
    rig_map(rig, SKEP_MAP_QUEUE, 0, 8, 2, 0);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 16, 1, 0);
    for (uint32_t key = 0; key < 4; key++) {
        const uint64_t value[2] = {0x100 + key, 0};
        if (key != 3)
            assert_int_equal(skep_map_update(rig->maps[HASH], &key, value, SKEP_ANY), 0);
        assert_int_equal(skep_map_update(rig->maps[ARRAY], &key, value, SKEP_ANY), 0);
        assert_int_equal(skep_map_update(rig->maps[READ_ONLY], &key, value, SKEP_ANY), 0);
    }
    return rig;
}

#define TEST(name)                                                                                                     \
    static void name##_in(struct rig *rig);                                                                            \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        {                                                                   \
            struct rig *rig = begin();                                                                                 \
            name##_in(rig);                                                                                            \
            rig_free(rig);                                                                                             \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_in(struct rig *rig)

TEST(test_lookups)
{
    for (int key = 0; key < 3; key++) {
        GIVES(0x100 + key, LOOKUP(ARRAY, key), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
        GIVES(0x100 + key, LOOKUP(HASH, key), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
        GIVES(0x100 + key, LOOKUP(ARRAY, key), FOUND, SKEP_LDXDW(0, 0, 0), SKEP_EXIT());
        GIVES(0, LOOKUP(PERCPU, key), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
        GIVES(9, LOOKUP(ODD, key), IF_FOUND(3), SKEP_STB(0, 20, 9), SKEP_LDXB(0, 0, 20), SKEP_EXIT(), OTHERWISE);
    }
    GIVES(77, LOOKUP(ARRAY, 4), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    GIVES(77, LOOKUP(ARRAY, -1), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    GIVES(77, LOOKUP(ARRAY, INT32_MIN), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    GIVES(77, LOOKUP(PERCPU, 4), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    GIVES(77, LOOKUP(ODD, 3), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    GIVES(77, LOOKUP(HASH, 3), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    GIVES(0, LOOKUP(ARRAY, 4), SKEP_EXIT());
    /* Arguments are 0 behind a call, however it is made. */
    GIVES(0, LOOKUP(ARRAY, 1), SKEP_MOV64_REG(0, 1), SKEP_ADD64_REG(0, 2), SKEP_EXIT());
    /* Different values of an array are apart by its values' size, rounded up. */
    GIVES(48, LOOKUP(ODD, 2), SKEP_MOV64_REG(6, 0), LOOKUP(ODD, 0), SKEP_SUB64_REG(6, 0), SKEP_MOV64_REG(0, 6), SKEP_EXIT());
}

TEST(test_bounds)
{
    enum { ACCESS = LOOKUP_PC + 2 };
    /* An array's values end at a multiple of eight bytes, a table's where they end. */
    GIVES(0, LOOKUP(ODD, 2), IF_FOUND(2), SKEP_LDXB(0, 0, 23), SKEP_EXIT(), OTHERWISE);
    GIVES(0, LOOKUP(ODD, 1), IF_FOUND(2), SKEP_LDXDW(0, 0, 16), SKEP_EXIT(), OTHERWISE);
    GIVES(0, LOOKUP(ODD, 1), IF_FOUND(2), SKEP_LDXB(0, 0, 24), SKEP_EXIT(), OTHERWISE); /* the next value */
    FAULTS(ACCESS, LOOKUP(ODD, 2), IF_FOUND(2), SKEP_LDXB(0, 0, 24), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS, LOOKUP(ODD, 1), IF_FOUND(2), SKEP_LDXW(0, 0, 21), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS, LOOKUP(ODD, 1), IF_FOUND(2), SKEP_LDXDW(0, 0, -4), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS, LOOKUP(ODD, 0), IF_FOUND(2), SKEP_LDXB(0, 0, -1), SKEP_EXIT(), OTHERWISE);
    GIVES(0, LOOKUP(HASH, 2), IF_FOUND(2), SKEP_LDXW(0, 0, 8), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS, LOOKUP(HASH, 2), IF_FOUND(2), SKEP_LDXDW(0, 0, 8), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS, LOOKUP(HASH, 2), IF_FOUND(2), SKEP_LDXB(0, 0, 12), SKEP_EXIT(), OTHERWISE);
    /* A pointer into the value. */
    GIVES(0, LOOKUP(ODD, 2), IF_FOUND(3), SKEP_ADD64_IMM(0, 20), SKEP_LDXW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS + 1, LOOKUP(ODD, 2), IF_FOUND(3), SKEP_ADD64_IMM(0, 20), SKEP_LDXW(0, 0, 4), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS + 1, LOOKUP(ODD, 1), IF_FOUND(3), SKEP_ADD64_IMM(0, 30000), SKEP_LDXB(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    /* Moved ahead of the test: the value itself is what is tested. */
    GIVES(0, LOOKUP(ODD, 2), SKEP_MOV64_REG(6, 0), SKEP_ADD64_IMM(6, 16), IF_FOUND(2), SKEP_LDXDW(0, 6, 0), SKEP_EXIT(), OTHERWISE);
    FAULTS(LOOKUP_PC + 3, LOOKUP(ARRAY, 9), SKEP_ADD64_IMM(0, 8), IF_FOUND(1), SKEP_LDXDW(0, 0, -8), SKEP_EXIT());
}

TEST(test_null)
{
    FAULTS(LOOKUP_PC + 1, LOOKUP(ARRAY, 4), SKEP_LDXDW(0, 0, 0), SKEP_EXIT());
    FAULTS(LOOKUP_PC + 1, LOOKUP(HASH, 3), SKEP_LDXDW(0, 0, 0), SKEP_EXIT());
    FAULTS(LOOKUP_PC + 2, LOOKUP(ARRAY, 4), SKEP_JNE_IMM(0, 0, 1), SKEP_STDW(0, 0, 1), SKEP_MOV64_IMM(0, 0), SKEP_EXIT());
    /* A test of the lower half, or of another lookup's result, tells nothing. */
    FAULTS(LOOKUP_PC + 2, LOOKUP(ARRAY, 4), SKEP_JNE32_IMM(0, 0, 1), SKEP_LDXDW(0, 0, 0), SKEP_EXIT());
    FAULTS(15, LOOKUP(ARRAY, 4), SKEP_MOV64_REG(6, 0), SKEP_JA(0), LOOKUP(ARRAY, 0), IF_FOUND(1), SKEP_LDXDW(0, 6, 0), SKEP_EXIT());
    FAULTS(15, LOOKUP(ARRAY, 4), SKEP_MOV64_REG(6, 0), SKEP_MOV64_IMM(7, 0), LOOKUP(ARRAY, 0), IF_FOUND(1), SKEP_LDXDW(0, 6, 0),
           SKEP_EXIT());
}

TEST(test_permissions)
{
    enum { ACCESS = LOOKUP_PC + 2 };
    GIVES(0x102, LOOKUP(READ_ONLY, 2), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS, LOOKUP(READ_ONLY, 2), IF_FOUND(2), SKEP_STDW(0, 0, 1), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS + 1, LOOKUP(READ_ONLY, 2), IF_FOUND(3), SKEP_LDXDW(1, 0, 0), SKEP_STXDW(0, 0, 1), SKEP_EXIT(), OTHERWISE);
    GIVES(7, LOOKUP(WRITE_ONLY, 2), IF_FOUND(3), SKEP_STDW(0, 0, 1), SKEP_MOV64_IMM(0, 7), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS, LOOKUP(WRITE_ONLY, 2), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    FAULTS(ACCESS + 1, LOOKUP(WRITE_ONLY, 2), IF_FOUND(3), SKEP_STDW(0, 0, 1), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    /* Globals. */
    GIVES(5, SKEP_LDDW_MAP_IDX_VALUE(1, ONE, 8), SKEP_STDW(1, 0, 5), SKEP_LDXDW(0, 1, 0), SKEP_EXIT());
    FAULTS(2, SKEP_LDDW_MAP_IDX_VALUE(1, ONE, 8), SKEP_LDXDW(0, 1, 1), SKEP_EXIT());
    FAULTS(2, SKEP_LDDW_MAP_IDX_VALUE(1, ONE, 8), SKEP_LDXDW(0, 1, -9), SKEP_EXIT());
    GIVES(5, SKEP_LDDW_MAP_IDX_VALUE(1, ONE, 0), SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_LDXDW(0, 1, 8), SKEP_LDXDW(2, 1, 0), SKEP_EXIT());
    FAULTS(6, SKEP_LDDW_MAP_IDX_VALUE(1, ONE, 0), SKEP_CALL_LOCAL(1), SKEP_EXIT(), SKEP_LDXDW(0, 1, 8), SKEP_ADD64_IMM(1, 8),
           SKEP_LDXDW(2, 1, 8), SKEP_EXIT());
}

TEST(test_hostile_keys)
{
#define KEYED(place, id, ...) __VA_ARGS__, SKEP_LDDW(1, MAP_HANDLE(place)), SKEP_CALL(id), SKEP_EXIT()
    FAULTS(5, KEYED(ARRAY, 1, SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -3), SKEP_STW(10, -4, 0)));
    FAULTS(4, KEYED(ARRAY, 1, SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, 0)));
    FAULTS(4, KEYED(ARRAY, 1, SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -513)));
    FAULTS(4, KEYED(ARRAY, 1, SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, 0x7ffffff0)));
    FAULTS(3, KEYED(ARRAY, 1, SKEP_MOV64_IMM(2, 0)));
    FAULTS(3, KEYED(HASH, 1, SKEP_MOV64_IMM(2, 0)));
    FAULTS(3, KEYED(HASH, 3, SKEP_MOV64_IMM(2, 16)));
    FAULTS(5, KEYED(HASH, 2, SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -4), SKEP_MOV64_REG(3, 2)));
    FAULTS(4, KEYED(QUEUE, 88, SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -7)));
    /* Never written: zero. And far down, where frames are not zeroed before somebody looks. */
    GIVES(0, SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -500), SKEP_LDDW(1, MAP_HANDLE(ARRAY)), SKEP_CALL(1), SKEP_JEQ_IMM(0, 0, 2),
          SKEP_MOV64_IMM(0, 0), SKEP_EXIT(), OTHERWISE);
    GIVES(0x102, SKEP_STDW(1, 0, 2), SKEP_MOV64_REG(2, 1), SKEP_LDDW(1, MAP_HANDLE(ARRAY)), SKEP_CALL(1), IF_FOUND(2),
          SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    /* Through a copy, and from a called function's own frame. */
    GIVES(0x101, SKEP_CALL_LOCAL(1), SKEP_EXIT(), LOOKUP(ARRAY, 1), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
}

TEST(test_changes)
{
#define AT_8(place, id, flags)                                                                                         \
    SKEP_STW(10, -4, 3), SKEP_STDW(10, -24, 0x42), SKEP_STDW(10, -16, 0), SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -4),  \
        SKEP_MOV64_REG(3, 10), SKEP_ADD64_IMM(3, -24), SKEP_MOV64_IMM(4, flags), SKEP_LDDW(1, MAP_HANDLE(place)), SKEP_CALL(id), SKEP_EXIT()
    GIVES(ERRNO(SKEP_ENOENT), AT_8(HASH, 2, SKEP_EXIST));
    GIVES(ERRNO(SKEP_ENOENT), AT_8(HASH, 3, 0));
    for (int i = 0; i < 2; i++) {
        GIVES(ERRNO(SKEP_EEXIST), AT_8(ARRAY, 2, SKEP_NOEXIST));
        GIVES(0, AT_8(ARRAY, 2, SKEP_ANY));
        GIVES(ERRNO(SKEP_EINVAL), AT_8(ARRAY, 3, 0));
        GIVES(ERRNO(SKEP_EINVAL), AT_8(ARRAY, 2, SKEP_F_LOCK));
    }
    GIVES(0x42, LOOKUP(ARRAY, 3), IF_FOUND(2), SKEP_LDXDW(0, 0, 0), SKEP_EXIT(), OTHERWISE);
    comes_to(rig, (struct outcome){.code = SKEP_ERR_HELPER, .pc = 10}, SLOTS(AT_8(READ_ONLY, 2, 0)));
    comes_to(rig, (struct outcome){.code = SKEP_ERR_HELPER, .pc = 10}, SLOTS(AT_8(QUEUE, 1, 0)));
    /* Push and pop, each with its own engine's. */
    GIVES(0x42, SKEP_STDW(10, -8, 0x42), SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -8), SKEP_MOV64_IMM(3, 0),
          SKEP_LDDW(1, MAP_HANDLE(QUEUE)), SKEP_CALL(87), SKEP_MOV64_REG(6, 0), SKEP_STDW(10, -8, 0), SKEP_MOV64_REG(2, 10),
          SKEP_ADD64_IMM(2, -8), SKEP_LDDW(1, MAP_HANDLE(QUEUE)), SKEP_CALL(88), SKEP_ADD64_REG(0, 6), SKEP_LDXDW(1, 10, -8),
          SKEP_ADD64_REG(0, 1), SKEP_EXIT());
    GIVES(ERRNO(SKEP_ENOENT), SKEP_MOV64_REG(2, 10), SKEP_ADD64_IMM(2, -8), SKEP_LDDW(1, MAP_HANDLE(QUEUE)), SKEP_CALL(89), SKEP_EXIT());
}

static uint64_t own(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return r1 + 1;
}

/* Who replaced the lookup gets the calls, also when machine code was made before. */
static void test_replaced(void **state)
{
    (void)state;
    struct rig *rig = begin();
    const skep_slot code[] = {LOOKUP(ARRAY, 1), SKEP_EXIT()};
    skep_vm_options options = {.size = sizeof options, .kind = SKEP_RAW, .code = code, .code_size = sizeof code, .maps = rig->maps,
                               .map_count = rig->map_count, .linux_helpers = true};
    skep_vm *vm = make_with(&options);
    uint64_t result = 0;
    ACCEPTED(skep_vm_jit_compile(vm, NULL, &err));
    ACCEPTED(skep_vm_exec_jit(vm, EXEC(.mem = rig->data, .mem_size = 8), &result, &err));
    assert_true(result > MAP_HANDLE(100));
    ACCEPTED(skep_vm_register_fn(vm, 1, own, NULL, &err));
    ACCEPTED(skep_vm_jit_compile(vm, NULL, &err));
    ACCEPTED(skep_vm_exec_jit(vm, EXEC(.mem = rig->data, .mem_size = 8), &result, &err));
    assert_int_equal(result, MAP_HANDLE(ARRAY) + 1);
    skep_vm_free(vm);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookups),      cmocka_unit_test(test_bounds),  cmocka_unit_test(test_null), cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_hostile_keys), cmocka_unit_test(test_changes), cmocka_unit_test(test_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
