/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A view of a relocatable 64-bit ELF file for BPF, in either byte order.
 *
 * The view borrows the bytes. Once sk_elf_open has accepted them:
 * - every section's bytes lie within the file, and all sections together claim no more bytes than the file has, so
 *   work that is linear in the sections' contents is linear in the file;
 * - every section and symbol name that an accessor hands out is terminated within its string table;
 * - accessors take any index: beyond the end they say no, they never read there.
 * What the contents mean (programs, maps, types) is for others; unknown section types are sections like any other.
 */
#ifndef SK_ELF_H
#define SK_ELF_H

#include "base/error.h"

/* The numbers of the ELF specification and of LLVM's BPF back end that are used here. */
enum {
    SK_SHT_PROGBITS = 1,
    SK_SHT_SYMTAB = 2,
    SK_SHT_STRTAB = 3,
    SK_SHT_RELA = 4,
    SK_SHT_NOBITS = 8,
    SK_SHT_REL = 9,
    SK_SHT_SYMTAB_SHNDX = 18,

    SK_SHF_EXECINSTR = 4,

    SK_SHN_UNDEF = 0,
    SK_SHN_LORESERVE = 0xff00,
    SK_SHN_ABS = 0xfff1,
    SK_SHN_COMMON = 0xfff2,
    SK_SHN_XINDEX = 0xffff,

    SK_STT_FUNC = 2,
    SK_STT_SECTION = 3,
    SK_STT_OBJECT = 1,
    SK_STB_LOCAL = 0,
    SK_STB_WEAK = 2,

    SK_R_BPF_64_64 = 1,
    SK_R_BPF_64_32 = 10
};

struct sk_elf {
    const uint8_t *bytes;
    size_t size;
    skep_byte_order order;
    uint64_t headers; /* file offset of the section headers */
    uint32_t section_count;
    uint32_t names;        /* section with the sections' names; 0: they have none */
    uint32_t symtab;       /* section with the symbols; 0: there are none */
    uint32_t symbol_count;
    uint32_t symbol_names; /* section with the symbols' names */
    uint32_t symtab_shndx; /* section with the symbols' large section numbers; 0: there is none */
};

struct sk_elf_section {
    const char *name;
    uint32_t type;
    uint64_t flags;
    const uint8_t *data; /* NULL: no bytes in the file */
    uint64_t size;
    uint32_t link, info;
    uint64_t entry_size;
};

struct sk_elf_symbol {
    const char *name; /* "" when it has none */
    uint8_t type, binding;
    uint32_t section; /* a section, or a number from SK_SHN_LORESERVE on when `reserved` */
    bool reserved;
    uint64_t value, size;
};

struct sk_elf_reloc {
    uint64_t offset; /* in the section that it changes */
    uint32_t symbol, type;
};

/* Errors: SKEP_ERR_OBJECT. */
skep_code sk_elf_open(struct sk_elf *elf, const void *bytes, size_t size, skep_error *err);

bool sk_elf_section(const struct sk_elf *elf, uint32_t index, struct sk_elf_section *section);
bool sk_elf_symbol(const struct sk_elf *elf, uint32_t index, struct sk_elf_symbol *symbol);

/* How many entries a relocation section without addends holds; 0 for others. */
uint32_t sk_elf_reloc_count(const struct sk_elf *elf, const struct sk_elf_section *section);
bool sk_elf_reloc(const struct sk_elf *elf, const struct sk_elf_section *section, uint32_t index,
                  struct sk_elf_reloc *reloc);

#endif
