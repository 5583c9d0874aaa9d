/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A jump over a move becomes a conditional move. That shape is what clang makes of a choice between two values, bytecode
 * having nothing better; where it expects a branch to be foretold, it writes something longer. What it sank into the
 * jumped-over part and can do no harm is done in any case: at most one instruction beside the move, its result put
 * aside (SK_IR_ASIDE). A lone operation that works in place is no choice: as a chain of conditional moves it was measured
 * at three times its branches' time.
 *
 * A branch that is foretold lets the processor load ahead from an address that is not known yet; a conditional move makes it
 * wait. So there is none for a comparison with what was loaded from where an earlier choice led: a search, step by step.
 *
 * Budgets stay exact: the conditional move knows how many instructions of the program the jump would have skipped.
 */
#include "jit/ir.h"

enum { MOST_SKIPPED = 8 };

/* Bit sets of registers. */
struct origins {
    unsigned chosen;  /* made from what a choice left */
    unsigned reached; /* loaded from an address that was, or made from such a load */
};

struct selecting {
    struct sk_compile *c;
    uint8_t *jumps; /* [program->count] how many lead to the instruction; 255: too many to count, or others do */
};

/* An instruction that may be done whether it is asked for or not, in a few cycles and without T2. */
static bool is_cheap(const struct sk_ir *ir)
{
    if (ir->op == IR_EXT || ir->op == IR_NEG)
        return true;
    if (ir->op != IR_ALU || ir->sub == IRA_MUL)
        return false;
    return (ir->flags & IRF_IMM) || (ir->sub != IRA_SHL && ir->sub != IRA_SHR && ir->sub != IRA_SAR);
}

/* What the jumped-over part consists of. */
struct body {
    struct sk_ir *aside; /* or NULL */
    struct sk_ir *move;
};

static bool find_body(struct sk_compile *c, uint32_t from, uint32_t to, struct body *body)
{
    *body = (struct body){NULL, NULL};
    for (uint32_t k = from; k < to; k++) {
        struct sk_ir *ir = &c->code[k];
        if (ir->op == IR_NOP)
            continue;
        if (body->move)
            return false;
        if (ir->op == IR_MOV || (ir->op == IR_MOVI && ir->imm == (int32_t)ir->imm))
            body->move = ir;
        else if (!body->aside && is_cheap(ir))
            body->aside = ir;
        else
            return false;
    }
    return body->move;
}

static bool select_one(struct selecting *s, struct sk_ir *jump, uint32_t begin)
{
    struct sk_compile *c = s->c;
    const uint32_t to = jump->target;
    struct body body;
    if (!find_body(c, c->ir_of[begin], c->ir_of[to], &body))
        return false;
    struct sk_ir *aside = body.aside, *move = body.move;
    if (aside && (move->op != IR_MOV || move->a != aside->dst || aside->dst == move->dst ||
                  (c->live_in[to] & 1u << aside->dst)))
        return false;
    struct sk_ir select = {.op = IR_SELECT, .sub = jump->sub ^ 1, .bits = jump->bits, .dst = move->dst, .a = jump->a,
                           .b = jump->b, .imm = jump->imm, .flags = jump->flags & IRF_IMM,
                           .index = move->index, .target = SK_NO_INDEX, .skipped = (uint8_t)(to - begin)};
    if (!c->uncounted)
        select.flags |= IRF_METERED;
    if (aside) {
        aside->dst = SK_IR_ASIDE;
        select.plus = SK_IR_ASIDE + 1;
    } else if (move->op == IR_MOV) {
        select.plus = (uint8_t)(move->a + 1);
    } else {
        select.off = (int32_t)move->imm;
    }
    *move = select;
    jump->op = IR_NOP;
    jump->a = jump->b = IR_NONE;
    jump->target = SK_NO_INDEX;
    return true;
}

static void count_jumps(struct selecting *s)
{
    const struct sk_program *p = s->c->program;
    for (uint32_t k = 0; k < s->c->count; k++) {
        uint32_t target = s->c->code[k].target;
        if (target != SK_NO_INDEX && s->jumps[target] < 255)
            s->jumps[target]++;
    }
    for (uint32_t f = 0; f < p->subprog_count; f++)
        s->jumps[p->subprogs[f].begin] = 255;
}

/* The jump that ends a block at instruction i, if what it skips is short and entered from nowhere else. */
static struct sk_ir *candidate(const struct sk_compile *c, uint32_t i)
{
    if (c->ir_of[i] == c->ir_of[i + 1])
        return NULL;
    struct sk_ir *jump = &c->code[c->ir_of[i + 1] - 1];
    if (jump->op != IR_JCC || (jump->flags & IRF_BACK) || jump->target < i + 2 || jump->target - i > MOST_SKIPPED ||
        c->leader[i + 1] != SK_LEADER_BEHIND)
        return NULL;
    for (uint32_t k = i + 2; k < jump->target; k++)
        if (c->leader[k])
            return NULL;
    return jump;
}

static void follow(struct origins *o, const struct sk_ir *ir)
{
    const unsigned uses = sk_ir_uses(ir), defs = sk_ir_defs(ir);
    const bool load = ir->op == IR_LOAD, value = ir->op >= IR_MOV && ir->op <= IR_DIV;
    const bool chosen = ir->op == IR_SELECT || (value && (uses & o->chosen));
    const bool reached = (load && (uses & o->chosen)) || (value && (uses & o->reached));
    o->chosen = chosen ? o->chosen | defs : o->chosen & ~defs;
    o->reached = reached ? o->reached | defs : o->reached & ~defs;
}

void sk_ir_select(struct sk_compile *c)
{
    const uint32_t count = c->program->count;
    struct selecting s = {.c = c, .jumps = sk_alloc_array(&c->hooks, count, 1)};
    if (!s.jumps) {
        c->failed = true;
        return;
    }
    count_jumps(&s);
    struct origins origins = {0, 0};
    for (uint32_t i = 0; i + 1 < count; i++) {
        for (uint32_t k = c->ir_of[i]; k < c->ir_of[i + 1]; k++)
            follow(&origins, &c->code[k]);
        struct sk_ir *jump = candidate(c, i);
        const uint32_t to = jump ? jump->target : 0;
        if (!jump || (sk_ir_uses(jump) & origins.reached) || !select_one(&s, jump, i + 1))
            continue;
        c->leader[i + 1] = 0;
        if (s.jumps[to] < 255 && --s.jumps[to] == 0)
            c->leader[to] = 0;
    }
    sk_free(&c->hooks, s.jumps);
}
