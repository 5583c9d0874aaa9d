/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One walk forwards over each extended block (what can only be fallen into), carrying what is known of every register:
 * its value, whether its upper half is zero, which other register equals it, and which bytes around it a guard has
 * already shown to be reachable. What is known is forgotten where something may jump in.
 */
#include "helper/helper.h"
#include "jit/ir.h"

struct fact {
    bool known;      /* value holds */
    uint8_t zeros;   /* so many of its highest bits are zero */
    uint8_t copy_of; /* a register with the same value, or IR_NONE */
    uint8_t low_of;  /* a register with the same lower half, or IR_NONE */
    uint64_t value;
    bool fixed;              /* proven for as long as the run lasts: in the value of a map */
    bool in_frame;           /* r10 + at */
    int64_t at;              /* or, of what a lookup gave, from where the value begins */
    uint32_t lookup;         /* 1 + the IR instruction that gave it, NULL or the value; 0: none */
    struct sk_value found;   /* what it is then */
    bool proven, proven_write;
    int32_t low, high; /* low <= offset < high is reachable */
};

#define NOTHING (struct fact){.copy_of = IR_NONE, .low_of = IR_NONE}

struct state {
    const struct sk_compile *c;
    uint32_t subprog;
    struct fact r[SK_IR_REGISTERS];
};

static void forget_all(struct state *s)
{
    for (unsigned i = 0; i < SK_IR_REGISTERS; i++)
        s->r[i] = NOTHING;
    s->r[10].in_frame = true;
}

/* Register `dst` gets a new value of which nothing is known. */
static struct fact *new_value(struct state *s, unsigned dst)
{
    for (unsigned i = 0; i < SK_IR_REGISTERS; i++) {
        if (s->r[i].copy_of == dst)
            s->r[i].copy_of = IR_NONE;
        if (s->r[i].low_of == dst)
            s->r[i].low_of = IR_NONE;
    }
    s->r[dst] = NOTHING;
    return &s->r[dst];
}

static uint8_t zeros_of(uint64_t value) { return value ? (uint8_t)__builtin_clzll(value) : 64; }

static void define_constant(struct state *s, unsigned dst, uint64_t value)
{
    struct fact *f = new_value(s, dst);
    f->known = true;
    f->value = value;
    f->zeros = zeros_of(value);
}

/* The arithmetic of RFC 9669 on constants. */
static uint64_t fold_alu(unsigned sub, unsigned bits, uint64_t a, uint64_t b)
{
    unsigned mask = bits - 1;
    if (bits == 32) {
        a = (uint32_t)a;
        b = (uint32_t)b;
    }
    uint64_t v = 0;
    switch ((enum sk_ir_alu)sub) {
    case IRA_ADD: v = a + b; break;
    case IRA_SUB: v = a - b; break;
    case IRA_MUL: v = a * b; break;
    case IRA_AND: v = a & b; break;
    case IRA_OR: v = a | b; break;
    case IRA_XOR: v = a ^ b; break;
    case IRA_SHL: v = a << (b & mask); break;
    case IRA_SHR: v = a >> (b & mask); break;
    case IRA_ROL:
        v = (b & mask) ? a << (b & mask) | a >> (bits - (b & mask)) : a;
        break;
    case IRA_SAR: v = bits == 64 ? (uint64_t)((int64_t)a >> (b & mask)) : (uint64_t)((int32_t)a >> (b & mask)); break;
    }
    return bits == 32 ? (uint32_t)v : v;
}

static void to_constant(struct state *s, struct sk_ir *ir, uint64_t value)
{
    unsigned dst = ir->dst;
    *ir = (struct sk_ir){.op = IR_MOVI, .bits = 64, .dst = ir->dst, .a = IR_NONE, .b = IR_NONE, .index = ir->index,
                         .target = SK_NO_INDEX, .imm = (int64_t)value};
    define_constant(s, dst, value);
}

/* A register operand whose value is known and fits an immediate becomes one. */
static void use_immediate(const struct state *s, struct sk_ir *ir)
{
    if (ir->b == IR_NONE || (ir->flags & IRF_IMM) || !s->r[ir->b].known)
        return;
    int64_t value = (int64_t)s->r[ir->b].value;
    if (ir->bits == 32)
        value = (int32_t)value;
    if (value != (int32_t)value)
        return;
    ir->flags |= IRF_IMM;
    ir->imm = value;
    ir->b = IR_NONE;
}

static void forward_mov(struct state *s, struct sk_ir *ir)
{
    if (s->r[ir->a].known) {
        to_constant(s, ir, s->r[ir->a].value);
        return;
    }
    if (ir->a == ir->dst || s->r[ir->dst].copy_of == ir->a || s->r[ir->a].copy_of == ir->dst) {
        ir->op = IR_NOP;
        return;
    }
    struct fact f = s->r[ir->a];
    new_value(s, ir->dst);
    f.copy_of = f.low_of = ir->a;
    s->r[ir->dst] = f;
}

/* How many of the highest bits of the result are certainly zero. */
static unsigned alu_zeros(const struct state *s, const struct sk_ir *ir)
{
    const bool imm = ir->flags & IRF_IMM, narrow = ir->bits == 32;
    unsigned a = s->r[ir->a].zeros, b = imm ? zeros_of((uint64_t)ir->imm) : s->r[ir->b].zeros, zeros = 0;
    if (narrow) {
        a = a > 32 ? a : 32; /* of the 32 bits that count, as if they were 64 */
        b = imm ? zeros_of((uint32_t)ir->imm) : b > 32 ? b : 32;
    }
    const unsigned least = a < b ? a : b, most = a < b ? b : a, count = (unsigned)ir->imm & (ir->bits - 1u);
    switch ((enum sk_ir_alu)ir->sub) {
    case IRA_ADD: zeros = least ? least - 1 : 0; break;
    case IRA_AND: zeros = most; break;
    case IRA_OR:
    case IRA_XOR: zeros = least; break;
    case IRA_SHL: zeros = imm && a > count ? a - count : 0; break;
    case IRA_SHR: zeros = !imm ? a : a + count < 64 ? a + count : 64; break;
    case IRA_SUB:
    case IRA_MUL:
    case IRA_SAR:
    case IRA_ROL: break;
    }
    return narrow && zeros < 32 ? 32 : zeros;
}

static void forward_alu(struct state *s, struct sk_ir *ir)
{
    use_immediate(s, ir);
    const struct fact *a = &s->r[ir->a];
    bool imm = ir->flags & IRF_IMM;
    if (a->known && imm) {
        to_constant(s, ir, fold_alu(ir->sub, ir->bits, a->value, (uint64_t)ir->imm));
        return;
    }
    /* A mask that masks nothing. */
    if (imm && ir->sub == IRA_AND && ir->imm >= 0 && ((uint64_t)ir->imm & ((uint64_t)ir->imm + 1)) == 0 &&
        a->zeros >= zeros_of((uint64_t)ir->imm)) {
        ir->op = IR_MOV;
        ir->flags = 0;
        forward_mov(s, ir);
        return;
    }
    /* A pointer that moves by a constant takes what is proven around it along. */
    struct fact moved = *a;
    bool moves = ir->bits == 64 && imm && (ir->sub == IRA_ADD || ir->sub == IRA_SUB) && a->proven;
    const bool steps = ir->bits == 64 && imm && (ir->sub == IRA_ADD || ir->sub == IRA_SUB) && moved.at == (int32_t)moved.at;
    int64_t by = ir->sub == IRA_ADD ? -ir->imm : ir->imm;
    unsigned zeros = alu_zeros(s, ir);
    struct fact *f = new_value(s, ir->dst);
    f->zeros = (uint8_t)zeros;
    if (steps && (moved.in_frame || moved.lookup)) {
        f->in_frame = moved.in_frame;
        f->lookup = moved.lookup;
        f->found = moved.found;
        f->at = moved.at - by;
    }
    if (moves && moved.low + by >= -4096 && moved.high + by <= 4096) {
        f->proven = true;
        f->fixed = moved.fixed;
        f->proven_write = moved.proven_write;
        f->low = (int32_t)(moved.low + by);
        f->high = (int32_t)(moved.high + by);
    }
}

static void forward_ext(struct state *s, struct sk_ir *ir)
{
    const struct fact *a = &s->r[ir->a];
    bool sign = ir->flags & IRF_SIGNED;
    if (a->known) {
        uint64_t v = ir->size == 8 ? (sign ? (uint64_t)(int8_t)a->value : (uint8_t)a->value)
                     : ir->size == 16 ? (sign ? (uint64_t)(int16_t)a->value : (uint16_t)a->value)
                                      : (sign ? (uint64_t)(int32_t)a->value : (uint32_t)a->value);
        to_constant(s, ir, ir->bits == 32 ? (uint32_t)v : v);
        return;
    }
    if (!sign && a->zeros + ir->size >= 64) { /* nothing to do but to copy */
        ir->op = IR_MOV;
        forward_mov(s, ir);
        return;
    }
    const unsigned low_of = ir->size == 32 && ir->a != ir->dst ? ir->a : IR_NONE;
    struct fact *f = new_value(s, ir->dst);
    f->zeros = !sign ? (uint8_t)(64 - ir->size) : ir->bits == 32 ? 32 : 0;
    f->low_of = (uint8_t)low_of;
}

/* Unsigned division by a constant power of two needs no division; by zero it is defined (RFC 9669 section 4.1). */
static void forward_div(struct state *s, struct sk_ir *ir)
{
    use_immediate(s, ir);
    uint64_t by = ir->bits == 32 ? (uint32_t)ir->imm : (uint64_t)ir->imm;
    if ((ir->flags & IRF_IMM) && by == 0 && ir->sub == 0) {
        to_constant(s, ir, 0);
        return;
    }
    if ((ir->flags & IRF_IMM) && !(ir->flags & IRF_SIGNED) && by && (by & (by - 1)) == 0 && by <= UINT64_C(1) << 31) {
        ir->op = IR_ALU;
        ir->imm = ir->sub ? (int64_t)(by - 1) : __builtin_ctz((unsigned)by);
        ir->sub = ir->sub ? IRA_AND : IRA_SHR;
        forward_alu(s, ir);
        return;
    }
    const unsigned divisor_zeros = ir->flags & IRF_IMM ? zeros_of(by) : s->r[ir->b].zeros;
    if (!(ir->flags & IRF_SIGNED) && s->r[ir->a].zeros >= 32 && divisor_zeros >= 32)
        ir->bits = 32; /* the same, and faster */
    new_value(s, ir->dst)->zeros = ir->bits == 32 ? 32 : 0;
}

static bool holds(unsigned cc, unsigned bits, uint64_t a, uint64_t b)
{
    int64_t x = bits == 32 ? (int32_t)a : (int64_t)a, y = bits == 32 ? (int32_t)b : (int64_t)b;
    uint64_t u = bits == 32 ? (uint32_t)a : a, v = bits == 32 ? (uint32_t)b : b;
    switch ((enum sk_ir_cc)cc) {
    case IRC_EQ: return u == v;
    case IRC_NE: return u != v;
    case IRC_LT: return u < v;
    case IRC_GE: return u >= v;
    case IRC_GT: return u > v;
    case IRC_LE: return u <= v;
    case IRC_SLT: return x < y;
    case IRC_SGE: return x >= y;
    case IRC_SGT: return x > y;
    case IRC_SLE: return x <= y;
    case IRC_SET: return (u & v) != 0;
    case IRC_CLEAR: return (u & v) == 0;
    }
    return false;
}

enum { FARTHEST = 4096 }; /* from a pointer to what is proven around it */

/* Behind a test that what a lookup gave is not 0: it is a value then, wherever registers point to in it. */
static void forward_found(struct state *s, uint32_t lookup)
{
    for (unsigned r = 0; r < SK_IR_REGISTERS; r++) {
        struct fact *f = &s->r[r];
        if (f->lookup != lookup || f->at < -FARTHEST || f->at > FARTHEST)
            continue;
        const int64_t high = (int64_t)f->found.size - f->at;
        f->proven = f->fixed = true;
        f->proven_write = f->found.write;
        f->low = (int32_t)-f->at;
        f->high = (int32_t)(high < FARTHEST ? high : FARTHEST);
    }
}

static void forward_jcc(struct state *s, struct sk_ir *ir)
{
    use_immediate(s, ir);
    const struct fact *a = &s->r[ir->a];
    if (a->lookup && a->at == 0 && ir->sub == IRC_EQ && ir->bits == 64 && (ir->flags & IRF_IMM) && ir->imm == 0)
        forward_found(s, a->lookup);
    if (!a->known || !(ir->flags & IRF_IMM))
        return;
    if (!holds(ir->sub, ir->bits, a->value, (uint64_t)ir->imm)) {
        ir->op = IR_NOP;
        ir->target = SK_NO_INDEX;
        ir->a = ir->b = IR_NONE;
        return;
    }
    ir->op = IR_JMP; /* what follows in the block is not reached, and harmless */
    ir->a = ir->b = IR_NONE;
}

static void forward_select(struct state *s, struct sk_ir *ir)
{
    use_immediate(s, ir);
    const struct fact *chosen = ir->plus ? &s->r[ir->plus - 1] : NULL;
    const unsigned own = s->r[ir->dst].zeros, other = chosen ? chosen->zeros : zeros_of((uint64_t)(int64_t)ir->off);
    if (chosen && chosen->known && (int64_t)chosen->value == (int32_t)chosen->value) {
        ir->off = (int32_t)chosen->value;
        ir->plus = 0;
    }
    new_value(s, ir->dst)->zeros = (uint8_t)(own < other ? own : other);
}

static void forward_guard(struct state *s, struct sk_ir *ir)
{
    struct fact *f = &s->r[ir->a];
    int32_t low = ir->off, high = ir->off + ir->size / 8;
    bool write = ir->flags & IRF_WRITE;
    if ((f->proven && (f->proven_write || !write) && f->low <= low && high <= f->high) ||
        (f->known && sk_ir_is_value(s->c, f->value + (uint64_t)(int64_t)ir->off, ir->size / 8u, write))) {
        ir->op = IR_NOP;
        ir->a = IR_NONE;
        return;
    }
    if (f->fixed || (write && s->c->write_only))
        return;
    /* The union of two checks proves nothing: they may have been of two regions. The last one is the better guess. */
    f->proven = true;
    f->proven_write = write;
    f->low = low;
    f->high = high;
}

/* Operands that are copies are read at the original, so that the copy may become dead. */
static void use_original(const struct state *s, uint8_t *reg)
{
    if (*reg < SK_IR_REGISTERS && s->r[*reg].copy_of != IR_NONE)
        *reg = s->r[*reg].copy_of;
}

/* Where only the lower half counts. */
static void use_low(const struct state *s, uint8_t *reg)
{
    if (*reg < SK_IR_REGISTERS && s->r[*reg].low_of != IR_NONE)
        *reg = s->r[*reg].low_of;
}

/*
 * A shift to the left and back again by as much, one right behind the other: an extension. What the first shift was
 * applied to is still there when it wrote another register, or when it is dropped.
 */
static bool forward_shift_pair(struct sk_ir *first, struct sk_ir *ir)
{
    if (ir->op != IR_ALU || !(ir->flags & IRF_IMM) || ir->bits != 64 || (ir->sub != IRA_SHR && ir->sub != IRA_SAR) ||
        first->op != IR_ALU || !(first->flags & IRF_IMM) || first->bits != 64 || first->sub != IRA_SHL ||
        first->imm != ir->imm || ir->a != first->dst || ir->dst != first->dst)
        return false;
    if (ir->imm != 32 && ir->imm != 48 && ir->imm != 56)
        return false;
    ir->op = IR_EXT;
    ir->size = (uint8_t)(64 - ir->imm);
    ir->flags = ir->sub == IRA_SAR ? IRF_SIGNED : 0;
    ir->a = first->a;
    first->op = IR_NOP;
    first->dst = first->a = IR_NONE;
    return true;
}

/* Helpers may take memory back, and move the packet's bounds. Values of the VM's maps stay where they are. */
static void forward_call(struct state *s, struct sk_ir *ir, uint32_t k)
{
    const struct skep_map *map = NULL;
    struct sk_value value = {0};
    if (ir->op == IR_CALL) {
        const struct sk_helper *helper = sk_ir_kernel_helper(s->c, ir);
        struct sk_argument args[5];
        for (unsigned i = 0; i < 5; i++) {
            const struct fact *f = &s->r[i + 1];
            args[i] = (struct sk_argument){f->known, f->in_frame, f->value, f->at};
        }
        sk_ir_know_call(s->c, ir, args, s->subprog);
        if (helper && helper->id == 1)
            map = sk_ir_map_of_handle(s->c, args[0].known, args[0].value);
    }
    for (unsigned r = 0; r < SK_REGISTERS; r++)
        s->r[r].proven &= s->r[r].fixed;
    for (unsigned r = 0; r < SK_IR_REGISTERS; r++)
        if (sk_ir_defs(ir) & 1u << r)
            new_value(s, r);
    if (map && sk_ir_value_of(map, &value)) {
        s->r[0].lookup = k + 1;
        s->r[0].found = value;
    }
}

static void forward_one(struct state *s, struct sk_ir *ir, uint32_t k)
{
    if ((ir->op >= IR_MOV && ir->op <= IR_GUARD) || ir->op == IR_JCC || ir->op == IR_SELECT) {
        use_original(s, &ir->a);
        use_original(s, &ir->b);
        if (ir->op == IR_SELECT && ir->plus && s->r[ir->plus - 1].copy_of != IR_NONE)
            ir->plus = (uint8_t)(s->r[ir->plus - 1].copy_of + 1);
    }
    const bool narrow = ir->bits == 32 && (ir->op == IR_ALU || ir->op == IR_DIV || ir->op == IR_NEG || ir->op == IR_JCC ||
                                            ir->op == IR_SELECT);
    const bool nothing_to_do = ir->op == IR_EXT && !(ir->flags & IRF_SIGNED) && s->r[ir->a].zeros + ir->size >= 64;
    if (narrow || (ir->size <= 32 && !nothing_to_do && (ir->op == IR_EXT || ir->op == IR_BSWAP)))
        use_low(s, &ir->a);
    if (narrow || (ir->size <= 32 && ir->op == IR_STORE))
        use_low(s, &ir->b);
    switch ((enum sk_ir_op)ir->op) {
    case IR_MOVI: define_constant(s, ir->dst, (uint64_t)ir->imm); return;
    case IR_MOV: forward_mov(s, ir); return;
    case IR_EXT: forward_ext(s, ir); return;
    case IR_ALU: forward_alu(s, ir); return;
    case IR_DIV: forward_div(s, ir); return;
    case IR_NEG: new_value(s, ir->dst)->zeros = ir->bits == 32 ? 32 : 0; return;
    case IR_BSWAP: new_value(s, ir->dst)->zeros = (uint8_t)(64 - ir->size); return;
    case IR_LOAD: new_value(s, ir->dst)->zeros = ir->flags & IRF_SIGNED ? 0 : (uint8_t)(64 - ir->size); return;
    case IR_JCC: forward_jcc(s, ir); return;
    case IR_GUARD: forward_guard(s, ir); return;
    case IR_SELECT: forward_select(s, ir); return;
    case IR_CALL:
    case IR_CALL_LOCAL:
    case IR_CALLX: forward_call(s, ir, k); return;
    case IR_ATOMIC:
    case IR_STEP:
        for (unsigned r = 0; r < SK_IR_REGISTERS; r++)
            if (sk_ir_defs(ir) & 1u << r)
                new_value(s, r);
        return;
    case IR_STORE:
    case IR_STOREI:
    case IR_GUARD_ASIDE:
    case IR_ALIGN:
    case IR_NOP:
    case IR_JMP:
    case IR_MAY_GOTO:
    case IR_EXIT: return;
    }
}

void sk_ir_forward(struct sk_compile *c)
{
    struct state s = {.c = c};
    struct fact before = NOTHING; /* what was known of the last dst before it was written */
    forget_all(&s);
    for (uint32_t i = 0; i < c->program->count; i++) {
        while (i >= c->program->subprogs[s.subprog].end)
            s.subprog++;
        if (c->leader[i] & SK_LEADER_TARGET)
            forget_all(&s);
        for (uint32_t k = c->ir_of[i]; k < c->ir_of[i + 1]; k++) {
            if (i > 0 && !c->leader[i] && forward_shift_pair(&c->code[k - 1], &c->code[k]))
                s.r[c->code[k].dst] = before;
            before = c->code[k].dst != IR_NONE ? s.r[c->code[k].dst] : NOTHING;
            forward_one(&s, &c->code[k], k);
        }
    }
}
