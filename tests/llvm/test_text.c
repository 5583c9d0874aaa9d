/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The whole table against LLVM 19: our kernel text of each sample, assembled by llvm-mc, gives our bytes; what
 * llvm-objdump writes for our bytes, assembled by us, gives them back. Rows that LLVM lacks are listed below by
 * name, and it is an error if LLVM turns out to know them. Skipped where the tools are not installed (Debian: llvm-19).
 */
#include <unistd.h>

#include "text_tools.h"

/* Rows that llvm-mc has no text for, or reads the text of differently. */
static const uint16_t not_assembled[] = {
    SK_OP_CALL_LOCAL,                                                     /* labels only: gives a relocation */
    SK_OP_CALL_KFUNC,                                                     /* the same */
    SK_OP_LDABSDW,    SK_OP_LDINDDW,                                      /* rbpf's */
    SK_OP_LOAD_ACQB,  SK_OP_LOAD_ACQH,  SK_OP_LOAD_ACQW,  SK_OP_LOAD_ACQDW, /* LLVM 20 */
    SK_OP_STORE_RELB, SK_OP_STORE_RELH, SK_OP_STORE_RELW, SK_OP_STORE_RELDW,
};

/* Rows for which llvm-objdump writes nothing that tells them from others. */
static const uint16_t not_listed[] = {
    SK_OP_CALL_LOCAL, SK_OP_CALL_KFUNC, /* written as helper calls */
    SK_OP_LDABSDW,    SK_OP_LDINDDW,    SK_OP_LOAD_ACQB,  SK_OP_LOAD_ACQH,  SK_OP_LOAD_ACQW,
    SK_OP_LOAD_ACQDW, SK_OP_STORE_RELB, SK_OP_STORE_RELH, SK_OP_STORE_RELW, SK_OP_STORE_RELDW,
};

static bool listed(const uint16_t *ops, size_t count, unsigned op)
{
    for (size_t i = 0; i < count; i++)
        if (ops[i] == op)
            return true;
    return false;
}

/*
 * LLVM knows no packet index beside a register, and only the first slot of map handles; llvm-mc takes 16-bit numbers
 * as the distance of its 32-bit jump.
 */
static bool has_llvm_text(const struct sk_insn *insn)
{
    unsigned form = sk_op_infos[insn->op].form;
    if (form == SK_FORM_JA32)
        return insn->imm == (int16_t)insn->imm;
    if (form == SK_FORM_IND)
        return insn->imm == 0;
    if (form == SK_FORM_LDDW_ID2)
        return (uint64_t)insn->imm >> 32 == 0;
    return true;
}

static char folder[] = "/tmp/skep-llvm-XXXXXX";

static char *path_of(const char *name)
{
    static char paths[4][64];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static bool run(const char *format, ...)
{
    char command[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    return system(command) == 0;
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return run("rm -rf %s", folder) ? 0 : -1;
}

static void need_llvm(void)
{
    if (run("llvm-mc-19 --version >/dev/null 2>&1 && llvm-objdump-19 --version >/dev/null 2>&1 && "
            "llvm-objcopy-19 --version >/dev/null 2>&1"))
        return;
    print_message("llvm-mc-19, llvm-objdump-19 or llvm-objcopy-19 is not installed\n");
    skip();
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static uint8_t *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(path_of(name), "r");
    assert_non_null(file);
    uint8_t *bytes = malloc(1 << 22);
    assert_non_null(bytes);
    *size = fread(bytes, 1, (1 << 22) - 1, file);
    bytes[*size] = 0;
    fclose(file);
    return bytes;
}

/* Assembles with llvm-mc; the bytes of .text, or NULL when it refuses. */
static uint8_t *llvm_assemble(const char *text, skep_byte_order order, size_t *size)
{
    const char *triple = order == SKEP_BIG_ENDIAN ? "bpfeb" : "bpfel";
    write_file("in.s", text);
    if (!run("llvm-mc-19 -triple %s -mcpu=v4 -filetype=obj -o %s %s 2>%s", triple, path_of("in.o"), path_of("in.s"),
             path_of("messages")))
        return NULL;
    assert_true(run("llvm-objcopy-19 -O binary --only-section=.text %s %s", path_of("in.o"), path_of("in.bin")));
    return read_file("in.bin", size);
}

/* Every sample that `wanted` lets through, as our text and bytes. */
struct samples {
    struct sk_insn insns[SK_OP_COUNT * SAMPLES];
    size_t count;
    char text[SK_OP_COUNT * SAMPLES * 64];
    uint8_t bytes[SK_OP_COUNT * SAMPLES * 16];
    size_t size;
};
static struct samples samples;

static void add_sample(struct samples *s, const struct sk_insn *insn, skep_byte_order order, size_t *length)
{
    s->insns[s->count++] = *insn;
    *length += sk_insn_text(insn, SKEP_KERNEL, s->text + *length, 64);
    s->text[(*length)++] = '\n';
    s->text[*length] = 0;
    s->size += sk_encode(insn, order, s->bytes + s->size) * 8;
}

static void collect(struct samples *s, const uint16_t *left_out, size_t count, skep_byte_order order)
{
    size_t length = 0;
    s->count = s->size = 0;
    for (unsigned op = 0; op < SK_OP_COUNT; op++)
        for (unsigned k = 0; k < SAMPLES; k++) {
            struct sk_insn insn = sample(op, k);
            if (!listed(left_out, count, op) && has_llvm_text(&insn))
                add_sample(s, &insn, order, &length);
        }
}

static void same_bytes(const struct samples *s, const uint8_t *bytes, size_t size, skep_byte_order order,
                       const char *who)
{
    size_t at = 0;
    for (size_t i = 0; i < s->count; i++) {
        uint8_t want[16];
        size_t n = sk_encode(&s->insns[i], order, want) * 8;
        if (at + n > size || memcmp(bytes + at, want, n) != 0) {
            char text[SK_INSN_TEXT_SIZE], ours[64], theirs[64] = "";
            sk_insn_text(&s->insns[i], SKEP_KERNEL, text, sizeof text);
            to_hex(want, n, ours);
            if (at + n <= size)
                to_hex(bytes + at, n, theirs);
            fail_msg("%s (%s): ours %s, %s %s", row_ids[s->insns[i].op], text, ours, who, theirs);
        }
        at += n;
    }
    assert_int_equal(at, size);
}

static void assembled_by_llvm(skep_byte_order order)
{
    size_t size;
    collect(&samples, not_assembled, SK_COUNT(not_assembled), order);
    uint8_t *bytes = llvm_assemble(samples.text, order, &size);
    if (!bytes) {
        static char messages[301];
        bytes = read_file("messages", &size);
        snprintf(messages, sizeof messages, "%s", (char *)bytes);
        free(bytes);
        fail_msg("llvm-mc refuses our text: %s", messages);
    }
    same_bytes(&samples, bytes, size, order, "llvm-mc");
    print_message("%zu instructions\n", samples.count);
    free(bytes);
}

static void test_assemble(void **state)
{
    (void)state;
    need_llvm();
    assembled_by_llvm(SKEP_LITTLE_ENDIAN);
    assembled_by_llvm(SKEP_BIG_ENDIAN);
}

/* What is listed as lacking is lacking. */
static void test_exceptions(void **state)
{
    (void)state;
    need_llvm();
    for (size_t i = 0; i < SK_COUNT(not_assembled); i++) {
        struct sk_insn insn = sample(not_assembled[i], 5);
        char text[SK_INSN_TEXT_SIZE];
        uint8_t want[16];
        size_t size, wanted = sk_encode(&insn, SKEP_LITTLE_ENDIAN, want) * 8;
        sk_insn_text(&insn, SKEP_KERNEL, text, sizeof text);
        uint8_t *bytes = llvm_assemble(text, SKEP_LITTLE_ENDIAN, &size);
        if (bytes && size == wanted && !memcmp(bytes, want, size))
            fail_msg("%s: llvm-mc knows '%s'", row_ids[insn.op], text);
        free(bytes);
    }
}

/* The listing's lines of instructions; what stands before the first is cut off. */
static char *instructions(char *listing)
{
    char *p = strstr(listing, "<.text>:");
    assert_non_null(p);
    return p + 8;
}

static char *llvm_disassemble(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size * 8 + 64);
    assert_non_null(text);
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        length += (size_t)sprintf(text + length, "%s%u", i % 8 ? "," : "\n.byte ", bytes[i]);
    strcpy(text + length, "\n");
    size_t assembled;
    uint8_t *same = llvm_assemble(text, SKEP_LITTLE_ENDIAN, &assembled);
    free(text);
    assert_non_null(same);
    assert_int_equal(assembled, size);
    free(same);
    assert_true(run("llvm-objdump-19 -d --no-show-raw-insn --mcpu=v4 %s >%s", path_of("in.o"), path_of("listing")));
    return (char *)read_file("listing", &size);
}

static void test_disassemble(void **state)
{
    (void)state;
    need_llvm();
    collect(&samples, not_listed, SK_COUNT(not_listed), SKEP_LITTLE_ENDIAN);
    char *listing = llvm_disassemble(samples.bytes, samples.size);
    char *text = instructions(listing);
    void *code;
    size_t size;
    skep_error err;
    if (skep_assemble(text, strlen(text), TEXT_OPTIONS(SKEP_KERNEL, SKEP_LITTLE_ENDIAN), &code, &size, &err)) {
        for (unsigned line = 1; line < err.line; line++)
            text = strchr(text, '\n') + 1;
        fail_msg("%.*s: %u: %s", (int)strcspn(text, "\n"), text, err.column, err.message);
    }
    same_bytes(&samples, code, size, SKEP_LITTLE_ENDIAN, "llvm-objdump's text");
    print_message("%zu instructions\n", samples.count);
    skep_free(NULL, code);
    free(listing);
}

/* Spellings beyond those that we print: both assemblers read them the same way. */
static void test_spellings(void **state)
{
    (void)state;
    need_llvm();
    static const char text[] = "start: r1 = 010; r2 = 0b11\n"
                               "R1=-5 # comment\n"
                               "r1 = 5 + 6 - 2 // comment\n"
                               "r1 = - 5 /* com\nment */\n"
                               "r1 += 0xffffffff\n"
                               "r1 = 0xffffffffffffffff\n"
                               "w1=(s8)w2\n"
                               "r1 s >>= 3\n"
                               "r1 s %= 3\n"
                               "r3 = *(u32*)(r2+8+4)\n"
                               "w3 = *(u16 *)(r2 - 4)\n"
                               "w3 = *(u8 *)(r2 - 0x4)\n"
                               "w3 = *(u32 *)(r2 + 0x10)\n"
                               "*(u8 *)(r1 + 0) = w2\n"
                               "*(u16 *)(r1 + 0) = w2\n"
                               "*(u32 *)(r1 + 0) = w2\n"
                               "*(u64*)(r1+8)=-1\n"
                               "lock *(u32 *)(r1 + 8) += r2\n"
                               "goto 5\n"
                               "goto -1; goto start\n"
                               "1: if r1 s > 5 goto 1b\n"
                               "if w1 != w2 goto 1f\n"
                               "r1 = 0x7fffffffffffffff ll\n"
                               "r1 = -9223372036854775808 ll\n"
                               "1: gotol start\n"
                               "may_goto .Lend\n"
                               "ld_pseudo r1, 0x1, 5\n"
                               "call +5\n"
                               "call -1\n"
                               "if r1 & 4 goto .Lend\n"
                               ".Lend: exit\n";
    void *code;
    size_t size, theirs;
    skep_error err;
    if (skep_assemble(text, strlen(text), TEXT_OPTIONS(SKEP_KERNEL, SKEP_LITTLE_ENDIAN), &code, &size, &err))
        fail_msg("%u:%u: %s", err.line, err.column, err.message);
    uint8_t *bytes = llvm_assemble(text, SKEP_LITTLE_ENDIAN, &theirs);
    if (!bytes) {
        bytes = read_file("messages", &theirs);
        print_message("%s", (char *)bytes);
        fail();
    }
    for (size_t i = 0; i < size && i < theirs; i += 8)
        if (memcmp((uint8_t *)code + i, bytes + i, 8) != 0) {
            char a[32], b[32];
            to_hex((uint8_t *)code + i, 8, a);
            to_hex(bytes + i, 8, b);
            fail_msg("slot %zu: ours %s, llvm-mc's %s", i / 8, a, b);
        }
    assert_int_equal(size, theirs);
    free(bytes);
    skep_free(NULL, code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assemble),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_disassemble),
        cmocka_unit_test(test_spellings),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
