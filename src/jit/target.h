/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a back end is: IR in, position-independent machine code out. Every back end is always linked, so that its bytes
 * can be tested anywhere; whether they can be run is another question (sk_target_native).
 *
 * The code's entry is `uint64_t entry(skep_run *)`: it takes registers, meter and regions from a run that was begun,
 * returns r0, and leaves the run's code, fault and meter as the interpreter would. It calls back through the functions
 * of sk_native.
 */
#ifndef SK_TARGET_H
#define SK_TARGET_H

#include "jit/ir.h"

struct sk_target {
    const char *name;
    /* Appends the code. Failures stick in the buffer. entries[subprog] gets where each function begins, the last the gate. */
    void (*emit)(const struct sk_compile *c, struct sk_buf *code, uint32_t *entries);
    /* What this machine's processor has beyond the least: for struct sk_compile's cpu. */
    unsigned (*features)(void);
};

extern const struct sk_target sk_target_x64;

/* The target whose code this machine runs, or NULL. */
const struct sk_target *sk_target_native(void);

/* Machine code in place, with what it needs beside it. Immutable, counted, shared by clones. */
struct sk_native {
    uint32_t references; /* atomic */
    skep_hooks hooks;
    struct sk_image *image; /* counted */
    void *pages;
    size_t room;       /* bytes of pages; 0: they are the caller's */
    size_t size;       /* bytes of code */
    uint32_t *entries; /* [subprog_count] where each function begins; behind them the gate, through which C calls them */
    bool uncounted;    /* no budget, no meter */
    uint32_t limits;   /* the guards there are: bit 8 * region + 4 * write + log2 of the size in bytes */
    uint32_t check_count; /* the checks of memory whose bounds a run computes once */
    struct sk_check checks[SK_NATIVE_CHECKS];
    struct sk_line *lines; /* [line_count], in the order of the code; NULL: not kept */
    size_t line_count;
    skep_jit_stats stats;
};

/* What machine code calls, in this order: native.c. False: the run has its fault. */
struct sk_native_table {
    bool (*guard)(skep_run *run, uint64_t address, uint32_t size_and_write); /* size in bytes, 256 for a write */
    bool (*enter)(skep_run *run, uint32_t subprog);
    bool (*leave)(skep_run *run);  /* after a call that was written out */
    bool (*leavex)(skep_run *run); /* after one that enter or callx began */
    bool (*call)(skep_run *run, uint32_t number);
    bool (*step)(skep_run *run, uint32_t index); /* false without a fault: the program ends with 0 */
    void (*clean)(skep_run *run); /* main's frame and counters as new, for a run that is used again */
    const void *(*callx)(skep_run *run, uint64_t target); /* the function's code, entered; NULL: a helper, called, or run->attention */
    bool (*attend)(skep_run *run, uint32_t index); /* true: a tail call was made, its r0 is in regs[0]; false: leave */
};
extern const struct sk_native_table sk_native_table;

/* Makes a run that was begun ready for the code. */
void sk_native_begin(skep_run *run, const struct sk_native *native);

static inline skep_jit_fn sk_native_entry_of(const struct sk_native *native)
{
    skep_jit_fn entry; /* ISO C has no cast from data to code */
    memcpy(&entry, &native->pages, sizeof entry);
    return entry;
}

#endif
