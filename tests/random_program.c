/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "random_writer.h"

#include <stdlib.h>
#include <string.h>

uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t random_below(struct random *r, uint32_t n) { return (uint32_t)(random_next(r) % n); }

uint64_t random_number(struct random *r)
{
    static const uint64_t interesting[] = {0,
                                           1,
                                           2,
                                           3,
                                           7,
                                           31,
                                           32,
                                           63,
                                           64,
                                           127,
                                           128,
                                           255,
                                           0x7fff,
                                           0x8000,
                                           0xffff,
                                           0x7fffffff,
                                           0x80000000,
                                           0xffffffff,
                                           0x100000000,
                                           0x7fffffffffffffff,
                                           0x8000000000000000,
                                           0xffffffff80000000,
                                           0xffffffff7fffffff,
                                           0xfffffffffffffffe,
                                           0xffffffffffffffff};
    switch (random_below(r, 4)) {
    case 0: return random_next(r);
    case 1: return random_next(r) >> random_below(r, 64);
    default: return interesting[random_below(r, sizeof interesting / sizeof interesting[0])];
    }
}


void random_put(struct writer *w, unsigned op, unsigned dst, unsigned src, int off, uint32_t imm)
{
    if (w->slots >= RANDOM_MOST_SLOTS)
        abort();
    uint8_t *b = w->code + (size_t)w->slots++ * 8;
    b[0] = (uint8_t)op;
    b[1] = (uint8_t)(src << 4 | dst);
    b[2] = (uint8_t)(off & 255);
    b[3] = (uint8_t)(off >> 8 & 255);
    for (unsigned i = 0; i < 4; i++)
        b[4 + i] = (uint8_t)(imm >> 8 * i);
}

void random_put_off(struct writer *w, uint32_t slot, int off)
{
    w->code[(size_t)slot * 8 + 2] = (uint8_t)(off & 255);
    w->code[(size_t)slot * 8 + 3] = (uint8_t)(off >> 8 & 255);
}

static void put_imm(struct writer *w, uint32_t slot, uint32_t imm)
{
    for (unsigned i = 0; i < 4; i++)
        w->code[(size_t)slot * 8 + 4 + i] = (uint8_t)(imm >> 8 * i);
}

void random_put_wide(struct writer *w, unsigned dst, uint64_t v)
{
    random_put(w, 0x18, dst, 0, 0, (uint32_t)v);
    random_put(w, 0, 0, 0, 0, (uint32_t)(v >> 32));
}

static bool in_loop(const struct writer *w) { return w->item >= w->loop_begin && w->item < w->loop_end; }

/* A register to write: not r9, which is the packet, nor r8 while it counts a loop. A few registers do most of the work,
 * so that values meet again. */
unsigned random_destination(struct writer *w)
{
    if (wild(w) && below(w, 40) == 0)
        return 9;
    unsigned most = in_loop(w) && !wild(w) ? 8 : 9;
    return below(w, 2) ? below(w, 3) : below(w, most);
}

unsigned random_source(struct writer *w)
{
    if (!kernel(w) && below(w, 30) == 0)
        return w->style == RANDOM_WILD || !w->first ? 9 + below(w, 2) : 10;
    return below(w, 2) ? below(w, 3) : below(w, 9);
}

static void arithmetic(struct writer *w)
{
    static const uint8_t operations[] = {0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc0, 0xd0};
    const unsigned operation = operations[below(w, sizeof operations)];
    const bool wide = below(w, 3) != 0, reg = below(w, 2);
    const unsigned class = wide ? 7 : 4, dst = random_destination(w);
    if (operation == 0xd0) {
        static const uint8_t swaps[] = {0xd4, 0xdc, 0xd7};
        random_put(w, swaps[below(w, 3)], dst, 0, 0, 16u << below(w, 3));
        return;
    }
    if (operation == 0x80) {
        random_put(w, 0x80 | class, dst, 0, 0, 0);
        return;
    }
    int off = 0;
    if (operation == 0x30 || operation == 0x90)
        off = (int)below(w, 2);
    if (operation == 0xb0 && reg && below(w, 2))
        off = 8 << below(w, wide ? 3 : 2);
    if (reg) {
        random_put(w, operation | 8 | class, dst, random_source(w), off, 0);
        return;
    }
    uint32_t imm = number32(w);
    if ((operation == 0x60 || operation == 0x70 || operation == 0xc0) && kernel(w))
        imm &= wide ? 63 : 31;
    if (off == 0 && kernel(w) && imm == 0)
        imm = 1;
    if ((operation == 0x30 || operation == 0x90) && kernel(w) && imm == 0)
        imm = 3;
    random_put(w, operation | class, dst, 0, off, imm);
}

const uint8_t random_size_bits[4] = {0x10, 0x08, 0x00, 0x18}; /* 1, 2, 4, 8 bytes */

/* A base register and an offset where `bytes` bytes may be read and written; in wild programs perhaps not. */
unsigned random_place(struct writer *w, unsigned bytes, bool aligned, bool stack_only, int *off)
{
    if (wild(w) && below(w, 24) == 0) {
        static const int edges[] = {0, -1, 1, 7, 8, 152, 153, 156, 157, 159, 160, 161, -8, -512, -511, -513, -520, 512, 32767, -32768};
        *off = edges[below(w, sizeof edges / sizeof edges[0])];
        return below(w, 11);
    }
    if (w->first && !stack_only && below(w, 2)) {
        *off = (int)below(w, RANDOM_DUMP - bytes + 1);
        *off = aligned ? *off / (int)bytes * (int)bytes : *off;
        return 9;
    }
    *off = -RANDOM_STACK_USED + (int)below(w, RANDOM_STACK_USED - bytes + 1);
    *off = aligned ? *off / (int)bytes * (int)bytes : *off;
    return 10;
}

static void memory(struct writer *w)
{
    const unsigned size = below(w, 4), kind = below(w, 4);
    int off;
    const unsigned base = random_place(w, 1u << size, kernel(w), false, &off);
    if (kind < 2)
        random_put(w, (kind && size < 3 ? 0x81 : 0x61) | random_size_bits[size], random_destination(w), base, off, 0);
    else if (kind == 2)
        random_put(w, 0x62 | random_size_bits[size], base, 0, off, number32(w));
    else
        random_put(w, 0x63 | random_size_bits[size], base, random_source(w), off, 0);
}

static void atomic(struct writer *w)
{
    static const uint8_t operations[] = {0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1};
    const unsigned size = below(w, 2) + 2;
    int off;
    if (below(w, 4) == 0) { /* load-acquire and store-release have all sizes */
        const unsigned any = below(w, 4);
        const unsigned base = random_place(w, 1u << any, true, true, &off);
        if (below(w, 2))
            random_put(w, 0xc3 | random_size_bits[any], random_destination(w), base, off, 0x100);
        else
            random_put(w, 0xc3 | random_size_bits[any], base, below(w, 9), off, 0x110);
        return;
    }
    const unsigned base = random_place(w, 1u << size, !wild(w) || below(w, 4), kernel(w), &off);
    random_put(w, 0xc3 | random_size_bits[size], base, random_destination(w), off, operations[below(w, sizeof operations)]);
}

/* Forward, within the function; never from outside into a loop, whose counter would not be set. */
static void jump(struct writer *w)
{
    static const uint8_t operations[] = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0};
    uint32_t target = w->item + 1 + below(w, 8);
    if (wild(w) && below(w, 6) == 0)
        target = below(w, w->items + 1);
    else if (w->item + 1 < w->loop_begin && target >= w->loop_begin)
        target = w->loop_begin - 1;
    if (target > w->items)
        target = w->items;
    w->jumps[w->jump_count].slot = w->slots;
    w->jumps[w->jump_count++].item = target;
    const unsigned class = below(w, 3) ? 5 : 6;
    if (!kernel(w) && below(w, 12) == 0)
        random_put(w, 0xe5, 0, 0, 0, 0); /* may_goto */
    else if (!kernel(w) && target != w->item && below(w, 8) == 0)
        random_put(w, 0x05, 0, 0, 0, 0); /* ja; 6 takes its distance from imm, see link_jumps */
    else if (below(w, 2))
        random_put(w, operations[below(w, sizeof operations)] | class, below(w, 9), 0, 0, number32(w));
    else
        random_put(w, operations[below(w, sizeof operations)] | 8 | class, below(w, 9), random_source(w), 0, 0);
}

static void arguments_again(struct writer *w)
{
    if (!kernel(w) && below(w, 2))
        return; /* they are zero */
    for (unsigned r = 1; r <= 5; r++)
        random_put(w, 0xb7, r, 0, 0, number32(w));
}

static void call(struct writer *w)
{
    if (!kernel(w) && below(w, 3) == 0) {
        random_put(w, 0x85, 0, 0, 0, wild(w) && below(w, 8) == 0 ? RANDOM_NO_HELPER : RANDOM_HELPER);
        arguments_again(w);
        return;
    }
    uint32_t lowest = wild(w) ? 0 : w->function + 1;
    if (lowest >= w->functions || w->call_count == sizeof w->calls / sizeof w->calls[0]) {
        arithmetic(w);
        return;
    }
    const bool handle = !kernel(w) && below(w, 3) == 0;
    w->calls[w->call_count].slot = w->slots;
    w->calls[w->call_count].handle = handle;
    w->calls[w->call_count++].callee = lowest + below(w, w->functions - lowest);
    if (handle) {
        random_put(w, 0x18, 7, 4, 0, 0);
        random_put(w, 0, 0, 0, 0, 0);
        if (below(w, 8) == 0)
            random_put(w, 0x8d, 0, 0, 0, 7); /* the older encoding */
        else
            random_put(w, 0x8d, 7, 0, 0, 0);
    } else {
        random_put(w, 0x85, 0, 1, 0, 0);
    }
    arguments_again(w);
}

static void packet_load(struct writer *w)
{
    const unsigned size = below(w, 4);
    const uint32_t offset = wild(w) && below(w, 4) == 0 ? number32(w) : below(w, RANDOM_PACKET - 8);
    if (below(w, 2)) {
        random_put(w, 0x20 | random_size_bits[size], 0, 0, 0, offset);
    } else {
        random_put(w, 0xb7, 2, 0, 0, wild(w) && below(w, 8) == 0 ? number32(w) : below(w, 9));
        random_put(w, 0x40 | random_size_bits[size], 0, 2, 0, offset);
    }
}

static void item(struct writer *w)
{
    if (below(w, 4) == 0 && w->slots + RANDOM_SHAPE_SLOTS + 1200 < RANDOM_MOST_SLOTS) {
        random_shape(w);
        return;
    }
    switch (below(w, 16)) {
    case 0: random_put_wide(w, random_destination(w), random_number(&w->random)); break;
    case 1:
    case 2:
    case 3:
    case 4: memory(w); break;
    case 5: atomic(w); break;
    case 6:
    case 7: jump(w); break;
    case 8: call(w); break;
    case 9:
        if (!kernel(w) && below(w, 4) == 0) {
            packet_load(w);
            break;
        } /* fall through */
    default: arithmetic(w); break;
    }
}

static void link_jumps(struct writer *w)
{
    for (uint32_t j = 0; j < w->jump_count; j++) {
        const uint32_t slot = w->jumps[j].slot;
        uint32_t target = w->item_slots[w->jumps[j].item];
        /* Sometimes into the middle of what belongs together, but not of a wide instruction. */
        if (wild(w) && target < w->item_slots[w->items] && below(w, 6) == 0 && w->code[(size_t)target * 8] != 0x18)
            target++;
        const int distance = (int)target - (int)slot - 1;
        uint8_t *op = w->code + (size_t)slot * 8;
        if (*op == 0x05 && distance == -1) {
            *op = 0x15; /* ja to itself is refused */
            random_put_off(w, slot, distance);
        } else if (*op == 0x05 && below(w, 2)) {
            *op = 0x06; /* gotol */
            put_imm(w, slot, (uint32_t)distance);
        } else {
            random_put_off(w, slot, distance);
        }
    }
}

static void function(struct writer *w)
{
    w->jump_count = 0;
    w->items = w->first ? 12 + below(w, w->setting->most_items - 12) : 4 + below(w, 16);
    w->loop_begin = w->loop_end = w->items;
    if (below(w, 3) && w->items > 8) {
        w->loop_begin = 1 + below(w, w->items / 2);
        w->loop_end = w->loop_begin + 2 + below(w, 7);
        if (w->loop_end > w->items)
            w->loop_end = w->items;
    }
    /* The kernel reads garbage where nothing was written and knows no zeroed registers. */
    if (kernel(w) || below(w, 2)) {
        for (int off = -RANDOM_STACK_USED; off < 0; off += 8)
            random_put(w, 0x7a, 10, 0, off, kernel(w) && below(w, 2) ? 0 : number32(w));
        for (unsigned r = w->first ? 0 : 6; r <= (w->first ? 8 : 9); r++)
            if (w->first && below(w, 2))
                random_put(w, 0x61 | random_size_bits[below(w, 4)], r, 9, (int)(8 * below(w, RANDOM_DUMP / 8)), 0);
            else
                random_put_wide(w, r, random_number(&w->random));
        if (!w->first)
            random_put(w, 0xb7, 0, 0, 0, number32(w));
    }
    for (w->item = 0; w->item < w->items; w->item++) {
        w->item_slots[w->item] = w->slots;
        if (w->item + 1 == w->loop_begin)
            random_put(w, 0xb7, 8, 0, 0, 2 + below(w, 4));
        else if (w->item + 1 == w->loop_end && w->loop_end > w->loop_begin) {
            random_put(w, 0x07, 8, 0, 0, 0xffffffff);
            w->jumps[w->jump_count].slot = w->slots;
            w->jumps[w->jump_count++].item = w->loop_begin;
            random_put(w, 0x55, 8, 0, 0, 0);
        } else {
            item(w);
        }
    }
    w->item_slots[w->items] = w->slots;
    if (w->first) {
        for (unsigned r = 0; r <= 8; r++)
            random_put(w, 0x7b, 9, r, RANDOM_DUMP + 8 * (int)r, 0);
    } else {
        for (unsigned r = 6; r <= 9; r++) {
            random_put(w, 0x27, 0, 0, 0, 31);
            random_put(w, 0xaf, 0, r, 0, 0);
        }
    }
    random_put(w, 0x95, 0, 0, 0, 0);
    link_jumps(w);
}

/* r9 = the packet's address, and its end into the stack. */
static void find_packet(struct writer *w)
{
    const struct random_setting *setting = w->setting;
    switch (setting->start) {
    case RANDOM_START_R1:
        random_put(w, 0xbf, 9, 1, 0, 0);
        random_put(w, 0x0f, 2, 9, 0, 0);
        break;
    case RANDOM_START_FIELDS:
        random_put(w, 0x79, 9, 1, (int)setting->data, 0);
        random_put(w, 0x79, 2, 1, (int)setting->data_end, 0);
        break;
    case RANDOM_START_CONTEXT:
        random_put(w, 0x61, 9, 1, (int)setting->data, 0);
        random_put(w, 0x61, 2, 1, (int)setting->data_end, 0);
        if (random_below(&w->random, 2)) { /* something that looks like a program's own use of it */
            random_put(w, 0x7b, 10, 1, -8, 0);
            random_put(w, 0x7b, 10, 1, -(int)random_below(&w->random, 9) * 8 - 8, 0);
        }
        break;
    case RANDOM_START_NUMBER:
        random_put_wide(w, 9, setting->data);
        random_put_wide(w, 2, setting->data_end);
        break;
    }
    random_put(w, 0x7b, 10, 9, -RANDOM_SPILL, 0);
    random_put(w, 0x7b, 10, 2, -RANDOM_SPILL - 8, 0);
}

uint32_t random_program_in(uint64_t seed, const struct random_setting *given, uint8_t code[RANDOM_MOST_SLOTS * 8])
{
    struct random_setting setting = *given;
    struct writer w = {.random = {seed}, .setting = &setting, .style = setting.style, .code = code};
    uint32_t starts[12];
    if (setting.most_items < 13 || setting.most_items > RANDOM_MOST_ITEMS)
        setting.most_items = RANDOM_MOST_ITEMS;
    if (setting.most_functions == 0 || setting.most_functions > sizeof starts / sizeof *starts)
        setting.most_functions = 4;
    w.functions = 1 + below(&w, setting.most_functions);
    if (setting.style == RANDOM_KERNEL) {
        random_put(&w, 0x61, 2, 1, 4, 0);             /* r2 = data_end */
        random_put(&w, 0x61, 9, 1, 0, 0);             /* r9 = data */
        random_put(&w, 0xbf, 3, 9, 0, 0);             /* r3 = r9 */
        random_put(&w, 0x07, 3, 0, 0, RANDOM_PACKET); /* r3 += RANDOM_PACKET */
        random_put(&w, 0xbd, 3, 2, 2, 0);             /* if r3 <= r2 goto +2 */
        random_put(&w, 0xb7, 0, 0, 0, 0);
        random_put(&w, 0x95, 0, 0, 0, 0);
    } else if (setting.style == RANDOM_KERNEL_RAW) {
        random_put(&w, 0xbf, 9, 1, 0, 0); /* r9 = r1 */
    } else {
        find_packet(&w);
    }
    for (w.function = 0; w.function < w.functions; w.function++) {
        w.first = w.function == 0;
        starts[w.function] = w.first ? 0 : w.slots;
        function(&w);
    }
    for (uint32_t c = 0; c < w.call_count; c++)
        put_imm(&w, w.calls[c].slot, starts[w.calls[c].callee] - w.calls[c].slot - 1);
    return w.slots;
}

uint32_t random_program(uint64_t seed, enum random_style style, uint8_t code[RANDOM_MOST_SLOTS * 8])
{
    return random_program_in(seed, &(struct random_setting){.style = style}, code);
}
