/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * CO-RE relocations: the programs of tests/data/objects/core.c fitted to the types of core-target.c, with offsets worked
 * out by hand from the two; to nothing, which must leave what the compiler wrote, in both byte orders; relocations that
 * are wrong, and such as would never end. tests/libbpf/test_core.c compares all programs with libbpf.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "isa/insn.h"
#include "object/core.h"
#include "sections.h"

#define FILE_LITTLE "tests/data/objects/core.o"
#define FILE_BIG "tests/data/objects/core-be.o"
#define FILE_TARGET "tests/data/objects/core-target.o"

struct opened {
    struct piece file, types, records, code;
    struct sk_btf btf;
    struct sk_btf_ext ext;
};

static void open_file(struct opened *o, const char *path)
{
    skep_error err;
    o->file = read_piece(path);
    o->types = read_section(path, ".BTF");
    o->records = read_section(path, ".BTF.ext");
    o->code = read_section(path, "socket");
    if (sk_btf_open(&o->btf, &sk_default_hooks, o->types.data, o->types.size, &err) != SKEP_OK ||
        sk_btf_ext_open(&o->ext, &o->btf, o->records.data, o->records.size, &err) != SKEP_OK)
        fail_msg("%s: %s", path, err.message);
}

static void close_file(struct opened *o)
{
    sk_btf_ext_close(&o->ext);
    sk_btf_close(&o->btf);
    free(o->code.data);
    free(o->records.data);
    free(o->types.data);
    free(o->file.data);
}

/* The next function of the file: its name, and where it is in the code. */
static bool next_function(const struct opened *o, uint32_t *at, struct sk_elf_symbol *symbol)
{
    struct sk_elf elf;
    assert_int_equal(sk_elf_open(&elf, o->file.data, o->file.size, NULL), SKEP_OK);
    while (sk_elf_symbol(&elf, ++*at, symbol))
        if (symbol->type == SK_STT_FUNC)
            return true;
    return false;
}

static skep_code apply(struct opened *o, struct sk_core *core, const struct sk_elf_symbol *f, uint8_t *code,
                       uint32_t *poisoned, skep_error *err)
{
    assert_true(f->size <= 800);
    memcpy(code, o->code.data + f->value, (size_t)f->size);
    return sk_core_apply(core, "socket", (uint32_t)(f->value / 8), code, (uint32_t)(f->size / 8), poisoned, err);
}

/* An instruction that has to be in the relocated program. */
static const struct {
    const char *program;
    uint8_t opcode;
    int16_t off;
    int32_t imm;
} expected[] = {
    {"load_a", 0x61, 136, 0},
    {"load_grows", 0x79, 144, 0},         /* u32 became u64 */
    {"load_shrinks", 0x61, 152, 0},       /* u64 became u32 */
    {"load_signed_grows", 0x85, 0, 0xbad2310},
    {"load_nested", 0x61, 184, 0},
    {"load_element", 0x61, 80, 0},        /* 40 + 2 * 16 + 8 */
    {"load_second", 0x61, 360, 0},        /* 224 + 136 */
    {"load_anonymous", 0x61, 32, 0},
    {"load_open", 0x61, 236, 0},          /* 224 + 3 * 4 */
    {"load_gone", 0x85, 0, 0xbad2310},
    {"load_old", 0x61, 136, 0},           /* sample___old is a sample */
    {"load_missing", 0x85, 0, 0xbad2310},
    {"load_boxed", 0x61, 12, 0},          /* found by the name of its typedef */
    {"load_kind_changes", 0x85, 0, 0xbad2310},
    {"address_of_letter", 0xb7, 0, 5},
    {"store", 0x7b, 144, 0},
    {"offset_arr3", 0xb7, 0, 88},
    {"size_name", 0xb7, 0, 24},
    {"exists_gone", 0xb7, 0, 0},
    {"exists_a", 0xb7, 0, 1},
    {"exists_kind", 0xb7, 0, 0},
    {"signed_a", 0xb7, 0, 1},
    {"lshift_mid", 0xb7, 0, 14},          /* 30 bits from bit 20 of 64 */
    {"rshift_mid", 0xb7, 0, 34},
    {"type_missing", 0xb7, 0, 0},
    {"type_size", 0xb7, 0, 224},
    {"matches_larger", 0xb7, 0, 0},
    {"matches_inner", 0xb7, 0, 1},
    {"matches_word", 0xb7, 0, 1},
    {"enum_value", 0x18, 0, 70},
    {"enum_gone", 0x18, 0, 0},
    {"enum_negative", 0x18, 0, -5},
    {"enum_high", 0x18, 0, -256},         /* unsigned: the upper half stays zero */
};

static void fitted(void **state)
{
    struct opened o, t;
    struct sk_core core;
    struct sk_elf_symbol f;
    skep_error err;
    size_t checked = 0, failed = 0;
    (void)state;
    open_file(&o, FILE_LITTLE);
    t.types = read_section(FILE_TARGET, ".BTF");
    assert_int_equal(sk_btf_open(&t.btf, &sk_default_hooks, t.types.data, t.types.size, &err), SKEP_OK);
    assert_int_equal(sk_core_open(&core, &o.btf, &o.ext, &t.btf, &err), SKEP_OK);
    for (uint32_t at = 0; next_function(&o, &at, &f);) {
        uint8_t code[800];
        uint32_t poisoned;
        if (apply(&o, &core, &f, code, &poisoned, &err) != SKEP_OK) {
            assert_int_equal(err.code, SKEP_ERR_UNSUPPORTED);
            assert_non_null(strstr(err.message, "struct twin"));
            assert_non_null(strstr(err.message, "ambiguous"));
            assert_int_equal(err.pc, 0);
            failed++;
            continue;
        }
        for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
            bool found = false;
            if (strcmp(expected[i].program, f.name) != 0)
                continue;
            for (uint32_t k = 0; k < f.size / 8; k++) {
                struct sk_slot s = sk_slot_read(code + k * 8, SKEP_LITTLE_ENDIAN);
                found = found || (s.opcode == expected[i].opcode && s.off == expected[i].off &&
                                  s.imm == expected[i].imm);
            }
            if (!found)
                fail_msg("%s has no such instruction", f.name);
            assert_int_equal(poisoned, expected[i].imm == 0xbad2310);
            checked++;
        }
    }
    assert_int_equal(checked, sizeof expected / sizeof *expected);
    assert_int_equal(failed, 2);
    sk_core_close(&core);
    sk_btf_close(&t.btf);
    free(t.types.data);
    close_file(&o);
}

static void as_compiled(void **state)
{
    static const char *const paths[] = {FILE_LITTLE, FILE_BIG};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct opened o;
        struct sk_core core;
        skep_error err;
        uint32_t poisoned;
        open_file(&o, paths[i]);
        assert_int_equal(sk_core_open(&core, &o.btf, &o.ext, NULL, &err), SKEP_OK);
        struct piece before = read_section(paths[i], "socket");
        if (sk_core_apply(&core, "socket", 0, o.code.data, (uint32_t)(o.code.size / 8), &poisoned, &err) != SKEP_OK)
            fail_msg("%s: %s", paths[i], err.message);
        assert_int_equal(poisoned, 0);
        assert_memory_equal(o.code.data, before.data, before.size);
        free(before.data);
        sk_core_close(&core);
        close_file(&o);
    }
}

/* Bit-fields count from the other end: the word's upper half is empty, then come the bits in front of the field. */
static void big_endian_shifts(void **state)
{
    static const struct {
        const char *program;
        int32_t shift;
    } cases[] = {{"lshift_mid", 32 + 3}, {"rshift_mid", 64 - 11}, {"lshift_negative", 32 + 14}, {"lshift_a", 32}};
    struct opened o;
    struct sk_core core;
    struct sk_elf_symbol f;
    size_t checked = 0;
    (void)state;
    open_file(&o, FILE_BIG);
    assert_int_equal(sk_core_open(&core, &o.btf, &o.ext, &o.btf, NULL), SKEP_OK);
    for (uint32_t at = 0; next_function(&o, &at, &f);)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            if (strcmp(f.name, cases[i].program) == 0) {
                uint8_t code[800];
                assert_int_equal(apply(&o, &core, &f, code, NULL, NULL), SKEP_OK);
                assert_int_equal(sk_slot_read(code, SKEP_BIG_ENDIAN).imm, cases[i].shift);
                checked++;
            }
    assert_int_equal(checked, sizeof cases / sizeof *cases);
    sk_core_close(&core);
    close_file(&o);
}

static void descriptions(void **state)
{
    static const struct {
        const char *program, *text;
    } cases[] = {{"load_element", "byte offset of struct sample.arr[2].y"},
                 {"load_second", "byte offset of struct sample[1].a"},
                 {"load_anonymous", "byte offset of struct sample.deep"},
                 {"load_boxed", "byte offset of boxed.field"},
                 {"type_size_missing", "byte size of struct missing"},
                 {"enum_value", "value of enum color::BLUE"},
                 {"matches_word", "match of union word"}};
    struct opened o;
    struct sk_core core;
    struct sk_elf_symbol f;
    size_t checked = 0;
    char text[128];
    (void)state;
    open_file(&o, FILE_LITTLE);
    assert_int_equal(sk_core_open(&core, &o.btf, &o.ext, NULL, NULL), SKEP_OK);
    for (uint32_t at = 0; next_function(&o, &at, &f);)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            if (strcmp(f.name, cases[i].program) == 0) {
                assert_true(sk_core_describe(&core, "socket", (uint32_t)(f.value / 8), text, sizeof text));
                assert_string_equal(text, cases[i].text);
                assert_true(sk_core_describe(&core, "socket", (uint32_t)(f.value / 8), text, 8));
                assert_int_equal(strlen(text), 7);
                checked++;
            }
    assert_int_equal(checked, sizeof cases / sizeof *cases);
    assert_false(sk_core_describe(&core, "socket", UINT32_MAX, text, sizeof text));
    assert_false(sk_core_describe(&core, "xdp", 0, text, sizeof text));
    sk_core_close(&core);
    close_file(&o);
}

/* ------------------------------------------------------------------------------------------ made by hand */

static struct blob b;

/* .BTF.ext with relocations of section "s" alone. */
struct relo {
    uint32_t offset, type;
    const char *access;
    uint32_t kind;
};

static struct piece make_ext(const struct relo *relos, uint32_t count)
{
    uint32_t words[64] = {0, 32, 0, 0, 0, 0, 0, 12 + 16 * count, 16, blob_string(&b, "s"), count};
    struct piece p = {malloc(32 + 12 + 16 * count), 32 + 12 + 16 * count};
    uint16_t magic = 0xeb9f;
    assert_non_null(p.data);
    memcpy(words, &magic, 2);
    ((unsigned char *)words)[2] = 1;
    for (uint32_t i = 0; i < count; i++) {
        words[11 + i * 4] = relos[i].offset;
        words[12 + i * 4] = relos[i].type;
        words[13 + i * 4] = blob_string(&b, relos[i].access);
        words[14 + i * 4] = relos[i].kind;
    }
    memcpy(p.data, words, p.size);
    return p;
}

/* Applies relocations to code, whose instructions are in the host's order, within the types that are in the making. */
static skep_code apply_made(const struct relo *relos, uint32_t count, bool itself, uint8_t *code, uint32_t slots,
                            skep_error *err)
{
    struct piece records = make_ext(relos, count), types = blob_end(&b);
    struct sk_btf btf;
    struct sk_btf_ext ext;
    struct sk_core core;
    if (sk_btf_open(&btf, &sk_default_hooks, types.data, types.size, err) != SKEP_OK ||
        sk_btf_ext_open(&ext, &btf, records.data, records.size, err) != SKEP_OK ||
        sk_core_open(&core, &btf, &ext, itself ? NULL : &btf, err) != SKEP_OK)
        fail_msg("%s", err->message);
    skep_code result = sk_core_apply(&core, "s", 0, code, slots, NULL, err);
    sk_core_close(&core);
    sk_btf_ext_close(&ext);
    sk_btf_close(&btf);
    free(types.data);
    free(records.data);
    return result;
}

enum { T_INT = 1, T_ARRAY, T_STRUCT, T_ENUM, T_FWD, T_ANON };

/* struct t { int a; int array[3]; int : 5 of bits; } */
static void make_types(void)
{
    blob_begin(&b);
    blob_int(&b, "int", 4, SK_BTF_SIGNED);
    blob_type(&b, NULL, SK_BTF_ARRAY, 0, false, 0);
    blob_word(&b, T_INT), blob_word(&b, T_INT), blob_word(&b, 3);
    blob_type(&b, "t", SK_BTF_STRUCT, 3, true, 20);
    blob_member(&b, "a", T_INT, 0);
    blob_member(&b, "array", T_ARRAY, 32);
    blob_member(&b, "bits", T_INT, 5u << 24 | 128);
    blob_type(&b, "e", SK_BTF_ENUM, 1, false, 4);
    blob_word(&b, blob_string(&b, "E")), blob_word(&b, 1);
    blob_type(&b, "f", SK_BTF_FWD, 0, false, 0);
    blob_type(&b, NULL, SK_BTF_STRUCT, 1, false, 4);
    blob_member(&b, "x", T_INT, 0);
}

static void wrong_relocations(void **state)
{
    static const struct {
        struct relo relo;
        struct sk_slot insn;
        skep_code code;
        const char *says;
    } cases[] = {
        {{0, T_STRUCT, "0:0", 0}, {.opcode = 0x61, .off = 0}, SKEP_OK, NULL},
        {{0, T_STRUCT, "0:1:2", 0}, {.opcode = 0x61, .off = 12}, SKEP_OK, NULL},
        {{0, T_STRUCT, "0:0", 13}, {.opcode = 0x61}, SKEP_ERR_UNSUPPORTED, "kind 13 is not known"},
        {{4, T_STRUCT, "0:0", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "no instruction begins there"},
        {{0, T_STRUCT, "", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "no list of numbers"},
        {{0, T_STRUCT, "0:", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "no list of numbers"},
        {{0, T_STRUCT, ":0", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "no list of numbers"},
        {{0, T_STRUCT, "0:-1", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "no list of numbers"},
        {{0, T_STRUCT, "0:99999999999", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "no list of numbers"},
        {{0, T_STRUCT, "0:3", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "a member that does not exist"},
        {{0, T_STRUCT, "0:1:3", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "an element that does not exist"},
        {{0, T_STRUCT, "0:0:0", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "what has no parts"},
        {{0, T_FWD, "0", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "a type without a size"},
        {{0, T_STRUCT, "500000000:0", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "far away"},
        {{0, T_STRUCT, "1", SK_CORE_TYPE_SIZE}, {.opcode = 0xb7}, SKEP_ERR_OBJECT, "an access that is not 0"},
        {{0, T_FWD, "0", SK_CORE_TYPE_SIZE}, {.opcode = 0xb7}, SKEP_ERR_OBJECT, "the type has no size"},
        {{0, T_STRUCT, "0", SK_CORE_ENUMVAL_VALUE}, {.opcode = 0x18}, SKEP_ERR_OBJECT, "enumerator that does not"},
        {{0, T_ENUM, "1", SK_CORE_ENUMVAL_VALUE}, {.opcode = 0x18}, SKEP_ERR_OBJECT, "enumerator that does not"},
        {{0, T_ENUM, "0", SK_CORE_ENUMVAL_VALUE}, {.opcode = 0x18, .imm = 2}, SKEP_ERR_OBJECT, "value is 2, not 1"},
        {{0, T_ENUM, "0", SK_CORE_ENUMVAL_VALUE}, {.opcode = 0x18, .imm = 1}, SKEP_OK, NULL},
        {{8, T_ENUM, "0", SK_CORE_ENUMVAL_VALUE}, {.opcode = 0x18}, SKEP_ERR_OBJECT, "has nothing to relocate"},
        {{0, T_ENUM, "0", SK_CORE_ENUMVAL_VALUE}, {.opcode = 0x18, .src = 1}, SKEP_ERR_OBJECT, "no plain load"},
        {{0, T_STRUCT, "0:1:0", SK_CORE_FIELD_SIGNED}, {.opcode = 0xb7}, SKEP_ERR_OBJECT, "element of an array"},
        {{0, T_STRUCT, "0:1:1", 0}, {.opcode = 0x61, .off = 4}, SKEP_ERR_OBJECT, "offset is 4, not 8"},
        {{0, T_STRUCT, "0:1:1", 0}, {.opcode = 0xb7, .imm = 4}, SKEP_ERR_OBJECT, "immediate is 4, not 8"},
        {{0, T_STRUCT, "0:1:1", 0}, {.opcode = 0xbf}, SKEP_ERR_OBJECT, "has no immediate"},
        {{0, T_STRUCT, "0:1:1", 0}, {.opcode = 0x95}, SKEP_ERR_OBJECT, "nothing to relocate"},
        {{0, T_STRUCT, "2000:0", 0}, {.opcode = 0x61}, SKEP_ERR_OBJECT, "offset is 0, not 40000"},
        {{0, T_ANON, "0:0", 0}, {.opcode = 0x61}, SKEP_ERR_UNSUPPORTED, "without a name"},
        {{0, T_STRUCT, "0:2", 0}, {.opcode = 0xb7, .imm = 1}, SKEP_OK, NULL}, /* bit-fields are not compared */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t code[24] = {0};
        skep_byte_order order = SK_BIG_ENDIAN ? SKEP_BIG_ENDIAN : SKEP_LITTLE_ENDIAN;
        skep_error err = {0};
        sk_slot_write(code, cases[i].insn, order);
        sk_slot_write(code + 16, (struct sk_slot){.opcode = 0x95}, order);
        if (cases[i].insn.opcode != 0x18)
            memcpy(code + 8, code + 16, 8);
        if (cases[i].relo.offset == 8)
            memcpy(code + 8, code + 16, 8);
        make_types();
        skep_code result = apply_made(&cases[i].relo, 1, false, code, 3, &err);
        if (result != cases[i].code || (cases[i].says && !strstr(err.message, cases[i].says)))
            fail_msg("case %zu: %d instead of %d, '%s'", i, (int)result, (int)cases[i].code, err.message);
    }
}

/* A wide load whose second half is not part of the code. */
static void cut_short(void **state)
{
    const struct relo relo = {0, T_ENUM, "0", SK_CORE_ENUMVAL_VALUE};
    skep_error err;
    uint8_t *code = calloc(1, 8);
    (void)state;
    code[0] = 0x18;
    make_types();
    assert_int_equal(apply_made(&relo, 1, true, code, 1, &err), SKEP_ERR_OBJECT);
    assert_non_null(strstr(err.message, "no plain load"));
    free(code);
}

/* What matched once stays the only candidate: x___1 has no `second`, so `first` is not ambiguous behind it. */
static void candidates_narrow(void **state)
{
    const struct relo relos[] = {{0, 2, "0:1", 0}, {8, 2, "0:0", 0}};
    skep_error err;
    (void)state;
    for (uint32_t from = 0; from < 2; from++) {
        uint8_t code[16] = {0x61, 0, 8, 0, 0, 0, 0, 0, 0x61};
        if (SK_BIG_ENDIAN)
            code[2] = 0, code[3] = 8;
        blob_begin(&b);
        blob_int(&b, "int", 4, 0);
        blob_type(&b, "x", SK_BTF_STRUCT, 2, false, 12);
        blob_member(&b, "first", 1, 0);
        blob_member(&b, "second", 1, 64);
        blob_type(&b, "x___1", SK_BTF_STRUCT, 1, false, 12);
        blob_member(&b, "first", 1, 32);
        skep_code result = apply_made(relos + from, 2 - from, false, code, 2, &err);
        assert_int_equal(result, from == 0 ? SKEP_OK : SKEP_ERR_UNSUPPORTED);
    }
}

/*
 * Structs that hold the one before twice: as many paths as 2 to the depth. Searching a member that is not there, and
 * matching a type, would try all of them.
 */
static void endless(void **state)
{
    enum { DEPTH = 40 };
    (void)state;
    for (int matching = 0; matching < 2; matching++) {
        const struct relo member = {0, 1 + DEPTH + 2, "0:0", SK_CORE_FIELD_EXISTS};
        const struct relo match = {0, 1 + DEPTH, "0", SK_CORE_TYPE_MATCHES};
        uint8_t code[8] = {0xb7, 0, 0, 0, 1};
        skep_error err;
        if (SK_BIG_ENDIAN)
            code[4] = 0, code[7] = 1;
        blob_begin(&b);
        blob_int(&b, "int", 4, 0);
        for (uint32_t i = 1; i <= DEPTH; i++) {
            /* The two at the bottom differ, so that matching has to come back and try again. */
            blob_type(&b, i == DEPTH ? "x" : NULL, SK_BTF_UNION, 2, false, 4);
            blob_member(&b, matching && i == 1 ? "y" : NULL, i, 0);
            blob_member(&b, NULL, i, 0);
        }
        blob_type(&b, "x___t", SK_BTF_UNION, 2, false, 4);
        blob_member(&b, NULL, DEPTH, 0);
        blob_member(&b, NULL, DEPTH, 0);
        blob_type(&b, "x___l", SK_BTF_UNION, 1, false, 4);
        blob_member(&b, "z", 1, 0);
        skep_code result = apply_made(matching ? &match : &member, 1, false, code, 1, &err);
        assert_int_equal(result, SKEP_ERR_OBJECT);
        if (!strstr(err.message, "too much work") && !strstr(err.message, "nested too deep"))
            fail_msg("%s", err.message);
    }
}

/* Types or records that are damaged: relocating ends well or with an error, in bounds. */
static void damaged(void **state)
{
    struct opened o;
    (void)state;
    open_file(&o, FILE_LITTLE);
    sk_btf_ext_close(&o.ext);
    sk_btf_close(&o.btf);
    struct piece *const parts[] = {&o.types, &o.records};
    for (size_t p = 0; p < 2; p++)
        for (size_t n = 0; n < parts[p]->size; n++) {
            static const unsigned char masks[] = {0xff, 0x01};
            for (size_t i = 0; i < 2; i++) {
                struct sk_core core;
                skep_error err = {0};
                parts[p]->data[n] ^= masks[i];
                if (sk_btf_open(&o.btf, &sk_default_hooks, o.types.data, o.types.size, &err) == SKEP_OK) {
                    if (sk_btf_ext_open(&o.ext, &o.btf, o.records.data, o.records.size, &err) == SKEP_OK) {
                        struct piece code = {malloc(o.code.size), o.code.size};
                        memcpy(code.data, o.code.data, code.size);
                        for (int itself = 0; itself < 2; itself++) {
                            assert_int_equal(sk_core_open(&core, &o.btf, &o.ext, itself ? NULL : &o.btf, NULL), SKEP_OK);
                            uint32_t slots = (uint32_t)(code.size / 8);
                            for (uint32_t first = 0; first < slots; first += 7)
                                if (sk_core_apply(&core, "socket", first, code.data + first * 8,
                                                  first + 7 <= slots ? 7 : slots - first, NULL, &err) != SKEP_OK)
                                    assert_true(err.code != SKEP_OK && err.message[0]);
                            sk_core_close(&core);
                        }
                        free(code.data);
                        sk_btf_ext_close(&o.ext);
                    }
                    sk_btf_close(&o.btf);
                }
                parts[p]->data[n] ^= masks[i];
            }
        }
    free(o.code.data);
    free(o.records.data);
    free(o.types.data);
    free(o.file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fitted),    cmocka_unit_test(as_compiled),       cmocka_unit_test(descriptions),
        cmocka_unit_test(cut_short), cmocka_unit_test(wrong_relocations), cmocka_unit_test(candidates_narrow),
        cmocka_unit_test(endless),   cmocka_unit_test(big_endian_shifts), cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
