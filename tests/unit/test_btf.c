/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * BTF: what is in tests/data/objects/types.o in both byte orders (names, sizes and numbers as its source has them),
 * and blobs that no compiler makes. tests/libbpf compares whole files with another reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "btf/btf.h"
#include "btf/ext.h"
#include "sections.h"

#define LITTLE "tests/data/objects/types.o"
#define BIG "tests/data/objects/types-be.o"

struct opened {
    struct piece bytes, ext_bytes;
    struct sk_btf btf;
    struct sk_btf_ext ext;
};

static void open_file(struct opened *o, const char *path)
{
    skep_error err;
    o->bytes = read_section(path, ".BTF");
    o->ext_bytes = read_section(path, ".BTF.ext");
    if (sk_btf_open(&o->btf, &sk_default_hooks, o->bytes.data, o->bytes.size, &err) != SKEP_OK ||
        sk_btf_ext_open(&o->ext, &o->btf, o->ext_bytes.data, o->ext_bytes.size, &err) != SKEP_OK)
        fail_msg("%s: %s", path, err.message);
}

static void close_file(struct opened *o)
{
    sk_btf_ext_close(&o->ext);
    sk_btf_close(&o->btf);
    free(o->ext_bytes.data);
    free(o->bytes.data);
}

static uint32_t size_of(const struct sk_btf *btf, uint32_t id)
{
    uint32_t size = 0xdeadbeef;
    assert_true(sk_btf_size(btf, id, &size));
    return size;
}

static void one_order(const char *path, skep_byte_order order)
{
    struct opened o;
    open_file(&o, path);
    const struct sk_btf *btf = &o.btf;
    assert_int_equal(btf->order, order);
    assert_int_equal(btf->pointer_size, 8);

    uint32_t all = sk_btf_find(btf, "all", SK_BTF_STRUCT);
    struct sk_btf_type type = sk_btf_type(btf, all);
    assert_int_equal(type.size, 176);
    assert_int_equal(type.count, 21);
    assert_true(type.flag);
    static const struct {
        const char *name;
        uint32_t bit_offset, bit_size, size;
    } members[] = {
        {"first", 0, 0, 8},     {"inner", 64, 0, 12},   {"row", 160, 0, 24},     {"word", 352, 0, 4},
        {"color", 384, 0, 4},   {"big", 448, 0, 8},     {"plain", 512, 0, 4},    {"name", 544, 0, 8},
        {"flag", 608, 0, 1},    {"low", 616, 3, 4},     {"high", 640, 29, 4},    {"negative", 672, 5, 4},
        {"hidden", 680, 0, 1},  {"deeper", 688, 0, 1},  {"other", 688, 0, 1},    {"pointer", 704, 0, 8},
        {"opaque", 768, 0, 8},  {"call", 832, 0, 8},    {"grid", 896, 0, 24},    {"real", 1088, 0, 4},
        {"real64", 1152, 0, 8}, {"wide", 1280, 0, 16},  {"tail", 1408, 0, 0},
    };
    struct sk_btf_member m;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!sk_btf_find_member(btf, all, members[i].name, &m))
            fail_msg("there is no %s", members[i].name);
        assert_int_equal(m.bit_offset, members[i].bit_offset);
        assert_int_equal(m.bit_size, members[i].bit_size);
        assert_int_equal(size_of(btf, m.type), members[i].size);
    }
    assert_false(sk_btf_find_member(btf, all, "x", &m)); /* inner has a name */
    assert_false(sk_btf_find_member(btf, all, "", &m));

    /* Enumerators, signed and not, 32 and 64 bits. */
    type = sk_btf_type(btf, sk_btf_find(btf, "color", SK_BTF_ENUM));
    assert_int_equal(type.count, 3);
    assert_string_equal(sk_btf_enumerator(btf, &type, 2).name, "BLUE");
    assert_true(sk_btf_enumerator(btf, &type, 2).value == (uint64_t)-2);
    type = sk_btf_type(btf, sk_btf_find(btf, "plain", SK_BTF_ENUM));
    assert_true(sk_btf_enumerator(btf, &type, 1).value == 0xfffffff0);
    type = sk_btf_type(btf, sk_btf_find(btf, "big", SK_BTF_ENUM64));
    assert_true(sk_btf_enumerator(btf, &type, 1).value == 0x123456789abcdef);

    /* Functions and their tags. */
    type = sk_btf_type(btf, sk_btf_find(btf, "add", SK_BTF_FUNC));
    assert_int_equal(sk_btf_linkage(btf, &type), SK_BTF_STATIC);
    struct sk_btf_type proto = sk_btf_type(btf, type.ref);
    assert_int_equal(proto.kind, SK_BTF_FUNC_PROTO);
    assert_int_equal(proto.count, 2);
    assert_string_equal(sk_btf_param(btf, &proto, 1).name, "y");
    assert_string_equal(sk_btf_type(btf, proto.ref).name, "int");
    uint32_t tags = 0;
    for (uint32_t id = 0; (id = sk_btf_next_of_kind(btf, SK_BTF_DECL_TAG, id)) != 0; tags++) {
        type = sk_btf_type(btf, id);
        if (strcmp(type.name, "a member") == 0) {
            assert_string_equal(sk_btf_type(btf, type.ref).name, "tagged");
            assert_int_equal(sk_btf_tag_component(btf, &type), 1);
        } else if (strcmp(type.name, "a struct") == 0) {
            assert_int_equal(type.ref, all);
            assert_int_equal(sk_btf_tag_component(btf, &type), -1);
        }
    }
    assert_int_equal(tags, 4);

    /* Variables. */
    type = sk_btf_type(btf, sk_btf_find(btf, ".bss", SK_BTF_DATASEC));
    assert_int_equal(type.count, 4);
    struct sk_btf_variable v = sk_btf_variable(btf, &type, 0);
    assert_int_equal(v.size, 176);
    assert_string_equal(sk_btf_type(btf, v.type).name, "value");
    assert_int_equal(size_of(btf, v.type), 176);
    type = sk_btf_type(btf, sk_btf_find(btf, "constant", SK_BTF_VAR));
    assert_int_equal(sk_btf_linkage(btf, &type), SK_BTF_STATIC);
    assert_string_equal(sk_btf_resolve(btf, type.ref).name, "unsigned int");
    struct sk_btf_type unsigned_int = sk_btf_resolve(btf, type.ref);
    assert_int_equal(sk_btf_integer(btf, &unsigned_int).bits, 32);
    assert_int_equal(sk_btf_integer(btf, &unsigned_int).encoding, 0);
    type = sk_btf_type(btf, sk_btf_find(btf, "_Bool", SK_BTF_INT));
    assert_int_equal(sk_btf_integer(btf, &type).encoding, SK_BTF_BOOL);

    /* Flavours. */
    assert_int_equal(sk_btf_find(btf, "old", SK_BTF_VOID), 0);
    uint32_t old = sk_btf_next_flavour(btf, "old", 3, 0);
    assert_string_equal(sk_btf_type(btf, old).name, "old___flavour");
    assert_int_equal(sk_btf_next_flavour(btf, "old", 3, old), 0);
    assert_int_equal(sk_btf_find(btf, "old___flavour", SK_BTF_STRUCT), old);
    assert_int_equal(sk_btf_find(btf, "old___flavour", SK_BTF_UNION), 0);

    /* What has no size, and what is not there. */
    uint32_t size;
    assert_false(sk_btf_size(btf, 0, &size));
    assert_false(sk_btf_size(btf, sk_btf_find(btf, "opaque", SK_BTF_FWD), &size));
    assert_false(sk_btf_size(btf, sk_btf_find(btf, "add", SK_BTF_FUNC), &size));
    assert_int_equal(sk_btf_type(btf, btf->count).kind, SK_BTF_VOID);
    assert_int_equal(sk_btf_type(btf, UINT32_MAX).kind, SK_BTF_VOID);
    assert_int_equal(sk_btf_next_of_kind(btf, SK_BTF_INT, UINT32_MAX), 0);
    assert_null(sk_btf_string(btf, UINT32_MAX));

    /* Lines. `program` returns three lines below its head. */
    struct sk_btf_line line;
    assert_true(sk_btf_find_line(&o.ext, "socket", 0, &line));
    assert_non_null(strstr(line.file, "types.c"));
    assert_non_null(strstr(line.text, "int program(void *context"));
    assert_int_equal(line.offset, 0);
    const struct sk_btf_block *block = sk_btf_block(&o.ext, SK_BTF_LINE_INFO, "socket", NULL);
    assert_non_null(block);
    assert_true(block->rising && block->count > 3);
    struct sk_btf_line last = sk_btf_line(&o.ext, block, block->count - 1);
    assert_non_null(strstr(last.text, "return add(&value"));
    assert_true(last.line == line.line + 3);
    assert_true(sk_btf_find_line(&o.ext, "socket", UINT32_MAX, &line));
    assert_int_equal(line.offset, last.offset);
    assert_true(sk_btf_find_line(&o.ext, "socket", last.offset - 1, &line));
    assert_int_equal(line.offset, sk_btf_line(&o.ext, block, block->count - 2).offset);
    assert_false(sk_btf_find_line(&o.ext, "sock", 0, &line));
    assert_null(sk_btf_block(&o.ext, SK_BTF_LINE_INFO, "socket", block));
    struct sk_btf_func_info func;
    assert_true(sk_btf_find_func(&o.ext, ".text", 8, &func));
    assert_string_equal(sk_btf_type(btf, func.type).name, "add");
    assert_null(sk_btf_block(&o.ext, SK_BTF_CORE_RELO, "socket", NULL));
    close_file(&o);
}

static void both_orders(void **state)
{
    (void)state;
    one_order(LITTLE, SKEP_LITTLE_ENDIAN);
    one_order(BIG, SKEP_BIG_ENDIAN);
}

static void essential_names(void **state)
{
    static const struct {
        const char *name;
        size_t length;
    } cases[] = {{"", 0},      {"a", 1},        {"a___b", 1},    {"___b", 4},       {"a___", 4},
                 {"a____b", 6}, {"a__b", 4},    {"a___b___c", 5}, {"ab___cd", 2},   {"a___b____c", 1},
                 {"_____", 5}, {"__a___b", 3}, {"a___b_", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (sk_btf_essential(cases[i].name) != cases[i].length)
            fail_msg("%s: %zu", cases[i].name, sk_btf_essential(cases[i].name));
}

/* ----------------------------------------------------------------------------------------------- hostile */

static struct blob b;

static skep_code open_blob(struct sk_btf *btf, struct piece *bytes, skep_error *err)
{
    *bytes = blob_end(&b);
    return sk_btf_open(btf, &sk_default_hooks, bytes->data, bytes->size, err);
}

static void refused(const char *says)
{
    struct piece bytes;
    struct sk_btf btf;
    skep_error err;
    assert_int_equal(open_blob(&btf, &bytes, &err), SKEP_ERR_OBJECT);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
    free(bytes.data);
}

static void references(void **state)
{
    (void)state;
    blob_begin(&b);
    blob_type(&b, "t", SK_BTF_TYPEDEF, 0, false, 2);
    refused("of type 2, but there are 2");

    blob_begin(&b);
    blob_type(&b, "t", SK_BTF_TYPEDEF, 0, false, 0);
    b.types[0] = 3;
    refused("has a name at 3 of 3");

    blob_begin(&b);
    blob_type(&b, NULL, SK_BTF_FUNC_PROTO, 0, false, 0);
    blob_type(&b, "f", SK_BTF_FUNC, 0, false, 1);
    blob_type(&b, NULL, SK_BTF_PTR, 0, false, 2);
    refused("of type 2, a thing of kind 'function'");

    blob_begin(&b);
    blob_int(&b, "int", 4, 0);
    blob_type(&b, "f", SK_BTF_FUNC, 0, false, 1);
    refused("a thing of kind 'integer'");

    blob_begin(&b);
    blob_int(&b, "int", 4, 0);
    blob_type(&b, "s", SK_BTF_STRUCT, 1, false, 4);
    blob_member(&b, "m", 9, 0);
    refused("a member of type 9");

    blob_begin(&b);
    blob_int(&b, "int", 4, 0);
    blob_type(&b, ".data", SK_BTF_DATASEC, 1, false, 4);
    blob_word(&b, 1), blob_word(&b, 0), blob_word(&b, 4);
    refused("has type 1 in it");

    blob_begin(&b);
    blob_type(&b, NULL, SK_BTF_ARRAY, 0, false, 0);
    blob_word(&b, 0), blob_word(&b, 8), blob_word(&b, 1);
    refused("an index of type 8");

    blob_begin(&b);
    blob_type(&b, "e", SK_BTF_ENUM, 1, false, 4);
    blob_word(&b, 1000), blob_word(&b, 0);
    refused("a name at 1000");
}

static void numbers(void **state)
{
    (void)state;
    blob_begin(&b);
    blob_int(&b, "int", 17, 0);
    refused("integer of 17 bytes");
    blob_begin(&b);
    blob_type(&b, "int", SK_BTF_INT, 0, false, 4);
    blob_word(&b, 1 << 16 | 32);
    refused("32 bits from bit 1");
    blob_begin(&b);
    blob_type(&b, "e", SK_BTF_ENUM, 0, false, 3);
    refused("enum of 3 bytes");
    blob_begin(&b);
    blob_type(&b, "f", SK_BTF_FLOAT, 0, false, 0);
    refused("float of 0 bytes");
    blob_begin(&b);
    blob_type(&b, "x", 20, 0, false, 0);
    refused("kind 20");
    blob_begin(&b);
    blob_type(&b, "x", 0, 0, false, 0);
    refused("kind 0");
}

static void circles(void **state)
{
    (void)state;
    blob_begin(&b);
    blob_type(&b, "a", SK_BTF_TYPEDEF, 0, false, 2);
    blob_type(&b, NULL, SK_BTF_CONST, 0, false, 1);
    refused("contains itself");

    blob_begin(&b);
    blob_type(&b, "s", SK_BTF_STRUCT, 1, false, 4);
    blob_member(&b, "m", 2, 0);
    blob_type(&b, NULL, SK_BTF_ARRAY, 0, false, 0);
    blob_word(&b, 1), blob_word(&b, 0), blob_word(&b, 1);
    refused("contains itself");

    blob_begin(&b);
    blob_type(&b, NULL, SK_BTF_PTR, 0, false, 2);
    blob_type(&b, NULL, SK_BTF_CONST, 0, false, 1);
    refused("in a row");

    /* A struct that points to itself is what lists are made of. */
    struct piece bytes;
    struct sk_btf btf;
    blob_begin(&b);
    blob_type(&b, "s", SK_BTF_STRUCT, 1, false, 8);
    blob_member(&b, "m", 2, 0);
    blob_type(&b, NULL, SK_BTF_PTR, 0, false, 1);
    assert_int_equal(open_blob(&btf, &bytes, NULL), SKEP_OK);
    sk_btf_close(&btf);
    free(bytes.data);
}

/* `kind` upon itself, `depth` types in all, the last of them or the first on top. */
static void tower(unsigned kind, uint32_t depth, bool rising)
{
    blob_begin(&b);
    for (uint32_t id = 1; id < depth; id++) {
        uint32_t inner = rising ? id - 1 : id + 1;
        if (kind == SK_BTF_STRUCT) {
            blob_type(&b, NULL, kind, inner != 0, false, 4);
            if (inner != 0)
                blob_member(&b, NULL, inner, 0);
        } else {
            blob_type(&b, NULL, kind, 0, false, kind == SK_BTF_ARRAY ? 0 : inner);
            if (kind == SK_BTF_ARRAY)
                blob_word(&b, inner), blob_word(&b, 0), blob_word(&b, 2);
        }
    }
    blob_type(&b, NULL, SK_BTF_STRUCT, 0, false, 4);
}

static void depths(void **state)
{
    static const unsigned kinds[] = {SK_BTF_STRUCT, SK_BTF_CONST, SK_BTF_ARRAY, SK_BTF_PTR};
    struct piece bytes;
    struct sk_btf btf;
    skep_error err;
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int rising = 0; rising < 2; rising++) {
            tower(kinds[i], 64, rising);
            if (open_blob(&btf, &bytes, &err) != SKEP_OK)
                fail_msg("%s", err.message);
            uint32_t size;
            bool sized = sk_btf_size(&btf, rising ? 63 : 1, &size);
            assert_int_equal(sized, kinds[i] == SK_BTF_STRUCT || kinds[i] == SK_BTF_PTR ||
                                        (kinds[i] == SK_BTF_CONST && !rising)); /* 2^63 elements; const void */
            sk_btf_close(&btf);
            free(bytes.data);
            tower(kinds[i], 67, rising);
            refused(kinds[i] == SK_BTF_PTR ? "in a row" : "nested more than 64");
        }
}

static void headers(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint32_t value;
        const char *says;
    } cases[] = {{4, 20, "header is said to have 20"},  {4, 1000, "header is said to have 1000"},
                 {8, 1000, "types lie outside"},        {12, 1000, "types lie outside"},
                 {16, 1000, "strings lie outside"},     {20, 1000, "strings lie outside"},
                 {20, 0, "do not begin and end"},       {12, 1, "cut short"},
                 {12, 0xffffffff, "types lie outside"}, {16, 0xffffffff, "strings lie outside"}};
    blob_begin(&b);
    blob_int(&b, "int", 4, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct piece bytes = blob_end(&b);
        struct sk_btf btf;
        skep_error err;
        memcpy(bytes.data + cases[i].at, &cases[i].value, 4);
        assert_int_equal(sk_btf_open(&btf, &sk_default_hooks, bytes.data, bytes.size, &err), SKEP_ERR_OBJECT);
        if (!strstr(err.message, cases[i].says))
            fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
        free(bytes.data);
    }
}

/* Names of any length are kept; very long ones are not found. */
static void long_names(void **state)
{
    static char name[2000];
    struct piece bytes;
    struct sk_btf btf;
    (void)state;
    for (size_t length = 1020; length < 1030; length++) {
        memset(name, 'x', length);
        name[length] = 0;
        blob_begin(&b);
        blob_int(&b, name, 4, 0);
        assert_int_equal(open_blob(&btf, &bytes, NULL), SKEP_OK);
        assert_string_equal(sk_btf_type(&btf, 1).name, name);
        assert_int_equal(sk_btf_find(&btf, name, SK_BTF_INT), length < SK_BTF_MAX_NAME);
        sk_btf_close(&btf);
        free(bytes.data);
    }
}

/* Everything that there is to ask. */
static uint64_t ask_everything(const struct sk_btf *btf)
{
    uint64_t sum = 0;
    for (uint32_t id = 0; id < btf->count + 2; id++) {
        struct sk_btf_type type = sk_btf_type(btf, id);
        uint32_t size = 0;
        struct sk_btf_member member = {.name = ""};
        sum += strlen(type.name) + sk_btf_skip(btf, id) + sk_btf_size(btf, id, &size) + size;
        sum += sk_btf_find(btf, type.name, type.kind) + sk_btf_find_member(btf, id, "color", &member);
        for (uint32_t i = 0; i < type.count; i++) {
            if (sk_btf_is_composite(type.kind))
                sum += strlen(sk_btf_member(btf, &type, i).name);
            else if (sk_btf_is_enum(type.kind))
                sum += strlen(sk_btf_enumerator(btf, &type, i).name);
            else if (type.kind == SK_BTF_FUNC_PROTO)
                sum += strlen(sk_btf_param(btf, &type, i).name);
            else if (type.kind == SK_BTF_DATASEC)
                sum += sk_btf_type(btf, sk_btf_variable(btf, &type, i).type).id;
        }
        if (type.kind == SK_BTF_VAR || type.kind == SK_BTF_FUNC)
            sum += sk_btf_linkage(btf, &type);
    }
    return sum;
}

static uint64_t ask_all_records(const struct sk_btf_ext *ext)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ext->block_count; i++) {
        const struct sk_btf_block *block = &ext->blocks[i];
        for (uint32_t k = 0; k < block->count; k++)
            switch (block->part) {
            case SK_BTF_FUNC_INFO: sum += sk_btf_func_info(ext, block, k).type; break;
            case SK_BTF_LINE_INFO: sum += strlen(sk_btf_line(ext, block, k).text); break;
            default: sum += strlen(sk_btf_core_relo(ext, block, k).access); break;
            }
        struct sk_btf_line line;
        struct sk_btf_func_info func;
        for (uint32_t offset = 0; offset < 200; offset += 8)
            sum += sk_btf_find_line(ext, block->section, offset, &line) +
                   sk_btf_find_func(ext, block->section, offset, &func);
    }
    return sum;
}

static volatile uint64_t sink;

/* Opens both parts, where the first `size` bytes of one are in memory of their own. */
static void try_bytes(const struct piece *types, size_t size, const struct piece *ext_bytes, size_t ext_size)
{
    unsigned char *copy = malloc(size ? size : 1), *ext_copy = malloc(ext_size ? ext_size : 1);
    struct sk_btf btf;
    struct sk_btf_ext ext;
    skep_error err = {0};
    memcpy(copy, types->data, size);
    memcpy(ext_copy, ext_bytes->data, ext_size);
    if (sk_btf_open(&btf, &sk_default_hooks, copy, size, &err) == SKEP_OK) {
        sink += ask_everything(&btf);
        if (sk_btf_ext_open(&ext, &btf, ext_copy, ext_size, &err) == SKEP_OK) {
            sink += ask_all_records(&ext);
            sk_btf_ext_close(&ext);
        } else {
            assert_int_equal(err.code, SKEP_ERR_OBJECT);
        }
        sk_btf_close(&btf);
    } else {
        assert_int_equal(err.code, SKEP_ERR_OBJECT);
        assert_true(err.message[0] != 0);
    }
    free(ext_copy);
    free(copy);
}

static void damage(const char *path)
{
    struct piece types = read_section(path, ".BTF"), ext = read_section(path, ".BTF.ext");
    for (size_t n = 0; n <= types.size; n++)
        try_bytes(&types, n, &ext, ext.size);
    for (size_t n = 0; n <= ext.size; n++)
        try_bytes(&types, types.size, &ext, n);
    static const unsigned char masks[] = {0xff, 0x01, 0x80, 0x10};
    for (size_t i = 0; i < sizeof masks; i++) {
        for (size_t n = 0; n < types.size; n++) {
            types.data[n] ^= masks[i];
            try_bytes(&types, types.size, &ext, ext.size);
            types.data[n] ^= masks[i];
        }
        for (size_t n = 0; n < ext.size; n++) {
            ext.data[n] ^= masks[i];
            try_bytes(&types, types.size, &ext, ext.size);
            ext.data[n] ^= masks[i];
        }
    }
    free(ext.data);
    free(types.data);
}

static void damaged(void **state)
{
    (void)state;
    damage(LITTLE);
    damage(BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_orders), cmocka_unit_test(essential_names), cmocka_unit_test(references),
        cmocka_unit_test(numbers),     cmocka_unit_test(circles),         cmocka_unit_test(depths),
        cmocka_unit_test(headers),     cmocka_unit_test(long_names),      cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
