/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * `skep disasm`: a program's bytes, or every program of an object, each on its own. Text is what `skep asm` takes again;
 * JSON has rbpf's fields (numbers as strings of hex digits) and more. What cannot be shown does not hide the rest.
 */
#include "native.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_DIALECT = 256, KEY_SECTION, KEY_PROGRAM, KEY_JSON, KEY_PC, KEY_BIG_ENDIAN, KEY_NATIVE, KEY_KIND, KEY_POLICY, KEY_BLIND };

struct disasm_options {
    const char *input, *section, *program;
    skep_dialect dialect;
    skep_byte_order byte_order;
    bool json, pc, native, blind, native_given; /* native_given: options that need it */
    skep_kind kind;
    skep_policy policy;
};

static const struct argp_option options[] = {
    {"dialect", KEY_DIALECT, "NAME", 0, "What to write: mnemonic (add64 r1, 0x605; the default) or kernel "
                                        "(r1 += 1541)", 0},
    {"section", KEY_SECTION, "NAME", 0, "Of an object: only the programs of this section", 0},
    {"program", KEY_PROGRAM, "NAME", 0, "Of an object: only the program of this name", 0},
    {"pc", KEY_PC, NULL, 0, "Begin each line with the number of the instruction's first slot", 0},
    {"json", KEY_JSON, NULL, 0, "Write JSON: the fields of each instruction, its text and its meaning", 0},
    {"big-endian", KEY_BIG_ENDIAN, NULL, 0, "The bytes are for big-endian machines (objects say so themselves)", 0},
    {"native", KEY_NATIVE, NULL, 0, "Show each instruction with the machine code that is made for it", 0},
    {"kind", KEY_KIND, "KIND", 0, "With --native: what r1 is, as for skep run (default raw)", 0},
    {"policy", KEY_POLICY, "NAME", 0, "With --native: what becomes of accesses, as for skep run (default guarded)", 0},
    {"blind", KEY_BLIND, NULL, 0, "With --native: let no constant stand as the program chose it, as for skep run", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct disasm_options *o = state->input;
    switch (key) {
    case KEY_DIALECT: o->dialect = dialect_argument(state, argument); return 0;
    case KEY_SECTION: o->section = argument; return 0;
    case KEY_PROGRAM: o->program = argument; return 0;
    case KEY_PC: o->pc = true; return 0;
    case KEY_JSON: o->json = true; return 0;
    case KEY_NATIVE: o->native = true; return 0;
    case KEY_KIND:
        o->kind = kind_argument(state, argument);
        o->native_given = true;
        return 0;
    case KEY_POLICY:
        o->policy = policy_argument(state, argument);
        o->native_given = true;
        return 0;
    case KEY_BLIND: o->blind = o->native_given = true; return 0;
    case KEY_BIG_ENDIAN: o->byte_order = SKEP_BIG_ENDIAN; return 0;
    case ARGP_KEY_ARG:
        if (o->input)
            argp_error(state, "one input at a time: '%s' is the second", argument);
        o->input = argument;
        return 0;
    case ARGP_KEY_END:
        if (!o->input)
            argp_error(state, "which program? Give a file, or - for standard input");
        if (o->native_given && !o->native)
            argp_error(state, "--kind, --policy and --blind are for --native");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options, parse, "FILE|-",
    "Show an eBPF program as text that `skep asm` takes, or as JSON. FILE holds the bytes of a program, or is an "
    "object (ELF, as clang -target bpf writes it): of that all programs are shown, each with the functions that it calls "
    "behind it. With --native FILE may also be a text."
    "\vExamples:\n"
    "  skep disasm filter.bin\n"
    "  skep disasm --dialect kernel --pc filter.o --program filter\n"
    "  skep disasm --json filter.o\n"
    "  skep disasm --native --policy trusted filter.o --program filter\n\n"
    "Exit status: 0 ok, 1 the program was refused or a file failed, 2 the command line is wrong.",
    NULL, help_filter, NULL};

static json_t *insn_json(const skep_insn *insn)
{
    char mnemonic[160], kernel[160];
    skep_insn_format(insn, SKEP_MNEMONIC, mnemonic, sizeof mnemonic);
    skep_insn_format(insn, SKEP_KERNEL, kernel, sizeof kernel);
    json_t *json = json_object();
    json_object_set_new(json, "pc", json_integer(insn->pc));
    json_object_set_new(json, "slots", json_integer(insn->slots));
    json_object_set_new(json, "opc", json_hex(insn->opcode));
    json_object_set_new(json, "dst", json_hex(insn->dst));
    json_object_set_new(json, "src", json_hex(insn->src));
    json_object_set_new(json, "off", json_hex((uint16_t)insn->off));
    json_object_set_new(json, "imm", json_hex(insn->slots == 2 ? (uint64_t)insn->imm : (uint32_t)insn->imm));
    json_object_set_new(json, "name", json_text(insn->name));
    json_object_set_new(json, "desc", json_text(mnemonic));
    json_object_set_new(json, "kernel", json_text(kernel));
    json_object_set_new(json, "meaning", json_text(insn->meaning));
    json_object_set_new(json, "group", json_text(insn->group));
    return json;
}

/* The instructions of one program: as a JSON object, or as text on standard output when `json` is NULL. */
static bool show(const struct disasm_options *o, const skep_program_info *info, json_t **json)
{
    skep_text_options text_options = {
        .size = sizeof text_options, .hooks = &tool_hooks, .dialect = o->dialect, .byte_order = info->byte_order};
    const char *name = info->name ? info->name : input_name(o->input);
    skep_error err;
    if (!json && !o->pc && !o->native) {
        char *text = NULL;
        if (skep_disassemble(info->code, info->code_size, &text_options, &text, NULL, &err) != SKEP_OK) {
            complain_error(name, &err);
            return false;
        }
        fputs(text, stdout);
        skep_free(&tool_hooks, text);
        return true;
    }
    skep_insn *insns = NULL;
    size_t count = 0;
    if (skep_insn_list(info->code, info->code_size, &text_options, &insns, &count, &err) != SKEP_OK) {
        complain_error(name, &err);
        return false;
    }
    json_t *array = json ? json_array() : NULL;
    for (size_t i = 0; i < count && (json || !o->native); i++) {
        char text[160];
        if (json) {
            json_array_append_new(array, insn_json(&insns[i]));
        } else {
            skep_insn_format(&insns[i], o->dialect, text, sizeof text);
            printf("%6" PRIu32 ": %s\n", insns[i].pc, text);
        }
    }
    if (json) {
        *json = json_object();
        if (info->name) {
            json_object_set_new(*json, "name", json_text(info->name));
            json_object_set_new(*json, "section", json_text(info->section));
            json_object_set_new(*json, "byte_order", json_text(info->byte_order == SKEP_BIG_ENDIAN ? "big" : "little"));
        }
        json_object_set_new(*json, "size", json_integer((json_int_t)count));
        json_object_set_new(*json, "insns", array);
    }
    bool ok = true;
    if (o->native) {
        const struct native_options native = {o->dialect, o->kind, o->policy, o->blind};
        ok = show_native(&native, info, name, insns, count, json ? *json : NULL, array);
    }
    if (!ok && json) {
        json_decref(*json);
        *json = NULL;
    }
    skep_free(&tool_hooks, insns);
    return ok;
}

/* Every program of the object that the options ask for. One that cannot be shown does not hide the next. */
static int show_object(const struct disasm_options *o, const struct blob *file)
{
    skep_object_options object_options = {.size = sizeof object_options, .hooks = &tool_hooks};
    skep_object *object = NULL;
    skep_error err;
    if (skep_object_open(file->data, file->size, &object_options, &object, &err) != SKEP_OK) {
        complain_error(input_name(o->input), &err);
        return STATUS_REFUSED;
    }
    int status = STATUS_OK;
    size_t shown = 0, matched = 0;
    json_t *programs = o->json ? json_array() : NULL;
    for (size_t i = 0; i < skep_object_program_count(object); i++) {
        skep_program_info info = {.size = sizeof info};
        json_t *json = NULL;
        skep_code code = skep_object_program(object, i, &info, &err);
        if ((o->section && strcmp(o->section, info.section) != 0) ||
            (o->program && strcmp(o->program, info.name) != 0))
            continue;
        matched++;
        if (code != SKEP_OK) {
            complain_error(input_name(o->input), &err);
            status = STATUS_REFUSED;
            continue;
        }
        if (!o->json) {
            char *header = NULL;
            if (asprintf(&header, "%s (section %s)", info.name, info.section) >= 0)
                printf("%s# %s\n", shown ? "\n" : "", printable(header));
            free(header);
        }
        if (!show(o, &info, o->json ? &json : NULL))
            status = STATUS_REFUSED;
        else if (json)
            json_array_append_new(programs, json);
        shown++;
    }
    if (matched == 0) {
        skep_program_info info = {.size = sizeof info};
        if (skep_object_find(object, o->section, o->program, &info, &err) != SKEP_OK)
            complain_error(input_name(o->input), &err);
        status = STATUS_REFUSED;
        json_decref(programs);
    } else if (o->json) {
        json_t *top = json_object();
        json_object_set_new(top, "programs", programs);
        print_json(top);
    }
    skep_object_free(object);
    return finish_output(status);
}

/* A text in place of bytes. */
static bool assemble(const struct disasm_options *o, const struct blob *file, void **assembled, skep_program_info *info)
{
    skep_text_options options = {
        .size = sizeof options, .hooks = &tool_hooks, .dialect = o->dialect, .byte_order = o->byte_order};
    skep_error err;
    if (skep_assemble((const char *)file->data, file->size, &options, assembled, &info->code_size, &err) != SKEP_OK) {
        complain_error(input_name(o->input), &err);
        return false;
    }
    info->code = *assembled;
    return true;
}

int cmd_disasm(int argc, char **argv)
{
    struct disasm_options o = {.kind = SKEP_RAW};
    struct blob file;
    void *assembled = NULL;
    int status = STATUS_REFUSED;
    if (argp_parse(&parser, argc, argv, 0, NULL, &o) != 0)
        return STATUS_USAGE;
    if (!read_input(o.input, &file))
        return STATUS_REFUSED;
    if (input_type_of(&file) == INPUT_OBJECT) {
        status = show_object(&o, &file);
    } else if (o.section || o.program) {
        complain("%s: not an object, so it has no sections or named programs", input_name(o.input));
    } else {
        skep_program_info info = {.size = sizeof info,
                                  .code = file.data,
                                  .code_size = file.size,
                                  .byte_order = o.byte_order};
        json_t *json = NULL;
        bool text = o.native && input_type_of(&file) == INPUT_TEXT;
        if ((!text || assemble(&o, &file, &assembled, &info)) && show(&o, &info, o.json ? &json : NULL)) {
            if (json)
                print_json(json);
            status = finish_output(STATUS_OK);
        }
    }
    skep_free(&tool_hooks, assembled);
    free_blob(&file);
    return status;
}
