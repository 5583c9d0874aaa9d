/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What compilers write for one thought: engines look for these and make something else of them. Each shape comes right
 * most of the time and nearly right now and then, so that the looking is tried, too. Inside a shape only registers 0 to 7
 * are written; sound programs stay sound. Kernel styles get arithmetic alone.
 */
#include "random_writer.h"

#define PUT(op, dst, src, off, imm) random_put(w, (unsigned)(op), (unsigned)(dst), (unsigned)(src), (int)(off), (uint32_t)(imm))

enum { ADD = 0x00, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50, LSH = 0x60, RSH = 0x70, MOD = 0x90, XOR = 0xa0,
       MOV = 0xb0, ARSH = 0xc0 };
enum { A32 = 4, A64 = 7, LDX = 0x61, LDXS = 0x81, ST = 0x62, STX = 0x63, REG = 8 };

static bool often(struct writer *w) { return below(w, 8) != 0; }
static unsigned size_bit(unsigned bytes) { return random_size_bits[bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3]; }

/* Four different registers of 0..7. */
static void temporaries(struct writer *w, unsigned t[4])
{
    uint8_t all[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    for (unsigned i = 0; i < 4; i++) {
        const unsigned other = i + below(w, 8 - i);
        const uint8_t reg = all[other];
        all[other] = all[i];
        all[i] = reg;
        t[i] = reg;
    }
}

static unsigned compare(struct writer *w)
{
    static const uint8_t operations[] = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0};
    return operations[below(w, sizeof operations)] | (below(w, 3) ? 5u : 6u);
}

/* A condition over any registers that skips `skip` slots. */
static void branch(struct writer *w, int skip)
{
    if (below(w, 2))
        PUT(compare(w), below(w, 9), 0, skip, number32(w));
    else
        PUT(compare(w) | REG, below(w, 9), random_source(w), skip, 0);
}

/* Bytes (or halves) put together with shifts and ors. */
static void wide_load(struct writer *w)
{
    unsigned t[4];
    int off;
    const unsigned n = 2u << below(w, 3), part = below(w, 4) || n == 2 ? 1 : 2u << below(w, n == 8 ? 2 : 1);
    const unsigned parts = n / part, base = random_place(w, n, false, false, &off);
    const unsigned alu = n <= 4 && below(w, 3) == 0 ? A32 : A64, join = often(w) ? OR : below(w, 2) ? ADD : XOR;
    const bool big = below(w, 2), backwards = below(w, 2), right = often(w);
    temporaries(w, t);
    if (big && below(w, 2)) { /* acc = acc << 8 | next */
        for (unsigned i = 0; i < parts; i++) {
            PUT(LDX | size_bit(part), i ? t[1] : t[0], base, off + (int)(i * part), 0);
            if (i) {
                PUT(LSH | alu, t[0], 0, 0, part * 8);
                PUT(join | REG | alu, t[0], t[1], 0, 0);
            }
        }
        return;
    }
    for (unsigned i = 0; i < parts; i++) {
        const unsigned k = backwards ? parts - 1 - i : i;
        const unsigned shift = 8 * part * (big ? parts - 1 - k : k);
        const unsigned reg = i ? t[1 + below(w, 3)] : t[0];
        if (!right && below(w, 4) == 0)
            PUT(ST | size_bit(1), base, 0, off + (int)below(w, n), number32(w));
        PUT(LDX | size_bit(part), reg, base, off + (int)((right || off < -40 ? k : k ^ 1) * part), 0);
        if (shift)
            PUT(LSH | alu, reg, 0, 0, right ? shift : shift ^ 8);
        if (i)
            PUT(join | REG | alu, t[0], reg, 0, 0);
        if (below(w, 6) == 0) { /* what came together so far does not stay in a register */
            const int slot = -8 * (int)(1 + below(w, 6));
            PUT(STX | size_bit(8), 10, t[0], slot, 0);
            if (below(w, 2))
                PUT(MOV | A64, t[0], 0, 0, number32(w));
            PUT(LDX | size_bit(right || below(w, 2) ? 8 : 4), t[0], 10, slot, 0);
        }
    }
}

/* The same towards memory. */
static void wide_store(struct writer *w)
{
    unsigned t[4];
    int off;
    const unsigned n = 2u << below(w, 3), base = random_place(w, n, false, false, &off);
    const bool big = below(w, 2), right = often(w);
    temporaries(w, t);
    for (unsigned i = 0; i < n; i++) {
        const unsigned shift = 8 * (big ? n - 1 - i : i);
        unsigned reg = t[0];
        if (shift) {
            PUT(MOV | REG | A64, t[1], t[0], 0, 0);
            PUT(RSH | A64, t[1], 0, 0, right || i < 2 ? shift : shift ^ 16);
            reg = t[1];
        }
        PUT(STX | size_bit(1), base, reg, off + (int)i, 0);
    }
}

static void load_and_swap(struct writer *w)
{
    static const uint8_t swaps[] = {0xdc, 0xdc, 0xd7, 0xd4};
    unsigned t[4];
    int off;
    const unsigned bytes = 1u << (1 + below(w, 3)), base = random_place(w, bytes, false, false, &off);
    const unsigned width = often(w) ? bytes * 8 : 16u << below(w, 3), swap = swaps[below(w, 4)];
    temporaries(w, t);
    if (below(w, 3)) {
        PUT((below(w, 6) == 0 && bytes < 8 ? LDXS : LDX) | size_bit(bytes), t[0], base, off, 0);
        if (below(w, 4) == 0)
            PUT(MOV | REG | A64, t[1], t[0], 0, 0);
        if (below(w, 8) == 0)
            PUT(STX | size_bit(bytes), base, t[2], off, 0);
        PUT(swap, t[0], 0, 0, width);
    } else {
        PUT(swap, t[0], 0, 0, width);
        PUT(STX | size_bit(bytes), base, t[0], off, 0);
    }
}

static void rotate(struct writer *w)
{
    unsigned t[4];
    const unsigned bits = below(w, 2) ? 32 : 64, alu = bits == 32 ? A32 : A64, by = 1 + below(w, bits - 1);
    const unsigned rest = often(w) ? bits - by : 1 + below(w, bits - 1), join = often(w) ? OR : below(w, 2) ? ADD : XOR;
    const bool left = below(w, 2), narrow = below(w, 3) == 0;
    temporaries(w, t);
    if (narrow)
        PUT(MOV | REG | A32, t[0], t[0], 0, 0);
    PUT(MOV | REG | (below(w, 3) ? A64 : alu), t[1], t[0], 0, 0);
    PUT((left ? LSH : RSH) | alu, t[0], 0, 0, by);
    PUT((left ? RSH : LSH) | (narrow ? (unsigned)A64 : alu), t[1], 0, 0, rest);
    PUT(join | REG | alu, below(w, 2) ? t[0] : t[1], below(w, 2) ? t[1] : t[0], 0, 0);
}

/* One simple instruction that may be made conditional. */
static void simple(struct writer *w, unsigned dst)
{
    switch (below(w, 6)) {
    case 0: PUT(MOV | A64, dst, 0, 0, number32(w)); return;
    case 1: PUT(MOV | A32, dst, 0, 0, number32(w)); return;
    case 2: PUT(MOV | REG | A64, dst, random_source(w), 0, 0); return;
    case 3: PUT(MOV | REG | A32, dst, below(w, 9), 0, 0); return;
    case 4: PUT(ADD | A64, dst, 0, 0, 1 + below(w, 100)); return;
    default: PUT(XOR | REG | A64, dst, below(w, 9), 0, 0); return;
    }
}

/* Short forward branches, over one or two instructions or between two. */
static void choice(struct writer *w)
{
    unsigned t[4];
    temporaries(w, t);
    switch (below(w, 4)) {
    case 0:
        branch(w, 1);
        simple(w, t[0]);
        break;
    case 1:
        branch(w, 2);
        simple(w, t[0]);
        simple(w, t[below(w, 2)]);
        break;
    case 2: /* a truth value */
        PUT(MOV | (below(w, 2) ? A32 : A64), t[0], 0, 0, below(w, 2));
        branch(w, 1);
        PUT(MOV | (below(w, 2) ? A32 : A64), t[0], 0, 0, below(w, 2));
        break;
    default:
        branch(w, 2);
        simple(w, t[0]);
        PUT(0x05, 0, 0, 1, 0);
        simple(w, t[0]);
        break;
    }
}

/* Several tests of one register, as a switch makes them. */
static void chain(struct writer *w)
{
    unsigned t[4];
    const unsigned n = 2 + below(w, 4);
    temporaries(w, t);
    if (below(w, 2))
        PUT(AND | A64, t[0], 0, 0, 7);
    for (unsigned i = 0; i < n; i++) {
        PUT(below(w, 4) ? 0x15 : compare(w), t[0], 0, 2, below(w, 3) ? i : number32(w));
        simple(w, t[1]);
        simple(w, t[2]);
    }
}

static uint32_t factor(struct writer *w)
{
    static const uint32_t interesting[] = {2, 3, 5, 6, 7, 9, 10, 11, 12, 13, 25, 31, 60, 100, 125, 127, 255, 641, 1000, 10000,
                                           1000000, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0xfffffff9};
    switch (below(w, 4)) {
    case 0: return 1u << below(w, 32);
    case 1: return number32(w) | 1;
    default: return interesting[below(w, sizeof interesting / sizeof *interesting)];
    }
}

static void factors(struct writer *w)
{
    static const uint8_t operations[] = {MUL, DIV, DIV, MOD, MOD};
    unsigned t[4];
    const unsigned alu = below(w, 2) ? A32 : A64, operation = operations[below(w, 5)];
    const uint32_t by = factor(w);
    const int sign = operation == MUL ? 0 : (int)below(w, 2);
    temporaries(w, t);
    if (below(w, 3) == 0)
        PUT(MOV | REG | A64, t[1], t[0], 0, 0);
    if (below(w, 4)) {
        PUT(operation | alu, t[0], 0, sign, by);
    } else {
        PUT(MOV | A64, t[2], 0, 0, by);
        PUT(operation | REG | alu, t[0], t[2], sign, 0);
    }
    if (below(w, 3) == 0) /* the other half of a division */
        PUT((operation == DIV ? MOD : DIV) | alu, t[1], 0, sign, by);
}

static void narrow(struct writer *w)
{
    static const uint8_t operations[] = {ADD, SUB, MUL, OR, AND, XOR, LSH, RSH, ARSH};
    static const uint32_t masks[] = {1, 7, 0xf, 0xff, 0xffff, 0x7fff, 0xff00, 0xffffff, 0x7fffffff, 0xffffffff, 0xffffff00};
    unsigned t[4];
    temporaries(w, t);
    const unsigned n = 2 + below(w, 4);
    for (unsigned i = 0; i < n; i++) {
        const unsigned dst = t[below(w, 2)], src = t[below(w, 3)], operation = operations[below(w, 9)];
        const bool shifts = operation == LSH || operation == RSH || operation == ARSH;
        switch (below(w, 6)) {
        case 0: PUT(AND | (below(w, 2) ? A32 : A64), dst, 0, 0, masks[below(w, sizeof masks / sizeof *masks)]); break;
        case 1: PUT(operation | A32, dst, 0, 0, shifts ? below(w, 31) + 1 : number32(w)); break;
        case 2: PUT(operation | REG | A32, dst, src, 0, 0); break;
        case 3: PUT(MOV | REG | A32, dst, src, below(w, 2) ? 8 << below(w, 2) : 0, 0); break;
        case 4: PUT(MOV | REG | A64, dst, src, 8 << below(w, 3), 0); break;
        default: /* the old way to drop the upper half, or to extend the sign */
            PUT(LSH | A64, dst, 0, 0, often(w) ? 32 : 48);
            PUT((below(w, 2) ? RSH : ARSH) | A64, dst, 0, 0, often(w) ? 32 : 48);
        }
    }
}

/* Arithmetic on what is known when it is compiled, and branches that go one way only. */
static void constants(struct writer *w)
{
    static const uint8_t operations[] = {ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, MOD, XOR, MOV, ARSH};
    unsigned t[4];
    temporaries(w, t);
    for (unsigned i = 0; i < 2; i++)
        if (kernel(w) || below(w, 2))
            PUT(MOV | (below(w, 2) ? A32 : A64), t[i], 0, 0, number32(w) | (kernel(w) ? 1 : 0));
        else
            random_put_wide(w, t[i], random_number(&w->random));
    const unsigned n = 1 + below(w, 4);
    for (unsigned i = 0; i < n; i++) {
        const unsigned operation = operations[below(w, kernel(w) ? 3 : 12)];
        PUT(operation | REG | (below(w, 2) ? A32 : A64), t[below(w, 2)], t[below(w, 3)],
            (operation == DIV || operation == MOD) ? below(w, 2) : 0, 0);
    }
    if (below(w, 2)) {
        PUT(compare(w) | REG, t[0], t[1], 1, 0);
        simple(w, t[2]);
    }
}

/* Folding of a checksum. */
static void fold(struct writer *w)
{
    unsigned t[4];
    temporaries(w, t);
    PUT(MOV | REG | A64, t[1], t[0], 0, 0);
    PUT(RSH | (below(w, 2) ? A32 : A64), t[1], 0, 0, 16);
    PUT(AND | (below(w, 2) ? A32 : A64), t[0], 0, 0, 0xffff);
    PUT(ADD | REG | (below(w, 2) ? A32 : A64), t[0], t[1], 0, 0);
    if (below(w, 2))
        PUT(XOR | A64, t[0], 0, 0, 0xffffffff);
}

/* One access of any kind at reg + off. */
static void touch(struct writer *w, unsigned reg, int off, unsigned bytes, unsigned value)
{
    switch (below(w, 5)) {
    case 0: PUT(ST | size_bit(bytes), reg, 0, off, number32(w)); return;
    case 1: PUT(STX | size_bit(bytes), reg, value, off, 0); return;
    case 2: PUT((bytes < 8 ? LDXS : LDX) | size_bit(bytes), value, reg, off, 0); return;
    default: PUT(LDX | size_bit(bytes), value, reg, off, 0); return;
    }
}

/* A pointer that moves by constants, with accesses around it. `room` bytes are behind where it begins. */
static void walk(struct writer *w, unsigned p, const unsigned values[2], int room)
{
    int at = 0;
    const unsigned n = 3 + below(w, 6);
    for (unsigned i = 0; i < n; i++) {
        const unsigned bytes = 1u << below(w, 4);
        if (below(w, 3) == 0) {
            const int to = (int)below(w, (uint32_t)room);
            if (below(w, 2))
                PUT(ADD | A64, p, 0, 0, to - at);
            else
                PUT(SUB | A64, p, 0, 0, at - to);
            at = to;
        }
        const int where = (int)below(w, (uint32_t)(room - (int)bytes + 1)) - (wild(w) && below(w, 16) == 0 ? room : 0);
        touch(w, p, where - at, bytes, values[below(w, 2)]);
    }
}

static void pointer(struct writer *w)
{
    unsigned t[4];
    int off;
    const int room = 8 << below(w, 3);
    const unsigned base = random_place(w, (unsigned)room, false, false, &off);
    temporaries(w, t);
    if (base == t[0] || base == t[1] || base == t[2])
        return;
    PUT(MOV | REG | A64, t[0], base, 0, 0);
    PUT(ADD | A64, t[0], 0, 0, off);
    walk(w, t[0], t + 1, room);
    if (wild(w) && below(w, 8) == 0) { /* at a place that is computed */
        PUT(AND | A64, t[1], 0, 0, 0xff);
        PUT(ADD | REG | A64, t[0], t[1], 0, 0);
        walk(w, t[0], t + 2, 8);
    }
}

/* Through memory and back; the first function's are where nobody else writes, and live long. */
static void spill(struct writer *w)
{
    unsigned t[4];
    temporaries(w, t);
    if (w->first && below(w, 2)) {
        PUT(LDX | size_bit(8), t[0], 10, -RANDOM_SPILL, 0);
        walk(w, t[0], t + 1, RANDOM_DUMP);
        return;
    }
    const int at = -8 * (1 + (int)below(w, RANDOM_STACK_USED / 8));
    const unsigned reg = w->first ? 9 : 10;
    PUT(STX | size_bit(8), 10, reg, at, 0);
    simple(w, t[1]);
    PUT(LDX | size_bit(8), t[0], 10, at, 0);
    if (reg == 10)
        PUT(ADD | A64, t[0], 0, 0, -RANDOM_STACK_USED);
    walk(w, t[0], t + 1, RANDOM_STACK_USED);
}

/* Memory written in one size and read in another. */
static void forwarding(struct writer *w)
{
    unsigned t[4];
    int off;
    const unsigned base = random_place(w, 16, false, false, &off), n = 3 + below(w, 5);
    temporaries(w, t);
    for (unsigned i = 0; i < n; i++) {
        const unsigned bytes = 1u << below(w, 4), steps = (16 - bytes) / bytes + 1;
        touch(w, base, off + (int)(below(w, steps) * bytes), bytes, t[below(w, 3)]);
    }
}

/* Copies and fills, an element after the other. */
static void run_of(struct writer *w)
{
    unsigned t[4];
    int to, from;
    const unsigned bytes = 1u << below(w, 4), n = 2 + below(w, 16 / bytes < 2 ? 1 : 16 / bytes - 1);
    const unsigned dst = random_place(w, n * bytes, false, false, &to), src = random_place(w, n * bytes, false, false, &from);
    const bool copies = below(w, 2);
    const uint32_t fill = number32(w);
    temporaries(w, t);
    for (unsigned i = 0; i < n; i++) {
        const int at = (int)(i * bytes);
        if (copies) {
            PUT(LDX | size_bit(bytes), t[i % 2], src, from + at, 0);
            PUT(STX | size_bit(bytes), dst, t[i % 2], to + at, 0);
        } else {
            PUT(ST | size_bit(bytes), dst, 0, to + at, below(w, 8) ? fill : number32(w));
        }
    }
}

/* A pointer that moves through memory, and the loop around it. */
static void loop(struct writer *w)
{
    unsigned t[4];
    int off;
    const unsigned bytes = 1u << below(w, 4), step = below(w, 4) ? bytes : 1 + below(w, bytes);
    unsigned turns = 1 + below(w, 24 / bytes);
    const unsigned base = random_place(w, turns * bytes, false, false, &off), form = below(w, 3);
    temporaries(w, t);
    const unsigned p = t[0], n = t[1], value = t[2], sum = t[3];
    if (base == p || base == n)
        return;
    if (wild(w) && below(w, 6) == 0)
        turns *= 50;
    PUT(MOV | REG | A64, p, base, 0, 0);
    PUT(ADD | A64, p, 0, 0, off);
    if (form == 0) {
        PUT(MOV | (below(w, 2) ? A32 : A64), n, 0, 0, turns);
    } else if (form == 1) { /* to an end */
        PUT(MOV | REG | A64, n, p, 0, 0);
        PUT(ADD | A64, n, 0, 0, turns * step);
    } else {
        PUT(MOV | A64, n, 0, 0, 0);
    }
    const uint32_t head = w->slots;
    PUT(LDX | size_bit(bytes), value, p, 0, 0);
    PUT((below(w, 2) ? ADD : XOR) | REG | (below(w, 3) ? A64 : A32), sum, value, 0, 0);
    if (below(w, 2)) /* a way around within the loop */
        PUT(compare(w), value, 0, 1, below(w, 2) ? number32(w) : below(w, 2));
    if (below(w, 2))
        PUT(STX | size_bit(bytes), p, sum, 0, 0);
    else
        PUT(MUL | A64, sum, 0, 0, 31);
    PUT(ADD | A64, p, 0, 0, step);
    if (form == 0) {
        PUT(ADD | (below(w, 2) ? A32 : A64), n, 0, 0, 0xffffffff);
        PUT(below(w, 2) ? 0x55 : 0x56, n, 0, (int)head - (int)w->slots - 1, 0);
    } else if (form == 1) {
        PUT((below(w, 2) ? 0xa5 : 0x55) | REG, p, n, (int)head - (int)w->slots - 1, 0);
    } else {
        PUT(ADD | A64, n, 0, 0, 1);
        PUT(below(w, 2) ? 0xa5 : 0x55, n, 0, (int)head - (int)w->slots - 1, turns);
    }
}

/* "if (p + n > end) skip", and accesses that it makes good. */
static void bounds(struct writer *w)
{
    unsigned t[4];
    const uint32_t reach = 8 + below(w, wild(w) ? 200 : RANDOM_DUMP - 8), n = 1 + below(w, 3);
    temporaries(w, t);
    PUT(LDX | size_bit(8), t[0], 10, -RANDOM_SPILL - 8, 0);
    if (below(w, 2))
        PUT(LDX | size_bit(8), t[1], 10, -RANDOM_SPILL, 0);
    else
        PUT(MOV | REG | A64, t[1], 9, 0, 0);
    PUT(MOV | REG | A64, t[2], t[1], 0, 0);
    PUT(ADD | A64, t[2], 0, 0, reach);
    const uint32_t test = w->slots;
    PUT((below(w, 2) ? 0x20 : 0x30) | REG | 5, t[2], t[0], 0, 0);
    for (unsigned i = 0; i < n; i++) {
        const unsigned bytes = 1u << below(w, 4);
        touch(w, t[1], (int)below(w, reach - bytes + 1), bytes, t[3]);
    }
    random_put_off(w, test, (int)(w->slots - test - 1));
}

static void pointer_argument(struct writer *w, unsigned reg, unsigned bytes)
{
    int off;
    const unsigned base = random_place(w, bytes, false, false, &off);
    PUT(MOV | REG | A64, reg, base, 0, 0);
    PUT(ADD | A64, reg, 0, 0, off);
}

/* Helpers with prototypes, and stock ones; by number or through a register. */
static void helper(struct writer *w)
{
    const uint32_t id = RANDOM_HELPER_READS + below(w, RANDOM_HELPER_LAST - RANDOM_HELPER_READS + 1);
    const unsigned bytes = 1 + below(w, 16);
    const bool good = !wild(w) || below(w, 6);
    switch (id) {
    case RANDOM_HELPER_READS:
    case RANDOM_HELPER_WRITES:
    case RANDOM_HELPER_ASKS:
    case RANDOM_HELPER_FROBS:
        pointer_argument(w, 1, bytes);
        PUT(MOV | A64, 2, 0, 0, good ? bytes : number32(w));
        break;
    case RANDOM_HELPER_FAILS: PUT(MOV | A64, 1, 0, 0, wild(w) ? below(w, 4) : 1); break;
    case RANDOM_HELPER_CONTEXT:
        if (!wild(w) && w->setting->start != RANDOM_START_R1)
            return;
        PUT(MOV | REG | A64, 1, w->first ? 9 : 1, 0, 0);
        if (!w->first && !wild(w))
            return;
        break;
    case RANDOM_HELPER_STRINGS:
        PUT(ST | size_bit(8), 10, 0, -8, number32(w) >> 8);
        PUT(ST | size_bit(8), 10, 0, -16, number32(w) >> 8);
        for (unsigned r = 1; r <= 2; r++) {
            PUT(MOV | REG | A64, r, 10, 0, 0);
            PUT(ADD | A64, r, 0, 0, good ? -8 * (int)r : -(int)below(w, 12));
        }
        if (below(w, 4) == 0)
            PUT(MOV | A64, 2, 0, 0, 0);
        break;
    default: break; /* numbers */
    }
    if (below(w, 4)) {
        PUT(0x85, 0, 0, 0, id);
    } else {
        PUT(MOV | A64, 7, 0, 0, id);
        PUT(0x8d, 7, 0, 0, 0);
    }
}

void random_shape(struct writer *w)
{
    static void (*const shapes[])(struct writer *) = {
        rotate, choice, chain, factors, narrow, constants, fold, /* arithmetic alone */
        wide_load, wide_store, load_and_swap, pointer, forwarding, run_of, loop, spill, bounds, helper};
    const unsigned which = below(w, kernel(w) ? 7 : sizeof shapes / sizeof *shapes);
    if ((shapes[which] == bounds && !w->first) || (shapes[which] == helper && !w->setting->helpers))
        choice(w);
    else
        shapes[which](w);
}
