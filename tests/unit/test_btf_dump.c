/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Declarations of the types in tests/data/objects/types.c as they stand there, and a value of `struct all` that this
 * compiler laid out, read by the types that another compiler wrote down. tests/libbpf/test_btf.c compares declarations of
 * a whole kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fmt.h"
#include "btf/dump.h"
#include "sections.h"

#define LITTLE "tests/data/objects/types.o"

static void declared(const struct sk_btf *btf, uint32_t id, const char *name, const char *expected)
{
    struct sk_buf out;
    sk_buf_init(&out, &sk_default_hooks);
    sk_btf_declare(btf, id, name, &out);
    sk_buf_putc(&out, 0);
    assert_string_equal((char *)out.data, expected);
    sk_buf_free(&out);
}

static void defined(const struct sk_btf *btf, uint32_t id, const char *expected)
{
    struct sk_buf out;
    sk_buf_init(&out, &sk_default_hooks);
    sk_btf_define(btf, id, &out);
    sk_buf_putc(&out, 0);
    assert_string_equal((char *)out.data, expected);
    sk_buf_free(&out);
}

static void declarations(void **state)
{
    static const struct {
        const char *member, *expected;
    } members[] = {
        {"first", "u64 first"},
        {"row", "struct inner row[2]"},
        {"name", "char name[8]"},
        {"pointer", "const volatile u32 *pointer"},
        {"opaque", "struct opaque *opaque"},
        {"call", "int (*call)(struct all *, int, ...)"},
        {"grid", "u32 grid[2][3]"},
        {"color", "enum color color"},
        {"tail", "char tail[0]"},
    };
    struct piece types = read_section(LITTLE, ".BTF");
    struct sk_btf btf;
    struct sk_btf_member m;
    (void)state;
    assert_int_equal(sk_btf_open(&btf, &sk_default_hooks, types.data, types.size, NULL), SKEP_OK);
    uint32_t all = sk_btf_find(&btf, "all", SK_BTF_STRUCT);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        assert_true(sk_btf_find_member(&btf, all, members[i].member, &m));
        declared(&btf, m.type, m.name, members[i].expected);
    }
    assert_true(sk_btf_find_member(&btf, all, "grid", &m));
    declared(&btf, m.type, NULL, "u32[2][3]");
    assert_true(sk_btf_find_member(&btf, all, "call", &m));
    declared(&btf, m.type, "", "int (*)(struct all *, int, ...)");
    declared(&btf, 0, NULL, "void");
    declared(&btf, all, NULL, "struct all");
    declared(&btf, sk_btf_find(&btf, "add", SK_BTF_FUNC), NULL, "int add(struct all *self, int y)");
    declared(&btf, sk_btf_find(&btf, "constant", SK_BTF_VAR), NULL, "const volatile u32 constant");
    declared(&btf, sk_btf_find(&btf, "restricted", SK_BTF_VAR), NULL, "void * restrict restricted");
    assert_true(sk_btf_find_member(&btf, sk_btf_find(&btf, "tagged", SK_BTF_STRUCT), "user", &m));
    declared(&btf, m.type, m.name, "int *user");

    defined(&btf, sk_btf_find(&btf, "inner", SK_BTF_STRUCT), "struct inner {\n    int x;\n    short y[3];\n}");
    defined(&btf, sk_btf_find(&btf, "color", SK_BTF_ENUM), "enum color {\n    RED = 0,\n    GREEN = 5,\n    BLUE = -2,\n}");
    defined(&btf, sk_btf_find(&btf, "u32", SK_BTF_TYPEDEF), "typedef unsigned int u32");
    defined(&btf, sk_btf_find(&btf, "opaque", SK_BTF_FWD), "struct opaque");
    struct sk_buf out;
    sk_buf_init(&out, &sk_default_hooks);
    sk_btf_define(&btf, all, &out);
    sk_buf_putc(&out, 0);
    assert_non_null(strstr((char *)out.data, "    u32 low : 3;\n"));
    assert_non_null(strstr((char *)out.data, "    struct {\n        u8 hidden;\n        union {\n            u8 deeper;\n"
                                             "            signed char other;\n        };\n    };\n"));
    sk_buf_free(&out);
    sk_btf_close(&btf);
    free(types.data);
}

/* ----------------------------------------------------------------------------------------------- values */

struct lines {
    char text[8192];
    size_t size;
    unsigned stop_after; /* events; 0: never */
    unsigned depth, events;
};

static bool note(void *user, const struct sk_btf_event *e)
{
    static const char *const kinds[] = {"{", "[", "}", "u", "s", "bool", "enum", "ptr", "str", "float", "bytes"};
    struct lines *l = user;
    char *at = l->text + l->size;
    size_t room = sizeof l->text - l->size, n;
    if (e->kind == SK_BTF_CLOSE)
        l->depth--;
    assert_int_equal(e->depth, l->depth);
    if (e->kind == SK_BTF_OPEN_STRUCT || e->kind == SK_BTF_OPEN_ARRAY)
        l->depth++;
    if (++l->events == l->stop_after)
        return false;
    if (e->kind == SK_BTF_CLOSE)
        return true;
    n = sk_snfmt(at, room, "%s %s", e->path, kinds[e->kind]);
    switch (e->kind) {
    case SK_BTF_OPEN_STRUCT:
    case SK_BTF_OPEN_ARRAY: break;
    case SK_BTF_VALUE_STRING: n += sk_snfmt(at + n, room - n, " %.*s", (int)e->size, (const char *)e->bytes); break;
    case SK_BTF_VALUE_FLOAT:
    case SK_BTF_VALUE_BYTES: n += sk_snfmt(at + n, room - n, " %u", e->size); break;
    case SK_BTF_VALUE_ENUM: n += sk_snfmt(at + n, room - n, " %D %s", (int64_t)e->value, e->label); break;
    default:
        n += sk_snfmt(at + n, room - n, "%u %D", e->bits, (int64_t)e->value);
        if (e->bits > 64)
            n += sk_snfmt(at + n, room - n, " %D", (int64_t)e->high);
        break;
    }
    n += sk_snfmt(at + n, room - n, "\n");
    assert_true(n < room);
    l->size += n;
    return true;
}

#if UINTPTR_MAX > 0xffffffff && !SK_BIG_ENDIAN
enum color { RED, GREEN = 5, BLUE = -2 };
enum plain { ONE = 1, MANY = 0xfffffff0 };
struct inner {
    int x;
    short y[3];
};
struct all {
    uint64_t first;
    struct inner inner, row[2];
    union {
        uint32_t whole;
        uint8_t bytes[4];
    } word;
    enum color color;
    uint64_t big;
    enum plain plain;
    char name[8];
    _Bool flag;
    unsigned low : 3, high : 29;
    int negative : 5;
    struct {
        uint8_t hidden;
        union {
            uint8_t deeper;
            signed char other;
        };
    };
    const void *pointer, *opaque;
    void (*call)(void);
    uint32_t grid[2][3];
    float real;
    double real64;
    __extension__ __int128 wide;
    char tail[];
};

static void a_value(void **state)
{
    static const struct all value = {
        .first = 1ull << 63,
        .inner = {-7, {1, -2, 3}},
        .row = {{10, {0}}, {20, {4, 5, 6}}},
        .word = {0x04030201},
        .color = BLUE,
        .big = 0x123456789abcdef,
        .plain = MANY,
        .name = "skep",
        .flag = 1,
        .low = 5,
        .high = 0x1ffffffe,
        .negative = -3,
        .hidden = 200,
        .other = -1,
        .pointer = (const void *)0x1234,
        .grid = {{1, 2, 3}, {4, 5, 6}},
        .real = 1.5f,
        .wide = -2,
    };
    static const char expected[] = " {\n"
                                   "first u64 -9223372036854775808\n"
                                   "inner {\ninner.x s32 -7\ninner.y [\n"
                                   "inner.y[0] s16 1\ninner.y[1] s16 -2\ninner.y[2] s16 3\n"
                                   "row [\nrow[0] {\nrow[0].x s32 10\nrow[0].y [\n"
                                   "row[0].y[0] s16 0\nrow[0].y[1] s16 0\nrow[0].y[2] s16 0\n"
                                   "row[1] {\nrow[1].x s32 20\nrow[1].y [\n"
                                   "row[1].y[0] s16 4\nrow[1].y[1] s16 5\nrow[1].y[2] s16 6\n"
                                   "word {\nword.whole u32 67305985\nword.bytes [\n"
                                   "word.bytes[0] u8 1\nword.bytes[1] u8 2\nword.bytes[2] u8 3\nword.bytes[3] u8 4\n"
                                   "color enum -2 BLUE\n"
                                   "big enum 81985529216486895 HUGE_ONE\n"
                                   "plain enum 4294967280 MANY\n"
                                   "name str skep\n"
                                   "flag bool8 1\n"
                                   "low u3 5\nhigh u29 536870910\nnegative s5 -3\n"
                                   " {\nhidden u8 200\n {\ndeeper u8 255\nother s8 -1\n"
                                   "pointer ptr64 4660\nopaque ptr64 0\ncall ptr64 0\n"
                                   "grid [\ngrid[0] [\ngrid[0][0] u32 1\ngrid[0][1] u32 2\ngrid[0][2] u32 3\n"
                                   "grid[1] [\ngrid[1][0] u32 4\ngrid[1][1] u32 5\ngrid[1][2] u32 6\n"
                                   "real float 4\nreal64 float 8\n"
                                   "wide s128 -2 -1\n"
                                   "tail [\n";
    static struct lines l;
    struct piece types = read_section(LITTLE, ".BTF");
    struct sk_btf btf;
    skep_error err;
    (void)state;
    assert_int_equal(sizeof value, 176);
    assert_int_equal(sk_btf_open(&btf, &sk_default_hooks, types.data, types.size, NULL), SKEP_OK);
    uint32_t all = sk_btf_find(&btf, "all", SK_BTF_STRUCT);
    if (sk_btf_walk(&btf, all, &value, sizeof value, SKEP_LITTLE_ENDIAN, note, &l, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    assert_string_equal(l.text, expected);
    assert_int_equal(l.depth, 0);
    unsigned events = l.events;

    /* The same through a variable; and stopping at each event. */
    memset(&l, 0, sizeof l);
    assert_int_equal(sk_btf_walk(&btf, sk_btf_find(&btf, "value", SK_BTF_VAR), &value, sizeof value,
                                 SKEP_LITTLE_ENDIAN, note, &l, &err), SKEP_OK);
    assert_string_equal(l.text, expected);
    for (unsigned i = 1; i <= events; i++) {
        memset(&l, 0, sizeof l);
        l.stop_after = i;
        assert_int_equal(sk_btf_walk(&btf, all, &value, sizeof value, SKEP_LITTLE_ENDIAN, note, &l, &err), SKEP_OK);
        assert_int_equal(l.events, i);
    }

    assert_int_equal(sk_btf_walk(&btf, all, &value, 175, SKEP_LITTLE_ENDIAN, note, &l, &err), SKEP_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "has 176 bytes; there are 175"));
    assert_int_equal(sk_btf_walk(&btf, 0, &value, 175, SKEP_LITTLE_ENDIAN, note, &l, NULL), SKEP_ERR_ARGUMENT);
    sk_btf_close(&btf);
    free(types.data);
}
#else
static void a_value(void **state)
{
    (void)state;
    print_message("this compiler lays structs out differently\n");
    skip();
}
#endif

static struct blob b;

/* Two bit-fields and a number in big-endian order: 0b101 and 0b00000011000, and 0x0102 as an int in 16 bits of 4 bytes. */
static void big_endian(void **state)
{
    static const uint8_t value[] = {0xa0, 0x60, 0, 0, 0, 0, 1, 2};
    static struct lines l;
    struct sk_btf btf;
    (void)state;
    blob_begin(&b);
    blob_int(&b, "int", 4, 0);
    uint32_t narrow = blob_type(&b, "narrow", SK_BTF_INT, 0, false, 4);
    blob_word(&b, 16);
    uint32_t id = blob_type(&b, "s", SK_BTF_STRUCT, 3, true, 8);
    blob_member(&b, "low", 1, 3u << 24 | 0);
    blob_member(&b, "mid", 1, 11u << 24 | 3);
    blob_member(&b, "narrow", narrow, 32);
    struct piece types = blob_end(&b);
    assert_int_equal(sk_btf_open(&btf, &sk_default_hooks, types.data, types.size, NULL), SKEP_OK);
    assert_int_equal(sk_btf_walk(&btf, id, value, sizeof value, SKEP_BIG_ENDIAN, note, &l, NULL), SKEP_OK);
    assert_string_equal(l.text, " {\nlow u3 5\nmid u11 24\nnarrow u16 258\n");
    sk_btf_close(&btf);
    free(types.data);
}

static bool count_events(void *user, const struct sk_btf_event *e)
{
    (void)e;
    return ++*(uint64_t *)user != 0;
}

/* Members beyond the end, and more parts than anyone can print; also as declarations. */
static void hostile(void **state)
{
    static const uint8_t value[64];
    struct sk_btf btf;
    skep_error err;
    uint64_t events = 0;
    (void)state;
    blob_begin(&b);
    blob_int(&b, "int", 4, 0);
    for (uint32_t i = 1; i < 50; i++) { /* id 50: 2^49 paths */
        blob_type(&b, NULL, SK_BTF_UNION, 2, false, 4);
        blob_member(&b, NULL, i, 0);
        blob_member(&b, NULL, i, 0);
    }
    uint32_t beyond = blob_type(&b, "beyond", SK_BTF_STRUCT, 1, false, 4);
    blob_member(&b, "m", 1, 8);
    uint32_t far = blob_type(&b, "far", SK_BTF_STRUCT, 1, false, 4);
    blob_member(&b, "m", 2, 0xfffffff8);
    uint32_t empty = blob_type(&b, "empty", SK_BTF_STRUCT, 0, false, 0);
    uint32_t empties = blob_type(&b, NULL, SK_BTF_ARRAY, 0, false, 0);
    blob_word(&b, empty), blob_word(&b, 1), blob_word(&b, UINT32_MAX);
    uint32_t function = blob_type(&b, "fn", SK_BTF_STRUCT, 1, false, 4);
    uint32_t proto = b.count;
    blob_member(&b, "f", proto, 0);
    blob_type(&b, NULL, SK_BTF_FUNC_PROTO, 2, false, proto + 1);
    blob_member(&b, NULL, proto + 1, 0), b.words--;
    blob_member(&b, NULL, proto + 1, 0), b.words--;
    assert_int_equal(blob_type(&b, NULL, SK_BTF_PTR, 0, false, proto), proto + 1);
    blob_type(&b, NULL, SK_BTF_FWD, 0xffff, false, 0); /* nobody's members */
    struct piece types = blob_end(&b);
    if (sk_btf_open(&btf, &sk_default_hooks, types.data, types.size, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    assert_int_equal(sk_btf_walk(&btf, 50, value, 4, SKEP_LITTLE_ENDIAN, count_events, &events, &err), SKEP_ERR_OBJECT);
    assert_non_null(strstr(err.message, "more than 16777216 parts"));
    assert_int_equal(events, SK_BTF_MAX_EVENTS);
    assert_int_equal(sk_btf_walk(&btf, beyond, value, 4, SKEP_LITTLE_ENDIAN, count_events, &events, &err),
                     SKEP_ERR_OBJECT);
    assert_non_null(strstr(err.message, "'m' lies outside"));
    assert_int_equal(sk_btf_walk(&btf, far, value, 4, SKEP_BIG_ENDIAN, count_events, &events, &err), SKEP_ERR_OBJECT);
    assert_int_equal(sk_btf_walk(&btf, function, value, 4, SKEP_BIG_ENDIAN, count_events, &events, &err),
                     SKEP_ERR_OBJECT);
    events = 0;
    assert_int_equal(sk_btf_walk(&btf, empties, value, 0, SKEP_LITTLE_ENDIAN, count_events, &events, &err), SKEP_OK);
    assert_int_equal(events, 2);

    for (uint32_t id = 0; id < btf.count; id++) {
        struct sk_buf out;
        sk_buf_init(&out, &sk_default_hooks);
        sk_btf_declare(&btf, id, "name", &out);
        sk_btf_define(&btf, id, &out);
        assert_false(out.failed);
        assert_true(out.size < 4 * SK_BTF_MAX_TEXT);
        sk_buf_free(&out);
    }
    sk_btf_close(&btf);
    free(types.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(declarations), cmocka_unit_test(a_value),
                                       cmocka_unit_test(big_endian), cmocka_unit_test(hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
