/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reads from one base in one stretch without effects are checked at once, at the first: the lowest and the highest. If that
 * fails, the stub asks for each of them in turn, so that the fault is that of the first one that is bad.
 */
#include "jit/ir.h"

/* Whether the run would look the same if a fault came before this instruction instead of behind it. */
static bool is_quiet(const struct sk_ir *ir)
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
    case IR_LOAD: return true;
    default: return false;
    }
}

static void gather(struct sk_compile *c, uint32_t head, uint32_t end)
{
    struct sk_ir *first = &c->code[head];
    int32_t low = first->off, high = first->off;
    uint8_t low_size = first->size, high_size = first->size;
    uint32_t members = 0;
    for (uint32_t k = head + 1; k < end; k++) {
        struct sk_ir *ir = &c->code[k];
        if (ir->op == IR_GUARD && ir->a == first->a && !(ir->flags & (IRF_WRITE | IRF_GROUP)) &&
            ir->region == first->region) {
            if (ir->off < low || (ir->off == low && ir->size > low_size)) {
                low = ir->off;
                low_size = ir->size;
            }
            if (ir->off + (int32_t)(ir->size / 8u) > high + (int32_t)(high_size / 8u)) {
                high = ir->off;
                high_size = ir->size;
            }
            ir->op = IR_GUARD_ASIDE;
            members++;
            continue;
        }
        /* The guard of another base ends it: its fault would come before those that follow it. */
        if (!is_quiet(ir) || (sk_ir_defs(ir) & 1u << first->a))
            break;
    }
    if (!members)
        return;
    first->flags |= IRF_GROUP;
    first->imm = (int64_t)((uint64_t)(uint32_t)high << 32 | (uint32_t)low);
    first->sub = (uint8_t)(low_size / 8u | high_size / 8u << 4);
    first->target = SK_NO_INDEX;
}

void sk_ir_guards(struct sk_compile *c)
{
    for (uint32_t begin = 0, end; begin < c->program->count; begin = end) {
        for (end = begin + 1; end < c->program->count && !c->leader[end]; end++)
            ;
        for (uint32_t k = c->ir_of[begin]; k < c->ir_of[end]; k++)
            if (c->code[k].op == IR_GUARD && !(c->code[k].flags & (IRF_WRITE | IRF_GROUP)))
                gather(c, k, c->ir_of[end]);
    }
}
