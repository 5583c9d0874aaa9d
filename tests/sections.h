/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sections of object files, and small BTF blobs made by hand, for tests of what reads them. Include cmocka.h first. */
#ifndef TESTS_SECTIONS_H
#define TESTS_SECTIONS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "object/elf.h"

struct piece {
    unsigned char *data;
    size_t size;
};

static inline struct piece read_piece(const char *path)
{
    struct piece p = {NULL, 0};
    size_t room = 0;
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s: cannot be opened (tests run in the top folder of the sources)", path);
    do {
        room = room ? room * 2 : 65536;
        p.data = realloc(p.data, room);
        assert_non_null(p.data);
        p.size += fread(p.data + p.size, 1, room - p.size, f);
    } while (p.size == room);
    fclose(f);
    return p;
}

/* A copy of a section, exactly as large as it is, so that a sanitizer sees what lies outside. */
static inline struct piece read_section(const char *path, const char *name)
{
    struct piece file = read_piece(path), p = {NULL, 0};
    struct sk_elf elf;
    struct sk_elf_section section;
    skep_error err;
    if (sk_elf_open(&elf, file.data, file.size, &err) != SKEP_OK)
        fail_msg("%s: %s", path, err.message);
    for (uint32_t i = 1; sk_elf_section(&elf, i, &section); i++)
        if (strcmp(section.name, name) == 0 && section.data) {
            p.size = (size_t)section.size;
            p.data = malloc(p.size ? p.size : 1);
            assert_non_null(p.data);
            memcpy(p.data, section.data, p.size);
            break;
        }
    free(file.data);
    if (!p.data)
        fail_msg("%s: there is no section %s", path, name);
    return p;
}

/* Where the symbols of a file say that a variable is: a sk_btf_place_fn whose user is a struct piece. */
static inline bool place_symbol(void *user, const char *name, uint64_t *offset)
{
    const struct piece *file = user;
    struct sk_elf elf;
    struct sk_elf_symbol symbol;
    assert_int_equal(sk_elf_open(&elf, file->data, file->size, NULL), SKEP_OK);
    for (uint32_t i = 1; sk_elf_symbol(&elf, i, &symbol); i++)
        if (strcmp(symbol.name, name) == 0) {
            *offset = symbol.value;
            return true;
        }
    return false;
}

/* A blob in the making, in the host's order: types and strings as they are added. */
struct blob {
    uint32_t types[4096];
    char strings[65536];
    uint32_t words, chars, count;
};

static inline void blob_begin(struct blob *b)
{
    b->words = 0;
    b->chars = 1;
    b->strings[0] = 0;
    b->count = 1;
}

static inline uint32_t blob_string(struct blob *b, const char *text)
{
    uint32_t at = b->chars;
    if (!text || !text[0])
        return 0;
    assert_true(at + strlen(text) < sizeof b->strings);
    strcpy(b->strings + at, text);
    b->chars += (uint32_t)strlen(text) + 1;
    return at;
}

static inline void blob_word(struct blob *b, uint32_t word)
{
    assert_true(b->words < sizeof b->types / sizeof *b->types);
    b->types[b->words++] = word;
}

/* The three words of a type; its id. Further words are added with blob_word. */
static inline uint32_t blob_type(struct blob *b, const char *name, uint32_t kind, uint32_t count, bool flag,
                                 uint32_t size_or_type)
{
    blob_word(b, blob_string(b, name));
    blob_word(b, (uint32_t)flag << 31 | kind << 24 | count);
    blob_word(b, size_or_type);
    return b->count++;
}

static inline uint32_t blob_int(struct blob *b, const char *name, uint32_t size, uint32_t encoding)
{
    uint32_t id = blob_type(b, name, 1, 0, false, size);
    blob_word(b, encoding << 24 | size * 8);
    return id;
}

static inline void blob_member(struct blob *b, const char *name, uint32_t type, uint32_t bits)
{
    blob_word(b, blob_string(b, name));
    blob_word(b, type);
    blob_word(b, bits);
}

static inline struct piece blob_end(const struct blob *b)
{
    struct piece p = {NULL, 24 + b->words * 4 + b->chars};
    uint32_t header[6] = {0, 24, 0, b->words * 4, b->words * 4, b->chars};
    uint16_t magic = 0xeb9f;
    p.data = malloc(p.size);
    assert_non_null(p.data);
    memcpy(p.data, header, 24);
    memcpy(p.data, &magic, 2);
    p.data[2] = 1;
    memcpy(p.data + 24, b->types, b->words * 4);
    memcpy(p.data + 24 + b->words * 4, b->strings, b->chars);
    return p;
}

#endif
