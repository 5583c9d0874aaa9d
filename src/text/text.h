/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs as text and back, in two dialects. Both are driven by the templates of isa/insn.def, the operand
 * syntax of the mnemonic dialect (format.c) and the spellings that are only read (alias.def); docs/text.md is the
 * description for users. What sk_disassemble and sk_insn_text write, sk_assemble reads back to the same bytes.
 * Time and memory are linear in the size of the program.
 */
#ifndef SK_TEXT_H
#define SK_TEXT_H

#include "base/buf.h"
#include "isa/insn.h"

/* Appends the program's bytes to `out`. On failure `out` holds nothing of use but still wants sk_buf_free. */
skep_code sk_assemble(const skep_hooks *hooks, const char *text, size_t size, skep_dialect dialect,
                      skep_byte_order order, struct sk_buf *out, skep_error *err);

/*
 * Appends a line per instruction to `out`, which reports SKEP_ERR_MEMORY. SKEP_ERR_INVALID with pc where a slot
 * does not decode or a reserved field is not zero: no text would assemble back to it.
 */
skep_code sk_disassemble(const uint8_t *code, size_t size, skep_dialect dialect, skep_byte_order order,
                         struct sk_buf *out, skep_error *err);

/* No instruction's text is longer, with its terminator. */
#define SK_INSN_TEXT_SIZE 96

/* One instruction without a newline, terminated when size > 0; returns the length of the whole. */
size_t sk_insn_text(const struct sk_insn *insn, skep_dialect dialect, char *out, size_t size);

/* The operands of a form in the mnemonic dialect, as a template (see insn.def) to follow the name; "": none. */
const char *sk_form_template(unsigned form);

#endif
