/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The program that docs/embedding.md builds up, step by step. A test looks for each of the page's snippets here, so the
 * parts between the [name] marks are what the page shows.
 */
// [include]
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "skep/skep.h"
// [end]

// [helper]
struct tally {
    uint64_t calls, bytes;
};

/* count(bytes): adds to the tally and returns how often it has been called. */
static uint64_t count(uint64_t bytes, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5;
    struct tally *tally = skep_run_user(run);
    tally->calls++;
    tally->bytes += bytes;
    return tally->calls;
}
// [end]

// [checked-helper]
/* sum(pointer, size): adds up the bytes. The prototype below has the pointer checked before we are called. */
static uint64_t sum(uint64_t pointer, uint64_t size, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r3, (void)r4, (void)r5, (void)run;
    const unsigned char *bytes = (const unsigned char *)(uintptr_t)pointer;
    uint64_t total = 0;
    for (uint64_t i = 0; i < size; i++)
        total += bytes[i];
    return total;
}
// [end]

static int first_program(void)
{
    // [first]
    static const char text[] = "mov64 r0, 40\n"
                               "add64 r0, 2\n"
                               "exit\n";
    void *code = NULL;
    size_t code_size = 0;
    skep_error err;
    if (skep_assemble(text, strlen(text), NULL, &code, &code_size, &err) != SKEP_OK) {
        printf("line %" PRIu32 ", column %" PRIu32 ": %s\n", err.line, err.column, err.message);
        return 1;
    }

    skep_vm_options options = {.size = sizeof options, .code = code, .code_size = code_size};
    skep_vm *vm = NULL;
    uint64_t result = 0;
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK || skep_vm_exec(vm, NULL, &result, &err) != SKEP_OK)
        printf("%s\n", err.message);
    else
        printf("the program returned %" PRIu64 "\n", result);
    skep_vm_free(vm);
    skep_free(NULL, code);
    // [end]
    return result == 42 ? 0 : 1;
}

static int with_packet_and_helpers(void)
{
    skep_error err;
    // [packet]
    static const skep_slot program[] = {
        SKEP_MOV64_REG(SKEP_R6, SKEP_R1), /* r1 = the packet, r2 = its length; calls clear r1 to r5 */
        SKEP_MOV64_REG(SKEP_R7, SKEP_R2),
        SKEP_MOV64_REG(SKEP_R1, SKEP_R2), /* count(length) */
        SKEP_CALL(1),
        SKEP_MOV64_REG(SKEP_R1, SKEP_R6), /* sum(packet, length) */
        SKEP_MOV64_REG(SKEP_R2, SKEP_R7),
        SKEP_CALL(2),
        SKEP_EXIT(),
    };
    skep_vm_options options = {
        .size = sizeof options, .kind = SKEP_RAW, .code = program, .code_size = sizeof program};
    skep_vm *vm = NULL;
    skep_code code = skep_vm_create(&options, &vm, &err);
    // [end]

    // [register]
    struct tally tally = {0, 0};
    if (code == SKEP_OK)
        code = skep_vm_register_fn(vm, 1, count, &tally, &err);

    skep_prototype prototype = {.size = sizeof prototype, .args = {SKEP_ARG_MEM, SKEP_ARG_SIZE}};
    skep_helper helper = {.size = sizeof helper, .name = "sum", .fn = sum, .prototype = &prototype};
    if (code == SKEP_OK)
        code = skep_vm_register(vm, 2, &helper, &err);
    // [end]

    // [run]
    unsigned char packet[] = {1, 2, 3, 4};
    skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = sizeof packet};
    uint64_t result = 0;
    if (code == SKEP_OK)
        code = skep_vm_exec(vm, &exec, &result, &err);
    if (code == SKEP_OK)
        printf("sum %" PRIu64 ", %" PRIu64 " call with %" PRIu64 " bytes\n", result, tally.calls, tally.bytes);
    else
        printf("%s: %s\n", skep_code_name(code), err.message);
    // [end]
    skep_vm_free(vm);
    return code == SKEP_OK && result == 10 && tally.calls == 1 && tally.bytes == 4 ? 0 : 1;
}

static int what_goes_wrong(void)
{
    // [fault]
    static const skep_slot program[] = {
        SKEP_LDXB(SKEP_R0, SKEP_R1, 100), /* the packet has 4 bytes */
        SKEP_EXIT(),
    };
    unsigned char packet[] = {1, 2, 3, 4};
    skep_vm_options options = {
        .size = sizeof options, .kind = SKEP_RAW, .code = program, .code_size = sizeof program};
    skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = sizeof packet};
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t result;
    skep_code code = skep_vm_create(&options, &vm, &err);
    if (code == SKEP_OK)
        code = skep_vm_exec(vm, &exec, &result, &err);
    if (code == SKEP_ERR_ACCESS)
        printf("instruction %" PRIu64 " reached for %#" PRIx64 "\n", err.pc, err.address);
    // [end]

    // [refused]
    static const skep_slot endless[] = {
        SKEP_MOV64_IMM(SKEP_R0, 0),
        SKEP_ADD64_IMM(SKEP_R0, 1), /* falls off the end */
    };
    if (code == SKEP_ERR_ACCESS)
        code = skep_vm_load(vm, endless, sizeof endless, &err);
    printf("%s: %s\n", skep_code_name(code), err.message);
    // [end]
    skep_vm_free(vm);
    return code == SKEP_ERR_INVALID ? 0 : 1;
}

static int from_an_object(void)
{
    unsigned char packet[64] = {0};
    // [object]
    static unsigned char file[65536];
    FILE *f = fopen("examples/filter/filter.o", "rb");
    size_t size = f ? fread(file, 1, sizeof file, f) : 0;
    if (f)
        fclose(f);

    skep_object *object = NULL;
    skep_program_info program = {.size = sizeof program};
    skep_vm *vm = NULL;
    skep_error err;
    skep_code code = skep_object_open(file, size, NULL, &object, &err);
    if (code == SKEP_OK)
        code = skep_object_find(object, "filter", NULL, &program, &err);
    if (code == SKEP_OK) {
        skep_vm_options options = {.size = sizeof options,
                                   .kind = SKEP_RAW,
                                   .code = program.code,
                                   .code_size = program.code_size,
                                   .byte_order = program.byte_order};
        code = skep_vm_create(&options, &vm, &err);
    }
    skep_object_free(object); /* the VM has its own copy */
    // [end]
    packet[12] = 0x08, packet[13] = 0x06; /* an ARP packet */
    skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = sizeof packet};
    uint64_t result = 0;
    if (code == SKEP_OK)
        code = skep_vm_exec(vm, &exec, &result, &err);
    if (code != SKEP_OK)
        printf("%s\n", err.message);
    else
        printf("verdict %" PRIu64 "\n", result);
    skep_vm_free(vm);
    return code == SKEP_OK && result == 5 ? 0 : 1;
}

static int many_runs(void)
{
    static const skep_slot program[] = {SKEP_MOV64_IMM(SKEP_R0, 1), SKEP_EXIT()};
    skep_vm_options options = {.size = sizeof options, .code = program, .code_size = sizeof program};
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t result = 0, executed = 0;
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK)
        return 1;
    // [workspace]
    static unsigned char workspace[16384];
    if (skep_vm_workspace_size(vm) > sizeof workspace)
        return 1;
    skep_exec_options exec = {.size = sizeof exec,
                              .budget = 1000, /* instructions */
                              .workspace = workspace,
                              .workspace_size = sizeof workspace,
                              .executed = &executed};
    skep_code code = skep_vm_exec(vm, &exec, &result, &err);
    // [end]
    skep_vm_free(vm);
    return code == SKEP_OK && executed == 2 ? 0 : 1;
}

static int machine_code(void)
{
    static const skep_slot program[] = {
        SKEP_LDXB(SKEP_R0, SKEP_R1, 0), SKEP_LDXB(SKEP_R2, SKEP_R1, 3), SKEP_ADD64_REG(SKEP_R0, SKEP_R2), SKEP_EXIT()};
    unsigned char packet[] = {1, 2, 3, 4};
    skep_vm_options options = {
        .size = sizeof options, .kind = SKEP_RAW, .code = program, .code_size = sizeof program};
    skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = sizeof packet};
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t result = 0;
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK)
        return 1;
    // [jit]
    skep_code code = skep_vm_jit_compile(vm, NULL, &err);
    if (code == SKEP_OK)
        code = skep_vm_exec_jit(vm, &exec, &result, &err);
    else if (code == SKEP_ERR_UNSUPPORTED)
        code = skep_vm_exec(vm, &exec, &result, &err); /* no machine code here: the interpreter does the same */
    if (code == SKEP_OK)
        printf("fast or not: %" PRIu64 "\n", result);
    // [end]

    // [prepared]
    static unsigned char workspace[16384];
    exec.workspace = workspace;
    exec.workspace_size = sizeof workspace;
    skep_jit_fn function = skep_vm_jit_function(vm); /* NULL: there is no machine code */
    skep_run *run = NULL;
    uint64_t sum = 0;
    if (function && skep_run_prepare(vm, &exec, &run, &err) == SKEP_OK) {
        for (int i = 0; i < 1000; i++) {
            packet[3] = (unsigned char)i;
            uint64_t r0 = function(run);
            if (skep_run_outcome(run, &err) == SKEP_OK)
                sum += r0;
        }
    }
    // [end]
    skep_vm_free(vm);
    /* Of 1000 values 0 to 255, three whole rounds and 0 to 231; and 1000 times 1. */
    return result == 5 && (!function || sum == 3 * 32640 + 231 * 232 / 2 + 1000) ? 0 : 1;
}

int main(void)
{
    return first_program() | with_packet_and_helpers() | what_goes_wrong() | from_an_object() | many_runs() |
           machine_code();
}
