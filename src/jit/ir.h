/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The compiler's form of a program: three-address code over the program's own registers. Every register keeps one host
 * register as its home throughout, so there is nothing to allocate and nothing to agree on between blocks; what the
 * passes gain, they gain by dropping, fusing and replacing instructions.
 *
 * code[] is in the order of the program; blocks are ranges of it. A pass may rewrite an instruction in place, make it an
 * IR_NOP, or add some when it rebuilds the list; `index` keeps saying which program instruction it belongs to.
 *
 * Liveness: sk_ir_uses() and sk_ir_defs() are the truth about what an instruction reads and writes.
 */
#ifndef SK_IR_H
#define SK_IR_H

#include "base/buf.h"
#include "interp/lower.h"
#include "program/program.h"

enum sk_ir_op {
    IR_NOP,
    IR_MOV,        /* dst = a */
    IR_MOVI,       /* dst = imm */
    IR_ALU,        /* dst = a <sub> (b or imm); sub: enum sk_ir_alu; bits */
    IR_NEG,        /* dst = -a; bits */
    IR_EXT,        /* dst = low `size` bits of a, extended to bits; SIGNED or not */
    IR_BSWAP,      /* dst = low `size` bits of a, bytes reversed, zero-extended */
    IR_DIV,        /* dst = a / or % (b or imm), sub: 1 remainder; SIGNED; bits; off: what is live behind it, by live.c */
    IR_LOAD,       /* dst = `size` bits at a + off; SIGNED or not */
    IR_STORE,      /* `size` bits at a + off = b */
    IR_STOREI,     /* `size` bits at a + off = imm */
    IR_GUARD,      /* a + off .. + size/8 must be reachable; WRITE; region: where it probably is. With GROUP it stands for
                    * the IR_GUARD_ASIDE behind it, too: imm holds the lowest and the highest offset, sub their sizes, bits
                    * whether any is a write, target (of the IR) where the copy ends that checks them one by one */
    IR_GUARD_ASIDE, /* checked by the guard that it was gathered into; says what to check if that fails */
    IR_ALIGN,      /* a + off must be a multiple of size/8 */
    IR_ATOMIC,     /* sub: enum sk_ir_atomic; `size` bits at a + off with b, at once */
    IR_STEP,       /* whatever the program instruction does, done by the run-time; may fault */
    IR_CALL,       /* the helper whose id is the lower half of imm; sub: enum sk_ir_how, off: the place of its map; of IRH_INDEX
                    * the upper half of imm: where in the frame the key is, 0: where r2 says */
    IR_CALL_LOCAL, /* function imm */
    IR_CALLX,      /* what a names */
    IR_SELECT,     /* dst = plus or off if a <cc> (b or imm); bits. Else `skipped` instructions of the
                    * program were not executed */
    IR_JMP,        /* to target */
    IR_JCC,        /* to target if a <cc> (b or imm); bits */
    IR_MAY_GOTO,   /* to target after the last visit; imm: number of the counter */
    IR_EXIT
};

enum sk_ir_alu { IRA_ADD, IRA_SUB, IRA_MUL, IRA_AND, IRA_OR, IRA_XOR, IRA_SHL, IRA_SHR, IRA_SAR, IRA_ROL };

/* The first four leave the old value nowhere; XADD and XCHG in b; CMPXCHG compares with r0 and leaves it there. */
enum sk_ir_atomic { IRT_ADD, IRT_OR, IRT_AND, IRT_XOR, IRT_XADD, IRT_XCHG, IRT_CMPXCHG, IRT_OTHER };

/* In an order that makes the negation the neighbour. */
enum sk_ir_cc { IRC_EQ, IRC_NE, IRC_LT, IRC_GE, IRC_GT, IRC_LE, IRC_SLT, IRC_SGE, IRC_SGT, IRC_SLE, IRC_SET, IRC_CLEAR };

enum { IRF_IMM = 1, IRF_SIGNED = 2, IRF_WRITE = 4, IRF_BACK = 8 /* the target is not behind the jump */,
       IRF_SWAPPED = 16 /* a load whose bytes are reversed */, IRF_GROUP = 32,
       IRF_METERED = 64 /* a choice that the meter has to follow, even if nobody reads what was chosen */ };

/* Where a pointer probably leads; a wrong guess costs time, nothing else. */
enum sk_ir_region { IRR_HOME, IRR_STACK, IRR_CONTEXT, IRR_VALUE, IRR_COUNT };

/* How a helper is called: its arguments are checked as its prototype says; or they are known to be good, and it is called
 * as it is; or the operation of its map is called, or written out. */
enum sk_ir_how { IRH_CHECKED, IRH_PROVEN, IRH_INDEX, IRH_LOOKUP, IRH_UPDATE, IRH_REMOVE, IRH_PUSH, IRH_POP, IRH_PEEK };

/* Why a block begins at an instruction: something leads there, or it stands behind a jump (and only that one falls in). */
enum { SK_LEADER_TARGET = 1, SK_LEADER_BEHIND = 2 };

#define IR_NONE 255 /* no register */

/* One register more than programs have: what is made in it is read by the next IR_SELECT only. */
enum { SK_IR_ASIDE = SK_REGISTERS, SK_IR_REGISTERS };

struct sk_ir {
    uint8_t op, sub, bits, size;
    uint8_t flags, dst, a, b;
    uint8_t region;
    uint8_t check; /* of guards: 1 + the number of their check; 0: none */
    uint8_t plus; /* of loads and stores: 1 + a register that is shifted and added to the address; 0: none. Of IR_SELECT:
                   * 1 + the register that is chosen; 0: off is */
    union {
        uint8_t scale;   /* of plus, 0..3 */
        uint8_t skipped; /* of IR_SELECT */
    };
    int32_t off;
    uint32_t index;  /* of the program instruction */
    uint32_t target; /* index that a jump leads to; SK_NO_INDEX: none */
    int64_t imm;
};

/* Bytes from low on, so many, counted from a base in that region. */
struct sk_check {
    int32_t low;
    uint32_t span;
    uint32_t region, write;
};

/* What is compiled: one program, all of its functions one after the other. */
struct sk_compile {
    const struct sk_image *image;
    const struct sk_program *program;
    const struct sk_helper *const *calls; /* of the call sites, as they are now */
    struct skep_map *const *maps; /* [map_count] the VM's */
    uint32_t map_count;
    skep_hooks hooks;
    bool write_only;        /* there may be memory that is written and not read */
    bool context_is_memory; /* r1 is not the packet but a buffer of its own */
    struct sk_ir *code;
    uint32_t count, room;
    uint32_t *ir_of;   /* [program->count + 1] index -> first IR instruction */
    uint8_t *leader;   /* [program->count] a block begins here, and why */
    uint8_t *loop;     /* [program->count] a jump backwards leads here */
    uint16_t *live_in; /* [program->count] at leaders: registers that are read before they are written */
    bool main_again;   /* the program may come back to its first instruction */
    bool private_frames; /* nothing but loads and stores at constant offsets from r10 reaches them: see slots.c */
    uint64_t *slots_in;  /* [program->count] of private frames: slots that are read before they are written; else NULL */
    uint32_t *block_end; /* [program->count] of leaders: where the block ends; made by layout, like these: */
    uint32_t *order;     /* [order_count] the leaders of the blocks to be written, in that order */
    uint32_t *order_of;  /* [subprog_count + 1] where each function begins in it */
    uint32_t order_count;
    uint8_t *head;       /* [program->count] of leaders: something that is written behind the block leads there */
    uint32_t limits;   /* struct sk_native's, like the checks */
    uint32_t check_count;
    struct sk_check checks[SK_NATIVE_CHECKS];
    bool looked_at;    /* something may look for the stack: a guard, a step, a helper */
    struct sk_buf *lines; /* struct sk_line, as the target writes the code; NULL: nobody wants them */
    bool blind, uncounted; /* skep_jit_options */
    unsigned cpu;      /* what the processor has, as the target understands it */
    bool failed;       /* out of memory */
};

/* The code from here on belongs to the instruction; SK_NO_INDEX: to none. */
struct sk_line {
    uint32_t offset, index;
};

/* known.c: what forward.c knows of a call's argument, and of what it gives. */
struct sk_argument {
    bool known, in_frame;
    uint64_t value; /* known */
    int64_t at;     /* in_frame: offset from r10 */
};
struct sk_value {
    uint64_t size;
    bool write; /* and read */
};
struct skep_map *sk_ir_map_of_handle(const struct sk_compile *c, bool known, uint64_t handle); /* or NULL */
/* The helper of an IR_CALL, if it is the kernel's; else NULL. */
const struct sk_helper *sk_ir_kernel_helper(const struct sk_compile *c, const struct sk_ir *ir);
/* Says in an IR_CALL how it may be called. */
void sk_ir_know_call(const struct sk_compile *c, struct sk_ir *ir, const struct sk_argument args[5], uint32_t subprog);
/* What lookups in the map lead to, if not to nothing; false: nobody knows. */
bool sk_ir_value_of(const struct skep_map *map, struct sk_value *value);
/* The address is in a value of a map of the VM, which may be reached so. */
bool sk_ir_is_value(const struct sk_compile *c, uint64_t address, uint32_t size, bool write);

/* Bit sets of registers. */
uint16_t sk_ir_uses(const struct sk_ir *ir);
uint16_t sk_ir_defs(const struct sk_ir *ir);
/* Whether it does more than write its dst. */
bool sk_ir_has_effect(const struct sk_ir *ir);
/* Whether memory may look different behind it. */
bool sk_ir_writes_memory(const struct sk_ir *ir);

/* A frame consists of slots of 8 bytes, the lowest first. */
enum { SK_FRAME_SLOTS = SKEP_STACK_SIZE / 8 };
static inline unsigned sk_slot_of(int32_t off) { return (unsigned)(off + (int32_t)SKEP_STACK_SIZE) / 8; }
static inline bool sk_in_frame(const struct sk_ir *ir)
{
    return ir->off >= -(int32_t)SKEP_STACK_SIZE && ir->off + (int32_t)(ir->size / 8u) <= 0;
}

/* The passes, in the order in which compile.c calls them. */
void sk_ir_build(struct sk_compile *c);    /* program -> IR */
void sk_ir_regions(struct sk_compile *c);  /* where guards expect their pointers to lead */
void sk_ir_forward(struct sk_compile *c);  /* constants, copies, extensions, guards known to hold; keeps blocks */
void sk_ir_slots(struct sk_compile *c);    /* private_frames; loads of what was just stored to the frame */
void sk_ir_merge(struct sk_compile *c);    /* bytes that are loaded and put together */
void sk_ir_select(struct sk_compile *c);   /* jumps over a move become conditional moves */
void sk_ir_fuse(struct sk_compile *c);     /* groups of instructions that are one to the processor */
void sk_ir_address(struct sk_compile *c);  /* sums as parts of the accesses that they are addresses of */
void sk_ir_guards(struct sk_compile *c);   /* accesses from one base are checked together */
void sk_ir_layout(struct sk_compile *c);   /* order; shorter ways */
void sk_ir_liveness(struct sk_compile *c); /* live_in, slots_in; drops what nobody reads */

#endif
