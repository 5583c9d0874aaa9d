/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Whole BTF blobs, type by type, beside libbpf's reader: the fixtures in both byte orders, the running kernel's types
 * where there are any, and the objects of Debian packages that happen to be installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <glob.h>

#include "btf/dump.h"
#include "sections.h"

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
    (void)level, (void)format, (void)args;
    return 0;
}

static const char *name_of(const struct btf *theirs, uint32_t offset) { return btf__name_by_offset(theirs, offset); }

static void compare_members(const struct sk_btf *btf, const struct sk_btf_type *type, const struct btf *theirs,
                            const struct btf_type *t)
{
    for (uint32_t i = 0; i < type->count; i++) {
        struct sk_btf_member m = sk_btf_member(btf, type, i);
        assert_string_equal(m.name, name_of(theirs, btf_members(t)[i].name_off));
        assert_int_equal(m.type, btf_members(t)[i].type);
        assert_int_equal(m.bit_offset, btf_member_bit_offset(t, i));
        assert_int_equal(m.bit_size, btf_member_bitfield_size(t, i));
    }
}

static void compare_parts(const struct sk_btf *btf, const struct sk_btf_type *type, const struct btf *theirs,
                          const struct btf_type *t)
{
    switch (type->kind) {
    case SK_BTF_STRUCT:
    case SK_BTF_UNION: compare_members(btf, type, theirs, t); break;
    case SK_BTF_ENUM:
        for (uint32_t i = 0; i < type->count; i++) {
            struct sk_btf_enumerator e = sk_btf_enumerator(btf, type, i);
            assert_string_equal(e.name, name_of(theirs, btf_enum(t)[i].name_off));
            assert_int_equal((uint32_t)e.value, (uint32_t)btf_enum(t)[i].val);
        }
        break;
    case SK_BTF_ENUM64:
        for (uint32_t i = 0; i < type->count; i++) {
            struct sk_btf_enumerator e = sk_btf_enumerator(btf, type, i);
            assert_string_equal(e.name, name_of(theirs, btf_enum64(t)[i].name_off));
            assert_true(e.value == btf_enum64_value(btf_enum64(t) + i));
        }
        break;
    case SK_BTF_FUNC_PROTO:
        for (uint32_t i = 0; i < type->count; i++) {
            assert_string_equal(sk_btf_param(btf, type, i).name, name_of(theirs, btf_params(t)[i].name_off));
            assert_int_equal(sk_btf_param(btf, type, i).type, btf_params(t)[i].type);
        }
        break;
    case SK_BTF_DATASEC:
        for (uint32_t i = 0; i < type->count; i++) {
            assert_int_equal(sk_btf_variable(btf, type, i).type, btf_var_secinfos(t)[i].type);
            assert_int_equal(sk_btf_variable(btf, type, i).offset, btf_var_secinfos(t)[i].offset);
            assert_int_equal(sk_btf_variable(btf, type, i).size, btf_var_secinfos(t)[i].size);
        }
        break;
    case SK_BTF_INT:
        assert_int_equal(sk_btf_integer(btf, type).encoding, btf_int_encoding(t));
        assert_int_equal(sk_btf_integer(btf, type).bits, btf_int_bits(t));
        assert_int_equal(sk_btf_integer(btf, type).offset, btf_int_offset(t));
        break;
    case SK_BTF_ARRAY:
        assert_int_equal(sk_btf_array(btf, type).element, btf_array(t)->type);
        assert_int_equal(sk_btf_array(btf, type).index, btf_array(t)->index_type);
        assert_int_equal(sk_btf_array(btf, type).count, btf_array(t)->nelems);
        break;
    case SK_BTF_VAR: assert_int_equal(sk_btf_linkage(btf, type), btf_var(t)->linkage); break;
    case SK_BTF_FUNC: assert_int_equal(sk_btf_linkage(btf, type), btf_vlen(t)); break;
    case SK_BTF_DECL_TAG: assert_int_equal(sk_btf_tag_component(btf, type), btf_decl_tag(t)->component_idx); break;
    default: break;
    }
}

/* Returns the number of types, so that nobody compares nothing. */
static uint32_t compare(const void *bytes, size_t size)
{
    struct sk_btf btf;
    skep_error err;
    struct btf *theirs = btf__new(bytes, (uint32_t)size);
    assert_non_null(theirs);
    if (sk_btf_open(&btf, &sk_default_hooks, bytes, size, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    assert_int_equal(btf.count, btf__type_cnt(theirs));
    if (btf__pointer_size(theirs) != 0) /* it need not know */
        assert_int_equal(btf.pointer_size, btf__pointer_size(theirs));
    for (uint32_t id = 1; id < btf.count; id++) {
        struct sk_btf_type type = sk_btf_type(&btf, id);
        const struct btf_type *t = btf__type_by_id(theirs, id);
        uint32_t bytes_of;
        assert_int_equal(type.kind, btf_kind(t));
        assert_int_equal(type.flag, btf_kflag(t));
        assert_int_equal(type.count, btf_vlen(t));
        assert_string_equal(type.name, name_of(theirs, t->name_off));
        if (type.kind != SK_BTF_ARRAY && type.kind != SK_BTF_FWD)
            assert_int_equal(type.size | type.ref, t->size);
        compare_parts(&btf, &type, theirs, t);
        /* libbpf takes a declaration tag for what it is on. */
        int64_t resolved = type.kind == SK_BTF_DECL_TAG ? -1 : btf__resolve_size(theirs, id);
        bool sized = sk_btf_size(&btf, id, &bytes_of);
        if (sized ? (int64_t)bytes_of != resolved : resolved >= 0)
            fail_msg("type %u (%s): size %u, libbpf has %lld", id, type.name, bytes_of, (long long)resolved);
        if (type.name[0] && id % 16 == 0) /* libbpf looks at all of them, each time */
            assert_int_equal(sk_btf_find(&btf, type.name, type.kind),
                             btf__find_by_name_kind(theirs, type.name, type.kind));
    }
    uint32_t count = btf.count;
    sk_btf_close(&btf);
    btf__free(theirs);
    return count;
}

static char written[1 << 16];
static size_t written_size;

static void write_text(void *user, const char *format, va_list args)
{
    (void)user;
    int n = vsnprintf(written + written_size, sizeof written - written_size, format, args);
    if (n > 0 && written_size + (size_t)n < sizeof written)
        written_size += (size_t)n;
}

/* Without blanks, with "()" for "(void)" (versions of libbpf differ), qualifiers in our order,
   and without the numbers that libbpf adds to names that appear twice. */
static void normalize(char *text)
{
    char *to = text;
    for (const char *p = text; *p; p++) {
        if (strncmp(p, "(void)", 6) == 0) {
            *to++ = '(', *to++ = ')', p += 5;
        } else if (strncmp(p, "___", 3) == 0 && p[3] >= '0' && p[3] <= '9') {
            for (p += 3; p[1] >= '0' && p[1] <= '9'; p++)
                ;
        } else if (strncmp(p, "volatile const ", 15) == 0) {
            memcpy(to, "constvolatile", 13);
            to += 13;
            p += 14; /* and the blank by the loop */
        } else if (*p != ' ') {
            *to++ = *p;
        }
    }
    *to = 0;
}

/* libbpf forgets the qualifiers of arrays. */
static bool has_qualified_array(const struct sk_btf *btf, uint32_t id)
{
    struct sk_btf_type type = sk_btf_type(btf, id);
    bool qualified = false;
    for (; type.kind == SK_BTF_PTR || type.kind == SK_BTF_CONST || type.kind == SK_BTF_VOLATILE;
         type = sk_btf_type(btf, type.ref))
        qualified = type.kind != SK_BTF_PTR;
    return qualified && type.kind == SK_BTF_ARRAY;
}

/* Declarations of all types, but for anonymous structs, which libbpf writes out. Returns how many. */
static uint32_t compare_declarations(const void *bytes, size_t size)
{
    struct sk_btf btf;
    uint32_t count = 0;
    struct btf *theirs = btf__new(bytes, (uint32_t)size);
    struct btf_dump *dump = btf_dump__new(theirs, write_text, NULL, NULL);
    assert_non_null(dump);
    assert_int_equal(sk_btf_open(&btf, &sk_default_hooks, bytes, size, NULL), SKEP_OK);
    for (uint32_t id = 1; id < btf.count; id++) {
        struct sk_buf out;
        unsigned kind = sk_btf_type(&btf, id).kind;
        DECLARE_LIBBPF_OPTS(btf_dump_emit_type_decl_opts, options, .field_name = "name");
        if (kind == SK_BTF_FUNC || kind == SK_BTF_VAR || kind == SK_BTF_DATASEC || kind == SK_BTF_DECL_TAG ||
            has_qualified_array(&btf, id))
            continue;
        written_size = 0;
        written[0] = 0;
        assert_int_equal(btf_dump__emit_type_decl(dump, id, &options), 0);
        if (strchr(written, '{') || strstr(written, "btf_type_tag"))
            continue;
        sk_buf_init(&out, &sk_default_hooks);
        sk_btf_declare(&btf, id, "name", &out);
        sk_buf_putc(&out, 0);
        normalize(written);
        normalize((char *)out.data);
        if (strcmp(written, (char *)out.data) != 0)
            fail_msg("type %u: '%s', libbpf has '%s'", id, (char *)out.data, written);
        sk_buf_free(&out);
        count++;
    }
    btf_dump__free(dump);
    sk_btf_close(&btf);
    btf__free(theirs);
    return count;
}

static void fixtures(void **state)
{
    static const char *const paths[] = {"tests/data/objects/types.o", "tests/data/objects/types-be.o"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct piece bytes = read_section(paths[i], ".BTF");
        assert_true(compare(bytes.data, bytes.size) > 60);
        if (i == 0) /* libbpf dumps its own byte order only */
            assert_true(compare_declarations(bytes.data, bytes.size) > 30);
        free(bytes.data);
    }
}

static void running_kernel(void **state)
{
    (void)state;
    FILE *f = fopen("/sys/kernel/btf/vmlinux", "rb");
    if (!f) {
        print_message("the running kernel has no /sys/kernel/btf/vmlinux\n");
        skip();
        return;
    }
    fclose(f);
    struct piece bytes = read_piece("/sys/kernel/btf/vmlinux");
    assert_true(compare(bytes.data, bytes.size) > 10000);
    assert_true(compare_declarations(bytes.data, bytes.size) > 10000);
    free(bytes.data);
}

static void debian_objects(void **state)
{
    glob_t found;
    (void)state;
    if (glob("/usr/lib/*/bpf/*.o", 0, NULL, &found) != 0) {
        print_message("no objects in /usr/lib/*/bpf (Debian: xdp-tools)\n");
        skip();
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct piece bytes = read_section(found.gl_pathv[i], ".BTF");
        assert_true(compare(bytes.data, bytes.size) > 1);
        free(bytes.data);
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixtures),
        cmocka_unit_test(running_kernel),
        cmocka_unit_test(debian_objects),
    };
    libbpf_set_print(quiet);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
