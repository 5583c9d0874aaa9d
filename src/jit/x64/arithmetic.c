/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values: what an instruction makes of registers and constants. */
#include "jit/x64/emitter.h"

void sk_x64_move(struct sk_x64_emitter *e, unsigned bits, unsigned dst, unsigned src)
{
    if (dst != src || bits == 32)
        x_mov(e->code, bits, dst, src);
}

static void emit_shift_reg(struct sk_x64_emitter *e, const struct sk_ir *ir, enum sk_x64_shift op)
{
    struct sk_buf *b = e->code;
    unsigned dst = sk_x64_home[ir->dst], a = sk_x64_home[ir->a], count = sk_x64_home[ir->b];
    if (e->c->cpu & SK_X64_BMI2) {
        x_shiftx(b, ir->bits, op, dst, a, count);
        return;
    }
    if (count == RCX && dst != RCX) {
        sk_x64_move(e, 64, dst, a);
        x_shift_cl(b, ir->bits, op, dst);
        return;
    }
    x_mov(b, 64, T2, a);
    x_mov(b, 64, T1, RCX);
    if (count != RCX)
        x_mov(b, 32, RCX, count);
    x_shift_cl(b, ir->bits, op, T2);
    x_mov(b, 64, RCX, T1);
    x_mov(b, 64, dst, T2);
}

/* 3, 5 and 9 times a power of two, and powers of two, take one cycle or two; imul takes three. */
static void emit_mul_imm(struct sk_x64_emitter *e, unsigned bits, unsigned dst, unsigned a, int32_t imm)
{
    struct sk_buf *b = e->code;
    const uint32_t rest = imm > 0 ? (uint32_t)imm >> __builtin_ctz((unsigned)imm) : 0;
    if (rest != 1 && rest != 3 && rest != 5 && rest != 9) {
        sk_x64_imul_constant(e, bits, dst, a, imm);
        return;
    }
    const unsigned shift = (unsigned)__builtin_ctz((unsigned)imm);
    if (rest > 1)
        x_lea(b, bits, dst, (struct sk_x64_mem){(uint8_t)a, (uint8_t)a, rest == 3 ? 1 : rest == 5 ? 2 : 3, 0});
    else if (dst != a || (bits == 32 && !shift))
        x_mov(b, bits, dst, a);
    if (shift)
        x_shift_imm(b, bits, X_SHL, dst, shift);
}

static void emit_alu_imm(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_buf *b = e->code;
    unsigned dst = sk_x64_home[ir->dst], a = sk_x64_home[ir->a], bits = ir->bits;
    int32_t imm = (int32_t)ir->imm;
    switch ((enum sk_ir_alu)ir->sub) {
    case IRA_ADD:
    case IRA_SUB:
        if (dst != a && !(ir->sub == IRA_SUB && imm == INT32_MIN) && !sk_x64_hides(e, imm)) {
            x_lea(b, bits, dst, x_at(a, ir->sub == IRA_ADD ? imm : -imm));
            return;
        }
        sk_x64_move(e, 64, dst, a);
        sk_x64_alu_constant(e, bits, ir->sub == IRA_ADD ? X_ADD : X_SUB, dst, imm);
        flags_of(e, bits, dst);
        return;
    case IRA_MUL: emit_mul_imm(e, bits, dst, a, imm); return;
    case IRA_AND:
        if (imm == 0xff || imm == 0xffff) {
            x_extend(b, 32, imm == 0xff ? 8 : 16, false, dst, a);
            return;
        }
        if (dst != a)
            x_mov(b, imm >= 0 ? 32 : bits, dst, a);
        sk_x64_alu_constant(e, imm >= 0 ? 32 : bits, X_AND, dst, imm);
        flags_of(e, imm >= 0 ? 32 : bits, dst);
        return;
    case IRA_OR:
    case IRA_XOR:
        if (dst != a)
            x_mov(b, bits, dst, a);
        sk_x64_alu_constant(e, bits, ir->sub == IRA_OR ? X_OR : X_XOR, dst, imm);
        flags_of(e, bits, dst);
        return;
    case IRA_ROL:
        if (dst != a && (e->c->cpu & SK_X64_BMI2)) {
            x_rorx(b, bits, dst, a, -(unsigned)imm & (bits - 1u));
            return;
        }
        if (dst != a || bits == 32)
            x_mov(b, bits, dst, a);
        x_shift_imm(b, bits, X_ROL, dst, (unsigned)imm & (bits - 1u));
        return;
    case IRA_SHL:
    case IRA_SHR:
    case IRA_SAR:
        if (dst != a)
            x_mov(b, bits, dst, a);
        x_shift_imm(b, bits, ir->sub == IRA_SHL ? X_SHL : ir->sub == IRA_SHR ? X_SHR : X_SAR, dst,
                    (unsigned)imm & (bits - 1u));
        if (bits == 32 && ((unsigned)imm & 31) == 0)
            x_mov(b, 32, dst, dst); /* a shift by 0 would leave the upper half */
        return;
    }
}

void sk_x64_alu(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    static const uint8_t ops[] = {[IRA_ADD] = X_ADD, [IRA_SUB] = X_SUB, [IRA_AND] = X_AND, [IRA_OR] = X_OR, [IRA_XOR] = X_XOR};
    struct sk_buf *b = e->code;
    if (ir->flags & IRF_IMM) {
        emit_alu_imm(e, ir);
        return;
    }
    unsigned dst = sk_x64_home[ir->dst], x = sk_x64_home[ir->a], y = sk_x64_home[ir->b], bits = ir->bits;
    switch ((enum sk_ir_alu)ir->sub) {
    case IRA_SHL: emit_shift_reg(e, ir, X_SHL); return;
    case IRA_SHR: emit_shift_reg(e, ir, X_SHR); return;
    case IRA_SAR: emit_shift_reg(e, ir, X_SAR); return;
    case IRA_SUB:
        if (dst == y && dst != x) {
            x_mov(b, 64, T1, y);
            y = T1;
        }
        break;
    default:
        if (dst == y && dst != x) { /* the rest commutes */
            unsigned swap = x;
            x = y;
            y = swap;
        }
    }
    if (ir->sub == IRA_ADD && dst != x) {
        x_lea(b, bits, dst, (struct sk_x64_mem){(uint8_t)x, (uint8_t)y, 0, 0});
        return;
    }
    sk_x64_move(e, 64, dst, x);
    if (ir->sub == IRA_MUL) {
        x_imul(b, bits, dst, y);
        return;
    }
    x_alu(b, bits, (enum sk_x64_alu)ops[ir->sub], dst, y);
    flags_of(e, bits, dst);
}

void sk_x64_bswap(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    unsigned dst = sk_x64_home[ir->dst], a = sk_x64_home[ir->a];
    if (ir->size == 16) {
        x_extend(e->code, 32, 16, false, dst, a);
        x_rol16(e->code, dst, 8);
    } else {
        sk_x64_move(e, ir->size, dst, a);
        x_bswap(e->code, ir->size, dst);
    }
}

