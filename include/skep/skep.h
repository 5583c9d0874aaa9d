/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * skep: a home for eBPF outside the kernel.
 *
 * Rules that hold for every function:
 * - What can fail returns skep_code and takes a `skep_error *` last; NULL there means nobody listens.
 *   On failure nothing else has changed and no output argument was written, unless the function says so.
 * - Structs that begin with `size_t size` are set to sizeof by the caller; members that are zero mean the
 *   default. A larger struct from a newer header is taken as long as the unknown tail is zero.
 * - Programs are sequences of 8-byte slots (RFC 9669 section 3), little endian unless an option says
 *   otherwise. `pc` always counts slots from 0; a wide instruction takes two.
 * - Pointers that are passed in are borrowed for the call, unless the function says for how long.
 * - A `const` object may be used by many threads at once; a call that changes it needs it to itself.
 */
#ifndef SKEP_SKEP_H
#define SKEP_SKEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skep/insn.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SKEP_API
#define SKEP_API
#endif

#define SKEP_VERSION_MAJOR 0
#define SKEP_VERSION_MINOR 1
#define SKEP_VERSION_PATCH 0
#define SKEP_VERSION "0.1.0"

/* The version of the library at run time, as "major.minor.patch"; static. */
SKEP_API const char *skep_version(void);

/* Limits, with their source. */
#define SKEP_MAX_SLOTS 1000000u          /* BPF_COMPLEXITY_LIMIT_INSNS, linux/bpf.h: longest program, in slots */
#define SKEP_STACK_SIZE 512u             /* MAX_BPF_STACK, linux/filter.h: bytes of one frame */
#define SKEP_MAX_FRAMES 8u               /* MAX_CALL_FRAMES, linux/bpf_verifier.h */
#define SKEP_MAY_GOTO_VISITS 8388608u    /* BPF_MAX_LOOPS, linux/bpf.h: visits before may_goto leaves */
#define SKEP_MAX_GRANTS 1000000u         /* our own: memory ranges granted to one VM */
#define SKEP_BUDGET_DEFAULT 1000000000ull /* our own: instructions of one run when nobody says */
#define SKEP_BUDGET_NONE UINT64_MAX      /* as a budget: do not count */

/* ------------------------------------------------------------------------------------------- errors */

typedef enum skep_code {
    SKEP_OK = 0,
    SKEP_ERR_ARGUMENT = 1,    /* a bad argument or option */
    SKEP_ERR_MEMORY = 2,      /* an allocation failed */
    SKEP_ERR_STATE = 3,       /* not now: no program loaded, helpers sealed */
    SKEP_ERR_UNSUPPORTED = 4, /* known, but not available in this build or version */
    SKEP_ERR_NOT_FOUND = 5,   /* no such program, section, symbol or helper */
    SKEP_ERR_SYNTAX = 6,      /* a text does not parse: line and column are set */
    SKEP_ERR_OBJECT = 7,      /* an object file is malformed */
    SKEP_ERR_INVALID = 8,     /* a program fails the structural check: pc is set */
    SKEP_ERR_REFUSED = 9,     /* a program is refused by a verifier */
    SKEP_ERR_IO = 10,         /* a file could not be read or written */
    SKEP_ERR_CPUS = 11,       /* every cpu of the set has a run */
    /* These end a run; pc is set. */
    SKEP_ERR_ACCESS = 32, /* memory outside the run's regions: address is set */
    SKEP_ERR_ALIGN = 33,  /* unaligned atomic: address is set */
    SKEP_ERR_BUDGET = 34, /* more instructions than the budget */
    SKEP_ERR_DEPTH = 35,  /* more than SKEP_MAX_FRAMES frames */
    SKEP_ERR_CALL = 36,   /* no helper or function of that number */
    SKEP_ERR_HELPER = 37  /* a helper failed the run: detail is what it said */
} skep_code;

#define SKEP_NO_PC UINT64_MAX

/* What went wrong. Filled on failure only; the caller need not initialize it. */
typedef struct skep_error {
    skep_code code;
    uint32_t line, column; /* in a text or source file, from 1; 0: unknown */
    uint64_t pc;           /* 8-byte slot of the program; SKEP_NO_PC: none */
    uint64_t address;      /* of the access that failed; 0 unless code says it is set */
    int64_t detail;        /* a helper's or verifier's own number */
    char message[256];     /* one sentence, no newline, always terminated */
    char file[128];        /* of `line`, when a program's source is known; else empty. Long names keep their end */
} skep_error;

/* A few words for a code; static. */
SKEP_API const char *skep_code_name(skep_code code);

/* -------------------------------------------------------------------------------------------- hooks */

/*
 * What skep needs from its surroundings. Members that are NULL fall back to the platform's default; a
 * freestanding build has no defaults, so there at least `realloc` must be given. All hooks get `user`.
 * They must stay valid as long as anything made with them lives.
 */
typedef struct skep_hooks {
    size_t size;
    void *user;
    /* ptr NULL allocates, size 0 frees (and returns NULL), else resizes. Alignment as malloc's. NULL: no memory. */
    void *(*realloc)(void *user, void *ptr, size_t size);
    /* Monotonic time in nanoseconds. May be called from many threads. */
    uint64_t (*time_ns)(void *user);
    /* 64 random bits. May be called from many threads. Blinded machine code (skep_jit_options) is as hard to foretell as
     * they are; nothing else needs them to be a secret. Default: the system's. */
    uint64_t (*random)(void *user);
    /* Text that programs print, not terminated. May be called from many threads. Default: standard output. */
    void (*log)(void *user, const char *text, size_t size);
    /* The number of the cpu that the caller runs on. */
    uint32_t (*cpu_id)(void *user);
    /* Pages for machine code: writable `size` bytes (a multiple of 4096); then executable and no longer writable (false:
     * refused); then gone. All three or none; without them skep_vm_jit_compile answers SKEP_ERR_UNSUPPORTED. */
    void *(*code_alloc)(void *user, size_t size);
    bool (*code_seal)(void *user, void *pages, size_t size);
    void (*code_free)(void *user, void *pages, size_t size);
    /* How many cpus the machine has. */
    uint32_t (*cpu_count)(void *user);
} skep_hooks;

/* Frees what the library returned to the caller, with the hooks (or NULL) that were given there. NULL is fine. */
SKEP_API void skep_free(const skep_hooks *hooks, void *ptr);

#include "skep/map.h"
#include "skep/script.h"

/* ------------------------------------------------------------------------- text, decoding, building */

typedef enum skep_dialect {
    SKEP_MNEMONIC = 0, /* add64 r1, 0x605 */
    SKEP_KERNEL = 1    /* r1 += 1541 */
} skep_dialect;

typedef enum skep_byte_order { SKEP_LITTLE_ENDIAN = 0, SKEP_BIG_ENDIAN = 1 } skep_byte_order;

typedef struct skep_text_options {
    size_t size;
    const skep_hooks *hooks;
    skep_dialect dialect;
    skep_byte_order byte_order; /* of the program's bytes */
} skep_text_options;

/*
 * Assembles `text` of `text_size` bytes (need not be terminated) into bytes that the caller frees with
 * skep_free. Errors: SKEP_ERR_SYNTAX with line and column, SKEP_ERR_MEMORY, SKEP_ERR_ARGUMENT.
 * What it accepts is described in docs/text.md. The result is not checked beyond the syntax.
 */
SKEP_API skep_code skep_assemble(const char *text, size_t text_size, const skep_text_options *options, void **code,
                                 size_t *code_size, skep_error *err);

/*
 * Writes `code` as text, a line per instruction, terminated by a zero byte that *text_size (may be NULL) leaves
 * out; the caller frees it with skep_free. A program that cannot be decoded gives SKEP_ERR_INVALID with pc.
 */
SKEP_API skep_code skep_disassemble(const void *code, size_t code_size, const skep_text_options *options, char **text,
                                    size_t *text_size, skep_error *err);

/* One instruction, decoded: the fields of RFC 9669 section 3.1 and what they mean. */
typedef struct skep_insn {
    uint32_t pc;     /* slot */
    uint8_t slots;   /* 1, or 2 for wide instructions */
    uint8_t opcode;  /* the first byte */
    uint8_t dst, src;
    int16_t off;
    int64_t imm;         /* sign-extended, or the 64 bits of a wide immediate */
    const char *name;    /* in the mnemonic dialect, without operands; static */
    const char *meaning; /* a line of pseudo code; static */
    const char *group;   /* conformance group, RFC 9669 section 2.4; static */
} skep_insn;

/* Decodes the instruction at slot `pc`. SKEP_ERR_INVALID: unknown or cut short; SKEP_ERR_ARGUMENT: pc out of range. */
SKEP_API skep_code skep_insn_decode(const void *code, size_t code_size, skep_byte_order order, uint32_t pc,
                                    skep_insn *insn, skep_error *err);

/* Decodes a whole program into an array that the caller frees with skep_free. */
SKEP_API skep_code skep_insn_list(const void *code, size_t code_size, const skep_text_options *options,
                                  skep_insn **insns, size_t *count, skep_error *err);

/* Writes one instruction as text into `out` (always terminated when size > 0); returns the whole length. */
SKEP_API size_t skep_insn_format(const skep_insn *insn, skep_dialect dialect, char *out, size_t size);

/*
 * The builder makes programs in code. Instructions are the SKEP_* macros of skep/insn.h, which also
 * initialize static arrays of skep_slot; the builder adds labels.
 *
 *     skep_emit(b, SKEP_MOV64_IMM(SKEP_R0, 0), SKEP_LDXB(SKEP_R2, SKEP_R1, 12));
 *     skep_emit_to(b, "drop", SKEP_JNE_IMM(SKEP_R2, 8, 0));
 *     ...
 *     skep_label(b, "drop");
 *
 * Failures stick: emit freely and look at the code that skep_builder_finish returns. Each call returns the
 * builder, so that calls may be nested. A builder belongs to one thread.
 */
typedef struct skep_builder skep_builder;

SKEP_API skep_code skep_builder_create(const skep_hooks *hooks, skep_builder **builder, skep_error *err);
SKEP_API void skep_builder_free(skep_builder *builder); /* NULL is fine */
SKEP_API skep_builder *skep_builder_emit(skep_builder *builder, const skep_slot *slots, size_t count);
/* The last instruction of the slots is a jump, a local call or a function handle: its target becomes the label. */
SKEP_API skep_builder *skep_builder_emit_to(skep_builder *builder, const char *label, const skep_slot *slots,
                                            size_t count);
/* Names the place of the next instruction. The name is copied. */
SKEP_API skep_builder *skep_label(skep_builder *builder, const char *name);
/*
 * Resolves the labels and hands out the bytes (caller frees with skep_free). The builder is empty afterwards and
 * may be used again. Errors: SKEP_ERR_ARGUMENT (label missing, twice, or too far), SKEP_ERR_MEMORY.
 */
SKEP_API skep_code skep_builder_finish(skep_builder *builder, skep_byte_order order, void **code, size_t *code_size,
                                       skep_error *err);

#define skep_emit(builder, ...)                                                                                        \
    skep_builder_emit(builder, (const skep_slot[]){__VA_ARGS__},                                                       \
                      sizeof((const skep_slot[]){__VA_ARGS__}) / sizeof(skep_slot))
#define skep_emit_to(builder, label, ...)                                                                              \
    skep_builder_emit_to(builder, label, (const skep_slot[]){__VA_ARGS__},                                             \
                         sizeof((const skep_slot[]){__VA_ARGS__}) / sizeof(skep_slot))

/* ------------------------------------------------------------------------------------------ helpers */

/* A run in progress, as helpers see it. Valid until the helper returns. */
typedef struct skep_run skep_run;

/* Five numbers in, one out. r1..r5 of the program are zero after the call. */
typedef uint64_t (*skep_helper_fn)(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run);

/* What an argument of a helper is; pointers are checked before the helper is called. */
typedef enum skep_arg {
    SKEP_ARG_ANY = 0,      /* unused, or any number */
    SKEP_ARG_SCALAR,       /* a number */
    SKEP_ARG_MEM,          /* pointer to readable memory; the next argument is its size */
    SKEP_ARG_MEM_WRITE,    /* pointer to writable memory; the next argument is its size */
    SKEP_ARG_SIZE,         /* size in bytes of the argument before, at least 1 */
    SKEP_ARG_SIZE_OR_ZERO, /* the same, and 0 is fine (the pointer is not looked at then) */
    SKEP_ARG_STRING,       /* pointer to a NUL-terminated string that lies wholly within one region */
    SKEP_ARG_STRING_OR_NULL, /* the same, or 0 */
    SKEP_ARG_CONTEXT,      /* the number that r1 had when the run began */
    SKEP_ARG_MAP,          /* a map, as a number for skep_run_map() */
    SKEP_ARG_MAP_KEY,      /* pointer to key_size readable bytes, of the map among the arguments before */
    SKEP_ARG_MAP_VALUE,    /* pointer to value_size readable bytes, the same */
    SKEP_ARG_MAP_VALUE_WRITE, /* pointer to value_size writable bytes, the same */
    SKEP_ARG_INT_WRITE,    /* pointer to 4 writable bytes */
    SKEP_ARG_LONG_WRITE,   /* pointer to 8 writable bytes */
    SKEP_ARG_FUNC          /* a function of the program, for skep_run_call() */
} skep_arg;

typedef struct skep_prototype {
    size_t size;
    skep_arg args[5];
} skep_prototype;

typedef struct skep_helper {
    size_t size;
    const char *name; /* for messages; copied */
    skep_helper_fn fn;
    void *user;                      /* skep_run_user() in the helper */
    const skep_prototype *prototype; /* NULL: five plain numbers that the helper itself answers for; copied */
} skep_helper;

/* The user pointer that the helper in charge was registered with. */
SKEP_API void *skep_run_user(const skep_run *run);
/*
 * Ends the run when the helper returns: skep_vm_exec gives SKEP_ERR_HELPER with `detail` and the message
 * (NULL: a stock one). The first failure counts.
 */
SKEP_API void skep_run_fail(skep_run *run, int64_t detail, const char *message);
/*
 * Whether the program may read (or write) `size` bytes at `address`; for helpers that check on their own. The
 * pointer is good while the helper runs. NULL: it may not.
 */
SKEP_API void *skep_run_memory(skep_run *run, uint64_t address, size_t size, bool write);

/* The map that the program knows by this number, good while the helper runs; NULL: none. */
SKEP_API skep_map *skep_run_map(const skep_run *run, uint64_t handle);
/*
 * Calls a function of the program (a callback) with five arguments, in a frame of its own, from the budget of the run.
 * False: the run has ended in there; the helper should return without further effects.
 */
SKEP_API bool skep_run_call(skep_run *run, uint64_t function, const uint64_t args[5], uint64_t *result);

/*
 * Stock helpers for skep_vm_register, under the names that users of rbpf and uBPF know:
 *   "ktime_get_ns"                    nanoseconds of the time hook
 *   "trace_printk"  (any, any, a, b, c)  writes the three numbers in hex to the log hook; returns the line's length
 *   "gather_bytes"  (a, b, c, d, e)   a << 32 | b << 24 | c << 16 | d << 8 | e
 *   "memfrob"       (pointer, size)   xors each byte with 42; returns 0
 *   "sqrti"         (a)               integer square root, rounded down
 *   "strcmp"        (string, string)  0 if equal, else the distance of the first bytes that differ; all ones for NULL
 *   "rand"          (low, high)       a random number in low..high; of all 64 bits unless low < high
 * NULL when there is none of that name. Static.
 */
SKEP_API const skep_helper *skep_helper_stock(const char *name);

/* --------------------------------------------------------------------------------- virtual machines */

/* What the program's r1 means. */
typedef enum skep_kind {
    SKEP_NO_DATA = 0,    /* r1 = 0 */
    SKEP_RAW = 1,        /* r1 = memory, r2 = its length */
    SKEP_MBUFF = 2,      /* r1 = the caller's metadata buffer */
    SKEP_FIXED_MBUFF = 3, /* r1 = a metadata buffer of the run's own, holding data and data_end at two offsets */
    /*
     * Linux's program types, with r1 as there (include/uapi/linux/bpf.h): what the kernel's verifier lets a program read and
     * write of its context may be read and written here, and every other access to it ends the run with SKEP_ERR_ACCESS,
     * under every policy. In the first ones `mem` is the packet, which programs reach through data, data_end and
     * data_meta, and `mbuff` the struct (NULL: zeros), which is read when the run begins and written back when it ends
     * without an error; those three members are not read. Written back they are as BPF_PROG_TEST_RUN has them: relative to
     * data_meta in an xdp_md, else 0.
     */
    SKEP_XDP = 4,       /* struct xdp_md */
    /* struct __sk_buff. `len` 0 means the size of `mem`; `protocol` 0 what the packet's Ethernet header says (tc only). */
    SKEP_SCHED_CLS = 5, /* tc; BPF_PROG_TYPE_SCHED_ACT, too. The packet begins with its link-layer header */
    SKEP_SOCKET_FILTER = 6, /* it begins with its network header, here and below; Ethernet's is in the headroom, if there is */
    SKEP_CGROUP_SKB = 7,
    /*
     * In these `mbuff` is the context as it lies in memory, or NULL: zeros. It must have the size of the struct, or where
     * there is none as many bytes as the program is seen to read.
     */
    SKEP_KPROBE = 8,      /* struct pt_regs of x86-64 (168 bytes); kretprobes and uprobes, too */
    SKEP_TRACEPOINT = 9,  /* the record, with the eight bytes of common fields in front, which may not be read */
    SKEP_RAW_TRACEPOINT = 10, /* up to twelve numbers of 64 bits; fentry and the like, too */
    SKEP_PERF_EVENT = 11, /* struct bpf_perf_event_data with x86-64's registers (184 bytes) */
    SKEP_SYSCALL = 12,    /* up to 65535 bytes, that may be written, too */
    /* More of the first ones, and other layouts. */
    SKEP_XDP_DEVMAP = 13, /* xdp_md of a devmap's entry (BPF_XDP_DEVMAP): egress_ifindex may be read */
    SKEP_LWT = 14,        /* __sk_buff of BPF_PROG_TYPE_LWT_IN, _OUT, _XMIT and _SEG6LOCAL */
    SKEP_SK_SKB = 15,     /* __sk_buff of BPF_PROG_TYPE_SK_SKB */
    SKEP_KPROBE_ARM64 = 16 /* pt_regs of arm64 (336 bytes) */
} skep_kind;

/* What becomes of accesses and loops that are not proven safe. */
typedef enum skep_policy {
    SKEP_GUARDED = 0, /* checked while running */
    SKEP_TRUSTED = 1, /* not checked: the embedder vouches for the program; a bad one may crash the host */
    SKEP_STRICT = 2   /* refused when loading; needs the verifier, which this version lacks: SKEP_ERR_UNSUPPORTED */
} skep_policy;

typedef struct skep_vm skep_vm;

typedef struct skep_vm_options {
    size_t size;
    const skep_hooks *hooks; /* copied */
    skep_kind kind;
    skep_policy policy;
    const void *code; /* NULL: load later; copied */
    size_t code_size;
    skep_byte_order byte_order;   /* of the code */
    size_t data_offset;           /* SKEP_FIXED_MBUFF: where the 8-byte address of the packet goes */
    size_t data_end_offset;       /* and that of its end */
    uint64_t budget;              /* instructions of a run; 0: SKEP_BUDGET_DEFAULT */
    /*
     * The maps that programs of this VM may name: lddw with source 1, 2, 5 or 6 has the place of a map in this array where
     * Linux has a file descriptor. The VM takes a reference to each. All must have the same cpus.
     */
    skep_map *const *maps;
    size_t map_count;
    /* What runs own a cpu of while they run; NULL: that of the maps, or none without maps. */
    skep_cpus *cpus;
    /* The kernel's helpers under their ids (docs/helpers.md); those that are registered go before them. */
    bool linux_helpers;
} skep_vm_options;

/* Makes a VM, with a program or without. `options` may be NULL: no data, guarded, no program. */
SKEP_API skep_code skep_vm_create(const skep_vm_options *options, skep_vm **vm, skep_error *err);
SKEP_API void skep_vm_free(skep_vm *vm); /* NULL is fine; no run may be in progress */

/*
 * A second VM with the same kind, policy, program, helpers, grants and verifier. Cheap: what never changes is
 * shared and counted. The two are independent afterwards and may belong to different threads.
 */
SKEP_API skep_code skep_vm_clone(const skep_vm *vm, skep_vm **clone, skep_error *err);

/*
 * Checks and loads a program, replacing the one before. The bytes are copied. When it is refused
 * (SKEP_ERR_INVALID by the structural check, SKEP_ERR_REFUSED or the verifier's own code), the VM keeps the old one.
 */
SKEP_API skep_code skep_vm_load(skep_vm *vm, const void *code, size_t code_size, skep_error *err);

/* SKEP_FIXED_MBUFF: other offsets from the next run on. They must not overlap and must be below 4096. */
SKEP_API skep_code skep_vm_set_offsets(skep_vm *vm, size_t data_offset, size_t data_end_offset, skep_error *err);

/*
 * A verifier of the caller's, run after the structural check (which always runs: the engines rely on it). It gets the
 * program as loaded and returns SKEP_OK to accept; otherwise it should fill `err` (cleared, never NULL).
 */
typedef skep_code (*skep_verifier_fn)(const void *code, size_t code_size, void *user, skep_error *err);
/*
 * Sets the verifier (NULL: none but the structural check). It runs at once on a loaded program; if it refuses, its
 * code is returned and the VM keeps the verifier and the program that it had.
 */
SKEP_API skep_code skep_vm_set_verifier(skep_vm *vm, skep_verifier_fn verifier, void *user, skep_error *err);

/*
 * Registers a helper under `id`, replacing one that is there; before or after a program is loaded, but with the VM
 * to itself. `helper` is copied. SKEP_ERR_STATE once the helpers are sealed.
 */
SKEP_API skep_code skep_vm_register(skep_vm *vm, uint32_t id, const skep_helper *helper, skep_error *err);
/* The short form: no prototype, no name. */
SKEP_API skep_code skep_vm_register_fn(skep_vm *vm, uint32_t id, skep_helper_fn fn, void *user, skep_error *err);
/*
 * No further helpers: from now on a program that calls an id without one is refused when it is loaded, the
 * loaded one at once (SKEP_ERR_INVALID; the helpers then stay unsealed). Unsealed, such a call ends the run.
 */
SKEP_API skep_code skep_vm_seal_helpers(skep_vm *vm, skep_error *err);

#define SKEP_READ 1u
#define SKEP_WRITE 2u

/*
 * Lets programs of this VM reach `size` bytes at `base`, on every run, until revoked. The memory must outlive that.
 * Other threads may change it at any time. `access`: SKEP_READ, or SKEP_READ | SKEP_WRITE.
 */
SKEP_API skep_code skep_vm_grant(skep_vm *vm, void *base, size_t size, unsigned access, skep_error *err);
/* Takes the grant that begins at `base` back. SKEP_ERR_NOT_FOUND: there is none. */
SKEP_API skep_code skep_vm_revoke(skep_vm *vm, const void *base, skep_error *err);

/*
 * How many bytes of stack the function that begins at `pc` uses: 0 to SKEP_STACK_SIZE, rounded up to a multiple of 8, at least 8.
 * A frame then begins that far below its caller's, and reaches no further. The default is SKEP_STACK_SIZE for each.
 */
typedef size_t (*skep_stack_size_fn)(const void *code, size_t code_size, uint32_t pc, void *user);
/* Sets the calculator (NULL: the default) and asks it at once about a loaded program, then at every load. */
SKEP_API skep_code skep_vm_set_stack_size(skep_vm *vm, skep_stack_size_fn fn, void *user, skep_error *err);

/* Writes a few lines about the VM for a log: kind, policy, program, helpers, grants. Returns the whole length. */
SKEP_API size_t skep_vm_describe(const skep_vm *vm, char *out, size_t size);

/* Where a program wants its packet to go, as the redirect helpers were told; nothing is sent anywhere. */
typedef enum skep_redirect_kind { SKEP_REDIRECT_NONE = 0, SKEP_REDIRECT_IFINDEX = 1, SKEP_REDIRECT_MAP = 2 } skep_redirect_kind;
typedef struct skep_redirect {
    skep_redirect_kind kind;
    uint32_t ifindex;
    skep_map *map; /* one of the VM's; NULL: one that was looked up in another map */
    uint64_t key, value; /* the entry of the map, and what it holds: an interface, a cpu, a socket */
    uint64_t flags;
} skep_redirect;

typedef struct skep_exec_options {
    size_t size;
    void *mem; /* the packet, where the kind has one; may be NULL when mem_size is 0 */
    size_t mem_size;
    void *mbuff; /* SKEP_MBUFF: the metadata buffer; Linux's types: the context */
    size_t mbuff_size;
    unsigned mem_access; /* SKEP_READ, SKEP_WRITE; 0: both */
    uint64_t budget;     /* 0: the VM's; SKEP_BUDGET_NONE: unlimited */
    void *workspace;     /* at least skep_vm_workspace_size() bytes, any alignment, for this run; NULL: the library's */
    size_t workspace_size;
    uint64_t *executed; /* out, also on failure: instructions that the run drew from its budget; may be NULL */
    const skep_script *script; /* what the kernel's helpers are to say of the world; NULL: they ask the hooks */
    /* Linux's types: bytes of the caller's in front of `mem` and behind its end that helpers may let the packet grow into. */
    size_t headroom, tailroom;
    /* Linux's types, out: where the packet is when the run ends without an error, and its size; may be NULL. */
    void **packet;
    size_t *packet_size;
    /* XDP and tc: bytes of metadata right in front of `mem`, behind the headroom: a multiple of 4 up to 252. */
    size_t meta_size;
    skep_redirect *redirect; /* Linux's types, out, like packet; may be NULL */
} skep_exec_options;

/*
 * Runs the program in the interpreter and stores r0 in *result. The VM does not change: many threads may run
 * one VM, each with a workspace of its own. `options` may be NULL where the kind needs no data.
 * The memory and the metadata buffer are reachable by the program as they are, without a copy.
 *
 * The budget counts instructions (a wide one is one). It is compared at calls, at exits and at jumps that are taken
 * backwards: the instruction that would be one too many ends the run with SKEP_ERR_BUDGET before it has an effect.
 *
 * Without a workspace the library uses some 8 KiB of the C stack, or the memory hook when a program needs more.
 * Errors: SKEP_ERR_STATE (no program), SKEP_ERR_ARGUMENT, SKEP_ERR_MEMORY, and those of 32 and above.
 */
SKEP_API skep_code skep_vm_exec(const skep_vm *vm, const skep_exec_options *options, uint64_t *result, skep_error *err);

typedef struct skep_test_run {
    size_t size;
    const void *data_in; /* the packet: 14 bytes at least. XDP: with ctx_in->data bytes of metadata in front */
    size_t data_size_in;
    void *data_out; /* may be NULL */
    size_t data_size_out; /* in: its room; out: the packet's size, metadata included */
    const void *ctx_in; /* struct xdp_md, struct __sk_buff, or the memory that is the context; NULL: zeros */
    size_t ctx_size_in;
    void *ctx_out; /* may be NULL */
    size_t ctx_size_out; /* in: its room; out: the context's size, 0 without ctx_in */
    uint32_t repeat; /* 0: once. The packet is not made anew in between */
    bool jit;        /* in machine code, which must have been compiled */
    const skep_script *script; /* as in skep_exec_options */
    /* Out. */
    uint64_t retval;   /* r0 of the last run; Linux hands out the lower 32 bits */
    uint64_t duration; /* mean nanoseconds of a run, by the time hook; 0 without one */
    skep_redirect redirect;
} skep_test_run;

/*
 * What Linux's BPF_PROG_TEST_RUN does (net/bpf/test_run.c), for the kinds from SKEP_XDP on: the packet is copied to where it
 * may grow, with 256 bytes of headroom for XDP, of which 40 are taken, and the tailroom of a page; made an skb that came in
 * through lo for the others, its data at the link-layer header for tc and at the network header for all else (whose output
 * has 14 zeros in front, as Linux's has). ctx_in is held to Linux's rules.
 * What Linux refuses is SKEP_ERR_ARGUMENT here, with the negative error number as the error's detail: -SKEP_EINVAL, -SKEP_E2BIG
 * for a context that is too large; -SKEP_ENOSPC when a buffer is too small: the run has taken place then, and what fits is
 * there. Differences: interfaces other than lo need not exist; packets have no fragments, and may be longer than a page.
 * The other errors are those of skep_vm_exec. Many threads may do this with one VM, each with a test of its own.
 */
SKEP_API skep_code skep_vm_test_run(const skep_vm *vm, skep_test_run *test, skep_error *err);

typedef struct skep_jit_options {
    size_t size;
    /* Where to put the code, instead of pages from the hooks: at least as large as the code (when it is not, the error's
     * detail says how much it takes). The caller makes it executable before the first run, and keeps it. */
    void *memory;
    size_t memory_size;
    bool lines; /* keep what skep_vm_jit_lines tells; some 8 bytes for each instruction */
    /* Constants that the program chooses do not stand in the code as they are, so that nobody can plant instructions among
     * them: each is made when it is needed, from two parts, one of them random (the hook). That goes for all constants
     * outside -128..127; offsets of loads and stores (16 bits) stay. Costs time and size: docs/benchmarks.md.
     * SKEP_ERR_UNSUPPORTED where there is no hook for randomness. */
    bool blind;
    /* The code counts no instructions, which makes small loops a good deal faster: a run never ends with SKEP_ERR_BUDGET,
     * however long it takes, and draws 0 from its budget. Only for a VM whose policy is SKEP_TRUSTED and whose budget is
     * SKEP_BUDGET_NONE (else SKEP_ERR_ARGUMENT); a run that asks for another budget is refused in the same way. Who comes by a tail call is not counted here, either. */
    bool uncounted;
    /* Use no instruction that a processor of this architecture may lack, although this one has it: for code that is copied
     * to other machines (skep_vm_jit_copy). */
    bool portable;
} skep_jit_options;

/*
 * Compiles the loaded program to machine code, for skep_vm_exec_jit; `options` may be NULL. Under SKEP_GUARDED the code
 * checks every access that is not proven and counts against the budget, so that it cannot take the host down whatever the
 * program does. The code belongs to the VM; a new program, helper or grant drops it. SKEP_ERR_UNSUPPORTED where there
 * is no back end (today: everywhere but x86-64); SKEP_ERR_STATE: no program.
 */
SKEP_API skep_code skep_vm_jit_compile(skep_vm *vm, const skep_jit_options *options, skep_error *err);

/* What compiling made of the program. */
typedef struct skep_jit_stats {
    size_t size;
    size_t code_size;      /* bytes of machine code */
    uint32_t instructions; /* of the program */
    uint32_t accesses;     /* loads and stores of the program, atomics left out */
    uint32_t guards;       /* of which so many are checked while running */
    uint64_t ns[16];       /* time of each pass, in the order of skep_jit_pass_name(); 0 without a time hook */
} skep_jit_stats;

/* Fills in `stats` (its size is the caller's). SKEP_ERR_STATE: the VM has no machine code. */
SKEP_API skep_code skep_vm_jit_stats(const skep_vm *vm, skep_jit_stats *stats, skep_error *err);
/* The name of pass `index`, or NULL; static. */
SKEP_API const char *skep_jit_pass_name(unsigned index);

/*
 * Copies the code out; it is position-independent and reaches everything through its run. *size is the room in `buffer`
 * before and the size of the code after the call (also when the room does not suffice: SKEP_ERR_ARGUMENT).
 */
SKEP_API skep_code skep_vm_jit_copy(const skep_vm *vm, void *buffer, size_t *size, skep_error *err);

/* Where the machine code of something begins; it ends where the next line begins, or with the code. */
typedef struct skep_jit_line {
    uint64_t pc;     /* slot of the instruction; SKEP_NO_PC: entries and what the instructions share */
    uint64_t offset; /* from the beginning of the code */
} skep_jit_line;

/*
 * Which code was made for which instruction, in the order of the code; an instruction may have code in several places. The
 * code must have been compiled with `lines`, otherwise SKEP_ERR_STATE. *count is the room in `lines` before and the
 * number of lines after the call (also when the room does not suffice: SKEP_ERR_ARGUMENT).
 */
SKEP_API skep_code skep_vm_jit_lines(const skep_vm *vm, skep_jit_line *lines, size_t *count, skep_error *err);

/*
 * As skep_vm_exec, in machine code: same result, same memory, same errors at the same pc. SKEP_ERR_STATE when the VM
 * has no machine code.
 */
SKEP_API skep_code skep_vm_exec_jit(const skep_vm *vm, const skep_exec_options *options, uint64_t *result,
                                    skep_error *err);

/*
 * The shortest way in, for those who run one program very often: a run that is prepared once, and the code's own entry.
 *
 *     skep_jit_fn fn = skep_vm_jit_function(vm);
 *     skep_run_prepare(vm, &options, &run, &err);    options.workspace must be given: the run lives there
 *     r0 = fn(run);                                  as often as wanted, one after the other
 *     if (skep_run_outcome(run, &err)) ...           only then is r0 the program's
 *
 * Each call of fn is a run of its own, with the whole budget and fresh registers and stack; what the last one wrote to the
 * packet and to the metadata buffer, that of SKEP_FIXED_MBUFF too, is still there (skep_run_set_memory renews the latter).
 * After one that failed, and after each where programs make tail calls or look maps up in maps, skep_run_outcome() must be
 * asked before the next. The run holds good while the VM stays as it is, and belongs to one thread.
 */
typedef uint64_t (*skep_jit_fn)(skep_run *run);
SKEP_API skep_jit_fn skep_vm_jit_function(const skep_vm *vm); /* NULL: the VM has no machine code */
SKEP_API skep_code skep_run_prepare(const skep_vm *vm, const skep_exec_options *options, skep_run **run,
                                    skep_error *err);
/* Gives back what the run owns: a cpu, where the VM has some. To be called once for each that was prepared. */
SKEP_API void skep_run_release(skep_run *run); /* NULL is fine */
/* Gives the run another packet (not for SKEP_NO_DATA; with SKEP_MBUFF the caller updates the buffer). */
SKEP_API skep_code skep_run_set_memory(skep_run *run, void *mem, size_t mem_size, skep_error *err);
/* How the last call ended: SKEP_OK, or an error as skep_vm_exec_jit gives it. Makes the run ready for the next one. */
SKEP_API skep_code skep_run_outcome(skep_run *run, skep_error *err);

/*
 * Puts the VM's program, as it is now, into an array of programs, for tail calls; it is compiled if it is not yet. 0, or
 * -SKEP_EINVAL (no such array or flags; a VM without a program, or of another kind or policy than those there), -SKEP_E2BIG (no
 * such index), -SKEP_EPERM, -SKEP_ENOMEM. A tail call runs the other program on the caller's stack, budget and context, with
 * its own helpers and maps. The VM may change or go afterwards. Safe while programs use the map.
 */
SKEP_API int skep_map_update_program(skep_map *map, const void *key, const skep_vm *vm, uint64_t flags);

/* Bytes that a run of the loaded program needs as its workspace; changes with the program and the offsets. */
SKEP_API size_t skep_vm_workspace_size(const skep_vm *vm);

#include "skep/object.h"

#ifdef __cplusplus
}
#endif

#endif
