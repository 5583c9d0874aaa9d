/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * `skep asm`: nothing is written before the whole text has been assembled, and bytes go to a terminal only if asked for.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_DIALECT = 256, KEY_HEX, KEY_BIG_ENDIAN };

struct asm_options {
    const char *input, *output;
    skep_dialect dialect;
    skep_byte_order byte_order;
    bool hex;
};

static const struct argp_option options[] = {
    {"dialect", KEY_DIALECT, "NAME", 0, "What the text is written in: mnemonic (add64 r1, 0x605; the default) or "
                                        "kernel (r1 += 1541)", 0},
    {"output", 'o', "OUT", 0, "Where the bytes go; - or nothing: standard output", 0},
    {"hex", KEY_HEX, NULL, 0, "Write hex pairs, an 8-byte slot per line, instead of bytes", 0},
    {"big-endian", KEY_BIG_ENDIAN, NULL, 0, "Make a program for big-endian machines", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct asm_options *o = state->input;
    switch (key) {
    case KEY_DIALECT: o->dialect = dialect_argument(state, argument); return 0;
    case 'o': o->output = argument; return 0;
    case KEY_HEX: o->hex = true; return 0;
    case KEY_BIG_ENDIAN: o->byte_order = SKEP_BIG_ENDIAN; return 0;
    case ARGP_KEY_ARG:
        if (o->input)
            argp_error(state, "one text at a time: '%s' is the second", argument);
        o->input = argument;
        return 0;
    case ARGP_KEY_END:
        if (!o->input)
            argp_error(state, "which text? Give a file, or - for standard input");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options, parse, "FILE|-",
    "Assemble a text into the bytes of an eBPF program. The text is not checked beyond its syntax: `skep run` does "
    "that."
    "\vExamples:\n"
    "  skep asm filter.s -o filter.bin\n"
    "  skep asm --hex -\n"
    "  skep asm --dialect kernel filter.s | skep disasm -\n\n"
    "Exit status: 0 ok, 1 the text was refused or a file failed, 2 the command line is wrong.",
    NULL, help_filter, NULL};

static bool write_code(FILE *out, const struct asm_options *o, const unsigned char *code, size_t size)
{
    if (!o->hex)
        return fwrite(code, 1, size, out) == size;
    for (size_t i = 0; i < size; i++)
        if (fprintf(out, "%02x%c", code[i], i % 8 == 7 ? '\n' : ' ') < 0)
            return false;
    return true;
}

int cmd_asm(int argc, char **argv)
{
    struct asm_options o = {0};
    struct blob text;
    void *code = NULL;
    size_t size = 0;
    skep_error err;
    if (argp_parse(&parser, argc, argv, 0, NULL, &o) != 0)
        return STATUS_USAGE;
    bool to_stdout = !o.output || strcmp(o.output, "-") == 0;
    if (!o.output && !o.hex && isatty(STDOUT_FILENO)) {
        complain("bytes are not written to a terminal: use --hex, -o FILE, or -o - if they are wanted there");
        return STATUS_USAGE;
    }
    if (!read_input(o.input, &text))
        return STATUS_REFUSED;
    skep_text_options text_options = {
        .size = sizeof text_options, .hooks = &tool_hooks, .dialect = o.dialect, .byte_order = o.byte_order};
    if (skep_assemble((const char *)text.data, text.size, &text_options, &code, &size, &err) != SKEP_OK) {
        complain_error(input_name(o.input), &err);
        free_blob(&text);
        return STATUS_REFUSED;
    }
    free_blob(&text);
    int status = STATUS_OK;
    if (to_stdout) {
        write_code(stdout, &o, code, size);
        status = finish_output(STATUS_OK);
    } else {
        FILE *out = fopen(o.output, "wb");
        bool ok = out && write_code(out, &o, code, size);
        if ((out && fclose(out) != 0) || !ok) {
            complain("%s: %s", o.output, strerror(errno));
            status = STATUS_REFUSED;
        }
    }
    skep_free(&tool_hooks, code);
    return status;
}
