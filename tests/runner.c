/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runs the cases in .data files through every engine and policy: runner [-v] [option]... FILE|FOLDER...
 * Needs the public header and the C library only, so that it also runs statically linked on other architectures.
 *
 * A file is one case: lines before the first section and lines that begin with `#` are comments, `-- NAME ...`
 * begins a section. The first five are those of the bpf_conformance project, the others are our own:
 *
 *   -- asm               the program in the mnemonic dialect
 *   -- raw               the program as 64-bit numbers, one per slot; beside `asm`, both must agree
 *   -- mem               hex bytes: r1 is their address, r2 their length; without it both are 0
 *   -- result            r0: hex with 0x, else decimal
 *   -- error             alone: some error is expected, the text below is only for people
 *   -- error CODE        SKEP_ERR_CODE is expected
 *   -- error CODE @PC    and at this slot
 *   -- kernel            the program in the kernel dialect; beside `asm`, both must agree
 *   -- after             hex bytes: what `mem` holds after the run
 *   -- executed N        what the run drew from its budget
 *   -- budget N          instructions that the run may execute
 *   -- policy NAME       guarded or trusted: only that one
 *
 * Other sections are for people. Every run is done twice on one VM: a run must not leave anything behind. Helpers:
 * 5 returns its first argument, 100 the sum of all, 101 fails the run with its first argument as the detail,
 * 102 (a prototype says: memory, size) returns the sum of the bytes.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifdef SKEP_AMALGAMATION
#include "skep.h"
#else
#include "skep/skep.h"
#endif

struct bytes {
    unsigned char *data; /* malloc'ed at its exact size, so that a sanitizer sees what goes beyond */
    size_t size;
};

struct test {
    const char *path;
    const char *text[2]; /* asm and kernel: slices of the file; NULL: none */
    size_t text_size[2];
    struct bytes raw, mem, after;
    bool has_raw, has_mem, has_after, has_result, has_executed, fails;
    int policy; /* -1: all */
    int code;   /* expected error, 0: any */
    uint64_t pc, result, executed, budget;
};

static bool verbose;
static char failure[1024]; /* of the case at hand; empty: none */

static void fail(const char *format, ...)
{
    size_t used = strlen(failure);
    va_list args;
    va_start(args, format);
    if (used < sizeof failure)
        vsnprintf(failure + used, sizeof failure - used, format, args);
    va_end(args);
}

/* ------------------------------------------------------------------------------------------ reading */

static const struct {
    const char *name;
    int code;
} codes[] = {
    {"ARGUMENT", SKEP_ERR_ARGUMENT}, {"MEMORY", SKEP_ERR_MEMORY}, {"STATE", SKEP_ERR_STATE},
    {"UNSUPPORTED", SKEP_ERR_UNSUPPORTED}, {"NOT_FOUND", SKEP_ERR_NOT_FOUND}, {"SYNTAX", SKEP_ERR_SYNTAX},
    {"OBJECT", SKEP_ERR_OBJECT}, {"INVALID", SKEP_ERR_INVALID}, {"REFUSED", SKEP_ERR_REFUSED},
    {"ACCESS", SKEP_ERR_ACCESS}, {"ALIGN", SKEP_ERR_ALIGN}, {"BUDGET", SKEP_ERR_BUDGET},
    {"DEPTH", SKEP_ERR_DEPTH}, {"CALL", SKEP_ERR_CALL}, {"HELPER", SKEP_ERR_HELPER},
};

static const char *code_text(int code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == code)
            return codes[i].name;
    return code ? "?" : "some error";
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0, room = 4096;
    if (!file)
        return NULL;
    for (text = malloc(room); text;) {
        size += fread(text + size, 1, room - size - 1, file);
        if (size < room - 1)
            break;
        char *larger = realloc(text, room *= 2);
        if (!larger)
            free(text);
        text = larger;
    }
    fclose(file);
    if (text)
        text[size] = 0;
    return text;
}

static bool number(const char *word, uint64_t *value)
{
    char *end;
    *value = strtoull(word, &end, strstr(word, "0x") ? 16 : 10);
    return end != word && *end == 0;
}

static void append(struct bytes *bytes, const void *data, size_t size)
{
    unsigned char *larger = realloc(bytes->data, bytes->size + size);
    if (!larger) {
        fputs("runner: out of memory\n", stderr);
        exit(2);
    }
    bytes->data = larger;
    memcpy(larger + bytes->size, data, size);
    bytes->size += size;
}

static void append_hex(struct bytes *bytes, const char *word)
{
    if (strlen(word) % 2)
        fail("odd number of hex digits: %s\n", word);
    for (; word[0] && word[1]; word += 2) {
        char pair[3] = {word[0], word[1], 0}, *end;
        unsigned char byte = (unsigned char)strtoul(pair, &end, 16);
        if (end != pair + 2)
            fail("not hex: %s\n", pair);
        append(bytes, &byte, 1);
    }
}

static void append_slot(struct bytes *bytes, const char *word)
{
    uint64_t value;
    if (!number(word, &value))
        fail("not a number: %s\n", word);
    for (int i = 0; i < 8; i++) {
        unsigned char byte = (unsigned char)(value >> 8 * i);
        append(bytes, &byte, 1);
    }
}

enum section { NONE, ASM, KERNEL, RAW, MEM, AFTER, RESULT };

/* The header of a section, with what stands on its line. */
static enum section begin_section(struct test *test, char *line)
{
    char *name = strtok(line + 2, " \t\r");
    char *word = strtok(NULL, " \t\r");
    if (!name)
        return NONE;
    if (!strcmp(name, "asm"))
        return ASM;
    if (!strcmp(name, "kernel"))
        return KERNEL;
    if (!strcmp(name, "raw"))
        return test->has_raw = true, RAW;
    if (!strcmp(name, "mem"))
        return test->has_mem = true, MEM;
    if (!strcmp(name, "after"))
        return test->has_after = true, AFTER;
    if (!strcmp(name, "result"))
        return RESULT;
    if (!strcmp(name, "error")) {
        test->fails = true;
        for (size_t i = 0; word && i < sizeof codes / sizeof codes[0]; i++)
            if (!strcmp(word, codes[i].name))
                test->code = codes[i].code;
        if (word && !test->code)
            fail("no such error code: %s\n", word);
        word = strtok(NULL, " \t\r");
        if (word && (word[0] != '@' || !number(word + 1, &test->pc)))
            fail("not a slot: %s\n", word);
    } else if (!strcmp(name, "executed")) {
        test->has_executed = word && number(word, &test->executed);
    } else if (!strcmp(name, "budget")) {
        if (!word || !number(word, &test->budget))
            fail("budget without a number\n");
    } else if (!strcmp(name, "policy")) {
        test->policy = word && !strcmp(word, "trusted") ? SKEP_TRUSTED : SKEP_GUARDED;
    }
    return NONE;
}

/* Cuts `file` up in place. */
static void parse(struct test *test, char *file)
{
    enum section section = NONE;
    for (char *line = file, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        size_t length = strlen(line);
        bool header = line[0] == '-' && line[1] == '-';
        if (section == ASM || section == KERNEL) {
            /* Programs stay text: the lines are joined again. */
            int which = section == KERNEL;
            if (!header) {
                if (!test->text[which])
                    test->text[which] = line;
                test->text_size[which] = (size_t)(line + length - test->text[which]);
                if (next)
                    line[length] = '\n';
                continue;
            }
        }
        if (header) {
            section = begin_section(test, line);
            continue;
        }
        if (section == NONE || line[0] == '#')
            continue;
        for (char *word = strtok(line, " \t\r"); word; word = strtok(NULL, " \t\r")) {
            if (section == RAW)
                append_slot(&test->raw, word);
            else if (section == MEM)
                append_hex(&test->mem, word);
            else if (section == AFTER)
                append_hex(&test->after, word);
            else if (!number(word, &test->result))
                fail("not a result: %s\n", word);
            else
                test->has_result = true;
        }
    }
    if (test->fails == test->has_result)
        fail("a case needs a result or an error, and not both\n");
    if (!test->has_raw && !test->text[0] && !test->text[1])
        fail("a case needs a program\n");
    if (test->has_after && (!test->has_mem || test->after.size != test->mem.size))
        fail("`after` needs a `mem` of its size\n");
}

/* ------------------------------------------------------------------------------------------ running */

static uint64_t helper_first(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return r1;
}

static uint64_t helper_sum(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)run;
    return r1 + r2 + r3 + r4 + r5;
}

static uint64_t helper_fail(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5;
    skep_run_fail(run, (int64_t)r1, "helper 101 was called");
    return 0;
}

static uint64_t helper_bytes(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    uint64_t sum = 0;
    (void)r3, (void)r4, (void)r5, (void)run;
    for (uint64_t i = 0; i < r2; i++)
        sum += ((const unsigned char *)(uintptr_t)r1)[i];
    return sum;
}

static skep_code add_helpers(skep_vm *vm, skep_error *err)
{
    static const skep_prototype memory = {.size = sizeof memory, .args = {SKEP_ARG_MEM, SKEP_ARG_SIZE}};
    const skep_helper bytes = {.size = sizeof bytes, .name = "bytes", .fn = helper_bytes, .prototype = &memory};
    skep_code code = skep_vm_register_fn(vm, 5, helper_first, NULL, err);
    if (!code)
        code = skep_vm_register_fn(vm, 100, helper_sum, NULL, err);
    if (!code)
        code = skep_vm_register_fn(vm, 101, helper_fail, NULL, err);
    return code ? code : skep_vm_register(vm, 102, &bytes, err);
}

static void check_error(const struct test *test, const char *how, const skep_error *err)
{
    if (!test->fails)
        fail("%s: %s (expected the result 0x%llx)\n", how, err->message, (unsigned long long)test->result);
    else if (test->code && (int)err->code != test->code)
        fail("%s: expected %s, got %s: %s\n", how, code_text(test->code), code_text((int)err->code), err->message);
    else if (test->pc != SKEP_NO_PC && err->pc != test->pc)
        fail("%s: expected the error at slot %lld, got it at %lld: %s\n", how, (long long)test->pc, (long long)err->pc,
             err->message);
    else if (!memchr(err->message, 0, sizeof err->message) || !err->message[0] || strchr(err->message, '\n'))
        fail("%s: the error's message is not a sentence\n", how);
}

/* One run in one engine; `workspace` is NULL for the library's own. */
static void run(const struct test *test, const skep_vm *vm, bool native, const char *how, void *workspace,
                size_t workspace_size)
{
    skep_error err;
    uint64_t result = 0, executed = 0;
    struct bytes mem = {0};
    if (test->mem.size)
        append(&mem, test->mem.data, test->mem.size);
    skep_exec_options options = {.size = sizeof options, .mem = mem.data, .mem_size = mem.size,
                                 .budget = test->budget, .workspace = workspace,
                                 .workspace_size = workspace_size, .executed = &executed};
    if ((native ? skep_vm_exec_jit : skep_vm_exec)(vm, &options, &result, &err))
        check_error(test, how, &err);
    else if (test->fails)
        fail("%s: expected %s, got the result 0x%llx\n", how, code_text(test->code), (unsigned long long)result);
    else if (result != test->result)
        fail("%s: expected 0x%llx, got 0x%llx\n", how, (unsigned long long)test->result, (unsigned long long)result);
    if (test->has_executed && executed != test->executed)
        fail("%s: expected to execute %llu instructions, got %llu\n", how, (unsigned long long)test->executed,
             (unsigned long long)executed);
    if (test->has_after && memcmp(mem.data, test->after.data, mem.size)) {
        fail("%s: the memory afterwards is ", how);
        for (size_t i = 0; i < mem.size; i++)
            fail("%02x ", mem.data[i]);
        fail("\n");
    }
    free(mem.data);
}

/* How machine code can be made. */
static const struct {
    const char *name;
    skep_jit_options options;
} ways[] = {
    {"", {.size = sizeof(skep_jit_options)}},
    {"blinded ", {.size = sizeof(skep_jit_options), .blind = true}},
    {"portable ", {.size = sizeof(skep_jit_options), .portable = true}},
    {"uncounted ", {.size = sizeof(skep_jit_options), .uncounted = true}},
};

static void run_policy(const struct test *test, const struct bytes *code, skep_byte_order order, skep_policy policy,
                       const char *how)
{
    skep_error err;
    skep_vm *vm = NULL;
    skep_vm_options options = {.size = sizeof options, .kind = test->has_mem ? SKEP_RAW : SKEP_NO_DATA,
                               .policy = policy, .byte_order = order,
                               .budget = policy == SKEP_TRUSTED ? SKEP_BUDGET_NONE : 0};
    if (skep_vm_create(&options, &vm, &err) || add_helpers(vm, &err)) {
        fail("%s: %s\n", how, err.message);
    } else if (skep_vm_load(vm, code->data, code->size, &err)) {
        check_error(test, how, &err);
    } else {
        /* The library's workspace, then one of the least size, at an odd address, for two runs. */
        size_t size = skep_vm_workspace_size(vm);
        char *workspace = malloc(size + 1);
        size_t before = strlen(failure);
        run(test, vm, false, how, NULL, 0);
        for (int i = 0; i < 2 && workspace && strlen(failure) == before; i++)
            run(test, vm, false, how, workspace + 1, size);
        for (unsigned way = 0; way < sizeof ways / sizeof *ways; way++) {
            if (ways[way].options.uncounted && (policy != SKEP_TRUSTED || test->budget || test->has_executed))
                continue;
            skep_code code_of_jit = skep_vm_jit_compile(vm, &ways[way].options, &err);
            char how_jit[128];
            snprintf(how_jit, sizeof how_jit, "%s, as %smachine code", how, ways[way].name);
            for (int i = 0; i < 2 && workspace && !code_of_jit && strlen(failure) == before; i++)
                run(test, vm, true, how_jit, workspace + 1, size);
            if (code_of_jit && code_of_jit != SKEP_ERR_UNSUPPORTED)
                fail("%s: %s\n", how_jit, err.message);
        }
        free(workspace);
    }
    skep_vm_free(vm);
}

/* The test's program; `raw` when there is one. */
static bool assemble(const struct test *test, int which, skep_byte_order order, struct bytes *code)
{
    skep_error err;
    void *data;
    size_t size;
    skep_text_options options = {.size = sizeof options, .dialect = which ? SKEP_KERNEL : SKEP_MNEMONIC,
                                 .byte_order = order};
    if (skep_assemble(test->text[which], test->text_size[which], &options, &data, &size, &err)) {
        if (test->fails && test->code == SKEP_ERR_SYNTAX)
            return false;
        fail("%s: line %u, column %u: %s\n", which ? "kernel" : "asm", err.line, err.column, err.message);
        return false;
    }
    append(code, data, size);
    skep_free(NULL, data);
    return true;
}

static void run_case(const struct test *test)
{
    struct bytes code = {0}, other = {0};
    bool first = true;
    if (test->has_raw) {
        append(&code, test->raw.data, test->raw.size);
        first = false;
    }
    for (int which = 0; which < 2; which++)
        if (test->text[which]) {
            struct bytes *to = first ? &code : &other;
            if (!assemble(test, which, SKEP_LITTLE_ENDIAN, to))
                goto out;
            if (!first && (other.size != code.size || memcmp(other.data, code.data, code.size)))
                fail("%s: assembles to other bytes than the section before it\n", which ? "kernel" : "asm");
            if (!first) {
                free(other.data);
                other = (struct bytes){0};
            }
            first = false;
        }
    if (test->policy != SKEP_TRUSTED)
        run_policy(test, &code, SKEP_LITTLE_ENDIAN, SKEP_GUARDED, "interpreter, guarded");
    if (test->policy == SKEP_TRUSTED || (test->policy < 0 && !test->fails))
        run_policy(test, &code, SKEP_LITTLE_ENDIAN, SKEP_TRUSTED, "interpreter, trusted");
    /* The same program in the other byte order behaves the same, too. */
    if (test->text[0] && test->policy != SKEP_TRUSTED && assemble(test, 0, SKEP_BIG_ENDIAN, &other))
        run_policy(test, &other, SKEP_BIG_ENDIAN, SKEP_GUARDED, "interpreter, guarded, big-endian program");
out:
    free(code.data);
    free(other.data);
}

/* ---------------------------------------------------------------------------------- files and folders */

static unsigned passed, failed, skipped;
static char *skip_list; /* `NAME reason` a line; NULL: none */

static bool to_skip(const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t length = strlen(name);
    for (const char *line = skip_list; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (!strncmp(line, name, length) && (line[length] == ' ' || line[length] == '\n')) {
            printf("skipped: %.*s\n", (int)strcspn(line, "\n"), line);
            return true;
        }
    return false;
}

static void run_file(const char *path)
{
    if (to_skip(path)) {
        skipped++;
        return;
    }
    struct test test = {.path = path, .policy = -1, .pc = SKEP_NO_PC};
    char *file = read_file(path);
    failure[0] = 0;
    if (file)
        parse(&test, file);
    else
        fail("cannot be read\n");
    if (!failure[0])
        run_case(&test);
    if (failure[0]) {
        failed++;
        printf("FAILED %s\n", path);
        for (char *line = strtok(failure, "\n"); line; line = strtok(NULL, "\n"))
            printf("    %s\n", line);
    } else {
        passed++;
        if (verbose)
            printf("passed %s\n", path);
    }
    free(test.raw.data);
    free(test.mem.data);
    free(test.after.data);
    free(file);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void run_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) || !S_ISDIR(info.st_mode)) {
        run_file(path);
        return;
    }
    char **names = NULL;
    size_t count = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char *name = entry->d_name[0] == '.' ? NULL : malloc(strlen(path) + strlen(entry->d_name) + 2);
        char **larger = name ? realloc(names, (count + 1) * sizeof *names) : NULL;
        if (!larger) {
            free(name);
            continue;
        }
        sprintf(name, "%s/%s", path, entry->d_name);
        names = larger;
        names[count++] = name;
    }
    if (folder)
        closedir(folder);
    if (count)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]);
        bool nested = !stat(names[i], &info) && S_ISDIR(info.st_mode);
        if (nested || (length > 5 && !strcmp(names[i] + length - 5, ".data")))
            run_path(names[i]);
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    uint64_t at_least = 1;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (!strcmp(argv[at], "-v")) {
            verbose = true;
        } else if (!strcmp(argv[at], "--at-least") && at + 1 < argc && number(argv[at + 1], &at_least)) {
            at++;
        } else if (!strcmp(argv[at], "--skip") && at + 1 < argc && (skip_list = read_file(argv[at + 1]))) {
            at++;
        } else {
            argc = 0;
        }
    }
    if (at >= argc) {
        fputs("usage: runner [-v] [--at-least CASES] [--skip LIST] FILE|FOLDER...\n", stderr);
        return 2;
    }
    for (; at < argc; at++)
        run_path(argv[at]);
    free(skip_list);
    if (passed + failed + skipped < at_least) {
        printf("only %u cases where there must be %llu\n", passed + failed + skipped, (unsigned long long)at_least);
        failed++;
    }
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed != 0;
}
