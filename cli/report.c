/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * All that goes to standard error, and the JSON that several subcommands write. Errors of the library's say where they
 * are unless their message does already.
 */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *command_name = "skep";

char *printable(char *text)
{
    unsigned char *p = (unsigned char *)text;
    for (; *p; p++) {
        if (*p < 0x20 || *p == 0x7f)
            *p = '?';
        if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* C1 controls in UTF-8 */
            p[0] = p[1] = '?';
    }
    return text;
}

void complain(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", command_name, length < 0 ? "out of memory" : printable(text));
    if (length >= 0)
        free(text);
}

/* What the message leaves out of where it happened. */
static void tail_of(const skep_error *err, char *out, size_t size)
{
    char pc[32], address[32];
    bool has_pc, has_address;
    snprintf(pc, sizeof pc, "instruction %" PRIu64, err->pc);
    snprintf(address, sizeof address, "0x%" PRIx64, err->address);
    has_pc = err->pc == SKEP_NO_PC || strstr(err->message, pc);
    has_address = (err->code != SKEP_ERR_ACCESS && err->code != SKEP_ERR_ALIGN) || strstr(err->message, address);
    snprintf(out, size, "%s%s%s%s%s", has_pc && has_address ? "" : " (", has_pc ? "" : "at ", has_pc ? "" : pc,
             has_address ? "" : has_pc ? "address " : ", address ", has_address ? "" : address);
    if (!has_pc || !has_address)
        strncat(out, ")", size - strlen(out) - 1);
}

void complain_error(const char *file, const skep_error *err)
{
    char tail[96];
    tail_of(err, tail, sizeof tail);
    if (err->line)
        complain("%s:%" PRIu32 ":%" PRIu32 ": %s%s", file, err->line, err->column, err->message, tail);
    else
        complain("%s: %s%s", file, err->message, tail);
}

json_t *json_text(const char *text)
{
    json_t *json = json_string(text);
    if (json)
        return json;
    /* Not UTF-8: keep what is ASCII. */
    char *copy = strdup(text);
    if (!copy)
        return NULL;
    for (unsigned char *p = (unsigned char *)copy; *p; p++)
        if (*p >= 0x80)
            *p = '?';
    json = json_string(copy);
    free(copy);
    return json;
}

json_t *json_hex(uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    return json_string(text);
}

json_t *json_error(const skep_error *err)
{
    json_t *json = json_object();
    json_object_set_new(json, "code", json_integer(err->code));
    json_object_set_new(json, "name", json_text(skep_code_name(err->code)));
    json_object_set_new(json, "message", json_text(err->message));
    if (err->pc != SKEP_NO_PC)
        json_object_set_new(json, "pc", json_integer((json_int_t)err->pc));
    if (err->code == SKEP_ERR_ACCESS || err->code == SKEP_ERR_ALIGN)
        json_object_set_new(json, "address", json_hex(err->address));
    if (err->code == SKEP_ERR_HELPER)
        json_object_set_new(json, "detail", json_integer(err->detail));
    if (err->line) {
        json_object_set_new(json, "line", json_integer(err->line));
        json_object_set_new(json, "column", json_integer(err->column));
    }
    return json;
}

bool print_json(json_t *json)
{
    bool ok = json && json_dumpf(json, stdout, JSON_INDENT(4)) == 0 && putchar('\n') != EOF;
    json_decref(json);
    return ok;
}

int finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno != EPIPE)
        complain("standard output: %s", strerror(errno));
    return STATUS_REFUSED;
}

static FILE *trace_log;

bool open_trace_log(const char *path)
{
    trace_log = fopen(path, "wb");
    if (!trace_log)
        complain("%s: %s", path, strerror(errno));
    return trace_log != NULL;
}

bool close_trace_log(const char *path)
{
    FILE *file = trace_log;
    trace_log = NULL;
    if (!file)
        return true;
    bool failed = ferror(file) != 0;
    failed |= fclose(file) != 0;
    if (failed)
        complain("%s: %s", path, strerror(errno));
    return !failed;
}

static void log_text(void *user, const char *text, size_t size)
{
    (void)user;
    fwrite(text, 1, size, trace_log ? trace_log : stderr);
}

const skep_hooks tool_hooks = {.size = sizeof tool_hooks, .log = log_text};
