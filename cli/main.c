/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Finds the subcommand. Each parses its own arguments; `skep help NAME` is `skep NAME --help`.
 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"run", cmd_run, "run a program, on its own or over a capture"},
    {"map", cmd_map, "run a program of an object and show its maps"},
    {"asm", cmd_asm, "assemble a text into a program's bytes"},
    {"disasm", cmd_disasm, "show a program or an object as text or JSON"},
    {"dump", cmd_dump, "show what is in an object"},
    {"plugin", cmd_plugin, "run one program as bpf_conformance asks for it"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out)
{
    fputs("Usage: skep COMMAND [ARGUMENT...]\n"
          "Run, assemble and look into eBPF programs, without a kernel and without root.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("  help     show this, or the help of a command\n\n"
          "Options:\n"
          "  --help     show this\n"
          "  --version  show the version\n\n"
          "Examples:\n"
          "  skep run filter.o --section filter --pcap traffic.pcap\n"
          "  echo 'mov64 r0, 42; exit' | tr ';' '\\n' | skep run -\n"
          "  skep disasm filter.o\n\n"
          "`skep help COMMAND` (or `skep COMMAND --help`) tells more. Exit status: 0 ok, 1 a program or\n"
          "an input was refused or a run failed, 2 the command line is wrong.\n",
          out);
}

/* How many characters must be inserted, removed or replaced to make one word of the other; short words only. */
static size_t distance(const char *a, const char *b)
{
    enum { MOST = 16 };
    size_t row[MOST + 1], n = strlen(b);
    if (strlen(a) > MOST || n > MOST)
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            size_t least = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            diagonal = row[j + 1];
            row[j + 1] = replaced < least ? replaced : least;
        }
    }
    return row[n];
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    static const char *const aliases[][2] = {
        {"assemble", "asm"}, {"as", "asm"}, {"disassemble", "disasm"}, {"exec", "run"}};
    const char *near = NULL;
    size_t nearest = 3;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i][0], name) == 0)
            near = aliases[i][1];
    for (size_t i = 0; i < COMMANDS && !near; i++)
        if (distance(name, commands[i].name) < nearest) {
            nearest = distance(name, commands[i].name);
            near = commands[i].name;
        }
    if (near)
        complain("there is no command '%s'; did you mean '%s'?", name, near);
    else
        complain("there is no command '%s'; `skep --help` lists them", name);
    return STATUS_USAGE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    static char name[64];
    snprintf(name, sizeof name, "skep %s", command->name);
    command_name = argv[0] = name;
    argp_err_exit_status = STATUS_USAGE;
    return command->run(argc, argv);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("skep %s\n", skep_version());
        return finish_output(STATUS_OK);
    }
    bool is_help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0;
    if (is_help && argc == 2) {
        print_help(stdout);
        return finish_output(STATUS_OK);
    }
    const struct command *command = find_command(argv[is_help ? 2 : 1]);
    if (is_help && argc > 3) {
        complain("help takes the name of one command");
        return STATUS_USAGE;
    }
    if (!command)
        return unknown_command(argv[is_help ? 2 : 1]);
    if (is_help) {
        char help[] = "--help";
        char *arguments[] = {argv[0], help, NULL};
        return run_command(command, 2, arguments);
    }
    return run_command(command, argc - 1, argv + 1);
}
