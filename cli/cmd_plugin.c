/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The plugin protocol of bpf_conformance: the program as hex pairs on standard input, the memory as hex pairs in the
 * first argument if there is any, r0 in hex without 0x on standard output. Helper 5 returns its first argument.
 */
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ENGINE = 256, KEY_ELF, KEY_BLIND };

struct plugin_options {
    const char *memory;
    bool elf, blind;
    enum engine engine;
};

static const struct argp_option options[] = {
    {"engine", KEY_ENGINE, "NAME", 0, "What runs the program: interp (the default) or jit", 0},
    {"blind", KEY_BLIND, NULL, 0, "With --engine jit: let no constant stand in the code as the program chose it", 0},
    {"elf", KEY_ELF, NULL, 0, "Standard input holds the hex pairs of an object instead; its first program is run", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct plugin_options *o = state->input;
    switch (key) {
    case KEY_ENGINE: o->engine = engine_argument(state, argument, false); return 0;
    case KEY_ELF: o->elf = true; return 0;
    case KEY_BLIND: o->blind = true; return 0;
    case ARGP_KEY_ARG:
        if (o->memory)
            argp_error(state, "one memory at a time: '%s' is the second", argument);
        o->memory = argument;
        return 0;
    case ARGP_KEY_END:
        if (o->blind && o->engine != ENGINE_JIT)
            argp_error(state, "--blind is about machine code: --engine jit");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options, parse, "[MEM_HEX]",
    "Run one eBPF program as a plugin of bpf_conformance: hex pairs of the program on standard input, r0 in hex on "
    "standard output. MEM_HEX is the memory as hex pairs, blanks between them or not: r1 is its address and r2 its "
    "length. Helper 5 returns its first argument."
    "\vExample:\n"
    "  skep asm --hex add.s | skep plugin 'aa bb cc dd'\n\n"
    "Exit status: 0 ok, 1 the program was refused or failed, 2 the command line is wrong.",
    NULL, help_filter, NULL};

static uint64_t first_argument(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return r1;
}

static skep_code run_program(const struct plugin_options *o, const struct blob *program, struct blob *memory,
                             uint64_t *result, skep_error *err)
{
    skep_program_info info = {.size = sizeof info, .code = program->data, .code_size = program->size};
    skep_object *object = NULL;
    skep_vm *vm = NULL;
    skep_code code = SKEP_OK;
    enum engine engine = o->engine;
    if (o->elf) {
        code = skep_object_open(program->data, program->size, NULL, &object, err);
        if (code == SKEP_OK && skep_object_program_count(object) > 0)
            code = skep_object_program(object, 0, &info, err);
        else if (code == SKEP_OK) /* says that there are none */
            code = skep_object_find(object, NULL, NULL, &info, err);
    }
    skep_vm_options vm_options = {.size = sizeof vm_options,
                                  .hooks = &tool_hooks,
                                  .kind = SKEP_RAW,
                                  .code = info.code,
                                  .code_size = info.code_size,
                                  .byte_order = info.byte_order};
    skep_exec_options exec = {.size = sizeof exec, .mem = memory->data, .mem_size = memory->size};
    if (memory->size == 0)
        exec.mem = NULL;
    if (code == SKEP_OK)
        code = skep_vm_create(&vm_options, &vm, err);
    if (code == SKEP_OK)
        code = skep_vm_register_fn(vm, 5, first_argument, NULL, err);
    if (code == SKEP_OK)
        code = settle_engine(vm, &engine, true, o->blind, err);
    if (code == SKEP_OK)
        code = engine == ENGINE_JIT ? skep_vm_exec_jit(vm, &exec, result, err) : skep_vm_exec(vm, &exec, result, err);
    skep_vm_free(vm);
    skep_object_free(object);
    return code;
}

int cmd_plugin(int argc, char **argv)
{
    struct plugin_options o = {.engine = ENGINE_INTERP};
    struct blob text = {0}, program = {0}, memory = {0};
    skep_error err;
    uint64_t result = 0;
    int status = STATUS_REFUSED;
    if (argp_parse(&parser, argc, argv, 0, NULL, &o) != 0)
        return STATUS_USAGE;
    if (o.memory && !parse_hex(o.memory, strlen(o.memory), &memory)) {
        complain("the memory is not made of pairs of hex digits: '%.40s'", o.memory);
        return STATUS_USAGE;
    }
    if (!read_input("-", &text)) {
        /* it has said why */
    } else if (!parse_hex((const char *)text.data, text.size, &program)) {
        complain("standard input is not made of pairs of hex digits");
    } else if (run_program(&o, &program, &memory, &result, &err) != SKEP_OK) {
        complain_error(input_name("-"), &err);
    } else {
        printf("%" PRIx64 "\n", result);
        status = finish_output(STATUS_OK);
    }
    free_blob(&text);
    free_blob(&program);
    free_blob(&memory);
    return status;
}
