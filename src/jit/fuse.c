/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Several instructions that are one to the processor, found within a block:
 *   - bytes that are loaded one by one, shifted and put together: one load, and a swap where they were big endian;
 *   - two shifts and an or: a rotation.
 * The last instruction of the group becomes the whole; the others stay, and liveness drops them when nobody else reads
 * them. Loads are only put together while nothing is stored in between.
 */
#include "jit/ir.h"

/* What a register is known to hold: `count` bytes from base + off on, in one order or the other, shifted up. */
struct bytes {
    uint8_t count;      /* 0: nothing known */
    uint8_t shift;      /* in bits */
    uint8_t base;
    bool swapped;       /* the first byte is the highest one; of a single byte both are true */
    int32_t off;
    uint32_t base_time; /* when the base was written last */
    uint32_t store_time;
};

/* A register that holds source << by, or source >> by. */
struct shifted {
    bool known, left;
    uint8_t source, by, bits;
    uint32_t source_time;
};

struct fusing {
    struct sk_compile *c;
    struct bytes bytes[SK_REGISTERS];
    struct shifted shifted[SK_REGISTERS];
    uint32_t written[SK_REGISTERS]; /* time of the last write */
    uint32_t stored;                /* time of the last thing that may change memory */
    uint32_t time;
    struct sk_ir *last;   /* the instruction before, in this block */
    uint32_t last_source; /* when what it read was written */
};

static void forget(struct fusing *f)
{
    f->last = NULL;
    for (unsigned r = 0; r < SK_REGISTERS; r++) {
        f->bytes[r].count = 0;
        f->shifted[r].known = false;
    }
}

static bool usable(const struct fusing *f, const struct bytes *b)
{
    return b->count && f->written[b->base] == b->base_time && f->stored == b->store_time;
}

/* The bytes of both, when they are neighbours in memory and in the number. */
static bool join(const struct fusing *f, struct bytes a, struct bytes b, struct bytes *out)
{
    if (!usable(f, &a) || !usable(f, &b) || a.base != b.base || a.base_time != b.base_time)
        return false;
    if (a.shift > b.shift) {
        struct bytes swap = a;
        a = b;
        b = swap;
    }
    if (b.shift != a.shift + 8 * a.count)
        return false;
    bool upwards = b.off == a.off + a.count && (a.count == 1 || !a.swapped) && (b.count == 1 || !b.swapped);
    bool downwards = b.off + b.count == a.off && (a.count == 1 || a.swapped) && (b.count == 1 || b.swapped);
    if (!upwards && !downwards)
        return false;
    *out = a;
    out->count = (uint8_t)(a.count + b.count);
    out->swapped = !upwards;
    if (downwards)
        out->off = b.off;
    return true;
}

/* dst = the joined bytes, as one load. */
static void to_load(struct sk_ir *ir, const struct bytes *b)
{
    uint8_t dst = ir->dst;
    *ir = (struct sk_ir){.op = IR_LOAD, .bits = 64, .size = (uint8_t)(8 * b->count), .dst = dst, .a = b->base, .b = IR_NONE,
                         .off = b->off, .index = ir->index, .target = SK_NO_INDEX, .flags = b->swapped ? IRF_SWAPPED : 0};
}

static bool is_mix(const struct sk_ir *ir)
{
    return ir->op == IR_ALU && !(ir->flags & IRF_IMM) && (ir->sub == IRA_OR || ir->sub == IRA_ADD || ir->sub == IRA_XOR);
}

static bool fuse_rotate(const struct fusing *f, struct sk_ir *ir)
{
    const struct shifted *x = &f->shifted[ir->a], *y = &f->shifted[ir->b];
    if (!x->known || !y->known || x->left == y->left || x->source != y->source || x->source_time != y->source_time ||
        x->bits != y->bits || x->by + y->by != x->bits || ir->bits < x->bits)
        return false;
    if (f->written[x->source] != x->source_time)
        return false; /* the source is gone */
    const struct shifted *left = x->left ? x : y;
    ir->a = left->source;
    ir->b = IR_NONE;
    ir->sub = IRA_ROL;
    ir->imm = left->by;
    ir->bits = left->bits;
    ir->flags = IRF_IMM;
    return true;
}

/*
 * The same when the second shift has just overwritten the source: the rotation goes where that shift stood, and the shift
 * behind it, where it is dead more often than not.
 */
static bool fuse_rotate_late(const struct fusing *f, struct sk_ir *ir)
{
    struct sk_ir *shift = f->last;
    if (!shift || shift->op != IR_ALU || !(shift->flags & IRF_IMM) || (shift->sub != IRA_SHL && shift->sub != IRA_SHR) ||
        shift->a != shift->dst || (ir->a != shift->dst && ir->b != shift->dst) || ir->a == ir->b)
        return false;
    const unsigned source = shift->dst, other = ir->a == source ? ir->b : ir->a;
    const struct shifted *x = &f->shifted[other];
    const unsigned by = (unsigned)shift->imm & (shift->bits - 1u);
    if (!x->known || x->left == (shift->sub == IRA_SHL) || x->source != source || x->source_time != f->last_source ||
        x->bits != shift->bits || x->by + by != x->bits || ir->bits < x->bits)
        return false;
    const struct sk_ir moved = *shift, mix = *ir;
    struct sk_ir rotate = moved;
    rotate.sub = IRA_ROL;
    rotate.a = (uint8_t)source;
    rotate.imm = x->left ? x->by : by;
    rotate.dst = mix.dst;
    if (mix.dst == source) { /* s = rotated s; the other register keeps its shift */
        shift->op = IR_NOP;
        shift->dst = shift->a = IR_NONE;
        *ir = rotate;
        ir->index = mix.index;
        return true;
    }
    if (mix.dst != other)
        return false;
    *shift = rotate;
    shift->index = moved.index;
    *ir = moved;
    ir->index = mix.index;
    return true;
}

/* What the instruction's dst holds afterwards, as bytes of memory. */
static struct bytes bytes_after(struct fusing *f, struct sk_ir *ir)
{
    struct bytes b = {0};
    if (ir->op == IR_LOAD && !(ir->flags & (IRF_SIGNED | IRF_SWAPPED)) && ir->size <= 32) {
        b = (struct bytes){(uint8_t)(ir->size / 8u), 0, ir->a, false, ir->off, f->written[ir->a], f->stored};
        if (ir->a == ir->dst)
            b.count = 0;
        return b;
    }
    if (ir->op == IR_MOV || (ir->op == IR_EXT && !(ir->flags & IRF_SIGNED))) {
        b = f->bytes[ir->a];
        if (ir->op == IR_EXT && b.shift + 8u * b.count > ir->size)
            b.count = 0;
        return b;
    }
    if (ir->op == IR_ALU && (ir->flags & IRF_IMM) && ir->sub == IRA_SHL && ir->imm >= 0 && ir->imm % 8 == 0) {
        b = f->bytes[ir->a];
        if (b.shift + ir->imm + 8 * b.count > ir->bits)
            b.count = 0;
        else
            b.shift = (uint8_t)(b.shift + ir->imm);
        return b;
    }
    if (is_mix(ir) && join(f, f->bytes[ir->a], f->bytes[ir->b], &b) && b.shift + 8u * b.count <= ir->bits) {
        if (b.shift == 0 && (b.count == 2 || b.count == 4 || b.count == 8))
            to_load(ir, &b);
        return b;
    }
    return (struct bytes){0};
}

static struct shifted shifted_after(const struct fusing *f, const struct sk_ir *ir)
{
    struct shifted s = {0};
    if (ir->op == IR_ALU && (ir->flags & IRF_IMM) && (ir->sub == IRA_SHL || ir->sub == IRA_SHR) && ir->a != ir->dst)
        s = (struct shifted){true,      ir->sub == IRA_SHL, ir->a, (uint8_t)(ir->imm & (ir->bits - 1)), ir->bits,
                             f->written[ir->a]};
    return s;
}

static void fuse_one(struct fusing *f, struct sk_ir *ir)
{
    if (ir->op == IR_NOP)
        return;
    f->time++;
    if (is_mix(ir) && ir->sub != IRA_ADD && !fuse_rotate(f, ir) && fuse_rotate_late(f, ir)) {
        forget(f); /* two registers changed hands */
        for (unsigned r = 0; r < SK_REGISTERS; r++)
            f->written[r] = f->time;
        return;
    }
    uint32_t source = ir->a < SK_REGISTERS ? f->written[ir->a] : 0;
    struct bytes bytes = ir->dst != IR_NONE ? bytes_after(f, ir) : (struct bytes){0};
    struct shifted shifted = shifted_after(f, ir);
    uint16_t defs = sk_ir_defs(ir);
    for (unsigned r = 0; r < SK_REGISTERS; r++)
        if (defs & 1u << r) {
            f->written[r] = f->time;
            f->bytes[r].count = 0;
            f->shifted[r].known = false;
        }
    if (ir->dst != IR_NONE) {
        f->bytes[ir->dst] = bytes;
        f->shifted[ir->dst] = shifted;
    }
    if (ir->op == IR_STORE || ir->op == IR_STOREI || ir->op == IR_ATOMIC || ir->op == IR_STEP || ir->op == IR_CALL ||
        ir->op == IR_CALL_LOCAL || ir->op == IR_CALLX)
        f->stored = f->time;
    f->last = ir;
    f->last_source = source;
}

void sk_ir_fuse(struct sk_compile *c)
{
    struct fusing f = {.c = c};
    for (uint32_t i = 0; i < c->program->count; i++) {
        if (c->leader[i] & SK_LEADER_TARGET)
            forget(&f);
        if (c->leader[i])
            f.last = NULL;
        for (uint32_t k = c->ir_of[i]; k < c->ir_of[i + 1]; k++)
            fuse_one(&f, &c->code[k]);
    }
}

/* ------------------------------------------------------------------------------------------ guards together */

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

/*
 * Reads from one base in one stretch without effects are checked at once, at the first: the lowest and the highest. If that
 * fails, the stub asks for each of them in turn, so that the fault is that of the first one that is bad.
 */
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
