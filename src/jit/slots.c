/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The frame as a row of slots of 8 bytes, where clang keeps what it has no register for. A load from a slot whose value is
 * still in a register, or is a constant, becomes a move. And whether frames are private: then nothing but loads and stores
 * at constant offsets from r10 reaches them, and slots are as good as registers to the passes that follow. Under
 * SKEP_GUARDED any access that is not proven might be led there by an address that the program made up, so frames are
 * private only where there is none.
 */
#include "jit/ir.h"

struct slot {
    uint8_t reg;       /* that has the same value, or IR_NONE: it is `value` */
    uint32_t reg_time; /* when that was written */
    uint32_t time;     /* when this became known; 0: it is not */
    int64_t value;
};

struct slots {
    struct sk_compile *c;
    struct slot of[SK_FRAME_SLOTS];
    uint32_t written[SK_IR_REGISTERS];
    uint32_t forgotten, time;
};

static bool is_whole_slot(const struct sk_ir *ir)
{
    return ir->a == 10 && ir->size == 64 && (ir->off & 7) == 0 && sk_in_frame(ir);
}

static void load(struct slots *s, struct sk_ir *ir)
{
    const struct slot *slot = &s->of[sk_slot_of(ir->off)];
    if (slot->time <= s->forgotten || (ir->flags & IRF_SWAPPED))
        return;
    if (slot->reg == IR_NONE) {
        *ir = (struct sk_ir){.op = IR_MOVI, .bits = 64, .dst = ir->dst, .a = IR_NONE, .b = IR_NONE, .index = ir->index,
                             .target = SK_NO_INDEX, .imm = slot->value};
    } else if (s->written[slot->reg] == slot->reg_time) {
        ir->op = IR_MOV;
        ir->a = slot->reg;
        ir->off = 0;
        ir->size = ir->flags = 0;
    }
}

static void one(struct slots *s, struct sk_ir *ir)
{
    if (ir->op == IR_NOP)
        return;
    s->time++;
    const bool slot_load = ir->op == IR_LOAD && is_whole_slot(ir) && !(ir->flags & IRF_SWAPPED);
    const unsigned loaded = slot_load ? sk_slot_of(ir->off) : 0;
    if (slot_load)
        load(s, ir);
    for (unsigned defs = sk_ir_defs(ir); defs; defs &= defs - 1)
        s->written[__builtin_ctz(defs)] = s->time;
    if (slot_load && ir->op != IR_MOVI) /* the younger register lives longer */
        s->of[loaded] = (struct slot){.reg = ir->dst, .reg_time = s->time, .time = s->time};
    if (!sk_ir_writes_memory(ir))
        return;
    if ((ir->op != IR_STORE && ir->op != IR_STOREI) || ir->a != 10 || !sk_in_frame(ir)) {
        if (!s->c->private_frames)
            s->forgotten = s->time;
        return;
    }
    const unsigned first = sk_slot_of(ir->off), last = sk_slot_of(ir->off + ir->size / 8 - 1);
    s->of[first].time = s->of[last].time = 0;
    if (is_whole_slot(ir))
        s->of[first] = (struct slot){.reg = ir->op == IR_STORE ? ir->b : IR_NONE, .time = s->time, .value = ir->imm,
                                     .reg_time = ir->op == IR_STORE ? s->written[ir->b] : 0};
}

static bool are_private(const struct sk_compile *c)
{
    for (uint32_t k = 0; k < c->count; k++) {
        const struct sk_ir *ir = &c->code[k];
        switch ((enum sk_ir_op)ir->op) {
        case IR_STEP:
        case IR_GUARD: return false;
        case IR_CALL:
        case IR_CALLX:
            if (c->image->guarded)
                return false;
            break;
        case IR_CALL_LOCAL: break;
        case IR_LOAD:
        case IR_STORE:
        case IR_STOREI:
            if ((ir->a == 10 && !sk_in_frame(ir)) || (ir->op == IR_STORE && ir->b == 10))
                return false;
            break;
        default:
            if (sk_ir_uses(ir) >> 10 & 1)
                return false;
        }
    }
    return true;
}

void sk_ir_slots(struct sk_compile *c)
{
    struct slots s = {.c = c};
    c->private_frames = are_private(c);
    for (uint32_t i = 0; i < c->program->count; i++) {
        if (c->leader[i] & SK_LEADER_TARGET)
            s.forgotten = s.time;
        for (uint32_t k = c->ir_of[i]; k < c->ir_of[i + 1]; k++)
            one(&s, &c->code[k]);
    }
}
