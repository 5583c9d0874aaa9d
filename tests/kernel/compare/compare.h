/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the two sides of the comparison share. Each side is a program: compare.c reads the command line, runs every
 * program of an object over its inputs and writes what came of it in one canonical form; kernel.c has the running kernel
 * do the work, through libbpf and BPF_PROG_TEST_RUN; here.c has skep do it. tests/kernel/suite.py compares the texts.
 *
 * What a program is given depends on its name, whose parts come in this order:
 *   target_   never run by itself: the target of tail calls
 *   each_     every packet of the capture; multi_: every built-in packet; otherwise the first built-in packet
 *   ctx_      a context comes in and goes out
 * Objects that others wrote know no such names: with --each, all their programs are given every packet of the capture.
 * Redirect maps whose names begin with set_ have entry 0 set before the runs: device 1, or a queue of 64 places.
 * Maps whose names begin with vol_ have contents that nobody promises (evicted entries, addresses): they are not shown.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum kind { KIND_NONE, KIND_XDP, KIND_SKB, KIND_RAW_TP, KIND_SYSCALL };

struct program {
    const char *name, *section;
};

struct map {
    const char *name; /* of globals: from the dot on */
    uint32_t type, key_size, value_size, max_entries, flags;
    size_t copy_size; /* of a value as side_lookup gives it */
    uint32_t cpus;    /* values in it */
};

struct run {
    enum kind kind;
    const uint8_t *data; /* NULL: none */
    size_t size;
    uint8_t *ctx; /* in and out; NULL: none */
    size_t ctx_size;
    uint8_t *out; /* room for the packet afterwards */
    size_t out_size;
    uint32_t result;
};

typedef int (*record_fn)(void *user, const void *record, size_t size);

/* A side: errors of the object end the program with a message and status 3. */
extern const char side_name[];
void side_open(const char *path, bool load); /* load: what is in it is to run, too, or else to be listed only */
size_t side_programs(void);
struct program side_program(size_t index);
int side_run(size_t index, struct run *run); /* 0, or a negative error number */
void side_settle(void);                      /* lets timers that are due expire */
size_t side_maps(void);
struct map side_map(size_t index);
int side_next_key(size_t map, const void *key, void *next);
int side_update(size_t map, const void *key, const void *value);
int side_lookup(size_t map, const void *key, void *value);
int side_pop(size_t map, void *value);
int side_records(size_t map, record_fn visit, void *user); /* ring buffers and perf event arrays; how many there were */
void side_close(void);

#endif
