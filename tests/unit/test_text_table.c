/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every row of the table with operands at the ends of their ranges: written in either dialect and read back, the
 * bytes are the same. The bytes are sk_encode's: that they are right is test_asm's and tests/llvm's matter.
 */
#include "text_tools.h"

static void round_trip(const struct sk_insn *insn, skep_dialect dialect, skep_byte_order order)
{
    uint8_t bytes[16];
    char text[SK_INSN_TEXT_SIZE + 1];
    void *code;
    size_t size;
    skep_error err;
    size_t wanted = sk_encode(insn, order, bytes) * 8;
    size_t length = sk_insn_text(insn, dialect, text, sizeof text);
    assert_int_equal(length, strlen(text));
    assert_true(length < SK_INSN_TEXT_SIZE);
    if (skep_assemble(text, length, TEXT_OPTIONS(dialect, order), &code, &size, &err))
        fail_msg("%s: '%s': %s", row_ids[insn->op], text, err.message);
    if (size != wanted || memcmp(code, bytes, size) != 0) {
        char got[64], want[64];
        to_hex(code, size < 16 ? size : 16, got);
        to_hex(bytes, wanted, want);
        fail_msg("%s: '%s': %s, not %s", row_ids[insn->op], text, got, want);
    }
    char *whole;
    assert_int_equal(skep_disassemble(code, size, TEXT_OPTIONS(dialect, order), &whole, &size, &err), SKEP_OK);
    assert_int_equal(size, length + 1);
    assert_memory_equal(whole, text, length);
    assert_int_equal(whole[length], '\n');
    skep_free(NULL, whole);
    skep_free(NULL, code);
}

static void test_every_row(void **state)
{
    (void)state;
    for (unsigned op = 0; op < SK_OP_COUNT; op++)
        for (unsigned k = 0; k < SAMPLES; k++) {
            struct sk_insn insn = sample(op, k);
            round_trip(&insn, SKEP_MNEMONIC, SKEP_LITTLE_ENDIAN);
            round_trip(&insn, SKEP_KERNEL, SKEP_LITTLE_ENDIAN);
            round_trip(&insn, SKEP_MNEMONIC, SKEP_BIG_ENDIAN);
            round_trip(&insn, SKEP_KERNEL, SKEP_BIG_ENDIAN);
        }
}

/* Registers that bytes can hold, though no program may use them: a listing of such bytes assembles, too. */
static void test_registers_beyond_r10(void **state)
{
    (void)state;
    struct sk_insn insn = {.op = SK_OP_MOV64_REG, .dst = 11, .src = 15};
    round_trip(&insn, SKEP_MNEMONIC, SKEP_LITTLE_ENDIAN);
    round_trip(&insn, SKEP_KERNEL, SKEP_LITTLE_ENDIAN);
}

/* No two rows are written the same way: the operands of one row with the text of another must not be possible. */
static void test_distinct(void **state)
{
    (void)state;
    char texts[SK_OP_COUNT][SK_INSN_TEXT_SIZE];
    for (int dialect = 0; dialect < 2; dialect++)
        for (unsigned op = 0; op < SK_OP_COUNT; op++) {
            struct sk_insn insn = sample(op, 5);
            sk_insn_text(&insn, (skep_dialect)dialect, texts[op], sizeof texts[op]);
            for (unsigned other = 0; other < op; other++)
                assert_string_not_equal(texts[op], texts[other]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_registers_beyond_r10),
        cmocka_unit_test(test_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
