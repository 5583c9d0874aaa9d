/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An interpreter to compare with: written from RFC 9669 on raw bytes, one instruction at a time, with no thought for
 * speed and none of the library's code or tables. It knows addresses but never touches them: each region has bytes of
 * its own here, so that the same run can be repeated beside the real one. It assumes a program that passed the
 * structural check.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skep/skep.h"

struct reference_region {
    uint64_t address, size;
    bool writable;
    uint8_t *bytes; /* [size] */
};

struct reference {
    const uint8_t *code; /* little endian */
    uint32_t slots;
    uint64_t stack_top; /* address: r10 of the first frame */
    uint64_t r1, r2;
    struct reference_region regions[3]; /* beside the stack */
    unsigned region_count;
    const uint8_t *packet; /* what LD_ABS and LD_IND read */
    uint64_t packet_size;
    uint64_t budget;
    bool (*helper)(uint32_t id, const uint64_t args[5], uint64_t *result); /* false: there is none */

    /* The outcome. */
    skep_code code_out;
    uint64_t result, pc, address, executed;
};

void reference_run(struct reference *machine);

/* The largest number of may_goto instructions in one function: a run's memory is laid out by it. */
unsigned reference_most_may_gotos(const uint8_t *code, uint32_t slots);

#endif
