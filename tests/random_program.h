/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs made at random from a seed, all of which pass the structural check. Conventions: r9 points to the packet in the
 * first function; the stack is used in its upper 64 bytes; at its end the first function stores r0-r8 into the packet at
 * RANDOM_DUMP, so that a difference in any register shows.
 */
#ifndef RANDOM_PROGRAM_H
#define RANDOM_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_PACKET 160 /* bytes that the program expects */
#define RANDOM_DUMP 64
#define RANDOM_MOST_SLOTS 2048
#define RANDOM_HELPER 1u          /* a helper that may be called, and one that may not exist */
#define RANDOM_NO_HELPER 77777u

enum random_style {
    RANDOM_KERNEL, /* what Linux's verifier tends to accept; r1 is an xdp_md */
    RANDOM_KERNEL_RAW, /* the same body, but r1 is the packet */
    RANDOM_SOUND,  /* everything the instruction set has; accesses in bounds, loops bounded; r1 is the packet */
    RANDOM_WILD    /* any address, any loop */
};

struct random {
    uint64_t state;
};

uint64_t random_next(struct random *random);
/* 0 to n - 1 */
uint32_t random_below(struct random *random, uint32_t n);
/* Numbers at which arithmetic goes wrong, and others. */
uint64_t random_number(struct random *random);

/* Writes a program; returns how many slots. The same seed gives the same body in both kernel styles. */
uint32_t random_program(uint64_t seed, enum random_style style, uint8_t code[RANDOM_MOST_SLOTS * 8]);

#endif
