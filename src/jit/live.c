/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which registers are read later. Backwards over the blocks until nothing changes, which takes as many rounds as loops
 * nest, plus one; then instructions without an effect whose result nobody reads become IR_NOP.
 */
#include "jit/ir.h"

/* What is live before code[from..to), given what is live behind it; drops dead instructions when asked to. */
static uint16_t walk(struct sk_compile *c, uint32_t from, uint32_t to, uint16_t live, bool drop)
{
    for (uint32_t k = to; k-- > from;) {
        struct sk_ir *ir = &c->code[k];
        if (ir->op == IR_NOP)
            continue;
        if (ir->target != SK_NO_INDEX)
            live = (uint16_t)(ir->op == IR_JMP ? c->live_in[ir->target] : live | c->live_in[ir->target]);
        if (ir->op == IR_EXIT)
            live = 0;
        uint16_t defs = sk_ir_defs(ir);
        if (!(defs & live) && !sk_ir_has_effect(ir)) {
            if (drop)
                ir->op = IR_NOP;
            continue;
        }
        live = (uint16_t)((live & ~defs) | sk_ir_uses(ir));
    }
    return live;
}

void sk_ir_liveness(struct sk_compile *c)
{
    const struct sk_program *p = c->program;
    for (bool changed = true, drop = false;;) {
        changed = false;
        uint32_t end = p->count;
        uint16_t behind = 0; /* live at the block that follows */
        for (uint32_t i = p->count; i-- > 0;) {
            if (!c->leader[i])
                continue;
            uint16_t live = walk(c, c->ir_of[i], c->ir_of[end], behind, drop);
            if (live != c->live_in[i]) {
                c->live_in[i] = live;
                changed = true;
            }
            behind = live;
            end = i;
        }
        if (drop)
            return;
        drop = !changed;
    }
}
