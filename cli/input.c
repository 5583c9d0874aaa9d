/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Files, hex digits and numbers from the command line, and the way from a file to a program. Sizes are bounded, so that
 * an endless input is an error.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A program of SKEP_MAX_SLOTS is 8 MB; whole object files with debug information may be larger. */
#define INPUT_MOST ((size_t)128 << 20)

const char *input_name(const char *path) { return strcmp(path, "-") == 0 ? "standard input" : path; }

static bool read_stream(FILE *f, const char *path, struct blob *blob)
{
    size_t room = 0;
    *blob = (struct blob){0};
    for (;;) {
        if (blob->size == room) {
            room = room ? room * 2 : 65536;
            unsigned char *data = room <= INPUT_MOST ? realloc(blob->data, room) : NULL;
            if (!data) {
                complain("%s: %s", input_name(path), room > INPUT_MOST ? "longer than 128 MiB" : "out of memory");
                return false;
            }
            blob->data = data;
        }
        size_t got = fread(blob->data + blob->size, 1, room - blob->size, f);
        blob->size += got;
        if (got == 0)
            break;
    }
    if (ferror(f)) {
        complain("%s: %s", input_name(path), strerror(errno));
        return false;
    }
    return true;
}

bool read_input(const char *path, struct blob *blob)
{
    *blob = (struct blob){0};
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!f) {
        complain("%s: %s", path, strerror(errno));
        return false;
    }
    bool ok = read_stream(f, path, blob);
    if (f != stdin)
        fclose(f);
    if (!ok)
        free_blob(blob);
    return ok;
}

void free_blob(struct blob *blob)
{
    free(blob->data);
    *blob = (struct blob){0};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool parse_hex(const char *text, size_t size, struct blob *blob)
{
    *blob = (struct blob){.data = malloc(size / 2 + 1)};
    if (!blob->data)
        return false;
    for (size_t i = 0; i < size;) {
        if (is_blank(text[i])) {
            i++;
            continue;
        }
        int high = hex_digit(text[i]), low = i + 1 < size ? hex_digit(text[i + 1]) : -1;
        if (high < 0 || low < 0) {
            free_blob(blob);
            return false;
        }
        blob->data[blob->size++] = (unsigned char)(high << 4 | low);
        i += 2;
    }
    return true;
}

bool read_hex_or_file(const char *text, struct blob *blob)
{
    return parse_hex(text, strlen(text), blob) || read_input(text, blob);
}

uint64_t number_argument(struct argp_state *state, const char *option, const char *text, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value > most)
        argp_error(state, "%s: '%s' is not a number from 0 to %llu", option, text, (unsigned long long)most);
    return value;
}

skep_dialect dialect_argument(struct argp_state *state, const char *text)
{
    if (strcmp(text, "mnemonic") != 0 && strcmp(text, "kernel") != 0)
        argp_error(state, "--dialect: '%s' is neither mnemonic nor kernel", text);
    return strcmp(text, "kernel") == 0 ? SKEP_KERNEL : SKEP_MNEMONIC;
}

skep_kind kind_argument(struct argp_state *state, const char *text)
{
    static const char *const names[] = {
        [SKEP_NO_DATA] = "none",
        [SKEP_RAW] = "raw",
        [SKEP_MBUFF] = "mbuff",
        [SKEP_FIXED_MBUFF] = "fixed",
        [SKEP_XDP] = "xdp",
        [SKEP_SCHED_CLS] = "sched_cls",
        [SKEP_SOCKET_FILTER] = "socket_filter",
        [SKEP_CGROUP_SKB] = "cgroup_skb",
        [SKEP_KPROBE] = "kprobe",
        [SKEP_TRACEPOINT] = "tracepoint",
        [SKEP_RAW_TRACEPOINT] = "raw_tracepoint",
        [SKEP_PERF_EVENT] = "perf_event",
        [SKEP_SYSCALL] = "syscall",
        [SKEP_XDP_DEVMAP] = "xdp_devmap",
        [SKEP_LWT] = "lwt",
        [SKEP_SK_SKB] = "sk_skb",
        [SKEP_KPROBE_ARM64] = "kprobe_arm64",
    };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], text) == 0)
            return (skep_kind)i;
    argp_error(state, "--kind: '%s' is none of none, raw, mbuff, fixed, or a type of Linux's that is known here "
               "(skep help run)", text);
    return SKEP_NO_DATA;
}

skep_policy policy_argument(struct argp_state *state, const char *text)
{
    static const char *const names[] = {"guarded", "trusted", "strict"};
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(names[i], text) == 0)
            return (skep_policy)i;
    argp_error(state, "--policy: '%s' is none of guarded, trusted, strict", text);
    return SKEP_GUARDED;
}

char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    /* argp's note about short and long options: there is one short option. */
    return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)(uintptr_t)text;
}

enum input_type input_type_of(const struct blob *blob)
{
    if (blob->size >= 4 && memcmp(blob->data, "\177ELF", 4) == 0)
        return INPUT_OBJECT;
    /* A program in bytes ends in an exit, which has zeros. */
    for (size_t i = 0; i < blob->size; i++)
        if ((blob->data[i] < 0x20 && !(blob->data[i] >= '\t' && blob->data[i] <= '\r')) || blob->data[i] == 0x7f)
            return INPUT_BYTES;
    return INPUT_TEXT;
}

/* False after a complaint. */
static bool read_types(const char *from, struct blob *types)
{
    *types = (struct blob){0};
    return !from || read_input(strcmp(from, "kernel") == 0 ? "/sys/kernel/btf/vmlinux" : from, types);
}

static skep_code find_program(const struct program_options *options, struct program *p, skep_error *err)
{
    struct blob types;
    skep_object_options object = {.size = sizeof object, .hooks = &tool_hooks};
    skep_code code = options->cpu_count ? skep_cpus_create(&tool_hooks, options->cpu_count, &p->cpus, err) : SKEP_OK;
    if (code != SKEP_OK)
        return code;
    if (!read_types(options->btf, &types)) {
        snprintf(err->message, sizeof err->message, "there are no types for its relocations");
        return err->code;
    }
    object.cpus = p->cpus;
    object.btf = types.data;
    object.btf_size = types.size;
    code = skep_object_open(p->file.data, p->file.size, &object, &p->object, err);
    free_blob(&types);
    if (code == SKEP_OK)
        code = skep_object_find(p->object, options->section, options->name, &p->info, err);
    return code;
}

static skep_code assemble_program(const struct program_options *options, struct program *p, skep_error *err)
{
    skep_text_options text = {.size = sizeof text,
                              .hooks = &tool_hooks,
                              .dialect = options->dialect,
                              .byte_order = options->byte_order};
    skep_code code =
        skep_assemble((const char *)p->file.data, p->file.size, &text, &p->assembled, &p->info.code_size, err);
    p->info.code = p->assembled;
    p->info.byte_order = options->byte_order;
    return code;
}

bool load_program(const char *path, const struct program_options *options, struct program *p, skep_error *err)
{
    *p = (struct program){.info = {.size = sizeof p->info}};
    *err = (skep_error){.code = SKEP_ERR_IO, .pc = SKEP_NO_PC, .message = "the file cannot be read"};
    if (!read_input(path, &p->file))
        return false;
    p->type = input_type_of(&p->file);
    skep_code code = SKEP_OK;
    if (p->type != INPUT_OBJECT && (options->section || options->name)) {
        *err = (skep_error){.code = SKEP_ERR_ARGUMENT, .pc = SKEP_NO_PC};
        snprintf(err->message, sizeof err->message, "not an object, so it has no sections or named programs");
        code = err->code;
    } else if (p->type == INPUT_OBJECT) {
        code = find_program(options, p, err);
    } else if (p->type == INPUT_TEXT) {
        code = assemble_program(options, p, err);
    } else {
        p->info.code = p->file.data;
        p->info.code_size = p->file.size;
        p->info.byte_order = options->byte_order;
    }
    if (code != SKEP_OK) {
        complain_error(input_name(path), err);
        free_program(p);
        return false;
    }
    return true;
}

void free_program(struct program *p)
{
    skep_free(&tool_hooks, p->assembled);
    skep_object_free(p->object);
    skep_cpus_free(p->cpus);
    free_blob(&p->file);
    *p = (struct program){0};
}
