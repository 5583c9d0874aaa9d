/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Accesses from one base in one stretch of straight code are checked together, at the first of them: whether everything from
 * the lowest to the highest byte is reachable. If it is not, the rest of the stretch is run from a copy of it that checks each
 * access for itself, so that what happens before a fault has happened, and the fault is that of the first access that is bad.
 * Stretches that overlap share a copy, up to the last access of any.
 *
 * Each distinct check of regions that stay as they are during a run gets a number: its bounds are computed once for a run.
 */
#include "jit/ir.h"

/* Whether code may be checked ahead of it, and whether it may stand in a copy: no way in or out, nothing that counts. */
static bool is_plain(const struct sk_ir *ir)
{
    switch ((enum sk_ir_op)ir->op) {
    case IR_NOP:
    case IR_MOV:
    case IR_MOVI:
    case IR_ALU:
    case IR_NEG:
    case IR_EXT:
    case IR_BSWAP:
    case IR_DIV:
    case IR_SELECT:
    case IR_LOAD:
    case IR_STORE:
    case IR_STOREI:
    case IR_GUARD:
    case IR_ALIGN:
    case IR_ATOMIC: return true;
    default: return false;
    }
}

static void number(struct sk_compile *c, struct sk_ir *ir, int32_t low, uint32_t span, bool write)
{
    if (ir->region != IRR_HOME && ir->region != IRR_CONTEXT)
        return;
    const struct sk_check check = {low, span, ir->region, write};
    unsigned i = 0;
    while (i < c->check_count && memcmp(&c->checks[i], &check, sizeof check) != 0)
        i++;
    if (i == SK_NATIVE_CHECKS)
        return; /* the bounds are put together in the code, then */
    c->checks[i] = check;
    if (i == c->check_count)
        c->check_count++;
    ir->check = (uint8_t)(i + 1);
}

/* What is gathered from a base. */
struct group {
    struct sk_ir *head; /* NULL: nothing yet */
    uint32_t last, members;
    int32_t low, high; /* offsets of the lowest and the highest access */
    uint8_t low_size, high_size;
    bool write;
};

static void begin(struct group *g, struct sk_ir *ir, uint32_t k)
{
    *g = (struct group){ir, k, 0, ir->off, ir->off, ir->size, ir->size, ir->flags & IRF_WRITE};
}

static void join(struct group *g, struct sk_ir *ir, uint32_t k)
{
    if (ir->off < g->low || (ir->off == g->low && ir->size > g->low_size)) {
        g->low = ir->off;
        g->low_size = ir->size;
    }
    if (ir->off + (int32_t)(ir->size / 8u) > g->high + (int32_t)(g->high_size / 8u)) {
        g->high = ir->off;
        g->high_size = ir->size;
    }
    g->write |= ir->flags & IRF_WRITE;
    ir->op = IR_GUARD_ASIDE;
    g->members++;
    g->last = k;
}

static void end(struct sk_compile *c, struct group *g)
{
    struct sk_ir *ir = g->head;
    if (!ir)
        return;
    const uint32_t span = (uint32_t)(g->high - g->low) + g->high_size / 8u;
    if (g->members) {
        ir->flags |= IRF_GROUP;
        ir->imm = (int64_t)((uint64_t)(uint32_t)g->high << 32 | (uint32_t)g->low);
        ir->sub = (uint8_t)(g->low_size / 8u | g->high_size / 8u << 4);
        ir->bits = g->write;
        ir->target = g->last;
    }
    number(c, ir, g->low, span, g->write);
    g->head = NULL;
}

/* Groups of code[first..last] have one copy. */
static void share(struct sk_compile *c, uint32_t first, uint32_t last)
{
    for (uint32_t k = first; k <= last; k++)
        if (c->code[k].op == IR_GUARD && (c->code[k].flags & IRF_GROUP))
            c->code[k].target = last;
}

/* Plain code[from..to): gathers, then tells each group where the copy ends. */
static void gather(struct sk_compile *c, uint32_t from, uint32_t to)
{
    struct group groups[SK_IR_REGISTERS] = {{0}};
    for (uint32_t k = from; k < to; k++) {
        struct sk_ir *ir = &c->code[k];
        if (ir->op == IR_GUARD) {
            struct group *g = &groups[ir->a];
            if (g->head && g->head->region == ir->region) {
                join(g, ir, k);
            } else {
                end(c, g);
                begin(g, ir, k);
            }
        }
        for (unsigned defs = sk_ir_defs(ir); defs; defs &= defs - 1)
            end(c, &groups[__builtin_ctz(defs)]);
    }
    for (unsigned r = 0; r < SK_IR_REGISTERS; r++)
        end(c, &groups[r]);
    uint32_t first = to, last = 0; /* the stretches that overlap so far */
    for (uint32_t k = from; k < to; k++) {
        const struct sk_ir *ir = &c->code[k];
        if (ir->op != IR_GUARD || !(ir->flags & IRF_GROUP))
            continue;
        if (first != to && k > last) {
            share(c, first, last);
            first = to;
        }
        if (first == to) {
            first = k;
            last = ir->target;
        }
        last = ir->target > last ? ir->target : last;
    }
    if (first != to)
        share(c, first, last);
}

void sk_ir_guards(struct sk_compile *c)
{
    if (!c->image->guarded)
        return;
    for (uint32_t i = 0, from = 0; i < c->program->count && !c->failed; i++) {
        if (c->leader[i]) {
            gather(c, from, c->ir_of[i]);
            from = c->ir_of[i];
        }
        for (uint32_t k = c->ir_of[i]; k < c->ir_of[i + 1]; k++)
            if (!is_plain(&c->code[k])) {
                gather(c, from, k);
                from = k + 1;
            }
        if (i + 1 == c->program->count)
            gather(c, from, c->count);
    }
}
