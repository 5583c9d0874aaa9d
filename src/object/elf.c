/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every offset that a file states is compared with the file's size in one place: read_header. What it hands out lies
 * within the file, or is NULL. Numbers are taken apart byte by byte order, never through pointers to structs, so neither
 * alignment nor the machine's own order matter.
 */
#include "object/elf.h"

/* Layout of the ELF-64 structures (System V ABI, chapters 4 and 5): sizes and the offsets of their fields. */
enum {
    EHDR_SIZE = 64,
    EHDR_CLASS = 4,
    EHDR_DATA = 5,
    EHDR_IDENT_VERSION = 6,
    EHDR_TYPE = 16,
    EHDR_MACHINE = 18,
    EHDR_SHOFF = 40,
    EHDR_SHENTSIZE = 58,
    EHDR_SHNUM = 60,
    EHDR_SHSTRNDX = 62,

    SHDR_SIZE = 64,
    SHDR_NAME = 0,
    SHDR_TYPE = 4,
    SHDR_FLAGS = 8,
    SHDR_OFFSET = 24,
    SHDR_BYTES = 32,
    SHDR_LINK = 40,
    SHDR_INFO = 44,
    SHDR_ENTSIZE = 56,

    SYM_SIZE = 24,
    SYM_NAME = 0,
    SYM_INFO = 4,
    SYM_SHNDX = 6,
    SYM_VALUE = 8,
    SYM_BYTES = 16,

    REL_SIZE = 16,
    REL_OFFSET = 0,
    REL_INFO = 8,

    CLASS_64 = 2,
    DATA_LITTLE = 1,
    DATA_BIG = 2,
    VERSION_CURRENT = 1,
    TYPE_REL = 1,
    MACHINE_NONE = 0,
    MACHINE_BPF = 247
};

static uint16_t get16(const struct sk_elf *elf, const uint8_t *p)
{
    return elf->order == SKEP_BIG_ENDIAN ? sk_be16(sk_load16(p)) : sk_le16(sk_load16(p));
}

static uint32_t get32(const struct sk_elf *elf, const uint8_t *p)
{
    return elf->order == SKEP_BIG_ENDIAN ? sk_be32(sk_load32(p)) : sk_le32(sk_load32(p));
}

static uint64_t get64(const struct sk_elf *elf, const uint8_t *p)
{
    return elf->order == SKEP_BIG_ENDIAN ? sk_be64(sk_load64(p)) : sk_le64(sk_load64(p));
}

/* Whether bytes [offset, offset + size) lie within the file. */
static bool in_file(const struct sk_elf *elf, uint64_t offset, uint64_t size)
{
    return offset <= elf->size && size <= elf->size - offset;
}

static const uint8_t *header(const struct sk_elf *elf, uint32_t index)
{
    return elf->bytes + (size_t)elf->headers + (size_t)index * SHDR_SIZE;
}

/* The header's fields without its name; its bytes are looked up only if they are known to be in the file. */
static void read_header(const struct sk_elf *elf, uint32_t index, struct sk_elf_section *section)
{
    const uint8_t *h = header(elf, index);
    uint64_t offset = get64(elf, h + SHDR_OFFSET);
    *section = (struct sk_elf_section){.name = "",
                                       .type = get32(elf, h + SHDR_TYPE),
                                       .flags = get64(elf, h + SHDR_FLAGS),
                                       .size = get64(elf, h + SHDR_BYTES),
                                       .link = get32(elf, h + SHDR_LINK),
                                       .info = get32(elf, h + SHDR_INFO),
                                       .entry_size = get64(elf, h + SHDR_ENTSIZE)};
    /* Section 0 is never real; its fields carry numbers that do not fit the file header. */
    if (index != 0 && section->type != 0 && section->type != SK_SHT_NOBITS && in_file(elf, offset, section->size))
        section->data = elf->bytes + (size_t)offset;
}

/* A string of a table that is known to end with a zero byte. */
static bool get_string(const struct sk_elf *elf, uint32_t table, uint32_t offset, const char **text)
{
    struct sk_elf_section strings;
    if (table == 0) {
        *text = "";
        return offset == 0;
    }
    read_header(elf, table, &strings);
    if (!strings.data || offset >= strings.size)
        return false;
    *text = (const char *)strings.data + offset;
    return true;
}

/* A table of names is a string table whose last byte is zero (System V ABI, "String Table"). */
static bool is_string_table(const struct sk_elf *elf, uint32_t index)
{
    struct sk_elf_section section;
    if (index == 0 || index >= elf->section_count)
        return false;
    read_header(elf, index, &section);
    return section.type == SK_SHT_STRTAB && section.data && section.size > 0 && section.data[section.size - 1] == 0;
}

static skep_code open_file_header(struct sk_elf *elf, skep_error *err)
{
    static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
    const uint8_t *h = elf->bytes;
    if (elf->size < sizeof magic || memcmp(h, magic, sizeof magic) != 0)
        return sk_fail(err, SKEP_ERR_OBJECT, "not an ELF file: it does not begin with 7f 45 4c 46");
    if (elf->size < EHDR_SIZE)
        return sk_fail(err, SKEP_ERR_OBJECT, "the ELF header is cut short: %z bytes of 64", elf->size);
    if (h[EHDR_CLASS] != CLASS_64)
        return sk_fail(err, SKEP_ERR_OBJECT, "not a 64-bit ELF file: its class is %u, BPF objects have 2",
                       (uint32_t)h[EHDR_CLASS]);
    if (h[EHDR_DATA] != DATA_LITTLE && h[EHDR_DATA] != DATA_BIG)
        return sk_fail(err, SKEP_ERR_OBJECT, "the ELF file's byte order is %u: neither little (1) nor big (2) endian",
                       (uint32_t)h[EHDR_DATA]);
    elf->order = h[EHDR_DATA] == DATA_BIG ? SKEP_BIG_ENDIAN : SKEP_LITTLE_ENDIAN;
    if (h[EHDR_IDENT_VERSION] != VERSION_CURRENT)
        return sk_fail(err, SKEP_ERR_OBJECT, "unknown ELF version %u", (uint32_t)h[EHDR_IDENT_VERSION]);
    uint32_t type = get16(elf, h + EHDR_TYPE), machine = get16(elf, h + EHDR_MACHINE);
    if (machine != MACHINE_BPF && machine != MACHINE_NONE)
        return sk_fail(err, SKEP_ERR_OBJECT, "not a BPF object: it is for machine %u, BPF is 247", machine);
    if (type != TYPE_REL)
        return sk_fail(err, SKEP_ERR_OBJECT, "not a relocatable object: its ELF type is %u, compilers write 1", type);
    return SKEP_OK;
}

static skep_code open_section_headers(struct sk_elf *elf, skep_error *err)
{
    const uint8_t *h = elf->bytes;
    uint64_t count = get16(elf, h + EHDR_SHNUM);
    uint32_t names = get16(elf, h + EHDR_SHSTRNDX);
    elf->headers = get64(elf, h + EHDR_SHOFF);
    if (elf->headers == 0)
        return sk_fail(err, SKEP_ERR_OBJECT, "the object has no sections");
    if (get16(elf, h + EHDR_SHENTSIZE) != SHDR_SIZE)
        return sk_fail(err, SKEP_ERR_OBJECT, "section headers of %u bytes where ELF-64 has 64",
                       (uint32_t)get16(elf, h + EHDR_SHENTSIZE));
    if (!in_file(elf, elf->headers, SHDR_SIZE))
        return sk_fail(err, SKEP_ERR_OBJECT, "the section headers at offset %U are not in the file of %z bytes",
                       elf->headers, elf->size);
    /* Numbers that do not fit the file header are in section 0. */
    struct sk_elf_section zero;
    read_header(elf, 0, &zero);
    if (count == 0)
        count = zero.size;
    if (names == SK_SHN_XINDEX)
        names = zero.link;
    if (count == 0)
        return sk_fail(err, SKEP_ERR_OBJECT, "the object has no sections");
    if (count > (elf->size - elf->headers) / SHDR_SIZE || count > UINT32_MAX)
        return sk_fail(err, SKEP_ERR_OBJECT,
                       "the headers of %U sections at offset %U do not fit into the file of %z bytes", count,
                       elf->headers, elf->size);
    elf->section_count = (uint32_t)count;
    if (names != 0 && !is_string_table(elf, names))
        return sk_fail(err, SKEP_ERR_OBJECT, "section %u, which should hold the names of sections, is no string table",
                       names);
    elf->names = names;
    return SKEP_OK;
}

static skep_code check_sections(struct sk_elf *elf, skep_error *err)
{
    uint64_t total = 0;
    for (uint32_t i = 1; i < elf->section_count; i++) {
        struct sk_elf_section section;
        read_header(elf, i, &section);
        if (!get_string(elf, elf->names, get32(elf, header(elf, i) + SHDR_NAME), &section.name))
            return sk_fail(err, SKEP_ERR_OBJECT, "the name of section %u lies outside the string table", i);
        if (section.type == 0 || section.type == SK_SHT_NOBITS)
            continue;
        if (!section.data)
            return sk_fail(err, SKEP_ERR_OBJECT, "section %u (%.*s) lies outside the file: %U bytes at offset %U of %z",
                           i, 64, section.name, section.size, get64(elf, header(elf, i) + SHDR_OFFSET), elf->size);
        /* Compilers lay sections out side by side. Were they to overlap, a small file could ask for endless work. */
        total += section.size;
        if (total > elf->size)
            return sk_fail(err, SKEP_ERR_OBJECT, "sections overlap: together they claim more bytes than the file's %z",
                           elf->size);
        if (section.type == SK_SHT_SYMTAB && elf->symtab == 0)
            elf->symtab = i;
    }
    return SKEP_OK;
}

static skep_code check_symbols(struct sk_elf *elf, skep_error *err)
{
    struct sk_elf_section table, other;
    if (elf->symtab == 0)
        return SKEP_OK;
    read_header(elf, elf->symtab, &table);
    if (table.entry_size != SYM_SIZE || table.size % SYM_SIZE != 0 || table.size / SYM_SIZE > UINT32_MAX)
        return sk_fail(err, SKEP_ERR_OBJECT, "the symbol table is malformed: %U bytes in entries of %U", table.size,
                       table.entry_size);
    if (!is_string_table(elf, table.link))
        return sk_fail(err, SKEP_ERR_OBJECT, "section %u, which should hold the names of symbols, is no string table",
                       table.link);
    elf->symbol_names = table.link;
    elf->symbol_count = (uint32_t)(table.size / SYM_SIZE);
    for (uint32_t i = 1; i < elf->section_count; i++) {
        read_header(elf, i, &other);
        if (other.type == SK_SHT_SYMTAB_SHNDX && other.link == elf->symtab) {
            if (other.size / 4 < elf->symbol_count)
                return sk_fail(err, SKEP_ERR_OBJECT, "section %u has fewer section numbers than there are symbols", i);
            elf->symtab_shndx = i;
            break;
        }
    }
    for (uint32_t i = 0; i < elf->symbol_count; i++) {
        struct sk_elf_symbol symbol;
        if (!sk_elf_symbol(elf, i, &symbol))
            return sk_fail(err, SKEP_ERR_OBJECT, "the name of symbol %u lies outside the string table", i);
        if (!symbol.reserved && symbol.section >= elf->section_count)
            return sk_fail(err, SKEP_ERR_OBJECT, "symbol %u (%.*s) is in section %u of %u", i, 64, symbol.name,
                           symbol.section, elf->section_count);
    }
    return SKEP_OK;
}

skep_code sk_elf_open(struct sk_elf *elf, const void *bytes, size_t size, skep_error *err)
{
    *elf = (struct sk_elf){.bytes = bytes, .size = size};
    skep_code code = open_file_header(elf, err);
    if (code == SKEP_OK)
        code = open_section_headers(elf, err);
    if (code == SKEP_OK)
        code = check_sections(elf, err);
    if (code == SKEP_OK)
        code = check_symbols(elf, err);
    return code;
}

bool sk_elf_section(const struct sk_elf *elf, uint32_t index, struct sk_elf_section *section)
{
    if (index >= elf->section_count)
        return false;
    read_header(elf, index, section);
    return index == 0 || get_string(elf, elf->names, get32(elf, header(elf, index) + SHDR_NAME), &section->name);
}

bool sk_elf_symbol(const struct sk_elf *elf, uint32_t index, struct sk_elf_symbol *symbol)
{
    struct sk_elf_section section;
    if (index >= elf->symbol_count)
        return false;
    read_header(elf, elf->symtab, &section);
    const uint8_t *s = section.data + (size_t)index * SYM_SIZE;
    *symbol = (struct sk_elf_symbol){.type = s[SYM_INFO] & 15,
                                     .binding = s[SYM_INFO] >> 4,
                                     .section = get16(elf, s + SYM_SHNDX),
                                     .value = get64(elf, s + SYM_VALUE),
                                     .size = get64(elf, s + SYM_BYTES)};
    symbol->reserved = symbol->section >= SK_SHN_LORESERVE;
    if (symbol->section == SK_SHN_XINDEX && elf->symtab_shndx != 0) {
        read_header(elf, elf->symtab_shndx, &section);
        symbol->section = get32(elf, section.data + (size_t)index * 4);
        symbol->reserved = false;
    }
    return get_string(elf, elf->symbol_names, get32(elf, s + SYM_NAME), &symbol->name);
}

uint32_t sk_elf_reloc_count(const struct sk_elf *elf, const struct sk_elf_section *section)
{
    (void)elf;
    if (section->type != SK_SHT_REL || !section->data || section->size / REL_SIZE > UINT32_MAX)
        return 0;
    return (uint32_t)(section->size / REL_SIZE);
}

bool sk_elf_reloc(const struct sk_elf *elf, const struct sk_elf_section *section, uint32_t index,
                  struct sk_elf_reloc *reloc)
{
    if (index >= sk_elf_reloc_count(elf, section))
        return false;
    const uint8_t *r = section->data + (size_t)index * REL_SIZE;
    uint64_t info = get64(elf, r + REL_INFO);
    *reloc = (struct sk_elf_reloc){
        .offset = get64(elf, r + REL_OFFSET), .symbol = (uint32_t)(info >> 32), .type = (uint32_t)info};
    return true;
}
