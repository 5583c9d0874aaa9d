/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One decoded instruction, and what the table says of it. `op` is dense (0..SK_OP_COUNT-1) and tells apart what
 * the opcode byte alone does not. Whoever holds a struct sk_insn may rely on: op is valid, reserved fields were
 * zero or the decoder said so, imm is sign-extended (64 bits for wide ones). Registers are as in the bytes: 0..15,
 * the structural check bounds them.
 */
#ifndef SK_INSN_H
#define SK_INSN_H

#include "base/base.h"
#include "skep/skep.h"

enum sk_op {
#define SK_INSN(id, opcode, selector, value, form, group, effects, mnemonic, kernel, synopsis) SK_OP_##id,
#include "isa/insn.def"
#undef SK_INSN
    SK_OP_COUNT
};

/* Which field tells the instructions of one opcode byte apart. */
enum sk_selector { SK_SEL_NONE, SK_SEL_OFF, SK_SEL_IMM, SK_SEL_SRC };

/* Which fields are operands. The selector's field is given; every other field is reserved (zero). */
enum sk_form {
    SK_FORM_NONE,       /* exit */
    SK_FORM_DST,        /* neg */
    SK_FORM_END,        /* dst; imm is the selector */
    SK_FORM_DST_IMM,    /* dst, imm */
    SK_FORM_DST_SRC,    /* dst, src */
    SK_FORM_JA,         /* off */
    SK_FORM_JA32,       /* imm as target */
    SK_FORM_MAY_GOTO,   /* off */
    SK_FORM_JMP_IMM,    /* dst, imm, off */
    SK_FORM_JMP_REG,    /* dst, src, off */
    SK_FORM_CALL,       /* imm is an id */
    SK_FORM_CALL_LOCAL, /* imm as target */
    SK_FORM_CALLX,      /* dst */
    SK_FORM_LDDW,       /* dst, imm64 */
    SK_FORM_LDDW_ID,    /* dst, imm; the second slot's imm is zero */
    SK_FORM_LDDW_ID2,   /* dst, imm, the second slot's imm: imm64 holds both, the first one low */
    SK_FORM_LDDW_FUNC,  /* dst, imm as target; the second slot's imm is zero */
    SK_FORM_ABS,        /* imm */
    SK_FORM_IND,        /* src, imm */
    SK_FORM_LDX,        /* dst, src + off */
    SK_FORM_ST,         /* dst + off, imm */
    SK_FORM_STX,        /* dst + off, src */
    SK_FORM_ATOMIC,     /* dst + off, src; imm is the selector */
    SK_FORM_LDX_ACQ,    /* dst, src + off; imm is the selector */
    SK_FORM_STX_REL,    /* dst + off, src; imm is the selector */
    SK_FORM_COUNT
};

/* RFC 9669 section 2.4; PACKET is its legacy group. */
enum sk_group {
    SK_GROUP_BASE32,
    SK_GROUP_BASE64,
    SK_GROUP_DIVMUL32,
    SK_GROUP_DIVMUL64,
    SK_GROUP_ATOMIC32,
    SK_GROUP_ATOMIC64,
    SK_GROUP_PACKET,
    SK_GROUP_LINUX,
    SK_GROUP_SKEP
};

enum sk_effect {
    SK_R_DST = 1 << 0,
    SK_W_DST = 1 << 1,
    SK_R_SRC = 1 << 2,
    SK_W_SRC = 1 << 3,
    SK_R_R0 = 1 << 4,
    SK_W_R0 = 1 << 5,
    SK_E_LOAD = 1 << 6,
    SK_E_STORE = 1 << 7,
    SK_E_JUMP = 1 << 8,
    SK_E_COND = 1 << 9, /* the jump may fall through */
    SK_E_CALL = 1 << 10, /* clears r1..r5 */
    SK_E_EXIT = 1 << 11
};

struct sk_op_info {
    uint8_t opcode;
    uint8_t selector; /* enum sk_selector */
    uint8_t form;     /* enum sk_form */
    uint8_t group;    /* enum sk_group */
    uint16_t effects; /* enum sk_effect */
    int16_t value;    /* of the selector's field */
    const char *name;     /* mnemonic dialect */
    const char *kernel;   /* kernel dialect: template, see insn.def */
    const char *synopsis;
};

extern const struct sk_op_info sk_op_infos[SK_OP_COUNT];
const char *sk_group_name(enum sk_group group);

struct sk_insn {
    uint16_t op; /* enum sk_op */
    uint8_t dst, src;
    int16_t off;
    uint16_t unused;
    int64_t imm;
};

/* The raw fields of a slot (RFC 9669 section 3.1), taken out of either byte order. */
struct sk_slot {
    uint8_t opcode, dst, src;
    int16_t off;
    int32_t imm;
};

struct sk_slot sk_slot_read(const uint8_t bytes[8], skep_byte_order order);
void sk_slot_write(uint8_t bytes[8], struct sk_slot slot, skep_byte_order order);

/* Whether the form takes two slots. */
static inline bool sk_form_is_wide(unsigned form) { return form >= SK_FORM_LDDW && form <= SK_FORM_LDDW_FUNC; }
static inline unsigned sk_insn_slots(const struct sk_insn *insn)
{
    return sk_form_is_wide(sk_op_infos[insn->op].form) ? 2 : 1;
}

/* The jump, call or function distance in slots, from the next slot (the first slot + 1 for LDDW_FUNC). */
static inline int32_t sk_insn_distance(const struct sk_insn *insn)
{
    switch (sk_op_infos[insn->op].form) {
    case SK_FORM_JA:
    case SK_FORM_MAY_GOTO:
    case SK_FORM_JMP_IMM:
    case SK_FORM_JMP_REG: return insn->off;
    default: return (int32_t)insn->imm;
    }
}

enum sk_decode_status {
    SK_DECODE_OK,
    SK_DECODE_OPCODE,   /* no instruction has this opcode byte */
    SK_DECODE_SELECTOR, /* the opcode byte is known, the field that selects is not */
    SK_DECODE_RESERVED, /* decoded, but a reserved field is not zero */
    SK_DECODE_CUT       /* a wide instruction without its second slot, or with an opcode in it */
};

/*
 * Decodes the instruction that begins at slot `at` of `slots` slots. RESERVED fills *insn too, so that a listing
 * can go on. `field`, if not NULL, gets the name of the field at fault; static.
 */
enum sk_decode_status sk_decode(const uint8_t *code, uint32_t slots, skep_byte_order order, uint32_t at,
                                struct sk_insn *insn, const char **field);

/* Writes the instruction's one or two slots; returns how many. */
unsigned sk_encode(const struct sk_insn *insn, skep_byte_order order, uint8_t bytes[16]);

#endif
