/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* `skep disasm --native`: a program's instructions with the machine code that is made for them. */
#ifndef SKEP_CLI_NATIVE_H
#define SKEP_CLI_NATIVE_H

#include "cli.h"

struct native_options {
    skep_dialect dialect;
    skep_kind kind;
    skep_policy policy;
    bool blind;
};

/*
 * As text on standard output, or into the program's JSON when `json` is not NULL; `array` then has an object for each
 * instruction, in order. `name` is for messages. False after a complaint.
 */
bool show_native(const struct native_options *options, const skep_program_info *info, const char *name,
                 const skep_insn *insns, size_t count, json_t *json, json_t *array);

#endif
