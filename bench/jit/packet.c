/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What packet programs do: parse, sum, hash, look up, match, rewrite. */
#include "prog.h"

/* Ethernet, up to two VLAN tags, IPv4 or IPv6, TCP or UDP, and a port. */
PROGRAM(packet, parse)
{
    u64 at = 14;
    u16 type = LD16(p + 12);
    UNROLL for (int i = 0; i < 2; i++)
        if (type == BE16(0x8100) || type == BE16(0x88a8)) {
            type = LD16(p + at + 2);
            at += 4;
        }
    u8 protocol;
    const u8 *l4;
    if (type == BE16(0x0800)) {
        const u8 *ip = p + at;
        if (!FITS(ip, 20) || ip[0] >> 4 != 4)
            return 1;
        if (LD16(ip + 6) & BE16(0x3fff))
            return 2;
        protocol = ip[9];
        l4 = ip + (ip[0] & 15) * 4;
    } else if (type == BE16(0x86dd)) {
        const u8 *ip = p + at;
        if (!FITS(ip, 40))
            return 3;
        protocol = ip[6];
        l4 = ip + 40;
    } else {
        return 4;
    }
    if (protocol != 6 && protocol != 17)
        return 5;
    if (!FITS(l4, 4))
        return 6;
    u16 from = LD16(l4), to = LD16(l4 + 2);
    if (from == BE16(80) || to == BE16(80) || from == BE16(443) || to == BE16(443))
        return (u64)BE16(from) << 16 | BE16(to);
    return 7;
}

/* The checksum of an IPv4 header without options. */
PROGRAM(packet, ip_checksum)
{
    u32 sum = 0;
    UNROLL for (int i = 0; i < 10; i++)
        sum += LD16(p + AT_IP + 2 * i);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

/* A one's complement sum over 1 KiB, 16 bits at a time. */
PROGRAM(packet, checksum_16)
{
    u32 sum = 0;
    LOOP for (int i = 0; i < 512; i++)
        sum += LD16(p + 2 * i);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

/* The same, 32 bits at a time, unrolled. */
PROGRAM(packet, checksum_32)
{
    u64 sum = 0;
    UNROLL for (int i = 0; i < 128; i++)
        sum += LD32(p + 4 * i);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

/* Time to live, and the checksum by difference (RFC 1624). */
PROGRAM(packet, ttl)
{
    u8 *ip = p + AT_IP;
    u32 old = LD16(ip + 8);
    if (ip[8] <= 1)
        ip[8] = 64;
    ip[8]--;
    u32 sum = (~(u32)LD16(ip + 10) & 0xffff) + (~old & 0xffff) + LD16(ip + 8);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    ST16(ip + 10, ~sum);
    return (u16)~sum;
}

/* Address translation: new address and port, both checksums. */
INLINE u32 adjust(u32 check, u32 old, u32 new)
{
    u64 sum = (u64)(~check & 0xffff) + (~old & 0xffff) + (~old >> 16) + (new & 0xffff) + (new >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return ~(u32)sum & 0xffff;
}
PROGRAM(packet, nat)
{
    u8 *ip = p + AT_IP, *tcp = p + AT_TCP;
    u32 address = LD32(ip + 12), port = LD16(tcp), fresh = address ^ BE32(0x00010203), other = port ^ 0x0505;
    ST32(ip + 12, fresh);
    ST16(tcp, other);
    u32 a = adjust(LD16(ip + 10), address, fresh), b = adjust(adjust(LD16(tcp + 16), address, fresh), port, other);
    ST16(ip + 10, a);
    ST16(tcp + 16, b);
    return a << 16 | b;
}

/* Bob Jenkins' lookup3 in the shape of the kernel's jhash, over 36 bytes. */
#define MIX(a, b, c)                                                                                                   \
    (a -= c, a ^= ROL32(c, 4), c += b, b -= a, b ^= ROL32(a, 6), a += c, c -= b, c ^= ROL32(b, 8), b += a, a -= c, \
     a ^= ROL32(c, 16), c += b, b -= a, b ^= ROL32(a, 19), a += c, c -= b, c ^= ROL32(b, 4), b += a)
#define FINAL(a, b, c)                                                                                                 \
    (c ^= b, c -= ROL32(b, 14), a ^= c, a -= ROL32(c, 11), b ^= a, b -= ROL32(a, 25), c ^= b, c -= ROL32(b, 16), a ^= c, \
     a -= ROL32(c, 4), b ^= a, b -= ROL32(a, 14), c ^= b, c -= ROL32(b, 24))
PROGRAM(packet, jhash)
{
    u32 a = 0xdeadbeef + 36, b = a, c = a;
    UNROLL for (int i = 0; i < 36; i += 12) {
        a += LD32(p + AT_IP + i);
        b += LD32(p + AT_IP + i + 4);
        c += LD32(p + AT_IP + i + 8);
        MIX(a, b, c);
    }
    FINAL(a, b, c);
    return c;
}

/* The same over 240 bytes, in a loop. */
PROGRAM(packet, jhash_loop)
{
    u32 a = 0xdeadbeef + 240, b = a, c = a;
    LOOP for (int i = 0; i < 240; i += 12) {
        a += LD32(p + AT_NOISE + i);
        b += LD32(p + AT_NOISE + i + 4);
        c += LD32(p + AT_NOISE + i + 8);
        MIX(a, b, c);
    }
    FINAL(a, b, c);
    return c;
}

/* SipHash-2-4 over 16 bytes. */
#define SIP()                                                                                                          \
    (v0 += v1, v1 = ROL64(v1, 13), v1 ^= v0, v0 = ROL64(v0, 32), v2 += v3, v3 = ROL64(v3, 16), v3 ^= v2, v0 += v3, \
     v3 = ROL64(v3, 21), v3 ^= v0, v2 += v1, v1 = ROL64(v1, 17), v1 ^= v2, v2 = ROL64(v2, 32))
PROGRAM(packet, siphash)
{
    u64 v0 = 0x736f6d6570736575 ^ 1, v1 = 0x646f72616e646f6d ^ 2;
    u64 v2 = 0x6c7967656e657261 ^ 1, v3 = 0x7465646279746573 ^ 2;
    UNROLL for (int i = 0; i < 2; i++) {
        u64 m = LD64(p + AT_IP + 8 * i);
        v3 ^= m;
        SIP();
        SIP();
        v0 ^= m;
    }
    v3 ^= 16ull << 56;
    SIP();
    SIP();
    v0 ^= 16ull << 56;
    v2 ^= 0xff;
    SIP();
    SIP();
    SIP();
    SIP();
    return v0 ^ v1 ^ v2 ^ v3;
}

/* FNV-1a over the 13 bytes of a flow. */
PROGRAM(packet, fnv)
{
    u64 h = 0xcbf29ce484222325;
    UNROLL for (int i = 0; i < 13; i++)
        h = (h ^ p[AT_IP + 12 + i]) * 0x100000001b3;
    return h;
}

/* Receive-side scaling: Toeplitz over 12 bytes, bit by bit. */
PROGRAM(packet, toeplitz)
{
    u32 hash = 0;
    u64 key = BE64(LD64(p + AT_NOISE));
    LOOP for (int i = 0; i < 12; i++) {
        u32 byte = p[AT_IP + 12 + i];
        UNROLL for (int bit = 7; bit >= 0; bit--) {
            if (byte >> bit & 1)
                hash ^= (u32)(key >> 32);
            key <<= 1;
        }
        key |= p[AT_NOISE + 8 + i];
    }
    return hash;
}

/* CRC-32 of 32 bytes, bit by bit. */
PROGRAM(packet, crc32)
{
    u32 crc = ~0u;
    LOOP for (int i = 0; i < 32; i++) {
        crc ^= p[AT_NOISE + i];
        LOOP for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
}

PROGRAM(packet, adler32)
{
    u32 a = 1, b = 0;
    LOOP for (int i = 0; i < 256; i++) {
        a += p[AT_NOISE + i];
        b += a;
    }
    return (b % 65521) << 16 | a % 65521;
}

/* Four probes into a bitmap of 4096 bits, for eight keys. */
PROGRAM(packet, bloom)
{
    u64 hits = 0;
    LOOP for (int k = 0; k < 8; k++) {
        u64 h = LD64(p + AT_NOISE + 8 * k) * 0x9e3779b97f4a7c15;
        u64 there = 1;
        UNROLL for (int i = 0; i < 4; i++) {
            u64 bit = h >> (12 * i) & 4095;
            const u8 *q = p + AT_BLOOM + (bit >> 3);
            if (!FITS(q, 1))
                return 0;
            there &= *q >> (bit & 7);
        }
        hits += there & 1;
    }
    return hits;
}

/* Longest prefix: masks from /32 down to /8 against entries that a hash finds. */
PROGRAM(packet, lpm)
{
    u32 address = BE32(LD32(p + AT_IP + 12));
    u64 best = 0;
    LOOP for (u32 length = 32; length >= 8; length--) {
        u32 mask = ~0u << (32 - length);
        u32 key = address & mask;
        u64 slot = (u64)(key * 2654435761u >> 26) * 4;
        const u8 *q = p + AT_SORTED + slot;
        if (!FITS(q, 4))
            return 0;
        if ((LD32(q) & mask) == key) {
            best = (u64)length << 32 | LD32(q);
            break;
        }
        best += slot;
    }
    return best;
}

/* Is it GET, POST, PUT, HEAD or DELETE? Then the length of the path. */
PROGRAM(packet, http)
{
    const u8 *q = p + AT_HTTP;
    u64 skip;
    if (q[0] == 'P' && q[1] == 'O' && q[2] == 'S' && q[3] == 'T' && q[4] == ' ')
        skip = 5;
    else if (q[0] == 'P' && q[1] == 'U' && q[2] == 'T' && q[3] == ' ')
        skip = 4;
    else if (q[0] == 'H' && q[1] == 'E' && q[2] == 'A' && q[3] == 'D' && q[4] == ' ')
        skip = 5;
    else if (q[0] == 'D' && q[1] == 'E' && q[2] == 'L' && q[3] == 'E' && q[4] == 'T' && q[5] == 'E')
        skip = 7;
    else if (q[0] == 'G' && q[1] == 'E' && q[2] == 'T' && q[3] == ' ')
        skip = 4;
    else
        return 0;
    u64 length = 0;
    LOOP for (; length < 64; length++) {
        const u8 *c = p + AT_HTTP + skip + length;
        if (!FITS(c, 1) || *c == ' ')
            break;
    }
    return skip << 8 | length;
}

/* A question of DNS: labels to lower case into a hash, then type and class. */
PROGRAM(packet, dns)
{
    const u8 *q = p + AT_DNS;
    if (q[2] & 0x80 || LD16(q + 4) != BE16(1))
        return 0;
    u64 at = 12, labels = 0;
    u32 hash = 5381, left = 0;
    LOOP for (int i = 0; i < 64; i++) {
        u32 c = p[AT_DNS + 12 + i];
        at++;
        if (!left) {
            if (!c)
                break;
            if (c > 63)
                return 0;
            left = c;
            labels++;
        } else {
            if (c - 'A' < 26)
                c += 32;
            hash = hash * 33 ^ c;
            left--;
        }
    }
    const u8 *tail = p + AT_DNS + (at & 127);
    if (!FITS(tail, 4))
        return 0;
    return (u64)hash << 32 | labels << 16 | BE16(LD16(tail)) << 8 | BE16(LD16(tail + 2));
}

/* Walks the options of TCP for the segment size and the window scale. */
PROGRAM(packet, tcp_options)
{
    u64 at = 20, found = 0, length = (p[AT_TCP + 12] >> 4) * 4;
    LOOP for (int i = 0; i < 10; i++) {
        if (at >= length || at >= 60)
            break;
        const u8 *q = p + AT_TCP + at;
        if (!FITS(q, 4))
            return 0;
        u32 kind = q[0];
        if (kind == 0)
            break;
        if (kind == 1) {
            at++;
            continue;
        }
        if (kind == 2)
            found |= (u64)q[2] << 8 | q[3];
        else if (kind == 3)
            found |= (u64)q[2] << 16;
        if (q[1] < 2)
            return 1;
        at += q[1];
    }
    return found;
}

/* The length-prefixed numbers of QUIC (RFC 9000 section 16). */
PROGRAM(packet, varints)
{
    u64 at = 0, sum = 0;
    LOOP for (int i = 0; i < 24; i++) {
        const u8 *q = p + AT_NOISE + at;
        if (!FITS(q, 8))
            return 0;
        u64 x = q[0] & 63;
        switch (q[0] >> 6) {
        case 3: x = BE64(LD64(q)) & 0x3fffffffffffffff; break;
        case 2: x = BE32(LD32(q)) & 0x3fffffff; break;
        case 1: x = BE16(LD16(q)) & 0x3fff; break;
        default: break;
        }
        sum += x;
        at = (at + (1u << (q[0] >> 6))) & 127;
    }
    return sum;
}
