/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "text/label.h"

#include "isa/insn.h"

void sk_labels_init(struct sk_labels *labels, const skep_hooks *hooks)
{
    memset(labels, 0, sizeof *labels);
    labels->hooks = hooks;
    sk_buf_init(&labels->labels, hooks);
    sk_buf_init(&labels->fixups, hooks);
}

void sk_labels_free(struct sk_labels *labels)
{
    sk_buf_free(&labels->labels);
    sk_buf_free(&labels->fixups);
    sk_free(labels->hooks, labels->index);
    labels->index = NULL;
    labels->index_size = 0;
}

struct sk_label *sk_label_at(const struct sk_labels *labels, uint32_t label)
{
    return (struct sk_label *)(void *)labels->labels.data + label;
}

/* FNV-1a, the ordinal first. */
static uint32_t hash_of(const char *name, size_t size, uint32_t ordinal)
{
    uint32_t hash = (2166136261u ^ ordinal) * 16777619u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* Where the name is in the index, or the free place where it would be. Needs a free place. */
static size_t place_of(const struct sk_labels *labels, const char *name, size_t size, uint32_t ordinal, uint32_t hash)
{
    size_t mask = labels->index_size - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        if (!labels->index[i])
            return i;
        const struct sk_label *l = sk_label_at(labels, labels->index[i] - 1);
        if (l->hash == hash && l->ordinal == ordinal && l->size == size && !memcmp(l->name, name, size))
            return i;
    }
}

static bool grow(struct sk_labels *labels)
{
    size_t size = labels->index_size ? labels->index_size * 2 : 32;
    uint32_t *index = sk_alloc_array(labels->hooks, size, sizeof *index);
    if (!index)
        return false;
    for (size_t label = 0; label < sk_label_count(labels); label++) {
        size_t i = sk_label_at(labels, (uint32_t)label)->hash & (size - 1);
        while (index[i])
            i = (i + 1) & (size - 1);
        index[i] = (uint32_t)label + 1;
    }
    sk_free(labels->hooks, labels->index);
    labels->index = index;
    labels->index_size = size;
    return true;
}

uint32_t sk_label_find(const struct sk_labels *labels, const char *name, size_t size, uint32_t ordinal)
{
    if (!labels->index_size)
        return SK_NO_LABEL;
    uint32_t found = labels->index[place_of(labels, name, size, ordinal, hash_of(name, size, ordinal))];
    return found ? found - 1 : SK_NO_LABEL;
}

uint32_t sk_label_intern(struct sk_labels *labels, const char *name, size_t size, uint32_t ordinal)
{
    size_t count = sk_label_count(labels);
    if (count >= labels->index_size / 2 && (count >= UINT32_MAX / 2 || !grow(labels)))
        return SK_NO_LABEL;
    uint32_t hash = hash_of(name, size, ordinal);
    size_t i = place_of(labels, name, size, ordinal, hash);
    if (labels->index[i])
        return labels->index[i] - 1;
    struct sk_label label = {name, size, ordinal, hash, SK_NO_SLOT, 0};
    sk_buf_add(&labels->labels, &label, sizeof label);
    if (labels->labels.failed)
        return SK_NO_LABEL;
    labels->index[i] = (uint32_t)count + 1;
    return (uint32_t)count;
}

bool sk_label_refer(struct sk_labels *labels, struct sk_fixup fixup)
{
    sk_buf_add(&labels->fixups, &fixup, sizeof fixup);
    return !labels->fixups.failed;
}

static enum sk_resolve_status set_distance(uint8_t *bytes, unsigned form, skep_byte_order order, int64_t distance)
{
    struct sk_slot slot = sk_slot_read(bytes, order);
    switch (form) {
    case SK_FORM_JA:
    case SK_FORM_MAY_GOTO:
    case SK_FORM_JMP_IMM:
    case SK_FORM_JMP_REG:
        if (distance < INT16_MIN || distance > INT16_MAX)
            return SK_RESOLVE_FAR;
        slot.off = (int16_t)distance;
        break;
    case SK_FORM_JA32:
    case SK_FORM_CALL_LOCAL:
    case SK_FORM_LDDW_FUNC:
        if (distance < INT32_MIN || distance > INT32_MAX)
            return SK_RESOLVE_FAR;
        slot.imm = (int32_t)distance;
        break;
    default: return SK_RESOLVE_TARGET;
    }
    sk_slot_write(bytes, slot, order);
    return SK_RESOLVE_OK;
}

enum sk_resolve_status sk_labels_resolve(const struct sk_labels *labels, uint8_t *code, uint32_t slots,
                                         skep_byte_order order, struct sk_fixup *failed, int64_t *distance)
{
    const struct sk_fixup *fixups = (const void *)labels->fixups.data;
    size_t count = labels->fixups.size / sizeof *fixups;
    for (size_t i = 0; i < count; i++) {
        *failed = fixups[i];
        struct sk_insn insn;
        enum sk_decode_status status = sk_decode(code, slots, order, fixups[i].slot, &insn, NULL);
        if (status != SK_DECODE_OK && status != SK_DECODE_RESERVED)
            return SK_RESOLVE_TARGET;
        const struct sk_label *label = sk_label_at(labels, fixups[i].label);
        if (label->slot == SK_NO_SLOT)
            return SK_RESOLVE_UNDEFINED;
        /* RFC 9669 section 4.3: from the slot behind the instruction; for a function handle, behind its first. */
        *distance = (int64_t)label->slot - fixups[i].slot - 1;
        enum sk_resolve_status set = set_distance(code + (size_t)fixups[i].slot * 8, sk_op_infos[insn.op].form, order,
                                                  *distance);
        if (set != SK_RESOLVE_OK)
            return set;
    }
    return SK_RESOLVE_OK;
}
