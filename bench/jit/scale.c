/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One kind of work, in more and more code: straight through, and with a branch every few instructions. */
#include "prog.h"

#define STEP(i)                                                                                                        \
    x += LD32(p + ((i) * 28 & 1020));                                                                                  \
    x ^= x >> 7;                                                                                                       \
    y = y * 5 + (u32)x;                                                                                                \
    OPAQUE(x);

#define FORK(i)                                                                                                        \
    if (p[(i) * 13 & 1023] & 1 << ((i) & 7))                                                                           \
        x += y ^ (i);                                                                                                  \
    else                                                                                                               \
        y -= x + 3;                                                                                                    \
    OPAQUE(x);

#define T4(S, i) S(i) S((i) + 1) S((i) + 2) S((i) + 3)
#define T16(S, i) T4(S, i) T4(S, (i) + 4) T4(S, (i) + 8) T4(S, (i) + 12)
#define T64(S, i) T16(S, i) T16(S, (i) + 16) T16(S, (i) + 32) T16(S, (i) + 48)
#define T256(S, i) T64(S, i) T64(S, (i) + 64) T64(S, (i) + 128) T64(S, (i) + 192)

#define SCALE(name, steps)                                                                                             \
    PROGRAM(scale, name)                                                                                               \
    {                                                                                                                  \
        u64 x = 1, y = 2;                                                                                              \
        steps return x ^ y;                                                                                            \
    }

SCALE(straight_16, T16(STEP, 0))
SCALE(straight_64, T64(STEP, 0))
SCALE(straight_512, T256(STEP, 0) T256(STEP, 256))
SCALE(forks_16, T16(FORK, 0))
SCALE(forks_64, T64(FORK, 0))
SCALE(forks_512, T256(FORK, 0) T256(FORK, 256))
