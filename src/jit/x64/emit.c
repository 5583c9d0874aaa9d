/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * IR to x86-64. Each of the program's registers has its home throughout (kernel and psABI agree with it, so that
 * arguments of helpers are where C wants them):
 *
 *   r0 rax   r1 rdi  r2 rsi  r3 rdx  r4 rcx  r5 r8     r6 rbx  r7 r13  r8 r14  r9 r15   r10 rbp
 *
 * r12 is the run, r11 the meter, r9 and r10 are free for the length of one IR instruction.
 *
 * The meter. Before the instruction of index j the budget that remains is r11 - (j - base), base being a constant of the
 * place. Blocks behind forward jumps take the base that makes the jump free where they can; loop heads have base =
 * index, so that a jump backwards, a call and an exit can subtract and look at the sign. Functions begin and end with
 * r11 exact.
 *
 * Faults and slow paths stand behind all code, in the order in which they were asked for.
 */
#include "jit/x64/emitter.h"
#include "map/array.h"

/* -------------------------------------------------------------------------------- memory and control */

static struct sk_x64_mem limit_of(unsigned region, bool write, unsigned bytes)
{
    return x_at(RUN, (int32_t)(offsetof(skep_run, native_limit) + 8u * ((region * 2u + write) * 4u + (unsigned)__builtin_ctz(bytes))));
}

/* Jumps where it returns unless all that the guard stands for is in the region that the pointer probably leads to. */
static void emit_check(struct sk_x64_emitter *e, const struct sk_ir *ir, size_t from[2])
{
    struct sk_buf *b = e->code;
    const bool group = (ir->flags & IRF_GROUP) && !e->one_by_one, write = group ? ir->bits : ir->flags & IRF_WRITE;
    const int32_t low = group ? (int32_t)ir->imm : ir->off, high = group ? (int32_t)(ir->imm >> 32) : ir->off;
    const unsigned low_size = group ? ir->sub & 15 : ir->size / 8u, high_size = group ? ir->sub >> 4 : low_size;
    from[1] = 0;
    x_mov(b, 64, T1, sk_x64_home[ir->a]);
    if (ir->check && (group || !(ir->flags & IRF_GROUP))) {
        const int32_t at = (int32_t)(offsetof(skep_run, native_checks) + 16u * (ir->check - 1u));
        x_alu_load(b, 64, X_SUB, T1, x_at(RUN, at));
        x_alu_load(b, 64, X_CMP, T1, x_at(RUN, at + 8));
        from[0] = x_jcc(b, CC_AE);
        return;
    }
    x_alu_load(b, 64, X_SUB, T1, x_at(RUN, (int32_t)(offsetof(skep_run, native_low) + 8u * ir->region)));
    if (low)
        x_alu_imm(b, 64, X_ADD, T1, low);
    x_alu_load(b, 64, X_CMP, T1, limit_of(ir->region, write, low_size));
    from[0] = x_jcc(b, CC_AE);
    if (high == low && high_size == low_size)
        return;
    if (high != low) /* if both ends are in the region, so is what lies between them */
        x_alu_imm(b, 64, X_ADD, T1, high - low);
    x_alu_load(b, 64, X_CMP, T1, limit_of(ir->region, write, high_size));
    from[1] = x_jcc(b, CC_AE);
}

/* A group's leads into the copy, whose place is known when it is written; the first of several also asks for the copy. */
static void emit_group(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_x64_head head = {{0}};
    emit_check(e, ir, head.from);
    sk_buf_add(&e->heads, &head, sizeof head);
    if (e->copied)
        return;
    e->copied = e->stubs.size / sizeof(struct sk_x64_stub) + 1;
    e->copy_end = ir->target;
    add_stub(e, (struct sk_x64_stub){.kind = STUB_COPY, .group = ir, .base = e->base, .subprog = e->subprog,
                                     .head = e->heads.size / sizeof head - 1});
}

static void emit_guard(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    const bool write = ir->flags & IRF_WRITE;
    size_t from[2];
    if ((ir->flags & IRF_GROUP) && !e->one_by_one) {
        emit_group(e, ir);
        return;
    }
    if (ir->flags & IRF_GROUP) { /* here those who did not pass the group's check come in */
        const struct sk_x64_head *head = (const struct sk_x64_head *)(const void *)e->heads.data + e->head++;
        for (unsigned i = 0; i < 2 && !e->heads.failed; i++)
            if (head->from[i])
                x_patch(e->code, head->from[i], e->code->size);
    }
    emit_check(e, ir, from);
    add_stub(e, (struct sk_x64_stub){.kind = STUB_GUARD, .from = from[0], .back = e->code->size, .index = ir->index, .used = used_by(e, ir),
                              .place = mem_of(ir), .size_and_write = ir->size / 8u | (uint32_t)write << 8});
}

static void emit_align(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    x_lea(e->code, 64, T2, mem_of(ir));
    x_test_imm(e->code, 32, T2, ir->size / 8 - 1);
    add_stub(e, (struct sk_x64_stub){.kind = STUB_ALIGN, .from = x_jcc(e->code, CC_NE), .index = ir->index, .used = used_by(e, ir)});
}

static void emit_atomic(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    static const uint8_t ops[] = {[IRT_ADD] = X_ADD, [IRT_OR] = X_OR, [IRT_AND] = X_AND, [IRT_XOR] = X_XOR};
    struct sk_buf *b = e->code;
    switch ((enum sk_ir_atomic)ir->sub) {
    case IRT_ADD:
    case IRT_OR:
    case IRT_AND:
    case IRT_XOR: x_lock_alu(b, ir->size, (enum sk_x64_alu)ops[ir->sub], sk_x64_home[ir->b], mem_of(ir)); return;
    case IRT_XADD: x_lock_xadd(b, ir->size, sk_x64_home[ir->b], mem_of(ir)); return;
    case IRT_XCHG: x_xchg(b, ir->size, sk_x64_home[ir->b], mem_of(ir)); return;
    case IRT_CMPXCHG:
        x_lock_cmpxchg(b, ir->size, sk_x64_home[ir->b], mem_of(ir));
        if (ir->size == 32)
            x_mov(b, 32, RAX, RAX); /* when they were equal, it did not write eax */
        return;
    case IRT_OTHER: return; /* a step */
    }
}

/* The constant that the meter needs on the way from here to the target; picks the target's base if nobody has. */
static int32_t edge(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    int64_t left = (int64_t)ir->index + 1 - e->base; /* what the block has used up */
    if (e->c->uncounted)
        return 0;
    if (e->bases[ir->target] == UNSET)
        e->bases[ir->target] = e->c->loop[ir->target] ? (int64_t)ir->target : (int64_t)ir->target - left;
    return (int32_t)((int64_t)ir->target - e->bases[ir->target] - left);
}

/* The block at the target follows: its base is the one that makes the way free. */
static void fall_to_target(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    e->base = (int64_t)ir->target - ((int64_t)ir->index + 1 - e->base);
}

/* An unconditional way to the target. */
static void emit_jump(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    if (ir->op == IR_JMP && falls_to_target(e, ir)) {
        fall_to_target(e, ir);
        return;
    }
    int32_t delta = edge(e, ir);
    if (delta)
        x_alu_imm(e->code, 64, X_ADD, METER, delta);
    if ((ir->flags & IRF_BACK) && !e->c->uncounted) {
        sk_x64_jump(e, CC_NS, ir->target);
        add_stub(e, (struct sk_x64_stub){.kind = STUB_BUDGET, .from = x_jmp(e->code), .index = ir->index});
    } else {
        sk_x64_jump(e, ALWAYS, ir->target);
    }
}

/* To the target if cc: straight where the meter needs nothing. */
static void emit_branch(struct sk_x64_emitter *e, const struct sk_ir *ir, enum sk_x64_cc cc)
{
    if (e->c->uncounted || (!(ir->flags & IRF_BACK) && edge(e, ir) == 0)) {
        sk_x64_jump(e, cc, ir->target);
        return;
    }
    if ((ir->flags & IRF_BACK) && e->last_back[ir->target] != ir->index) { /* more likely than not, the loop goes on */
        add_stub(e, (struct sk_x64_stub){.kind = STUB_BACK, .from = x_jcc(e->code, cc), .target = ir->target,
                                         .index = ir->index, .used = -edge(e, ir)});
        return;
    }
    size_t around = x_jcc_near(e->code, cc ^ 1);
    emit_jump(e, ir);
    x_patch_near(e->code, around, e->code->size);
}

/* Compares a with b or imm; the condition under which it is so. */
static enum sk_x64_cc emit_compare(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    static const uint8_t ccs[] = {[IRC_EQ] = CC_E,  [IRC_NE] = CC_NE, [IRC_LT] = CC_B,  [IRC_GE] = CC_AE,
                                  [IRC_GT] = CC_A,  [IRC_LE] = CC_BE, [IRC_SLT] = CC_L, [IRC_SGE] = CC_GE,
                                  [IRC_SGT] = CC_G, [IRC_SLE] = CC_LE, [IRC_SET] = CC_NE, [IRC_CLEAR] = CC_E};
    struct sk_buf *b = e->code;
    unsigned a = sk_x64_home[ir->a];
    bool test = ir->sub == IRC_SET || ir->sub == IRC_CLEAR;
    if (!(ir->flags & IRF_IMM)) {
        if (test)
            x_test(b, ir->bits, a, sk_x64_home[ir->b]);
        else
            x_alu(b, ir->bits, X_CMP, a, sk_x64_home[ir->b]);
    } else if (test) {
        sk_x64_test_constant(e, ir->imm >= 0 ? 32 : ir->bits, a, (int32_t)ir->imm);
    } else if (ir->imm == 0 && (ir->sub == IRC_EQ || ir->sub == IRC_NE)) {
        if (!have_flags(e, ir->bits, a))
            x_test(b, ir->bits, a, a);
    } else {
        sk_x64_alu_constant(e, ir->bits, X_CMP, a, (int32_t)ir->imm);
    }
    return (enum sk_x64_cc)ccs[ir->sub];
}

static void emit_jcc(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    const struct sk_ir *written = ir;
    struct sk_ir inverted;
    if (falls_to_target(e, ir)) { /* what falls through in the program is elsewhere */
        inverted = *ir;
        inverted.sub ^= 1;
        inverted.target = e->end;
        inverted.flags &= (uint8_t)~IRF_BACK;
        written = &inverted;
    }
    /* What the way to the target costs is taken off ahead of the comparison: both ways are straight then, and what falls
     * through just counts from another base. */
    int32_t delta = written->flags & IRF_BACK ? 0 : edge(e, written);
    if (delta) {
        x_alu_imm(e->code, 64, X_ADD, METER, delta);
        e->base -= delta;
    }
    emit_branch(e, written, emit_compare(e, written));
    if (written != ir)
        fall_to_target(e, ir);
}

/* The meter counts as if nothing had been skipped; where something was, it gets it back. */
static void emit_select(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_buf *b = e->code;
    unsigned value = ir->plus ? sk_x64_home[ir->plus - 1] : T2;
    if (!ir->plus)
        sk_x64_constant(e, T2, (uint64_t)(int64_t)ir->off);
    enum sk_x64_cc cc = emit_compare(e, ir);
    x_cmov(b, 64, cc, sk_x64_home[ir->dst], value);
    if (e->c->uncounted)
        return;
    x_setcc(b, cc ^ 1, T1);
    x_extend(b, 32, 8, false, T1, T1);
    if (ir->skipped > 1)
        x_imul_imm(b, 64, T1, T1, ir->skipped);
    x_alu(b, 64, X_ADD, METER, T1);
}

static void emit_may_goto(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_buf *b = e->code;
    struct sk_x64_mem visits = x_at(T1, (int32_t)(4 * ir->imm));
    x_load(b, 8, false, T1, FIELD(may_gotos));
    x_load(b, 4, false, T2, FIELD(depth));
    x_imul_imm(b, 64, T2, T2, (int32_t)(4 * e->c->program->most_may_gotos));
    x_alu(b, 64, X_ADD, T1, T2);
    x_alu_mem_imm(b, 32, X_CMP, visits, (int32_t)SKEP_MAY_GOTO_VISITS);
    emit_branch(e, ir, CC_E);
    x_alu_mem_imm(b, 32, X_ADD, visits, 1);
}

static void call_subprog(struct sk_x64_emitter *e, uint32_t subprog)
{
    struct sk_x64_jump call = {x_call(e->code), subprog, false};
    sk_buf_add(&e->calls, &call, sizeof call);
}

/* Into a function that was entered by C, and back: a known one, or the one whose address is in T1. */
static void emit_call_entered(struct sk_x64_emitter *e, uint32_t subprog, bool by_address)
{
    struct sk_buf *b = e->code;
    x_push(b, RBP);
    x_push(b, RBP);
    x_load(b, 8, false, RBP, REG_FIELD(10));
    if (by_address)
        x_call_reg(b, T1);
    else
        call_subprog(e, subprog);
    x_pop(b, RBP);
    x_pop(b, RBP);
    call_thunk(e, THUNK_LEAVEX);
}

/* How many of the upper bytes of a frame the function may reach, or anybody else by way of it. */
uint32_t sk_x64_zeroed_at_entry(const struct sk_compile *c, uint32_t s)
{
    uint32_t size = c->image->frame_sizes[s], touched = c->program->subprogs[s].stack_touched;
    return !c->image->shape.unguarded && touched < size ? touched : size;
}

/* Zeroes them, as far as anybody reads them before they are written; the top of the frame is in rbp. */
void sk_x64_zero_frame(struct sk_x64_emitter *e, uint32_t s)
{
    const struct sk_compile *c = e->c;
    const int32_t size = (int32_t)((sk_x64_zeroed_at_entry(c, s) + 7) & ~7u);
    bool have_zero = false;
    for (int32_t at = -size; at < 0; at += 8) {
        uint64_t read = c->private_frames ? c->slots_in[c->program->subprogs[s].begin] >> sk_slot_of(at) : UINT64_MAX;
        if (!(read & 1))
            continue;
        if (at == -8 || !(read & 2)) {
            x_store_imm(e->code, 8, 0, x_at(RBP, at));
            continue;
        }
        if (!have_zero)
            x_zero_xmm0(e->code);
        have_zero = true;
        x_store_xmm0(e->code, x_at(RBP, at));
        at += 8;
    }
}

static bool uses_stack_limits(const struct sk_compile *c) { return c->limits >> (8 * IRR_STACK) & 255; }

/* sk_frame_enter() and sk_frame_leave() written out, as far as anybody could tell the difference. */
static void emit_call_local(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    const struct sk_compile *c = e->c;
    struct sk_buf *b = e->code;
    uint32_t s = (uint32_t)ir->imm, size = c->image->frame_sizes[s], zeroes = sk_x64_zeroed_at_entry(c, s);
    settle(e, ir);
    if (c->program->subprogs[s].may_goto_count) {
        x_store(b, 8, RBP, REG_FIELD(10));
        x_mov_imm(b, T1, s);
        call_thunk(e, THUNK_ENTER);
        fault_if(e, ir, CC_E);
        emit_call_entered(e, s, false);
        return;
    }
    if (e->depths) {
        x_alu_mem_imm(b, 32, X_CMP, FIELD(most_frames), e->depths[e->subprog] + 1);
    } else {
        x_load(b, 4, false, T1, FIELD(most_frames));
        x_load(b, 4, false, T2, FIELD(depth));
        x_alu_imm(b, 32, X_ADD, T2, 1);
        x_alu(b, 32, X_CMP, T1, T2);
    }
    add_stub(e, (struct sk_x64_stub){.kind = STUB_DEPTH, .from = x_jcc(b, CC_BE), .index = ir->index, .used = used_by(e, ir)});
    if (!e->depths)
        x_store(b, 4, T2, FIELD(depth));
    if (e->frames)
        x_alu_imm(b, 64, X_SUB, RBP, (int32_t)c->image->frame_sizes[e->subprog]);
    if (c->looked_at) {
        x_imul_imm(b, 64, T1, T2, (int32_t)sizeof(struct sk_frame));
        x_lea(b, 64, T2, x_at(RBP, -(int32_t)size));
        x_store(b, 8, T2, FIELD(stack_low));
        const int32_t frames = (int32_t)offsetof(skep_run, frames);
        x_store(b, 8, T2, (struct sk_x64_mem){RUN, T1, 0, frames + (int32_t)offsetof(struct sk_frame, low)});
        x_store_imm(b, 4, (int32_t)(size - zeroes),
                    (struct sk_x64_mem){RUN, T1, 0, frames + (int32_t)offsetof(struct sk_frame, unclean)});
    }
    sk_x64_zero_frame(e, s);
    call_subprog(e, s);
    if (e->frames)
        x_alu_imm(b, 64, X_ADD, RBP, (int32_t)c->image->frame_sizes[e->subprog]);
    if (!e->depths)
        x_alu_mem_imm(b, 32, X_SUB, FIELD(depth), 1);
    if (!c->looked_at)
        return;
    if (uses_stack_limits(c))
        x_load(b, 8, false, T1, FIELD(stack_low));
    x_alu_mem_imm(b, 64, X_ADD, FIELD(stack_low), (int32_t)size);
    if (uses_stack_limits(c)) {
        x_alu_load(b, 64, X_CMP, T1, x_at(RUN, (int32_t)(offsetof(skep_run, native_low) + 8 * IRR_STACK)));
        size_t from = x_jcc(b, CC_E);
        add_stub(e, (struct sk_x64_stub){.kind = STUB_LEAVE, .from = from, .back = b->size});
    }
}

static void emit_callx(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_buf *b = e->code;
    settle(e, ir);
    x_store(b, 8, RBP, REG_FIELD(10));
    x_mov(b, 64, T2, sk_x64_home[ir->a]);
    call_thunk(e, THUNK_CALLX);
    size_t helper = x_jcc(b, CC_E);
    emit_call_entered(e, 0, true);
    size_t done = x_jmp(b);
    x_patch(b, helper, b->size);
    x_alu_mem_imm(b, 32, X_CMP, FIELD(attention), 0);
    attend_if(e, ir, CC_NE);
    x_patch(b, done, b->size);
}

/* What a lookup in an array comes to. */
static void emit_index(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_buf *b = e->code;
    const struct sk_array *a = (const struct sk_array *)(const void *)e->c->maps[ir->off];
    const int32_t key = (int32_t)(ir->imm >> 32);
    x_load(b, 4, false, T2, key ? x_at(RBP, key) : x_at(RSI, 0));
    x_alu(b, 32, X_XOR, RAX, RAX);
    sk_x64_alu_constant(e, 32, X_CMP, T2, (int32_t)a->map.max_entries);
    size_t none = x_jcc_near(b, CC_AE);
    if (a->stride & (a->stride - 1))
        sk_x64_imul_constant(e, 64, T2, T2, (int32_t)a->stride);
    else
        x_shift_imm(b, 64, X_SHL, T2, (unsigned)__builtin_ctz((unsigned)a->stride));
    if (a->per_cpu) {
        x_load(b, 4, false, RAX, FIELD(cpu));
        x_imul_imm(b, 64, RAX, RAX, (int32_t)a->per_cpu);
        x_alu(b, 64, X_ADD, T2, RAX);
    }
    x_mov_imm(b, RAX, sk_addr(a->values));
    x_alu(b, 64, X_ADD, RAX, T2);
    x_patch_near(b, none, b->size);
    e->flags_at = SIZE_MAX;
}

/* An operation of a map that is known: its function, without a helper between. Results are numbers, but for a lookup's. */
static void emit_map_call(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    static const struct {
        uint16_t function;
        uint8_t cpu; /* the register of that argument; 0: there is none */
    } operations[] = {[IRH_LOOKUP] = {offsetof(struct sk_map_ops, lookup), RDX},
                      [IRH_UPDATE] = {offsetof(struct sk_map_ops, update), R8},
                      [IRH_REMOVE] = {offsetof(struct sk_map_ops, remove), 0},
                      [IRH_PUSH] = {offsetof(struct sk_map_ops, push), 0},
                      [IRH_POP] = {offsetof(struct sk_map_ops, pop), 0},
                      [IRH_PEEK] = {offsetof(struct sk_map_ops, peek), 0}};
    struct sk_buf *b = e->code;
    store_meter(e);
    x_mov_imm(b, RDI, sk_addr(e->c->maps[ir->off]));
    if (operations[ir->sub].cpu)
        x_load(b, 4, false, operations[ir->sub].cpu, FIELD(cpu));
    x_load(b, 8, false, RAX, x_at(RDI, (int32_t)offsetof(struct skep_map, ops)));
    x_call_mem(b, x_at(RAX, operations[ir->sub].function));
    load_meter(e);
    if (ir->sub != IRH_LOOKUP)
        x_extend(b, 64, 32, true, RAX, RAX);
}

static void emit_call(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    const struct sk_image *image = e->c->image;
    const uint32_t number = sk_image_call_number(image, (uint32_t)ir->imm);
    settle(e, ir);
    const struct sk_helper *helper = e->c->calls[number];
    if (ir->sub == IRH_INDEX) {
        emit_index(e, ir);
        return;
    }
    if (ir->sub > IRH_INDEX) {
        emit_map_call(e, ir);
        return;
    }
    if (!helper || (image->guarded && helper->has_prototype && ir->sub == IRH_CHECKED)) {
        x_mov_imm(e->code, T1, number);
        call_thunk(e, THUNK_CALL);
        attend_if(e, ir, CC_E);
        return;
    }
    /* The arguments are where C wants them. Whose function it is is read at run time: the code may be moved elsewhere. */
    struct sk_buf *b = e->code;
    store_meter(e);
    x_load(b, 8, false, T2, FIELD(env));
    x_load(b, 8, false, T2, x_at(T2, (int32_t)offsetof(struct sk_run_env, calls)));
    x_load(b, 8, false, T2, x_at(T2, (int32_t)(8 * number)));
    x_store(b, 8, T2, FIELD(helper));
    x_mov(b, 64, R9, RUN);
    x_call_mem(b, x_at(T2, (int32_t)offsetof(struct sk_helper, fn)));
    load_meter(e);
    x_alu_mem_imm(b, 32, X_CMP, FIELD(attention), 0);
    attend_if(e, ir, CC_NE);
}

static void emit_exit(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    int64_t base = e->base;
    settle(e, ir);
    e->base = base;
    if (e->main)
        store_meter(e);
    pop_saved(e);
}

void sk_x64_emit(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    struct sk_buf *b = e->code;
    switch ((enum sk_ir_op)ir->op) {
    case IR_NOP: return;
    case IR_GUARD_ASIDE:
        if (e->one_by_one)
            emit_guard(e, ir);
        return;
    case IR_MOV: sk_x64_move(e, 64, sk_x64_home[ir->dst], sk_x64_home[ir->a]); return;
    case IR_MOVI: sk_x64_constant(e, sk_x64_home[ir->dst], (uint64_t)ir->imm); return;
    case IR_ALU: sk_x64_alu(e, ir); return;
    case IR_NEG:
        sk_x64_move(e, 64, sk_x64_home[ir->dst], sk_x64_home[ir->a]);
        x_group3(b, ir->bits, 3, sk_x64_home[ir->dst]);
        return;
    case IR_EXT: x_extend(b, ir->bits, ir->size, ir->flags & IRF_SIGNED, sk_x64_home[ir->dst], sk_x64_home[ir->a]); return;
    case IR_BSWAP: sk_x64_bswap(e, ir); return;
    case IR_DIV: sk_x64_div(e, ir); return;
    case IR_LOAD:
        if ((ir->flags & IRF_SWAPPED) && ir->size >= 32 && (e->c->cpu & SK_X64_MOVBE)) {
            x_load_swapped(b, ir->size / 8u, sk_x64_home[ir->dst], mem_of(ir));
            return;
        }
        x_load(b, ir->size / 8u, ir->flags & IRF_SIGNED, sk_x64_home[ir->dst], mem_of(ir));
        if ((ir->flags & IRF_SWAPPED) && ir->size == 16)
            x_rol16(b, sk_x64_home[ir->dst], 8);
        else if (ir->flags & IRF_SWAPPED)
            x_bswap(b, ir->size, sk_x64_home[ir->dst]);
        return;
    case IR_STORE: x_store(b, ir->size / 8u, sk_x64_home[ir->b], mem_of(ir)); return;
    case IR_STOREI: sk_x64_store_constant(e, ir->size / 8u, (int32_t)ir->imm, mem_of(ir)); return;
    case IR_GUARD: emit_guard(e, ir); return;
    case IR_ALIGN: emit_align(e, ir); return;
    case IR_ATOMIC: emit_atomic(e, ir); return;
    case IR_STEP:
        x_mov_imm(b, T1, ir->index);
        call_thunk(e, THUNK_STEP);
        fault_if(e, ir, CC_E);
        return;
    case IR_CALL: emit_call(e, ir); return;
    case IR_CALL_LOCAL: emit_call_local(e, ir); return;
    case IR_CALLX: emit_callx(e, ir); return;
    case IR_SELECT: emit_select(e, ir); return;
    case IR_JMP: emit_jump(e, ir); return;
    case IR_JCC: emit_jcc(e, ir); return;
    case IR_MAY_GOTO: emit_may_goto(e, ir); return;
    case IR_EXIT: emit_exit(e, ir); return;
    }
}
