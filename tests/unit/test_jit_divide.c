/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Division and multiplication by constants, which machine code does by other means: against C, at the borders. */
#include "vm_tools.h"

static const uint64_t edges[] = {0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 13, 20, 24, 25, 27, 60, 63, 96, 100, 127, 255, 641, 1000, 1023,
                                 10000, 65535, 65537, 1000000, 0x7ffffffe, 0x7fffffff};

/* r0 = r1 <op> imm; the outcome with the memory's 8 bytes as the operand. */
static skep_vm *make_op(skep_slot op)
{
    const skep_slot code[] = {SKEP_LDXDW(SKEP_R0, SKEP_R1, 0), op, SKEP_EXIT()};
    return make_vm(SKEP_RAW, code, sizeof code);
}

static bool compile_for(skep_vm *vm, bool portable)
{
    const skep_jit_options jit = {.size = sizeof jit, .portable = portable};
    return skep_vm_jit_compile(vm, &jit, NULL) == SKEP_OK;
}

static uint64_t value_of(const skep_vm *vm, uint64_t operand)
{
    uint64_t result = 77;
    ACCEPTED(skep_vm_exec_jit(vm, EXEC(.mem = &operand, .mem_size = 8), &result, &err));
    return result;
}

static void compare(skep_slot op, uint64_t d, uint64_t (*expected)(uint64_t n, uint64_t d))
{
    for (unsigned portable = 0; portable < 2; portable++) {
        skep_vm *vm = make_op(op);
        if (!compile_for(vm, portable)) {
            skep_vm_free(vm);
            skip();
        }
        uint64_t seed = d;
        for (unsigned i = 0; i < 400; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            uint64_t n = i % 4 == 0 ? seed >> (seed & 63) : seed;
            if (i < 64)
                n = (UINT64_C(1) << i) - (seed >> 63);
            else if (d && i < 200) /* multiples and their neighbours, in the whole range */
                n = (i & 1 ? (uint32_t)seed : seed) / d * d + i % 3 - 1;
            else if (i < 210)
                n = i & 1 ? 0 - (uint64_t)(i - 200) : UINT32_MAX - (uint64_t)(i - 200);
            const uint64_t wanted = expected(n, d), got = value_of(vm, n);
            if (got != wanted)
                fail_msg("%#llx and %#llx: expected %#llx, got %#llx", (unsigned long long)n, (unsigned long long)d,
                         (unsigned long long)wanted, (unsigned long long)got);
        }
        skep_vm_free(vm);
    }
}

/* RFC 9669 section 4.1. */
static uint64_t div64(uint64_t n, uint64_t d) { return d ? n / d : 0; }
static uint64_t mod64(uint64_t n, uint64_t d) { return d ? n % d : n; }
static uint64_t div32(uint64_t n, uint64_t d) { return (uint32_t)d ? (uint32_t)n / (uint32_t)d : 0; }
static uint64_t mod32(uint64_t n, uint64_t d) { return (uint32_t)d ? (uint32_t)n % (uint32_t)d : (uint32_t)n; }
static uint64_t mul64(uint64_t n, uint64_t d) { return n * d; }
static uint64_t mul32(uint64_t n, uint64_t d) { return (uint32_t)((uint32_t)n * (uint32_t)d); }

static void test_constants(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * sizeof edges / sizeof *edges; i++) {
        const uint64_t edge = edges[i / 2];
        const int32_t imm = i & 1 ? -(int32_t)edge : (int32_t)edge; /* extended with its sign to 64 bits */
        const uint64_t d = (uint64_t)(int64_t)imm;
        compare((skep_slot)SKEP_DIV64_IMM(SKEP_R0, imm), d, div64);
        compare((skep_slot)SKEP_MOD64_IMM(SKEP_R0, imm), d, mod64);
        compare((skep_slot)SKEP_DIV32_IMM(SKEP_R0, imm), d, div32);
        compare((skep_slot)SKEP_MOD32_IMM(SKEP_R0, imm), d, mod32);
        compare((skep_slot)SKEP_MUL64_IMM(SKEP_R0, imm), d, mul64);
        compare((skep_slot)SKEP_MUL32_IMM(SKEP_R0, imm), d, mul32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_constants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
