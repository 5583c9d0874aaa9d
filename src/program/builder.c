/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "program/builder.h"

#include "base/error.h"
#include "isa/insn.h"

void sk_builder_init(struct skep_builder *b, const skep_hooks *hooks)
{
    memset(b, 0, sizeof *b);
    b->hooks = *hooks;
    sk_buf_init(&b->code, &b->hooks);
    sk_buf_init(&b->names, &b->hooks);
    sk_labels_init(&b->labels, &b->hooks);
}

void sk_builder_clear(struct skep_builder *b)
{
    char **names = (char **)(void *)b->names.data;
    for (size_t i = 0; i < b->names.size / sizeof *names; i++)
        sk_free(&b->hooks, names[i]);
    sk_buf_free(&b->code);
    sk_buf_free(&b->names);
    sk_labels_free(&b->labels);
    skep_hooks hooks = b->hooks;
    sk_builder_init(b, &hooks);
}

static void out_of_memory(struct skep_builder *b) { sk_fail_memory(&b->error); }

void sk_builder_emit(struct skep_builder *b, const skep_slot *slots, size_t count)
{
    if (b->error.code)
        return;
    if (!slots && count) {
        sk_fail(&b->error, SKEP_ERR_ARGUMENT, "there are no slots to emit");
        return;
    }
    if (count >= UINT32_MAX - b->code.size / 8) {
        sk_fail(&b->error, SKEP_ERR_ARGUMENT, "the program is too long");
        return;
    }
    sk_buf_add(&b->code, slots, count * sizeof *slots);
    if (b->code.failed)
        out_of_memory(b);
}

/* The label of that name, whose copy lives as long as the builder's contents. SK_NO_LABEL: error is set. */
static uint32_t label_of(struct skep_builder *b, const char *name)
{
    size_t size = name ? sk_strlen(name) : 0;
    if (!size) {
        sk_fail(&b->error, SKEP_ERR_ARGUMENT, "a label needs a name");
        return SK_NO_LABEL;
    }
    uint32_t label = sk_label_find(&b->labels, name, size, 0);
    if (label != SK_NO_LABEL)
        return label;
    char *copy = sk_alloc(&b->hooks, size);
    if (copy) {
        memcpy(copy, name, size);
        sk_buf_add(&b->names, &copy, sizeof copy);
        if (b->names.failed) {
            sk_free(&b->hooks, copy);
            copy = NULL;
        }
    }
    label = copy ? sk_label_intern(&b->labels, copy, size, 0) : SK_NO_LABEL;
    if (label == SK_NO_LABEL)
        out_of_memory(b);
    return label;
}

/* Which of the slots begins the last instruction. */
static size_t last_of(const skep_slot *slots, size_t count)
{
    size_t at = 0, last = 0;
    while (at < count) {
        struct sk_insn insn;
        last = at;
        enum sk_decode_status status =
            sk_decode(slots->bytes, (uint32_t)count, SKEP_LITTLE_ENDIAN, (uint32_t)at, &insn, NULL);
        at += status == SK_DECODE_OK || status == SK_DECODE_RESERVED ? sk_insn_slots(&insn) : 1;
    }
    return last;
}

void sk_builder_emit_to(struct skep_builder *b, const char *name, const skep_slot *slots, size_t count)
{
    uint32_t begin = (uint32_t)(b->code.size / 8);
    if (!b->error.code && (!slots || !count))
        sk_fail(&b->error, SKEP_ERR_ARGUMENT, "there is no instruction to aim at a label");
    sk_builder_emit(b, slots, count);
    if (b->error.code)
        return;
    uint32_t label = label_of(b, name);
    if (label == SK_NO_LABEL)
        return;
    struct sk_fixup fixup = {.label = label, .slot = begin + (uint32_t)last_of(slots, count)};
    if (!sk_label_refer(&b->labels, fixup))
        out_of_memory(b);
}

void sk_builder_label(struct skep_builder *b, const char *name)
{
    if (b->error.code)
        return;
    uint32_t label = label_of(b, name);
    if (label == SK_NO_LABEL)
        return;
    struct sk_label *l = sk_label_at(&b->labels, label);
    if (l->slot != SK_NO_SLOT)
        sk_fail(&b->error, SKEP_ERR_ARGUMENT, "the label %s is defined twice", name);
    else
        l->slot = (uint32_t)(b->code.size / 8);
}

static skep_code resolve(struct skep_builder *b)
{
    struct sk_fixup fixup;
    int64_t distance;
    uint32_t slots = (uint32_t)(b->code.size / 8);
    enum sk_resolve_status status =
        sk_labels_resolve(&b->labels, b->code.data, slots, SKEP_LITTLE_ENDIAN, &fixup, &distance);
    if (status == SK_RESOLVE_OK)
        return SKEP_OK;
    const struct sk_label *label = sk_label_at(&b->labels, fixup.label);
    int size = (int)(label->size < 60 ? label->size : 60);
    if (status == SK_RESOLVE_UNDEFINED)
        return sk_fail_at(&b->error, SKEP_ERR_ARGUMENT, fixup.slot, "the label %.*s is not defined", size, label->name);
    if (status == SK_RESOLVE_FAR)
        return sk_fail_at(&b->error, SKEP_ERR_ARGUMENT, fixup.slot,
                          "the label %.*s is %D slots away, further than this jump reaches", size, label->name,
                          distance);
    return sk_fail_at(&b->error, SKEP_ERR_ARGUMENT, fixup.slot,
                      "the instruction that is to reach the label %.*s has no target", size, label->name);
}

static void to_big_endian(uint8_t *code, size_t size)
{
    for (size_t i = 0; i + 8 <= size; i += 8)
        sk_slot_write(code + i, sk_slot_read(code + i, SKEP_LITTLE_ENDIAN), SKEP_BIG_ENDIAN);
}

skep_code sk_builder_finish(struct skep_builder *b, skep_byte_order order, void **code, size_t *size, skep_error *err)
{
    size_t taken = 0;
    void *bytes = NULL;
    if (!b->error.code && !resolve(b)) {
        if (order == SKEP_BIG_ENDIAN)
            to_big_endian(b->code.data, b->code.size);
        bytes = sk_buf_take(&b->code, &taken);
        if (!bytes)
            out_of_memory(b);
    }
    skep_code result = b->error.code;
    if (result && err)
        *err = b->error;
    if (!result) {
        *code = bytes;
        *size = taken;
    }
    sk_builder_clear(b);
    return result;
}
