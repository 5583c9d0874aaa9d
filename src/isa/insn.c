/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "isa/insn.h"

/* What only assembler, disassembler and decoded views read is a good part of a small build. */
#ifdef SKEP_NO_TEXT
#define TEXT(string) ""
#else
#define TEXT(string) string
#endif

const struct sk_op_info sk_op_infos[SK_OP_COUNT] = {
#define SK_INSN(id, opcode, selector, value, form, group, effects, mnemonic, kernel, synopsis)                         \
    {opcode, SK_SEL_##selector, SK_FORM_##form, SK_GROUP_##group, effects, value, mnemonic, TEXT(kernel),              \
     TEXT(synopsis)},
#include "isa/insn.def"
#undef SK_INSN
};

/* First row of each opcode byte, plus one; 0: no such opcode. */
static const uint8_t first_row[256] = {
#define SK_INSN(id, opcode, selector, value, form, group, effects, mnemonic, kernel, synopsis)                         \
    [opcode] = SK_OP_##id + 1,
#define SK_ALSO(id, opcode, selector, value, form, group, effects, mnemonic, kernel, synopsis)
#include "isa/insn.def"
#undef SK_INSN
#undef SK_ALSO
};
_Static_assert(SK_OP_COUNT < 255, "first_row holds bytes");

const char *sk_group_name(enum sk_group group)
{
    static const char *const names[] = {"base32",   "base64",   "divmul32", "divmul64", "atomic32",
                                        "atomic64", "packet",   "linux",    "skep"};
    return names[group];
}

/* RFC 9669 section 3.1: registers are two nibbles whose order follows the byte order. */
struct sk_slot sk_slot_read(const uint8_t bytes[8], skep_byte_order order)
{
    struct sk_slot s;
    s.opcode = bytes[0];
    if (order == SKEP_BIG_ENDIAN) {
        s.dst = bytes[1] >> 4;
        s.src = bytes[1] & 15;
        s.off = (int16_t)sk_be16(sk_load16(bytes + 2));
        s.imm = (int32_t)sk_be32(sk_load32(bytes + 4));
    } else {
        s.dst = bytes[1] & 15;
        s.src = bytes[1] >> 4;
        s.off = (int16_t)sk_le16(sk_load16(bytes + 2));
        s.imm = (int32_t)sk_le32(sk_load32(bytes + 4));
    }
    return s;
}

void sk_slot_write(uint8_t bytes[8], struct sk_slot s, skep_byte_order order)
{
    bytes[0] = s.opcode;
    if (order == SKEP_BIG_ENDIAN) {
        bytes[1] = (uint8_t)((s.dst & 15) << 4 | (s.src & 15));
        sk_store16(bytes + 2, sk_be16((uint16_t)s.off));
        sk_store32(bytes + 4, sk_be32((uint32_t)s.imm));
    } else {
        bytes[1] = (uint8_t)((s.src & 15) << 4 | (s.dst & 15));
        sk_store16(bytes + 2, sk_le16((uint16_t)s.off));
        sk_store32(bytes + 4, sk_le32((uint32_t)s.imm));
    }
}

/* Which raw fields a form uses as operands. */
enum { USES_DST = 1, USES_SRC = 2, USES_OFF = 4, USES_IMM = 8 };
static const uint8_t form_fields[SK_FORM_COUNT] = {
    [SK_FORM_NONE] = 0,
    [SK_FORM_DST] = USES_DST,
    [SK_FORM_END] = USES_DST,
    [SK_FORM_DST_IMM] = USES_DST | USES_IMM,
    [SK_FORM_DST_SRC] = USES_DST | USES_SRC,
    [SK_FORM_JA] = USES_OFF,
    [SK_FORM_JA32] = USES_IMM,
    [SK_FORM_MAY_GOTO] = USES_OFF,
    [SK_FORM_JMP_IMM] = USES_DST | USES_IMM | USES_OFF,
    [SK_FORM_JMP_REG] = USES_DST | USES_SRC | USES_OFF,
    [SK_FORM_CALL] = USES_IMM,
    [SK_FORM_CALL_LOCAL] = USES_IMM,
    [SK_FORM_CALLX] = USES_DST,
    [SK_FORM_LDDW] = USES_DST | USES_IMM,
    [SK_FORM_LDDW_ID] = USES_DST | USES_IMM,
    [SK_FORM_LDDW_ID2] = USES_DST | USES_IMM,
    [SK_FORM_LDDW_FUNC] = USES_DST | USES_IMM,
    [SK_FORM_ABS] = USES_IMM,
    [SK_FORM_IND] = USES_SRC | USES_IMM,
    [SK_FORM_LDX] = USES_DST | USES_SRC | USES_OFF,
    [SK_FORM_ST] = USES_DST | USES_OFF | USES_IMM,
    [SK_FORM_STX] = USES_DST | USES_SRC | USES_OFF,
    [SK_FORM_ATOMIC] = USES_DST | USES_SRC | USES_OFF,
    [SK_FORM_LDX_ACQ] = USES_DST | USES_SRC | USES_OFF,
    [SK_FORM_STX_REL] = USES_DST | USES_SRC | USES_OFF,
};

static const char *reserved_field(const struct sk_op_info *info, struct sk_slot s)
{
    unsigned uses = form_fields[info->form];
    if (s.dst && !(uses & USES_DST))
        return "dst";
    if (s.src && !(uses & USES_SRC) && info->selector != SK_SEL_SRC)
        return "src";
    if (s.off && !(uses & USES_OFF) && info->selector != SK_SEL_OFF)
        return "off";
    if (s.imm && !(uses & USES_IMM) && info->selector != SK_SEL_IMM)
        return "imm";
    return NULL;
}

static int32_t selector_field(unsigned selector, struct sk_slot s)
{
    switch (selector) {
    case SK_SEL_OFF: return s.off;
    case SK_SEL_IMM: return s.imm;
    case SK_SEL_SRC: return s.src;
    default: return 0;
    }
}

enum sk_decode_status sk_decode(const uint8_t *code, uint32_t slots, skep_byte_order order, uint32_t at,
                                struct sk_insn *insn, const char **field)
{
    static const char *const selector_names[] = {"opcode", "off", "imm", "src"};
    const char *unused;
    if (!field)
        field = &unused;
    *field = "opcode";
    struct sk_slot s = sk_slot_read(code + (size_t)at * 8, order);
    if (!first_row[s.opcode])
        return SK_DECODE_OPCODE;

    unsigned op = first_row[s.opcode] - 1u;
    int32_t selected = selector_field(sk_op_infos[op].selector, s);
    while (sk_op_infos[op].value != selected)
        if (++op >= SK_OP_COUNT || sk_op_infos[op].opcode != s.opcode) {
            *field = selector_names[sk_op_infos[first_row[s.opcode] - 1].selector];
            return SK_DECODE_SELECTOR;
        }
    const struct sk_op_info *info = &sk_op_infos[op];
    /* LLVM up to 18 put callx's register in imm; dst has been its place since. */
    if (info->form == SK_FORM_CALLX && s.dst == 0 && s.imm > 0 && s.imm <= 10) {
        s.dst = (uint8_t)s.imm;
        s.imm = 0;
    }
    *insn = (struct sk_insn){.op = (uint16_t)op, .dst = s.dst, .src = s.src, .off = s.off, .imm = s.imm};
    *field = reserved_field(info, s);
    enum sk_decode_status status = *field ? SK_DECODE_RESERVED : SK_DECODE_OK;
    if (!sk_form_is_wide(info->form))
        return status;

    if (at + 1 >= slots) {
        *field = "second slot";
        return SK_DECODE_CUT;
    }
    struct sk_slot next = sk_slot_read(code + (size_t)at * 8 + 8, order);
    if (next.opcode) {
        *field = "second slot's opcode";
        return SK_DECODE_CUT;
    }
    if (info->form == SK_FORM_LDDW || info->form == SK_FORM_LDDW_ID2)
        insn->imm = (int64_t)((uint64_t)(uint32_t)next.imm << 32 | (uint32_t)s.imm);
    const char *second = next.dst   ? "second slot's dst"
                         : next.src ? "second slot's src"
                         : next.off ? "second slot's off"
                         : next.imm && info->form != SK_FORM_LDDW && info->form != SK_FORM_LDDW_ID2
                             ? "second slot's imm"
                             : NULL;
    if (second && status == SK_DECODE_OK) {
        *field = second;
        status = SK_DECODE_RESERVED;
    }
    return status;
}

unsigned sk_encode(const struct sk_insn *insn, skep_byte_order order, uint8_t bytes[16])
{
    const struct sk_op_info *info = &sk_op_infos[insn->op];
    unsigned uses = form_fields[info->form];
    struct sk_slot s = {.opcode = info->opcode};
    if (uses & USES_DST)
        s.dst = insn->dst;
    if (uses & USES_SRC)
        s.src = insn->src;
    if (uses & USES_OFF)
        s.off = insn->off;
    if (uses & USES_IMM)
        s.imm = (int32_t)insn->imm;
    switch (info->selector) {
    case SK_SEL_OFF: s.off = info->value; break;
    case SK_SEL_IMM: s.imm = info->value; break;
    case SK_SEL_SRC: s.src = (uint8_t)info->value; break;
    default: break;
    }
    sk_slot_write(bytes, s, order);
    if (!sk_form_is_wide(info->form))
        return 1;
    struct sk_slot second = {0};
    if (info->form == SK_FORM_LDDW || info->form == SK_FORM_LDDW_ID2)
        second.imm = (int32_t)((uint64_t)insn->imm >> 32);
    sk_slot_write(bytes + 8, second, order);
    return 2;
}
