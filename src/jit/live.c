/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which registers are read later, and which slots of a private frame. Backwards over the blocks until nothing changes,
 * which takes as many rounds as loops nest, plus one; then instructions without an effect whose result nobody reads become
 * IR_NOP. Programs that jump backwards in longer chains than anybody nests loops have everything live at such jumps'
 * targets: the work stays linear.
 */
#include "jit/ir.h"

enum { ROUNDS = 12 };

struct live {
    uint64_t slots;
    uint16_t regs;
};

static struct live at(const struct sk_compile *c, uint32_t index)
{
    return (struct live){c->private_frames ? c->slots_in[index] : 0, c->live_in[index]};
}

static uint64_t touched_slots(const struct sk_ir *ir)
{
    return UINT64_C(1) << sk_slot_of(ir->off) | UINT64_C(1) << sk_slot_of(ir->off + ir->size / 8 - 1);
}

/* What is live before code[from..to), given what is live behind it; drops dead instructions when asked to. */
static struct live walk(struct sk_compile *c, uint32_t from, uint32_t to, struct live live, bool drop)
{
    for (uint32_t k = to; k-- > from;) {
        struct sk_ir *ir = &c->code[k];
        if (ir->op == IR_NOP)
            continue;
        if (ir->target != SK_NO_INDEX) {
            const struct live there = at(c, ir->target);
            live.regs = (uint16_t)(ir->op == IR_JMP ? there.regs : live.regs | there.regs);
            live.slots = ir->op == IR_JMP ? there.slots : live.slots | there.slots;
        }
        if (ir->op == IR_EXIT)
            live = (struct live){0, 0};
        const bool slot = c->private_frames && ir->a == 10 &&
                          (ir->op == IR_LOAD || ir->op == IR_STORE || ir->op == IR_STOREI || ir->op == IR_ATOMIC);
        const bool slot_store = slot && (ir->op == IR_STORE || ir->op == IR_STOREI);
        uint16_t defs = sk_ir_defs(ir);
        if (slot_store ? !(touched_slots(ir) & live.slots) : !(defs & live.regs) && !sk_ir_has_effect(ir)) {
            if (drop)
                ir->op = IR_NOP;
            continue;
        }
        if (ir->op == IR_DIV)
            ir->off = live.regs;
        uint16_t uses = sk_ir_uses(ir);
        if (ir->op == IR_CALL_LOCAL) /* of r0 to r5 no more than the function reads */
            uses = (uint16_t)((c->live_in[c->program->subprogs[ir->imm].begin] & 0x3f) | 1u << 10);
        live.regs = (uint16_t)((live.regs & ~defs) | uses);
        if (slot_store && ir->size == 64 && (ir->off & 7) == 0)
            live.slots &= ~touched_slots(ir);
        else if (slot && !slot_store)
            live.slots |= touched_slots(ir);
    }
    return live;
}

void sk_ir_liveness(struct sk_compile *c)
{
    const struct sk_program *p = c->program;
    if (c->private_frames && !c->slots_in) {
        c->slots_in = sk_alloc_array(&c->hooks, p->count, sizeof *c->slots_in);
        if (!c->slots_in) {
            c->failed = true;
            return;
        }
    }
    bool changed = true, drop = false;
    for (unsigned round = 0;; round++) {
        changed = false;
        uint32_t end = p->count;
        struct live behind = {0, 0}; /* live at the block that follows */
        for (uint32_t i = p->count; i-- > 0;) {
            if (!c->leader[i])
                continue;
            struct live live = walk(c, c->ir_of[i], c->ir_of[end], behind, drop);
            if (round >= ROUNDS && c->loop[i])
                live = (struct live){UINT64_MAX, 0x7ff};
            if (live.regs != c->live_in[i] || (c->private_frames && live.slots != c->slots_in[i])) {
                c->live_in[i] = live.regs;
                if (c->private_frames)
                    c->slots_in[i] = live.slots;
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
