/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the subcommands of the tool share. A subcommand is a function that gets its arguments (argv[0] is
 * "skep NAME", for messages) and returns the exit status.
 *
 * Conventions: results go to standard output, everything else to standard error, where each line begins with the
 * subcommand's name. Text that may come from a file is printed with its control characters replaced, so that no input
 * can steer a terminal. Options are parsed with argp, whose own errors exit with STATUS_USAGE.
 */
#ifndef SKEP_CLI_H
#define SKEP_CLI_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skep/skep.h"

enum status {
    STATUS_OK = 0,
    STATUS_REFUSED = 1, /* the program or an input is bad, or the run failed */
    STATUS_USAGE = 2    /* the command line is */
};

int cmd_run(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_asm(int argc, char **argv);
int cmd_disasm(int argc, char **argv);
int cmd_plugin(int argc, char **argv);

/* report.c */

/* The subcommand in charge, as "skep run"; set by main. */
extern const char *command_name;

/* One line on standard error, after the subcommand's name. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);
/* The same for an error of the library's: file, line and column or the instruction, and what it says. */
void complain_error(const char *file, const skep_error *err);
/* Replaces control characters. In place; returns the text. */
char *printable(char *text);
/* A JSON string of any bytes. */
json_t *json_text(const char *text);
/* A number as a string of hex digits with 0x: JSON's own numbers are not wide enough. */
json_t *json_hex(uint64_t value);
json_t *json_error(const skep_error *err);
/* Writes and frees. Returns whether standard output took it. */
bool print_json(json_t *json);
/* Flushes standard output; on failure says so and returns STATUS_REFUSED, else `status`. */
int finish_output(int status);

/* input.c */

struct blob {
    unsigned char *data;
    size_t size;
};

/* The whole of a file, or of standard input for "-". On failure complains and returns false. */
bool read_input(const char *path, struct blob *blob);
void free_blob(struct blob *blob);
/* Pairs of hex digits with blanks between them. False: it is something else. `blob` needs to be freed if true. */
bool parse_hex(const char *text, size_t size, struct blob *blob);
/* Hex pairs, or else the name of a file (or "-"). On failure complains and returns false. */
bool read_hex_or_file(const char *text, struct blob *blob);
/* The name of an input for messages. */
const char *input_name(const char *path);
/* A number of an option, decimal or 0x hex, up to `most`; anything else ends the parsing with a usage error. */
uint64_t number_argument(struct argp_state *state, const char *option, const char *text, uint64_t most);
skep_dialect dialect_argument(struct argp_state *state, const char *text);
skep_kind kind_argument(struct argp_state *state, const char *text);
skep_policy policy_argument(struct argp_state *state, const char *text);
/* For struct argp: leaves out what argp says of itself. */
char *help_filter(int key, const char *text, void *input);

enum input_type { INPUT_BYTES, INPUT_TEXT, INPUT_OBJECT };
/* By content: ELF's magic number; text has no control characters; all else is bytes. */
enum input_type input_type_of(const struct blob *blob);

/* A program to run, whatever it came from. Zero before load_program and after free_program. */
struct program {
    enum input_type type;
    skep_program_info info; /* name and section are NULL unless it came from an object */
    struct blob file;
    void *assembled;
    skep_object *object;
    skep_cpus *cpus;
};

struct program_options {
    const char *section, *name; /* NULL: any */
    skep_dialect dialect;       /* of text */
    skep_byte_order byte_order; /* of bytes and text */
    const char *btf;            /* "kernel", or a file; NULL: the object's own types */
    uint32_t cpu_count;         /* of its maps; 0: the machine's */
};

/* On failure complains, fills `err`, and returns false. */
bool load_program(const char *path, const struct program_options *options, struct program *program, skep_error *err);
void free_program(struct program *program);

/* engine.c */

enum engine { ENGINE_AUTO, ENGINE_INTERP, ENGINE_JIT };

enum engine engine_argument(struct argp_state *state, const char *text, bool may_be_auto);
/*
 * Makes the choice, and the machine code if that is it. ENGINE_AUTO becomes ENGINE_JIT if it `pays` and can be had; an
 * ENGINE_JIT that cannot is an error. `blind` is of skep_jit_options. After the helpers, since registering one drops the code.
 */
skep_code settle_engine(skep_vm *vm, enum engine *engine, bool pays, bool blind, skep_error *err);
const char *engine_name(enum engine engine); /* of one that is settled */
void print_jit_stats(const skep_vm *vm);
json_t *jit_stats_json(const skep_vm *vm);

/* helpers.c: the stock helpers under the ids that `skep run --help` tells; false after a complaint. */
bool register_stock_helpers(skep_vm *vm);
extern const char stock_helpers_help[];

/* The tool's hooks: what programs print goes to standard error, or to the log that is open. */
extern const skep_hooks tool_hooks;
/* Both return false after a complaint. Closing without a log is fine. */
bool open_trace_log(const char *path);
bool close_trace_log(const char *path);

#endif
