/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Addresses that are computed just before they are used: what a register was added up from becomes part of the access,
 * base + plus << scale + offset, and the additions are dropped when nobody else reads them. One walk over extended blocks,
 * carrying for each register the sum it holds, as long as the sum's own registers keep their values.
 *
 * Only where nothing is guarded: guards want the address in a register, and many that share one.
 */
#include "jit/ir.h"

/* base + plus << scale + off; base or plus may be missing. */
struct sum {
    bool known;
    uint8_t base, plus, scale;
    uint32_t base_time, plus_time;
    int32_t off;
};

struct adding {
    bool blind;
    struct sum sums[SK_IR_REGISTERS];
    uint32_t written[SK_IR_REGISTERS];
    uint32_t time;
};

static bool holds(const struct adding *s, const struct sum *sum)
{
    return sum->known && (sum->base == IR_NONE || s->written[sum->base] == sum->base_time) &&
           (sum->plus == IR_NONE || s->written[sum->plus] == sum->plus_time);
}

/* What register r holds: its sum, or itself. */
static struct sum sum_of(const struct adding *s, unsigned r)
{
    if (holds(s, &s->sums[r]))
        return s->sums[r];
    return (struct sum){true, (uint8_t)r, IR_NONE, 0, s->written[r], 0, 0};
}

static bool offset_fits(const struct adding *s, int64_t off)
{
    return s->blind ? off == (int16_t)off : off >= INT32_MIN / 2 && off <= INT32_MAX / 2;
}

static struct sum add(const struct adding *s, struct sum x, struct sum y)
{
    if (!offset_fits(s, (int64_t)x.off + y.off))
        return (struct sum){0};
    if (x.plus != IR_NONE || x.base == IR_NONE) {
        struct sum swap = x;
        x = y;
        y = swap;
    }
    x.off += y.off;
    if (x.plus != IR_NONE || x.base == IR_NONE || (y.base != IR_NONE && y.plus != IR_NONE))
        return (struct sum){0}; /* three registers, or two that are shifted */
    x.plus = y.base != IR_NONE ? y.base : y.plus;
    x.plus_time = y.base != IR_NONE ? y.base_time : y.plus_time;
    x.scale = y.base != IR_NONE ? 0 : y.scale;
    return x;
}

/* The sum that the instruction leaves in dst. */
static struct sum sum_after(const struct adding *s, const struct sk_ir *ir)
{
    if (ir->op == IR_MOV)
        return sum_of(s, ir->a);
    if (ir->op != IR_ALU || ir->bits != 64)
        return (struct sum){0};
    struct sum x = sum_of(s, ir->a);
    if (ir->sub == IRA_ADD && !(ir->flags & IRF_IMM))
        return add(s, x, sum_of(s, ir->b));
    if (!(ir->flags & IRF_IMM))
        return (struct sum){0};
    if (ir->sub == IRA_ADD || ir->sub == IRA_SUB) {
        const int64_t off = x.off + (ir->sub == IRA_ADD ? ir->imm : -ir->imm);
        x.known = offset_fits(s, off);
        x.off = (int32_t)off;
        return x;
    }
    if (ir->sub == IRA_SHL && ir->imm >= 1 && ir->imm <= 3 && x.plus == IR_NONE && x.off == 0)
        return (struct sum){true, IR_NONE, x.base, (uint8_t)ir->imm, 0, x.base_time, 0};
    return (struct sum){0};
}

static void use(const struct adding *s, struct sk_ir *ir)
{
    const struct sum sum = s->sums[ir->a];
    if (!holds(s, &sum) || sum.base == IR_NONE || !offset_fits(s, (int64_t)sum.off + ir->off))
        return;
    ir->a = sum.base;
    ir->plus = sum.plus == IR_NONE ? 0 : (uint8_t)(sum.plus + 1);
    ir->scale = sum.scale;
    ir->off += sum.off;
}

void sk_ir_address(struct sk_compile *c)
{
    struct adding s = {.blind = c->blind};
    if (c->image->guarded)
        return;
    for (uint32_t i = 0; i < c->program->count; i++) {
        if (c->leader[i] & SK_LEADER_TARGET)
            memset(s.sums, 0, sizeof s.sums);
        for (uint32_t k = c->ir_of[i]; k < c->ir_of[i + 1]; k++) {
            struct sk_ir *ir = &c->code[k];
            if (ir->op == IR_LOAD || ir->op == IR_STORE || ir->op == IR_STOREI)
                use(&s, ir);
            const struct sum sum = ir->dst < SK_REGISTERS ? sum_after(&s, ir) : (struct sum){0};
            s.time++;
            for (unsigned defs = sk_ir_defs(ir); defs; defs &= defs - 1) {
                const unsigned r = (unsigned)__builtin_ctz(defs);
                s.written[r] = s.time;
                s.sums[r].known = false;
            }
            if (sum.known) /* one that is made of dst itself does not hold: dst is newer */
                s.sums[ir->dst] = sum;
        }
    }
}
