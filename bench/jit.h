/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parts of bench_jit: programs and their figures, the engines that are not skep's, and the report. */
#ifndef BENCH_JIT_H
#define BENCH_JIT_H

#include <stdbool.h>
#include <stdio.h>

#include "bench.h"
#include "jit/layout.h"
#include "skep/skep.h"

enum engine { GUARDED, TRUSTED, INTERP, SCALAR, VECTOR, KERNEL, DPDK, ENGINES };
extern const char *const engine_names[ENGINES];

/* The kernel puts programs at random places modulo a cache line, which matters to small loops: several, in turns. */
#define KERNEL_COPIES 5

struct subject {
    const char *name, *class;
    const void *code; /* as skep has it; the object owns it */
    size_t slots;
    skep_vm *vm[3]; /* GUARDED, TRUSTED, and guarded again for INTERP */
    skep_jit_fn function[2];
    skep_run *run[2];
    uint64_t (*native[2])(uint8_t *p);
    int kernel[KERNEL_COPIES]; /* file descriptors; -1: none */
    struct bench_dpdk *dpdk;
    bool dpdk_plain; /* loaded only as compiled without 32-bit jumps */
    bool dpdk_wrong; /* loaded, but returned something else */
    double ns[ENGINES]; /* a run, less an empty run; as measured for the empty program itself */
    size_t bytes[2];    /* of machine code */
    double compile_ns[2];
};

/* What both sides of a ratio stay below is too short for the clock. */
#define LEAST_NS 2.0

struct compile_sample {
    const char *shape;
    size_t slots;
    double ns[2];    /* an instruction: guarded, trusted */
    double bytes[2]; /* an instruction */
};
#define COMPILE_SAMPLES 12

void fill_input(unsigned char *memory);

/* Classifiers through bpf(2); -1: refused, with the reason in `why`. */
int kernel_load(const void *code, size_t slots, char *why, size_t why_size);
/* `times` runs over a copy of `memory`, which comes back in `out` when it is not NULL. Nanoseconds of all, or < 0. */
double kernel_run(int fd, unsigned times, const void *memory, void *out, uint32_t *result);
/* The machine code of a program; 0: not shown to us. */
size_t kernel_image(int fd, void *code, size_t size);

/* NULL: refused, or without machine code. */
struct bench_dpdk *dpdk_load(const void *code, size_t slots);
uint64_t dpdk_run(const struct bench_dpdk *program, void *memory);

/* Compiles programs of 10 to 1,000,000 instructions. Returns how many samples it has. */
size_t measure_compiling(struct compile_sample *samples);

/* The tables and the goals; `json` may be NULL. */
void report(const struct subject *subjects, size_t count, const double *empty, double exec,
            const struct compile_sample *samples, size_t sample_count, FILE *json);

#endif
