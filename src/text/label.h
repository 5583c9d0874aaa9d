/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Names of places in a program, and the instructions that wait for them: shared by assembler and builder. Names are
 * hashed; a label is an index that stays. Numeric labels (`1:` with `1b`, `1f`) are told apart by an ordinal: each
 * definition of a number is a label of its own. A fixup belongs to the instruction that begins at its slot.
 */
#ifndef SK_LABEL_H
#define SK_LABEL_H

#include "base/buf.h"

#define SK_NO_SLOT UINT32_MAX
#define SK_NO_LABEL UINT32_MAX

struct sk_label {
    const char *name; /* the caller's, or sk_label_keep's; not terminated */
    size_t size;
    uint32_t ordinal;
    uint32_t hash;
    uint32_t slot; /* SK_NO_SLOT: not defined */
    uint32_t line; /* of the definition */
};

struct sk_fixup {
    uint32_t label;
    uint32_t slot;
    uint32_t line, column; /* of the reference */
};

struct sk_labels {
    const skep_hooks *hooks;
    struct sk_buf labels; /* of struct sk_label */
    struct sk_buf fixups; /* of struct sk_fixup */
    uint32_t *index;      /* open addressing: label + 1; 0: free */
    size_t index_size;    /* a power of two, or 0 */
};

void sk_labels_init(struct sk_labels *labels, const skep_hooks *hooks);
void sk_labels_free(struct sk_labels *labels);

/* The label of that name, made when there is none. SK_NO_LABEL: out of memory. `name` must outlive the labels. */
uint32_t sk_label_intern(struct sk_labels *labels, const char *name, size_t size, uint32_t ordinal);
/* The same, but SK_NO_LABEL when there is none. */
uint32_t sk_label_find(const struct sk_labels *labels, const char *name, size_t size, uint32_t ordinal);
struct sk_label *sk_label_at(const struct sk_labels *labels, uint32_t label);
static inline size_t sk_label_count(const struct sk_labels *labels)
{
    return labels->labels.size / sizeof(struct sk_label);
}

/* False: out of memory. */
bool sk_label_refer(struct sk_labels *labels, struct sk_fixup fixup);

enum sk_resolve_status {
    SK_RESOLVE_OK,
    SK_RESOLVE_UNDEFINED,
    SK_RESOLVE_FAR,   /* the distance does not fit its field */
    SK_RESOLVE_TARGET /* the instruction has no target */
};

/* Writes every fixup's distance into the code; stops at the first that fails and stores it. */
enum sk_resolve_status sk_labels_resolve(const struct sk_labels *labels, uint8_t *code, uint32_t slots,
                                         skep_byte_order order, struct sk_fixup *failed, int64_t *distance);

#endif
