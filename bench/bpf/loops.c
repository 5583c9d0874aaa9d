/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Programs with loops: p holds 1500 bytes, all of them writable. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define PROGRAM(name) __attribute__((section("bench/" #name), used)) u64 name(u8 *p, u64 size)
#define LOOP _Pragma("clang loop unroll(disable)")

/* Arithmetic only. */
PROGRAM(count)
{
    u64 sum = 0;
    LOOP for (u64 i = 0; i < 1000; i++) {
        sum += i ^ (sum << 1);
        __asm__ volatile("" : "+r"(sum));
    }
    return sum;
}

PROGRAM(collatz)
{
    u64 steps = 0, n = 837799;
    LOOP while (n != 1) {
        n = n & 1 ? 3 * n + 1 : n >> 1;
        steps++;
    }
    return steps;
}

PROGRAM(prime)
{
    u64 n = 7919;
    LOOP for (u64 i = 2; i < n; i++)
        if (n % i == 0)
            return i;
    return 0;
}

/* Memory: byte by byte, word by word, copies, the stack. */
PROGRAM(bytesum)
{
    u64 sum = 0;
    LOOP for (u64 i = 0; i < size; i++)
        sum += p[i];
    return sum;
}

PROGRAM(wordsum)
{
    u64 sum = 0;
    LOOP for (u64 i = 0; i + 8 <= size; i += 8)
        sum += *(const u64 *)(p + i);
    return sum;
}

PROGRAM(bytecopy)
{
    LOOP for (u64 i = 0; i < 700; i++)
        p[750 + i] = p[i];
    return p[1449];
}

PROGRAM(sort)
{
    u32 room[64];
    LOOP for (u32 i = 0; i < 64; i++)
        room[i] = p[i] * 2654435761u;
    LOOP for (u32 i = 1; i < 64; i++) {
        u32 x = room[i], j = i;
        LOOP while (j > 0 && room[j - 1] > x) {
            room[j] = room[j - 1];
            j--;
        }
        room[j] = x;
    }
    return room[32];
}

PROGRAM(search)
{
    u64 found = 0;
    LOOP for (u64 i = 0; i + 4 <= size; i++)
        if (p[i] == 'G' && p[i + 1] == 'E' && p[i + 2] == 'T' && p[i + 3] == ' ')
            found++;
    return found;
}

PROGRAM(crc)
{
    u32 crc = ~0u;
    LOOP for (u64 i = 0; i < 64; i++) {
        crc ^= p[i];
        LOOP for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

/* Reads and writes the packet through one pointer and the stack through another. */
PROGRAM(histogram)
{
    u16 bins[128];
    LOOP for (int i = 0; i < 128; i++)
        bins[i] = 0;
    LOOP for (u64 i = 0; i < size; i++) {
        bins[p[i] & 127]++;
        p[i] ^= 1;
    }
    return bins[65];
}
