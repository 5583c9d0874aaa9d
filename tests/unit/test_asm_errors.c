/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Texts that do not assemble: where the error is said to be, and words that its message must hold. */
#include "text_tools.h"

#define M SKEP_MNEMONIC
#define K SKEP_KERNEL

static void fails_sized(skep_dialect dialect, const char *given, size_t size, unsigned line, unsigned column,
                        const char *part)
{
    /* A copy that ends where the text does, so that a sanitizer sees a step beyond. */
    char *text = malloc(size ? size : 1);
    assert_non_null(text);
    memcpy(text, given, size);
    void *code = NULL;
    size_t code_size = 77;
    skep_error err;
    skep_code result = skep_assemble(text, size, TEXT_OPTIONS(dialect, SKEP_LITTLE_ENDIAN), &code, &code_size, &err);
    if (result != SKEP_ERR_SYNTAX)
        fail_msg("'%.60s': code %d", given, (int)result);
    if (err.line != line || err.column != column || !strstr(err.message, part))
        fail_msg("'%.60s': %u:%u: %s", given, err.line, err.column, err.message);
    assert_int_equal(err.code, SKEP_ERR_SYNTAX);
    assert_true(err.pc == SKEP_NO_PC);
    assert_null(code);
    assert_int_equal(code_size, 77);
    assert_int_equal(skep_assemble(text, size, TEXT_OPTIONS(dialect, SKEP_LITTLE_ENDIAN), &code, &code_size, NULL),
                     SKEP_ERR_SYNTAX);
    free(text);
}

static void fails(skep_dialect dialect, const char *text, unsigned line, unsigned column, const char *part)
{
    fails_sized(dialect, text, strlen(text), line, column, part);
}

static void test_unknown(void **state)
{
    (void)state;
    fails(M, "ad64 r1, 5", 1, 1, "did you mean 'add64'");
    fails(M, "exit\n  ldwx r1, [r2]", 2, 3, "did you mean 'ldxw'");
    fails(M, "frobnicate r1", 1, 1, "no instruction 'frobnicate'");
    fails(M, "add63 r1, 5", 1, 1, "did you mean 'add64'");
    fails(K, "gogo +5", 1, 1, "did you mean 'goto'");
    fails(K, "mov64 r1, 5", 1, 1, "no instruction 'mov64'");
    fails(M, ", r1", 1, 1, "expected an instruction or a label");
    fails(M, "r1 = 5", 1, 1, "expected an instruction or a label");
    fails(M, "exitt", 1, 1, "'exit'");
}

static void test_operands(void **state)
{
    (void)state;
    fails(M, "add64 r1", 1, 9, "found the end of the text, expected ','");
    fails(M, "add64 r1\nexit", 1, 9, "found the end of the line, expected ','");
    fails(M, "add64", 1, 6, "expected a register");
    fails(M, "add64 r1, [r2]", 1, 11, "expected a number or a register");
    fails(M, "add64 r1, r2, r3", 1, 13, "the end of the instruction");
    fails(M, "add64 5, r1", 1, 7, "found '5', expected a register");
    fails(M, "ldxw r1, r2", 1, 10, "expected '['");
    fails(M, "ldxw r1, [5]", 1, 11, "expected a register");
    fails(M, "ldxw r1, [r2+r3]", 1, 14, "expected a number");
    fails(M, "ldxw r1, [r2*4]", 1, 13, "offset");
    fails(M, "ldxw r1, [r2+4", 1, 15, "expected ']'");
    fails(M, "exit 5", 1, 6, "found '5'");
    fails(M, "lock mov [r1], r2", 1, 6, "found 'mov'");
    fails(M, "call local, 5", 1, 11, "a label or a distance");
    fails(M, "mov r1, %5", 1, 9, "found '%'");
    fails(M, "mov r1, %x", 1, 9, "is not a register");
    fails(K, "r1 += w2", 1, 7, "found 'w2', expected a number or a register r0 to r10");
    fails(K, "w1 += r2", 1, 7, "w0 to w10");
    fails(K, "r1 =", 1, 5, "expected");
    fails(K, "r1 ** r2", 1, 4, "found '*', expected '+='");
    fails(K, "r1 = -r2", 1, 7, "must be r1 as before");
    fails(K, "r1 = be16 r2", 1, 11, "must be r1 as before");
    fails(K, "r2 = atomic_fetch_add((u64 *)(r1 + 8), r3)", 1, 40, "must be r2 as before");
    fails(K, "if r1 == 5 got +3", 1, 12, "found 'got', expected 'goto'");
    fails(K, "r1 = *(u128 *)(r2 + 0)", 1, 8, "found 'u128', expected 'u32'");
    fails(K, "r1 = 5 6", 1, 8, "found '6'");
    fails(K, "r1 = w2; exit", 1, 6, "found 'w2'");
    fails(K, "r1 =; exit", 1, 5, "end of the instruction");
}

static void test_ranges(void **state)
{
    (void)state;
    fails(M, "mov r16, 1", 1, 5, "no register r16");
    fails(M, "mov r1, r99999999999999999999", 1, 9, "no register");
    fails(K, "w16 = 1", 1, 1, "no register w16");
    fails(M, "mov r1, 0x100000000", 1, 9, "does not fit into 32 bits");
    fails(M, "mov r1, -2147483649", 1, 9, "does not fit into 32 bits");
    fails(M, "mov r1, 0xffffffff7fffffff", 1, 9, "does not fit into 32 bits");
    fails(M, "lddw r1, 18446744073709551616", 1, 10, "does not fit into 64 bits");
    fails(M, "lddw r1, -9223372036854775809", 1, 10, "does not fit into 64 bits");
    fails(M, "ldxw r1, [r2+32768]", 1, 13, "does not fit into 16 bits");
    fails(M, "ldxw r1, [r2-32769]", 1, 13, "does not fit into 16 bits");
    fails(M, "ja 32768", 1, 4, "does not fit into 16 bits");
    fails(M, "ja -32769", 1, 4, "does not fit into 16 bits");
    fails(M, "ja32 0x100000000", 1, 6, "does not fit into 32 bits");
    fails(K, "call foo#99999999999", 1, 6, "32-bit number");
    fails(K, "r1 = 18446744073709551615 + 1", 1, 27, "64 bits");
    fails(M, "mov r1, 0x", 1, 9, "is not a number");
    fails(M, "mov r1, 12ab", 1, 9, "is not a number");
    fails(M, "mov r1, 0xfg", 1, 9, "is not a number");
    fails(K, "r1 = 08", 1, 6, "is not a number");
}

static void test_labels(void **state)
{
    (void)state;
    fails(M, "ja nowhere", 1, 4, "label nowhere is not defined");
    fails(M, "jeq r1, 5, nowhere\nexit", 1, 12, "nowhere");
    fails(M, "a: exit\n  a: exit", 2, 3, "already defined in line 1");
    fails(M, "r1: exit", 1, 1, "cannot be a label");
    fails(M, "ja 1b\n1: exit", 1, 4, "no label 1");
    fails(M, "1: exit\nja 1f", 2, 4, "label 1 is not defined");
    fails(M, "ja exit", 1, 4, "label exit is not defined");
    fails(K, "goto nowhere", 1, 6, "nowhere");
    fails(K, "call pc+", 1, 9, "expected a number");
    fails(M, "x : y : ja z", 1, 12, "label z is not defined");

    /* A jump over 40,000 slots. */
    enum { LINES = 40000 };
    static char text[LINES * 5 + 64];
    char *p = text + sprintf(text, "\n ja end\n");
    for (int i = 0; i < LINES; i++, p += 5)
        memcpy(p, "exit\n", 5);
    strcpy(p, "end: exit");
    fails(M, text, 2, 5, "40000 slots away");
}

static void test_bytes(void **state)
{
    (void)state;
    fails_sized(M, "exit\n\0exit", 10, 2, 1, "0x00");
    fails(M, "exit \xc3\xa9", 1, 6, "0xc3");
    fails(M, "mov r1, \x7f", 1, 9, "0x7f");
    fails(M, "\xff\xfe", 1, 1, "0xff");
    fails(M, "exit @", 1, 6, "found '@'");
    fails(M, "exit\n /* open\n\n", 2, 2, "comment that has no end");
    fails(M, "/*/", 1, 1, "comment that has no end");
    fails(K, "/* a\n*/ foo", 2, 4, "foo");
    fails(M, "/* a\nb */ exit\nfoo", 3, 1, "foo");
    fails(K, "goto +3 <.text", 1, 9, "found '<'");
}

/* Lengths that no instruction has. */
static void test_long(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, 'a', SIZE);
    fails_sized(M, text, SIZE, 1, 1, "no instruction 'aaaa");
    fails_sized(K, text, SIZE, 1, 1, "no instruction 'aaaa");
    memset(text, '1', SIZE);
    fails_sized(M, text, SIZE, 1, 1, "64 bits");
    memset(text, '-', SIZE);
    memcpy(text, "mov r1, ", 8);
    fails_sized(M, text, SIZE, 1, 45, "too long");
    for (size_t i = 8; i < SIZE; i++)
        text[i] = i % 2 ? '+' : '1';
    fails_sized(M, text, SIZE, 1, 45, "too long");
    memset(text, ' ', SIZE);
    text[SIZE - 1] = '?';
    fails_sized(M, text, SIZE, 1, SIZE, "found '?'");
    memset(text, '\n', SIZE);
    text[SIZE - 1] = '?';
    fails_sized(K, text, SIZE, SIZE, 1, "found '?'");
    memset(text, '(', SIZE);
    fails_sized(K, text, SIZE, 1, 1, "found '('");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_operands), cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_labels),  cmocka_unit_test(test_bytes),    cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
