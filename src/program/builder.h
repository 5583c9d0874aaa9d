/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs made in code: slots are collected in little-endian order, jumps to labels remembered, and the first
 * failure kept, which makes every later call a no-op until sk_builder_finish reports it and empties the builder.
 */
#ifndef SK_BUILDER_H
#define SK_BUILDER_H

#include "text/label.h"

struct skep_builder {
    skep_hooks hooks;
    struct sk_buf code;
    struct sk_buf names; /* copies of the labels' names: pointers, one block each */
    struct sk_labels labels;
    skep_error error; /* the first failure; code SKEP_OK: none */
};

void sk_builder_init(struct skep_builder *builder, const skep_hooks *hooks);
void sk_builder_clear(struct skep_builder *builder);
void sk_builder_emit(struct skep_builder *builder, const skep_slot *slots, size_t count);
void sk_builder_emit_to(struct skep_builder *builder, const char *label, const skep_slot *slots, size_t count);
void sk_builder_label(struct skep_builder *builder, const char *name);
skep_code sk_builder_finish(struct skep_builder *builder, skep_byte_order order, void **code, size_t *size,
                            skep_error *err);

#endif
