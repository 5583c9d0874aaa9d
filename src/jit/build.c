/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Program to IR, an instruction at a time: what is special about bytecode ends here. Accesses that are not proven get
 * their guard before them; calls get the zeroes that they leave in r1..r5 behind them.
 */
#include "jit/ir.h"

#define REG(n) (1u << (n))
#define ARGUMENTS (REG(1) | REG(2) | REG(3) | REG(4) | REG(5))

uint16_t sk_ir_uses(const struct sk_ir *ir)
{
    unsigned uses = 0;
    switch ((enum sk_ir_op)ir->op) {
    case IR_NOP:
    case IR_MOVI:
    case IR_JMP:
    case IR_MAY_GOTO: return 0;
    case IR_EXIT: return REG(0);
    case IR_CALL:
        switch ((enum sk_ir_how)ir->sub) {
        case IRH_INDEX: return (uint16_t)(ir->imm >> 32 ? REG(10) : REG(2));
        case IRH_LOOKUP:
        case IRH_REMOVE:
        case IRH_POP:
        case IRH_PEEK: return REG(2);
        case IRH_PUSH: return REG(2) | REG(3);
        case IRH_UPDATE: return REG(2) | REG(3) | REG(4);
        case IRH_CHECKED:
        case IRH_PROVEN: return ARGUMENTS;
        }
        return ARGUMENTS;
    case IR_CALL_LOCAL: return ARGUMENTS | REG(0) | REG(10);
    case IR_CALLX: return (uint16_t)(ARGUMENTS | REG(0) | REG(10) | REG(ir->a));
    case IR_STEP: return 0x7ff;
    case IR_SELECT:
        uses = REG(ir->dst);
        break;
    default: break;
    }
    if (ir->op == IR_ATOMIC && ir->sub == IRT_CMPXCHG)
        uses |= REG(0);
    if (ir->a != IR_NONE)
        uses |= REG(ir->a);
    if (ir->b != IR_NONE && !(ir->flags & IRF_IMM))
        uses |= REG(ir->b);
    if (ir->plus)
        uses |= REG(ir->plus - 1);
    return (uint16_t)uses;
}

uint16_t sk_ir_defs(const struct sk_ir *ir)
{
    switch ((enum sk_ir_op)ir->op) {
    case IR_CALL:
    case IR_CALL_LOCAL:
    case IR_CALLX: return REG(0) | ARGUMENTS;
    case IR_STEP: return (uint16_t)ir->imm;
    case IR_ATOMIC:
        return (uint16_t)(ir->sub == IRT_CMPXCHG ? REG(0) : ir->sub == IRT_XADD || ir->sub == IRT_XCHG ? REG(ir->b) : 0);
    default: return (uint16_t)(ir->dst != IR_NONE ? REG(ir->dst) : 0);
    }
}

bool sk_ir_has_effect(const struct sk_ir *ir)
{
    switch ((enum sk_ir_op)ir->op) {
    case IR_NOP:
    case IR_MOV:
    case IR_MOVI:
    case IR_ALU:
    case IR_NEG:
    case IR_EXT:
    case IR_BSWAP:
    case IR_DIV: return false;
    case IR_SELECT: return ir->flags & IRF_METERED;
    case IR_LOAD: return false; /* its guard is what may fault; memory that others write is not counted on */
    default: return true;
    }
}

bool sk_ir_writes_memory(const struct sk_ir *ir)
{
    switch ((enum sk_ir_op)ir->op) {
    case IR_STORE:
    case IR_STOREI:
    case IR_ATOMIC:
    case IR_STEP:
    case IR_CALL:
    case IR_CALL_LOCAL:
    case IR_CALLX: return true;
    default: return false;
    }
}

static struct sk_ir *add(struct sk_compile *c, enum sk_ir_op op, uint32_t index)
{
    static struct sk_ir nowhere; /* written to and never read once memory has run out */
    if (c->failed)
        return &nowhere;
    if (c->count == c->room) {
        uint32_t room = c->room ? c->room * 2 : 64;
        struct sk_ir *code = sk_realloc(&c->hooks, c->code, room * sizeof *code);
        if (!code) {
            c->failed = true;
            return &nowhere;
        }
        c->code = code;
        c->room = room;
    }
    struct sk_ir *ir = &c->code[c->count++];
    *ir = (struct sk_ir){.op = (uint8_t)op, .bits = 64, .dst = IR_NONE, .a = IR_NONE, .b = IR_NONE, .index = index,
                         .target = SK_NO_INDEX};
    return ir;
}

/* What the table's row means to the compiler: filled from the op's family rather than from the opcode. */
struct family {
    uint8_t op, sub, bits, size, flags;
};

static const struct family families[SK_OP_COUNT] = {
#define ALU2(name, sub)                                                                                                \
    [SK_OP_##name##64_IMM] = {IR_ALU, sub, 64, 0, IRF_IMM}, [SK_OP_##name##64_REG] = {IR_ALU, sub, 64, 0, 0},          \
    [SK_OP_##name##32_IMM] = {IR_ALU, sub, 32, 0, IRF_IMM}, [SK_OP_##name##32_REG] = {IR_ALU, sub, 32, 0, 0},
    ALU2(ADD, IRA_ADD) ALU2(SUB, IRA_SUB) ALU2(MUL, IRA_MUL) ALU2(AND, IRA_AND) ALU2(OR, IRA_OR) ALU2(XOR, IRA_XOR)
    ALU2(LSH, IRA_SHL) ALU2(RSH, IRA_SHR) ALU2(ARSH, IRA_SAR)
#define DIV2(name, sub, sign)                                                                                          \
    [SK_OP_##name##64_IMM] = {IR_DIV, sub, 64, 0, IRF_IMM | (sign)}, [SK_OP_##name##64_REG] = {IR_DIV, sub, 64, 0, sign}, \
    [SK_OP_##name##32_IMM] = {IR_DIV, sub, 32, 0, IRF_IMM | (sign)}, [SK_OP_##name##32_REG] = {IR_DIV, sub, 32, 0, sign},
    DIV2(DIV, 0, 0) DIV2(MOD, 1, 0) DIV2(SDIV, 0, IRF_SIGNED) DIV2(SMOD, 1, IRF_SIGNED)
    [SK_OP_NEG64] = {IR_NEG, 0, 64, 0, 0}, [SK_OP_NEG32] = {IR_NEG, 0, 32, 0, 0},
    [SK_OP_MOV64_REG] = {IR_MOV, 0, 64, 0, 0}, [SK_OP_MOV32_REG] = {IR_EXT, 0, 64, 32, 0},
    [SK_OP_MOVSX8_32_REG] = {IR_EXT, 0, 32, 8, IRF_SIGNED}, [SK_OP_MOVSX16_32_REG] = {IR_EXT, 0, 32, 16, IRF_SIGNED},
    [SK_OP_MOVSX8_64_REG] = {IR_EXT, 0, 64, 8, IRF_SIGNED}, [SK_OP_MOVSX16_64_REG] = {IR_EXT, 0, 64, 16, IRF_SIGNED},
    [SK_OP_MOVSX32_64_REG] = {IR_EXT, 0, 64, 32, IRF_SIGNED},
    [SK_OP_BSWAP16] = {IR_BSWAP, 0, 64, 16, 0}, [SK_OP_BSWAP32] = {IR_BSWAP, 0, 64, 32, 0},
    [SK_OP_BSWAP64] = {IR_BSWAP, 0, 64, 64, 0},
    /* The back ends there are serve little-endian machines. */
    [SK_OP_BE16] = {IR_BSWAP, 0, 64, 16, 0}, [SK_OP_BE32] = {IR_BSWAP, 0, 64, 32, 0}, [SK_OP_BE64] = {IR_BSWAP, 0, 64, 64, 0},
    [SK_OP_LE16] = {IR_EXT, 0, 64, 16, 0}, [SK_OP_LE32] = {IR_EXT, 0, 64, 32, 0}, [SK_OP_LE64] = {IR_NOP, 0, 64, 0, 0},
    [SK_OP_LDXB] = {IR_LOAD, 0, 64, 8, 0}, [SK_OP_LDXH] = {IR_LOAD, 0, 64, 16, 0}, [SK_OP_LDXW] = {IR_LOAD, 0, 64, 32, 0},
    [SK_OP_LDXDW] = {IR_LOAD, 0, 64, 64, 0}, [SK_OP_LDXSB] = {IR_LOAD, 0, 64, 8, IRF_SIGNED},
    [SK_OP_LDXSH] = {IR_LOAD, 0, 64, 16, IRF_SIGNED}, [SK_OP_LDXSW] = {IR_LOAD, 0, 64, 32, IRF_SIGNED},
    [SK_OP_STB] = {IR_STOREI, 0, 64, 8, 0}, [SK_OP_STH] = {IR_STOREI, 0, 64, 16, 0}, [SK_OP_STW] = {IR_STOREI, 0, 64, 32, 0},
    [SK_OP_STDW] = {IR_STOREI, 0, 64, 64, 0}, [SK_OP_STXB] = {IR_STORE, 0, 64, 8, 0}, [SK_OP_STXH] = {IR_STORE, 0, 64, 16, 0},
    [SK_OP_STXW] = {IR_STORE, 0, 64, 32, 0}, [SK_OP_STXDW] = {IR_STORE, 0, 64, 64, 0},
#define JUMP2(name, cc)                                                                                                \
    [SK_OP_##name##_IMM] = {IR_JCC, cc, 64, 0, IRF_IMM}, [SK_OP_##name##_REG] = {IR_JCC, cc, 64, 0, 0},                \
    [SK_OP_##name##32_IMM] = {IR_JCC, cc, 32, 0, IRF_IMM}, [SK_OP_##name##32_REG] = {IR_JCC, cc, 32, 0, 0},
    JUMP2(JEQ, IRC_EQ) JUMP2(JNE, IRC_NE) JUMP2(JLT, IRC_LT) JUMP2(JGE, IRC_GE) JUMP2(JGT, IRC_GT) JUMP2(JLE, IRC_LE)
    JUMP2(JSLT, IRC_SLT) JUMP2(JSGE, IRC_SGE) JUMP2(JSGT, IRC_SGT) JUMP2(JSLE, IRC_SLE) JUMP2(JSET, IRC_SET)
};

static void guard(struct sk_compile *c, uint32_t i, unsigned base, unsigned bits, bool write, uint32_t frame_size)
{
    const struct sk_insn *insn = &c->program->insns[i];
    if (!c->image->guarded ||
        (base == 10 && insn->off >= -(int32_t)frame_size && insn->off + (int32_t)bits / 8 <= 0))
        return;
    struct sk_ir *ir = add(c, IR_GUARD, i);
    ir->a = (uint8_t)base;
    ir->off = insn->off;
    ir->size = (uint8_t)bits;
    ir->flags = write ? IRF_WRITE : 0;
    ir->region = base == 10 ? IRR_STACK : IRR_HOME;
}

static void clear_arguments(struct sk_compile *c, uint32_t i)
{
    for (uint8_t r = 1; r <= 5; r++)
        add(c, IR_MOVI, i)->dst = r;
}

/* Instructions that the run-time does; `defs` is what they write. */
static void step(struct sk_compile *c, uint32_t i, unsigned defs) { add(c, IR_STEP, i)->imm = defs; }

static const uint8_t atomics[SK_OP_COUNT] = {
#define ATOMIC2(name, kind) [SK_OP_ATOMIC_##name##32] = kind, [SK_OP_ATOMIC_##name##64] = kind,
    ATOMIC2(ADD, IRT_ADD) ATOMIC2(OR, IRT_OR) ATOMIC2(AND, IRT_AND) ATOMIC2(XOR, IRT_XOR) ATOMIC2(FETCH_ADD, IRT_XADD)
    ATOMIC2(XCHG, IRT_XCHG) ATOMIC2(CMPXCHG, IRT_CMPXCHG) ATOMIC2(FETCH_OR, IRT_OTHER) ATOMIC2(FETCH_AND, IRT_OTHER)
    ATOMIC2(FETCH_XOR, IRT_OTHER)
};

static void build_atomic(struct sk_compile *c, uint32_t i, uint32_t frame_size)
{
    const struct sk_insn *insn = &c->program->insns[i];
    const struct sk_op_info *info = &sk_op_infos[insn->op];
    const uint8_t kind = atomics[insn->op], bits = info->group == SK_GROUP_ATOMIC32 ? 32 : 64;
    if (kind == IRT_OTHER) {
        step(c, i, (info->effects & SK_W_SRC ? REG(insn->src) : 0) | (info->effects & SK_W_R0 ? REG(0) : 0));
        return;
    }
    guard(c, i, insn->dst, bits, true, frame_size);
    for (unsigned k = 0; k < 2; k++) {
        struct sk_ir *ir = add(c, k ? IR_ATOMIC : IR_ALIGN, i);
        ir->a = insn->dst;
        ir->b = k ? insn->src : IR_NONE;
        ir->off = insn->off;
        ir->size = bits;
        ir->sub = k ? kind : 0;
    }
}

/* What the analysis found: done by the run-time, or the access as it may be written. */
static bool build_by_fact(struct sk_compile *c, uint32_t i, const struct sk_fact *fact)
{
    const struct sk_insn *insn = &c->program->insns[i];
    const struct sk_op_info *info = &sk_op_infos[insn->op];
    if (fact->kind == SK_FACT_NONE)
        return false;
    if (fact->kind != SK_FACT_PROVEN) {
        step(c, i, (info->effects & SK_W_DST ? REG(insn->dst) : 0) | (info->effects & SK_W_SRC ? REG(insn->src) : 0) |
                       (info->effects & SK_W_R0 ? REG(0) : 0));
        return true;
    }
    const struct family f = families[fact->op];
    struct sk_ir *ir = add(c, (enum sk_ir_op)f.op, i);
    ir->size = f.size;
    ir->flags = f.flags;
    ir->off = fact->off;
    ir->imm = insn->imm;
    ir->a = info->form == SK_FORM_LDX ? insn->src : insn->dst;
    ir->dst = info->form == SK_FORM_LDX ? insn->dst : IR_NONE;
    ir->b = info->form == SK_FORM_STX ? insn->src : IR_NONE;
    return true;
}

static void build_one(struct sk_compile *c, uint32_t i, uint32_t frame_size, uint32_t *may_gotos)
{
    const struct sk_insn *insn = &c->program->insns[i];
    if (c->program->facts && build_by_fact(c, i, &c->program->facts[i]))
        return;
    const struct sk_op_info *info = &sk_op_infos[insn->op];
    const struct family f = families[insn->op];
    uint32_t target = c->program->target_of[i];
    struct sk_ir *ir = NULL;
    switch ((enum sk_form)info->form) {
    case SK_FORM_DST:
    case SK_FORM_END:
    case SK_FORM_DST_IMM:
    case SK_FORM_DST_SRC:
        if (insn->op == SK_OP_MOV64_IMM || insn->op == SK_OP_MOV32_IMM) {
            ir = add(c, IR_MOVI, i);
            ir->imm = insn->op == SK_OP_MOV64_IMM ? insn->imm : (int64_t)(uint32_t)insn->imm;
            ir->dst = insn->dst;
            return;
        }
        ir = add(c, (enum sk_ir_op)f.op, i);
        if (f.op == IR_NOP)
            return;
        ir->sub = f.sub;
        ir->bits = f.bits;
        ir->size = f.size;
        ir->flags = f.flags;
        ir->dst = insn->dst;
        ir->imm = insn->imm;
        if (f.op == IR_ALU || f.op == IR_DIV) {
            ir->a = insn->dst;
            ir->b = f.flags & IRF_IMM ? IR_NONE : insn->src;
        } else {
            ir->a = info->form == SK_FORM_DST_SRC ? insn->src : insn->dst;
        }
        return;
    case SK_FORM_LDDW:
    case SK_FORM_LDDW_FUNC:
        ir = add(c, IR_MOVI, i);
        ir->dst = insn->dst;
        ir->imm = info->form == SK_FORM_LDDW ? insn->imm : (int64_t)sk_func_handle(c->program->slot_of[target]);
        return;
    case SK_FORM_LDX:
        guard(c, i, insn->src, f.size, false, frame_size);
        ir = add(c, IR_LOAD, i);
        ir->size = f.size;
        ir->flags = f.flags;
        ir->dst = insn->dst;
        ir->a = insn->src;
        ir->off = insn->off;
        return;
    case SK_FORM_ST:
    case SK_FORM_STX:
        guard(c, i, insn->dst, f.size, true, frame_size);
        ir = add(c, (enum sk_ir_op)f.op, i);
        ir->size = f.size;
        ir->a = insn->dst;
        ir->off = insn->off;
        ir->imm = insn->imm;
        ir->b = info->form == SK_FORM_STX ? insn->src : IR_NONE;
        return;
    case SK_FORM_LDX_ACQ: step(c, i, REG(insn->dst)); return;
    case SK_FORM_STX_REL: step(c, i, 0); return;
    case SK_FORM_ATOMIC: build_atomic(c, i, frame_size); return;
    case SK_FORM_ABS:
    case SK_FORM_IND: step(c, i, REG(0)); return;
    case SK_FORM_CALL:
        ir = add(c, IR_CALL, i);
        ir->imm = insn->imm;
        clear_arguments(c, i);
        return;
    case SK_FORM_CALL_LOCAL:
        ir = add(c, IR_CALL_LOCAL, i);
        ir->imm = sk_program_subprog_at(c->program, target);
        clear_arguments(c, i);
        return;
    case SK_FORM_CALLX:
        ir = add(c, IR_CALLX, i);
        ir->a = insn->dst;
        clear_arguments(c, i);
        return;
    case SK_FORM_NONE: add(c, IR_EXIT, i); return;
    case SK_FORM_JA:
    case SK_FORM_JA32: ir = add(c, IR_JMP, i); break;
    case SK_FORM_MAY_GOTO:
        ir = add(c, IR_MAY_GOTO, i);
        ir->imm = (*may_gotos)++;
        break;
    case SK_FORM_JMP_IMM:
    case SK_FORM_JMP_REG:
        ir = add(c, IR_JCC, i);
        ir->sub = f.sub;
        ir->bits = f.bits;
        ir->flags = f.flags;
        ir->a = insn->dst;
        ir->b = f.flags & IRF_IMM ? IR_NONE : insn->src;
        ir->imm = insn->imm;
        break;
    case SK_FORM_LDDW_ID: /* the structural check refuses them */
    case SK_FORM_LDDW_ID2:
    case SK_FORM_COUNT: return;
    }
    ir->target = target;
    if (target <= i)
        ir->flags |= IRF_BACK;
}

void sk_ir_build(struct sk_compile *c)
{
    const struct sk_program *p = c->program;
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t target = p->target_of[i];
        unsigned effects = sk_op_infos[p->insns[i].op].effects;
        if (target != SK_NO_INDEX)
            c->leader[target] |= SK_LEADER_TARGET;
        c->main_again |= target == 0 || sk_op_infos[p->insns[i].op].form == SK_FORM_CALLX;
        if ((effects & SK_E_JUMP) && target <= i)
            c->loop[target] = 1;
        if ((effects & (SK_E_JUMP | SK_E_EXIT)) && i + 1 < p->count)
            c->leader[i + 1] |= SK_LEADER_BEHIND;
    }
    for (uint32_t s = 0; s < p->subprog_count; s++) {
        uint32_t may_gotos = 0;
        c->leader[p->subprogs[s].begin] |= SK_LEADER_TARGET;
        for (uint32_t i = p->subprogs[s].begin; i < p->subprogs[s].end; i++) {
            c->ir_of[i] = c->count;
            build_one(c, i, c->image->frame_sizes[s], &may_gotos);
        }
    }
    c->ir_of[p->count] = c->count;
}
