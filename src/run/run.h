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
#include "map/map.h"
#include "map/prog_array.h"

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
    uint64_t low;      /* where it begins */
    uint32_t unclean;  /* bytes from there that were not zeroed, see sk_run_push_stack */
};

/*
 * What a run got from a helper and may reach, name or give back until it does: a map that was looked up in another one, a
 * record of a ring buffer, memory of a helper's, the lock of a value (at most one).
 */
enum sk_held_kind { SK_HELD_FREE, SK_HELD_MAP, SK_HELD_MEMORY, SK_HELD_LOCK };
struct sk_held {
    uint8_t kind;
    uint32_t access;    /* of SK_HELD_MEMORY: SKEP_READ, SKEP_WRITE */
    uint64_t low, size; /* its memory */
    struct skep_map *map; /* of SK_HELD_MAP, counted; else what the memory belongs to, or NULL */
    void (*drop)(skep_run *run, struct sk_held *held); /* what the end of the run does with it; NULL: nothing */
};
#define SK_HELD_MOST 16u

/* MAX_TAIL_CALL_CNT of linux/bpf.h. */
#define SK_TAIL_CALLS_MOST 33u

/* A program that others may tail-call: what prog arrays hold. */
struct sk_tail_program {
    struct sk_counted counted;
    const struct sk_run_env *env; /* with an image, and machine code where there is a back end */
};

/* How helpers get back into the program that called them; set by the engine that runs. */
struct sk_engine {
    /* The function of that handle, with r1..r5 of the run, in a frame of its own. False: the run has its fault. */
    bool (*invoke)(skep_run *run, uint64_t handle, uint64_t *result);
    /* Another VM's program from its beginning, in the frame at hand; r0 is in regs[0]. False: the run has its fault. */
    bool (*enter)(skep_run *run);
    /* Memory that was reachable no longer is. NULL: nothing to do. */
    void (*forget)(skep_run *run);
};

/* Where a program wants its packet to go: what the redirect helpers record. The last one counts. */
struct sk_redirect {
    enum { SK_REDIRECT_NONE, SK_REDIRECT_IFINDEX, SK_REDIRECT_MAP } kind;
    uint32_t ifindex;
    struct skep_map *map; /* one of the program's, or held */
    uint64_t key, value;  /* the entry, and the number that it holds */
    uint64_t flags;
};

/* What a run shares with every other run of its VM. */
struct sk_run_env {
    skep_hooks hooks;
    struct skep_map *const *maps; /* those that the program names, by their place in it */
    uint32_t map_count;
    struct skep_cpus *cpus; /* NULL: runs own no cpu */
    uint32_t stack_bytes;   /* of a run: SK_STACK_BYTES, or SK_TAIL_STACK_BYTES with arrays of programs */
    const struct sk_image *image;
    const struct sk_native *native;
    const struct sk_helper_table *helpers;
    const struct sk_helper **calls; /* the helper of each id that the program calls, or NULL: see interp/lower.h */
    struct sk_region *grants;
    size_t grant_count;
};

enum { SK_NATIVE_CHECKS = 16 };

struct skep_run {
    uint64_t regs[SK_GUARD_SLOTS];
    uint64_t guard_low[2][SK_GUARD_SLOTS];
    uint64_t guard_eights[2][SK_GUARD_SLOTS]; /* at how many offsets from guard_low 8 bytes may begin; at least 1 */

    uint64_t stack_low, stack_top; /* the frames in use */
    uint64_t home_low[2], home_eights[2]; /* what guard entries begin as */
    uint32_t bases;                /* sk_run_shape's: the guard entries in use */
    bool stack_cached;             /* a guard entry may hold the frame at stack_low */
    bool whole_frames;             /* every frame is zeroed as a whole: they are shared, and nothing is checked that would tell */
    uint8_t region_count;
    struct sk_region regions[3];

    /* For machine code: the regions that it checks inline (enum sk_ir_region). The limit is how many offsets are good
     * starts for an access, by kind and log2 of its size; 0 for none. */
    uint64_t native_checks[SK_NATIVE_CHECKS][2]; /* of struct sk_native's: what a base counts from, and its limit */
    uint64_t native_low[4];
    uint64_t native_limit[4][2][4];
    const void *native_table;       /* what it calls: struct sk_native_table */
    const struct sk_native *native; /* the code itself */
    uint64_t native_sp;             /* the host's stack pointer to return with on a fault */
    int64_t meter;                  /* what remains of the budget when it ends */
    /* Of a prepared run: its VM, and what it was prepared with. */
    const struct skep_vm *vm;
    skep_exec_options options;

    uint64_t packet, packet_size; /* what LD_ABS and LD_IND read */
    uint64_t context, second;     /* r1 and r2 at the start */
    uint64_t context_size;        /* of a context that is accessed by a table and is no region; 0: it is none */
    const struct sk_fields *fields; /* the table */
    /* Of one with a packet (run/packet.h). Headers are where the kernel has them; helpers that move them say so. */
    uint64_t room_low, room_high; /* what the packet may grow to */
    uint64_t packet_meta;         /* its metadata lies in front of it */
    uint64_t mac_header, network_header;
    uint64_t *slots;      /* the pointers behind the context; NULL: no such packet */
    uint32_t *packet_len; /* __sk_buff.len, or NULL */
    struct sk_redirect redirect;
    uint64_t budget;              /* INT64_MAX at most */
    uint32_t depth;               /* frames in use, less one */
    struct sk_frame frames[SKEP_MAX_FRAMES];
    uint32_t *may_gotos; /* visits: [frame][ordinal within the function] */
    uint32_t may_goto_stride;

    const struct sk_run_env *env;
    const struct sk_engine *engine;
    const struct sk_helper *helper; /* in charge right now */
    const skep_script *script;      /* NULL: none */
    uint32_t cpu;                   /* the slot of env->cpus that the run owns */
    uint32_t held_count;
    struct sk_held held[SK_HELD_MOST];
    const struct sk_run_env *tail; /* with SK_ATTENTION_TAIL: whose program follows */
    uint32_t tail_calls;           /* so far */
    uint32_t tail_count;
    struct sk_counted *tails[SK_TAIL_CALLS_MOST]; /* [tail_count] the programs that were, each once; counted */
    uint32_t nesting;              /* engines at work above the first: callbacks, tail calls */
    uint64_t stack_bottom;
    uint32_t most_frames;          /* SKEP_MAX_FRAMES, or what is left of the stack after a tail call */

    /* The outcome. The first fault counts; the fault_ members are set with a code only. */
    skep_code code;
    uint32_t attention; /* SK_ATTENTION_*: what the engine is to look at after a helper */
    bool fault_write;
    uint32_t fault_index;
    const struct sk_run_env *fault_env; /* whose program it is in */
    uint32_t fault_size;
    uint64_t fault_address;
    int64_t detail; /* of a helper that failed */
    uint64_t executed;
    char message[192]; /* what a helper said; empty: a stock sentence */
};

#define SK_ATTENTION_FAILED 1u /* skep_run_fail() */
#define SK_ATTENTION_FAULT 2u  /* the run has its fault already: a callback's */
#define SK_ATTENTION_TAIL 4u   /* a tail call */
#define SK_ATTENTION_END 8u    /* the program ends here with 0: LD_ABS in a callback */

/* What a program's shape asks of a run. */
struct sk_run_shape {
    uint32_t frame_size;      /* of main's frame, at least 8 */
    uint32_t touched;         /* how many of its upper bytes must read as zero */
    uint32_t main_may_gotos;  /* may_goto instructions of main */
    uint32_t most_may_gotos;  /* of any function */
    uint32_t bases;           /* the registers that guarded accesses are based on, a bit each */
    bool unguarded;           /* nothing will tell where accesses lead */
};

/* All guard entries back to what they began as. */
static inline void sk_run_reset_guards(skep_run *run)
{
    for (unsigned bases = run->bases; bases; bases &= bases - 1) {
        unsigned reg = (unsigned)__builtin_ctz(bases);
        for (unsigned write = 0; write < 2; write++) {
            run->guard_low[write][reg] = run->home_low[write];
            run->guard_eights[write][reg] = run->home_eights[write];
        }
    }
}

/* The fast half of a guarded access: whether the cache knows that it is good. */
static inline bool sk_run_guarded(const skep_run *run, unsigned reg, uint64_t address, unsigned size, bool write)
{
    return address - run->guard_low[write][reg] < run->guard_eights[write][reg] + (8 - size);
}

/*
 * The region that holds all `size` bytes at `address` and allows the access, or false. The stack included: once it is
 * reached this way, frames are clean as a whole.
 */
bool sk_run_find(skep_run *run, uint64_t address, uint64_t size, bool write, struct sk_region *region);

/* The slow half of a guarded access: looks up and caches under `reg`, or records the fault. */
bool sk_run_guard_miss(skep_run *run, unsigned reg, uint64_t address, unsigned size, bool write);

/*
 * Makes room for a frame of `size` bytes, all of which read as zero; of which the upper `touched` are in reach of
 * accesses through r10 that need no check. The others are zeroed when a checked access first reaches the stack: most runs
 * have none, and 512 bytes are a good part of a small program's time.
 */
static inline void sk_run_push_stack(skep_run *run, uint32_t size, uint32_t touched)
{
    run->stack_low -= size;
    run->stack_cached = false; /* entries from now on may hold the new frame; older ones do not */
    if (touched > size || run->whole_frames)
        touched = size;
    run->frames[run->depth].low = run->stack_low;
    run->frames[run->depth].unclean = size - touched;
    if (touched)
        memset(sk_ptr(run->stack_low + size - touched), 0, touched);
}
void sk_run_pop_stack(skep_run *run, uint32_t size);

/*
 * The number that programs know a map by, env->maps[place] or held[place]. Above helper ids and function handles, the same
 * everywhere, looked up and never followed.
 */
#define SK_MAP_HANDLE_TAG UINT64_C(0x200000000)
#define SK_MAP_HANDLE_HELD UINT64_C(0x80000000)
/* Whether the address is in a context that is no region. */
static inline bool sk_run_in_context(const skep_run *run, uint64_t address)
{
    return address - run->context < run->context_size;
}

/* The map of a handle, or NULL. */
static inline struct skep_map *sk_run_map(const skep_run *run, uint64_t handle)
{
    uint64_t place = handle ^ SK_MAP_HANDLE_TAG;
    if (SK_LIKELY(place < run->env->map_count))
        return run->env->maps[place];
    place ^= SK_MAP_HANDLE_HELD;
    return place < run->held_count && run->held[place].kind == SK_HELD_MAP ? run->held[place].map : NULL;
}

/* A place for something held, its kind set and the rest zero; NULL: there is too much. */
struct sk_held *sk_run_hold(skep_run *run, enum sk_held_kind kind);
/* No longer held, nor reachable; the place may be used again. Nothing is dropped. */
void sk_run_unhold(skep_run *run, struct sk_held *held);
/* The memory that is held and begins at that address, of that map (NULL: of none); NULL: there is none. */
struct sk_held *sk_run_held_at(skep_run *run, uint64_t low, const struct skep_map *map);
/* The handle of a map that was looked up in another one, whose reference the run takes over; 0: it holds too much. */
uint64_t sk_run_hold_map(skep_run *run, struct skep_map *map);
/* Gives back what is held. */
void sk_run_drop_held(skep_run *run);
/* The same, and the cpu. */
void sk_run_end(skep_run *run);

/* Zeroes what the frames in use have not had zeroed. */
void sk_run_clean_frames(skep_run *run);

/* Memory went away: no cache may know it any more. */
void sk_run_forget(skep_run *run);

/* Ends the run; the first call counts. Returns false, for `return sk_run_fault(...)`. */
bool sk_run_fault(skep_run *run, skep_code code, uint64_t address);

#endif
