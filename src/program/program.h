/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A decoded program: what every later stage works on; nobody re-parses bytes. Immutable once made, counted, shared
 * by VMs and threads.
 *
 * Two ways to count: `slot` is the 8-byte slot (pc, what users see), `index` the position in insns[] (a wide
 * instruction has one index and two slots).
 *
 * Metering is fixed here, for all engines. An instruction costs 1. Meter points are the instructions that
 * sk_is_meter_point() names: calls, exits and jumps backwards that are taken. At a meter point the engine compares
 * the number of instructions executed so far, this one included, with the budget, before the instruction has an
 * effect. Between meter points an engine may count as it likes (an interpreter counts taken jumps only: the distance
 * between two indices is the number of instructions between them).
 */
#ifndef SK_PROGRAM_H
#define SK_PROGRAM_H

#include "base/error.h"
#include "base/mem.h"
#include "isa/insn.h"

#define SK_NO_INDEX UINT32_MAX

/* A function: main begins at index 0, the others where a call or a function handle points. In order of address. */
struct sk_subprog {
    uint32_t begin, end;     /* indices, end exclusive */
    uint32_t stack_touched;  /* bytes below r10 that may be reached; SKEP_STACK_SIZE when r10 escapes */
    uint32_t may_goto_count; /* may_goto instructions in it */
    bool by_handle;          /* the program takes its handle */
};

/*
 * What the safety analysis knows of the access that an instruction makes. NONE: nothing, the policy decides. PROVEN: it is
 * that of `op` at `off` from the same base register, and needs no check. STEP: it may be to the context, which the address tells
 * at run time (interp/step.h). REFUSED: it is to the context, and there is no such field.
 */
enum sk_fact_kind { SK_FACT_NONE, SK_FACT_PROVEN, SK_FACT_STEP, SK_FACT_REFUSED };
struct sk_fact {
    uint8_t kind; /* enum sk_fact_kind */
    uint16_t op;  /* enum sk_op */
    int16_t off;
};

struct sk_program {
    uint32_t references; /* atomic */
    skep_hooks hooks;
    uint8_t *code; /* the bytes as given */
    size_t code_size;
    skep_byte_order order;
    uint32_t slot_count;
    uint32_t count;         /* instructions */
    struct sk_insn *insns;  /* [count] */
    uint32_t *slot_of;      /* [count] index -> slot */
    uint32_t *index_of;     /* [slot_count] slot -> index, SK_NO_INDEX for second slots */
    uint32_t *target_of;    /* [count] index -> index of the jump, local call or handle target; else SK_NO_INDEX */
    struct sk_subprog *subprogs;
    uint32_t subprog_count;
    uint32_t most_may_gotos; /* of one function */
    bool frames_shared;      /* some function may reach the frame of another */
    struct sk_fact *facts;   /* [count], or NULL: none about any */
    uint32_t context_extent; /* how many bytes of the context proven accesses reach */
};

/*
 * Copies and decodes. Reports what has no meaning as an instruction (SKEP_ERR_INVALID with pc); targets and functions are
 * filled in later, by the structural check, which knows that they are sound.
 */
skep_code sk_program_decode(const skep_hooks *hooks, const void *code, size_t size, skep_byte_order order,
                            struct sk_program **program, skep_error *err);

/* Resolves target_of[]. Targets outside the program or inside a wide instruction stay SK_NO_INDEX. */
skep_code sk_program_resolve(struct sk_program *program, skep_error *err);

/* Splits into functions; needs target_of[] of calls and handles to be sound. Fills in what the engines want to know. */
skep_code sk_program_split(struct sk_program *program, skep_error *err);

struct sk_program *sk_program_ref(struct sk_program *program);
void sk_program_unref(struct sk_program *program); /* NULL is fine */

/* The function that begins at or contains the index. */
uint32_t sk_program_subprog_at(const struct sk_program *program, uint32_t index);

/* Whether the instruction's target field names a place in the program. */
static inline bool sk_insn_has_target(const struct sk_insn *insn)
{
    unsigned form = sk_op_infos[insn->op].form;
    return (form >= SK_FORM_JA && form <= SK_FORM_JMP_REG) || form == SK_FORM_CALL_LOCAL ||
           form == SK_FORM_LDDW_FUNC;
}

static inline bool sk_is_meter_point(const struct sk_insn *insn, bool taken_backwards)
{
    return taken_backwards || (sk_op_infos[insn->op].effects & (SK_E_CALL | SK_E_EXIT));
}

/*
 * The number that lddw_func gives for the function at `slot`, and that callx takes. Above every helper id (32 bits),
 * the same on every machine and run; it is looked up, never followed, so forging one gains nothing.
 */
#define SK_FUNC_HANDLE_TAG UINT64_C(0x100000000)
static inline uint64_t sk_func_handle(uint32_t slot) { return SK_FUNC_HANDLE_TAG | slot; }

#endif
