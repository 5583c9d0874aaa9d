/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * See reference.h. Section numbers are those of RFC 9669; what it leaves open is as skep.h and the design say: registers
 * and frames start as zero, r1-r5 are zero after calls, r6-r9 in callees, faults are {code, pc, address}, and the budget
 * is compared at calls, exits and jumps taken backwards.
 */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES 8
#define FRAME_BYTES 512
#define MAY_GOTO_VISITS 8388608u
#define HANDLE UINT64_C(0x100000000)

struct slot {
    uint8_t op;
    unsigned dst, src;
    int16_t off;
    int32_t imm;
};

struct state {
    struct reference *m;
    uint64_t r[11];
    unsigned depth; /* frames in use, less one */
    uint8_t stack[FRAMES * FRAME_BYTES];
    struct {
        uint64_t saved[4];
        uint32_t back;
    } frames[FRAMES];
    uint32_t *visits; /* [FRAMES][slots] */
    uint64_t count;   /* instructions so far, the one at hand included */
    uint32_t pc;
    bool over;
};

/* Section 3.1. */
static struct slot fetch(const struct reference *m, uint32_t pc)
{
    const uint8_t *b = m->code + (size_t)pc * 8;
    return (struct slot){b[0], b[1] & 15u, b[1] >> 4, (int16_t)(uint16_t)(b[2] | b[3] << 8),
                         (int32_t)((uint32_t)b[4] | (uint32_t)b[5] << 8 | (uint32_t)b[6] << 16 | (uint32_t)b[7] << 24)};
}

static bool begins_function(const struct reference *m, uint32_t target)
{
    if (target == 0)
        return true;
    for (uint32_t pc = 0; pc < m->slots; pc++) {
        struct slot s = fetch(m, pc);
        bool names_one = (s.op == 0x85 && s.src == 1) || (s.op == 0x18 && s.src == 4);
        if (names_one && (int64_t)pc + 1 + s.imm == target)
            return true;
        pc += s.op == 0x18;
    }
    return false;
}

unsigned reference_most_may_gotos(const uint8_t *code, uint32_t slots)
{
    const struct reference m = {.code = code, .slots = slots};
    unsigned most = 0, here = 0;
    for (uint32_t pc = 0; pc < slots; pc++) {
        struct slot s = fetch(&m, pc);
        if (begins_function(&m, pc))
            here = 0;
        here += s.op == 0xe5;
        if (here > most)
            most = here;
        pc += s.op == 0x18;
    }
    return most;
}

static void fault(struct state *s, skep_code code, uint64_t address)
{
    s->m->code_out = code;
    s->m->pc = s->pc;
    s->m->address = address;
    s->over = true;
}

static bool budget_left(struct state *s)
{
    if (s->count <= s->m->budget)
        return true;
    fault(s, SKEP_ERR_BUDGET, 0);
    return false;
}

/* ------------------------------------------------------------------------------------------- memory */

static uint8_t *within(uint64_t low, uint64_t size, uint8_t *bytes, uint64_t address, unsigned n)
{
    if (address < low || address - low > size || size - (address - low) < n)
        return NULL;
    return bytes + (address - low);
}

static uint8_t *reach(struct state *s, uint64_t address, unsigned n, bool write)
{
    uint64_t in_use = (uint64_t)(s->depth + 1) * FRAME_BYTES;
    uint8_t *p = within(s->m->stack_top - in_use, in_use, s->stack + sizeof s->stack - in_use, address, n);
    for (unsigned i = 0; i < s->m->region_count && !p; i++)
        if (s->m->regions[i].writable || !write)
            p = within(s->m->regions[i].address, s->m->regions[i].size, s->m->regions[i].bytes, address, n);
    if (!p)
        fault(s, SKEP_ERR_ACCESS, address);
    return p;
}

static bool host_is_big(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 0;
}

/* Memory is in the host's order. */
static uint64_t get(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)p[i] << 8 * (host_is_big() ? n - 1 - i : i);
    return v;
}

static void put(uint8_t *p, unsigned n, uint64_t v)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> 8 * (host_is_big() ? n - 1 - i : i));
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
    uint64_t top = UINT64_C(1) << (bits - 1);
    v &= top | (top - 1);
    return (v ^ top) - top;
}

static uint64_t swap(uint64_t v, unsigned bits)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < bits; i += 8)
        out |= (v >> i & 255) << (bits - 8 - i);
    return out;
}

static uint64_t truncate_to(uint64_t v, unsigned bits) { return bits == 64 ? v : v & ((UINT64_C(1) << bits) - 1); }

/* Section 5: the size is in bits 0x18 of the opcode. */
static unsigned bytes_of(uint8_t op)
{
    switch (op & 0x18) {
    case 0x00: return 4;
    case 0x08: return 2;
    case 0x10: return 1;
    default: return 8;
    }
}

/* --------------------------------------------------------------------------------------- arithmetic */

/* Section 4.1. Operands are cut to the width; the result's upper half is zero in 32 bits. */
static uint64_t arithmetic(unsigned operation, unsigned bits, int16_t off, uint64_t dst, uint64_t src)
{
    const uint64_t a = truncate_to(dst, bits), b = truncate_to(src, bits);
    const uint64_t least = UINT64_C(1) << (bits - 1);
    const bool both_signs = b == truncate_to(UINT64_MAX, bits) && a == least;
    const unsigned shift = (unsigned)(b & (bits - 1));
    const int64_t sa = (int64_t)sign_extend(a, bits), sb = (int64_t)sign_extend(b, bits);
    uint64_t v = 0;
    switch (operation) {
    case 0x00: v = a + b; break;
    case 0x10: v = a - b; break;
    case 0x20: v = a * b; break;
    case 0x30:
        if (off == 0)
            v = b == 0 ? 0 : a / b;
        else
            v = b == 0 ? 0 : both_signs ? least : (uint64_t)(sa / sb);
        break;
    case 0x40: v = a | b; break;
    case 0x50: v = a & b; break;
    case 0x60: v = a << shift; break;
    case 0x70: v = a >> shift; break;
    case 0x80: v = 0 - a; break;
    case 0x90:
        if (off == 0)
            v = b == 0 ? a : a % b;
        else
            v = b == 0 ? a : both_signs ? 0 : (uint64_t)(sa % sb);
        break;
    case 0xa0: v = a ^ b; break;
    case 0xb0: v = off == 0 ? b : sign_extend(b, (unsigned)off); break;
    case 0xc0: v = a >> shift | (sa < 0 && shift ? UINT64_MAX << (bits - shift) : 0); break;
    default: abort();
    }
    return truncate_to(v, bits);
}

/* Section 4.2. */
static uint64_t byte_swap(uint8_t op, unsigned bits, uint64_t v)
{
    bool really = op == 0xd7 || (op == 0xdc) != host_is_big();
    v = truncate_to(v, bits);
    return really ? swap(v, bits) : v;
}

/* Section 4.3. */
static bool holds(unsigned operation, unsigned bits, uint64_t dst, uint64_t src)
{
    const uint64_t a = truncate_to(dst, bits), b = truncate_to(src, bits);
    const int64_t sa = (int64_t)sign_extend(a, bits), sb = (int64_t)sign_extend(b, bits);
    switch (operation) {
    case 0x10: return a == b;
    case 0x20: return a > b;
    case 0x30: return a >= b;
    case 0x40: return (a & b) != 0;
    case 0x50: return a != b;
    case 0x60: return sa > sb;
    case 0x70: return sa >= sb;
    case 0xa0: return a < b;
    case 0xb0: return a <= b;
    case 0xc0: return sa < sb;
    case 0xd0: return sa <= sb;
    default: abort();
    }
}

/* Section 5.3, and Linux's load-acquire (0x100) and store-release (0x110). */
static void atomic(struct state *s, struct slot i)
{
    const unsigned n = bytes_of(i.op), bits = n * 8;
    const bool acquire = i.imm == 0x100, release = i.imm == 0x110;
    const uint64_t address = s->r[acquire ? i.src : i.dst] + (uint64_t)(int64_t)i.off;
    uint8_t *p = reach(s, address, n, !acquire);
    if (!p)
        return;
    if (address % n) {
        fault(s, SKEP_ERR_ALIGN, address);
        return;
    }
    const uint64_t old = get(p, n), v = truncate_to(s->r[i.src], bits);
    if (acquire) {
        s->r[i.dst] = old;
        return;
    }
    if (release) {
        put(p, n, v);
        return;
    }
    switch (i.imm & 0xf0) {
    case 0x00: put(p, n, old + v); break;
    case 0x40: put(p, n, old | v); break;
    case 0x50: put(p, n, old & v); break;
    case 0xa0: put(p, n, old ^ v); break;
    case 0xe0: put(p, n, v); break;
    case 0xf0:
        if (old == truncate_to(s->r[0], bits))
            put(p, n, v);
        s->r[0] = old;
        return;
    default: abort();
    }
    if (i.imm & 1)
        s->r[i.src] = old;
}

/* -------------------------------------------------------------------------------------- control flow */

static void jump(struct state *s, int64_t distance)
{
    if (distance < 0 && !budget_left(s))
        return;
    s->pc = (uint32_t)(s->pc + 1 + distance);
}

static void clear_arguments(struct state *s) { memset(s->r + 1, 0, 5 * sizeof s->r[0]); }

static void call_function(struct state *s, uint32_t target)
{
    if (s->depth + 1 == FRAMES) {
        fault(s, SKEP_ERR_DEPTH, 0);
        return;
    }
    s->depth++;
    memcpy(s->frames[s->depth].saved, s->r + 6, sizeof s->frames[0].saved);
    s->frames[s->depth].back = s->pc + 1;
    memset(s->r + 6, 0, 4 * sizeof s->r[0]);
    s->r[10] -= FRAME_BYTES;
    memset(s->stack + sizeof s->stack - (s->depth + 1) * FRAME_BYTES, 0, FRAME_BYTES);
    memset(s->visits + (size_t)s->depth * s->m->slots, 0, s->m->slots * sizeof *s->visits);
    s->pc = target;
}

static void call_helper(struct state *s, uint32_t id)
{
    uint64_t result;
    if (!s->m->helper || !s->m->helper(id, s->r + 1, &result)) {
        fault(s, SKEP_ERR_CALL, 0);
        return;
    }
    s->r[0] = result;
    clear_arguments(s);
    s->pc++;
}

static void leave(struct state *s)
{
    if (s->depth == 0) {
        s->m->result = s->r[0];
        s->over = true;
        return;
    }
    memcpy(s->r + 6, s->frames[s->depth].saved, sizeof s->frames[0].saved);
    s->pc = s->frames[s->depth].back;
    s->r[10] += FRAME_BYTES;
    s->depth--;
    clear_arguments(s);
}

/* Section 5.6 leaves them to Linux: big-endian data; out of range ends the program with 0. */
static void packet_load(struct state *s, struct slot i)
{
    const unsigned n = bytes_of(i.op);
    uint64_t offset = (uint32_t)i.imm;
    if ((i.op & 0xe0) == 0x40)
        offset = (uint32_t)(offset + s->r[i.src]);
    if (offset + n > s->m->packet_size) {
        s->m->result = 0;
        s->over = true;
        return;
    }
    s->r[0] = 0;
    for (unsigned k = 0; k < n; k++)
        s->r[0] = s->r[0] << 8 | s->m->packet[offset + k];
    s->pc++;
}

static void wide(struct state *s, struct slot i)
{
    if (i.src == 4)
        s->r[i.dst] = HANDLE | (uint64_t)((int64_t)s->pc + 1 + i.imm);
    else
        s->r[i.dst] = (uint32_t)i.imm | (uint64_t)(uint32_t)fetch(s->m, s->pc + 1).imm << 32;
    s->pc += 2;
}

static void may_goto(struct state *s, struct slot i)
{
    uint32_t *visits = &s->visits[(size_t)s->depth * s->m->slots + s->pc];
    if (*visits == MAY_GOTO_VISITS) {
        jump(s, i.off);
        return;
    }
    ++*visits;
    s->pc++;
}

/* JMP and JMP32 (classes 5 and 6). */
static void control(struct state *s, struct slot i)
{
    const unsigned operation = i.op & 0xf0;
    switch (i.op) {
    case 0x05: jump(s, i.off); return;
    case 0x06: jump(s, i.imm); return;
    case 0xe5: may_goto(s, i); return;
    case 0x95:
        if (budget_left(s))
            leave(s);
        return;
    case 0x85:
        if (!budget_left(s))
            return;
        if (i.src == 1)
            call_function(s, (uint32_t)(s->pc + 1 + (uint32_t)i.imm));
        else
            call_helper(s, (uint32_t)i.imm);
        return;
    case 0x8d: {
        if (!budget_left(s))
            return;
        /* The register's number is in dst; LLVM before 19.1 put it into imm. */
        const uint64_t target = s->r[i.imm ? (unsigned)i.imm : i.dst];
        const uint64_t slot = target - HANDLE;
        if (target < HANDLE)
            call_helper(s, (uint32_t)target);
        else if (slot < s->m->slots && begins_function(s->m, (uint32_t)slot))
            call_function(s, (uint32_t)slot);
        else
            fault(s, SKEP_ERR_CALL, 0);
        return;
    }
    default: break;
    }
    const uint64_t src = i.op & 8 ? s->r[i.src] : (uint64_t)(int64_t)i.imm;
    if (holds(operation, (i.op & 7) == 5 ? 64 : 32, s->r[i.dst], src))
        jump(s, i.off);
    else
        s->pc++;
}

static void step(struct state *s)
{
    const struct slot i = fetch(s->m, s->pc);
    uint8_t *p;
    s->count++;
    switch (i.op & 7) {
    case 4:
    case 7: {
        const unsigned bits = (i.op & 7) == 7 ? 64 : 32;
        const uint64_t src = i.op & 8 ? s->r[i.src] : (uint64_t)(int64_t)i.imm;
        if ((i.op & 0xf0) == 0xd0)
            s->r[i.dst] = byte_swap(i.op, (unsigned)i.imm, s->r[i.dst]);
        else
            s->r[i.dst] = arithmetic(i.op & 0xf0, bits, i.off, s->r[i.dst], src);
        s->pc++;
        return;
    }
    case 5:
    case 6: control(s, i); return;
    case 0:
        if (i.op == 0x18)
            wide(s, i);
        else
            packet_load(s, i);
        return;
    case 1:
        p = reach(s, s->r[i.src] + (uint64_t)(int64_t)i.off, bytes_of(i.op), false);
        if (!p)
            return;
        s->r[i.dst] = get(p, bytes_of(i.op));
        if ((i.op & 0xe0) == 0x80)
            s->r[i.dst] = sign_extend(s->r[i.dst], bytes_of(i.op) * 8);
        s->pc++;
        return;
    default: /* 2 and 3: ST and STX */
        if ((i.op & 0xe0) == 0xc0) {
            atomic(s, i);
        } else {
            p = reach(s, s->r[i.dst] + (uint64_t)(int64_t)i.off, bytes_of(i.op), true);
            if (p)
                put(p, bytes_of(i.op), (i.op & 7) == 2 ? (uint64_t)(int64_t)i.imm : s->r[i.src]);
        }
        s->pc += !s->over;
        return;
    }
}

void reference_run(struct reference *m)
{
    struct state *s = calloc(1, sizeof *s);
    if (!s || !(s->visits = calloc((size_t)FRAMES * m->slots, sizeof *s->visits)))
        abort();
    s->m = m;
    s->r[1] = m->r1;
    s->r[2] = m->r2;
    s->r[10] = m->stack_top;
    m->code_out = SKEP_OK;
    m->result = m->address = 0;
    m->pc = SKEP_NO_PC;
    while (!s->over)
        step(s);
    m->executed = s->count < m->budget ? s->count : m->budget;
    free(s->visits);
    free(s);
}
