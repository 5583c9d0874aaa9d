/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For tests of texts: assembling a line, comparing bytes written as hex, and samples of every row of the table with
 * operands at the ends of their ranges.
 */
#ifndef TEXT_TOOLS_H
#define TEXT_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isa/insn.h"
#include "skep/skep.h"
#include "text/text.h"

#define TEXT_OPTIONS(d, order) (&(skep_text_options){.size = sizeof(skep_text_options), .dialect = (d), .byte_order = (order)})

static const char *const row_ids[] = {
#define SK_INSN(id, opcode, selector, value, form, group, effects, mnemonic, kernel, synopsis) #id,
#include "isa/insn.def"
#undef SK_INSN
};

/* Bytes of a hex string with blanks; returns how many. */
static inline size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    unsigned byte;
    int used;
    while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
        out[n++] = (uint8_t)byte;
        hex += used;
    }
    return n;
}

static inline void to_hex(const uint8_t *bytes, size_t size, char *out)
{
    *out = 0;
    for (size_t i = 0; i < size; i++)
        out += sprintf(out, "%s%02x", i ? " " : "", bytes[i]);
}

/* The text must assemble, in little endian, to these bytes. */
static inline void assembles(skep_dialect dialect, const char *text, const char *hex)
{
    void *code;
    size_t size;
    skep_error err;
    uint8_t want[1024];
    size_t wanted = from_hex(hex, want);
    if (skep_assemble(text, strlen(text), TEXT_OPTIONS(dialect, SKEP_LITTLE_ENDIAN), &code, &size, &err))
        fail_msg("'%s': %u:%u: %s", text, err.line, err.column, err.message);
    if (size != wanted || memcmp(code, want, size) != 0) {
        char got[4096] = "";
        to_hex(code, size < 1024 ? size : 1024, got);
        fail_msg("'%s': %s, not %s", text, got, hex);
    }
    skep_free(NULL, code);
}

/* The bytes must be written as this text (one instruction without a newline, or lines). */
static inline void disassembles(skep_dialect dialect, const char *hex, const char *text)
{
    uint8_t code[1024];
    size_t size = from_hex(hex, code), length;
    char *got;
    skep_error err;
    if (skep_disassemble(code, size, TEXT_OPTIONS(dialect, SKEP_LITTLE_ENDIAN), &got, &length, &err))
        fail_msg("%s: %s", hex, err.message);
    assert_int_equal(length, strlen(got));
    if (length && !strchr(text, '\n'))
        got[length - 1] = 0;
    assert_string_equal(got, text);
    skep_free(NULL, got);
}

/* How many samples a row has. */
#define SAMPLES 12u

/* Sample number k of a row. Each k is worth trying, though a row may not have enough operands to make them differ. */
static inline struct sk_insn sample(unsigned op, unsigned k)
{
    static const uint8_t dsts[SAMPLES] = {0, 1, 2, 9, 10, 3, 4, 5, 6, 7, 8, 1};
    static const uint8_t srcs[SAMPLES] = {1, 0, 10, 2, 9, 3, 5, 4, 8, 6, 7, 1};
    static const int16_t offs[SAMPLES] = {0, 1, -1, INT16_MAX, INT16_MIN, 8, -8, 255, -256, 4, -512, 100};
    static const int32_t imms[SAMPLES] = {0, 1, -1, INT32_MAX, INT32_MIN, 9, 10, -10, 0x605, 255, -256, 65536};
    static const int64_t wides[SAMPLES] = {0, 1, -1, INT64_MAX, INT64_MIN, 0x1122334455667788, 0xffffffff,
                                           -0x100000000, INT32_MIN, 0x80000000, 0x100000000, -2};
    const struct sk_op_info *info = &sk_op_infos[op];
    struct sk_insn insn = {.op = (uint16_t)op};
    switch (info->form) {
    case SK_FORM_NONE:
    case SK_FORM_JA:
    case SK_FORM_JA32:
    case SK_FORM_MAY_GOTO:
    case SK_FORM_CALL:
    case SK_FORM_CALL_LOCAL:
    case SK_FORM_ABS:
    case SK_FORM_IND: break;
    default: insn.dst = dsts[k]; break;
    }
    switch (info->form) {
    case SK_FORM_DST_SRC:
    case SK_FORM_JMP_REG:
    case SK_FORM_IND:
    case SK_FORM_LDX:
    case SK_FORM_STX:
    case SK_FORM_ATOMIC:
    case SK_FORM_LDX_ACQ:
    case SK_FORM_STX_REL: insn.src = srcs[k]; break;
    default: break;
    }
    switch (info->form) {
    case SK_FORM_JA:
    case SK_FORM_MAY_GOTO:
    case SK_FORM_JMP_IMM:
    case SK_FORM_JMP_REG:
    case SK_FORM_LDX:
    case SK_FORM_ST:
    case SK_FORM_STX:
    case SK_FORM_ATOMIC:
    case SK_FORM_LDX_ACQ:
    case SK_FORM_STX_REL: insn.off = offs[(k + insn.dst) % SAMPLES]; break;
    default: break;
    }
    switch (info->form) {
    case SK_FORM_DST_IMM:
    case SK_FORM_JA32:
    case SK_FORM_JMP_IMM:
    case SK_FORM_CALL:
    case SK_FORM_CALL_LOCAL:
    case SK_FORM_LDDW_ID:
    case SK_FORM_LDDW_FUNC:
    case SK_FORM_ABS:
    case SK_FORM_IND:
    case SK_FORM_ST: insn.imm = imms[k]; break;
    case SK_FORM_LDDW: insn.imm = wides[k]; break;
    case SK_FORM_LDDW_ID2:
        insn.imm = (int64_t)((uint64_t)(uint32_t)imms[(k + 5) % SAMPLES] << 32 | (uint32_t)imms[k]);
        break;
    default: break;
    }
    return insn;
}

#endif
