/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program as JSON: how many instructions it has and the fields of each. No string here needs escaping: texts of
 * instructions are plain. `skep disasm --json` tells more.
 */
#include <inttypes.h>
#include <stdio.h>

#include "skep/skep.h"

static void print(const skep_insn *insns, size_t count)
{
    printf("{\n    \"size\": %zu,\n    \"insns\": [", count);
    for (size_t i = 0; i < count; i++) {
        const skep_insn *insn = &insns[i];
        char text[128];
        skep_insn_format(insn, SKEP_MNEMONIC, text, sizeof text);
        printf("%s\n        {\"opc\": \"0x%x\", \"dst\": \"0x%x\", \"src\": \"0x%x\", ", i ? "," : "", insn->opcode,
               insn->dst, insn->src);
        printf("\"off\": \"0x%x\", ", (unsigned)(uint16_t)insn->off);
        printf("\"imm\": \"0x%" PRIx64 "\", \"desc\": \"%s\"}", (uint64_t)insn->imm, text);
    }
    printf("\n    ]\n}\n");
}

int main(int argc, char **argv)
{
    static unsigned char file[65536];
    const char *path = argc > 1 ? argv[1] : "examples/bpf/block_port.o";
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(file, 1, sizeof file, f) : 0;
    if (f)
        fclose(f);

    skep_object *object = NULL;
    skep_program_info program = {.size = sizeof program};
    skep_insn *insns = NULL;
    size_t count = 0;
    skep_text_options options = {.size = sizeof options};
    skep_error err;
    if (skep_object_open(file, size, NULL, &object, &err) != SKEP_OK ||
        skep_object_program(object, 0, &program, &err) != SKEP_OK) {
        fprintf(stderr, "to_json: %s: %s\n", path, err.message);
        skep_object_free(object);
        return 1;
    }
    options.byte_order = program.byte_order;
    if (skep_insn_list(program.code, program.code_size, &options, &insns, &count, &err) != SKEP_OK) {
        fprintf(stderr, "to_json: %s: %s\n", path, err.message);
        skep_object_free(object);
        return 1;
    }
    print(insns, count);
    /* A wide instruction is one instruction of two slots. */
    size_t slots = 0;
    for (size_t i = 0; i < count; i++)
        slots += insns[i].slots;
    int ok = count > 0 && slots * 8 == program.code_size;
    skep_free(NULL, insns);
    skep_object_free(object);
    return ok ? 0 : 1;
}
