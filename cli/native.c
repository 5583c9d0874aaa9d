/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Machine code beside the instructions that it was made for, in the order of the machine code. The library says which
 * bytes belong to which instruction (skep_vm_jit_lines); Capstone turns them into text. The code is what `skep run`
 * would run with the same kind and policy, the stock helpers included; addresses count from its beginning.
 *
 * An instruction is shown before its first code, together with those ahead of it that have none; what comes behind, off
 * the usual way, has the instruction again as a comment.
 */
#include "native.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SKEP_HAVE_CAPSTONE

bool show_native(const struct native_options *options, const skep_program_info *info, const char *name,
                 const skep_insn *insns, size_t count, json_t *json, json_t *array)
{
    (void)options, (void)info, (void)name, (void)insns, (void)count, (void)json, (void)array;
    complain("--native needs Capstone, which this tool was built without (Debian: libcapstone-dev)");
    return false;
}

#else

#include <capstone/capstone.h>

struct listing {
    const struct native_options *options;
    const skep_insn *insns;
    size_t count, shown; /* instructions; the first `shown` of them have been */
    unsigned char *code;
    size_t code_size;
    skep_jit_line *lines;
    size_t line_count;
    csh disassembler;
    cs_insn *insn;
    json_t *array, *shared; /* NULL: text */
};

/* The program's machine code and what it belongs to. */
static skep_code compile(struct listing *l, const skep_program_info *info, skep_error *err)
{
    skep_vm_options vm_options = {.size = sizeof vm_options,
                                  .hooks = &tool_hooks,
                                  .kind = l->options->kind,
                                  .policy = l->options->policy,
                                  .code = info->code,
                                  .code_size = info->code_size,
                                  .byte_order = info->byte_order,
                                  .data_end_offset = 8};
    skep_jit_options jit = {.size = sizeof jit, .lines = true, .blind = l->options->blind};
    skep_jit_stats stats = {.size = sizeof stats};
    skep_vm *vm = NULL;
    skep_code code = skep_vm_create(&vm_options, &vm, err);
    if (code == SKEP_OK && !register_stock_helpers(vm))
        code = SKEP_ERR_MEMORY;
    if (code == SKEP_OK)
        code = skep_vm_jit_compile(vm, &jit, err);
    if (code == SKEP_OK)
        code = skep_vm_jit_stats(vm, &stats, err);
    if (code == SKEP_OK) {
        skep_vm_jit_lines(vm, NULL, &l->line_count, NULL); /* the number */
        l->code_size = stats.code_size;
        l->code = malloc(l->code_size + 1);
        l->lines = calloc(l->line_count + 1, sizeof *l->lines);
        *err = (skep_error){.code = SKEP_ERR_MEMORY, .pc = SKEP_NO_PC, .message = "out of memory"};
        code = l->code && l->lines ? skep_vm_jit_copy(vm, l->code, &l->code_size, err) : SKEP_ERR_MEMORY;
    }
    if (code == SKEP_OK)
        code = skep_vm_jit_lines(vm, l->lines, &l->line_count, err);
    skep_vm_free(vm);
    return code;
}

/* Shows the machine code of one line. */
static void show_code(struct listing *l, size_t from, size_t to, json_t *array)
{
    const uint8_t *at = l->code + from;
    size_t left = to - from;
    uint64_t address = from;
    while (left > 0) {
        char text[sizeof l->insn->mnemonic + sizeof l->insn->op_str + 1], bytes[2 * 16 + 1] = "";
        const uint8_t *began = at;
        uint64_t where = address;
        if (cs_disasm_iter(l->disassembler, &at, &left, &address, l->insn)) {
            snprintf(text, sizeof text, "%s%s%s", l->insn->mnemonic, l->insn->op_str[0] ? " " : "", l->insn->op_str);
        } else { /* nothing that Capstone knows: a byte of it */
            snprintf(text, sizeof text, ".byte 0x%02x", *at);
            at++, left--, address++;
        }
        if (!array) {
            printf("        %5" PRIx64 ":  %s\n", where, text);
            continue;
        }
        for (size_t i = 0; i < (size_t)(at - began) && i < 16; i++)
            snprintf(bytes + 2 * i, 3, "%02x", began[i]);
        json_t *json = json_object();
        json_object_set_new(json, "offset", json_integer((json_int_t)where));
        json_object_set_new(json, "bytes", json_text(bytes));
        json_object_set_new(json, "text", json_text(text));
        json_array_append_new(array, json);
    }
}

static void show_insn(const struct listing *l, size_t i, const char *before, const char *behind)
{
    char text[160];
    skep_insn_format(&l->insns[i], l->options->dialect, text, sizeof text);
    printf("%s%6" PRIu32 ": %s%s\n", before, l->insns[i].pc, text, behind);
}

/* The instructions that have not been shown up to `end`. */
static void show_insns(struct listing *l, size_t end)
{
    for (; l->shown < end; l->shown++)
        show_insn(l, l->shown, "", "");
}

static size_t insn_at(const struct listing *l, uint64_t pc)
{
    size_t low = 0, high = l->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (l->insns[middle].pc <= pc)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void show_line(struct listing *l, size_t i)
{
    const skep_jit_line *line = &l->lines[i];
    size_t end = i + 1 < l->line_count ? (size_t)line[1].offset : l->code_size;
    bool of_insn = line->pc != SKEP_NO_PC;
    size_t insn = of_insn ? insn_at(l, line->pc) : 0;
    json_t *array = NULL;
    if (l->array) {
        array = of_insn ? json_object_get(json_array_get(l->array, insn), "native") : l->shared;
    } else if (!of_insn) {
        bool entry = i + 1 < l->line_count && line[1].pc != SKEP_NO_PC && insn_at(l, line[1].pc) >= l->shown;
        puts(entry || i == 0 ? "# entry" : "# shared");
    } else if (insn < l->shown) {
        show_insn(l, insn, "#", "");
    } else {
        show_insns(l, insn + 1);
    }
    show_code(l, (size_t)line->offset, end, array);
}

bool show_native(const struct native_options *options, const skep_program_info *info, const char *name,
                 const skep_insn *insns, size_t count, json_t *json, json_t *array)
{
    struct listing l = {.options = options, .insns = insns, .count = count, .array = array};
    skep_error err = {.pc = SKEP_NO_PC, .message = "the stock helpers cannot be registered"};
    bool ok = compile(&l, info, &err) == SKEP_OK;
    if (!ok) {
        complain_error(name, &err);
    } else if (cs_open(CS_ARCH_X86, CS_MODE_64, &l.disassembler) != CS_ERR_OK ||
               !(l.insn = cs_malloc(l.disassembler))) {
        complain("%s: Capstone cannot be used: it has no x86-64, or there is no memory", name);
        ok = false;
    } else {
        if (json) {
            for (size_t i = 0; i < count; i++)
                json_object_set_new(json_array_get(array, i), "native", json_array());
            json_object_set_new(json, "native_target", json_text("x86-64"));
            json_object_set_new(json, "native_size", json_integer((json_int_t)l.code_size));
            json_object_set_new(json, "native_shared", l.shared = json_array());
        }
        for (size_t i = 0; i < l.line_count; i++)
            show_line(&l, i);
        if (!json)
            show_insns(&l, count);
    }
    if (l.insn)
        cs_free(l.insn, 1);
    if (l.disassembler)
        cs_close(&l.disassembler);
    free(l.code);
    free(l.lines);
    return ok;
}

#endif
