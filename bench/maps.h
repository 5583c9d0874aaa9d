/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the programs of bench/maps, the benchmark and its two sides share. */
#ifndef MAPS_H
#define MAPS_H

#define ROUNDS 1000 /* of a loop in a program */
#define FILLS 16    /* tables hold ROUNDS * FILLS entries */
#define RING_BYTES (1 << 24)

#ifndef __bpf__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A side: `load` ends the benchmark, with why, when it cannot be; `find` gives a program's number, or -1. */
struct maps_side {
    const char *name;
    bool (*load)(const char *path, char *why, size_t why_size);
    int (*find)(const char *name);
    double (*time)(int program, unsigned repeat); /* nanoseconds for each of `repeat` runs; less than 0: failed */
    void (*drain)(void);                          /* empties the ring buffer */
    void (*close)(void);
};
extern const struct maps_side maps_kernel, maps_here;
#endif

#endif
