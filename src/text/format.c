/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Instructions to text: fills in the templates of insn.def (kernel dialect) or name and form (mnemonic dialect).
 * The mnemonic dialect writes numbers in hexadecimal, immediates as the bits of their field, distances and
 * offsets with their sign; the kernel dialect writes signed decimals.
 */
#include "text/text.h"

#include "base/error.h"
#include "base/fmt.h"

const char *sk_form_template(unsigned form)
{
    static const char *const templates[SK_FORM_COUNT] = {
        [SK_FORM_NONE] = "",
        [SK_FORM_DST] = "%D",
        [SK_FORM_END] = "%D",
        [SK_FORM_DST_IMM] = "%D, %i",
        [SK_FORM_DST_SRC] = "%D, %S",
        [SK_FORM_JA] = "%o",
        [SK_FORM_JA32] = "%j",
        [SK_FORM_MAY_GOTO] = "%o",
        [SK_FORM_JMP_IMM] = "%D, %i, %o",
        [SK_FORM_JMP_REG] = "%D, %S, %o",
        [SK_FORM_CALL] = "%i",
        [SK_FORM_CALL_LOCAL] = "%p",
        [SK_FORM_CALLX] = "%D",
        [SK_FORM_LDDW] = "%D, %I",
        [SK_FORM_LDDW_ID] = "%D, %i",
        [SK_FORM_LDDW_ID2] = "%D, %i, %n",
        [SK_FORM_LDDW_FUNC] = "%D, %j",
        [SK_FORM_ABS] = "%i",
        [SK_FORM_IND] = "%S, %i",
        [SK_FORM_LDX] = "%D, [%M]",
        [SK_FORM_ST] = "[%m], %i",
        [SK_FORM_STX] = "[%m], %S",
        [SK_FORM_ATOMIC] = "[%m], %S",
        [SK_FORM_LDX_ACQ] = "%D, [%M]",
        [SK_FORM_STX_REL] = "[%m], %S",
    };
    return templates[form];
}

struct line {
    char text[SK_INSN_TEXT_SIZE];
    size_t size;
};

static void put(void *user, const char *text, size_t size)
{
    struct line *line = user;
    if (size > sizeof line->text - line->size)
        size = sizeof line->text - line->size;
    memcpy(line->text + line->size, text, size);
    line->size += size;
}

static void put_fmt(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sk_vfmt(put, line, format, args);
    va_end(args);
}

/* -0x8, +0x0, or the same in decimal. */
static void put_distance(struct line *line, skep_dialect dialect, int32_t v)
{
    if (dialect == SKEP_KERNEL)
        put_fmt(line, "%+d", v);
    else
        put_fmt(line, v < 0 ? "-%#x" : "+%#x", v < 0 ? 0 - (uint32_t)v : (uint32_t)v);
}

static void put_number(struct line *line, skep_dialect dialect, int32_t v)
{
    put_fmt(line, dialect == SKEP_KERNEL ? "%d" : "%#x", v);
}

static void put_memory(struct line *line, skep_dialect dialect, unsigned base, int32_t off)
{
    put_fmt(line, "r%u", base);
    if (dialect == SKEP_KERNEL)
        put_fmt(line, off < 0 ? " - %u" : " + %u", off < 0 ? 0 - (uint32_t)off : (uint32_t)off);
    else
        put_distance(line, dialect, off);
}

static void put_operand(struct line *line, const struct sk_insn *insn, skep_dialect dialect, char operand)
{
    int32_t imm = (int32_t)insn->imm;
    int32_t next = (int32_t)((uint64_t)insn->imm >> 32);
    switch (operand) {
    case 'D': put_fmt(line, "r%u", (uint32_t)insn->dst); break;
    case 'S': put_fmt(line, "r%u", (uint32_t)insn->src); break;
    case 'd': put_fmt(line, "w%u", (uint32_t)insn->dst); break;
    case 's': put_fmt(line, "w%u", (uint32_t)insn->src); break;
    case 'i': put_number(line, dialect, imm); break;
    case 'I': put_fmt(line, dialect == SKEP_KERNEL ? "%D" : "%#X", insn->imm); break;
    case 'n': put_number(line, dialect, next); break;
    case 'N':
        if (next) {
            put_fmt(line, ", ");
            put_number(line, dialect, next);
        }
        break;
    case 'o': put_distance(line, dialect, insn->off); break;
    case 'j': put_distance(line, dialect, imm); break;
    case 'p':
        if (dialect == SKEP_KERNEL)
            put_fmt(line, "pc%+d", imm);
        else
            put_number(line, dialect, imm);
        break;
    case 'm': put_memory(line, dialect, insn->dst, insn->off); break;
    case 'M': put_memory(line, dialect, insn->src, insn->off); break;
    case 'x':
        if (imm)
            put_memory(line, dialect, insn->src, imm);
        else
            put_fmt(line, "r%u", (uint32_t)insn->src);
        break;
    default: put(line, &operand, 1); break;
    }
}

static void put_insn(struct line *line, const struct sk_insn *insn, skep_dialect dialect)
{
    const struct sk_op_info *info = &sk_op_infos[insn->op];
    const char *p = info->kernel;
    if (dialect != SKEP_KERNEL) {
        p = sk_form_template(info->form);
        put_fmt(line, *p ? "%s " : "%s", info->name);
    }
    while (*p) {
        const char *plain = p;
        while (*p && *p != '%')
            p++;
        put(line, plain, (size_t)(p - plain));
        if (*p) {
            put_operand(line, insn, dialect, p[1]);
            p += 2;
        }
    }
}

size_t sk_insn_text(const struct sk_insn *insn, skep_dialect dialect, char *out, size_t size)
{
    struct line line;
    line.size = 0;
    put_insn(&line, insn, dialect);
    if (size) {
        size_t n = line.size < size ? line.size : size - 1;
        memcpy(out, line.text, n);
        out[n] = 0;
    }
    return line.size;
}

skep_code sk_disassemble(const uint8_t *code, size_t size, skep_dialect dialect, skep_byte_order order,
                         struct sk_buf *out, skep_error *err)
{
    if (size % 8)
        return sk_fail_at(err, SKEP_ERR_INVALID, size / 8, "a program of %z bytes does not consist of 8-byte slots",
                          size);
    if (size / 8 > UINT32_MAX)
        return sk_fail(err, SKEP_ERR_INVALID, "a program of %z bytes is too long", size);
    uint32_t slots = (uint32_t)(size / 8);
    for (uint32_t at = 0; at < slots;) {
        struct sk_insn insn;
        const char *field;
        struct line line;
        line.size = 0;
        switch (sk_decode(code, slots, order, at, &insn, &field)) {
        case SK_DECODE_OK: break;
        case SK_DECODE_OPCODE:
            return sk_fail_at(err, SKEP_ERR_INVALID, at, "instruction %u: no instruction has the opcode 0x%02x", at,
                              (uint32_t)code[(size_t)at * 8]);
        case SK_DECODE_SELECTOR:
            return sk_fail_at(err, SKEP_ERR_INVALID, at, "instruction %u: opcode 0x%02x has no meaning with this %s",
                              at, (uint32_t)code[(size_t)at * 8], field);
        case SK_DECODE_RESERVED:
            put_insn(&line, &insn, dialect);
            return sk_fail_at(err, SKEP_ERR_INVALID, at, "instruction %u (%.*s): the reserved field %s is not zero", at,
                              (int)line.size, line.text, field);
        case SK_DECODE_CUT:
            return sk_fail_at(err, SKEP_ERR_INVALID, at,
                              "instruction %u: opcode 0x%02x takes two slots, the second with opcode 0", at,
                              (uint32_t)code[(size_t)at * 8]);
        }
        put_insn(&line, &insn, dialect);
        put(&line, "\n", 1);
        sk_buf_add(out, line.text, line.size);
        at += sk_insn_slots(&insn);
    }
    return out->failed ? sk_fail_memory(err) : SKEP_OK;
}
