/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Functions that are not inlined, small and large, and helpers. */
#include "prog.h"

FUNCTION u64 tiny(u64 x) { return x * 3 + 1; }

FUNCTION u64 blend(u64 a, u64 b, u64 c) { return (a ^ b << 5) + (c >> 3 ^ a * 7); }

FUNCTION u64 large(u64 a, u64 b)
{
    UNROLL for (int i = 0; i < 12; i++) {
        a = ROL64(a, 13) + b;
        b = ROL64(b, 29) ^ a * 5;
        a ^= b >> 11;
        b += 0x12345;
    }
    return a ^ b;
}

FUNCTION u64 level4(u64 x) { return (x ^ 0x44) + (x >> 1); }
FUNCTION u64 level3(u64 x) { return level4(x + 3) ^ level4(x ^ 9); }
FUNCTION u64 level2(u64 x) { return level3(x + 2) + level3(x ^ 7); }
FUNCTION u64 level1(u64 x) { return level2(x + 1) - level2(x ^ 5); }

/* With a frame of its own. */
FUNCTION u64 framed(u64 x)
{
    volatile u64 room[4];
    room[0] = x;
    room[1] = x >> 7;
    room[2] = x * 3;
    room[3] = x + 1;
    return room[0] ^ room[1] ^ room[2] ^ room[3];
}

/* Works on the packet through a pointer. */
FUNCTION u64 fold(const u8 *q)
{
    u64 sum = LD64(q) ^ LD64(q + 8);
    return sum ^ sum >> 32;
}

PROGRAM(calls, call_once) { return tiny(LD64(p + AT_NOISE)); }

PROGRAM(calls, call_tiny)
{
    u64 x = LD64(p + AT_NOISE);
    LOOP for (int i = 0; i < 64; i++)
        x = tiny(x);
    return x;
}

PROGRAM(calls, call_three)
{
    u64 a = LD64(p + AT_NOISE), b = LD64(p + AT_NOISE + 8), c = 1;
    LOOP for (int i = 0; i < 32; i++) {
        u64 x = blend(a, b, c);
        a = b;
        b = c;
        c = x;
    }
    return a ^ b ^ c;
}

PROGRAM(calls, call_large)
{
    u64 x = LD64(p + AT_NOISE);
    LOOP for (u64 i = 0; i < 8; i++)
        x = large(x, i);
    return x;
}

PROGRAM(calls, call_deep)
{
    u64 x = LD64(p + AT_NOISE);
    LOOP for (int i = 0; i < 4; i++)
        x ^= level1(x);
    return x;
}

PROGRAM(calls, call_framed)
{
    u64 x = LD64(p + AT_NOISE);
    LOOP for (int i = 0; i < 24; i++)
        x = framed(x) + 1;
    return x;
}

PROGRAM(calls, call_packet)
{
    u64 x = 0;
    LOOP for (int i = 0; i < 24; i++)
        x = x * 3 + fold(p + AT_NOISE + 8 * i);
    return x;
}

#ifdef FOR_NATIVE
u64 bench_helper(u64 a, u64 b, u64 c, u64 d, u64 e);
#define HELPER() bench_helper(0, 0, 0, 0, 0)
#else
#define HELPER() ((u64 (*)(void))HELPER_ID)()
#endif

PROGRAM(helpers, helper_once) { return HELPER() + p[0]; }

PROGRAM(helpers, helper_eight)
{
    u64 sum = p[0];
    UNROLL for (int i = 0; i < 8; i++)
        sum = sum * 3 + HELPER();
    return sum;
}

PROGRAM(helpers, helper_loop)
{
    u64 sum = p[0];
    LOOP for (u64 i = 0; i < 64; i++)
        sum += HELPER() ^ i;
    return sum;
}
