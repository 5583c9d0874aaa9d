/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the disassembler writes. The mnemonic texts are those that rbpf's disassembler gives for the bytes; the
 * kernel texts are llvm-mc's; the decoded fields come from RFC 9669 section 3.1.
 */
#include "text_tools.h"

#define M SKEP_MNEMONIC
#define K SKEP_KERNEL

static void test_rbpf(void **state)
{
    (void)state;
    disassembles(M, "", "");
    disassembles(M,
                 "07 01 00 00 05 06 00 00  b7 02 00 00 32 00 00 00  bf 01 00 00 00 00 00 00"
                 "dc 00 00 00 10 00 00 00  87 02 00 00 00 00 00 00  95 00 00 00 00 00 00 00",
                 "add64 r1, 0x605\nmov64 r2, 0x32\nmov64 r1, r0\nbe16 r0\nneg64 r2\nexit\n");
    disassembles(M, "b4 01 00 00 fb ff ff ff", "mov32 r1, 0xfffffffb");
    disassembles(M, "b7 00 00 00 00 00 00 00", "mov64 r0, 0x0");
    disassembles(M, "18 02 00 00 88 77 66 55 00 00 00 00 44 33 22 11", "lddw r2, 0x1122334455667788");
    disassembles(M, "18 02 00 00 44 cc 33 dd 00 00 00 00 22 ee 11 ff", "lddw r2, 0xff11ee22dd33cc44");
    disassembles(M, "71 13 04 00 00 00 00 00", "ldxb r3, [r1+0x4]");
    disassembles(M, "7b 2a f8 ff 00 00 00 00", "stxdw [r10-0x8], r2");
    disassembles(M, "61 21 00 00 00 00 00 00", "ldxw r1, [r2+0x0]");
    disassembles(M, "61 21 00 80 00 00 00 00", "ldxw r1, [r2-0x8000]");
    disassembles(M, "7a 01 08 00 ff ff ff ff", "stdw [r1+0x8], 0xffffffff");
    disassembles(M, "15 00 02 00 10 00 00 00", "jeq r0, 0x10, +0x2");
    disassembles(M, "de 21 fb ff 00 00 00 00", "jsle32 r1, r2, -0x5");
    disassembles(M, "05 00 00 00 00 00 00 00", "ja +0x0");
    disassembles(M, "85 00 00 00 03 00 00 00", "call 0x3");
    disassembles(M, "85 10 00 00 ff ff ff ff", "callx 0xffffffff");
    disassembles(M, "20 00 00 00 10 00 00 00", "ldabsw 0x10");
    disassembles(M, "50 30 00 00 10 00 00 00", "ldindb r3, 0x10");
    disassembles(M, "db 1a f8 ff 00 00 00 00", "stxxadddw [r10-0x8], r1");
    disassembles(M, "c3 1a f8 ff 00 00 00 00", "stxxaddw [r10-0x8], r1");
    disassembles(M, "d4 01 00 00 40 00 00 00", "le64 r1");
    disassembles(M, "84 01 00 00 00 00 00 00", "neg32 r1");
}

/* What rbpf lacks: ours to choose, described in docs/text.md. */
static void test_beyond_rbpf(void **state)
{
    (void)state;
    disassembles(M, "8d 02 00 00 00 00 00 00", "callx r2");
    disassembles(M, "8d 00 00 00 02 00 00 00", "callx r2"); /* as LLVM 18 encoded it */
    disassembles(M, "85 20 00 00 07 00 00 00", "call_kfunc 0x7");
    disassembles(M, "06 00 00 00 fe ff ff ff", "ja32 -0x2");
    disassembles(M, "e5 00 02 00 00 00 00 00", "may_goto +0x2");
    disassembles(M, "3f 21 01 00 00 00 00 00", "sdiv64 r1, r2");
    disassembles(M, "94 01 01 00 03 00 00 00", "smod32 r1, 0x3");
    disassembles(M, "bf 21 08 00 00 00 00 00", "movsx864 r1, r2");
    disassembles(M, "d7 01 00 00 10 00 00 00", "bswap16 r1");
    disassembles(M, "91 21 04 00 00 00 00 00", "ldxsb r1, [r2+0x4]");
    disassembles(M, "db 21 08 00 01 00 00 00", "stxxfetchadddw [r1+0x8], r2");
    disassembles(M, "c3 21 08 00 f1 00 00 00", "stxxcmpxchgw [r1+0x8], r2");
    disassembles(M, "db 10 00 00 00 01 00 00", "ldxacqdw r0, [r1+0x0]");
    disassembles(M, "cb 21 00 00 10 01 00 00", "stxrelh [r1+0x0], r2");
    disassembles(M, "18 11 00 00 05 00 00 00 00 00 00 00 00 00 00 00", "lddw_map_fd r1, 0x5");
    disassembles(M, "18 61 00 00 05 00 00 00 00 00 00 00 10 00 00 00", "lddw_map_idx_value r1, 0x5, 0x10");
    disassembles(M, "18 41 00 00 01 00 00 00 00 00 00 00 00 00 00 00", "lddw_func r1, +0x1");
}

static void test_kernel(void **state)
{
    (void)state;
    disassembles(K, "07 01 00 00 05 06 00 00", "r1 += 1541");
    disassembles(K, "b4 01 00 00 fb ff ff ff", "w1 = -5");
    disassembles(K, "bf 21 00 00 00 00 00 00", "r1 = r2");
    disassembles(K, "97 01 01 00 03 00 00 00", "r1 s%= 3");
    disassembles(K, "c7 01 00 00 03 00 00 00", "r1 s>>= 3");
    disassembles(K, "87 01 00 00 00 00 00 00", "r1 = -r1");
    disassembles(K, "dc 01 00 00 10 00 00 00", "r1 = be16 r1");
    disassembles(K, "bc 21 08 00 00 00 00 00", "w1 = (s8)w2");
    disassembles(K, "18 01 00 00 7b 00 00 00 00 00 00 00 00 00 00 00", "r1 = 123 ll");
    disassembles(K, "18 11 00 00 05 00 00 00 00 00 00 00 00 00 00 00", "ld_pseudo r1, 1, 5");
    disassembles(K, "91 21 04 00 00 00 00 00", "r1 = *(s8 *)(r2 + 4)");
    disassembles(K, "89 21 fc ff 00 00 00 00", "r1 = *(s16 *)(r2 - 4)");
    disassembles(K, "63 21 00 00 00 00 00 00", "*(u32 *)(r1 + 0) = r2");
    disassembles(K, "62 01 08 00 fb ff ff ff", "*(u32 *)(r1 + 8) = -5");
    disassembles(K, "30 00 00 00 2a 00 00 00", "r0 = *(u8 *)skb[42]");
    disassembles(K, "48 10 00 00 00 00 00 00", "r0 = *(u16 *)skb[r1]");
    disassembles(K, "05 00 05 00 00 00 00 00", "goto +5");
    disassembles(K, "06 00 00 00 05 00 00 00", "gotol +5");
    disassembles(K, "66 01 03 00 ff ff ff ff", "if w1 s> -1 goto +3");
    disassembles(K, "4d 21 fd ff 00 00 00 00", "if r1 & r2 goto -3");
    disassembles(K, "85 00 00 00 0c 00 00 00", "call 12");
    disassembles(K, "85 10 00 00 05 00 00 00", "call pc+5"); /* the kernel's: LLVM knows labels only */
    disassembles(K, "8d 01 00 00 00 00 00 00", "callx r1");
    disassembles(K, "c3 21 08 00 00 00 00 00", "lock *(u32 *)(r1 + 8) += w2");
    disassembles(K, "db 21 08 00 51 00 00 00", "r2 = atomic_fetch_and((u64 *)(r1 + 8), r2)");
    disassembles(K, "c3 21 08 00 f1 00 00 00", "w0 = cmpxchg32_32(r1 + 8, w0, w2)");
    disassembles(K, "d3 10 00 00 00 01 00 00", "w0 = load_acquire((u8 *)(r1 + 0))"); /* LLVM 20 */
    disassembles(K, "95 00 00 00 00 00 00 00", "exit");
}

static void test_big_endian(void **state)
{
    (void)state;
    uint8_t code[16];
    char *text;
    size_t size = from_hex("61 12 00 08 00 00 00 00 07 10 00 00 00 00 06 05", code);
    assert_int_equal(skep_disassemble(code, size, TEXT_OPTIONS(M, SKEP_BIG_ENDIAN), &text, NULL, NULL), SKEP_OK);
    assert_string_equal(text, "ldxw r1, [r2+0x8]\nadd64 r1, 0x605\n");
    skep_free(NULL, text);
}

static void refused(const char *hex, uint64_t pc, const char *part)
{
    uint8_t code[64];
    char *text = NULL;
    skep_error err;
    size_t size = from_hex(hex, code);
    assert_int_equal(skep_disassemble(code, size, NULL, &text, NULL, &err), SKEP_ERR_INVALID);
    assert_null(text);
    assert_int_equal(err.code, SKEP_ERR_INVALID);
    assert_int_equal(err.pc, pc);
    if (!strstr(err.message, part))
        fail_msg("%s: '%s' lacks '%s'", hex, err.message, part);
}

static void test_refused(void **state)
{
    (void)state;
    refused("95 00 00", 0, "8-byte");
    refused("95 00 00 00 00 00 00 00 ff 00 00 00 00 00 00 00", 1, "0xff");
    refused("95 00 00 00 01 00 00 00", 0, "imm");
    refused("95 00 02 00 00 00 00 00", 0, "off");
    refused("0f 21 00 00 01 00 00 00", 0, "add64 r1, r2"); /* the instruction is shown */
    refused("dc 01 00 00 11 00 00 00", 0, "imm");
    refused("3f 21 02 00 00 00 00 00", 0, "off");
    refused("85 30 00 00 00 00 00 00", 0, "src");
    refused("c3 21 00 00 02 00 00 00", 0, "imm");
    refused("18 01 00 00 01 00 00 00", 0, "two slots");
    refused("18 01 00 00 01 00 00 00 95 00 00 00 00 00 00 00", 0, "two slots");
    refused("18 01 00 00 01 00 00 00 00 01 00 00 00 00 00 00", 0, "second slot");
    refused("18 11 00 00 01 00 00 00 00 00 00 00 01 00 00 00", 0, "second slot");
}

static void test_decode(void **state)
{
    (void)state;
    uint8_t code[64];
    skep_insn insn;
    skep_error err;
    size_t size = from_hex("7b 2a f8 ff 00 00 00 00  18 11 00 00 fe ff ff ff 00 00 00 00 00 00 00 00"
                           "c3 21 04 00 f1 00 00 00  95 00 00 00 07 00 00 00",
                           code);
    assert_int_equal(skep_insn_decode(code, size, SKEP_LITTLE_ENDIAN, 0, &insn, &err), SKEP_OK);
    assert_int_equal(insn.pc, 0);
    assert_int_equal(insn.slots, 1);
    assert_int_equal(insn.opcode, 0x7b);
    assert_int_equal(insn.dst, 10);
    assert_int_equal(insn.src, 2);
    assert_int_equal(insn.off, -8);
    assert_int_equal(insn.imm, 0);
    assert_string_equal(insn.name, "stxdw");
    assert_string_equal(insn.group, "base64");
    assert_true(strlen(insn.meaning) > 0);

    assert_int_equal(skep_insn_decode(code, size, SKEP_LITTLE_ENDIAN, 1, &insn, &err), SKEP_OK);
    assert_int_equal(insn.slots, 2);
    assert_int_equal(insn.src, 1);
    assert_int_equal(insn.imm, -2);
    assert_string_equal(insn.name, "lddw_map_fd");

    assert_int_equal(skep_insn_decode(code, size, SKEP_LITTLE_ENDIAN, 3, &insn, &err), SKEP_OK);
    assert_int_equal(insn.imm, 0xf1);
    assert_string_equal(insn.group, "atomic32");

    /* A reserved field does not keep a listing from going on. */
    assert_int_equal(skep_insn_decode(code, size, SKEP_LITTLE_ENDIAN, 4, &insn, &err), SKEP_OK);
    assert_int_equal(insn.imm, 7);

    assert_int_equal(skep_insn_decode(code, size, SKEP_LITTLE_ENDIAN, 2, &insn, &err), SKEP_ERR_INVALID);
    assert_int_equal(err.pc, 2);
    assert_int_equal(skep_insn_decode(code, size, SKEP_LITTLE_ENDIAN, 5, &insn, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_insn_decode(code, 16, SKEP_LITTLE_ENDIAN, 1, &insn, &err), SKEP_ERR_INVALID);
    assert_int_equal(skep_insn_decode(code, 12, SKEP_LITTLE_ENDIAN, 0, &insn, &err), SKEP_ERR_INVALID);
}

static void test_list(void **state)
{
    (void)state;
    uint8_t code[64];
    skep_insn *insns;
    size_t count;
    skep_error err;
    char text[64];
    size_t size = from_hex("b7 01 00 00 fb ff ff ff  18 02 00 00 88 77 66 55 00 00 00 00 44 33 22 11"
                           "d7 02 00 00 20 00 00 00  37 01 01 00 02 00 00 00  95 00 00 00 00 00 00 00",
                           code);
    assert_int_equal(skep_insn_list(code, size, NULL, &insns, &count, &err), SKEP_OK);
    assert_int_equal(count, 5);
    assert_int_equal(insns[1].pc, 1);
    assert_int_equal(insns[2].pc, 3);
    assert_true(insns[0].imm == -5);
    assert_true(insns[1].imm == 0x1122334455667788);
    static const char *const mnemonic[] = {"mov64 r1, 0xfffffffb", "lddw r2, 0x1122334455667788", "bswap32 r2",
                                           "sdiv64 r1, 0x2", "exit"};
    static const char *const kernel[] = {"r1 = -5", "r2 = 1234605616436508552 ll", "r2 = bswap32 r2", "r1 s/= 2",
                                         "exit"};
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(skep_insn_format(&insns[i], M, text, sizeof text), strlen(mnemonic[i]));
        assert_string_equal(text, mnemonic[i]);
        assert_int_equal(skep_insn_format(&insns[i], K, text, sizeof text), strlen(kernel[i]));
        assert_string_equal(text, kernel[i]);
    }
    /* Cut, but terminated, and the whole length all the same. */
    assert_int_equal(skep_insn_format(&insns[0], M, text, 6), 20);
    assert_string_equal(text, "mov64");
    assert_int_equal(skep_insn_format(&insns[0], M, NULL, 0), 20);
    insns[0].opcode = 0xff;
    skep_insn_format(&insns[0], M, text, sizeof text);
    assert_non_null(strstr(text, "0xff"));
    skep_free(NULL, insns);

    code[0] = 0xff;
    assert_int_equal(skep_insn_list(code, size, NULL, &insns, &count, &err), SKEP_ERR_INVALID);
    assert_int_equal(err.pc, 0);
    assert_int_equal(skep_insn_list(NULL, 0, NULL, &insns, &count, &err), SKEP_OK);
    assert_int_equal(count, 0);
    skep_free(NULL, insns);
}

static void test_arguments(void **state)
{
    (void)state;
    char *text;
    void *code;
    size_t size;
    skep_error err;
    skep_text_options options = {.size = 3};
    assert_int_equal(skep_disassemble("", 0, &options, &text, NULL, &err), SKEP_ERR_ARGUMENT);
    options = (skep_text_options){.size = sizeof options, .dialect = (skep_dialect)7};
    assert_int_equal(skep_disassemble("", 0, &options, &text, NULL, &err), SKEP_ERR_ARGUMENT);
    options = (skep_text_options){.size = sizeof options, .byte_order = (skep_byte_order)7};
    assert_int_equal(skep_assemble("", 0, &options, &code, &size, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_assemble(NULL, 1, NULL, &code, &size, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_assemble("", 0, NULL, NULL, &size, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_disassemble(NULL, 8, NULL, &text, NULL, NULL), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_disassemble("", 0, NULL, NULL, NULL, NULL), SKEP_ERR_ARGUMENT);
    struct {
        skep_text_options known;
        size_t unknown;
    } larger = {{.size = sizeof larger}, 0};
    assert_int_equal(skep_assemble("exit", 4, &larger.known, &code, &size, &err), SKEP_OK);
    assert_int_equal(size, 8);
    skep_free(NULL, code);
    larger.unknown = 1;
    assert_int_equal(skep_assemble("exit", 4, &larger.known, &code, &size, &err), SKEP_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rbpf),       cmocka_unit_test(test_beyond_rbpf), cmocka_unit_test(test_kernel),
        cmocka_unit_test(test_big_endian), cmocka_unit_test(test_refused),     cmocka_unit_test(test_decode),
        cmocka_unit_test(test_list),       cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
