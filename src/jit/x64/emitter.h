/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the files of the x86-64 back end share: the homes of registers, the state of emitting one program, and what is to
 * be written behind the code. Which file does what: program.c functions and blocks, emit.c instructions of control and memory, arithmetic.c and divide.c values,
 * constant.c what the program chose to be in the code, outside.c everything off the straight path.
 */
#ifndef SK_X64_EMITTER_H
#define SK_X64_EMITTER_H

#include "helper/helper.h"
#include "jit/target.h"
#include "jit/x64/asm.h"

/* What the processor has beyond the first x86-64: struct sk_compile's cpu. */
enum { SK_X64_BMI2 = 1, SK_X64_MOVBE = 2 };

enum { RUN = R12, METER = R11, T1 = R9, T2 = R10 };

static const uint8_t sk_x64_home[SK_IR_REGISTERS] = {RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15, RBP,
                                                     [SK_IR_ASIDE] = T2};

#define FIELD(member) x_at(RUN, (int32_t)offsetof(skep_run, member))
#define REG_FIELD(n) x_at(RUN, (int32_t)(offsetof(skep_run, regs) + 8 * (n)))

/* The functions of struct sk_native_table, by their place in it. */
enum sk_x64_thunk { THUNK_GUARD, THUNK_ENTER, THUNK_LEAVE, THUNK_LEAVEX, THUNK_CALL, THUNK_STEP, THUNK_CLEAN, THUNK_CALLX,
                    THUNK_ATTEND, THUNK_COUNT };

/* Something to be written behind the code. */
struct sk_x64_stub {
    enum { STUB_FAULT, STUB_BUDGET, STUB_ATTEND, STUB_DEPTH, STUB_GUARD, STUB_COPY, STUB_ALIGN, STUB_LEAVE, STUB_BACK } kind;
    size_t from, back; /* the jump that leads here; where to go on */
    uint32_t index, target; /* target: of a way back, which is known when the function ends */
    int32_t used; /* what to take off the meter */
    struct sk_x64_mem place;
    uint32_t size_and_write;
    uint16_t saved; /* of a call: what its function puts back when a tail call ends it */
    /* Of a copy: from where it is made, the meter's base there and its function, and the first of its group's heads. */
    const struct sk_ir *group;
    int64_t base;
    uint32_t subprog;
    size_t head;
};

/* The jumps of a group's check that lead into the copy; 0: none. */
struct sk_x64_head {
    size_t from[2];
};

struct sk_x64_jump {
    size_t from;
    uint32_t target; /* index */
    bool near;       /* its distance has a byte */
};

struct sk_x64_emitter {
    const struct sk_compile *c;
    struct sk_buf *code;
    struct sk_buf stubs;  /* struct sk_x64_stub */
    bool draft;           /* see program.c */
    struct sk_buf jumps;  /* struct sk_x64_jump, to patch at the function's end */
    struct sk_buf near;   /* a byte for each jump of the program: it is near */
    size_t jump_count;    /* of those, in use */
    uint32_t *last_back;  /* [count] of loop heads: the last jump back to it */
    uint32_t *loop_size;  /* [count] of loop heads, at most; in the draft's bytes */
    struct sk_buf calls;  /* the same for functions and thunks: target is a subprogram, or THUNK_BIT and a thunk */
    struct sk_buf heads;  /* struct sk_x64_head */
    size_t copied;        /* 1 + the number of the copy's stub whose stretch this is; 0: none */
    uint32_t copy_end;    /* its last IR instruction */
    bool one_by_one;      /* this is a copy */
    size_t head;          /* the next head that leads into it */
    int64_t *bases;       /* [count] of leaders, or UNSET */
    uint32_t *place;      /* [count] of leaders */
    uint32_t *entries;    /* [subprog_count] */
    size_t thunks[THUNK_COUNT];
    int64_t base;   /* here */
    uint32_t end, next; /* indices: where this block ends; the block that is written behind it, or SK_NO_INDEX */
    uint32_t line;  /* what the code here belongs to */
    size_t line_at; /* and where that began */
    uint16_t saved; /* homes that this function puts back; for main r12 and rbp, too: see push_saved */
    size_t flags_at; /* if this is here, ZF tells whether that register is 0, in so many bits */
    unsigned flags_reg, flags_bits;
    bool main;      /* it returns to C */
    bool frames;    /* functions have frames: somebody uses r10, or may look for them */
    uint8_t *depths; /* [subprog_count] how deep each function is called, if always as deep and nobody asks; else NULL */
    uint32_t subprog;
};

#define THUNK_BIT 0x80000000u
#define SAVED_RUN (1u << 11)
#define SAVED_LEAF (1u << 12) /* nothing that wants the stack aligned is called */

#define UNSET INT64_MIN

static inline struct sk_x64_mem mem_of(const struct sk_ir *ir)
{
    return (struct sk_x64_mem){sk_x64_home[ir->a], ir->plus ? sk_x64_home[ir->plus - 1] : NO_REG, ir->scale, ir->off};
}

/* The code from here on belongs to the instruction of that index, or to none. */
static inline void begin_line(struct sk_x64_emitter *e, uint32_t index)
{
    struct sk_line line = {(uint32_t)e->code->size, index};
    if (e->draft || !e->c->lines || (index == e->line && e->code->size))
        return;
    e->line = index;
    if (e->code->size == e->line_at && e->c->lines->size) /* the line before has no code */
        e->c->lines->size -= sizeof line;
    e->line_at = e->code->size;
    sk_buf_add(e->c->lines, &line, sizeof line);
}

static inline void add_stub(struct sk_x64_emitter *e, struct sk_x64_stub stub) { sk_buf_add(&e->stubs, &stub, sizeof stub); }

static inline int32_t used_by(const struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    if (e->c->uncounted)
        return 0;
    return (int32_t)((int64_t)ir->index + 1 - e->base);
}

/* Whether the jump's target is fallen into. A jump backwards that is counted stays one. */
static inline bool falls_to_target(const struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    return ir->target == e->next && (ir->op != IR_JCC || e->next != e->end) && (e->c->uncounted || !(ir->flags & IRF_BACK));
}

static inline void store_meter(struct sk_x64_emitter *e)
{
    if (!e->c->uncounted)
        x_store(e->code, 8, METER, FIELD(meter));
}

static inline void load_meter(struct sk_x64_emitter *e)
{
    if (!e->c->uncounted)
        x_load(e->code, 8, false, METER, FIELD(meter));
}

static inline void fault_if(struct sk_x64_emitter *e, const struct sk_ir *ir, enum sk_x64_cc cc)
{
    add_stub(e, (struct sk_x64_stub){.kind = STUB_FAULT, .from = x_jcc(e->code, cc), .index = ir->index, .used = used_by(e, ir)});
}

/* Behind a helper, if it has something to say: a fault, a tail call, an end. */
static inline void attend_if(struct sk_x64_emitter *e, const struct sk_ir *ir, enum sk_x64_cc cc)
{
    add_stub(e, (struct sk_x64_stub){.kind = STUB_ATTEND, .from = x_jcc(e->code, cc), .index = ir->index, .saved = e->saved});
}

/* What was just written has left its result's ZF. A 32-bit result is one of 64 bits, too. */
static inline void flags_of(struct sk_x64_emitter *e, unsigned bits, unsigned reg)
{
    e->flags_at = e->code->size;
    e->flags_reg = reg;
    e->flags_bits = bits;
}

static inline bool have_flags(const struct sk_x64_emitter *e, unsigned bits, unsigned reg)
{
    return e->flags_at == e->code->size && e->flags_reg == reg && e->flags_bits <= bits;
}

/* A meter point that is not a jump: the meter becomes exact, and what follows counts anew. */
static inline void settle(struct sk_x64_emitter *e, const struct sk_ir *ir)
{
    if (e->c->uncounted)
        return;
    x_alu_imm(e->code, 64, X_SUB, METER, used_by(e, ir));
    add_stub(e, (struct sk_x64_stub){.kind = STUB_BUDGET, .from = x_jcc(e->code, CC_S), .index = ir->index});
    e->base = (int64_t)ir->index + 1;
}

static inline void call_thunk(struct sk_x64_emitter *e, enum sk_x64_thunk thunk)
{
    struct sk_x64_jump call = {x_call(e->code), THUNK_BIT | (uint32_t)thunk, false};
    sk_buf_add(&e->calls, &call, sizeof call);
}

/* The homes that a function keeps for its caller, and a gap that keeps the stack aligned to 16 bytes. */
static const uint8_t saved_place[] = {[6] = RBX, [7] = R13, [8] = R14, [9] = R15, [10] = RBP, [11] = R12};

static inline bool has_gap(const struct sk_x64_emitter *e)
{
    bool even = true;
    for (unsigned saved = e->saved & ~SAVED_LEAF; saved; saved &= saved - 1)
        even = !even;
    return even && !(e->saved & SAVED_LEAF);
}

static inline void push_saved(struct sk_x64_emitter *e)
{
    for (unsigned r = 6; r < sizeof saved_place; r++)
        if (e->saved & 1u << r)
            x_push(e->code, saved_place[r]);
    if (has_gap(e))
        x_alu_imm(e->code, 64, X_SUB, RSP, 8);
}

static inline void pop_saved(struct sk_x64_emitter *e)
{
    if (has_gap(e))
        x_alu_imm(e->code, 64, X_ADD, RSP, 8);
    for (unsigned r = sizeof saved_place; r-- > 6;)
        if (e->saved & 1u << r)
            x_pop(e->code, saved_place[r]);
    x_ret(e->code);
}

/* constant.c: numbers that the program chose, as they are or made from two parts. Flags are lost, T1 too when blinded. */
bool sk_x64_hides(const struct sk_x64_emitter *e, int64_t imm); /* it must not stand in the code */
void sk_x64_constant(struct sk_x64_emitter *e, unsigned dst, uint64_t imm);
void sk_x64_alu_constant(struct sk_x64_emitter *e, unsigned bits, enum sk_x64_alu op, unsigned dst, int32_t imm);
void sk_x64_test_constant(struct sk_x64_emitter *e, unsigned bits, unsigned reg, int32_t imm);
void sk_x64_imul_constant(struct sk_x64_emitter *e, unsigned bits, unsigned dst, unsigned src, int32_t imm);
void sk_x64_store_constant(struct sk_x64_emitter *e, unsigned bytes, int32_t imm, struct sk_x64_mem m);

/* program.c: jumps within a function */
enum { ALWAYS = 16 }; /* as a condition */
void sk_x64_jump(struct sk_x64_emitter *e, unsigned cc, uint32_t target);

/* emit.c */
void sk_x64_emit(struct sk_x64_emitter *e, const struct sk_ir *ir);
uint32_t sk_x64_zeroed_at_entry(const struct sk_compile *c, uint32_t subprog); /* the upper bytes of its frame */
void sk_x64_zero_frame(struct sk_x64_emitter *e, uint32_t subprog);

/* arithmetic.c */
void sk_x64_move(struct sk_x64_emitter *e, unsigned bits, unsigned dst, unsigned src);
void sk_x64_alu(struct sk_x64_emitter *e, const struct sk_ir *ir);
void sk_x64_bswap(struct sk_x64_emitter *e, const struct sk_ir *ir);

/* divide.c */
void sk_x64_div(struct sk_x64_emitter *e, const struct sk_ir *ir);

/* outside.c */
void sk_x64_thunks(struct sk_x64_emitter *e);
/* How C calls a function of the program: gate(run, its address). */
void sk_x64_gate(struct sk_x64_emitter *e, uint16_t saved_by_main);
void sk_x64_stubs(struct sk_x64_emitter *e, uint16_t saved_by_main);

#endif
