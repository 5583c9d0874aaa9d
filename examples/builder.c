/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Programs made in code: the same six instructions as a static array and with the builder; then labels. */
#include <stdio.h>
#include <string.h>

#include "skep/skep.h"

static const skep_slot as_array[] = {
    SKEP_ADD64_IMM(SKEP_R1, 0x605), SKEP_MOV64_IMM(SKEP_R2, 0x32), SKEP_MOV64_REG(SKEP_R1, SKEP_R0),
    SKEP_BE16(SKEP_R0),             SKEP_NEG64(SKEP_R2),           SKEP_EXIT(),
};

/* Failures stick to the builder; skep_builder_finish tells. */
static skep_code built(void **code, size_t *size, skep_error *err)
{
    skep_builder *b = NULL;
    skep_code failed = skep_builder_create(NULL, &b, err);
    if (failed != SKEP_OK)
        return failed;
    skep_emit(b, SKEP_ADD64_IMM(SKEP_R1, 0x605));
    skep_emit(b, SKEP_MOV64_IMM(SKEP_R2, 0x32), SKEP_MOV64_REG(SKEP_R1, SKEP_R0));
    skep_emit(skep_emit(b, SKEP_BE16(SKEP_R0)), SKEP_NEG64(SKEP_R2));
    skep_emit(b, SKEP_EXIT());
    failed = skep_builder_finish(b, SKEP_LITTLE_ENDIAN, code, size, err);
    skep_builder_free(b);
    return failed;
}

/* 1 + 2 + ... + r1: a loop whose ends are labels. */
static skep_code sum(void **code, size_t *size, skep_error *err)
{
    skep_builder *b = NULL;
    skep_code failed = skep_builder_create(NULL, &b, err);
    if (failed != SKEP_OK)
        return failed;
    skep_emit(b, SKEP_MOV64_IMM(SKEP_R1, 100), SKEP_MOV64_IMM(SKEP_R0, 0));
    skep_label(b, "again");
    skep_emit_to(b, "done", SKEP_JEQ_IMM(SKEP_R1, 0, 0));
    skep_emit(b, SKEP_ADD64_REG(SKEP_R0, SKEP_R1), SKEP_SUB64_IMM(SKEP_R1, 1));
    skep_emit_to(b, "again", SKEP_JA(0));
    skep_label(b, "done");
    skep_emit(b, SKEP_EXIT());
    failed = skep_builder_finish(b, SKEP_LITTLE_ENDIAN, code, size, err);
    skep_builder_free(b);
    return failed;
}

int main(void)
{
    void *code = NULL;
    size_t size = 0;
    skep_error err;
    if (built(&code, &size, &err) != SKEP_OK) {
        fprintf(stderr, "builder: %s\n", err.message);
        return 1;
    }
    int same = size == sizeof as_array && memcmp(code, as_array, size) == 0;
    printf("%zu bytes both ways, %s\n", size, same ? "the same" : "not the same");
    skep_free(NULL, code);

    if (sum(&code, &size, &err) != SKEP_OK) {
        fprintf(stderr, "builder: %s\n", err.message);
        return 1;
    }
    skep_vm_options options = {.size = sizeof options, .code = code, .code_size = size};
    skep_vm *vm = NULL;
    uint64_t result = 0;
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK || skep_vm_exec(vm, NULL, &result, &err) != SKEP_OK)
        fprintf(stderr, "builder: %s\n", err.message);
    skep_vm_free(vm);
    skep_free(NULL, code);
    printf("1 + 2 + ... + 100 is %llu\n", (unsigned long long)result);
    return same && result == 5050 ? 0 : 1;
}
