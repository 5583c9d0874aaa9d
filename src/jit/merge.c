/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bytes that are loaded one by one and put together, in whatever order and with whatever in between: one load, and a swap
 * where they were big endian. Of each register, and of each slot of a frame that nothing else reaches, is carried which
 * bytes of memory it consists of. The instruction that completes a number becomes the load; the others stay, and liveness
 * drops them when nobody else reads them. Loads are only put together while nothing is stored in between that could have
 * changed what they read.
 */
#include "jit/ir.h"

struct bytes {
    uint8_t mask;   /* which bytes of the number come from memory, the others are zero; 0: nothing is known */
    uint8_t base;
    int8_t at[8];   /* byte i of the number is at base + off + at[i] */
    int32_t off;
    uint32_t base_time; /* when the base was written last */
    uint32_t store_time;
    uint32_t time;      /* when this became known */
};

struct merging {
    struct sk_compile *c;
    struct bytes regs[SK_IR_REGISTERS], slots[SK_FRAME_SLOTS];
    uint32_t written[SK_IR_REGISTERS]; /* time of the last write */
    uint32_t stored;                /* time of the last thing that may change memory */
    uint32_t forgotten;             /* what became known before is not any more */
    uint32_t time;
};

static const struct bytes unknown;

static struct bytes known(const struct merging *m, const struct bytes *b)
{
    bool usable = b->mask && b->time > m->forgotten && m->written[b->base] == b->base_time && m->stored == b->store_time;
    return usable ? *b : unknown;
}

static struct bytes lowest(struct bytes b, unsigned count)
{
    b.mask = (uint8_t)(b.mask & ((1u << count) - 1));
    return b;
}

/* Moved up by so many bytes; down when negative. */
static struct bytes moved(struct bytes b, int by)
{
    struct bytes to = b;
    to.mask = (uint8_t)(by >= 0 ? b.mask << by : b.mask >> -by);
    for (int i = 0; i < 8; i++)
        if (i - by >= 0 && i - by < 8)
            to.at[i] = b.at[i - by];
    return to;
}

static struct bytes reversed(struct bytes b, unsigned count)
{
    struct bytes to = b;
    to.mask = 0;
    for (unsigned i = 0; i < count; i++) {
        to.mask = (uint8_t)(to.mask | ((unsigned)b.mask >> i & 1u) << (count - 1 - i));
        to.at[count - 1 - i] = b.at[i];
    }
    return to;
}

static struct bytes masked(struct bytes b, uint64_t by)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned byte = by >> (8 * i) & 255;
        if (byte == 0)
            b.mask = (uint8_t)(b.mask & ~(1u << i));
        else if (byte != 255 && b.mask >> i & 1)
            return unknown;
    }
    return b;
}

static struct bytes joined(struct bytes a, struct bytes b)
{
    if (!a.mask || !b.mask || (a.mask & b.mask) || a.base != b.base)
        return unknown;
    for (unsigned i = 0; i < 8; i++) {
        if (!(b.mask >> i & 1))
            continue;
        int64_t at = (int64_t)b.off + b.at[i] - a.off;
        if (at < -64 || at > 64)
            return unknown;
        a.at[i] = (int8_t)at;
    }
    a.mask |= b.mask;
    return a;
}

/* Whether the number is 2, 4 or 8 bytes that follow each other; if so, that is one load. */
static bool is_whole(const struct bytes *b, struct sk_ir *load)
{
    const unsigned size = b->mask == 3 ? 2 : b->mask == 15 ? 4 : b->mask == 255 ? 8 : 0;
    if (!size)
        return false;
    const int step = b->at[1] - b->at[0];
    if (step != 1 && step != -1)
        return false;
    for (unsigned i = 2; i < size; i++)
        if (b->at[i] - b->at[i - 1] != step)
            return false;
    const int64_t off = (int64_t)b->off + b->at[step > 0 ? 0 : size - 1];
    if (off != (int32_t)off)
        return false;
    *load = (struct sk_ir){.op = IR_LOAD, .bits = 64, .size = (uint8_t)(8 * size), .dst = load->dst, .a = b->base, .b = IR_NONE,
                           .off = (int32_t)off, .index = load->index, .target = SK_NO_INDEX,
                           .flags = step > 0 ? 0 : IRF_SWAPPED};
    return true;
}

static struct bytes after_load(struct merging *m, struct sk_ir *ir)
{
    if (ir->flags & IRF_SIGNED)
        return unknown;
    const unsigned size = ir->size / 8u;
    if (m->c->private_frames && ir->a == 10) {
        if ((ir->off & 7) == 0) {
            struct bytes b = lowest(known(m, &m->slots[sk_slot_of(ir->off)]), size);
            if (ir->flags & IRF_SWAPPED)
                b = reversed(b, size);
            if (b.base == 1 && b.base_time == 0 && m->forgotten == 0 && size == 8 && !m->c->main_again)
                is_whole(&b, ir); /* the argument of main: memory of the run's own may be read again */
            return b;
        }
        return unknown;
    }
    if (ir->a == ir->dst)
        return unknown;
    struct bytes b = {.mask = (uint8_t)((1u << size) - 1), .base = ir->a, .off = ir->off, .base_time = m->written[ir->a],
                      .store_time = m->stored};
    for (unsigned i = 0; i < size; i++)
        b.at[i] = (int8_t)(ir->flags & IRF_SWAPPED ? size - 1 - i : i);
    return b;
}

static struct bytes after_alu(struct merging *m, struct sk_ir *ir)
{
    const unsigned width = ir->bits / 8u;
    const struct bytes a = lowest(known(m, &m->regs[ir->a]), width);
    if (!a.mask)
        return unknown;
    if (!(ir->flags & IRF_IMM)) {
        if (ir->sub != IRA_OR && ir->sub != IRA_ADD && ir->sub != IRA_XOR)
            return unknown;
        struct bytes b = joined(a, lowest(known(m, &m->regs[ir->b]), width));
        is_whole(&b, ir);
        return b;
    }
    const int by = (int)(ir->imm & (ir->bits - 1)) / 8;
    if (ir->sub == IRA_AND)
        return masked(a, (uint64_t)ir->imm);
    if (ir->imm % 8)
        return unknown;
    if (ir->sub == IRA_SHL)
        return lowest(moved(a, by), width);
    return ir->sub == IRA_SHR ? moved(a, -by) : unknown;
}

/* What the instruction's dst holds afterwards; the instruction may become a load. */
static struct bytes bytes_after(struct merging *m, struct sk_ir *ir)
{
    struct bytes b;
    switch ((enum sk_ir_op)ir->op) {
    case IR_LOAD: return after_load(m, ir);
    case IR_ALU: return after_alu(m, ir);
    case IR_MOV: return known(m, &m->regs[ir->a]);
    case IR_EXT: return ir->flags & IRF_SIGNED ? unknown : lowest(known(m, &m->regs[ir->a]), ir->size / 8u);
    case IR_BSWAP:
        b = reversed(lowest(known(m, &m->regs[ir->a]), ir->size / 8u), ir->size / 8u);
        is_whole(&b, ir);
        return b;
    default: return unknown;
    }
}

/* A store to a frame that is reached in no other way. */
static void store_slot(struct merging *m, const struct sk_ir *ir)
{
    const unsigned size = ir->size / 8u, first = sk_slot_of(ir->off), last = sk_slot_of(ir->off + (int32_t)size - 1);
    m->slots[first] = m->slots[last] = unknown;
    if (ir->op == IR_STORE && size == 8 && first == last) {
        m->slots[first] = known(m, &m->regs[ir->b]);
        m->slots[first].time = m->time;
    }
}

static void merge_one(struct merging *m, struct sk_ir *ir)
{
    if (ir->op == IR_NOP)
        return;
    m->time++;
    struct bytes bytes = ir->dst != IR_NONE ? bytes_after(m, ir) : unknown;
    for (unsigned defs = sk_ir_defs(ir); defs; defs &= defs - 1) {
        unsigned r = (unsigned)__builtin_ctz(defs);
        m->written[r] = m->time;
        m->regs[r] = unknown;
    }
    if (ir->dst != IR_NONE) {
        bytes.time = m->time;
        m->regs[ir->dst] = bytes;
    }
    if (!sk_ir_writes_memory(ir))
        return;
    if (m->c->private_frames && ir->a == 10 && (ir->op == IR_STORE || ir->op == IR_STOREI))
        store_slot(m, ir);
    else
        m->stored = m->time;
}

void sk_ir_merge(struct sk_compile *c)
{
    struct merging m = {.c = c};
    for (uint32_t i = 0; i < c->program->count; i++) {
        if (c->leader[i] & SK_LEADER_TARGET)
            m.forgotten = m.time;
        for (uint32_t k = c->ir_of[i]; k < c->ir_of[i + 1]; k++)
            merge_one(&m, &c->code[k]);
    }
}
