/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What `skep run` is made of: the command line (cmd_run.c), one run (single.c), runs over
 * a capture (capture.c), what Linux makes of each type of program (context.c),
 * what is left behind (state.c).
 */
#ifndef SKEP_CLI_RUN_H
#define SKEP_CLI_RUN_H

#include "cli.h"

enum { NAMES_MOST = 256 }; /* of each of --map, --set, --get */

struct run_options {
    const char *input;
    struct program_options program;
    skep_kind kind;
    bool kind_given, data_given, data_end_given;
    size_t data_offset, data_end_offset;
    const char *mem, *mbuff; /* hex or file; NULL: none */
    const char *pcap, *write;
    const char *ctx, *trace_log; /* NULL: none */
    uint64_t time, random;
    bool time_given, random_given;
    skep_policy policy;
    uint64_t budget; /* 0: the library's default */
    uint64_t repeat;
    enum engine engine;
    bool json, verbose, stats, blind;
    bool only_maps; /* skep map: the maps are the result */
    bool all_maps, all_globals;
    const char *map_names[NAMES_MOST], *sets[NAMES_MOST], *gets[NAMES_MOST];
    size_t map_name_count, set_count, get_count;
};

/* A VM with all that its runs share. */
struct runner {
    const struct run_options *options;
    const struct program *program;
    skep_vm *vm;
    skep_kind kind;       /* settled */
    struct blob mbuff;    /* as given; a Linux context, too */
    skep_script script;
    uint64_t clock, random;
    unsigned char *scratch; /* the metadata buffer of a run */
    void *workspace;
    size_t workspace_size;
    uint64_t executed; /* instructions of the last run */
    enum engine engine; /* settled */
    skep_run *prepared; /* for machine code without a capture; NULL before the first run */
    skep_jit_fn function;
};

/*
 * One run over the packet or memory, which the program may change; without a capture it is the same each time. For Linux's
 * packets there is room around it (packet_room). After a run it is where the program left it.
 */
skep_code run_once(struct runner *runner, void **mem, size_t *size, uint64_t *result, skep_error *err);

/* context.c */

bool is_linux_kind(skep_kind kind);
bool is_packet_kind(skep_kind kind); /* of Linux's */
/* The kind of the program's own type, unless the options say otherwise; complains about what does not go together. */
int settle_kind(struct runner *runner);
/* What r0 says about a packet: its lower half for Linux's types. */
uint64_t verdict_of(const struct runner *runner, uint64_t r0);
const char *verdict_name(const struct runner *runner, uint64_t verdict); /* NULL: it has none */
bool verdict_passes(const struct runner *runner, uint64_t verdict);      /* the packet goes on */
void verdict_text(const struct runner *runner, uint64_t verdict, char *out, size_t size);
/* Bytes in front of a packet and behind it that helpers may let it grow into. */
struct packet_room {
    size_t head, tail;
};
struct packet_room packet_room(skep_kind kind, size_t size);
/* Bytes of a captured packet in front of what the program gets. */
size_t link_header(skep_kind kind, size_t size);

/* state.c */

/* Sets what the options set, and finds what they ask for. False after a complaint. */
bool prepare_state(const struct runner *runner);
/* Globals and maps that the options ask for: into the report, or on standard output. */
void add_state(const struct runner *runner, json_t *json);
void print_state(const struct runner *runner);
const char *map_type_name(skep_map_type type);
json_t *global_json(const skep_object *object, const char *name);

/* Both return the exit status. */
int run_single(struct runner *runner);
int run_capture(struct runner *runner);

json_t *program_json(const struct runner *runner);
double seconds_now(void);

#endif
