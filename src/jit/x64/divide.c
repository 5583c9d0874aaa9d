/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Division and modulo. By a constant they are a multiplication with its reciprocal, rounded up: for n of N bits and a divisor
 * d, L = ceil(log2 d), the number m = floor(2^(N+s) / d) + 1 gives n / d = n * m >> N + s for each n if
 * m * d - 2^(N+s) <= 2^s. With s = L that always holds, but m has N + 1 bits; with s = L - 1 it has N. (Granlund and
 * Montgomery, "Division by invariant integers using multiplication", 1994, theorem 4.2 and figure 4.1.)
 */
#include "jit/x64/emitter.h"

/* floor(2^power / d) without what lies above bit 63, and what remains. */
static uint64_t reciprocal(unsigned power, uint64_t d, uint64_t *rest)
{
    uint64_t q = 0, r = 0;
    for (unsigned bit = power + 1; bit-- > 0;) {
        const bool carry = r >> 63;
        r = r << 1 | (bit == power);
        q <<= 1;
        if (carry || r >= d) {
            r -= d;
            q |= 1;
        }
    }
    *rest = r;
    return q;
}

static uint64_t divisor_of(const struct sk_ir *ir) { return ir->bits == 32 ? (uint32_t)ir->imm : (uint64_t)ir->imm; }

/* Powers of two have become shifts. A remainder takes the divisor back as an immediate; blinded code shows no constants. */
static bool has_magic(const struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    const uint64_t d = divisor_of(ir);
    return (ir->flags & IRF_IMM) && !(ir->flags & IRF_SIGNED) && (d & (d - 1)) && !e->c->blind &&
           (ir->bits == 32 || ir->imm > 0);
}

/* dst = the upper 64 bits of T2 * m. Spoils T1. */
static void high_product(struct sk_x64_emitter *e, unsigned dst, uint64_t m)
{
    struct sk_buf *b = e->code;
    if (e->c->cpu & SK_X64_BMI2) {
        if (dst != RDX)
            x_mov(b, 64, T1, RDX);
        x_mov_imm(b, RDX, m);
        x_mulx(b, 64, dst, dst, T2);
        if (dst != RDX)
            x_mov(b, 64, RDX, T1);
        return;
    }
    x_push(b, RAX);
    x_push(b, RDX);
    x_mov_imm(b, RAX, m);
    x_group3(b, 64, 4, T2);
    x_mov(b, 64, T1, RDX);
    x_pop(b, RDX);
    x_pop(b, RAX);
    x_mov(b, 64, dst, T1);
}

static void divide_by_constant(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_buf *b = e->code;
    const unsigned dst = sk_x64_home[ir->dst], bits = ir->bits;
    const uint64_t d = divisor_of(ir);
    uint64_t rest;
    unsigned log = 0;
    while (log < 64 && (UINT64_C(1) << log) < d)
        log++;
    unsigned shift = log - 1;
    uint64_t m = reciprocal(bits + shift, d, &rest) + 1;
    const bool wide = d - rest > UINT64_C(1) << shift; /* the reciprocal has a bit more, 2^bits */
    if (wide)
        m = reciprocal(bits + log, d, &rest) + 1;
    if (bits == 32)
        m = (uint32_t)m;
    x_mov(b, bits, T2, sk_x64_home[ir->a]);
    if (bits == 32) {
        x_mov_imm(b, dst, m);
        x_imul(b, 64, dst, T2);
        x_shift_imm(b, 64, X_SHR, dst, wide ? 32 : 32 + shift);
    } else {
        high_product(e, dst, m);
        if (!wide && shift)
            x_shift_imm(b, 64, X_SHR, dst, shift);
    }
    if (wide) { /* (high + n) >> log, without the carry */
        x_mov(b, bits, T1, T2);
        x_alu(b, bits, X_SUB, T1, dst);
        x_shift_imm(b, bits, X_SHR, T1, 1);
        x_alu(b, bits, X_ADD, dst, T1);
        if (shift)
            x_shift_imm(b, bits, X_SHR, dst, shift);
    }
    if (!ir->sub)
        return;
    x_imul_imm(b, bits, T1, dst, (int32_t)ir->imm);
    x_mov(b, bits, dst, T2);
    x_alu(b, bits, X_SUB, dst, T1);
}

/* RFC 9669 section 4.1: by zero 0, or the dividend for a remainder; the least number by -1 wraps. */
void sk_x64_div(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_buf *b = e->code;
    if (has_magic(e, ir)) {
        divide_by_constant(e, ir);
        return;
    }
    unsigned dst = sk_x64_home[ir->dst], a = sk_x64_home[ir->a], bits = ir->bits;
    const bool sign = ir->flags & IRF_SIGNED, rest = ir->sub;
    const bool save_rax = (ir->off & 1 << 0) && dst != RAX, save_rdx = (ir->off & 1 << 3) && dst != RDX;
    size_t zero = 0, minus = 0, done_minus = 0;
    if (ir->flags & IRF_IMM)
        sk_x64_constant(e, T2, bits == 32 ? (uint32_t)ir->imm : (uint64_t)ir->imm);
    else
        x_mov(b, bits, T2, sk_x64_home[ir->b]);
    if (!(ir->flags & IRF_IMM) || divisor_of(ir) == 0) {
        x_test(b, bits, T2, T2);
        zero = x_jcc_near(b, CC_E);
    }
    if (sign) {
        x_alu_imm(b, bits, X_CMP, T2, -1);
        minus = x_jcc_near(b, CC_E);
    }
    if (save_rax)
        x_push(b, RAX);
    if (save_rdx)
        x_mov(b, 64, T1, RDX);
    sk_x64_move(e, 64, RAX, a);
    if (sign) {
        x_rex(b, bits, 0, 0, 0, false);
        x_byte(b, 0x99); /* cdq, cqo */
    } else {
        x_alu(b, 32, X_XOR, RDX, RDX);
    }
    x_group3(b, bits, sign ? 7 : 6, T2);
    if (dst != (rest ? RDX : RAX))
        x_mov(b, bits, dst, rest ? RDX : RAX);
    if (save_rdx)
        x_mov(b, 64, RDX, T1);
    if (save_rax)
        x_pop(b, RAX);
    size_t done = zero || sign ? x_jmp_near(b) : 0;
    if (zero) {
        x_patch_near(b, zero, b->size);
        if (rest)
            x_mov(b, bits, dst, a);
        else
            x_alu(b, 32, X_XOR, dst, dst);
    }
    if (sign) {
        done_minus = zero ? x_jmp_near(b) : 0;
        x_patch_near(b, minus, b->size);
        if (rest) {
            x_alu(b, 32, X_XOR, dst, dst);
        } else {
            sk_x64_move(e, 64, dst, a);
            x_group3(b, bits, 3, dst);
        }
    }
    if (done_minus)
        x_patch_near(b, done_minus, b->size);
    if (done)
        x_patch_near(b, done, b->size);
}
