/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Encoders for x86-64: small functions that append one instruction each. Sources: Intel SDM volume 2 (chapter 2 for
 * prefixes, ModRM and SIB; the instruction pages for opcodes). Sizes are in bits, 32 or 64 unless said; a 32-bit
 * operation clears the upper half of its destination. Failures stick in the buffer.
 */
#ifndef SK_X64_ASM_H
#define SK_X64_ASM_H

#include "base/buf.h"

enum sk_x64_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NO_REG = 255 };

/* Condition codes, as in jcc's opcode. */
enum sk_x64_cc { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE, CC_LE, CC_G };

/* The eight operations of group 1: their number is in the opcode and in ModRM's reg. */
enum sk_x64_alu { X_ADD, X_OR, X_ADC, X_SBB, X_AND, X_SUB, X_XOR, X_CMP };
enum sk_x64_shift { X_ROL = 0, X_ROR = 1, X_SHL = 4, X_SHR = 5, X_SAR = 7 };

/* A place in memory: base + index * 2^scale + offset. */
struct sk_x64_mem {
    uint8_t base, index; /* index NO_REG: none */
    uint8_t scale;       /* 0..3 */
    int32_t offset;
};

static inline struct sk_x64_mem x_at(unsigned base, int32_t offset)
{
    return (struct sk_x64_mem){(uint8_t)base, NO_REG, 0, offset};
}

static inline void x_byte(struct sk_buf *b, unsigned byte)
{
    if (SK_LIKELY(b->size < b->room && !b->failed)) /* most of what emitting takes is this */
        b->data[b->size++] = (uint8_t)byte;
    else
        sk_buf_putc(b, (char)byte);
}

static inline void x_word(struct sk_buf *b, uint32_t v, unsigned bytes)
{
    if (SK_LIKELY(bytes == 4 && b->room - b->size >= 4 && !b->failed)) {
        sk_store32(b->data + b->size, sk_le32(v));
        b->size += 4;
        return;
    }
    for (unsigned i = 0; i < bytes; i++)
        x_byte(b, v >> (8 * i) & 255);
}

/* REX for a register-register form. `byte` operands in rsi, rdi and the like need one, too. */
static inline void x_rex(struct sk_buf *b, unsigned bits, unsigned reg, unsigned index, unsigned base, bool force)
{
    unsigned rex = 0x40u | (bits == 64 ? 8u : 0u) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
    if (rex != 0x40 || force)
        x_byte(b, rex);
}

/* ModRM and what follows it. SDM volume 2, tables 2-2 and 2-3: base rsp and r12 need SIB, rbp and r13 a displacement. */
static inline void x_modrm_mem(struct sk_buf *b, unsigned reg, struct sk_x64_mem m)
{
    bool sib = m.index != NO_REG || (m.base & 7) == RSP;
    unsigned mod = m.offset == 0 && (m.base & 7) != RBP ? 0 : m.offset >= -128 && m.offset <= 127 ? 1 : 2;
    x_byte(b, mod << 6 | (reg & 7) << 3 | (sib ? 4 : (m.base & 7)));
    if (sib)
        x_byte(b, (unsigned)m.scale << 6 | (m.index == NO_REG ? 4u : m.index & 7u) << 3 | (m.base & 7));
    if (mod)
        x_word(b, (uint32_t)m.offset, mod == 1 ? 1 : 4);
}

static inline void x_modrm_reg(struct sk_buf *b, unsigned reg, unsigned rm) { x_byte(b, 0xc0 | (reg & 7) << 3 | (rm & 7)); }

/* opcode reg, [mem]; opcode may be 0x0fXX for the two-byte map. */
static inline void x_op_mem(struct sk_buf *b, unsigned bits, unsigned opcode, unsigned reg, struct sk_x64_mem m, bool byte_reg)
{
    x_rex(b, bits, reg, m.index == NO_REG ? 0 : m.index, m.base, byte_reg && reg >= RSP);
    if (opcode > 255)
        x_byte(b, opcode >> 8);
    x_byte(b, opcode & 255);
    x_modrm_mem(b, reg, m);
}

static inline void x_op_reg(struct sk_buf *b, unsigned bits, unsigned opcode, unsigned reg, unsigned rm, bool byte_rm)
{
    x_rex(b, bits, reg, 0, rm, byte_rm && rm >= RSP);
    if (opcode > 255)
        x_byte(b, opcode >> 8);
    x_byte(b, opcode & 255);
    x_modrm_reg(b, reg, rm);
}

static inline void x_mov(struct sk_buf *b, unsigned bits, unsigned dst, unsigned src)
{
    x_op_reg(b, bits, 0x89, src, dst, false);
}

/* The shortest move of a constant; flags are kept. */
static inline void x_mov_imm(struct sk_buf *b, unsigned dst, uint64_t imm)
{
    if (imm <= UINT32_MAX) {
        x_rex(b, 32, 0, 0, dst, false);
        x_byte(b, 0xb8 | (dst & 7));
        x_word(b, (uint32_t)imm, 4);
    } else if ((int64_t)imm == (int32_t)imm) {
        x_op_reg(b, 64, 0xc7, 0, dst, false);
        x_word(b, (uint32_t)imm, 4);
    } else {
        x_rex(b, 64, 0, 0, dst, false);
        x_byte(b, 0xb8 | (dst & 7));
        x_word(b, (uint32_t)imm, 4);
        x_word(b, (uint32_t)(imm >> 32), 4);
    }
}

static inline void x_alu(struct sk_buf *b, unsigned bits, enum sk_x64_alu op, unsigned dst, unsigned src)
{
    x_op_reg(b, bits, (unsigned)op << 3 | 1, src, dst, false);
}

static inline void x_alu_imm(struct sk_buf *b, unsigned bits, enum sk_x64_alu op, unsigned dst, int32_t imm)
{
    bool small = imm >= -128 && imm <= 127;
    x_op_reg(b, bits, small ? 0x83 : 0x81, op, dst, false);
    x_word(b, (uint32_t)imm, small ? 1 : 4);
}

/* op dst, [mem] */
static inline void x_alu_load(struct sk_buf *b, unsigned bits, enum sk_x64_alu op, unsigned dst, struct sk_x64_mem m)
{
    x_op_mem(b, bits, (unsigned)op << 3 | 3, dst, m, false);
}

/* op [mem], imm; bits may be 8. */
static inline void x_alu_mem_imm(struct sk_buf *b, unsigned bits, enum sk_x64_alu op, struct sk_x64_mem m, int32_t imm)
{
    bool small = imm >= -128 && imm <= 127;
    x_op_mem(b, bits, bits == 8 ? 0x80 : small ? 0x83 : 0x81, op, m, false);
    x_word(b, (uint32_t)imm, bits == 8 || small ? 1 : 4);
}

static inline void x_test(struct sk_buf *b, unsigned bits, unsigned a, unsigned c) { x_op_reg(b, bits, 0x85, c, a, false); }

static inline void x_test_imm(struct sk_buf *b, unsigned bits, unsigned a, int32_t imm)
{
    x_op_reg(b, bits, 0xf7, 0, a, false);
    x_word(b, (uint32_t)imm, 4);
}

static inline void x_imul(struct sk_buf *b, unsigned bits, unsigned dst, unsigned src) { x_op_reg(b, bits, 0x0faf, dst, src, false); }

static inline void x_imul_imm(struct sk_buf *b, unsigned bits, unsigned dst, unsigned src, int32_t imm)
{
    bool small = imm >= -128 && imm <= 127;
    x_op_reg(b, bits, small ? 0x6b : 0x69, dst, src, false);
    x_word(b, (uint32_t)imm, small ? 1 : 4);
}

/* Group 3: 2 not, 3 neg, 4 mul, 6 div, 7 idiv. */
static inline void x_group3(struct sk_buf *b, unsigned bits, unsigned op, unsigned reg) { x_op_reg(b, bits, 0xf7, op, reg, false); }

static inline void x_shift_imm(struct sk_buf *b, unsigned bits, enum sk_x64_shift op, unsigned dst, unsigned count)
{
    x_op_reg(b, bits, 0xc1, op, dst, false);
    x_byte(b, count);
}

static inline void x_shift_cl(struct sk_buf *b, unsigned bits, enum sk_x64_shift op, unsigned dst)
{
    x_op_reg(b, bits, 0xd3, op, dst, false);
}

/* BMI2 shlx, shrx, sarx: dst = src op count, flags kept. SDM volume 2, section 2.3.5 (three-byte VEX). */
static inline void x_shiftx(struct sk_buf *b, unsigned bits, enum sk_x64_shift op, unsigned dst, unsigned src, unsigned count)
{
    unsigned pp = op == X_SHL ? 1 : op == X_SHR ? 3 : 2;
    x_byte(b, 0xc4);
    x_byte(b, (dst >= R8 ? 0 : 0x80u) | 0x40u | (src >= R8 ? 0 : 0x20u) | 2);
    x_byte(b, (bits == 64 ? 0x80u : 0) | (~count & 15) << 3 | pp);
    x_byte(b, 0xf7);
    x_modrm_reg(b, dst, src);
}

/* BMI2 mulx: high:low = rdx * src; flags are kept. rorx: dst = src rotated. SDM volume 2. */
static inline void x_mulx(struct sk_buf *b, unsigned bits, unsigned high, unsigned low, unsigned src)
{
    x_byte(b, 0xc4);
    x_byte(b, (high >= R8 ? 0 : 0x80u) | 0x40u | (src >= R8 ? 0 : 0x20u) | 2);
    x_byte(b, (bits == 64 ? 0x80u : 0) | (~low & 15) << 3 | 3);
    x_byte(b, 0xf6);
    x_modrm_reg(b, high, src);
}

static inline void x_rorx(struct sk_buf *b, unsigned bits, unsigned dst, unsigned src, unsigned count)
{
    x_byte(b, 0xc4);
    x_byte(b, (dst >= R8 ? 0 : 0x80u) | 0x40u | (src >= R8 ? 0 : 0x20u) | 3);
    x_byte(b, (bits == 64 ? 0x80u : 0) | 0x78u | 3);
    x_byte(b, 0xf0);
    x_modrm_reg(b, dst, src);
    x_byte(b, count);
}

/* movbe: a load of 4 or 8 bytes with its bytes reversed. */
static inline void x_load_swapped(struct sk_buf *b, unsigned bytes, unsigned dst, struct sk_x64_mem m)
{
    x_rex(b, bytes * 8, dst, m.index == NO_REG ? 0 : m.index, m.base, false);
    x_word(b, 0xf0380f, 3);
    x_modrm_mem(b, dst, m);
}

static inline void x_lea(struct sk_buf *b, unsigned bits, unsigned dst, struct sk_x64_mem m) { x_op_mem(b, bits, 0x8d, dst, m, false); }

/* Loads of 1, 2, 4 or 8 bytes, extended to 64 bits with zeros or the sign. */
static inline void x_load(struct sk_buf *b, unsigned bytes, bool sign, unsigned dst, struct sk_x64_mem m)
{
    switch (bytes) {
    case 1: x_op_mem(b, sign ? 64 : 32, sign ? 0x0fbe : 0x0fb6, dst, m, false); break;
    case 2: x_op_mem(b, sign ? 64 : 32, sign ? 0x0fbf : 0x0fb7, dst, m, false); break;
    case 4: x_op_mem(b, sign ? 64 : 32, sign ? 0x63 : 0x8b, dst, m, false); break;
    default: x_op_mem(b, 64, 0x8b, dst, m, false); break;
    }
}

static inline void x_store(struct sk_buf *b, unsigned bytes, unsigned src, struct sk_x64_mem m)
{
    if (bytes == 2)
        x_byte(b, 0x66);
    x_op_mem(b, bytes == 8 ? 64 : 32, bytes == 1 ? 0x88 : 0x89, src, m, bytes == 1);
}

static inline void x_store_imm(struct sk_buf *b, unsigned bytes, int32_t imm, struct sk_x64_mem m)
{
    if (bytes == 2)
        x_byte(b, 0x66);
    x_op_mem(b, bytes == 8 ? 64 : 32, bytes == 1 ? 0xc6 : 0xc7, 0, m, false);
    x_word(b, (uint32_t)imm, bytes > 4 ? 4 : bytes);
}

/* dst = the low 8, 16 or 32 bits of src, extended to `bits`. */
static inline void x_extend(struct sk_buf *b, unsigned bits, unsigned from, bool sign, unsigned dst, unsigned src)
{
    switch (from) {
    case 8: x_op_reg(b, bits, sign ? 0x0fbe : 0x0fb6, dst, src, true); break;
    case 16: x_op_reg(b, bits, sign ? 0x0fbf : 0x0fb7, dst, src, false); break;
    default:
        if (sign)
            x_op_reg(b, 64, 0x63, dst, src, false);
        else
            x_mov(b, 32, dst, src);
    }
}

static inline void x_bswap(struct sk_buf *b, unsigned bits, unsigned reg)
{
    x_rex(b, bits, 0, 0, reg, false);
    x_byte(b, 0x0f);
    x_byte(b, 0xc8 | (reg & 7));
}

/* Rotates the low 16 bits: their bytes swapped. */
static inline void x_rol16(struct sk_buf *b, unsigned reg, unsigned count)
{
    x_byte(b, 0x66);
    x_op_reg(b, 32, 0xc1, X_ROL, reg, false);
    x_byte(b, count);
}

/* Atomics: a lock prefix before the 66 and REX prefixes. */
static inline void x_lock_alu(struct sk_buf *b, unsigned bits, enum sk_x64_alu op, unsigned src, struct sk_x64_mem m)
{
    x_byte(b, 0xf0);
    x_op_mem(b, bits, (unsigned)op << 3 | 1, src, m, false);
}

static inline void x_lock_xadd(struct sk_buf *b, unsigned bits, unsigned src, struct sk_x64_mem m)
{
    x_byte(b, 0xf0);
    x_op_mem(b, bits, 0x0fc1, src, m, false);
}

static inline void x_lock_cmpxchg(struct sk_buf *b, unsigned bits, unsigned src, struct sk_x64_mem m)
{
    x_byte(b, 0xf0);
    x_op_mem(b, bits, 0x0fb1, src, m, false);
}

static inline void x_xchg(struct sk_buf *b, unsigned bits, unsigned src, struct sk_x64_mem m) { x_op_mem(b, bits, 0x87, src, m, false); }

static inline void x_push(struct sk_buf *b, unsigned reg)
{
    x_rex(b, 32, 0, 0, reg, false);
    x_byte(b, 0x50 | (reg & 7));
}

static inline void x_pop(struct sk_buf *b, unsigned reg)
{
    x_rex(b, 32, 0, 0, reg, false);
    x_byte(b, 0x58 | (reg & 7));
}

/* SSE: xmm0 = 0, and 16 bytes of it to memory. */
static inline void x_zero_xmm0(struct sk_buf *b) { x_word(b, 0xc0ef0f66, 4); }
static inline void x_store_xmm0(struct sk_buf *b, struct sk_x64_mem m) { x_op_mem(b, 32, 0x0f11, 0, m, false); }

static inline void x_call_mem(struct sk_buf *b, struct sk_x64_mem m) { x_op_mem(b, 32, 0xff, 2, m, false); }
static inline void x_ret(struct sk_buf *b) { x_byte(b, 0xc3); }
static inline void x_call_reg(struct sk_buf *b, unsigned reg) { x_op_reg(b, 32, 0xff, 2, reg, false); }
static inline void x_endbr64(struct sk_buf *b) { x_word(b, 0xfa1e0ff3, 4); }

static inline void x_setcc(struct sk_buf *b, enum sk_x64_cc cc, unsigned reg) { x_op_reg(b, 32, 0x0f90 | (unsigned)cc, 0, reg, true); }
static inline void x_cmov(struct sk_buf *b, unsigned bits, enum sk_x64_cc cc, unsigned dst, unsigned src)
{
    x_op_reg(b, bits, 0x0f40 | (unsigned)cc, dst, src, false);
}

/* Jumps with a 32-bit distance to be patched: the place of the distance is returned. */
static inline size_t x_jmp(struct sk_buf *b)
{
    x_byte(b, 0xe9);
    x_word(b, 0, 4);
    return b->size - 4;
}

static inline size_t x_jcc(struct sk_buf *b, enum sk_x64_cc cc)
{
    x_byte(b, 0x0f);
    x_byte(b, 0x80 | (unsigned)cc);
    x_word(b, 0, 4);
    return b->size - 4;
}

/* The same with a distance of 8 bits. */
static inline size_t x_jmp_near(struct sk_buf *b)
{
    x_word(b, 0x00eb, 2);
    return b->size - 1;
}

static inline size_t x_jcc_near(struct sk_buf *b, enum sk_x64_cc cc)
{
    x_word(b, 0x70 | (unsigned)cc, 2);
    return b->size - 1;
}

static inline void x_patch_near(struct sk_buf *b, size_t at, size_t target)
{
    const int64_t distance = (int64_t)target - (int64_t)at - 1;
    if (distance < -128 || distance > 127)
        b->failed = true; /* whoever wrote the jump was wrong about it */
    if (!b->failed)
        b->data[at] = (uint8_t)distance;
}

/* `size` bytes that do nothing. SDM volume 2, NOP: the recommended sequences of up to 9. */
static inline void x_nops(struct sk_buf *b, unsigned size)
{
    static const uint8_t nops[9][9] = {{0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}, {0x0f, 0x1f, 0x40, 0x00},
                                       {0x0f, 0x1f, 0x44, 0x00, 0x00}, {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
                                       {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00}, {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
                                       {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00}};
    for (unsigned n; size; size -= n) {
        n = size < 9 ? size : 9;
        sk_buf_add(b, nops[n - 1], n);
    }
}

static inline size_t x_call(struct sk_buf *b)
{
    x_byte(b, 0xe8);
    x_word(b, 0, 4);
    return b->size - 4;
}

static inline void x_patch(struct sk_buf *b, size_t at, size_t target)
{
    if (!b->failed)
        sk_store32(b->data + at, sk_le32((uint32_t)(target - at - 4)));
}

#endif
