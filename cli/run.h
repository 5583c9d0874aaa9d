/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What `skep run` is made of: the command line (cmd_run.c), one run (single.c), runs over a capture (capture.c).
 */
#ifndef SKEP_CLI_RUN_H
#define SKEP_CLI_RUN_H

#include "cli.h"

struct run_options {
    const char *input;
    struct program_options program;
    skep_kind kind;
    bool kind_given, data_given, data_end_given;
    size_t data_offset, data_end_offset;
    const char *mem, *mbuff; /* hex or file; NULL: none */
    const char *pcap, *write;
    skep_policy policy;
    uint64_t budget; /* 0: the library's default */
    uint64_t repeat;
    enum engine engine;
    bool json, verbose, stats, blind;
};

/* A VM with all that its runs share. */
struct runner {
    const struct run_options *options;
    const struct program *program;
    skep_vm *vm;
    struct blob mbuff;    /* as given */
    unsigned char *scratch; /* the metadata buffer of a run */
    void *workspace;
    size_t workspace_size;
    uint64_t executed; /* instructions of the last run */
    enum engine engine; /* settled */
    skep_run *prepared; /* for machine code without a capture; NULL before the first run */
    skep_jit_fn function;
};

/* One run over `mem`, which the program may change; without a capture it is the same each time. */
skep_code run_once(struct runner *runner, void *mem, size_t size, uint64_t *result, skep_error *err);

/* Both return the exit status. */
int run_single(struct runner *runner);
int run_capture(struct runner *runner);

json_t *program_json(const struct runner *runner);
double seconds_now(void);

#endif
