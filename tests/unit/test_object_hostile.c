/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Objects that no compiler makes: malformed ones, and well-formed ones made to cost as much as they can. They are put
 * together here, section by section. No test measures time; one that became quadratic would not end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "skep/skep.h"

enum { PROGBITS = 1, SYMTAB = 2, STRTAB = 3, RELA = 4, REL = 9, SYMTAB_SHNDX = 18, EXEC = 6, LOCAL = 0, GLOBAL = 1 };
enum { NOTYPE = 0, FUNC = 2, SECTION = 3, R_64_64 = 1, R_64_32 = 10 };

/* ------------------------------------------------------------------------------------ making an object */

struct bytes {
    unsigned char *data;
    size_t size, room;
};

static size_t add(struct bytes *b, const void *data, size_t size)
{
    size_t at = b->size;
    if (b->size + size > b->room) {
        b->room = (b->size + size) * 2;
        b->data = realloc(b->data, b->room);
        assert_non_null(b->data);
    }
    if (size)
        memcpy(b->data + at, data, size);
    b->size += size;
    return at;
}

static void put(unsigned char *p, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        p[i] = (unsigned char)(value >> 8 * i);
}

/* Sections 1 and 2 are the strings and the symbols. */
struct maker {
    struct bytes file, headers, strings, symbols;
    uint32_t sections;
};

static uint32_t add_section(struct maker *m, const char *name, uint32_t type, uint64_t flags, const void *data,
                            size_t size, uint32_t link, uint32_t info, uint64_t entry)
{
    unsigned char h[64] = {0};
    put(h, add(&m->strings, name, strlen(name) + 1), 4);
    put(h + 4, type, 4);
    put(h + 8, flags, 8);
    put(h + 24, add(&m->file, data, size), 8);
    put(h + 32, size, 8);
    put(h + 40, link, 4);
    put(h + 44, info, 4);
    put(h + 56, entry, 8);
    add(&m->headers, h, sizeof h);
    return m->sections++;
}

static uint32_t add_symbol(struct maker *m, const char *name, unsigned binding, unsigned type, uint32_t section,
                           uint64_t value, uint64_t size)
{
    unsigned char s[24] = {0};
    put(s, name[0] ? add(&m->strings, name, strlen(name) + 1) : 0, 4);
    s[4] = (unsigned char)(binding << 4 | type);
    put(s + 6, section, 2);
    put(s + 8, value, 8);
    put(s + 16, size, 8);
    return (uint32_t)(add(&m->symbols, s, sizeof s) / sizeof s);
}

static void begin(struct maker *m)
{
    static const unsigned char header[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    memset(m, 0, sizeof *m);
    add(&m->file, header, sizeof header);
    add(&m->strings, "", 1);
    add_section(m, "", 0, 0, NULL, 0, 0, 0, 0);
    add_section(m, ".strtab", STRTAB, 0, NULL, 0, 0, 0, 0);
    add_section(m, ".symtab", SYMTAB, 0, NULL, 0, 1, 0, 24);
    add_symbol(m, "", LOCAL, NOTYPE, 0, 0, 0);
}

static void set_section(struct maker *m, uint32_t index, uint64_t at, uint64_t size)
{
    put(m->headers.data + index * 64 + 24, at, 8);
    put(m->headers.data + index * 64 + 32, size, 8);
}

/* Puts strings, symbols and headers at the end of the file. */
static void end(struct maker *m)
{
    set_section(m, 2, add(&m->file, m->symbols.data, m->symbols.size), m->symbols.size);
    set_section(m, 1, add(&m->file, m->strings.data, m->strings.size), m->strings.size);
    size_t headers = add(&m->file, m->headers.data, m->headers.size);
    unsigned char *h = m->file.data;
    put(h + 16, 1, 2);   /* relocatable */
    put(h + 18, 247, 2); /* BPF */
    put(h + 40, headers, 8);
    put(h + 58, 64, 2);
    if (m->sections < 0xff00)
        put(h + 60, m->sections, 2);
    else /* more than fits: section 0 has the number */
        put(h + headers + 32, m->sections, 8);
    put(h + 62, 1, 2);
}

static void destroy(struct maker *m)
{
    free(m->file.data);
    free(m->headers.data);
    free(m->strings.data);
    free(m->symbols.data);
}

static skep_code open_made(struct maker *m, skep_object **object, skep_error *err)
{
    *object = NULL;
    return skep_object_open(m->file.data, m->file.size, NULL, object, err);
}

/* Opens what was made, destroys it, and gives the object. */
static skep_object *opened(struct maker *m)
{
    skep_object *object;
    skep_error err;
    if (open_made(m, &object, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    destroy(m);
    return object;
}

static void refused(struct maker *m, const char *says)
{
    skep_object *object;
    skep_error err;
    assert_int_equal(open_made(m, &object, &err), SKEP_ERR_OBJECT);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
    assert_null(object);
    destroy(m);
}

/* Slots as bytes: mov64 r0, imm; call of a function; exit; a wide immediate. */
#define MOV(imm) 0xb7, 0, 0, 0, (imm), 0, 0, 0
#define SIGN(imm) ((imm) < 0 ? 0xff : 0)
#define CALL(imm) 0x85, 0x10, 0, 0, (unsigned char)(imm), SIGN(imm), SIGN(imm), SIGN(imm)
#define EXIT 0x95, 0, 0, 0, 0, 0, 0, 0
#define WIDE(imm) 0x18, 0, 0, 0, (imm), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

static uint32_t add_code(struct maker *m, const char *name, const unsigned char *code, size_t size)
{
    return add_section(m, name, PROGBITS, EXEC, code, size, 0, 0, 0);
}

struct reloc {
    uint64_t offset;
    uint32_t symbol, type;
};

static uint32_t add_relocs(struct maker *m, uint32_t section, const struct reloc *relocs, size_t count)
{
    struct bytes b = {0};
    for (size_t i = 0; i < count; i++) {
        unsigned char r[16];
        put(r, relocs[i].offset, 8);
        put(r + 8, relocs[i].type, 4);
        put(r + 12, relocs[i].symbol, 4);
        add(&b, r, sizeof r);
    }
    uint32_t index = add_section(m, ".rel", REL, 0, b.data, b.size, 2, section, 16);
    free(b.data);
    return index;
}

static skep_program_info find(const skep_object *object, const char *name)
{
    skep_program_info info = {.size = sizeof info};
    skep_error err;
    if (skep_object_find(object, NULL, name, &info, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    return info;
}

static void not_linked(const skep_object *object, const char *name, skep_code code, const char *says)
{
    skep_program_info info = {.size = sizeof info};
    skep_error err;
    assert_int_equal(skep_object_find(object, NULL, name, &info, &err), code);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
}

/* ------------------------------------------------------------------------------------------ linking */

static void cycles(void **state)
{
    /* a calls b and itself, b calls a: a is 4 slots, b 2. */
    static const unsigned char code[] = {CALL(3), CALL(-2), MOV(1), EXIT, CALL(-5), EXIT};
    struct maker m;
    (void)state;
    begin(&m);
    uint32_t section = add_code(&m, "prog", code, sizeof code);
    add_symbol(&m, "a", GLOBAL, FUNC, section, 0, 32);
    add_symbol(&m, "b", GLOBAL, FUNC, section, 32, 16);
    end(&m);
    skep_object *object = opened(&m);
    skep_program_info info = find(object, "a");
    assert_int_equal(info.code_size, sizeof code);
    assert_memory_equal(info.code, code, sizeof code);
    /* Beginning with b: b at 0, a at 2. */
    static const unsigned char turned[] = {CALL(1), EXIT, CALL(-3), CALL(-2), MOV(1), EXIT};
    info = find(object, "b");
    assert_int_equal(info.code_size, sizeof turned);
    assert_memory_equal(info.code, turned, sizeof turned);
    skep_object_free(object);
}

/* Symbols without sizes reach to the next one; a call into the middle of a function takes all of it along. */
static void sizes_and_middles(void **state)
{
    static const unsigned char code[] = {CALL(3), EXIT, MOV(1), EXIT, MOV(2), EXIT};
    struct maker m;
    (void)state;
    begin(&m);
    uint32_t section = add_code(&m, "prog", code, sizeof code);
    add_symbol(&m, "second", LOCAL, FUNC, section, 16, 0);
    add_symbol(&m, "first", GLOBAL, FUNC, section, 0, 0);
    end(&m);
    skep_object *object = opened(&m);
    assert_int_equal(skep_object_program_count(object), 1);
    skep_program_info info = find(object, "first");
    assert_int_equal(info.code_size, sizeof code);
    assert_memory_equal(info.code, code, sizeof code);
    skep_object_free(object);
}

static void two_names_for_one_function(void **state)
{
    static const unsigned char code[] = {MOV(1), EXIT};
    struct maker m;
    (void)state;
    begin(&m);
    uint32_t section = add_code(&m, "prog", code, sizeof code);
    add_symbol(&m, "name", GLOBAL, FUNC, section, 0, 16);
    add_symbol(&m, "alias", GLOBAL, FUNC, section, 0, 16);
    end(&m);
    skep_object *object = opened(&m);
    assert_int_equal(skep_object_program_count(object), 2);
    assert_ptr_equal(find(object, "name").code, find(object, "alias").code);
    skep_object_free(object);
}

static void references_that_lead_nowhere(void **state)
{
    static const unsigned char code[] = {CALL(100), EXIT, CALL(-1), EXIT, CALL(-1), EXIT, MOV(1), EXIT,
                                         WIDE(4),   EXIT, WIDE(0),  EXIT, MOV(1),   EXIT};
    static const struct {
        const char *name;
        uint64_t at, size;
        skep_code code;
        const char *says;
    } cases[] = {
        {"far", 0, 16, SKEP_ERR_OBJECT, "'far' refers to instruction 101"},
        {"beyond", 16, 16, SKEP_ERR_OBJECT, "where no function is"},
        {"no_symbol", 32, 16, SKEP_ERR_OBJECT, "symbol 1000 of"},
        {"no_fit", 48, 16, SKEP_ERR_UNSUPPORTED, "does not fit"},
        {"crooked", 64, 24, SKEP_ERR_OBJECT, "where no function is"},
        {"twice", 88, 24, SKEP_ERR_OBJECT, "two relocations"},
    };
    struct maker m;
    (void)state;
    begin(&m);
    uint32_t section = add_code(&m, "prog", code, sizeof code);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        add_symbol(&m, cases[i].name, GLOBAL, FUNC, section, cases[i].at, cases[i].size);
    add_symbol(&m, "good", GLOBAL, FUNC, section, 112, 16);
    uint32_t outside = add_symbol(&m, "outside", GLOBAL, FUNC, section, UINT64_MAX - 7, 0);
    put(m.symbols.data + outside * 24 + 4, GLOBAL << 4 | NOTYPE, 1);
    uint32_t itself = add_symbol(&m, "", LOCAL, SECTION, section, 0, 0);
    const struct reloc relocs[] = {{16, outside, R_64_32}, {32, 1000, R_64_32}, {48, itself, R_64_32},
                                   {64, itself, R_64_64},  {88, itself, R_64_64}, {96, itself, R_64_64}};
    add_relocs(&m, section, relocs, 6);
    end(&m);
    skep_object *object = opened(&m);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        not_linked(object, cases[i].name, cases[i].code, cases[i].says);
    assert_int_equal(find(object, "good").code_size, 16);
    skep_object_free(object);
}

/* ---------------------------------------------------------------------------------------- malformed */

static void malformed(void **state)
{
    static const unsigned char code[] = {MOV(1), EXIT};
    struct maker m;
    (void)state;

    begin(&m);
    add_code(&m, "prog", code, 12);
    end(&m);
    refused(&m, "not a sequence of 8-byte instructions");

    begin(&m);
    add_symbol(&m, "f", GLOBAL, FUNC, add_code(&m, "prog", code, sizeof code), 8, 16);
    end(&m);
    refused(&m, "'f'");

    begin(&m);
    add_symbol(&m, "f", GLOBAL, FUNC, add_code(&m, "prog", code, sizeof code), 4, 8);
    end(&m);
    refused(&m, "'f'");

    begin(&m);
    add_symbol(&m, "f", GLOBAL, FUNC, add_code(&m, "prog", code, sizeof code), UINT64_MAX - 7, 16);
    end(&m);
    refused(&m, "'f'");

    begin(&m);
    add_symbol(&m, "f", GLOBAL, FUNC, 77, 0, 16);
    end(&m);
    refused(&m, "section 77");

    const struct reloc beyond = {16, 0, R_64_32}, between = {4, 0, R_64_32};
    begin(&m);
    add_relocs(&m, add_code(&m, "prog", code, sizeof code), &beyond, 1);
    end(&m);
    refused(&m, "no instruction begins");

    begin(&m);
    add_relocs(&m, add_code(&m, "prog", code, sizeof code), &between, 1);
    end(&m);
    refused(&m, "no instruction begins");

    begin(&m);
    uint32_t section = add_code(&m, "prog", code, sizeof code);
    put(m.headers.data + add_relocs(&m, section, &between, 1) * 64 + 4, RELA, 4);
    end(&m);
    refused(&m, "addends");

    begin(&m); /* another symbol table than the first */
    section = add_code(&m, "prog", code, sizeof code);
    put(m.headers.data + add_relocs(&m, section, &between, 1) * 64 + 40, 1, 4);
    end(&m);
    refused(&m, "malformed");

    begin(&m);
    add_section(&m, ".symtab_shndx", SYMTAB_SHNDX, 0, code, 3, 2, 0, 4);
    end(&m);
    refused(&m, "fewer section numbers");

    begin(&m); /* names that run out of their table */
    add(&m.strings, "unterminated", 12);
    end(&m);
    refused(&m, "no string table");

    begin(&m);
    put(m.symbols.data, 1000, 4);
    end(&m);
    refused(&m, "name of symbol 0");

    begin(&m);
    section = add_code(&m, "prog", code, sizeof code);
    put(m.headers.data + section * 64, 100000, 4);
    end(&m);
    refused(&m, "name of section");

    begin(&m); /* a size that wraps around */
    section = add_code(&m, "prog", code, sizeof code);
    put(m.headers.data + section * 64 + 32, UINT64_MAX - 63, 8);
    end(&m);
    refused(&m, "outside the file");
}

static void other_files(void **state)
{
    static const struct {
        size_t at;
        unsigned char value;
        const char *says;
    } cases[] = {{0, 0, "not an ELF file"},   {4, 1, "64-bit"},     {5, 3, "byte order"},
                 {6, 0, "version"},           {16, 2, "type is 2"}, {18, 62, "not a BPF object: it is for machine 62"},
                 {58, 40, "of 40 bytes"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct maker m;
        begin(&m);
        end(&m);
        m.file.data[cases[i].at] = cases[i].value;
        refused(&m, cases[i].says);
    }
}

/* --------------------------------------------------------------------------------------------- cost */

/* Sections that are all the same bytes would let a small file claim endless contents. */
static void overlapping_sections(void **state)
{
    enum { BYTES = 1 << 20, COUNT = 20000 };
    unsigned char *code = calloc(1, BYTES);
    struct maker m;
    (void)state;
    begin(&m);
    uint32_t section = add_code(&m, "prog", code, BYTES);
    for (int i = 0; i < COUNT; i++)
        set_section(&m, add_code(&m, "prog", NULL, 0), 64, BYTES);
    (void)section;
    end(&m);
    refused(&m, "overlap");
    free(code);
}

/* More sections than a 16-bit number holds, each a program of its own; one symbol is in the last of them. */
static void many_sections(void **state)
{
    enum { COUNT = 70000 };
    static const unsigned char code[] = {MOV(1), EXIT};
    struct maker m;
    struct bytes numbers = {0};
    unsigned char number[4] = {0};
    (void)state;
    begin(&m);
    for (int i = 0; i < COUNT; i++)
        add_code(&m, "p", code, sizeof code);
    add_symbol(&m, "last", GLOBAL, FUNC, 0xffff, 0, 16);
    add(&numbers, number, 4);
    put(number, m.sections - 1, 4);
    add(&numbers, number, 4);
    add_section(&m, ".symtab_shndx", SYMTAB_SHNDX, 0, numbers.data, numbers.size, 2, 0, 4);
    free(numbers.data);
    end(&m);
    skep_object *object = opened(&m);
    assert_int_equal(skep_object_program_count(object), COUNT);
    skep_program_info info = {.size = sizeof info};
    assert_int_equal(skep_object_program(object, COUNT - 1, &info, NULL), SKEP_OK);
    assert_string_equal(info.name, "last");
    skep_object_free(object);
}

/* As many names as you like for one long function do not make copies of it. */
static void many_symbols(void **state)
{
    enum { COUNT = 100000, SLOTS = 500000 };
    unsigned char *code = calloc(SLOTS, 8);
    struct maker m;
    (void)state;
    assert_non_null(code);
    begin(&m);
    uint32_t section = add_code(&m, "prog", code, (size_t)SLOTS * 8);
    for (int i = 0; i < COUNT; i++)
        add_symbol(&m, "f", GLOBAL, FUNC, section, 0, (uint64_t)SLOTS * 8);
    end(&m);
    free(code);
    skep_object *object = opened(&m);
    assert_int_equal(skep_object_program_count(object), COUNT);
    skep_object_free(object);
}

/* Many small programs that call one long function: each has its copy until the object's limit is reached. */
static void programs_that_are_large_together(void **state)
{
    enum { COUNT = 5000, SLOTS = 900000 };
    static const unsigned char caller[] = {CALL(-1), EXIT};
    unsigned char *code = calloc(SLOTS, 8);
    struct reloc *relocs = calloc(COUNT, sizeof *relocs);
    struct bytes callers = {0};
    struct maker m;
    skep_program_info info = {.size = sizeof info};
    skep_error err;
    (void)state;
    assert_non_null(code);
    assert_non_null(relocs);
    begin(&m);
    uint32_t text = add_code(&m, ".text", code, (size_t)SLOTS * 8);
    uint32_t callee = add_symbol(&m, "callee", LOCAL, FUNC, text, 0, (uint64_t)SLOTS * 8);
    for (int i = 0; i < COUNT; i++)
        relocs[i] = (struct reloc){add(&callers, caller, sizeof caller), callee, R_64_32};
    uint32_t section = add_code(&m, "prog", callers.data, callers.size);
    for (int i = 0; i < COUNT; i++)
        add_symbol(&m, "f", GLOBAL, FUNC, section, (uint64_t)i * 16, 16);
    add_relocs(&m, section, relocs, COUNT);
    end(&m);
    free(code);
    free(relocs);
    free(callers.data);
    skep_object *object = opened(&m);
    assert_int_equal(skep_object_program(object, 0, &info, &err), SKEP_OK);
    assert_int_equal(info.code_size, (SLOTS + 2) * 8);
    assert_int_equal(skep_object_program(object, COUNT - 1, &info, &err), SKEP_ERR_OBJECT);
    assert_non_null(strstr(err.message, "together longer than"));
    skep_object_free(object);
}

/* The longest program there may be, and one slot more. */
static void longest_program(void **state)
{
    for (unsigned more = 0; more < 2; more++) {
        size_t slots = SKEP_MAX_SLOTS + more;
        unsigned char *code = calloc(slots, 8);
        struct maker m;
        (void)state;
        assert_non_null(code);
        begin(&m);
        add_code(&m, "prog", code, slots * 8);
        end(&m);
        free(code);
        skep_object *object = opened(&m);
        if (more)
            not_linked(object, "prog", SKEP_ERR_OBJECT, "longer than 1000000 instructions");
        else
            assert_int_equal(find(object, "prog").code_size, slots * 8);
        skep_object_free(object);
    }
}

/* A chain of a hundred thousand functions, each calling the next; the relocations are in the wrong order. */
static void long_chain(void **state)
{
    enum { COUNT = 100000 };
    static const unsigned char link[] = {CALL(-1), EXIT};
    struct reloc *relocs = calloc(COUNT, sizeof *relocs);
    struct bytes code = {0};
    struct maker m;
    (void)state;
    assert_non_null(relocs);
    begin(&m);
    for (int i = 0; i < COUNT; i++)
        add(&code, link, sizeof link);
    uint32_t section = add_code(&m, "prog", code.data, code.size), symbol = 0;
    for (int i = 0; i < COUNT; i++) {
        symbol = add_symbol(&m, i == COUNT - 1 ? "last" : "link", i == 0 ? GLOBAL : LOCAL, FUNC, section,
                            (uint64_t)i * 16, 16);
        if (i > 0)
            relocs[COUNT - i] = (struct reloc){(uint64_t)(i - 1) * 16, symbol, R_64_32};
    }
    relocs[0] = (struct reloc){(uint64_t)(COUNT - 1) * 16, symbol, R_64_32}; /* the last one calls itself */
    add_relocs(&m, section, relocs, COUNT);
    end(&m);
    free(relocs);
    free(code.data);
    skep_object *object = opened(&m);
    assert_int_equal(skep_object_program_count(object), 1);
    skep_program_info info = find(object, NULL);
    assert_int_equal(info.code_size, COUNT * 16);
    static const unsigned char next[] = {CALL(1), EXIT}, itself[] = {CALL(-1), EXIT};
    const unsigned char *bytes = info.code;
    assert_memory_equal(bytes, next, sizeof next);
    assert_memory_equal(bytes + info.code_size - 16, itself, sizeof itself);
    skep_object_free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles),
        cmocka_unit_test(sizes_and_middles),
        cmocka_unit_test(two_names_for_one_function),
        cmocka_unit_test(references_that_lead_nowhere),
        cmocka_unit_test(malformed),
        cmocka_unit_test(other_files),
        cmocka_unit_test(overlapping_sections),
        cmocka_unit_test(many_sections),
        cmocka_unit_test(many_symbols),
        cmocka_unit_test(programs_that_are_large_together),
        cmocka_unit_test(longest_program),
        cmocka_unit_test(long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
