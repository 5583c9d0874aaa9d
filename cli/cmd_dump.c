/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * `skep dump`: what is in an object. The report is made as JSON; as text, it is printed from that. Types are C, and the
 * listing with source lines is text only.
 */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_TYPES = 256, KEY_LINES, KEY_PROGRAM, KEY_JSON };

struct dump_options {
    const char *input, *type, *program;
    bool types, lines, json;
};

static const struct argp_option options[] = {
    {"types", KEY_TYPES, "NAME", OPTION_ARG_OPTIONAL, "Show its types (BTF) as C declarations: all, or those of this name", 0},
    {"lines", KEY_LINES, NULL, 0, "Show its programs' instructions with the source lines that they come from", 0},
    {"program", KEY_PROGRAM, "NAME", 0, "With --lines: only the programs of this name", 0},
    {"json", KEY_JSON, NULL, 0, "Write JSON", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct dump_options *o = state->input;
    switch (key) {
    case KEY_TYPES:
        o->types = true;
        o->type = argument;
        return 0;
    case KEY_LINES: o->lines = true; return 0;
    case KEY_PROGRAM: o->program = argument; return 0;
    case KEY_JSON: o->json = true; return 0;
    case ARGP_KEY_ARG:
        if (o->input)
            argp_error(state, "one object at a time: '%s' is the second", argument);
        o->input = argument;
        return 0;
    case ARGP_KEY_END:
        if (!o->input)
            argp_error(state, "which object? Give a file, or - for standard input");
        if (o->types + o->lines + o->json > 1)
            argp_error(state, "one of --types, --lines and --json");
        if (o->program && !o->lines)
            argp_error(state, "--program is for --lines");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options, parse, "OBJECT|-",
    "Show what is in an object (ELF, as clang -target bpf writes it): its license, programs, maps, global variables and "
    "relocations, its types, or its source lines."
    "\vExamples:\n"
    "  skep dump filter.o\n"
    "  skep dump --types=flow filter.o\n"
    "  skep dump --lines --program filter filter.o\n\n"
    "Exit status: 0 ok, 1 the object was refused or a file failed, 2 the command line is wrong.",
    NULL, help_filter, NULL};

/* The library's text as a JSON string; null when it is empty or cannot be had. */
static json_t *adopt_text(skep_code code, char *text)
{
    json_t *json = code == SKEP_OK && text[0] ? json_text(text) : json_null();
    if (code == SKEP_OK)
        skep_free(&tool_hooks, text);
    return json;
}

static json_t *programs_json(const skep_object *object)
{
    json_t *array = json_array();
    for (size_t i = 0; i < skep_object_program_count(object); i++) {
        skep_program_info info = {.size = sizeof info};
        skep_error err;
        skep_code code = skep_object_program(object, i, &info, &err);
        json_t *json = json_object();
        json_object_set_new(json, "name", json_text(info.name));
        json_object_set_new(json, "section", json_text(info.section));
        json_object_set_new(json, "type", json_text(info.type_name ? info.type_name : "unspec"));
        json_object_set_new(json, "attach", json_text(info.attach ? info.attach : ""));
        json_object_set_new(json, "autoload", json_boolean(info.autoload));
        if (code == SKEP_OK)
            json_object_set_new(json, "bytes", json_integer((json_int_t)info.code_size));
        else
            json_object_set_new(json, "error", json_error(&err));
        json_array_append_new(array, json);
    }
    return array;
}

static json_t *maps_of(const skep_object *object)
{
    json_t *array = json_array();
    for (size_t i = 0; i < skep_object_map_count(object); i++) {
        skep_object_map_info info = {.size = sizeof info};
        char *key = NULL, *value = NULL;
        if (skep_object_map(object, i, &info, NULL) != SKEP_OK || info.is_data)
            continue;
        json_t *json = json_object();
        json_object_set_new(json, "name", json_text(info.name));
        json_object_set_new(json, "type", json_text(map_type_name(info.type)));
        json_object_set_new(json, "key_size", json_integer(info.key_size));
        json_object_set_new(json, "value_size", json_integer(info.value_size));
        skep_code code = skep_object_map_type(object, i, SKEP_MAP_KEY, &key, NULL);
        json_object_set_new(json, "key", adopt_text(code, key));
        code = skep_object_map_type(object, i, SKEP_MAP_VALUE, &value, NULL);
        json_object_set_new(json, "value", adopt_text(code, value));
        json_object_set_new(json, "max_entries", json_integer(info.max_entries));
        json_object_set_new(json, "flags", json_hex(info.flags));
        json_array_append_new(array, json);
    }
    return array;
}

static json_t *globals_of(const skep_object *object)
{
    json_t *array = json_array();
    skep_global_info info = {.size = sizeof info};
    for (size_t cursor = 0; skep_object_next_global(object, &cursor, &info);) {
        char *type = NULL;
        json_t *json = json_object();
        skep_code code = skep_object_global_type(object, info.name, &type, NULL);
        json_object_set_new(json, "name", json_text(info.name));
        json_object_set_new(json, "section", json_text(info.section));
        json_object_set_new(json, "declaration", adopt_text(code, type));
        json_object_set_new(json, "size", json_integer((json_int_t)info.value_size));
        json_object_set_new(json, "constant", json_boolean(info.is_constant));
        json_object_set_new(json, "value", global_json(object, info.name));
        json_array_append_new(array, json);
    }
    return array;
}

static bool add_relocation(void *user, const skep_relocation *relocation)
{
    json_t *json = json_object();
    json_object_set_new(json, "section", json_text(relocation->section));
    json_object_set_new(json, "pc", json_integer(relocation->slot));
    json_object_set_new(json, "core", json_boolean(relocation->is_core));
    json_object_set_new(json, "type", json_integer(relocation->type));
    json_object_set_new(json, "asks", json_text(relocation->asks));
    return json_array_append_new(user, json) == 0;
}

static const char *string_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "";
}

static long long number_of(const json_t *json, const char *key) { return json_integer_value(json_object_get(json, key)); }

__attribute__((format(printf, 1, 2))) static void line(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    if (vasprintf(&text, format, args) >= 0) {
        puts(printable(text));
        free(text);
    }
    va_end(args);
}

static void print_report(const json_t *report)
{
    size_t i;
    json_t *j;
    line("license: %s", string_of(report, "license"));
    json_array_foreach (json_object_get(report, "programs"), i, j) {
        const json_t *error = json_object_get(j, "error");
        if (error)
            line("program %s: section %s, type %s: %s", string_of(j, "name"), string_of(j, "section"), string_of(j, "type"),
                 string_of(error, "message"));
        else
            line("program %s: section %s, type %s%s%s, %lld bytes%s", string_of(j, "name"), string_of(j, "section"),
                 string_of(j, "type"), string_of(j, "attach")[0] ? ", attach " : "", string_of(j, "attach"),
                 number_of(j, "bytes"), json_is_false(json_object_get(j, "autoload")) ? ", not loaded by itself" : "");
    }
    json_array_foreach (json_object_get(report, "maps"), i, j)
        line("map %s: %s, key %s (%lld bytes), value %s (%lld bytes), %lld entries, flags %s", string_of(j, "name"),
             string_of(j, "type"), string_of(j, "key")[0] ? string_of(j, "key") : "?", number_of(j, "key_size"),
             string_of(j, "value")[0] ? string_of(j, "value") : "?", number_of(j, "value_size"), number_of(j, "max_entries"),
             string_of(j, "flags"));
    json_array_foreach (json_object_get(report, "globals"), i, j) {
        char *value = json_dumps(json_object_get(j, "value"), JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        const char *declaration = string_of(j, "declaration");
        line("%s: %s%s = %s", string_of(j, "section"), json_is_true(json_object_get(j, "constant")) ? "constant " : "",
             declaration[0] ? declaration : string_of(j, "name"), value ? value : "?");
        free(value);
    }
    json_array_foreach (json_object_get(report, "relocations"), i, j)
        line("relocation %s:%lld: %s%s", string_of(j, "section"), number_of(j, "pc"),
             json_is_true(json_object_get(j, "core")) ? "CO-RE: " : "", string_of(j, "asks"));
}

static int dump_report(const struct dump_options *o, const skep_object *object)
{
    skep_error err;
    json_t *report = json_object(), *relocations = json_array();
    json_object_set_new(report, "license", json_text(skep_object_license(object)));
    json_object_set_new(report, "programs", programs_json(object));
    json_object_set_new(report, "maps", maps_of(object));
    json_object_set_new(report, "globals", globals_of(object));
    skep_code code = skep_object_relocations(object, add_relocation, relocations, &err);
    json_object_set_new(report, "relocations", relocations);
    if (code != SKEP_OK)
        complain_error(input_name(o->input), &err);
    if (o->json) {
        print_json(report);
    } else {
        print_report(report);
        json_decref(report);
    }
    return code == SKEP_OK ? STATUS_OK : STATUS_REFUSED;
}

static int dump_types(const struct dump_options *o, const skep_object *object)
{
    char *text = NULL;
    skep_error err;
    if (skep_object_types(object, o->type, &text, &err) != SKEP_OK) {
        complain_error(input_name(o->input), &err);
        return STATUS_REFUSED;
    }
    for (char *p = text; *p;) { /* a line at a time: ends of lines are not to be replaced */
        char *end = strchr(p, '\n');
        if (end)
            *end = 0;
        for (char *c = p; *c; c++)
            if (*c == '\t')
                *c = ' ';
        puts(printable(p));
        p = end ? end + 1 : p + strlen(p);
    }
    skep_free(&tool_hooks, text);
    return STATUS_OK;
}

static bool list_program(const struct dump_options *o, const skep_object *object, size_t index, const skep_program_info *info)
{
    skep_text_options text_options = {.size = sizeof text_options, .hooks = &tool_hooks, .byte_order = info->byte_order};
    skep_insn *insns = NULL;
    size_t count = 0;
    skep_error err;
    skep_source_line before = {0}, now;
    if (skep_insn_list(info->code, info->code_size, &text_options, &insns, &count, &err) != SKEP_OK) {
        complain_error(input_name(o->input), &err);
        return false;
    }
    line("# %s (section %s)", info->name, info->section);
    for (size_t i = 0; i < count; i++) {
        char text[160];
        if (skep_object_source(object, index, insns[i].pc, &now) && (now.line != before.line || now.file != before.file)) {
            const char *source = now.text + strspn(now.text, " \t");
            line("; %s:%" PRIu32 ": %s", now.file, now.line, source);
            before = now;
        }
        skep_insn_format(&insns[i], SKEP_KERNEL, text, sizeof text);
        printf("%6" PRIu32 ": %s\n", insns[i].pc, text);
    }
    skep_free(&tool_hooks, insns);
    return true;
}

static int dump_lines(const struct dump_options *o, const skep_object *object)
{
    int status = STATUS_OK;
    bool any = false;
    for (size_t i = 0; i < skep_object_program_count(object); i++) {
        skep_program_info info = {.size = sizeof info};
        skep_error err;
        skep_code code = skep_object_program(object, i, &info, &err);
        if (o->program && strcmp(o->program, info.name) != 0)
            continue;
        any = true;
        if (code != SKEP_OK)
            complain_error(input_name(o->input), &err);
        if (code != SKEP_OK || !list_program(o, object, i, &info))
            status = STATUS_REFUSED;
    }
    if (!any) {
        complain("%s: it has no program%s%s", input_name(o->input), o->program ? " named " : "s", o->program ? o->program : "");
        status = STATUS_REFUSED;
    }
    return status;
}

int cmd_dump(int argc, char **argv)
{
    struct dump_options o = {0};
    struct blob file;
    skep_object_options object_options = {.size = sizeof object_options, .hooks = &tool_hooks};
    skep_object *object = NULL;
    skep_error err;
    if (argp_parse(&parser, argc, argv, 0, NULL, &o) != 0)
        return STATUS_USAGE;
    if (!read_input(o.input, &file))
        return STATUS_REFUSED;
    int status = STATUS_REFUSED;
    if (skep_object_open(file.data, file.size, &object_options, &object, &err) != SKEP_OK)
        complain_error(input_name(o.input), &err);
    else
        status = o.types ? dump_types(&o, object) : o.lines ? dump_lines(&o, object) : dump_report(&o, object);
    skep_object_free(object);
    free_blob(&file);
    return finish_output(status);
}
