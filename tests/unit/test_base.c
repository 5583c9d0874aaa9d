/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The base floor: formatter, buffers, options, strings. Expected texts are those of printf where it has the conversion. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/fmt.h"

#define FORMATS(wanted, ...)                                                                                           \
    do {                                                                                                               \
        char out_[128];                                                                                                \
        const size_t n_ = sk_snfmt(out_, sizeof out_, __VA_ARGS__);                                                    \
        assert_string_equal(out_, wanted);                                                                             \
        assert_int_equal(n_, strlen(wanted));                                                                          \
    } while (0)

static void test_conversions(void **state)
{
    (void)state;
    FORMATS("", "");
    FORMATS("plain", "plain");
    FORMATS("100%", "100%%");
    FORMATS("a-b", "%s-%s", "a", "b");
    FORMATS("(null)", "%s", (const char *)NULL);
    FORMATS("xyz", "x%cz", 'y');
    FORMATS("0 -1 2147483647 -2147483648", "%d %d %d %d", 0, -1, INT32_MAX, INT32_MIN);
    FORMATS("0 9223372036854775807 -9223372036854775808", "%D %D %D", (int64_t)0, INT64_MAX, INT64_MIN);
    FORMATS("0 4294967295", "%u %u", 0u, UINT32_MAX);
    FORMATS("0 18446744073709551615", "%U %U", UINT64_C(0), UINT64_MAX);
    FORMATS("0 ffffffff 1a", "%x %x %x", 0u, UINT32_MAX, 26u);
    FORMATS("0 ffffffffffffffff deadbeef", "%X %X %X", UINT64_C(0), UINT64_MAX, UINT64_C(0xdeadbeef));
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%zu", SIZE_MAX);
    FORMATS(wanted, "%z", SIZE_MAX);
}

static void test_flags(void **state)
{
    (void)state;
    FORMATS("0x0 0x1f 0xff", "%#x %#x %#X", 0u, 31u, UINT64_C(255)); /* unlike printf, 0 has its prefix, too */
    FORMATS("+5 -5 +0", "%+d %+d %+D", 5, -5, (int64_t)0);
    FORMATS("    5|5    |00005", "%5d|%-5d|%05d", 5, 5, 5);
    FORMATS("   -5|-5   |-0005", "%5d|%-5d|%05d", -5, -5, -5);
    FORMATS("  +5|+005", "%+4d|%+04d", 5, 5);
    FORMATS("  0xff|0x00ff|0xff  |", "%#6x|%#06x|%#-6x|", 255u, 255u, 255u);
    FORMATS("12345", "%3d", 12345);
    FORMATS("   ab|ab   |", "%5s|%-5s|", "ab", "ab");
    FORMATS("abc|a||abc", "%.*s|%.*s|%.*s|%.*s", 3, "abcdef", 1, "abc", 0, "abc", 9, "abc");
    FORMATS("||", "|%.*s|", -1, "abc");
    FORMATS("  ab|", "%4.*s|", 2, "abcd");
    /* No terminator is looked for beyond what may be printed. */
    const char open[3] = {'x', 'y', 'z'};
    FORMATS("xyz", "%.*s", 3, open);
}

static void test_truncation(void **state)
{
    (void)state;
    char out[16];
    for (size_t size = 0; size <= 10; size++) {
        memset(out, '#', sizeof out);
        assert_int_equal(sk_snfmt(out, size, "%s %d", "hello", 42), 8);
        if (size) {
            const size_t kept = size - 1 < 8 ? size - 1 : 8;
            assert_memory_equal(out, "hello 42", kept);
            assert_int_equal(out[kept], 0);
        }
        assert_int_equal(out[size], '#');
    }
    assert_int_equal(sk_snfmt(NULL, 0, "%s", "hello"), 5);
}

/* ----------------------------------------------------------------------------------------- buffers */

struct heap {
    unsigned calls, fail_at;
    size_t largest;
};

static void *heap_realloc(void *user, void *ptr, size_t size)
{
    struct heap *heap = user;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    if (size > heap->largest)
        heap->largest = size;
    return ++heap->calls == heap->fail_at ? NULL : realloc(ptr, size);
}

static void test_buffer(void **state)
{
    (void)state;
    struct heap heap = {0};
    const skep_hooks hooks = {.size = sizeof hooks, .user = &heap, .realloc = heap_realloc};
    struct sk_buf buf;
    sk_buf_init(&buf, &hooks);
    for (int i = 0; i < 10000; i++) {
        sk_buf_putc(&buf, (char)('a' + i % 26));
        if (i % 100 == 0)
            sk_buf_add(&buf, NULL, 0);
    }
    assert_int_equal(buf.size, 10000);
    assert_true(heap.calls < 20);      /* grows in proportion */
    assert_true(heap.largest < 40000); /* and not wildly */
    sk_buf_puts(&buf, "[puts]");
    sk_buf_fmt(&buf, "[%d]", -3);
    memset(sk_buf_extend(&buf, 5), 'z', 5);
    assert_false(buf.failed);
    size_t size;
    char *text = sk_buf_take(&buf, &size);
    assert_int_equal(size, 10000 + 6 + 4 + 5);
    assert_int_equal(strlen(text), size); /* a zero follows */
    assert_string_equal(text + 10000, "[puts][-3]zzzzz");
    for (int i = 0; i < 10000; i++)
        assert_int_equal(text[i], 'a' + i % 26);
    sk_free(&hooks, text);
    /* Empty again, and usable. */
    assert_int_equal(buf.size, 0);
    text = sk_buf_take(&buf, NULL);
    assert_string_equal(text, "");
    sk_free(&hooks, text);
    sk_buf_free(&buf);
    sk_buf_free(&buf); /* twice does no harm */
}

static void test_buffer_failure(void **state)
{
    (void)state;
    for (unsigned fail_at = 1; fail_at <= 4; fail_at++) {
        struct heap heap = {.fail_at = fail_at};
        const skep_hooks hooks = {.size = sizeof hooks, .user = &heap, .realloc = heap_realloc};
        struct sk_buf buf;
        char wanted[1000] = "";
        sk_buf_init(&buf, &hooks);
        for (int i = 0; i < 50; i++) {
            sk_buf_fmt(&buf, "line number %d\n", i);
            if (!buf.failed)
                memcpy(wanted, buf.data, buf.size);
        }
        assert_true(buf.failed);
        const unsigned calls = heap.calls;
        const size_t size = buf.size;
        assert_null(sk_buf_extend(&buf, 1));
        assert_null(sk_buf_extend(&buf, 0));
        sk_buf_puts(&buf, "more");
        sk_buf_putc(&buf, 'c');
        assert_null(sk_buf_take(&buf, NULL));
        assert_int_equal(heap.calls, calls); /* it does not try again */
        assert_int_equal(buf.size, size);
        if (size)
            assert_memory_equal(buf.data, wanted, strlen(wanted) < size ? strlen(wanted) : size);
        sk_buf_free(&buf);
    }
    /* More than there can be. */
    struct heap heap = {0};
    const skep_hooks hooks = {.size = sizeof hooks, .user = &heap, .realloc = heap_realloc};
    struct sk_buf buf;
    sk_buf_init(&buf, &hooks);
    sk_buf_putc(&buf, 'a');
    assert_null(sk_buf_extend(&buf, SIZE_MAX));
    assert_true(buf.failed);
    assert_int_equal(heap.calls, 1);
    sk_buf_free(&buf);
}

/* ------------------------------------------------------------------------------ memory and options */

static void test_memory(void **state)
{
    (void)state;
    struct heap heap = {0};
    const skep_hooks hooks = {.size = sizeof hooks, .user = &heap, .realloc = heap_realloc}, none = {.size = sizeof none};
    assert_null(sk_alloc_array(&hooks, SIZE_MAX / 4, 8)); /* overflows: the hook is not asked */
    assert_null(sk_alloc_array(&hooks, 2, SIZE_MAX));
    assert_null(sk_alloc(&hooks, 0));
    assert_int_equal(heap.calls, 0);
    uint8_t *p = sk_alloc_array(&hooks, 0, 8); /* not NULL: that would mean failure */
    assert_non_null(p);
    sk_free(&hooks, p);
    p = sk_alloc_array(&hooks, 100, 3);
    for (int i = 0; i < 300; i++)
        assert_int_equal(p[i], 0);
    sk_free(&hooks, p);
    sk_free(&hooks, NULL);
    assert_null(sk_alloc(&none, 8));
    sk_free(&none, &heap); /* nobody to give it to */
}

struct options {
    size_t size;
    uint32_t a, b;
    uint64_t c;
};

static void test_options(void **state)
{
    (void)state;
    struct {
        struct options o;
        uint8_t tail[16];
    } given;
    struct options to;
    const struct options full = {sizeof full, 1, 2, 3};
    memset(&to, 0x55, sizeof to);
    assert_true(sk_options_copy(&to, sizeof to, &full));
    assert_memory_equal(&to, &full, sizeof to);
    assert_true(sk_options_copy(&to, sizeof to, NULL));
    assert_int_equal(to.a | to.b | to.c, 0);
    /* Older: what it lacks is zero. */
    for (size_t size = 0; size < sizeof full; size++) {
        struct options older = full;
        older.size = size;
        memset(&to, 0x55, sizeof to);
        assert_int_equal(sk_options_copy(&to, sizeof to, &older), size >= sizeof(size_t));
        if (size < sizeof(size_t))
            continue;
        for (size_t i = sizeof(size_t); i < sizeof to; i++)
            assert_int_equal(((uint8_t *)&to)[i], i < size ? ((const uint8_t *)&full)[i] : 0);
    }
    /* Newer: the tail must be zero, each byte of it and not one more. */
    for (size_t extra = 0; extra <= 8; extra++)
        for (size_t dirty = 0; dirty < 16; dirty++) {
            memset(&given, 0, sizeof given);
            given.o = full;
            given.o.size = sizeof full + extra;
            given.tail[dirty] = 1;
            assert_int_equal(sk_options_copy(&to, sizeof to, &given), dirty >= extra);
        }
}

static void test_hooks(void **state)
{
    (void)state;
    skep_hooks out;
    int user;
    skep_hooks given = {.size = sizeof given, .user = &user, .realloc = heap_realloc};
    assert_true(sk_hooks_resolve(&out, NULL));
    assert_ptr_equal(out.realloc, sk_default_hooks.realloc);
    assert_true(sk_hooks_resolve(&out, &given));
    assert_ptr_equal(out.realloc, heap_realloc);
    assert_ptr_equal(out.user, &user);
    assert_ptr_equal(out.time_ns, sk_default_hooks.time_ns); /* those that are NULL fall back */
    assert_ptr_equal(out.random, sk_default_hooks.random);
    assert_ptr_equal(out.log, sk_default_hooks.log);
    assert_ptr_equal(out.cpu_id, sk_default_hooks.cpu_id);
    given.size = 1;
    assert_false(sk_hooks_resolve(&out, &given));
}

/* ------------------------------------------------------------------------------ errors and strings */

static void test_errors(void **state)
{
    (void)state;
    skep_error err;
    memset(&err, 0x55, sizeof err);
    assert_int_equal(sk_fail(&err, SKEP_ERR_STATE, "%d bees", 3), SKEP_ERR_STATE);
    assert_int_equal(err.code, SKEP_ERR_STATE);
    assert_string_equal(err.message, "3 bees");
    assert_true(err.pc == SKEP_NO_PC && err.line == 0 && err.column == 0 && err.address == 0 && err.detail == 0);
    assert_int_equal(sk_fail_at(&err, SKEP_ERR_INVALID, 7, "x"), SKEP_ERR_INVALID);
    assert_int_equal(err.pc, 7);
    assert_int_equal(sk_fail_text(&err, 3, 4, "y"), SKEP_ERR_SYNTAX);
    assert_true(err.line == 3 && err.column == 4 && err.pc == SKEP_NO_PC && err.code == SKEP_ERR_SYNTAX);
    assert_int_equal(sk_fail_memory(&err), SKEP_ERR_MEMORY);
    assert_true(err.line == 0 && err.column == 0);
    assert_int_equal(sk_fail(NULL, SKEP_ERR_IO, "z"), SKEP_ERR_IO); /* nobody listens */
    assert_int_equal(sk_fail_text(NULL, 1, 1, "z"), SKEP_ERR_SYNTAX);
    char words[600];
    memset(words, 'w', sizeof words);
    words[599] = 0;
    sk_fail(&err, SKEP_ERR_IO, "%s", words);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);

    static const skep_code codes[] = {SKEP_OK, SKEP_ERR_ARGUMENT, SKEP_ERR_MEMORY, SKEP_ERR_STATE, SKEP_ERR_UNSUPPORTED, SKEP_ERR_NOT_FOUND,
                                      SKEP_ERR_SYNTAX, SKEP_ERR_OBJECT, SKEP_ERR_INVALID, SKEP_ERR_REFUSED, SKEP_ERR_IO, SKEP_ERR_ACCESS,
                                      SKEP_ERR_ALIGN, SKEP_ERR_BUDGET, SKEP_ERR_DEPTH, SKEP_ERR_CALL, SKEP_ERR_HELPER, (skep_code)20};
    for (size_t i = 0; i < SK_COUNT(codes); i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(skep_code_name(codes[i]), skep_code_name(codes[k]));
}

static void test_strings_and_orders(void **state)
{
    (void)state;
    assert_true(sk_streq("", "") && sk_streq("abc", "abc"));
    assert_false(sk_streq("abc", "ab") || sk_streq("ab", "abc") || sk_streq("abd", "abc") || sk_streq("", "a"));
    assert_int_equal(sk_strlen("four"), 4);
    assert_int_equal(sk_strlen(""), 0);
    const uint8_t bytes[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8}; /* unaligned, in each order */
    assert_int_equal(sk_le16(sk_load16(bytes + 1)), 0x0201);
    assert_int_equal(sk_le32(sk_load32(bytes + 1)), 0x04030201);
    assert_int_equal(sk_le64(sk_load64(bytes + 1)), 0x0807060504030201);
    assert_int_equal(sk_be16(sk_load16(bytes + 1)), 0x0102);
    assert_int_equal(sk_be32(sk_load32(bytes + 1)), 0x01020304);
    assert_int_equal(sk_be64(sk_load64(bytes + 1)), 0x0102030405060708);
    uint8_t out[9] = {0};
    sk_store32(out + 1, sk_be32(0x11223344));
    assert_memory_equal(out, ((const uint8_t[]){0, 0x11, 0x22, 0x33, 0x44, 0}), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversions), cmocka_unit_test(test_flags),          cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_buffer),      cmocka_unit_test(test_buffer_failure), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_options),     cmocka_unit_test(test_hooks),          cmocka_unit_test(test_errors),
        cmocka_unit_test(test_strings_and_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
