/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The builder and the macros for static arrays. Bytes are written by hand from RFC 9669. */
#include "text_tools.h"

static const char six[] = "07 01 00 00 05 06 00 00  b7 02 00 00 32 00 00 00  bf 01 00 00 00 00 00 00"
                          "dc 00 00 00 10 00 00 00  87 02 00 00 00 00 00 00  95 00 00 00 00 00 00 00";

static skep_builder *new_builder(void)
{
    skep_builder *b = NULL;
    assert_int_equal(skep_builder_create(NULL, &b, NULL), SKEP_OK);
    assert_non_null(b);
    return b;
}

static void finishes(skep_builder *b, const char *hex)
{
    void *code;
    size_t size;
    uint8_t want[256];
    size_t wanted = from_hex(hex, want);
    skep_error err;
    if (skep_builder_finish(b, SKEP_LITTLE_ENDIAN, &code, &size, &err))
        fail_msg("%s", err.message);
    assert_int_equal(size, wanted);
    assert_memory_equal(code, want, size);
    skep_free(NULL, code);
}

static void fails(skep_builder *b, const char *part)
{
    void *code = NULL;
    size_t size = 77;
    skep_error err;
    assert_int_equal(skep_builder_finish(b, SKEP_LITTLE_ENDIAN, &code, &size, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(err.code, SKEP_ERR_ARGUMENT);
    if (!strstr(err.message, part))
        fail_msg("'%s' lacks '%s'", err.message, part);
    assert_null(code);
    assert_int_equal(size, 77);
    /* The builder is empty again. */
    skep_emit(b, SKEP_EXIT());
    finishes(b, "95 00 00 00 00 00 00 00");
}

static void test_six(void **state)
{
    (void)state;
    static const skep_slot program[] = {SKEP_ADD64_IMM(SKEP_R1, 0x605), SKEP_MOV64_IMM(SKEP_R2, 0x32),
                                        SKEP_MOV64_REG(SKEP_R1, SKEP_R0), SKEP_BE16(SKEP_R0), SKEP_NEG64(SKEP_R2),
                                        SKEP_EXIT()};
    uint8_t want[64];
    size_t size = from_hex(six, want);
    assert_int_equal(sizeof program, size);
    assert_memory_equal(program, want, size);

    skep_builder *b = new_builder();
    skep_emit(b, SKEP_ADD64_IMM(SKEP_R1, 0x605));
    skep_emit(b, SKEP_MOV64_IMM(SKEP_R2, 0x32));
    skep_emit(b, SKEP_MOV64_REG(SKEP_R1, SKEP_R0));
    skep_emit(b, SKEP_BE16(SKEP_R0));
    skep_emit(b, SKEP_NEG64(SKEP_R2));
    skep_emit(b, SKEP_EXIT());
    finishes(b, six);

    /* Calls nest, and take several instructions. */
    skep_emit(skep_emit(b, SKEP_ADD64_IMM(SKEP_R1, 0x605), SKEP_MOV64_IMM(SKEP_R2, 0x32)),
              SKEP_MOV64_REG(SKEP_R1, SKEP_R0), SKEP_BE16(SKEP_R0), SKEP_NEG64(SKEP_R2), SKEP_EXIT());
    finishes(b, six);
    skep_builder_free(b);
}

/* One macro of each kind; the generated header is compared with the table elsewhere. */
static void test_macros(void **state)
{
    (void)state;
    static const skep_slot wide[] = {SKEP_LDDW(SKEP_R1, 0x1122334455667788), SKEP_LDDW_MAP_VALUE(SKEP_R1, -1, 16),
                                     SKEP_JEQ_IMM(SKEP_R1, -5, -3), SKEP_ATOMIC_CMPXCHG64(SKEP_R10, -8, SKEP_R2),
                                     SKEP_LDXW(SKEP_R1, SKEP_R2, 8), SKEP_SDIV64_REG(SKEP_R1, SKEP_R2)};
    uint8_t want[64];
    size_t size = from_hex("18 01 00 00 88 77 66 55 00 00 00 00 44 33 22 11"
                           "18 21 00 00 ff ff ff ff 00 00 00 00 10 00 00 00"
                           "15 01 fd ff fb ff ff ff  db 2a f8 ff f1 00 00 00  61 21 08 00 00 00 00 00"
                           "3f 21 01 00 00 00 00 00",
                           want);
    assert_int_equal(sizeof wide, size);
    assert_memory_equal(wide, want, size);
}

static void test_labels(void **state)
{
    (void)state;
    skep_builder *b = new_builder();
    skep_emit(b, SKEP_MOV64_IMM(SKEP_R0, 0), SKEP_LDXB(SKEP_R2, SKEP_R1, 12));
    skep_emit_to(b, "drop", SKEP_JNE_IMM(SKEP_R2, 8, 0));
    skep_emit(b, SKEP_LDDW(SKEP_R0, 1));
    skep_label(b, "again");
    skep_emit(b, SKEP_EXIT());
    skep_label(skep_label(b, "drop"), "drop too");
    skep_emit_to(b, "again", SKEP_MOV64_IMM(SKEP_R0, 2), SKEP_JA(99)); /* the last of the two is the jump */
    skep_emit_to(b, "drop too", SKEP_JA32(0));
    finishes(b, "b7 00 00 00 00 00 00 00  71 12 0c 00 00 00 00 00  55 02 03 00 08 00 00 00"
                "18 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00  95 00 00 00 00 00 00 00"
                "b7 00 00 00 02 00 00 00  05 00 fd ff 00 00 00 00  06 00 00 00 fd ff ff ff");
    skep_emit_to(b, "f", SKEP_CALL_LOCAL(0));
    skep_emit_to(b, "f", SKEP_LDDW_FUNC(SKEP_R1, 0));
    skep_emit(b, SKEP_EXIT());
    skep_label(b, "f");
    skep_emit_to(b, "f", SKEP_MAY_GOTO(0));
    finishes(b, "85 10 00 00 03 00 00 00  18 41 00 00 02 00 00 00 00 00 00 00 00 00 00 00"
                "95 00 00 00 00 00 00 00  e5 00 ff ff 00 00 00 00");
    skep_builder_free(b);
}

static void test_big_endian(void **state)
{
    (void)state;
    skep_builder *b = new_builder();
    void *code;
    size_t size;
    uint8_t want[64];
    size_t wanted = from_hex("15 10 00 02 00 00 06 05 18 30 00 00 55 66 77 88 00 00 00 00 11 22 33 44", want);
    skep_emit_to(b, "end", SKEP_JEQ_IMM(SKEP_R1, 0x605, 0));
    skep_label(b, "middle");
    skep_emit(b, SKEP_LDDW(SKEP_R3, 0x1122334455667788));
    skep_label(b, "end");
    assert_int_equal(skep_builder_finish(b, SKEP_BIG_ENDIAN, &code, &size, NULL), SKEP_OK);
    assert_int_equal(size, wanted);
    assert_memory_equal(code, want, size);
    skep_free(NULL, code);
    skep_builder_free(b);
}

static void test_failures(void **state)
{
    (void)state;
    skep_builder *b = new_builder();
    finishes(b, "");
    skep_emit_to(b, "nowhere", SKEP_JA(0));
    fails(b, "label nowhere is not defined");
    skep_label(b, "a");
    skep_label(b, "a");
    skep_emit_to(b, "nowhere", SKEP_JA(0)); /* the first failure counts */
    fails(b, "label a is defined twice");
    skep_label(b, "");
    fails(b, "a label needs a name");
    skep_label(b, NULL);
    fails(b, "a label needs a name");
    skep_builder_emit(b, NULL, 3);
    fails(b, "no slots");
    skep_builder_emit_to(b, "a", NULL, 0);
    fails(b, "no instruction");
    skep_label(b, "a");
    skep_emit_to(b, "a", SKEP_MOV64_IMM(SKEP_R1, 0));
    fails(b, "has no target");
    skep_label(b, "a");
    skep_emit_to(b, "a", SKEP_CALL(1)); /* a helper, not a function */
    fails(b, "has no target");
    skep_emit_to(b, "far", SKEP_JA(0));
    for (int i = 0; i < 32768; i++)
        skep_emit(b, SKEP_EXIT());
    skep_label(b, "far");
    fails(b, "32768 slots away");
    skep_emit_to(b, "near", SKEP_JA(0));
    for (int i = 0; i < 32767; i++)
        skep_emit(b, SKEP_EXIT());
    skep_label(b, "near");
    void *code;
    size_t size;
    assert_int_equal(skep_builder_finish(b, SKEP_LITTLE_ENDIAN, &code, &size, NULL), SKEP_OK);
    assert_int_equal(((uint8_t *)code)[2], 0xff);
    assert_int_equal(((uint8_t *)code)[3], 0x7f);
    skep_free(NULL, code);

    /* Left behind with contents. */
    skep_emit_to(b, "nowhere", SKEP_JA(0));
    skep_builder_free(b);
    skep_builder_free(NULL);
}

static void test_arguments(void **state)
{
    (void)state;
    void *code;
    size_t size;
    skep_error err;
    skep_hooks hooks = {.size = 1};
    skep_builder *b = NULL;
    assert_int_equal(skep_builder_create(&hooks, &b, &err), SKEP_ERR_ARGUMENT);
    assert_null(b);
    assert_int_equal(skep_builder_create(NULL, NULL, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_builder_finish(NULL, SKEP_LITTLE_ENDIAN, &code, &size, &err), SKEP_ERR_ARGUMENT);
    assert_null(skep_emit(NULL, SKEP_EXIT()));
    assert_null(skep_label(NULL, "a"));
    b = new_builder();
    skep_emit(b, SKEP_EXIT());
    assert_int_equal(skep_builder_finish(b, (skep_byte_order)9, &code, &size, &err), SKEP_ERR_ARGUMENT);
    finishes(b, "95 00 00 00 00 00 00 00"); /* bad arguments change nothing */
    skep_builder_free(b);
}

/* 100,000 labels, each of them jumped to once from before and once from behind. */
static void test_many_labels(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    skep_builder *b = new_builder();
    char name[16];
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "l%d", i);
        skep_emit_to(b, name, SKEP_JA32(0));
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "l%d", i);
        skep_label(b, name);
        skep_emit(b, SKEP_EXIT());
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "l%d", i);
        skep_emit_to(b, name, SKEP_JA32(0));
    }
    void *code;
    size_t size;
    assert_int_equal(skep_builder_finish(b, SKEP_LITTLE_ENDIAN, &code, &size, NULL), SKEP_OK);
    assert_int_equal(size, 3 * COUNT * 8);
    const uint8_t *bytes = code;
    for (int i = 0; i < COUNT; i++) {
        int32_t forward, backward;
        memcpy(&forward, bytes + (size_t)i * 8 + 4, 4);
        memcpy(&backward, bytes + (size_t)(i + 2 * COUNT) * 8 + 4, 4);
        assert_int_equal((int32_t)sk_le32((uint32_t)forward), COUNT - 1);
        assert_int_equal((int32_t)sk_le32((uint32_t)backward), -COUNT - 1);
    }
    skep_free(NULL, code);
    skep_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_six),        cmocka_unit_test(test_macros),    cmocka_unit_test(test_labels),
        cmocka_unit_test(test_big_endian), cmocka_unit_test(test_failures),  cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_many_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
