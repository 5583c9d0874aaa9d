/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the benchmarks share: the clock, medians, and DPDK's interpreter behind three functions. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

uint64_t bench_now(void); /* nanoseconds */
double bench_median(double *values, size_t count); /* sorts */
double bench_geomean(const double *values, size_t count);

/* A program in DPDK's librte_bpf, r1 = pointer to `size` bytes. NULL: it refuses the program. */
struct rte_bpf *bench_dpdk_load(const void *code, size_t code_size, size_t size);
uint64_t bench_dpdk_run(const struct rte_bpf *program, void *memory);
void bench_dpdk_free(struct rte_bpf *program);

#endif
