/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is refused before any engine sees it: hand-written bytes, where, and in which words. All that rbpf's and uBPF's checks
 * refuse is refused here, except:
 * - division and modulo by an immediate of zero (old rbpf): RFC 9669 section 4.1 defines both;
 * - conditional jumps to themselves (rbpf, uBPF): they may end; only `ja` to itself cannot;
 * - comparisons with r10 on the left (rbpf): they only read it;
 * - a last instruction that is not exit (rbpf): a jump backwards ends a program just as well;
 * - legacy packet loads, callx, signed division, atomics, movsx (one or the other lacks them): the instruction set has them;
 * - calls of helpers that are not registered, or have negative numbers (uBPF): as long as helpers are not sealed;
 * - more than 65,536 instructions (uBPF), frames that are not a multiple of 16 (uBPF): Linux allows them.
 */
#include "text_tools.h"

struct refusal {
    const char *hex;
    uint64_t pc;
    const char *words; /* separated by | */
};

#define EXIT "95 00 00 00 00 00 00 00 "
#define NOP "b7 00 00 00 00 00 00 00 "

static void assert_refused(const struct refusal *r)
{
    uint8_t code[256];
    const size_t size = from_hex(r->hex, code);
    skep_error err;
    skep_vm *vm = NULL;
    memset(&err, 0x55, sizeof err);
    assert_int_equal(skep_vm_create(NULL, &vm, NULL), SKEP_OK);
    skep_code result = skep_vm_load(vm, code, size, &err);
    skep_vm_free(vm);
    if (result != SKEP_ERR_INVALID)
        fail_msg("%s: not refused (%s)", r->hex, skep_code_name(result));
    assert_int_equal(err.code, SKEP_ERR_INVALID);
    if (err.pc != r->pc)
        fail_msg("%s: pc %llu: %s", r->hex, (unsigned long long)err.pc, err.message);
    char words[200], number[40];
    snprintf(words, sizeof words, "%s", r->words);
    for (char *word = strtok(words, "|"); word; word = strtok(NULL, "|"))
        if (!strstr(err.message, word))
            fail_msg("%s: '%s' lacks '%s'", r->hex, err.message, word);
    snprintf(number, sizeof number, "instruction %llu:", (unsigned long long)r->pc);
    if (r->pc != SKEP_NO_PC && !strstr(err.message, number)) /* each names its instruction */
        fail_msg("%s: '%s' lacks '%s'", r->hex, err.message, number);
}

#define REFUSALS(...)                                                                                                  \
    (void)state;                                                                                                       \
    static const struct refusal cases[] = {__VA_ARGS__};                                                               \
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)                                                        \
    assert_refused(&cases[i])

static void test_length(void **state)
{
    REFUSALS({"", SKEP_NO_PC, "empty"}, {EXIT "95", SKEP_NO_PC, "9 bytes|multiple of 8"}, {"95 00 00 00", SKEP_NO_PC, "multiple of 8"},
             {EXIT "95 00 00 00 00 00 00", SKEP_NO_PC, "15 bytes|multiple of 8"});
}

/* RFC 9669, appendix A, lists the opcodes; these are not there. */
static void test_opcodes(void **state)
{
    REFUSALS({"00 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x00"}, {NOP "ff 00 00 00 00 00 00 00" EXIT, 1, "opcode 0xff"},
             {"8c 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x8c"}, /* neg32 with a register */
             {"8f 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x8f"}, {"df 00 00 00 10 00 00 00" EXIT, 0, "opcode 0xdf"},
             {"0d 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x0d"}, {"0e 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x0e"},
             {"96 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x96"}, {"86 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x86"},
             {"e6 00 00 00 00 00 00 00" EXIT, 0, "opcode 0xe6"}, /* may_goto in 32 bits */
             {"99 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x99"}, /* ldxsdw */
             {"08 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x08"}, {"a1 00 00 00 00 00 00 00" EXIT, 0, "opcode 0xa1"},
             {"c2 00 00 00 00 00 00 00" EXIT, 0, "opcode 0xc2"}, {"e3 00 00 00 00 00 00 00" EXIT, 0, "opcode 0xe3"});
}

static void test_selectors(void **state)
{
    REFUSALS(/* div, mod and mov with an offset that means nothing */
             {"37 00 02 00 01 00 00 00" EXIT, 0, "opcode 0x37|off = 2"}, {"3c 10 ff ff 00 00 00 00" EXIT, 0, "off = -1"},
             {"97 00 08 00 01 00 00 00" EXIT, 0, "off = 8"}, {"bf 10 01 00 00 00 00 00" EXIT, 0, "off = 1"},
             {"bc 10 20 00 00 00 00 00" EXIT, 0, "opcode 0xbc|off = 32"}, /* movsx from 32 bits into 32 */
             {"bf 10 40 00 00 00 00 00" EXIT, 0, "off = 64"},
             /* widths of byte swaps */
             {"d4 00 00 00 08 00 00 00" EXIT, 0, "opcode 0xd4|imm = 8"}, {"dc 00 00 00 00 00 00 00" EXIT, 0, "imm = 0"},
             {"d7 00 00 00 11 00 00 00" EXIT, 0, "opcode 0xd7|imm = 17"}, {"d7 00 00 00 80 00 00 00" EXIT, 0, "imm = 128"},
             /* atomics */
             {"db 10 00 00 02 00 00 00" EXIT, 0, "opcode 0xdb|imm = 2"}, {"db 10 00 00 e0 00 00 00" EXIT, 0, "imm = 224"}, /* xchg without fetch */
             {"c3 10 00 00 f0 00 00 00" EXIT, 0, "opcode 0xc3|imm = 240"}, {"c3 10 00 00 10 00 00 00" EXIT, 0, "imm = 16"}, /* sub */
             {"cb 10 00 00 00 00 00 00" EXIT, 0, "opcode 0xcb|imm = 0"}, {"d3 10 00 00 01 00 00 00" EXIT, 0, "opcode 0xd3|imm = 1"}, /* 16 and 8 bits */
             {"db 10 00 00 01 01 00 00" EXIT, 0, "imm = 257"},
             /* sources of wide immediates, calls, may_goto */
             {"18 70 00 00 00 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "opcode 0x18|src = 7"},
             {"85 30 00 00 00 00 00 00" EXIT, 0, "opcode 0x85|src = 3"}, {"e5 10 00 00 00 00 00 00" EXIT, 0, "opcode 0xe5|src = 1"});
}

/* Fields without a meaning must be zero. */
static void test_reserved(void **state)
{
    REFUSALS({"07 10 00 00 01 00 00 00" EXIT, 0, "add64|reserved|src"}, {"07 00 01 00 01 00 00 00" EXIT, 0, "reserved|off"},
             {"0f 10 00 00 01 00 00 00" EXIT, 0, "reserved|imm"}, {"0c 10 01 00 00 00 00 00" EXIT, 0, "add32|reserved|off"},
             {"87 10 00 00 00 00 00 00" EXIT, 0, "neg64|reserved|src"}, {"87 00 00 00 01 00 00 00" EXIT, 0, "reserved|imm"},
             {"84 00 01 00 00 00 00 00" EXIT, 0, "neg32|reserved|off"}, {"dc 10 00 00 10 00 00 00" EXIT, 0, "be16|reserved|src"},
             {"d7 00 01 00 10 00 00 00" EXIT, 0, "bswap16|reserved|off"}, {"b7 10 00 00 01 00 00 00" EXIT, 0, "mov64|reserved|src"},
             {"bf 10 08 00 01 00 00 00" EXIT, 0, "movsx864|reserved|imm"}, {"61 10 00 00 01 00 00 00" EXIT, 0, "ldxw|reserved|imm"},
             {"62 1a f8 ff 01 00 00 00" EXIT, 0, "stw|reserved|src"}, {"63 0a f8 ff 01 00 00 00" EXIT, 0, "stxw|reserved|imm"},
             {"05 01 00 00 00 00 00 00" EXIT, 0, "ja|reserved|dst"}, {"05 10 00 00 00 00 00 00" EXIT, 0, "reserved|src"},
             {"05 00 00 00 01 00 00 00" EXIT, 0, "reserved|imm"}, {"06 00 01 00 00 00 00 00" EXIT, 0, "ja32|reserved|off"},
             {"15 10 00 00 01 00 00 00" EXIT, 0, "jeq|reserved|src"}, {"1d 10 00 00 01 00 00 00" EXIT, 0, "jeq|reserved|imm"},
             {"16 10 00 00 01 00 00 00" EXIT, 0, "jeq32|reserved|src"}, {"e5 01 00 00 00 00 00 00" EXIT, 0, "may_goto|reserved|dst"},
             {"e5 00 00 00 01 00 00 00" EXIT, 0, "may_goto|reserved|imm"}, {"85 01 00 00 01 00 00 00" EXIT, 0, "call|reserved|dst"},
             {"85 00 01 00 01 00 00 00" EXIT, 0, "call|reserved|off"}, {"85 10 01 00 00 00 00 00" EXIT EXIT, 0, "reserved|off"},
             {"8d 11 00 00 00 00 00 00" EXIT, 0, "callx|reserved|src"}, {"8d 01 00 00 02 00 00 00" EXIT, 0, "callx|reserved|imm"},
             {"8d 00 00 00 0b 00 00 00" EXIT, 0, "callx|reserved|imm"}, {"95 01 00 00 00 00 00 00", 0, "exit|reserved|dst"},
             {"95 10 00 00 00 00 00 00", 0, "exit|reserved|src"}, {"95 00 01 00 00 00 00 00", 0, "exit|reserved|off"},
             {NOP "95 00 00 00 01 00 00 00", 1, "exit|reserved|imm"}, {"30 01 00 00 00 00 00 00" EXIT, 0, "ldabsb|reserved|dst"},
             {"30 10 00 00 00 00 00 00" EXIT, 0, "ldabsb|reserved|src"}, {"50 11 00 00 00 00 00 00" EXIT, 0, "ldindb|reserved|dst"},
             {"50 10 01 00 00 00 00 00" EXIT, 0, "ldindb|reserved|off"}, {"18 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "lddw|reserved|off"},
             {"18 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00" EXIT, 0, "lddw|second slot's dst"},
             {"18 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00" EXIT, 0, "second slot's src"},
             {"18 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00" EXIT, 0, "second slot's off"},
             {"18 40 00 00 02 00 00 00 00 00 00 00 01 00 00 00" EXIT EXIT, 0, "second slot's imm"});
}

static void test_registers(void **state)
{
    REFUSALS({"b7 0b 00 00 00 00 00 00" EXIT, 0, "mov64|r11|destination"}, {"bf b0 00 00 00 00 00 00" EXIT, 0, "r11|source"},
             {NOP "0f ff 00 00 00 00 00 00" EXIT, 1, "r15"}, {"61 f0 00 00 00 00 00 00" EXIT, 0, "ldxw|r15|source"},
             {"7a 0b 00 00 00 00 00 00" EXIT, 0, "stdw|r11"}, {"7b ba 00 00 00 00 00 00" EXIT, 0, "stxdw|r11|source"},
             {"15 0b 00 00 00 00 00 00" EXIT, 0, "jeq|r11"}, {"1d b0 00 00 00 00 00 00" EXIT, 0, "jeq|r11"},
             {"8d 0b 00 00 00 00 00 00" EXIT, 0, "callx|r11"}, {"50 b0 00 00 00 00 00 00" EXIT, 0, "ldindb|r11"},
             {"db ba 00 00 00 00 00 00" EXIT, 0, "r11"}, {"18 0b 00 00 00 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "lddw|r11"},
             /* r10 is read-only */
             {"b7 0a 00 00 00 00 00 00" EXIT, 0, "mov64 r10|r10|read-only"}, {"07 0a 00 00 01 00 00 00" EXIT, 0, "read-only"},
             {"04 0a 00 00 01 00 00 00" EXIT, 0, "read-only"}, {"87 0a 00 00 00 00 00 00" EXIT, 0, "neg64|read-only"},
             {"dc 0a 00 00 10 00 00 00" EXIT, 0, "be16|read-only"}, {"79 1a 00 00 00 00 00 00" EXIT, 0, "ldxdw|read-only"},
             {"91 1a 00 00 00 00 00 00" EXIT, 0, "read-only"}, {"18 0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "lddw|read-only"},
             {"bf 1a 00 00 00 00 00 00" EXIT, 0, "read-only"}, {"db a1 00 00 01 00 00 00" EXIT, 0, "read-only"}, /* fetches into r10 */
             {"db a1 00 00 e1 00 00 00" EXIT, 0, "read-only"}, {"db 1a 00 00 00 01 00 00" EXIT, 0, "read-only"}); /* load-acquire */
}

static void test_wide(void **state)
{
    REFUSALS({NOP "18 00 00 00 00 00 00 00", 1, "incomplete lddw|missing"}, {"18 00 00 00 00 00 00 00" EXIT, 0, "incomplete lddw|another instruction"},
             {NOP "18 00 00 00 00 00 00 00" NOP EXIT, 1, "incomplete lddw"});
}

static void test_kinds(void **state)
{
    REFUSALS({"18 10 00 00 03 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "map"}, {"18 20 00 00 03 00 00 00 00 00 00 00 07 00 00 00" EXIT, 0, "map"},
             {"18 50 00 00 03 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "map"}, {"18 60 00 00 03 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "map"},
             {NOP "18 30 00 00 03 00 00 00 00 00 00 00 00 00 00 00" EXIT, 1, "variable"}, {"85 20 00 00 03 00 00 00" EXIT, 0, "kernel function"});
}

static void test_targets(void **state)
{
    REFUSALS({"05 00 ff ff 00 00 00 00" EXIT, 0, "ja -0x1|infinite loop"}, {NOP "06 00 00 00 ff ff ff ff" EXIT, 1, "ja32|infinite loop"},
             {"05 00 01 00 00 00 00 00" EXIT, 0, "jump out of the program|to 2"}, {NOP "05 00 fd ff 00 00 00 00" EXIT, 1, "jump out of the program|to -1"},
             {"15 00 01 00 00 00 00 00" EXIT, 0, "jeq|jump out of the program"}, {"16 00 ff 7f 00 00 00 00" EXIT, 0, "jeq32|to 32768"},
             {"dd 10 00 80 00 00 00 00" EXIT, 0, "to -32767"}, {"e5 00 01 00 00 00 00 00" EXIT, 0, "may_goto|jump out"},
             {"06 00 00 00 ff ff ff 7f" EXIT, 0, "to 2147483648"}, {"06 00 00 00 00 00 00 80" EXIT, 0, "jump out of the program|to -2147483647"},
             {"05 00 01 00 00 00 00 00 18 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "into the middle of the lddw at 1"},
             {"18 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 55 00 fe ff 00 00 00 00" EXIT, 2, "into the middle of the lddw at 0"},
             /* calls and handles */
             {"85 10 00 00 01 00 00 00" EXIT, 0, "call out of the program|to 2"}, {"85 10 00 00 fe ff ff ff" EXIT, 0, "call out of the program|to -1"},
             {"85 10 00 00 ff ff ff 7f" EXIT, 0, "call out"}, {"85 10 00 00 01 00 00 00 18 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "call into the middle"},
             {"18 40 00 00 02 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "call out of the program|to 3"},
             {"18 40 00 00 00 00 00 00 00 00 00 00 00 00 00 00" EXIT, 0, "into the middle"});
}

static void test_functions(void **state)
{
    REFUSALS(/* off the end */
             {NOP, 0, "mov64|does not end here"}, {EXIT NOP, 1, "does not end here"}, {"15 00 ff ff 00 00 00 00", 0, "jeq|does not end here"},
             {"85 00 00 00 01 00 00 00", 0, "call|does not end here"}, {EXIT "18 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", 1, "lddw|does not end here"},
             {NOP "e5 00 fe ff 00 00 00 00", 1, "may_goto|does not end here"}, {NOP "8d 00 00 00 00 00 00 00", 1, "callx|does not end here"},
             {"30 00 00 00 00 00 00 00", 0, "ldabsb|does not end here"},
             /* 0: call 2; 1: mov; 2: exit: main runs into the function */
             {"85 10 00 00 01 00 00 00" NOP EXIT, 1, "function|does not end here"},
             /* 0: call 2; 1: exit; 2: mov: the function runs off */
             {"85 10 00 00 01 00 00 00" EXIT NOP, 2, "function|does not end here"},
             /* 0: call 3; 1: ja 3; 2: exit; 3: exit: from one into the other */
             {"85 10 00 00 02 00 00 00 05 00 01 00 00 00 00 00" EXIT EXIT, 1, "jump to 3|out of the function that is 0 to 2"},
             /* 0: call 2; 1: exit; 2: jeq 1; 3: exit */
             {"85 10 00 00 01 00 00 00" EXIT "15 00 fe ff 00 00 00 00" EXIT, 2, "jump to 1|out of the function that is 2 to 3"},
             /* the same where a handle makes the function: 0: lddw_func 4; 2: jeq 4; 3: exit; 4: exit */
             {"18 40 00 00 03 00 00 00 00 00 00 00 00 00 00 00 15 00 01 00 00 00 00 00" EXIT EXIT, 2, "jump to 4|out of the function"});
}

/* ---------------------------------------------------------------------------------------- accepted */

static void test_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        skep_code ends; /* of a run with a budget of 100 */
        uint64_t result;
    } cases[] = {
        {EXIT, SKEP_OK, 0},
        {"37 00 00 00 00 00 00 00" EXIT, SKEP_OK, 0},                           /* division by 0 */
        {"b7 00 00 00 07 00 00 00 97 00 00 00 00 00 00 00" EXIT, SKEP_OK, 7},   /* modulo by 0 */
        {"37 00 01 00 00 00 00 00" EXIT, SKEP_OK, 0},                           /* signed */
        {"55 00 ff ff 00 00 00 00" EXIT, SKEP_OK, 0},                           /* conditional jumps to themselves */
        {"15 00 ff ff 00 00 00 00" EXIT, SKEP_ERR_BUDGET, 0},
        {"e5 00 ff ff 00 00 00 00" EXIT, SKEP_OK, 0},
        {"15 0a 00 00 00 00 00 00" EXIT, SKEP_OK, 0},                           /* r10 compared, read, stored */
        {"bf a1 00 00 00 00 00 00 7b aa f8 ff 00 00 00 00" EXIT, SKEP_OK, 0},
        {EXIT NOP EXIT, SKEP_OK, 0},                                            /* code after the end */
        {"05 00 01 00 00 00 00 00" NOP EXIT, SKEP_OK, 0},                       /* to the last instruction, over dead code */
        {"05 00 00 00 00 00 00 00" EXIT, SKEP_OK, 0},                           /* to the next one */
        {"05 00 01 00 00 00 00 00" EXIT "05 00 fe ff 00 00 00 00", SKEP_OK, 0}, /* the last one jumps back */
        {"05 00 01 00 00 00 00 00" EXIT "06 00 00 00 fe ff ff ff", SKEP_OK, 0},
        {"85 00 00 00 00 00 00 00" EXIT, SKEP_ERR_CALL, 0},                     /* helpers may come later */
        {"85 00 00 00 ff ff ff ff" EXIT, SKEP_ERR_CALL, 0},
        {"85 10 00 00 ff ff ff ff" EXIT, SKEP_ERR_DEPTH, 0},                    /* main calls itself */
        {"8d 01 00 00 00 00 00 00" EXIT, SKEP_ERR_CALL, 0},
        {"8d 00 00 00 0a 00 00 00" EXIT, SKEP_ERR_CALL, 0},                     /* as LLVM up to 18 wrote callx */
        {"30 00 00 00 00 00 00 00" EXIT, SKEP_OK, 0},
        {"58 00 00 00 ff ff ff ff" EXIT, SKEP_OK, 0},
        {"18 00 00 00 ff ff ff ff 00 00 00 00 ff ff ff 7f" EXIT, SKEP_OK, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t code[256];
        skep_vm *vm = NULL;
        skep_error err;
        uint64_t result = 0;
        skep_vm_options o = {.size = sizeof o, .code = code, .code_size = from_hex(cases[i].hex, code), .budget = 100};
        if (skep_vm_create(&o, &vm, &err))
            fail_msg("%s: %s", cases[i].hex, err.message);
        assert_int_equal(skep_vm_exec(vm, NULL, &result, &err), cases[i].ends);
        assert_int_equal(result, cases[i].result);
        skep_vm_free(vm);
    }
}

static void test_most(void **state)
{
    (void)state;
    assert_int_equal(SKEP_MAX_SLOTS, 1000000);
    const size_t most = 1000000;
    uint8_t *code = calloc(most + 1, 8);
    for (size_t i = 0; i <= most; i++)
        code[i * 8] = i + 1 < most ? 0x07 : 0x95; /* r0 += 1, and exit twice */
    for (size_t i = 0; i + 1 < most; i++)
        code[i * 8 + 4] = 1;
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t result = 0;
    skep_vm_options o = {.size = sizeof o, .code = code, .code_size = most * 8};
    if (skep_vm_create(&o, &vm, &err))
        fail_msg("%s", err.message);
    assert_int_equal(skep_vm_exec(vm, NULL, &result, &err), SKEP_OK);
    assert_int_equal(result, most - 1);
    assert_int_equal(skep_vm_load(vm, code, (most + 1) * 8, &err), SKEP_ERR_INVALID);
    assert_int_equal(err.pc, SKEP_NO_PC);
    assert_non_null(strstr(err.message, "1000001"));
    assert_non_null(strstr(err.message, "1000000"));
    skep_vm_free(vm);
    free(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_length),    cmocka_unit_test(test_opcodes),   cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_reserved),  cmocka_unit_test(test_registers), cmocka_unit_test(test_wide),
        cmocka_unit_test(test_kinds),     cmocka_unit_test(test_targets),   cmocka_unit_test(test_functions),
        cmocka_unit_test(test_accepted),  cmocka_unit_test(test_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
