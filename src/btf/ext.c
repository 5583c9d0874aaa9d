/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "btf/ext.h"

#include "base/buf.h"

/* The header: offsets of the parts count from its end. CO-RE relocations came later than the rest. */
enum {
    MAGIC = 0xeb9f,
    VERSION = 1,
    HDR_LENGTH = 4,
    HDR_PARTS = 8,
    HDR_PART_SIZE = 8,
    HDR_SIZE_WITHOUT_CORE = 24,

    BLOCK_HEADER = 8,
};

static const struct {
    uint8_t smallest;
    const char *name;
} parts[SK_BTF_EXT_PARTS] = {{8, "function"}, {16, "line"}, {16, "CO-RE relocation"}};

static uint32_t get32(const struct sk_btf_ext *ext, const uint8_t *p)
{
    uint32_t v = sk_load32(p);
    return ext->swapped ? sk_swap32(v) : v;
}

static const uint8_t *record(const struct sk_btf_block *block, uint32_t index)
{
    return block->records + (size_t)index * block->stride;
}

static uint32_t offset_of(const struct sk_btf_ext *ext, const struct sk_btf_block *block, uint32_t index)
{
    return get32(ext, record(block, index));
}

static bool is_string(const struct sk_btf_ext *ext, uint32_t offset) { return sk_btf_string(ext->btf, offset) != NULL; }

static bool check_record(const struct sk_btf_ext *ext, enum sk_btf_ext_part part, const uint8_t *r)
{
    switch (part) {
    case SK_BTF_FUNC_INFO: return get32(ext, r + 4) < ext->btf->count;
    case SK_BTF_LINE_INFO: return is_string(ext, get32(ext, r + 4)) && is_string(ext, get32(ext, r + 8));
    default: return get32(ext, r + 4) < ext->btf->count && is_string(ext, get32(ext, r + 8));
    }
}

static skep_code check_block(const struct sk_btf_ext *ext, struct sk_btf_block *block, skep_error *err)
{
    uint32_t before = 0;
    block->rising = true;
    for (uint32_t i = 0; i < block->count; i++) {
        uint32_t offset = offset_of(ext, block, i);
        if (!check_record(ext, block->part, record(block, i)))
            return sk_fail(err, SKEP_ERR_OBJECT,
                           "%s %u of section '%.*s' in .BTF.ext refers to a type or string that does not exist",
                           parts[block->part].name, i, 64, block->section);
        if (offset < before)
            block->rising = false;
        before = offset;
    }
    return SKEP_OK;
}

/* One part: the size of its records, then blocks of them. */
static skep_code open_part(struct sk_btf_ext *ext, enum sk_btf_ext_part part, const uint8_t *p, uint32_t size,
                           struct sk_buf *blocks, skep_error *err)
{
    const char *name = parts[part].name;
    if (size == 0)
        return SKEP_OK;
    if (size < 4)
        return sk_fail(err, SKEP_ERR_OBJECT, "the %s records in .BTF.ext are cut short", name);
    uint32_t stride = get32(ext, p);
    if (stride < parts[part].smallest || stride % 4 != 0)
        return sk_fail(err, SKEP_ERR_OBJECT, "the %s records in .BTF.ext have %u bytes instead of %u", name, stride,
                       (uint32_t)parts[part].smallest);
    p += 4;
    size -= 4;
    while (size > 0) {
        if (size < BLOCK_HEADER)
            return sk_fail(err, SKEP_ERR_OBJECT, "the %s records in .BTF.ext are cut short", name);
        struct sk_btf_block block = {.section = sk_btf_string(ext->btf, get32(ext, p)),
                                     .records = p + BLOCK_HEADER,
                                     .count = get32(ext, p + 4),
                                     .stride = stride,
                                     .part = (uint8_t)part};
        if (!block.section)
            return sk_fail(err, SKEP_ERR_OBJECT, "the %s records in .BTF.ext are for a section whose name, at %u, does "
                           "not exist", name, get32(ext, p));
        size -= BLOCK_HEADER;
        if (block.count == 0 || block.count > size / stride)
            return sk_fail(err, SKEP_ERR_OBJECT, "section '%.*s' has %u %s records in .BTF.ext, where %u fit", 64,
                           block.section, block.count, name, size / stride);
        skep_code code = check_block(ext, &block, err);
        if (code != SKEP_OK)
            return code;
        sk_buf_add(blocks, &block, sizeof block);
        p += BLOCK_HEADER + (size_t)block.count * stride;
        size -= block.count * stride;
    }
    return blocks->failed ? sk_fail_memory(err) : SKEP_OK;
}

static skep_code open_parts(struct sk_btf_ext *ext, const uint8_t *bytes, size_t size, struct sk_buf *blocks,
                            skep_error *err)
{
    if (size < HDR_SIZE_WITHOUT_CORE)
        return sk_fail(err, SKEP_ERR_OBJECT, ".BTF.ext of %z bytes is too short for its header", size);
    uint32_t magic = sk_le16(sk_load16(bytes));
    if (magic != MAGIC && magic != sk_swap16(MAGIC))
        return sk_fail(err, SKEP_ERR_OBJECT, "not .BTF.ext: its magic number is 0x%04x instead of 0xeb9f", magic);
    ext->swapped = (magic != MAGIC) != SK_BIG_ENDIAN;
    if (bytes[2] != VERSION)
        return sk_fail(err, SKEP_ERR_OBJECT, ".BTF.ext of version %u, known is 1", (uint32_t)bytes[2]);
    uint32_t length = get32(ext, bytes + HDR_LENGTH);
    if (length < HDR_SIZE_WITHOUT_CORE || length > size)
        return sk_fail(err, SKEP_ERR_OBJECT, "the .BTF.ext header is said to have %u bytes, of %z", length, size);
    size_t rest = size - length, total = 0;
    for (uint32_t i = 0; i < SK_BTF_EXT_PARTS; i++) {
        const uint8_t *h = bytes + HDR_PARTS + (size_t)i * HDR_PART_SIZE;
        if (h + HDR_PART_SIZE > bytes + length)
            break;
        uint32_t offset = get32(ext, h), bytes_of = get32(ext, h + 4);
        if (offset > rest || bytes_of > rest - offset)
            return sk_fail(err, SKEP_ERR_OBJECT, "the %s records lie outside of .BTF.ext: %u bytes at %u of %z",
                           parts[i].name, bytes_of, offset, rest);
        total += bytes_of;
        if (total > rest)
            return sk_fail(err, SKEP_ERR_OBJECT, "the parts of .BTF.ext overlap");
        skep_code code = open_part(ext, i, bytes + length + offset, bytes_of, blocks, err);
        if (code != SKEP_OK)
            return code;
    }
    return SKEP_OK;
}

skep_code sk_btf_ext_open(struct sk_btf_ext *ext, const struct sk_btf *btf, const void *bytes, size_t size,
                          skep_error *err)
{
    struct sk_buf blocks;
    *ext = (struct sk_btf_ext){.btf = btf};
    sk_buf_init(&blocks, btf->hooks);
    skep_code code = open_parts(ext, bytes, size, &blocks, err);
    if (code != SKEP_OK) {
        sk_buf_free(&blocks);
        return code;
    }
    ext->block_count = (uint32_t)(blocks.size / sizeof *ext->blocks);
    ext->blocks = (void *)blocks.data;
    return SKEP_OK;
}

void sk_btf_ext_close(struct sk_btf_ext *ext)
{
    if (ext->btf)
        sk_free(ext->btf->hooks, ext->blocks);
    memset(ext, 0, sizeof *ext);
}

const struct sk_btf_block *sk_btf_block(const struct sk_btf_ext *ext, enum sk_btf_ext_part part, const char *section,
                                        const struct sk_btf_block *after)
{
    for (uint32_t i = after ? (uint32_t)(after - ext->blocks) + 1 : 0; i < ext->block_count; i++)
        if (ext->blocks[i].part == part && sk_streq(ext->blocks[i].section, section))
            return &ext->blocks[i];
    return NULL;
}

uint32_t sk_btf_block_from(const struct sk_btf_ext *ext, const struct sk_btf_block *block, uint32_t offset)
{
    uint32_t low = 0, count = block->rising ? block->count : 0;
    while (count > 0) {
        uint32_t half = count / 2;
        if (offset_of(ext, block, low + half) < offset) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

struct sk_btf_func_info sk_btf_func_info(const struct sk_btf_ext *ext, const struct sk_btf_block *block,
                                         uint32_t index)
{
    const uint8_t *r = record(block, index);
    return (struct sk_btf_func_info){.offset = get32(ext, r), .type = get32(ext, r + 4)};
}

struct sk_btf_line sk_btf_line(const struct sk_btf_ext *ext, const struct sk_btf_block *block, uint32_t index)
{
    const uint8_t *r = record(block, index);
    uint32_t place = get32(ext, r + 12);
    return (struct sk_btf_line){.offset = get32(ext, r),
                                .file = sk_btf_string(ext->btf, get32(ext, r + 4)),
                                .text = sk_btf_string(ext->btf, get32(ext, r + 8)),
                                .line = place >> 10,
                                .column = place & 0x3ff};
}

struct sk_btf_core_relo sk_btf_core_relo(const struct sk_btf_ext *ext, const struct sk_btf_block *block,
                                         uint32_t index)
{
    const uint8_t *r = record(block, index);
    return (struct sk_btf_core_relo){.offset = get32(ext, r),
                                     .type = get32(ext, r + 4),
                                     .access = sk_btf_string(ext->btf, get32(ext, r + 8)),
                                     .kind = get32(ext, r + 12)};
}

/* The record at `offset` or nearest in front of it; false: none is. */
static bool nearest(const struct sk_btf_ext *ext, enum sk_btf_ext_part part, const char *section, uint32_t offset,
                    const struct sk_btf_block **block, uint32_t *index)
{
    const struct sk_btf_block *b = NULL;
    uint32_t best = 0;
    bool found = false;
    while ((b = sk_btf_block(ext, part, section, b)) != NULL) {
        uint32_t from = offset == UINT32_MAX ? 0 : sk_btf_block_from(ext, b, offset + 1);
        for (uint32_t i = from > 0 ? from - 1 : 0; i < b->count; i++) {
            uint32_t at = offset_of(ext, b, i);
            if (at <= offset && (!found || at >= best)) {
                best = at;
                *block = b;
                *index = i;
                found = true;
            } else if (b->rising && at > offset) {
                break;
            }
        }
    }
    return found;
}

bool sk_btf_find_line(const struct sk_btf_ext *ext, const char *section, uint32_t offset, struct sk_btf_line *line)
{
    const struct sk_btf_block *block = NULL;
    uint32_t index = 0;
    if (!nearest(ext, SK_BTF_LINE_INFO, section, offset, &block, &index))
        return false;
    *line = sk_btf_line(ext, block, index);
    return true;
}

bool sk_btf_find_func(const struct sk_btf_ext *ext, const char *section, uint32_t offset,
                      struct sk_btf_func_info *func)
{
    const struct sk_btf_block *block = NULL;
    uint32_t index = 0;
    if (!nearest(ext, SK_BTF_FUNC_INFO, section, offset, &block, &index))
        return false;
    *func = sk_btf_func_info(ext, block, index);
    return true;
}
