/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Shapes of loops. */
#include "prog.h"

PROGRAM(loops, counted)
{
    u64 sum = LD64(p + AT_NOISE);
    LOOP for (u64 i = 0; i < 200; i++)
        sum += i ^ sum >> 1;
    return sum;
}

PROGRAM(loops, nested)
{
    u64 sum = LD64(p + AT_NOISE);
    LOOP for (u64 i = 0; i < 16; i++)
        LOOP for (u64 j = 0; j < 16; j++)
            sum = (sum ^ i * j) + (sum >> 3);
    return sum;
}

/* Small loops within a loop, each with a few turns. */
PROGRAM(loops, short_turns)
{
    u64 sum = 0;
    LOOP for (int i = 0; i < 40; i++) {
        u32 x = p[AT_NOISE + i] | 128;
        LOOP for (int j = 0; j < 8 && !(x & 1); j++)
            x >>= 1, sum++;
        sum += x;
    }
    return sum;
}

PROGRAM(loops, early_exit)
{
    LOOP for (u64 i = 0; i < 200; i++)
        if (p[AT_HTTP + i] == 13 && p[AT_HTTP + i + 1] == 10 && p[AT_HTTP + i + 2] == 13)
            return i;
    return 0;
}

/* Its length is known to the data only. */
PROGRAM(loops, collatz)
{
    u64 n = 27 + (p[AT_IP] & 0), steps = 0;
    LOOP for (int i = 0; i < 111 && n != 1; i++) {
        n = n & 1 ? 3 * n + 1 : n >> 1;
        steps++;
    }
    return steps << 32 | n;
}

PROGRAM(loops, gcd)
{
    u32 a = LD32(p + AT_NOISE) | 1, b = LD32(p + AT_NOISE + 4) | 1;
    LOOP for (int i = 0; i < 40 && b; i++) {
        u32 r = a % b;
        a = b;
        b = r;
    }
    return a;
}

PROGRAM(loops, unrolled)
{
    u64 a = 0, b = 0, c = 0, d = 0;
    LOOP for (int i = 0; i < 24; i++) {
        const u8 *q = p + 32 * i;
        a += LD64(q);
        b ^= LD64(q + 8);
        c += LD64(q + 16);
        d ^= LD64(q + 24);
    }
    return a ^ b ^ c ^ d;
}

PROGRAM(loops, backwards)
{
    u64 hash = 5381;
    LOOP for (int i = 127; i >= 0; i--)
        hash = hash * 33 + p[AT_NOISE + i];
    return hash;
}

/* Insertion sort on the stack: loops whose bounds are data. */
PROGRAM(loops, sort)
{
    u32 room[16];
    UNROLL for (int i = 0; i < 16; i++)
        room[i] = LD32(p + AT_NOISE + 4 * i);
    LOOP for (int round = 0; round < 15; round++)
        UNROLL for (int i = 0; i < 15; i++)
            if (room[i] > room[i + 1]) {
                u32 x = room[i];
                room[i] = room[i + 1];
                room[i + 1] = x;
            }
    return (u64)room[3] << 32 | room[12];
}
