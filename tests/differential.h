/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One program, one input, an engine of the library's and the reference. Equal means the same code, pc, address, number of
 * instructions, r0, packet and metadata buffer.
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include "skep/skep.h"

struct differential {
    skep_kind kind;
    const uint8_t *code;
    size_t code_size;
    const uint8_t *packet; /* its first contents */
    size_t packet_size;    /* at most DIFFERENTIAL_MOST */
    bool read_only;
    uint64_t budget;
    bool native; /* as machine code */
    skep_policy policy; /* SKEP_TRUSTED: what faults in the reference is not run at all */
};

#define DIFFERENTIAL_MOST 256
#define DIFFERENTIAL_DATA 0x40 /* offsets of SKEP_FIXED_MBUFF, and of the buffer given with SKEP_MBUFF */
#define DIFFERENTIAL_DATA_END 0x50

enum differential_outcome { DIFFERENTIAL_REFUSED, DIFFERENTIAL_RAN, DIFFERENTIAL_FAULT, DIFFERENTIAL_DIFFERENT };

/* `why` gets a description of the difference, or of the refusal. */
enum differential_outcome differential_run(const struct differential *input, char *why, size_t size);

#endif
