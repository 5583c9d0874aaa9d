/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One run of a program: everything that changes while it runs, in a workspace that belongs to the run alone.
 *
 * Memory that the program may reach is a handful of regions: the packet, the metadata buffer, the stack frames in use,
 * and the VM's grants. sk_run_find() is the truth. In front of it stands the guard cache: per base register and kind
 * of access the region that was hit last, so that the common case is one subtraction and one comparison. Every entry
 * is always a part of some region, at first the packet's or else main's frame, of at least 8 bytes (smaller regions
 * stay uncached), so that no entry needs a sign of being empty. Frames come and go at the low end of the stack only: a call leaves
 * entries valid, a return drops those that held the popped frame.
 *
 * Registers that were saved and return addresses lie here, outside of what the program can address.
 */
#ifndef SK_RUN_H
#define SK_RUN_H

#include "base/mem.h"

enum { SK_GUARD_READ, SK_GUARD_WRITE };

#define SK_REGISTERS 11
#define SK_GUARD_SLOTS 12 /* one per register, padded */

struct sk_region {
    uint64_t low, size;
    uint32_t access; /* SKEP_READ, SKEP_WRITE */
    const char *name; /* for messages */
};

struct sk_frame {
    uint64_t saved[4]; /* the caller's r6..r9 */
    uint64_t r10;      /* the caller's */
    uint32_t back;     /* index to return to */
    uint32_t subprog;  /* whose frame this is */
};

struct skep_run {
    uint64_t regs[SK_GUARD_SLOTS];
    uint64_t guard_low[2][SK_GUARD_SLOTS];
    uint64_t guard_eights[2][SK_GUARD_SLOTS]; /* at how many offsets from guard_low 8 bytes may begin; at least 1 */

    uint64_t stack_low, stack_top; /* the frames in use */
    uint64_t home_low[2], home_eights[2]; /* what guard entries begin as */
    uint32_t bases;                /* sk_run_shape's: the guard entries in use */
    bool stack_cached;             /* a guard entry may hold the frame at stack_low */
    uint8_t region_count;
    struct sk_region regions[3];
    const struct sk_region *grants;
    size_t grant_count;

    uint64_t packet, packet_size; /* what LD_ABS and LD_IND read */
    uint64_t context;             /* r1 at the start */
    uint64_t budget;              /* INT64_MAX at most */
    uint32_t depth;               /* frames in use, less one */
    struct sk_frame frames[SKEP_MAX_FRAMES];
    uint32_t *may_gotos; /* visits: [frame][ordinal within the function] */
    uint32_t may_goto_stride;

    const skep_hooks *hooks;
    const struct sk_helper_table *helpers;
    const struct sk_helper *const *calls; /* by call site id: see helper/helper.h */
    const struct sk_helper *helper;       /* in charge right now */

    /* The outcome. The first fault counts. */
    skep_code code;
    uint32_t fault_index;
    uint64_t fault_address;
    uint32_t fault_size;
    bool fault_write;
    bool helper_failed;
    int64_t detail;
    uint64_t executed;
    char message[192]; /* what a helper said; empty: a stock sentence */
};

/* Bytes of a workspace: the run, its stack, the may_goto counters and `extra` bytes for the context. */
size_t sk_run_workspace_size(uint32_t most_may_gotos, size_t extra);

/* What a program's shape asks of a run. */
struct sk_run_shape {
    uint32_t frame_size;     /* of main's frame, at least 8 */
    uint32_t touched;        /* how many of its upper bytes must read as zero */
    uint32_t most_may_gotos; /* of one function */
    uint32_t bases;          /* the registers that guarded accesses are based on, a bit each */
};

/*
 * Lays a run into a workspace of the right size; returns it with *extra (16-aligned) after it. No regions but main's
 * frame, all registers zero but r10. After its regions were added, sk_run_ready() fills the guard cache.
 */
skep_run *sk_run_init(void *workspace, const struct sk_run_shape *shape, uint8_t **extra);
void sk_run_ready(skep_run *run);

void sk_run_add_region(skep_run *run, const char *name, uint64_t low, uint64_t size, uint32_t access);

/* The fast half of a guarded access: whether the cache knows that it is good. */
static inline bool sk_run_guarded(const skep_run *run, unsigned reg, uint64_t address, unsigned size, bool write)
{
    return address - run->guard_low[write][reg] < run->guard_eights[write][reg] + (8 - size);
}

/* The region that holds all `size` bytes at `address` and allows the access, or false. The stack included. */
bool sk_run_find(const skep_run *run, uint64_t address, uint64_t size, bool write, struct sk_region *region);

/* The slow half of a guarded access: looks up and caches under `reg`, or records the fault. */
bool sk_run_guard_miss(skep_run *run, unsigned reg, uint64_t address, unsigned size, bool write);

/* Makes room for a frame of `size` bytes, of which the upper `touched` read as zero. */
void sk_run_push_stack(skep_run *run, uint32_t size, uint32_t touched);
void sk_run_pop_stack(skep_run *run, uint32_t size);

/* Ends the run; the first call counts. Returns false, for `return sk_run_fault(...)`. */
bool sk_run_fault(skep_run *run, skep_code code, uint64_t address);

#endif
