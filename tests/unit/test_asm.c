/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the assembler reads. The bytes were written by hand from RFC 9669 (sections 3 to 5 and its opcode tables),
 * from what bpf_conformance and rbpf document for their assemblers, and from llvm-mc 19.
 */
#include "text_tools.h"

#define M SKEP_MNEMONIC
#define K SKEP_KERNEL

static void test_six(void **state)
{
    (void)state;
    static const char bytes[] = "07 01 00 00 05 06 00 00  b7 02 00 00 32 00 00 00  bf 01 00 00 00 00 00 00"
                                "dc 00 00 00 10 00 00 00  87 02 00 00 00 00 00 00  95 00 00 00 00 00 00 00";
    assembles(M, "add64 r1, 0x605\nmov64 r2, 0x32\nmov64 r1, r0\nbe16 r0\nneg64 r2\nexit", bytes);
    assembles(K, "r1 += 0x605\nr2 = 0x32\nr1 = r0\nr0 = be16 r0\nr2 = -r2\nexit", bytes);
}

static void test_mnemonic_operands(void **state)
{
    (void)state;
    assembles(M, "", "");
    assembles(M, "# nothing\n ; more\n // nothing\n /* and\n more */", "");
    assembles(M, "add %r1, 5", "07 01 00 00 05 00 00 00");
    assembles(M, "add r1, r2", "0f 21 00 00 00 00 00 00");
    assembles(M, "add32 r10, -1", "04 0a 00 00 ff ff ff ff");
    assembles(M, "mov r1, 0xffffffff", "b7 01 00 00 ff ff ff ff");
    assembles(M, "mov r1, 4294967295", "b7 01 00 00 ff ff ff ff");
    assembles(M, "mov r1, -2147483648", "b7 01 00 00 00 00 00 80");
    assembles(M, "mov r1, -0x80000000", "b7 01 00 00 00 00 00 80");
    assembles(M, "mov r1, 0xffffffffffffffff", "b7 01 00 00 ff ff ff ff");
    assembles(M, "mov r1, +7", "b7 01 00 00 07 00 00 00");
    assembles(M, "mov r1, 010", "b7 01 00 00 0a 00 00 00"); /* not octal */
    assembles(M, "neg r3", "87 03 00 00 00 00 00 00");
    assembles(M, "sdiv r1, 2", "37 01 01 00 02 00 00 00");
    assembles(M, "smod32 r1, r2", "9c 21 01 00 00 00 00 00");
    assembles(M, "movsx832 r1, r2", "bc 21 08 00 00 00 00 00");
    assembles(M, "movsx3264 r1, r2", "bf 21 20 00 00 00 00 00");
    assembles(M, "swap16 r1", "d7 01 00 00 10 00 00 00");
    assembles(M, "bswap64 r1", "d7 01 00 00 40 00 00 00");
    assembles(M, "le32 r1", "d4 01 00 00 20 00 00 00");
    assembles(M, "ldxw r1, [r2+8]", "61 21 08 00 00 00 00 00");
    assembles(M, "ldxw r1, [r2-0x8]", "61 21 f8 ff 00 00 00 00");
    assembles(M, "ldxw r1,[ %r2 + 8 ]", "61 21 08 00 00 00 00 00");
    assembles(M, "ldxdw r1, [r2]", "79 21 00 00 00 00 00 00");
    assembles(M, "ldxsb r1, [r2-32768]", "91 21 00 80 00 00 00 00");
    assembles(M, "stb [r10-8], 0x12", "72 0a f8 ff 12 00 00 00");
    assembles(M, "stxh [r1+32767], r2", "6b 21 ff 7f 00 00 00 00");
    assembles(M, "ldabsw 0x10", "20 00 00 00 10 00 00 00");
    assembles(M, "ldindb r4, 2", "50 40 00 00 02 00 00 00");
    assembles(M, "lddw r1, 0x1122334455667788", "18 01 00 00 88 77 66 55 00 00 00 00 44 33 22 11");
    assembles(M, "lddw r1, -1", "18 01 00 00 ff ff ff ff 00 00 00 00 ff ff ff ff");
    assembles(M, "lddw r1, 0xffffffff", "18 01 00 00 ff ff ff ff 00 00 00 00 00 00 00 00");
    assembles(M, "lddw r1, 18446744073709551615", "18 01 00 00 ff ff ff ff 00 00 00 00 ff ff ff ff");
    assembles(M, "lddw r1, -9223372036854775808", "18 01 00 00 00 00 00 00 00 00 00 00 00 00 00 80");
    assembles(M, "lddw_map_fd r1, 5", "18 11 00 00 05 00 00 00 00 00 00 00 00 00 00 00");
    assembles(M, "lddw_map_value r1, 5, 16", "18 21 00 00 05 00 00 00 00 00 00 00 10 00 00 00");
}

static void test_mnemonic_jumps(void **state)
{
    (void)state;
    assembles(M, "ja +5", "05 00 05 00 00 00 00 00");
    assembles(M, "ja 5", "05 00 05 00 00 00 00 00");
    assembles(M, "ja -0x3", "05 00 fd ff 00 00 00 00");
    assembles(M, "ja32 -3", "06 00 00 00 fd ff ff ff");
    assembles(M, "may_goto +2", "e5 00 02 00 00 00 00 00");
    assembles(M, "jeq r1, 0x2, +5", "15 01 05 00 02 00 00 00");
    assembles(M, "jsle32 r1, r2, -1", "de 21 ff ff 00 00 00 00");
    assembles(M, "jne r3, r4, done\nmov r0, 1\ndone: exit",
              "5d 43 01 00 00 00 00 00 b7 00 00 00 01 00 00 00 95 00 00 00 00 00 00 00");
    assembles(M, "top:\n add r1, 1\n ja top", "07 01 00 00 01 00 00 00 05 00 fe ff 00 00 00 00");
    assembles(M, "a: b: c: ja32 b", "06 00 00 00 ff ff ff ff");
    assembles(M, "jeq r0, 0, exit\nmov r0, 2\nexit\nexit",
              "15 00 01 00 00 00 00 00 b7 00 00 00 02 00 00 00 95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(M, "ja exit\nexit\nexit: exit", /* a label of that name goes first */
              "05 00 01 00 00 00 00 00 95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(M, "ja 1f\n1: ja 1f\n1: ja 1b", /* each definition counts for itself */
              "05 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 05 00 ff ff 00 00 00 00");
    /* A jump over a wide instruction counts two slots. */
    assembles(M, "ja l\nlddw r1, 1\nl: exit",
              "05 00 02 00 00 00 00 00 18 01 00 00 01 00 00 00 00 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
}

static void test_mnemonic_calls(void **state)
{
    (void)state;
    assembles(M, "call 5", "85 00 00 00 05 00 00 00");
    assembles(M, "call helper 5", "85 00 00 00 05 00 00 00");
    assembles(M, "call -1", "85 00 00 00 ff ff ff ff");
    assembles(M, "call runtime 5", "85 20 00 00 05 00 00 00");
    assembles(M, "call_kfunc 5", "85 20 00 00 05 00 00 00");
}

static void test_mnemonic_callx(void **state)
{
    (void)state;
    assembles(M, "call %r2", "8d 02 00 00 00 00 00 00");
    assembles(M, "callx r2", "8d 02 00 00 00 00 00 00");
    assembles(M, "callx 0xffffffff", "85 10 00 00 ff ff ff ff"); /* as rbpf prints a local call */
    assembles(M, "call local +3", "85 10 00 00 03 00 00 00");
    assembles(M, "call local f\nexit\nf: exit",
              "85 10 00 00 01 00 00 00 95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(M, "call f\nf: exit", "85 10 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    /* RFC 9669 section 5.4: src 4, imm the distance from the slot behind the first. */
    assembles(M, "lddw r1, f\nf: exit",
              "18 41 00 00 01 00 00 00 00 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(M, "lddw_func r1, +1", "18 41 00 00 01 00 00 00 00 00 00 00 00 00 00 00");
}

static void test_mnemonic_atomics(void **state)
{
    (void)state;
    assembles(M, "lock add [%r1+4], %r2", "db 21 04 00 00 00 00 00");
    assembles(M, "lock or32 [r1+4], r2", "c3 21 04 00 40 00 00 00");
    assembles(M, "lock and [r1+4], r2", "db 21 04 00 50 00 00 00");
    assembles(M, "lock xor32 [r1+4], r2", "c3 21 04 00 a0 00 00 00");
    assembles(M, "lock fetch add32 [r1+4], r2", "c3 21 04 00 01 00 00 00");
    assembles(M, "lock fetch or [r1+4], r2", "db 21 04 00 41 00 00 00");
    assembles(M, "lock fetch and32 [r1+4], r2", "c3 21 04 00 51 00 00 00");
    assembles(M, "lock fetch xor [r1+4], r2", "db 21 04 00 a1 00 00 00");
    assembles(M, "lock xchg [r1+4], r2", "db 21 04 00 e1 00 00 00");
    assembles(M, "lock fetch xchg32 [r1+4], r2", "c3 21 04 00 e1 00 00 00");
    assembles(M, "lock cmpxchg [r1+4], r2", "db 21 04 00 f1 00 00 00");
    assembles(M, "lock cmpxchg32 [r1-4], r2", "c3 21 fc ff f1 00 00 00");
    assembles(M, "stxxadddw [r10-0x8], r1", "db 1a f8 ff 00 00 00 00");
    assembles(M, "ldxacqh r0, [r1+2]", "cb 10 02 00 00 01 00 00");
    assembles(M, "stxrelb [r1+2], r0", "d3 01 02 00 10 01 00 00");
}

/* rbpf separates instructions with any blank. */
static void test_one_line(void **state)
{
    (void)state;
    assembles(M, "mov r0, 1 exit", "b7 00 00 00 01 00 00 00 95 00 00 00 00 00 00 00");
    assembles(M, "exit exit exit", "95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(M, "ja l l: ldxb r1, [r2] neg r1",
              "05 00 00 00 00 00 00 00 71 21 00 00 00 00 00 00 87 01 00 00 00 00 00 00");
    assembles(K, "r0 = 1; exit;; exit",
              "b7 00 00 00 01 00 00 00 95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(K, "; int x = 1;\nexit ; exit # a\n", "95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
}

static void test_kernel(void **state)
{
    (void)state;
    /* Each pair of text and bytes comes from llvm-mc 19 (-triple bpfel -mcpu=v4). */
    assembles(K, "r1 = 123 ll", "18 01 00 00 7b 00 00 00 00 00 00 00 00 00 00 00");
    assembles(K, "r1 = -1 ll", "18 01 00 00 ff ff ff ff 00 00 00 00 ff ff ff ff");
    assembles(K, "w1 = -5", "b4 01 00 00 fb ff ff ff");
    assembles(K, "r1 = 4294967295", "b7 01 00 00 ff ff ff ff");
    assembles(K, "r1 = 010", "b7 01 00 00 08 00 00 00");
    assembles(K, "r1 = 0b11", "b7 01 00 00 03 00 00 00");
    assembles(K, "r1 = 5 + 6", "b7 01 00 00 0b 00 00 00");
    assembles(K, "R1=-R1", "87 01 00 00 00 00 00 00");
    assembles(K, "r1 s>>= 3", "c7 01 00 00 03 00 00 00");
    assembles(K, "r1 s%= 3", "97 01 01 00 03 00 00 00");
    assembles(K, "w1 s/= w2", "3c 21 01 00 00 00 00 00");
    assembles(K, "r1 = bswap16 r1", "d7 01 00 00 10 00 00 00");
    assembles(K, "w1 = (s8)w2", "bc 21 08 00 00 00 00 00");
    assembles(K, "r1 = (s32) r2", "bf 21 20 00 00 00 00 00");
    assembles(K, "r1 = *(s16 *)(r2 - 4)", "89 21 fc ff 00 00 00 00");
    assembles(K, "w1 = *(u8 *)(r2 + 4)", "71 21 04 00 00 00 00 00");
    assembles(K, "r1 = *(u32 *)(r2 + 8 + 4)", "61 21 0c 00 00 00 00 00");
    assembles(K, "*(u32*)(r1+8)=r2", "63 21 08 00 00 00 00 00");
    assembles(K, "*(u8 *)(r1 + 0) = w2", "73 21 00 00 00 00 00 00");
    assembles(K, "*(u64 *)(r1 + 8) = 5", "7a 01 08 00 05 00 00 00");
    assembles(K, "r0 = *(u8 *)skb[42]", "30 00 00 00 2a 00 00 00");
    assembles(K, "r0 = *(u16 *)skb[r1]", "48 10 00 00 00 00 00 00");
    assembles(K, "goto 5", "05 00 05 00 00 00 00 00");
    assembles(K, "gotol +5", "06 00 00 00 05 00 00 00");
    assembles(K, "may_goto 5", "e5 00 05 00 00 00 00 00");
    assembles(K, "if w1 s> -1 goto +3", "66 01 03 00 ff ff ff ff");
    assembles(K, "if r1 s > 5 goto +1", "65 01 01 00 05 00 00 00");
    assembles(K, "if r1 & r2 goto +3", "4d 21 03 00 00 00 00 00");
    assembles(K, "if r1 == 5 goto l\nl: exit", "15 01 00 00 05 00 00 00 95 00 00 00 00 00 00 00");
    assembles(K, "call 5", "85 00 00 00 05 00 00 00");
    assembles(K, "call +5", "85 00 00 00 05 00 00 00");
    assembles(K, "callx r1", "8d 01 00 00 00 00 00 00");
    assembles(K, "lock *(u64 *)(r1 + 8) |= r2", "db 21 08 00 40 00 00 00");
    assembles(K, "lock *(u32 *)(r1 + 8) ^= w2", "c3 21 08 00 a0 00 00 00");
    assembles(K, "lock *(u32 *)(r1 + 8) += r2", "c3 21 08 00 00 00 00 00");
    assembles(K, "r2 = atomic_fetch_and((u64 *)(r1 + 8), r2)", "db 21 08 00 51 00 00 00");
    assembles(K, "w2 = atomic_fetch_add((u32 *)(r1 + 8), w2)", "c3 21 08 00 01 00 00 00");
    assembles(K, "r2 = xchg_64(r1 + 8, r2)", "db 21 08 00 e1 00 00 00");
    assembles(K, "w0 = cmpxchg32_32(r1 + 8, w0, w2)", "c3 21 08 00 f1 00 00 00");
    assembles(K, "ld_pseudo r1, 1, 5", "18 11 00 00 05 00 00 00 00 00 00 00 00 00 00 00");
    /* llvm-objdump 19 */
    assembles(K, "goto -0x1 <.text>", "05 00 ff ff 00 00 00 00");
    assembles(K, "if w1 != w2 goto -0x3 <.text+0xfffffffffffffff0>", "5e 21 fd ff 00 00 00 00");
    assembles(K, "ld_pseudo\tr1, 0x1, 0x5", "18 11 00 00 05 00 00 00 00 00 00 00 00 00 00 00");
    assembles(K, "       3:\tr0 = 0x0", "b7 00 00 00 00 00 00 00");
    /* LLVM 20 */
    assembles(K, "w0 = load_acquire((u8 *)(r1 + 0))", "d3 10 00 00 00 01 00 00");
    assembles(K, "store_release((u64 *)(r1 + 0), r2)", "db 21 00 00 10 01 00 00");
}

static void test_kernel_log(void **state)
{
    (void)state;
    /* kernel/bpf/disasm.c */
    assembles(K, "r1 = *(u64 *)(r10 -8)", "79 a1 f8 ff 00 00 00 00");
    assembles(K, "*(u64 *)(r1 +0) = r2", "7b 21 00 00 00 00 00 00");
    assembles(K, "goto pc+3", "05 00 03 00 00 00 00 00");
    assembles(K, "gotol pc-3", "06 00 00 00 fd ff ff ff");
    assembles(K, "may_goto pc+2", "e5 00 02 00 00 00 00 00");
    assembles(K, "if r1 == 0xffffffff goto pc+3", "15 01 03 00 ff ff ff ff");
    assembles(K, "if w1 s<= w2 goto pc-1", "de 21 ff ff 00 00 00 00");
    assembles(K, "call pc+5", "85 10 00 00 05 00 00 00");
    assembles(K, "call pc-2", "85 10 00 00 fe ff ff ff");
    assembles(K, "call bpf_map_lookup_elem#1", "85 00 00 00 01 00 00 00");
    assembles(K, "call unknown#-5", "85 00 00 00 fb ff ff ff");
    assembles(K, "call kernel-function#7", "85 20 00 00 07 00 00 00");
    assembles(K, "r1 = atomic64_fetch_add((u64 *)(r10 -8), r1)", "db 1a f8 ff 01 00 00 00");
    assembles(K, "r1 = atomic_fetch_xor((u32 *)(r10 -4), r1)", "c3 1a fc ff a1 00 00 00");
    assembles(K, "r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r1)", "db 1a f8 ff f1 00 00 00");
    assembles(K, "r1 = atomic_xchg((u32 *)(r10 -8), r1)", "c3 1a f8 ff e1 00 00 00");
    assembles(K, "r0 = load_acquire((u64 *)(r1 +0))", "db 10 00 00 00 01 00 00");
    assembles(K, "r0 = load_acquire((u8 *)(r2 +0))", "d3 20 00 00 00 01 00 00");
    assembles(K, "store_release((u16 *)(r1 +0), r2)", "cb 21 00 00 10 01 00 00");
    assembles(K, "r0 = *(u32 *)skb[r1 + 4]", "40 10 00 00 04 00 00 00");
    assembles(K, "r0 = *(u32 *)skb[r1 + -4]", "40 10 00 00 fc ff ff ff");
    assembles(K, "r1 = 0x1122334455667788", "18 01 00 00 88 77 66 55 00 00 00 00 44 33 22 11");
}

static void test_kernel_labels(void **state)
{
    (void)state;
    assembles(K, "call f\nf: exit", "85 10 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(K, "call pc\npc: exit", "85 10 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(K, "r1 = f ll\nf: exit", "18 41 00 00 01 00 00 00 00 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(K, "ld_pseudo r1, 4, f\nf: exit",
              "18 41 00 00 01 00 00 00 00 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(K, "1: goto 1b\ngoto 1f\n1: exit",
              "05 00 ff ff 00 00 00 00 05 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00");
    assembles(K, ".LBB0_1: if r1 != 0 goto .LBB0_1", "55 01 ff ff 00 00 00 00");
}

/* RFC 9669 section 3.1: big endian turns the registers' nibbles and the numbers around. */
static void test_big_endian(void **state)
{
    (void)state;
    static const char text[] = "add64 r1, 0x605\nldxw r1, [r2+8]\nja l\nlddw r3, 0x1122334455667788\nl: exit";
    void *code;
    size_t size;
    uint8_t want[64];
    size_t wanted = from_hex("07 10 00 00 00 00 06 05 61 12 00 08 00 00 00 00 05 00 00 02 00 00 00 00"
                             "18 30 00 00 55 66 77 88 00 00 00 00 11 22 33 44 95 00 00 00 00 00 00 00",
                             want);
    assert_int_equal(skep_assemble(text, strlen(text), TEXT_OPTIONS(M, SKEP_BIG_ENDIAN), &code, &size, NULL), SKEP_OK);
    assert_int_equal(size, wanted);
    assert_memory_equal(code, want, size);
    skep_free(NULL, code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_six),           cmocka_unit_test(test_mnemonic_operands),
        cmocka_unit_test(test_mnemonic_jumps), cmocka_unit_test(test_mnemonic_calls),
        cmocka_unit_test(test_mnemonic_callx), cmocka_unit_test(test_mnemonic_atomics),
        cmocka_unit_test(test_one_line),      cmocka_unit_test(test_kernel),
        cmocka_unit_test(test_kernel_log),    cmocka_unit_test(test_kernel_labels),
        cmocka_unit_test(test_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
