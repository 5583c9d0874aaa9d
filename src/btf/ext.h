/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A view of an object's .BTF.ext section: which function begins where, which line of the source an instruction is
 * from, and the CO-RE relocations. It borrows the bytes and the types that go with it; both must outlive it.
 *
 * Records belong to a section by its name; a name may have several blocks of them. Once sk_btf_ext_open has accepted
 * the bytes, every string of a record exists and every type id is in range. Instruction offsets are bytes in the
 * section, and are not compared with its size.
 */
#ifndef SK_BTF_EXT_H
#define SK_BTF_EXT_H

#include "btf/btf.h"

enum sk_btf_ext_part { SK_BTF_FUNC_INFO, SK_BTF_LINE_INFO, SK_BTF_CORE_RELO, SK_BTF_EXT_PARTS };

/* The records of one section. */
struct sk_btf_block {
    const char *section;
    const uint8_t *records;
    uint32_t count;
    uint32_t stride;
    uint8_t part; /* enum sk_btf_ext_part */
    bool rising;  /* by instruction offset, as compilers write them and the kernel wants them */
};

struct sk_btf_ext {
    const struct sk_btf *btf;
    struct sk_btf_block *blocks;
    uint32_t block_count;
    bool swapped;
};

struct sk_btf_func_info {
    uint32_t offset; /* of the function's first instruction in its section, bytes */
    uint32_t type;   /* a FUNC, if the compiler is right */
};

struct sk_btf_line {
    uint32_t offset;  /* of the instruction in its section, bytes */
    const char *file;
    const char *text; /* the source line; "" when the compiler did not keep it */
    uint32_t line, column;
};

struct sk_btf_core_relo {
    uint32_t offset;    /* of the instruction in its section, bytes */
    uint32_t type;      /* the type that `access` begins with */
    const char *access; /* "0:1:2": an index, then indices of members or elements */
    uint32_t kind;      /* enum sk_core_kind, or a number that nobody knows */
};

/* Errors: SKEP_ERR_OBJECT, SKEP_ERR_MEMORY; then nothing needs to be closed. */
skep_code sk_btf_ext_open(struct sk_btf_ext *ext, const struct sk_btf *btf, const void *bytes, size_t size,
                          skep_error *err);
void sk_btf_ext_close(struct sk_btf_ext *ext);

/* The next block of that part and section behind `after` (NULL: the first); NULL: there is none. */
const struct sk_btf_block *sk_btf_block(const struct sk_btf_ext *ext, enum sk_btf_ext_part part, const char *section,
                                        const struct sk_btf_block *after);
/* The first record that may have an offset of `offset` or more: all that do are behind it. */
uint32_t sk_btf_block_from(const struct sk_btf_ext *ext, const struct sk_btf_block *block, uint32_t offset);

/* `index` must be below block->count. */
struct sk_btf_func_info sk_btf_func_info(const struct sk_btf_ext *ext, const struct sk_btf_block *block,
                                         uint32_t index);
struct sk_btf_line sk_btf_line(const struct sk_btf_ext *ext, const struct sk_btf_block *block, uint32_t index);
struct sk_btf_core_relo sk_btf_core_relo(const struct sk_btf_ext *ext, const struct sk_btf_block *block,
                                         uint32_t index);

/* The line that the instruction at a byte offset is from: the nearest record at it or in front of it. */
bool sk_btf_find_line(const struct sk_btf_ext *ext, const char *section, uint32_t offset, struct sk_btf_line *line);
/* The function that the instruction at a byte offset is in, by the same rule. */
bool sk_btf_find_func(const struct sk_btf_ext *ext, const char *section, uint32_t offset,
                      struct sk_btf_func_info *func);

#endif
