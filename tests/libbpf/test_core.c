/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * CO-RE relocations beside libbpf: each program of core.o alone, against the types of core-target.o and against those of
 * core.o itself; and kernel types in the running kernel, ours and those of a Debian package. libbpf hands its instructions to the kernel, so that has to
 * allow bpf(2); whether it takes the program does not matter here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <glob.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "object/core.h"
#include "sections.h"

static char log_text[65536];
static size_t log_size;

static int keep_log(enum libbpf_print_level level, const char *format, va_list args)
{
    (void)level;
    int n = vsnprintf(log_text + log_size, sizeof log_text - log_size, format, args);
    if (n > 0 && log_size + (size_t)n < sizeof log_text)
        log_size += (size_t)n;
    return n;
}

static bool may_load(void)
{
    const struct bpf_insn program[] = {{.code = 0xb7}, {.code = 0x95}};
    int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "try", "GPL", program, 2, NULL);
    if (fd < 0) {
        print_message("bpf(2) is not allowed here\n");
        return false;
    }
    close(fd);
    return true;
}

/* A file's code and types. */
struct file {
    struct piece bytes, types, ext_bytes;
    struct sk_btf btf;
    struct sk_btf_ext ext;
};

static void open_types(struct sk_btf *btf, const struct piece *types)
{
    skep_error err;
    if (sk_btf_open(btf, &sk_default_hooks, types->data, types->size, &err) != SKEP_OK)
        fail_msg("%s", err.message);
}

static void open_file(struct file *f, const char *path)
{
    f->bytes = read_piece(path);
    f->types = read_section(path, ".BTF");
    f->ext_bytes = read_section(path, ".BTF.ext");
    open_types(&f->btf, &f->types);
    assert_int_equal(sk_btf_ext_open(&f->ext, &f->btf, f->ext_bytes.data, f->ext_bytes.size, NULL), SKEP_OK);
}

static void close_file(struct file *f)
{
    sk_btf_ext_close(&f->ext);
    sk_btf_close(&f->btf);
    free(f->ext_bytes.data);
    free(f->types.data);
    free(f->bytes.data);
}

/* The code of a function as it is in the file, and where it is. */
static struct piece function(const struct file *f, const char *name, struct sk_elf_section *section, uint32_t *first)
{
    struct sk_elf elf;
    struct sk_elf_symbol symbol;
    struct piece code = {NULL, 0};
    assert_int_equal(sk_elf_open(&elf, f->bytes.data, f->bytes.size, NULL), SKEP_OK);
    for (uint32_t i = 1; sk_elf_symbol(&elf, i, &symbol); i++)
        if (symbol.type == SK_STT_FUNC && strcmp(symbol.name, name) == 0) {
            assert_true(sk_elf_section(&elf, symbol.section, section));
            code.size = (size_t)symbol.size;
            code.data = malloc(code.size);
            assert_non_null(code.data);
            memcpy(code.data, section->data + symbol.value, code.size);
            *first = (uint32_t)(symbol.value / 8);
            return code;
        }
    fail_msg("there is no function %s", name);
    return code;
}

/* libbpf's instructions of one program; NULL: it gave up on relocating it. */
static const struct bpf_insn *theirs(struct bpf_object **object, const char *path, const char *target, size_t index,
                                     const char **name, size_t *size)
{
    DECLARE_LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = target);
    struct bpf_program *p, *found = NULL;
    size_t i = 0;
    *object = bpf_object__open_file(path, &options);
    assert_non_null(*object);
    bpf_object__for_each_program(p, *object)
    {
        bpf_program__set_autoload(p, i == index);
        if (i++ == index)
            found = p;
    }
    *name = NULL;
    if (!found)
        return NULL;
    *name = bpf_program__name(found);
    log_size = 0;
    log_text[0] = 0;
    (void)bpf_object__load(*object);
    *size = bpf_program__insn_cnt(found) * 8;
    return strstr(log_text, "failed to perform CO-RE relocations") ? NULL : bpf_program__insns(found);
}

/* Only what CO-RE changes: libbpf resolves maps and functions, too. Returns how many instructions there are of that. */
static size_t same_code(const struct sk_core *core, const char *section, uint32_t first, const struct piece *code,
                        const struct bpf_insn *insns, size_t size, const char *name)
{
    size_t count = 0;
    assert_true(size >= code->size);
    for (uint32_t i = 0; i < code->size / 8; i++) {
        uint64_t mine, other;
        char text[128];
        if (!sk_core_describe(core, section, first + i, text, sizeof text))
            continue;
        memcpy(&mine, code->data + (size_t)i * 8, 8);
        memcpy(&other, &insns[i], 8);
        if (mine != other)
            fail_msg("%s: instruction %u (%s) is %016llx, libbpf has %016llx\n%s", name, i, text,
                     (unsigned long long)mine, (unsigned long long)other, log_text);
        count++;
        if (code->data[(size_t)i * 8] == 0x18)
            assert_memory_equal(code->data + (size_t)i * 8 + 8, &insns[i + 1], 8);
    }
    return count;
}

/* Returns how many relocated instructions were compared. `ours_only` ends with NULL: what libbpf gives up on and we do not. */
static size_t compare(const char *path, const char *target_path, const struct sk_btf *target,
                      const char *const *ours_only)
{
    struct file f;
    size_t count = 0, relocated = 0;
    open_file(&f, path);
    for (;; count++) {
        struct bpf_object *object;
        struct sk_elf_section section = {.name = ""};
        struct sk_core core;
        const char *name;
        size_t size;
        uint32_t first = 0;
        skep_error err = {0};
        const struct bpf_insn *insns = theirs(&object, path, target_path, count, &name, &size);
        if (!name) {
            bpf_object__close(object);
            break;
        }
        struct piece code = function(&f, name, &section, &first);
        assert_int_equal(sk_core_open(&core, &f.btf, &f.ext, target, NULL), SKEP_OK);
        skep_code ours = sk_core_apply(&core, section.name, first, code.data, (uint32_t)(code.size / 8), NULL, &err);
        bool known = false;
        for (size_t i = 0; ours_only[i]; i++)
            known = known || strcmp(ours_only[i], name) == 0;
        if (known)
            assert_true(!insns && ours == SKEP_OK);
        else if ((ours == SKEP_OK) != (insns != NULL))
            fail_msg("%s: '%s', but libbpf: %s", name, err.message, log_text);
        else if (insns)
            relocated += same_code(&core, section.name, first, &code, insns, size, name);
        sk_core_close(&core);
        free(code.data);
        bpf_object__close(object);
    }
    close_file(&f);
    return relocated;
}

static void against_others(void **state)
{
    static const char *const ours_only[] = {"enum_high", NULL};
    struct piece types = read_section("tests/data/objects/core-target.o", ".BTF");
    struct sk_btf target;
    (void)state;
    if (!may_load())
        skip();
    open_types(&target, &types);
    assert_true(compare("tests/data/objects/core.o", "tests/data/objects/core-target.o", &target, ours_only) >= 70);
    sk_btf_close(&target);
    free(types.data);
}

/* Its own types as another's: sample and sample___old are candidates for each other here. */
static void against_itself(void **state)
{
    static const char *const ours_only[] = {"enum_high", NULL};
    struct piece types = read_section("tests/data/objects/core.o", ".BTF");
    struct sk_btf target;
    (void)state;
    if (!may_load())
        skip();
    open_types(&target, &types);
    assert_true(compare("tests/data/objects/core.o", "tests/data/objects/core.o", &target, ours_only) > 50);
    sk_btf_close(&target);
    free(types.data);
}

static void against_the_kernel(void **state)
{
    static const char *const ours_only[] = {NULL};
    FILE *f = fopen("/sys/kernel/btf/vmlinux", "rb");
    (void)state;
    if (!f || !may_load()) {
        print_message("that needs /sys/kernel/btf/vmlinux\n");
        skip();
        return;
    }
    fclose(f);
    struct piece types = read_piece("/sys/kernel/btf/vmlinux");
    struct sk_btf target;
    open_types(&target, &types);
    assert_true(compare("tests/data/objects/core-kernel.o", NULL, &target, ours_only) > 15);
    sk_btf_close(&target);
    free(types.data);
}

static void debian_object(void **state)
{
    static const char *const ours_only[] = {NULL};
    glob_t found;
    struct sk_btf target;
    (void)state;
    if (access("/sys/kernel/btf/vmlinux", R_OK) != 0 || !may_load() ||
        glob("/usr/lib/*/bpf/xdpdump_bpf.o", 0, NULL, &found) != 0) {
        print_message("that needs /sys/kernel/btf/vmlinux and xdpdump_bpf.o (Debian: xdp-tools)\n");
        skip();
        return;
    }
    struct piece types = read_piece("/sys/kernel/btf/vmlinux");
    open_types(&target, &types);
    assert_true(compare(found.gl_pathv[0], NULL, &target, ours_only) > 5);
    globfree(&found);
    sk_btf_close(&target);
    free(types.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_others),
        cmocka_unit_test(against_itself),
        cmocka_unit_test(against_the_kernel),
        cmocka_unit_test(debian_object),
    };
    libbpf_set_print(keep_log);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
