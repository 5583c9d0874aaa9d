/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs of `make bench-jit` are written with. Each is one body over MEMORY bytes at p, which end at `end`,
 * and the same body is compiled several times behind thin wrappers:
 *
 * - for skep and DPDK (no FOR_...): r1 is p. `end` is p + MEMORY, hidden from the optimizer, so that comparisons with
 *   it stay.
 * - FOR_KERNEL: a classifier, which finds p and end in its context and has to compare them before the kernel's
 *   verifier lets it at the packet. The two 32-bit fields of the context are placeholders that the kernel replaces by
 *   loads of pointers, so no bytecode can serve both sides as it is; behind the wrapper it is the same C.
 * - FOR_NATIVE: as the first, with an entry in a table that the linker collects (section native_scalar or
 *   native_vector), found by name.
 *
 * The program `empty` has the wrapper and nothing else; its time is subtracted from all others, engine by engine.
 *
 * The kernel wants a fresh comparison with `end` after a variable is added to p: FITS(). The others pay for it too.
 * No global data and no tables: not every engine has them.
 */
#ifndef PROG_H
#define PROG_H

#include "layout.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef int s32;

#if defined FOR_KERNEL

struct __sk_buff {
    u32 others[19], data, data_end; /* as in linux/bpf.h */
};
#define WRAPPER(class, name)                                                                                           \
    __attribute__((section(#class "/" #name), used)) u64 name(struct __sk_buff *context) \
    {                                                                                                                  \
        u8 *p = (u8 *)(u64)context->data;                                                                              \
        const u8 *end = (const u8 *)(u64)context->data_end;                                                            \
        if (p + MEMORY > end)                                                                                          \
            return 0;                                                                                                  \
        return body_##name(p, end);                                                                                    \
    }

#elif defined FOR_NATIVE

struct native_program {
    const char *name;
    u64 (*run)(u8 *p);
};
#define WRAPPER(class, name)                                                                                           \
    static u64 run_##name(u8 *p)                                                                                       \
    {                                                                                                                  \
        const u8 *end = p + MEMORY;                                                                                    \
        __asm__("" : "+r"(end));                                                                                       \
        return body_##name(p, end);                                                                                    \
    }                                                                                                                  \
    static const struct native_program entry_##name __attribute__((section(FOR_NATIVE), used, aligned(16))) = {        \
        #name, run_##name};

#else

#define WRAPPER(class, name)                                                                                           \
    __attribute__((section(#class "/" #name), used)) u64 name(u8 *p)                                                   \
    {                                                                                                                  \
        const u8 *end = p + MEMORY;                                                                                    \
        __asm__("" : "+r"(end));                                                                                       \
        return body_##name(p, end);                                                                                    \
    }

#endif

#define PROGRAM(class, name)                                                                                           \
    static inline __attribute__((always_inline)) u64 body_##name(u8 *p, const u8 *end);                                \
    WRAPPER(class, name)                                                                                               \
    static inline __attribute__((always_inline)) u64 body_##name(__attribute__((unused)) u8 *p,                        \
                                                                 __attribute__((unused)) const u8 *end)

#define FUNCTION static __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define LOOP _Pragma("clang loop unroll(disable)")
#define UNROLL _Pragma("clang loop unroll(full)")
#define FITS(at, bytes) ((const u8 *)(at) + (bytes) <= end)

/* One load of that width, aligned or not. */
#define LD16(at) (*(const u16 *)(at))
#define LD32(at) (*(const u32 *)(at))
#define LD64(at) (*(const u64 *)(at))
#define ST16(at, x) (*(u16 *)(at) = (u16)(x))
#define ST32(at, x) (*(u32 *)(at) = (u32)(x))
#define ST64(at, x) (*(u64 *)(at) = (u64)(x))

#define BE16(x) __builtin_bswap16(x)
#define BE32(x) __builtin_bswap32(x)
#define BE64(x) __builtin_bswap64(x)
#define ROL32(x, n) ((u32)(x) << (n) | (u32)(x) >> (32 - (n)))
#define ROL64(x, n) ((u64)(x) << (n) | (u64)(x) >> (64 - (n)))

/* Keeps the optimizer from knowing a value, at no cost. */
#define OPAQUE(x) __asm__ volatile("" : "+r"(x))

#endif
