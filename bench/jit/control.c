/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Branches: dense, nested, and in the shapes that compilers make of switches. */
#include "prog.h"

/* Independent conditions on data, most of them with an effect that is not a single move. */
PROGRAM(control, branches)
{
    u64 sum = 0;
    UNROLL for (int i = 0; i < 32; i++) {
        u32 x = p[AT_NOISE + i];
        if (x & 1)
            sum += x * 3;
        if (x > 100)
            sum ^= (u64)x << 9;
        else if (x < 50)
            sum -= 7;
    }
    return sum;
}

/* A filter in a loop: a few comparisons an item, any of which goes on with the next. */
PROGRAM(control, filter)
{
    u64 hits = 0;
    LOOP for (int i = 0; i < 120; i++) {
        u32 x = LD16(p + AT_NOISE + 2 * i);
        if ((x & 0xf) == 3)
            continue;
        if (x > 60000 || x < 900)
            continue;
        if (x >> 8 == (x & 255))
            continue;
        hits += x;
    }
    return hits;
}

PROGRAM(control, switch_dense)
{
    u64 sum = 1;
    LOOP for (int i = 0; i < 64; i++) {
        u32 x = p[AT_NOISE + i];
        switch (x & 15) {
        case 0: sum += x; break;
        case 1: sum ^= x << 3; break;
        case 2: sum -= x; break;
        case 3: sum = sum << 1 | sum >> 63; break;
        case 4: sum += 17; break;
        case 5: sum *= 3; break;
        case 6: sum |= x; break;
        case 7: sum ^= sum >> 5; break;
        case 8: sum += (u64)x * x; break;
        case 9: sum -= x << 4; break;
        case 10: sum ^= 0x1111; break;
        case 11: sum += sum >> 9; break;
        case 12: sum = ~sum; break;
        default: sum++; break;
        }
    }
    return sum;
}

/* A switch over scattered values: a tree of comparisons. */
PROGRAM(control, switch_sparse)
{
    u64 sum = 1;
    LOOP for (int i = 0; i < 64; i++) {
        switch (LD16(p + AT_NOISE + 2 * i) & 0xff3f) {
        case 0x0800: sum += 5; break;
        case 0x0806: sum ^= 3; break;
        case 0x8100: sum <<= 1; break;
        case 0x8600: sum += 99; break;
        case 0x8808: sum ^= sum << 2; break;
        case 0x8818: sum--; break;
        case 0x880c: sum ^= 0x777; break;
        case 0x9100: sum += sum >> 1; break;
        default: sum += 11; break;
        }
    }
    return sum;
}

/* Two levels of comparisons, four times over. */
#define LEAF(n, x) ((x) + (n))
#define NODE(at, limit, less, more) (q[at] < (limit) ? (less) : (more))
PROGRAM(control, tree)
{
    const u8 *q = p + AT_NOISE;
    u64 s = 0;
    s += NODE(0, 128, NODE(1, 64, LEAF(1, q[2]), LEAF(2, q[3])), NODE(4, 200, LEAF(3, q[5]), LEAF(4, q[6])));
    s += NODE(7, 100, NODE(8, 50, LEAF(5, q[9]), LEAF(6, q[10])), NODE(11, 150, LEAF(7, q[12]), LEAF(8, q[13])));
    s ^= NODE(14, 70, NODE(15, 60, LEAF(9, q[16]), LEAF(10, q[17])), NODE(18, 90, LEAF(11, q[19]), LEAF(12, q[20])));
    s ^= NODE(21, 30, NODE(22, 20, LEAF(13, q[23]), LEAF(14, q[24])), NODE(25, 10, LEAF(15, q[26]), LEAF(16, q[27])));
    return s;
}

/* A forest of decision stumps over 16 features, as a classifier would have it. */
PROGRAM(control, forest)
{
    s64 score = 0;
    LOOP for (int t = 0; t < 15; t++) {
        const u8 *q = p + AT_NOISE + 16 * t;
        if (q[0] < 120) {
            if (q[3] < 90)
                score += q[5] < 60 ? 4 : -3;
            else
                score += q[6] < 180 ? -1 : 7;
        } else {
            if (q[9] < 200)
                score -= q[12] < 33 ? 5 : -2;
            else
                score += q[15] < 140 ? 9 : -8;
        }
    }
    return (u64)score;
}

/* A state machine over bytes: words, numbers and the rest. */
PROGRAM(control, machine)
{
    u64 words = 0, numbers = 0, state = 0;
    LOOP for (int i = 0; i < 128; i++) {
        u32 c = p[AT_HTTP + i];
        if (state == 0) {
            if (c >= 'A')
                state = 1, words++;
            else if (c - '0' < 10)
                state = 2, numbers++;
        } else if (state == 1) {
            if (c < '0')
                state = 0;
        } else {
            if (c - '0' >= 10)
                state = c >= 'A' ? 1 : 0;
        }
    }
    return words << 32 | numbers << 8 | state;
}

/* The binary search that branch predictors dislike. */
PROGRAM(control, search)
{
    u64 found = 0;
    LOOP for (int i = 0; i < 16; i++) {
        u32 want = LD32(p + AT_NOISE + 4 * i);
        u32 low = 0;
        UNROLL for (u32 step = 32; step; step >>= 1) {
            const u8 *q = p + AT_SORTED + 4 * (low + step);
            if (!FITS(q, 4))
                return 0;
            if (LD32(q) <= want)
                low += step;
        }
        found += low;
    }
    return found;
}
