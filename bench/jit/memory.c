/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Loads and stores: bytes that make up words, copies, arrays on the stack. */
#include "prog.h"

INLINE u32 be32(const u8 *q) { return (u32)q[0] << 24 | (u32)q[1] << 16 | (u32)q[2] << 8 | q[3]; }
INLINE u32 le32(const u8 *q) { return (u32)q[3] << 24 | (u32)q[2] << 16 | (u32)q[1] << 8 | q[0]; }
INLINE u64 le64(const u8 *q) { return (u64)le32(q + 4) << 32 | le32(q); }
INLINE u64 be64(const u8 *q) { return (u64)be32(q) << 32 | be32(q + 4); }
struct unaligned {
    u64 x;
} __attribute__((packed));

/* Words put together from bytes, little endian. */
PROGRAM(memory, merge_le)
{
    u64 sum = 0;
    UNROLL for (int i = 0; i < 16; i++)
        sum = sum * 3 + le32(p + AT_NOISE + 4 * i + 1);
    return sum;
}

/* The same, big endian. */
PROGRAM(memory, merge_be)
{
    u64 sum = 0;
    UNROLL for (int i = 0; i < 16; i++)
        sum = sum * 3 + be32(p + AT_NOISE + 4 * i + 1);
    return sum;
}

/* 64 bits each, in a loop, both orders. */
PROGRAM(memory, merge_64)
{
    u64 sum = 0;
    LOOP for (int i = 0; i < 16; i++) {
        const u8 *q = p + AT_NOISE + 8 * i;
        sum += le64(q) ^ be64(q + 3);
    }
    return sum;
}

/* A packed struct: clang itself makes the bytes. */
PROGRAM(memory, packed)
{
    u64 sum = 0;
    UNROLL for (int i = 0; i < 8; i++)
        sum += ((const struct unaligned *)(p + AT_NOISE + 9 * i))->x;
    return sum;
}

/* Words taken apart into bytes. */
PROGRAM(memory, split)
{
    u64 x = LD64(p + AT_NOISE);
    UNROLL for (int i = 0; i < 16; i++) {
        u8 *q = p + AT_ROOM + 8 * i;
        u32 y = (u32)x;
        q[0] = (u8)(y >> 24);
        q[1] = (u8)(y >> 16);
        q[2] = (u8)(y >> 8);
        q[3] = (u8)y;
        q[4] = (u8)y;
        q[5] = (u8)(y >> 8);
        q[6] = (u8)(y >> 16);
        q[7] = (u8)(y >> 24);
        x = x * 5 + 1;
    }
    return x;
}

PROGRAM(memory, copy_words)
{
    UNROLL for (int i = 0; i < 32; i++)
        ST64(p + AT_ROOM + 8 * i, LD64(p + AT_NOISE + 8 * i));
    return p[AT_ROOM + 77];
}

PROGRAM(memory, copy_bytes)
{
    LOOP for (int i = 0; i < 256; i++)
        p[AT_ROOM + i] = p[AT_NOISE + i];
    return p[AT_ROOM + 77];
}

PROGRAM(memory, sum_bytes)
{
    u64 sum = 0;
    LOOP for (int i = 0; i < 1500; i++)
        sum += p[i];
    return sum;
}

PROGRAM(memory, sum_words)
{
    u64 sum = 0;
    LOOP for (int i = 0; i < 180; i++)
        sum += LD64(p + 8 * i);
    return sum;
}

PROGRAM(memory, swap_addresses)
{
    u64 a = LD32(p), b = LD16(p + 4), c = LD32(p + 6), d = LD16(p + 10);
    ST32(p, c);
    ST16(p + 4, d);
    ST32(p + 6, a);
    ST16(p + 10, b);
    return a + d;
}

/* The stack as an array, filled and read backwards. */
PROGRAM(memory, stack)
{
    volatile u64 room[24];
    u64 sum = 0;
    UNROLL for (int i = 0; i < 24; i++)
        room[i] = LD64(p + AT_NOISE + 8 * i);
    UNROLL for (int i = 0; i < 24; i++)
        sum = sum * 3 + room[23 - i];
    return sum;
}

/* Buckets on the stack, at computed places. */
PROGRAM(memory, histogram)
{
    u16 bins[128];
    LOOP for (int i = 0; i < 128; i++)
        bins[i] = 0;
    LOOP for (int i = 0; i < 256; i++)
        bins[p[AT_NOISE + i] & 127]++;
    u64 sum = 0;
    LOOP for (int i = 0; i < 128; i++)
        sum = sum * 5 + bins[i];
    return sum;
}

/* Compares two areas word by word until they differ, which is at the end. */
PROGRAM(memory, compare)
{
    LOOP for (int i = 0; i < 31; i++)
        ST64(p + AT_ROOM + 8 * i, LD64(p + AT_NOISE + 8 * i));
    LOOP for (u64 i = 0; i < 32; i++)
        if (LD64(p + AT_ROOM + 8 * i) != LD64(p + AT_NOISE + 8 * i))
            return i;
    return 99;
}
