/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What compiling costs as programs grow: the figures of an instruction should stay where they are. */
#include <stdlib.h>

#include "jit.h"
#include "skep/insn.h"

#define ROUNDS 15

static uint32_t random_state = 1;

static uint32_t noise(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

/* One instruction of a mix of arithmetic, loads and stores on r0 to r5 and r7, with the memory at r6. */
static skep_slot step(void)
{
    static const uint8_t registers[] = {SKEP_R0, SKEP_R1, SKEP_R2, SKEP_R3, SKEP_R4, SKEP_R5, SKEP_R7};
    uint8_t a = registers[noise() % 7], b = registers[noise() % 7];
    int16_t offset = (int16_t)(noise() % 64 * 8);
    switch (noise() % 12) {
    case 0: return (skep_slot)SKEP_ADD64_REG(a, b);
    case 1: return (skep_slot)SKEP_XOR64_REG(a, b);
    case 2: return (skep_slot)SKEP_ADD64_IMM(a, (int32_t)noise());
    case 3: return (skep_slot)SKEP_MUL64_REG(a, b);
    case 4: return (skep_slot)SKEP_MOV64_REG(a, b);
    case 5: return (skep_slot)SKEP_RSH64_IMM(a, (int32_t)(noise() % 64));
    case 6: return (skep_slot)SKEP_ADD32_REG(a, b);
    case 7: return (skep_slot)SKEP_AND32_IMM(a, (int32_t)noise());
    case 8: return (skep_slot)SKEP_LDXW(a, SKEP_R6, offset);
    case 9: return (skep_slot)SKEP_LDXB(a, SKEP_R6, offset);
    case 10: return (skep_slot)SKEP_STXDW(SKEP_R6, offset, a);
    default: return (skep_slot)SKEP_SUB64_REG(a, b);
    }
}

/* `slots` instructions; every fifth of a branchy program jumps up to 30 ahead. */
static void write_program(skep_slot *code, size_t slots, bool branchy)
{
    random_state = 1;
    code[0] = (skep_slot)SKEP_MOV64_REG(SKEP_R6, SKEP_R1);
    for (size_t i = 1; i + 2 < slots; i++) {
        int16_t ahead = (int16_t)(noise() % 30 + 1);
        if (branchy && i % 5 == 4 && i + (size_t)ahead + 3 < slots)
            code[i] = i % 10 == 4 ? (skep_slot)SKEP_JGT_REG(SKEP_R2, SKEP_R3, ahead)
                                  : (skep_slot)SKEP_JEQ_IMM(SKEP_R4, (int32_t)noise(), ahead);
        else
            code[i] = step();
    }
    code[slots - 2] = (skep_slot)SKEP_MOV64_IMM(SKEP_R0, 0);
    code[slots - 1] = (skep_slot)SKEP_EXIT();
}

static void measure(struct compile_sample *sample, const skep_slot *code, unsigned trusted)
{
    static double times[ROUNDS];
    skep_error err;
    skep_vm *vm;
    const skep_vm_options options = {.size = sizeof options,
                                     .kind = SKEP_RAW,
                                     .policy = trusted ? SKEP_TRUSTED : SKEP_GUARDED,
                                     .code = code,
                                     .code_size = sample->slots * sizeof *code};
    if (skep_vm_create(&options, &vm, &err)) {
        fprintf(stderr, "bench: %s\n", err.message);
        exit(1);
    }
    unsigned rounds = sample->slots > 50000 ? 3 : ROUNDS;
    for (unsigned i = 0; i < rounds; i++) {
        uint64_t begin = bench_now();
        if (skep_vm_jit_compile(vm, NULL, &err)) {
            fprintf(stderr, "bench: %s\n", err.message);
            exit(1);
        }
        times[i] = (double)(bench_now() - begin);
    }
    sample->ns[trusted] = bench_median(times, rounds) / (double)sample->slots;
    skep_jit_stats stats = {.size = sizeof stats};
    if (skep_vm_jit_stats(vm, &stats, &err)) {
        fprintf(stderr, "bench: %s\n", err.message);
        exit(1);
    }
    sample->bytes[trusted] = (double)stats.code_size / (double)sample->slots;
    skep_vm_free(vm);
}

size_t measure_compiling(struct compile_sample *samples)
{
    skep_slot *code = malloc(1000000 * sizeof *code);
    size_t n = 0;
    for (unsigned branchy = 0; code && branchy < 2; branchy++)
        for (size_t slots = 10; slots <= 1000000; slots *= 10) {
            struct compile_sample *s = &samples[n++];
            s->shape = branchy ? "branchy" : "straight";
            s->slots = slots;
            write_program(code, slots, branchy);
            measure(s, code, 0);
            measure(s, code, 1);
        }
    free(code);
    return n;
}
