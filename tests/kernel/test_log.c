/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The table against the kernel's disassembler: a small program around each row is loaded with bpf(2), and each
 * instruction that the verifier's log shows must assemble to the bytes that were loaded. This is the check of
 * load-acquire and store-release, which LLVM 19 lacks. Skipped where bpf(2) is not permitted; rows that a kernel
 * before 6.15 does not know are left out by name there.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "text_tools.h"

/* Rows that no program type at hand may use, or whose text says less than the bytes. */
static const uint16_t left_out[] = {
    SK_OP_CALLX,   SK_OP_LDABSDW,     SK_OP_LDINDDW,        /* user space only */
    SK_OP_CALL_KFUNC,                                       /* needs the kernel's BTF */
    SK_OP_LDDW_MAP_FD, SK_OP_LDDW_MAP_VALUE, SK_OP_LDDW_VAR, SK_OP_LDDW_MAP_IDX, SK_OP_LDDW_MAP_IDX_VALUE,
    SK_OP_LDDW_FUNC, /* written as addresses */
};

static bool is_left_out(unsigned op)
{
    for (size_t i = 0; i < SK_COUNT(left_out); i++)
        if (left_out[i] == op)
            return true;
    return false;
}

static char verifier_log[1 << 16];

static int load(const uint8_t *code, size_t size)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    memset(verifier_log, 0, sizeof verifier_log);
    attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attr.insns = (uint64_t)(uintptr_t)code;
    attr.insn_cnt = (uint32_t)(size / 8);
    attr.license = (uint64_t)(uintptr_t) "Dual MIT/GPL";
    attr.log_buf = (uint64_t)(uintptr_t)verifier_log;
    attr.log_size = sizeof verifier_log;
    attr.log_level = 2;
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
}

static void need_bpf(void)
{
    static const skep_slot program[] = {SKEP_MOV64_IMM(SKEP_R0, 0), SKEP_EXIT()};
    int fd = load(program->bytes, sizeof program);
    if (fd < 0) {
        print_message("bpf(2) is not permitted here: %s\n", strerror(errno));
        skip();
    }
    close(fd);
}

/* A program that may contain the instruction: everything that it could read is set. Returns its size. */
static size_t surround(const struct sk_insn *insn, uint8_t *code, uint32_t *slot)
{
    skep_slot before[] = {
        SKEP_MOV64_REG(SKEP_R6, SKEP_R1), /* the context, where packet loads want it */
        SKEP_STDW(SKEP_R10, -8, 0),
        SKEP_MOV64_IMM(SKEP_R0, 0),
        SKEP_MOV64_IMM(SKEP_R1, 7),
        SKEP_MOV64_IMM(SKEP_R2, 3),
        SKEP_MOV64_REG(SKEP_R3, SKEP_R10),
        SKEP_JEQ_IMM(SKEP_R2, 9, 0), /* over the instruction, so that all behind it is reachable */
    };
    static const skep_slot after[] = {SKEP_JEQ_IMM(SKEP_R0, 0, 1), SKEP_MOV64_IMM(SKEP_R0, 0),
                                      SKEP_MOV64_IMM(SKEP_R0, 0), SKEP_EXIT()};
    static const skep_slot function[] = {SKEP_MOV64_IMM(SKEP_R0, 1), SKEP_EXIT()};
    uint8_t bytes[16];
    unsigned n = sk_encode(insn, SKEP_LITTLE_ENDIAN, bytes);
    struct sk_buf out;
    sk_buf_init(&out, &sk_default_hooks);
    before[6].bytes[2] = (uint8_t)n;
    sk_buf_add(&out, before, sizeof before);
    sk_buf_add(&out, bytes, n * 8);
    sk_buf_add(&out, after, sizeof after);
    if (insn->op == SK_OP_CALL_LOCAL)
        sk_buf_add(&out, function, sizeof function);
    assert_false(out.failed);
    memcpy(code, out.data, out.size);
    *slot = (uint32_t)SK_COUNT(before);
    size_t size = out.size;
    sk_buf_free(&out);
    return size;
}

/* Operands with which the verifier takes the row: r1 = 7, r2 = 3, r3 = r10, 8 bytes of stack. */
static struct sk_insn operands(unsigned op, unsigned variant)
{
    const struct sk_op_info *info = &sk_op_infos[op];
    struct sk_insn insn = {.op = (uint16_t)op};
    uint8_t base = variant ? 3 : 10;
    switch (info->form) {
    case SK_FORM_DST:
    case SK_FORM_END: insn.dst = 1; break;
    case SK_FORM_DST_IMM: insn.dst = 1, insn.imm = variant ? 5 : 1; break;
    case SK_FORM_DST_SRC: insn.dst = 1, insn.src = 2; break;
    case SK_FORM_JA:
    case SK_FORM_MAY_GOTO: insn.off = variant ? 2 : 1; break;
    case SK_FORM_JA32: insn.imm = variant ? 2 : 1; break;
    case SK_FORM_JMP_IMM: insn.dst = 1, insn.imm = variant ? -5 : 7, insn.off = 1; break;
    case SK_FORM_JMP_REG: insn.dst = 1, insn.src = 2, insn.off = 2; break;
    case SK_FORM_CALL: insn.imm = 5; break; /* bpf_ktime_get_ns */
    case SK_FORM_CALL_LOCAL: insn.imm = 4; break;
    case SK_FORM_LDDW: insn.dst = 1, insn.imm = variant ? -1 : 0x1122334455667788; break;
    case SK_FORM_ABS: insn.imm = variant ? 42 : 0; break;
    case SK_FORM_IND: insn.src = 2, insn.imm = variant ? -2 : 4; break;
    case SK_FORM_LDX:
    case SK_FORM_LDX_ACQ: insn.dst = 1, insn.src = base, insn.off = -8; break;
    case SK_FORM_ST: insn.dst = base, insn.off = -8, insn.imm = variant ? -5 : 5; break;
    case SK_FORM_STX:
    case SK_FORM_ATOMIC:
    case SK_FORM_STX_REL: insn.dst = base, insn.src = 1, insn.off = -8; break;
    default: break;
    }
    return insn;
}

/* "12: (b7) r0 = 0   ; R0=0": the slot, the opcode and the text of a line that shows an instruction. */
static bool read_line(const char *line, unsigned *slot, unsigned *opcode, char *text, size_t size)
{
    int used = 0;
    if (sscanf(line, "%u: (%2x) %n", slot, opcode, &used) != 2 || !used)
        return false;
    line += used;
    size_t n = strcspn(line, ";\n");
    assert_true(n + 4 < size);
    memcpy(text, line, n);
    text[n] = 0;
    return true;
}

/* Every instruction of the log against the program; whether the log shows `slot`. */
static bool check_log(const uint8_t *code, size_t size, unsigned slot)
{
    bool seen = false;
    for (char *line = verifier_log; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        unsigned at, opcode;
        char text[256];
        if (!read_line(line, &at, &opcode, text, sizeof text))
            continue;
        if (opcode == 0x18)
            strcat(text, " ll"); /* the one thing that the kernel leaves out */
        void *got;
        size_t got_size;
        skep_error err;
        if (skep_assemble(text, strlen(text), TEXT_OPTIONS(SKEP_KERNEL, SKEP_LITTLE_ENDIAN), &got, &got_size, &err))
            fail_msg("'%s': %u: %s", text, err.column, err.message);
        assert_true((at + got_size / 8) * 8 <= size);
        if (memcmp(got, code + (size_t)at * 8, got_size) != 0 || !got_size) {
            char ours[64], loaded[64];
            to_hex(got, got_size, ours);
            to_hex(code + (size_t)at * 8, got_size, loaded);
            fail_msg("'%s': %s, loaded was %s", text, ours, loaded);
        }
        skep_free(NULL, got);
        seen |= at == slot;
    }
    return seen;
}

static bool kernel_knows_all(void)
{
    struct utsname name;
    unsigned major, minor;
    assert_int_equal(uname(&name), 0);
    assert_int_equal(sscanf(name.release, "%u.%u", &major, &minor), 2);
    return major > 6 || (major == 6 && minor >= 15);
}

static void test_log(void **state)
{
    (void)state;
    need_bpf();
    bool all = kernel_knows_all();
    unsigned checked = 0;
    for (unsigned op = 0; op < SK_OP_COUNT; op++) {
        if (is_left_out(op))
            continue;
        for (unsigned variant = 0; variant < 2; variant++) {
            uint8_t code[256];
            uint32_t slot;
            struct sk_insn insn = operands(op, variant);
            size_t size = surround(&insn, code, &slot);
            int fd = load(code, size);
            if (fd < 0 && !all) {
                print_message("%s: refused by this kernel\n", row_ids[op]);
                continue;
            }
            if (fd < 0)
                fail_msg("%s: refused: %s", row_ids[op], verifier_log);
            close(fd);
            if (!check_log(code, size, slot))
                fail_msg("%s: not in the log: %s", row_ids[op], verifier_log);
            checked++;
        }
    }
    print_message("%u programs\n", checked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_log)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
