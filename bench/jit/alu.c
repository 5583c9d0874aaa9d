/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arithmetic without memory or branches to speak of: mixes that a processor can overlap, and chains that it cannot. */
#include "prog.h"

/* Independent 64-bit operations. */
PROGRAM(alu, alu64)
{
    u64 a = LD64(p), b = LD64(p + 8), c = LD64(p + 16), d = LD64(p + 24), e = LD64(p + 32), f = LD64(p + 40);
    UNROLL for (int i = 0; i < 16; i++) {
        a = (a + 0x1234) ^ b;
        c = (c | 0x101) - d;
        e = e * 7 + f;
        b += 3;
        d ^= 0x5555;
        f = f << 1 | 1;
    }
    return a ^ b ^ c ^ d ^ e ^ f;
}

/* The same in 32 bits: the upper halves have to be zero at the end. */
PROGRAM(alu, alu32)
{
    u32 a = LD32(p), b = LD32(p + 8), c = LD32(p + 16), d = LD32(p + 24), e = LD32(p + 32), f = LD32(p + 40);
    UNROLL for (int i = 0; i < 16; i++) {
        a = (a + 0x1234) ^ b;
        c = (c | 0x101) - d;
        e = e * 7 + f;
        b += 3;
        d ^= 0x5555;
        f = f << 1 | 1;
    }
    return (u64)(a ^ b ^ c) << 32 | (d ^ e ^ f);
}

/* Widths alternate, so that zero-extensions matter. */
PROGRAM(alu, widths)
{
    u64 a = LD64(p + AT_NOISE), sum = 0;
    LOOP for (u64 i = 0; i < 32; i++) {
        u32 x = (u32)a + (u32)i;
        u16 y = (u16)(x >> 3);
        u8 z = (u8)(y * 5);
        a = a * 3 + x + y + z;
        sum += (u64)(s64)(s32)x ^ a;
    }
    return sum;
}

/* Shifts by variables. */
PROGRAM(alu, shifts)
{
    u64 a = LD64(p + AT_NOISE), b = LD64(p + AT_NOISE + 8), sum = 0;
    LOOP for (u64 i = 0; i < 32; i++) {
        sum += a << (b & 63);
        sum ^= a >> (i & 63);
        sum -= (u64)((s64)b >> (a & 63));
        a += sum;
        b ^= a << 7;
    }
    return sum;
}

/* Rotations, which bytecode spells as two shifts and an or. */
PROGRAM(alu, rotate)
{
    u64 a = LD64(p + AT_NOISE), b = LD64(p + AT_NOISE + 8);
    u32 c = LD32(p + AT_NOISE + 16), d = LD32(p + AT_NOISE + 20);
    LOOP for (int i = 0; i < 24; i++) {
        a = ROL64(a, 13) + b;
        b = ROL64(b, 31) ^ a;
        c = ROL32(c, 7) + d;
        d = ROL32(d, 19) ^ c;
    }
    return a ^ b ^ c ^ (u64)d << 32;
}

/* Multiplications by constants and by variables. */
PROGRAM(alu, multiply)
{
    u64 a = LD64(p + AT_NOISE) | 1, b = LD64(p + AT_NOISE + 8) | 1, sum = 0;
    LOOP for (int i = 0; i < 24; i++) {
        sum += a * 10 + b * 5;
        a *= b;
        b = b * 9 + 0x9e3779b97f4a7c15;
        sum ^= (u64)((u32)a * 24u);
    }
    return sum;
}

/* Division by variables. */
PROGRAM(alu, divide)
{
    u64 x = LD64(p + AT_NOISE), sum = 0;
    u32 y = LD32(p + AT_NOISE + 8);
    UNROLL for (int i = 0; i < 6; i++) {
        u64 d = p[AT_NOISE + 16 + i] | 3;
        sum += x / d + x % (d + 2);
        sum += y / (u32)(d + 1);
        x += sum;
        y ^= (u32)x;
    }
    return sum;
}

/* Division by constants: no division is needed. */
PROGRAM(alu, divide_by_constants)
{
    u64 x = LD64(p + AT_NOISE), sum = 0;
    LOOP for (int i = 0; i < 16; i++) {
        sum += x / 10 + x % 1000;
        sum += (u32)x / 7 + (u32)(x >> 32) % 60;
        x = x * 6364136223846793005 + 1442695040888963407;
    }
    return sum;
}

/* Byte order, in all widths. */
PROGRAM(alu, byteorder)
{
    u64 sum = 0;
    UNROLL for (int i = 0; i < 16; i++) {
        sum += BE64(LD64(p + AT_NOISE + 8 * i));
        sum ^= BE32(LD32(p + AT_NOISE + 8 * i + 2));
        sum += BE16(LD16(p + AT_NOISE + 8 * i + 6));
    }
    return sum;
}

/* Population counts by arithmetic: masks with 64-bit constants. */
PROGRAM(alu, popcount)
{
    u64 sum = 0;
    LOOP for (int i = 0; i < 16; i++) {
        u64 x = LD64(p + AT_NOISE + 8 * i);
        OPAQUE(x); /* native code would have an instruction for it */
        x -= x >> 1 & 0x5555555555555555;
        x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
        x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
        OPAQUE(x);
        sum += x * 0x0101010101010101 >> 56;
    }
    return sum;
}

/* Smaller, larger, absolute difference: what a conditional move is for. */
PROGRAM(alu, select)
{
    u64 low = ~0ull, high = 0, far = 0;
    LOOP for (int i = 0; i < 64; i++) {
        u64 x = p[AT_NOISE + i], y = p[AT_NOISE + 64 + i];
        low = x < low ? x : low;
        high = x > high ? x : high;
        far += x > y ? x - y : y - x;
    }
    return low | high << 8 | far << 16;
}

/* Each step waits for the one before. */
PROGRAM(chain, chain_add)
{
    u64 x = LD64(p + AT_NOISE);
    LOOP for (u64 i = 0; i < 64; i++) {
        x += i;
        x ^= 0x55;
        x -= x >> 3;
        x |= 1;
    }
    return x;
}

PROGRAM(chain, chain_multiply)
{
    u64 x = LD64(p + AT_NOISE) | 1;
    LOOP for (u64 i = 0; i < 64; i++)
        x = x * 6364136223846793005 + i;
    return x;
}

PROGRAM(chain, xorshift)
{
    u64 x = LD64(p + AT_NOISE) | 1, sum = 0;
    UNROLL for (int i = 0; i < 24; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        sum += x * 0x2545f491;
    }
    return sum;
}

/* A chain through memory: each load's address comes from the one before. */
PROGRAM(chain, chase)
{
    u64 at = 1, sum = 0;
    LOOP for (int i = 0; i < 48; i++) {
        const u8 *q = p + AT_NOISE + at;
        if (!FITS(q, 1))
            return 0;
        at = (*q + (u64)i) & 255;
        sum += at;
    }
    return sum;
}
