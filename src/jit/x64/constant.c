/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Numbers that the program chose. Whoever chooses four bytes of the code can plant instructions among them, to be reached
 * by a jump into the middle; under skep_jit_options.blind such a number is made of a random one and its difference to it,
 * anew in each place. What fits a byte stays: a byte is not an instruction of any use, and loads have offsets of two.
 */
#include "jit/x64/emitter.h"

bool sk_x64_hides(const struct sk_x64_emitter *e, int64_t imm) { return e->c->blind && (imm < -128 || imm > 127); }

/* dst = imm from two parts. */
static void blinded(struct sk_x64_emitter *e, unsigned dst, uint64_t imm)
{
    struct sk_buf *b = e->code;
    const uint64_t key = e->c->hooks.random(e->c->hooks.user);
    if (imm <= UINT32_MAX) {
        x_mov_imm(b, dst, (uint32_t)(imm ^ key));
        x_op_reg(b, 32, 0x81, X_XOR, dst, false);
        x_word(b, (uint32_t)key, 4);
    } else if ((int64_t)imm == (int32_t)imm) { /* each part as 32 bits with their sign */
        x_op_reg(b, 64, 0xc7, 0, dst, false);
        x_word(b, (uint32_t)(imm ^ key), 4);
        x_op_reg(b, 64, 0x81, X_XOR, dst, false);
        x_word(b, (uint32_t)key, 4);
    } else {
        unsigned other = dst == T1 ? T2 : T1;
        x_mov_imm(b, dst, imm ^ key);
        x_mov_imm(b, other, key);
        x_alu(b, 64, X_XOR, dst, other);
    }
}

void sk_x64_constant(struct sk_x64_emitter *e, unsigned dst, uint64_t imm)
{
    if (sk_x64_hides(e, (int64_t)imm))
        blinded(e, dst, imm);
    else if (imm == 0)
        x_alu(e->code, 32, X_XOR, dst, dst);
    else
        x_mov_imm(e->code, dst, imm);
}

/* imm in T1, as an operand of an operation of so many bits. */
static void into_t1(struct sk_x64_emitter *e, unsigned bits, int32_t imm)
{
    blinded(e, T1, bits == 64 ? (uint64_t)(int64_t)imm : (uint32_t)imm);
}

void sk_x64_alu_constant(struct sk_x64_emitter *e, unsigned bits, enum sk_x64_alu op, unsigned dst, int32_t imm)
{
    if (!sk_x64_hides(e, imm)) {
        x_alu_imm(e->code, bits, op, dst, imm);
        return;
    }
    into_t1(e, bits, imm);
    x_alu(e->code, bits, op, dst, T1);
}

void sk_x64_test_constant(struct sk_x64_emitter *e, unsigned bits, unsigned reg, int32_t imm)
{
    if (!sk_x64_hides(e, imm)) {
        x_test_imm(e->code, bits, reg, imm);
        return;
    }
    into_t1(e, bits, imm);
    x_test(e->code, bits, reg, T1);
}

void sk_x64_imul_constant(struct sk_x64_emitter *e, unsigned bits, unsigned dst, unsigned src, int32_t imm)
{
    if (!sk_x64_hides(e, imm)) {
        x_imul_imm(e->code, bits, dst, src, imm);
        return;
    }
    into_t1(e, bits, imm);
    if (dst != src)
        x_mov(e->code, 64, dst, src);
    x_imul(e->code, bits, dst, T1);
}

void sk_x64_store_constant(struct sk_x64_emitter *e, unsigned bytes, int32_t imm, struct sk_x64_mem m)
{
    if (!sk_x64_hides(e, bytes == 1 ? (int8_t)imm : imm)) {
        x_store_imm(e->code, bytes, imm, m);
        return;
    }
    into_t1(e, bytes == 8 ? 64 : 32, imm);
    x_store(e->code, bytes, T1, m);
}
