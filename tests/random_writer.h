/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What random_program.c (the frame of a program) and random_shapes.c (the shapes that compilers make, and that engines
 * treat specially) share. Bytes are spelled by hand: the library's table must not agree with itself alone.
 */
#ifndef RANDOM_WRITER_H
#define RANDOM_WRITER_H

#include <stdbool.h>

#include "random_program.h"

#define RANDOM_MOST_ITEMS 80
#define RANDOM_STACK_USED 64 /* the upper bytes of a frame, where anything is read and written */
#define RANDOM_SPILL 72      /* below r10: the first function keeps r9 there, and behind it the packet's end */

struct writer {
    struct random random;
    const struct random_setting *setting;
    enum random_style style;
    uint8_t *code;
    uint32_t slots;
    bool first; /* the first function, where r9 is the packet */
    uint32_t functions, function;
    struct {
        uint32_t slot, callee;
        bool handle;
    } calls[64];
    uint32_t call_count;
    /* Of the function at hand. */
    uint32_t item_slots[RANDOM_MOST_ITEMS + 1];
    struct {
        uint32_t slot, item;
    } jumps[RANDOM_MOST_ITEMS];
    uint32_t jump_count;
    uint32_t item, items, loop_begin, loop_end;
};

extern const uint8_t random_size_bits[4]; /* in an opcode: 1, 2, 4, 8 bytes */

static inline uint32_t below(struct writer *w, uint32_t n) { return random_below(&w->random, n); }
static inline bool kernel(const struct writer *w) { return w->style == RANDOM_KERNEL || w->style == RANDOM_KERNEL_RAW; }
static inline bool wild(const struct writer *w) { return w->style == RANDOM_WILD; }
static inline uint32_t number32(struct writer *w) { return (uint32_t)random_number(&w->random); }

void random_put(struct writer *w, unsigned op, unsigned dst, unsigned src, int off, uint32_t imm);
void random_put_off(struct writer *w, uint32_t slot, int off);
void random_put_wide(struct writer *w, unsigned dst, uint64_t value);
/* A register to write, and one to read. */
unsigned random_destination(struct writer *w);
unsigned random_source(struct writer *w);
/* A base register and an offset where `bytes` bytes may be read and written; in wild programs perhaps not. */
unsigned random_place(struct writer *w, unsigned bytes, bool aligned, bool stack_only, int *off);

/* A few instructions that belong together; at most RANDOM_SHAPE_SLOTS. */
void random_shape(struct writer *w);
#define RANDOM_SHAPE_SLOTS 64

#endif
