/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two shifts of one value and an or of both: a rotation. They may stand anywhere in a block; what counts is which instruction
 * a register has its value from, and that nobody else reads the shifted halves when one of them took the place of the value.
 */
#include "jit/ir.h"

#define OUTSIDE 0 /* the value comes from before the block; else IR instruction + 1 */

struct fusing {
    struct sk_compile *c;
    uint8_t *readers;                /* [count] how many instructions read what this one makes; 2: or more, or others */
    uint32_t def[SK_IR_REGISTERS];
    struct half {
        uint32_t source_def;
        uint8_t source;
    } half[SK_IR_REGISTERS]; /* of a register that was made by a shift: what was shifted */
};

static uint16_t live_behind(const struct sk_compile *c, uint32_t from, uint32_t to, uint32_t next)
{
    uint16_t live = next < c->program->count ? c->live_in[next] : 0;
    for (uint32_t k = from; k < to; k++)
        if (c->code[k].target != SK_NO_INDEX)
            live |= c->live_in[c->code[k].target];
    return live;
}

static void count_readers(struct fusing *f, uint32_t from, uint32_t to, uint16_t live)
{
    memset(f->def, 0, sizeof f->def);
    for (uint32_t k = from; k <= to; k++) {
        unsigned uses = k < to ? sk_ir_uses(&f->c->code[k]) : live;
        for (; uses; uses &= uses - 1) {
            uint32_t def = f->def[__builtin_ctz(uses)];
            if (def != OUTSIDE && f->readers[def - 1] < 2)
                f->readers[def - 1]++;
        }
        for (unsigned defs = k < to ? sk_ir_defs(&f->c->code[k]) : 0; defs; defs &= defs - 1)
            f->def[__builtin_ctz(defs)] = k + 1;
    }
}

static bool is_shift(const struct sk_ir *ir)
{
    return ir->op == IR_ALU && (ir->flags & IRF_IMM) && (ir->sub == IRA_SHL || ir->sub == IRA_SHR);
}

static unsigned count_of(const struct sk_ir *ir) { return (unsigned)ir->imm & (ir->bits - 1u); }

static void rotate(struct fusing *f, struct sk_ir *ir)
{
    if (ir->op != IR_ALU || (ir->flags & IRF_IMM) || (ir->sub != IRA_OR && ir->sub != IRA_XOR && ir->sub != IRA_ADD) ||
        ir->a == ir->b || f->def[ir->a] == OUTSIDE || f->def[ir->b] == OUTSIDE)
        return;
    const uint32_t defs[2] = {f->def[ir->a] - 1, f->def[ir->b] - 1};
    struct sk_ir *x = &f->c->code[defs[0]], *y = &f->c->code[defs[1]];
    const struct half *half = &f->half[ir->a];
    if (!is_shift(x) || !is_shift(y) || x->sub == y->sub || x->bits != y->bits || ir->bits < x->bits ||
        count_of(x) + count_of(y) != x->bits || half->source != f->half[ir->b].source ||
        half->source_def != f->half[ir->b].source_def)
        return;
    if (f->def[half->source] != half->source_def) { /* one of them may have been put in the value's place */
        struct sk_ir *in_place = f->def[half->source] == defs[0] + 1 ? x : f->def[half->source] == defs[1] + 1 ? y : NULL;
        if (!in_place || f->readers[in_place - f->c->code] != 1)
            return;
        in_place->op = IR_NOP;
        in_place->dst = in_place->a = IR_NONE;
    }
    ir->sub = IRA_ROL;
    ir->imm = (int64_t)count_of(x->sub == IRA_SHL ? x : y);
    ir->bits = x->bits;
    ir->flags = IRF_IMM;
    ir->a = half->source;
    ir->b = IR_NONE;
}

static void fuse_block(struct fusing *f, uint32_t from, uint32_t to, uint32_t next)
{
    count_readers(f, from, to, live_behind(f->c, from, to, next));
    memset(f->def, 0, sizeof f->def);
    for (uint32_t k = from; k < to; k++) {
        struct sk_ir *ir = &f->c->code[k];
        rotate(f, ir);
        if (is_shift(ir))
            f->half[ir->dst] = (struct half){f->def[ir->a], ir->a};
        for (unsigned defs = sk_ir_defs(ir); defs; defs &= defs - 1)
            f->def[__builtin_ctz(defs)] = k + 1;
    }
}

void sk_ir_fuse(struct sk_compile *c)
{
    struct fusing f = {.c = c, .readers = sk_alloc_array(&c->hooks, c->count, 1)};
    if (!f.readers) {
        c->failed = true;
        return;
    }
    for (uint32_t begin = 0, end; begin < c->program->count; begin = end) {
        for (end = begin + 1; end < c->program->count && !c->leader[end]; end++)
            ;
        fuse_block(&f, c->ir_of[begin], c->ir_of[end], end);
    }
    sk_free(&c->hooks, f.readers);
}
