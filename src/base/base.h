/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What every floor stands on: fixed-width types, a few attributes, endian-aware loads and stores.
 * Knows no BPF. Freestanding: of the C library only memcpy, memmove, memset and memcmp are used,
 * which a freestanding compiler requires anyway.
 */
#ifndef SK_BASE_H
#define SK_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__
#include <string.h>
#else
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
/* A freestanding compiler takes these for anybody's functions, and would call one for each load of eight bytes. */
#define memcpy(to, from, size) __builtin_memcpy(to, from, size)
#define memmove(to, from, size) __builtin_memmove(to, from, size)
#define memset(to, byte, size) __builtin_memset(to, byte, size)
#define memcmp(a, b, size) __builtin_memcmp(a, b, size)
#endif

#if defined(__GNUC__) || defined(__clang__)
#define SK_LIKELY(x) __builtin_expect(!!(x), 1)
#define SK_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define SK_NOINLINE __attribute__((noinline))
/* On a function with short loops over words that GCC would turn into `rep stos`, which is slower. */
#ifdef __clang__
#define SK_PLAIN_LOOPS
#else
#define SK_PLAIN_LOOPS __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif
#define SK_COLD __attribute__((cold, noinline))
#define SK_UNUSED __attribute__((unused))
#define SK_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#else
#error "skep needs GCC or clang"
#endif

#define SK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline uint16_t sk_swap16(uint16_t v) { return __builtin_bswap16(v); }
static inline uint32_t sk_swap32(uint32_t v) { return __builtin_bswap32(v); }
static inline uint64_t sk_swap64(uint64_t v) { return __builtin_bswap64(v); }

/* Unaligned loads and stores in the host's order. */
#define SK_DEFINE_ACCESS(bits)                                                                     \
    static inline uint##bits##_t sk_load##bits(const void *p)                                      \
    {                                                                                              \
        uint##bits##_t v;                                                                          \
        memcpy(&v, p, sizeof v);                                                                   \
        return v;                                                                                  \
    }                                                                                              \
    static inline void sk_store##bits(void *p, uint##bits##_t v) { memcpy(p, &v, sizeof v); }
SK_DEFINE_ACCESS(16)
SK_DEFINE_ACCESS(32)
SK_DEFINE_ACCESS(64)

static inline uint8_t sk_load8(const void *p) { return *(const uint8_t *)p; }
static inline void sk_store8(void *p, uint8_t v) { *(uint8_t *)p = v; }

/* Host order to little or big endian and back: both directions are the same operation. */
#if SK_BIG_ENDIAN
static inline uint16_t sk_le16(uint16_t v) { return sk_swap16(v); }
static inline uint32_t sk_le32(uint32_t v) { return sk_swap32(v); }
static inline uint64_t sk_le64(uint64_t v) { return sk_swap64(v); }
static inline uint16_t sk_be16(uint16_t v) { return v; }
static inline uint32_t sk_be32(uint32_t v) { return v; }
static inline uint64_t sk_be64(uint64_t v) { return v; }
#else
static inline uint16_t sk_le16(uint16_t v) { return v; }
static inline uint32_t sk_le32(uint32_t v) { return v; }
static inline uint64_t sk_le64(uint64_t v) { return v; }
static inline uint16_t sk_be16(uint16_t v) { return sk_swap16(v); }
static inline uint32_t sk_be32(uint32_t v) { return sk_swap32(v); }
static inline uint64_t sk_be64(uint64_t v) { return sk_swap64(v); }
#endif

/* Host pointers as the program's 64-bit numbers, and back. On a 32-bit host the upper half is zero. */
static inline uint64_t sk_addr(const void *p) { return (uint64_t)(uintptr_t)p; }
static inline void *sk_ptr(uint64_t address) { return (void *)(uintptr_t)address; }

static inline size_t sk_strlen(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

static inline bool sk_streq(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

#endif
