/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Texts and builder with each allocation failing once: SKEP_ERR_MEMORY, nothing leaked, nothing written; and with
 * enough memory they work after all.
 */
#include "text_tools.h"

struct counter {
    size_t calls, fail_at; /* the call that fails, from 1 */
    size_t live;
};

static void *count_realloc(void *user, void *ptr, size_t size)
{
    struct counter *counter = user;
    if (size == 0) {
        counter->live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (++counter->calls == counter->fail_at)
        return NULL;
    void *moved = realloc(ptr, size);
    assert_non_null(moved);
    counter->live += ptr == NULL;
    return moved;
}

/* Tries something with the hooks and frees what it made. */
typedef skep_code attempt_fn(const skep_hooks *hooks, skep_error *err);

static void every_allocation(attempt_fn *attempt)
{
    for (size_t fail_at = 1;; fail_at++) {
        struct counter counter = {.fail_at = fail_at};
        skep_hooks hooks = {.size = sizeof hooks, .user = &counter, .realloc = count_realloc};
        skep_error err;
        memset(&err, 0x55, sizeof err);
        skep_code code = attempt(&hooks, &err);
        assert_int_equal(counter.live, 0);
        if (code == SKEP_OK) {
            assert_true(counter.calls < fail_at);
            assert_true(fail_at > 2); /* there was something to fail */
            return;
        }
        assert_int_equal(code, SKEP_ERR_MEMORY);
        assert_int_equal(err.code, SKEP_ERR_MEMORY);
    }
}

/* 150 labels and 300 instructions, so that every table grows. */
static char source[2][8192];

static void write_source(void)
{
    size_t n[2] = {0, 0};
    for (int i = 0; i < 150; i++) {
        n[0] += (size_t)sprintf(source[0] + n[0], "l%d: add r1, 1\nja l%d\n", i, (i * 7) % 150);
        n[1] += (size_t)sprintf(source[1] + n[1], "l%d: r1 += 1; goto l%d\n", i, (i * 7) % 150);
    }
    sprintf(source[0] + n[0], "1: ja 1f\n1: exit\n");
    sprintf(source[1] + n[1], "1: goto 1f\n1: exit\n");
}

static skep_code assemble(const skep_hooks *hooks, skep_dialect dialect, skep_error *err)
{
    skep_text_options options = {.size = sizeof options, .hooks = hooks, .dialect = dialect};
    void *code = NULL;
    size_t size = 77;
    skep_code result = skep_assemble(source[dialect], strlen(source[dialect]), &options, &code, &size, err);
    if (result) {
        assert_null(code);
        assert_int_equal(size, 77);
    } else {
        assert_int_equal(size, 302 * 8);
        skep_free(hooks, code);
    }
    return result;
}

static skep_code assemble_mnemonic(const skep_hooks *hooks, skep_error *err)
{
    return assemble(hooks, SKEP_MNEMONIC, err);
}

static skep_code assemble_kernel(const skep_hooks *hooks, skep_error *err)
{
    return assemble(hooks, SKEP_KERNEL, err);
}

static const skep_slot program[] = {SKEP_LDDW(SKEP_R1, 5), SKEP_ADD64_IMM(SKEP_R1, 5), SKEP_ADD64_IMM(SKEP_R1, 5),
                                    SKEP_ADD64_IMM(SKEP_R1, 5), SKEP_ADD64_IMM(SKEP_R1, 5), SKEP_EXIT()};

static skep_code disassemble(const skep_hooks *hooks, skep_error *err)
{
    skep_text_options options = {.size = sizeof options, .hooks = hooks};
    char *text = NULL;
    size_t size = 77;
    skep_code result = skep_disassemble(program, sizeof program, &options, &text, &size, err);
    if (result) {
        assert_null(text);
        assert_int_equal(size, 77);
    }
    skep_free(hooks, text);
    return result;
}

static skep_code list(const skep_hooks *hooks, skep_error *err)
{
    skep_text_options options = {.size = sizeof options, .hooks = hooks};
    skep_insn *insns = NULL;
    size_t count = 77;
    skep_code result = skep_insn_list(program, sizeof program, &options, &insns, &count, err);
    if (result) {
        assert_null(insns);
        assert_int_equal(count, 77);
    }
    skep_free(hooks, insns);
    return result;
}

static skep_code build(const skep_hooks *hooks, skep_error *err)
{
    skep_builder *b = NULL;
    skep_code result = skep_builder_create(hooks, &b, err);
    if (result)
        return result;
    char name[16];
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "l%d", i);
        skep_label(b, name);
        snprintf(name, sizeof name, "l%d", (i * 7) % 150);
        skep_emit_to(b, name, SKEP_ADD64_IMM(SKEP_R1, 1), SKEP_JA(0));
    }
    void *code = NULL;
    size_t size = 77;
    result = skep_builder_finish(b, SKEP_LITTLE_ENDIAN, &code, &size, err);
    if (result) {
        assert_null(code);
        assert_int_equal(size, 77);
        /* The failure is behind it: with memory at hand, the builder works again. */
        skep_error other;
        void *again;
        size_t again_size;
        skep_emit(b, SKEP_EXIT());
        assert_int_equal(skep_builder_finish(b, SKEP_LITTLE_ENDIAN, &again, &again_size, &other), SKEP_OK);
        assert_int_equal(again_size, 8);
        skep_free(hooks, again);
    }
    skep_free(hooks, code);
    skep_builder_free(b);
    return result;
}

static void test_assemble(void **state)
{
    (void)state;
    write_source();
    every_allocation(assemble_mnemonic);
    every_allocation(assemble_kernel);
}

static void test_disassemble(void **state)
{
    (void)state;
    every_allocation(disassemble);
    every_allocation(list);
}

static void test_builder(void **state)
{
    (void)state;
    every_allocation(build);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assemble),
        cmocka_unit_test(test_disassemble),
        cmocka_unit_test(test_builder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
