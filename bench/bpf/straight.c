/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Loop-free programs: what an interpreter that refuses loops can run, too. Each reads at most 1500 bytes at p. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define PROGRAM(name) __attribute__((section("bench/" #name), used)) u64 name(const u8 *p)
#define SWAP16(x) __builtin_bswap16(x)
#define SWAP32(x) __builtin_bswap32(x)

/* A handful of instructions: what a run costs besides them. */
PROGRAM(tiny)
{
    return p[12] == 8 && p[13] == 0;
}

/* The classic filter: Ethernet, VLAN, IPv4 or IPv6, TCP or UDP, port 80 or 443. */
PROGRAM(parse)
{
    u32 at = 14;
    u16 type = *(const u16 *)(p + 12);
    if (type == SWAP16(0x8100)) {
        type = *(const u16 *)(p + 16);
        at = 18;
    }
    const u8 *l4;
    u8 protocol;
    if (type == SWAP16(0x0800)) {
        const u8 *ip = p + at;
        if (ip[0] >> 4 != 4 || (ip[0] & 15) != 5)
            return 0;
        if (*(const u16 *)(ip + 6) & SWAP16(0x3fff))
            return 0;
        protocol = ip[9];
        l4 = ip + 20;
    } else if (type == SWAP16(0x86dd)) {
        const u8 *ip = p + at;
        protocol = ip[6];
        l4 = ip + 40;
    } else {
        return 0;
    }
    if (protocol != 6 && protocol != 17)
        return 0;
    u16 from = *(const u16 *)l4, to = *(const u16 *)(l4 + 2);
    return from == SWAP16(80) || to == SWAP16(80) || from == SWAP16(443) || to == SWAP16(443);
}

/* The checksum of an IPv4 header without options. */
PROGRAM(ipcheck)
{
    const u16 *h = (const u16 *)(p + 14);
    u32 sum = 0;
#pragma unroll
    for (int i = 0; i < 10; i++)
        sum += h[i];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

/* A one's complement sum over 256 bytes. */
PROGRAM(checksum)
{
    const u32 *h = (const u32 *)p;
    u64 sum = 0;
#pragma unroll
    for (int i = 0; i < 64; i++)
        sum += h[i];
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

#define ROTATE(x, k) ((x) << (k) | (x) >> (32 - (k)))
#define MIX(a, b, c) \
    (a -= c, a ^= ROTATE(c, 4), c += b, b -= a, b ^= ROTATE(a, 6), a += c, c -= b, c ^= ROTATE(b, 8), b += a, a -= c, \
     a ^= ROTATE(c, 16), c += b, b -= a, b ^= ROTATE(a, 19), a += c, c -= b, c ^= ROTATE(b, 4), b += a)

/* A hash in the manner of lookup3 over 36 bytes: shifts and xors, one depending on the other. */
PROGRAM(hash)
{
    const u32 *k = (const u32 *)(p + 14);
    u32 a = 0xdeadbeef, b = a, c = a;
#pragma unroll
    for (int i = 0; i < 9; i += 3) {
        a += k[i];
        b += k[i + 1];
        c += k[i + 2];
        MIX(a, b, c);
    }
    return c;
}

/* 64-bit arithmetic in one long chain. */
PROGRAM(xorshift)
{
    u64 x = *(const u64 *)p | 1, sum = 0;
#pragma unroll
    for (int i = 0; i < 24; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        sum += x * 0x2545f491;
    }
    return sum;
}

/* Independent arithmetic: nothing waits for anything. */
PROGRAM(alumix)
{
    u64 a = p[0], b = p[1], c = p[2], d = p[3], e = p[4], f = p[5];
#pragma unroll
    for (int i = 0; i < 12; i++) {
        a = (a + 0x1234) ^ b;
        c = (c | 0x101) - d;
        e = e * 7 + f;
        b += 3;
        d ^= 0x5555;
        f = f << 1 | 1;
    }
    return a ^ b ^ c ^ d ^ e ^ f;
}

/* Copies 192 bytes to the stack and adds them up from there, backwards. */
PROGRAM(copy)
{
    volatile u64 room[24];
    const u64 *from = (const u64 *)p;
    u64 sum = 0;
#pragma unroll
    for (int i = 0; i < 24; i++)
        room[i] = from[i];
#pragma unroll
    for (int i = 0; i < 24; i++)
        sum = sum * 3 + room[23 - i];
    return sum;
}

/* A decision tree over bytes: branch after branch. */
#define LEAF(n, x) ((x) + (n))
#define NODE(at, limit, less, more) (p[at] < (limit) ? (less) : (more))
PROGRAM(tree)
{
    u64 score = 0;
    score += NODE(0, 128, NODE(1, 64, LEAF(1, p[2]), LEAF(2, p[3])), NODE(4, 200, LEAF(3, p[5]), LEAF(4, p[6])));
    score += NODE(7, 100, NODE(8, 50, LEAF(5, p[9]), LEAF(6, p[10])), NODE(11, 150, LEAF(7, p[12]), LEAF(8, p[13])));
    score ^= NODE(14, 70, NODE(15, 60, LEAF(9, p[16]), LEAF(10, p[17])), NODE(18, 90, LEAF(11, p[19]), LEAF(12, p[20])));
    score ^= NODE(21, 30, NODE(22, 20, LEAF(13, p[23]), LEAF(14, p[24])), NODE(25, 10, LEAF(15, p[26]), LEAF(16, p[27])));
    return score;
}

/* Divisions and remainders, 32 and 64 bits. */
PROGRAM(divide)
{
    u64 x = *(const u64 *)p, sum = 0;
    u32 y = *(const u32 *)(p + 8);
#pragma unroll
    for (int i = 0; i < 6; i++) {
        u64 d = p[16 + i] | 3;
        sum += x / d + x % (d + 2);
        sum += y / (u32)(d + 1);
        x += sum;
        y ^= (u32)x;
    }
    return sum;
}
