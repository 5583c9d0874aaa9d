/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs made at random from a seed, all of which pass the structural check. Conventions: r9 points to the packet in the
 * first function; the stack is used in its upper 64 bytes; at its end the first function stores r0-r8 into the packet at
 * RANDOM_DUMP, so that a difference in any register shows.
 */
#ifndef RANDOM_PROGRAM_H
#define RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANDOM_PACKET 160 /* bytes that the program expects */
#define RANDOM_DUMP 64
#define RANDOM_MOST_SLOTS 4096
#define RANDOM_HELPER 1u          /* a helper that may be called, and one that may not exist */
#define RANDOM_NO_HELPER 77777u

/* Those of settings with `helpers`. */
enum {
    RANDOM_HELPER_READS = 2, /* (readable memory, size) */
    RANDOM_HELPER_WRITES,    /* (writable memory, size) */
    RANDOM_HELPER_ASKS,      /* the same as plain numbers: it checks by itself */
    RANDOM_HELPER_FAILS,     /* when r1 is 0 */
    RANDOM_HELPER_CONTEXT,   /* (context) */
    RANDOM_HELPER_STRINGS,   /* (string, string or null) */
    RANDOM_HELPER_FROBS,     /* stock: memfrob */
    RANDOM_HELPER_GATHERS,   /* stock: gather_bytes */
    RANDOM_HELPER_ROOT,      /* stock: sqrti */
    RANDOM_HELPER_LAST = RANDOM_HELPER_ROOT
};

enum random_style {
    RANDOM_KERNEL, /* what Linux's verifier tends to accept; r1 is an xdp_md */
    RANDOM_KERNEL_RAW, /* the same body, but r1 is the packet */
    RANDOM_SOUND,  /* everything the instruction set has; accesses in bounds, loops bounded; r1 is the packet */
    RANDOM_WILD    /* any address, any loop */
};

struct random {
    uint64_t state;
};

/* How the first function comes by the packet's address. */
enum random_start {
    RANDOM_START_R1,     /* r1 has it, and r2 its size */
    RANDOM_START_FIELDS, /* in memory at r1 + data, its end at r1 + data_end */
    RANDOM_START_NUMBER, /* data and data_end are it */
    RANDOM_START_CONTEXT /* 32-bit members of a Linux context at r1 + data and r1 + data_end */
};

/* For random_program_in(); zero means the default. */
struct random_setting {
    enum random_style style;
    enum random_start start;
    uint64_t data, data_end;
    unsigned most_items;     /* of the first function, 13 at least; 0: 80 */
    unsigned most_functions; /* 0: 4 */
    bool helpers;            /* others than RANDOM_HELPER, too */
};

uint64_t random_next(struct random *random);
/* 0 to n - 1 */
uint32_t random_below(struct random *random, uint32_t n);
/* Numbers at which arithmetic goes wrong, and others. */
uint64_t random_number(struct random *random);

/* Writes a program; returns how many slots. The same seed gives the same body in both kernel styles. */
uint32_t random_program(uint64_t seed, enum random_style style, uint8_t code[RANDOM_MOST_SLOTS * 8]);
uint32_t random_program_in(uint64_t seed, const struct random_setting *setting, uint8_t code[RANDOM_MOST_SLOTS * 8]);

#endif
