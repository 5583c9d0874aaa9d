/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The encoders of src/jit/x64/asm.h over their whole domain, against LLVM's disassembler: each instruction's bytes go
 * through llvm-mc, all at once, and its text must be the one that is written here by hand in AT&T's syntax. Skipped
 * where llvm-mc is not installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "jit/x64/asm.h"

static FILE *bytes, *expected;
static struct sk_buf code;
static unsigned long lines;

static const char *const names[4][16] = {
    {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"},
    {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"},
    {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"},
    {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"},
};
static const char *const cc_names[16] = {"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"};
static const char *const alu_names[8] = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};
static const char *const shift_names[8] = {"rol", "ror", "rcl", "rcr", "shl", "shr", "shl", "sar"};

static const char *name(unsigned bits, unsigned reg) { return names[bits == 8 ? 0 : bits == 16 ? 1 : bits == 32 ? 2 : 3][reg]; }
static char suffix(unsigned bits) { return bits == 8 ? 'b' : bits == 16 ? 'w' : bits == 32 ? 'l' : 'q'; }

/* A number as it stands in `bits` bits: the disassembler prints some signed, some not. */
static unsigned long long in_bits(unsigned bits, int64_t v) { return bits == 64 ? (uint64_t)v : (uint64_t)v & ((UINT64_C(1) << bits) - 1); }

/* What is in the buffer is one instruction, which must be disassembled so; its immediate is compared in `bits` bits. */
static void expect(unsigned bits, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void expect(unsigned bits, const char *format, ...)
{
    va_list args;
    assert_false(code.failed);
    for (size_t i = 0; i < code.size; i++)
        fprintf(bytes, "0x%02x ", code.data[i]);
    fputc('\n', bytes);
    fprintf(expected, "%u ", bits);
    va_start(args, format);
    vfprintf(expected, format, args);
    va_end(args);
    fputc('\n', expected);
    code.size = 0;
    lines++;
}

/* Numbers at the borders of what an encoding holds. */
static const int32_t numbers[] = {0, 1, -1, 2, 42, 127, 128, 129, -127, -128, -129, -130, 255, 256, 32767, 65535, 65536, -65536,
                                  0x12345678, INT32_MAX, INT32_MIN};
#define EACH(i, array) for (size_t i = 0; i < SK_COUNT(array); i++)
#define EACH_REG(r) for (unsigned r = 0; r < 16; r++)
#define EACH_WIDTH(bits) for (unsigned bits = 32; bits <= 64; bits += 32)

/* ---------------------------------------------------------------------------------------- places in memory */

static const char *place(struct sk_x64_mem m)
{
    static char text[64];
    char offset[16] = "", index[16] = "", scale[4] = "";
    if (m.offset)
        snprintf(offset, sizeof offset, "%d", m.offset);
    if (m.index != NO_REG)
        snprintf(index, sizeof index, ",%%%s", names[3][m.index]);
    if (m.index != NO_REG && m.scale)
        snprintf(scale, sizeof scale, ",%d", 1 << m.scale);
    snprintf(text, sizeof text, "%s(%%%s%s%s)", offset, names[3][m.base], index, scale);
    return text;
}

/* Each base with each index and scale, and offsets around the border of a byte; or a choice of them. */
static const int32_t offsets[] = {0, 1, -1, 127, 128, -128, -129, 4096, INT32_MAX, INT32_MIN};
static struct sk_x64_mem all_places[16 * 61 * SK_COUNT(offsets)], some_places[16 * 4 * 4];
static size_t all_count, some_count;

static void make_places(void)
{
    static const uint8_t some_indices[] = {NO_REG, RCX, RBP, R12};
    static const int32_t some_offsets[] = {0, -128, 128, INT32_MAX};
    EACH_REG(base)
    {
        EACH(o, offsets)
        {
            all_places[all_count++] = x_at(base, offsets[o]);
            EACH_REG(index)
            for (uint8_t scale = 0; scale < 4 && index != RSP; scale++)
                all_places[all_count++] = (struct sk_x64_mem){(uint8_t)base, (uint8_t)index, scale, offsets[o]};
        }
        EACH(i, some_indices)
        EACH(o, some_offsets)
        some_places[some_count++] = (struct sk_x64_mem){(uint8_t)base, some_indices[i], some_indices[i] == NO_REG ? 0 : 3, some_offsets[o]};
    }
    assert_int_equal(all_count, SK_COUNT(all_places));
    assert_int_equal(some_count, SK_COUNT(some_places));
}

#define EACH_PLACE(m) for (size_t m##_ = 0; m##_ < some_count; m##_++) for (struct sk_x64_mem m = some_places[m##_], *m##1 = &m; m##1; m##1 = NULL)

static void loads(unsigned n, bool sign, struct sk_x64_mem m)
{
    static const char *const zero[] = {[1] = "movzbl", [2] = "movzwl", [4] = "movl", [8] = "movq"};
    static const char *const extend[] = {[1] = "movsbq", [2] = "movswq", [4] = "movslq", [8] = "movq"};
    EACH_REG(r)
    {
        x_load(&code, n, sign, r, m);
        expect(0, "%s %s, %%%s", sign ? extend[n] : zero[n], place(m), name(sign || n == 8 ? 64 : 32, r));
    }
}

static void swapped_loads(struct sk_x64_mem m)
{
    EACH_REG(r)
    for (unsigned n = 4; n <= 8; n += 4) {
        x_load_swapped(&code, n, r, m);
        expect(0, "movbe%c %s, %%%s", suffix(8 * n), place(m), name(8 * n, r));
    }
}

static void memory_forms(void)
{
    for (size_t i = 0; i < all_count; i++)
        loads(8, false, all_places[i]);
    EACH_PLACE(m)
    {
        swapped_loads(m);
        for (unsigned n = 1; n <= 8; n *= 2) {
            loads(n, false, m);
            loads(n, true, m);
            EACH_REG(r)
            {
                x_store(&code, n, r, m);
                expect(0, "mov%c %%%s, %s", suffix(8 * n), name(8 * n, r), place(m));
            }
            EACH(i, numbers)
            {
                x_store_imm(&code, n, numbers[i], m);
                expect(8 * n, "mov%c $%llu, %s", suffix(8 * n), in_bits(8 * n, numbers[i]), place(m));
            }
        }
        EACH_WIDTH(bits)
        EACH_REG(r)
        {
            const char *reg = name(bits, r);
            const char s = suffix(bits);
            for (unsigned op = 0; op < 8; op++) {
                x_alu_load(&code, bits, (enum sk_x64_alu)op, r, m);
                expect(0, "%s%c %s, %%%s", alu_names[op], s, place(m), reg);
                if (op == X_CMP)
                    continue;
                x_lock_alu(&code, bits, (enum sk_x64_alu)op, r, m);
                expect(0, "lock %s%c %%%s, %s", alu_names[op], s, reg, place(m));
            }
            x_lea(&code, bits, r, m);
            expect(0, "lea%c %s, %%%s", s, place(m), reg);
            x_lock_xadd(&code, bits, r, m);
            expect(0, "lock xadd%c %%%s, %s", s, reg, place(m));
            x_lock_cmpxchg(&code, bits, r, m);
            expect(0, "lock cmpxchg%c %%%s, %s", s, reg, place(m));
            x_xchg(&code, bits, r, m);
            expect(0, "xchg%c %%%s, %s", s, reg, place(m));
        }
        for (unsigned bits = 8; bits <= 64; bits = bits == 8 ? 32 : bits * 2)
            for (unsigned op = 0; op < 8; op++)
                EACH(i, numbers)
                {
                    x_alu_mem_imm(&code, bits, (enum sk_x64_alu)op, m, numbers[i]);
                    expect(bits, "%s%c $%llu, %s", alu_names[op], suffix(bits), in_bits(bits, numbers[i]), place(m));
                }
        x_store_xmm0(&code, m);
        expect(0, "movups %%xmm0, %s", place(m));
        x_call_mem(&code, m);
        expect(0, "callq *%s", place(m));
    }
}

/* --------------------------------------------------------------------------------------------- registers */

static void extends(unsigned dst, unsigned src)
{
    for (unsigned from = 8; from <= 32; from *= 2)
        EACH_WIDTH(bits)
        {
            x_extend(&code, bits, from, false, dst, src);
            if (from == 32)
                expect(0, "movl %%%s, %%%s", name(32, src), name(32, dst));
            else
                expect(0, "movz%c%c %%%s, %%%s", suffix(from), suffix(bits), name(from, src), name(bits, dst));
            x_extend(&code, bits, from, true, dst, src);
            if (from == 32)
                expect(0, "movslq %%%s, %%%s", name(32, src), name(64, dst));
            else
                expect(0, "movs%c%c %%%s, %%%s", suffix(from), suffix(bits), name(from, src), name(bits, dst));
        }
}

static void two_registers(void)
{
    EACH_REG(dst)
    EACH_REG(src)
    {
        extends(dst, src);
        EACH_WIDTH(bits)
        {
            const char s = suffix(bits);
            const char *to = name(bits, dst), *from = name(bits, src);
            x_mov(&code, bits, dst, src);
            expect(0, "mov%c %%%s, %%%s", s, from, to);
            for (unsigned op = 0; op < 8; op++) {
                x_alu(&code, bits, (enum sk_x64_alu)op, dst, src);
                expect(0, "%s%c %%%s, %%%s", alu_names[op], s, from, to);
            }
            x_test(&code, bits, dst, src);
            expect(0, "test%c %%%s, %%%s", s, from, to);
            x_imul(&code, bits, dst, src);
            expect(0, "imul%c %%%s, %%%s", s, from, to);
            EACH(i, numbers)
            {
                x_imul_imm(&code, bits, dst, src, numbers[i]);
                expect(bits, "imul%c $%llu, %%%s, %%%s", s, in_bits(bits, numbers[i]), from, to);
            }
            for (unsigned cc = 0; cc < 16; cc++) {
                x_cmov(&code, bits, (enum sk_x64_cc)cc, dst, src);
                expect(0, "cmov%s%c %%%s, %%%s", cc_names[cc], s, from, to);
            }
            static const enum sk_x64_shift shifts[] = {X_SHL, X_SHR, X_SAR};
            EACH(i, shifts)
            EACH_REG(count)
            {
                x_shiftx(&code, bits, shifts[i], dst, src, count);
                expect(0, "%sx%c %%%s, %%%s, %%%s", shift_names[shifts[i]], s, name(bits, count), from, to);
            }
            EACH_REG(low)
            {
                x_mulx(&code, bits, dst, low, src);
                expect(0, "mulx%c %%%s, %%%s, %%%s", s, from, name(bits, low), to);
            }
            for (unsigned count = 0; count < bits; count += 7) {
                x_rorx(&code, bits, dst, src, count);
                expect(0, "rorx%c $%u, %%%s, %%%s", s, count, from, to);
            }
        }
    }
}

static void one_register(void)
{
    static const uint64_t constants[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0xffffffff80000000, 0xffffffff7fffffff,
                                         0xffffffffffffffff, 0x7fffffffffffffff, 0x8000000000000000, 0x123456789abcdef0};
    static const char *const group3[] = {[2] = "not", [3] = "neg", [4] = "mul", [5] = "imul", [6] = "div", [7] = "idiv"};
    static const enum sk_x64_shift shifts[] = {X_ROL, X_ROR, X_SHL, X_SHR, X_SAR};
    EACH_REG(r)
    {
        EACH(i, constants)
        {
            const uint64_t v = constants[i];
            x_mov_imm(&code, r, v);
            const bool one_word = v <= UINT32_MAX, extended = (int64_t)v < 0 && (int64_t)v >= INT32_MIN;
            assert_true(code.size == (one_word ? 5u + (r >= R8) : extended ? 7u : 10u)); /* the shortest */
            if (one_word)
                expect(32, "movl $%llu, %%%s", (unsigned long long)v, name(32, r));
            else
                expect(64, "%s $%llu, %%%s", extended ? "movq" : "movabsq", (unsigned long long)v, name(64, r));
        }
        for (unsigned cc = 0; cc < 16; cc++) {
            x_setcc(&code, (enum sk_x64_cc)cc, r);
            expect(0, "set%s %%%s", cc_names[cc], name(8, r));
        }
        x_push(&code, r);
        expect(0, "pushq %%%s", name(64, r));
        x_pop(&code, r);
        expect(0, "popq %%%s", name(64, r));
        x_call_reg(&code, r);
        expect(0, "callq *%%%s", name(64, r));
        for (unsigned count = 0; count < 16; count++) {
            x_rol16(&code, r, count);
            expect(8, "rolw $%u, %%%s", count, name(16, r));
        }
        EACH_WIDTH(bits)
        {
            const char s = suffix(bits);
            const char *reg = name(bits, r);
            EACH(i, numbers)
            {
                for (unsigned op = 0; op < 8; op++) {
                    x_alu_imm(&code, bits, (enum sk_x64_alu)op, r, numbers[i]);
                    expect(bits, "%s%c $%llu, %%%s", alu_names[op], s, in_bits(bits, numbers[i]), reg);
                }
                x_test_imm(&code, bits, r, numbers[i]);
                expect(bits, "test%c $%llu, %%%s", s, in_bits(bits, numbers[i]), reg);
            }
            for (unsigned op = 2; op < 8; op++) {
                x_group3(&code, bits, op, r);
                expect(0, "%s%c %%%s", group3[op], s, reg);
            }
            EACH(i, shifts)
            {
                x_shift_cl(&code, bits, shifts[i], r);
                expect(0, "%s%c %%cl, %%%s", shift_names[shifts[i]], s, reg);
                for (unsigned count = 0; count < bits; count++) {
                    x_shift_imm(&code, bits, shifts[i], r, count);
                    expect(8, "%s%c $%u, %%%s", shift_names[shifts[i]], s, count, reg);
                }
            }
            x_bswap(&code, bits, r);
            expect(0, "bswap%c %%%s", s, reg);
        }
    }
}

/* Jumps lead where they are told to after patching; the distance counts from their end. */
static void jumps(void)
{
    static const long distances[] = {0, 1, 127, 128, 4096, 100000, -2, -128, -4096};
    EACH(i, distances)
    for (unsigned which = 0; which < 18; which++) {
        size_t at = which == 16 ? x_jmp(&code) : which == 17 ? x_call(&code) : x_jcc(&code, (enum sk_x64_cc)which);
        assert_int_equal(at, code.size - 4);
        x_patch(&code, at, code.size + (size_t)distances[i]);
        if (which < 16)
            expect(0, "j%s %ld", cc_names[which], distances[i]);
        else
            expect(0, "%s %ld", which == 16 ? "jmp" : "callq", distances[i]);
    }
}

static void near_jumps(void)
{
    static const int distances[] = {0, 1, 42, 127, -2, -64, -128};
    EACH(i, distances)
    for (unsigned which = 0; which < 17; which++) {
        size_t at = which == 16 ? x_jmp_near(&code) : x_jcc_near(&code, (enum sk_x64_cc)which);
        assert_int_equal(at, code.size - 1);
        x_patch_near(&code, at, code.size + (size_t)distances[i]);
        if (which < 16)
            expect(0, "j%s %d", cc_names[which], distances[i]);
        else
            expect(0, "jmp %d", distances[i]);
    }
    /* What is too far is not written. */
    static const int far[] = {128, -129};
    EACH(i, far)
    {
        size_t at = x_jmp_near(&code);
        x_patch_near(&code, at, code.size + (size_t)far[i]);
        assert_true(code.failed);
        code.failed = false;
        code.size = 0;
    }
}

static void nops(void)
{
    static const char *const texts[] = {"nop", "nop", "nopl (%%rax)", "nopl (%%rax)", "nopl (%%rax,%%rax)", "nopw (%%rax,%%rax)",
                                        "nopl (%%rax)", "nopl (%%rax,%%rax)", "nopw (%%rax,%%rax)"};
    EACH(i, texts)
    {
        x_nops(&code, (unsigned)i + 1);
        assert_int_equal(code.size, i + 1);
        expect(0, texts[i], "");
    }
    for (unsigned size = 0; size < 100; size++) {
        x_nops(&code, size);
        assert_int_equal(code.size, size);
        code.size = 0;
    }
}

static void fixed(void)
{
    x_ret(&code);
    expect(0, "retq");
    x_endbr64(&code);
    expect(0, "endbr64");
    x_zero_xmm0(&code);
    expect(0, "pxor %%xmm0, %%xmm0");
}

/* ---------------------------------------------------------------------------------------------- comparing */

/* "\tmovl\t$-1, %eax   # imm = ..." becomes "movl $4294967295, %eax"; bits: of the immediate. */
static void clean(char *text, unsigned bits)
{
    char out[256];
    size_t n = 0;
    text[strcspn(text, "#\n")] = 0;
    for (const char *p = text; *p && n + 24 < sizeof out;) {
        if (*p == '$') {
            char *end;
            const int64_t v = p[1] == '-' ? strtoll(p + 1, &end, 10) : (int64_t)strtoull(p + 1, &end, 10);
            n += (size_t)snprintf(out + n, sizeof out - n, "$%llu", in_bits(bits ? bits : 64, v));
            p = end;
        } else if (*p == '\t' || *p == ' ') {
            if (n && out[n - 1] != ' ')
                out[n++] = ' ';
            p++;
        } else {
            out[n++] = *p++;
        }
    }
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = 0;
    strcpy(text, out);
}

static bool next_line(FILE *from, char *text, size_t size, unsigned bits)
{
    if (!fgets(text, (int)size, from))
        return false;
    clean(text, bits);
    if (strcmp(text, "lock") == 0) { /* a line of its own */
        char rest[256];
        if (!fgets(rest, sizeof rest, from))
            return false;
        clean(rest, bits);
        snprintf(text, size, "lock %.200s", rest);
    }
    return true;
}

static void compare(const char *disassembler, const char *path)
{
    char command[256], text[256], want[256];
    snprintf(command, sizeof command, "%s -triple x86_64 -mattr=+bmi2 -disassemble %s 2>&1", disassembler, path);
    FILE *from = popen(command, "r");
    assert_non_null(from);
    rewind(expected);
    assert_true(next_line(from, text, sizeof text, 0) && strcmp(text, ".text") == 0);
    for (unsigned long line = 1; line <= lines; line++) {
        assert_non_null(fgets(want, sizeof want, expected));
        want[strcspn(want, "\n")] = 0;
        char *words;
        const unsigned bits = (unsigned)strtoul(want, &words, 10);
        if (!next_line(from, text, sizeof text, bits))
            fail_msg("the disassembler ends at line %lu of %lu", line, lines);
        if (strcmp(text, words + 1) != 0)
            fail_msg("instruction %lu: wanted '%s', disassembled '%s'", line, words + 1, text);
    }
    assert_false(next_line(from, text, sizeof text, 0));
    assert_int_equal(pclose(from), 0);
}

static void test_encoders(void **state)
{
    static const char *const disassemblers[] = {"llvm-mc-19", "llvm-mc-18", "llvm-mc-17", "llvm-mc"};
    const char *disassembler = NULL;
    char path[] = "/tmp/skep-x64-XXXXXX", command[64];
    (void)state;
    EACH(i, disassemblers)
    {
        snprintf(command, sizeof command, "command -v %s >/dev/null", disassemblers[i]);
        if (!disassembler && system(command) == 0)
            disassembler = disassemblers[i];
    }
    if (!disassembler) {
        print_message("llvm-mc is not installed here\n");
        skip();
    }
    skep_hooks hooks;
    assert_true(sk_hooks_resolve(&hooks, NULL));
    sk_buf_init(&code, &hooks);
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    bytes = fdopen(fd, "w");
    expected = tmpfile();
    assert_true(bytes && expected);
    make_places();
    fixed();
    jumps();
    near_jumps();
    nops();
    one_register();
    two_registers();
    memory_forms();
    assert_int_equal(fclose(bytes), 0);
    sk_buf_free(&code);
    print_message("%lu instructions\n", lines);
    compare(disassembler, path);
    fclose(expected);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_encoders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
