/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Map definitions: those of tests/data/objects/maps.c, with the numbers that stand there, and such as libbpf refuses.
 * tests/libbpf/test_maps.c compares with what libbpf reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "btf/mapdef.h"
#include "sections.h"

#define MAPS "tests/data/objects/maps.o"

static const struct sk_btf_map *find(const struct sk_btf_map *maps, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(maps[i].name, name) == 0)
            return &maps[i];
    fail_msg("there is no map %s", name);
    return NULL;
}

static void compiled(void **state)
{
    struct piece file = read_piece(MAPS), types = read_section(MAPS, ".BTF"), section = read_section(MAPS, ".maps");
    struct sk_btf btf;
    struct sk_btf_map *maps;
    uint32_t count;
    skep_error err;
    (void)state;
    assert_int_equal(sk_btf_open(&btf, &sk_default_hooks, types.data, types.size, &err), SKEP_OK);
    if (sk_btf_maps(&btf, section.size, place_symbol, &file, &maps, &count, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    assert_int_equal(count, 8);

    const struct sk_btf_map *m = find(maps, count, "flows");
    assert_int_equal(m->spec.type, 1);
    assert_int_equal(m->spec.max_entries, 1000);
    assert_int_equal(m->spec.key_size, 8);
    assert_int_equal(m->spec.value_size, 32);
    assert_string_equal(sk_btf_type(&btf, m->spec.key).name, "key");
    assert_string_equal(sk_btf_type(&btf, m->spec.value).name, "value");
    assert_int_equal(m->spec.flags, 1);
    assert_true(m->pinned);
    assert_false(m->has_inner);
    assert_int_equal(m->value_count, 0);

    m = find(maps, count, "sizes");
    assert_int_equal(m->spec.value_size, 32);
    assert_int_equal(m->spec.value, 0);
    assert_int_equal(m->spec.flags, 4);
    assert_int_equal(m->spec.members, SK_BTF_MAP_TYPE | SK_BTF_MAP_KEY_SIZE | SK_BTF_MAP_VALUE_SIZE |
                                          SK_BTF_MAP_MAX_ENTRIES | SK_BTF_MAP_FLAGS | SK_BTF_MAP_NUMA_NODE);
    assert_int_equal(find(maps, count, "bloom")->spec.extra, 5);
    assert_int_equal(find(maps, count, "bloom")->spec.key_size, 0);
    assert_int_equal(find(maps, count, "ring")->spec.members, SK_BTF_MAP_TYPE | SK_BTF_MAP_MAX_ENTRIES);

    m = find(maps, count, "outer");
    assert_true(m->has_inner);
    assert_int_equal(m->spec.value_size, 4);
    assert_int_equal(m->value_count, 3);
    assert_int_equal(m->values, m->offset + 24);
    assert_int_equal(m->inner.type, 1);
    assert_int_equal(m->inner.max_entries, 7);
    assert_int_equal(m->inner.value_size, 8);

    m = find(maps, count, "jumps");
    assert_false(m->has_inner);
    assert_int_equal(m->value_count, 4);
    assert_int_equal(m->values + 4 * 8, m->offset + m->size);

    /* Without the symbols all of them lie at zero, and with too small a section they do not fit. */
    free(maps);
    assert_int_equal(sk_btf_maps(&btf, section.size, NULL, NULL, &maps, &count, &err), SKEP_OK);
    assert_int_equal(find(maps, count, "ring")->offset, 0);
    free(maps);
    assert_int_equal(sk_btf_maps(&btf, section.size - 1, place_symbol, &file, &maps, &count, &err), SKEP_ERR_OBJECT);
    assert_non_null(strstr(err.message, "lie outside of the section"));
    assert_null(maps);
    sk_btf_close(&btf);
    free(section.data);
    free(types.data);
    free(file.data);
}

/* ---------------------------------------------------------------------------------------------- refused */

static struct blob b;
enum { INT = 1, TO_INT, ARRAY1, TO_ARRAY1, ARRAY9, TO_ARRAY9, VOID_PTR, FIRST };

static uint32_t add_array(uint32_t element, uint32_t count)
{
    uint32_t id = blob_type(&b, NULL, SK_BTF_ARRAY, 0, false, 0);
    blob_word(&b, element), blob_word(&b, INT), blob_word(&b, count);
    return id;
}

static void begin(void)
{
    blob_begin(&b);
    assert_int_equal(blob_int(&b, "int", 4, 1), INT);
    assert_int_equal(blob_type(&b, NULL, SK_BTF_PTR, 0, false, INT), TO_INT);
    assert_int_equal(add_array(INT, 1), ARRAY1);
    assert_int_equal(blob_type(&b, NULL, SK_BTF_PTR, 0, false, ARRAY1), TO_ARRAY1);
    assert_int_equal(add_array(INT, 9), ARRAY9);
    assert_int_equal(blob_type(&b, NULL, SK_BTF_PTR, 0, false, ARRAY9), TO_ARRAY9);
    assert_int_equal(blob_type(&b, NULL, SK_BTF_PTR, 0, false, 0), VOID_PTR);
}

/* Begins a map's struct: add as many members. */
static uint32_t begin_map(uint32_t members)
{
    return blob_type(&b, NULL, SK_BTF_STRUCT, members, false, members * 8);
}

static void end_map(const char *name, uint32_t type, uint32_t linkage, uint32_t size)
{
    uint32_t var = blob_type(&b, name, SK_BTF_VAR, 0, false, type);
    blob_word(&b, linkage);
    blob_type(&b, ".maps", SK_BTF_DATASEC, 1, false, size);
    blob_word(&b, var), blob_word(&b, 0), blob_word(&b, size);
}

static void expect(skep_code expected, const char *says)
{
    struct piece bytes = blob_end(&b);
    struct sk_btf btf;
    struct sk_btf_map *maps;
    uint32_t count;
    skep_error err = {0};
    if (sk_btf_open(&btf, &sk_default_hooks, bytes.data, bytes.size, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    skep_code code = sk_btf_maps(&btf, 64, NULL, NULL, &maps, &count, &err);
    if (code != expected || (says && !strstr(err.message, says)))
        fail_msg("%d instead of %d, or '%s' does not say '%s'", (int)code, (int)expected, err.message, says);
    if (says && (code != err.code || !strstr(err.message, "map 'm")))
        fail_msg("'%s' does not name the map", err.message);
    free(maps);
    sk_btf_close(&btf);
    free(bytes.data);
}

/* A map of one or two members of these names and types. */
static void two_members(const char *first, uint32_t type, const char *second, uint32_t other, skep_code code,
                        const char *says)
{
    begin();
    uint32_t map = begin_map(second ? 2 : 1);
    blob_member(&b, first, type, 0);
    if (second)
        blob_member(&b, second, other, 64);
    end_map("m", map, SK_BTF_GLOBAL, 16);
    expect(code, says);
}

static void refused(void **state)
{
    (void)state;
    two_members("type", TO_ARRAY1, NULL, 0, SKEP_OK, NULL);
    two_members("max_entries", TO_ARRAY1, NULL, 0, SKEP_ERR_OBJECT, "it has no type");
    two_members("type", INT, NULL, 0, SKEP_ERR_OBJECT, "type is of kind 'integer'");
    two_members("map_flags", TO_INT, NULL, 0, SKEP_ERR_OBJECT, "map_flags points to kind 'integer'");
    two_members("key", INT, NULL, 0, SKEP_ERR_OBJECT, "key is of kind 'integer'");
    two_members("value", VOID_PTR, NULL, 0, SKEP_ERR_OBJECT, "value is of type 0 (void)");
    two_members("key", TO_INT, "key_size", TO_ARRAY9, SKEP_ERR_OBJECT, "key_size makes it 9 bytes, another member 4");
    two_members("value_size", TO_ARRAY9, "value", TO_INT, SKEP_ERR_OBJECT, "value makes it 4 bytes, another member 9");
    two_members("color", TO_INT, NULL, 0, SKEP_ERR_UNSUPPORTED, "'color' is not known");
    two_members("pinning", TO_ARRAY9, NULL, 0, SKEP_ERR_OBJECT, "pinning is 9");
    two_members("map_extra", INT, NULL, 0, SKEP_ERR_OBJECT, "map_extra is of kind");
    two_members("type", TO_ARRAY1, "values", ARRAY1, SKEP_ERR_UNSUPPORTED, "holds neither maps nor programs");
    two_members("values", TO_ARRAY1, "type", TO_ARRAY1, SKEP_ERR_OBJECT, "not its last member");

    begin();
    end_map("m", INT, SK_BTF_GLOBAL, 4);
    expect(SKEP_ERR_OBJECT, "instead of a struct");
    begin();
    end_map("m", begin_map(0), SK_BTF_STATIC, 4);
    expect(SKEP_ERR_UNSUPPORTED, "static");
    begin();
    uint32_t map = begin_map(1);
    blob_member(&b, "type", TO_ARRAY1, 0);
    end_map("m", map, SK_BTF_GLOBAL, 4);
    expect(SKEP_ERR_OBJECT, "its definition has 8 bytes, the variable 4");
    begin();
    end_map("m", begin_map(0), SK_BTF_GLOBAL, 65);
    expect(SKEP_ERR_OBJECT, "outside of the section");
}

/* `values` of maps: what is behind the array. */
static void values(uint32_t outer_type, uint32_t element, uint32_t count, skep_code code, const char *says)
{
    uint32_t array = add_array(element, count), number = add_array(INT, outer_type);
    uint32_t type = blob_type(&b, NULL, SK_BTF_PTR, 0, false, number), map = begin_map(2);
    blob_member(&b, "type", type, 0);
    blob_member(&b, "values", array, 64);
    end_map("m", map, SK_BTF_GLOBAL, 24);
    expect(code, says);
}

static void values_refused(void **state)
{
    (void)state;
    begin();
    values(12, TO_INT, 0, SKEP_ERR_OBJECT, "values are not pointers to maps");
    begin();
    values(3, TO_INT, 0, SKEP_ERR_OBJECT, "values are not pointers to functions");
    begin();
    values(12, INT, 0, SKEP_ERR_OBJECT, "values are not pointers");
    begin();
    values(12, TO_INT, 1, SKEP_ERR_OBJECT, "values is not an array without a size");

    begin();
    uint32_t inner = begin_map(1);
    blob_member(&b, "pinning", TO_ARRAY1, 0);
    values(12, blob_type(&b, NULL, SK_BTF_PTR, 0, false, inner), 0, SKEP_ERR_OBJECT, "map 'm.inner': pinning");
    begin();
    inner = begin_map(1);
    blob_member(&b, "values", ARRAY1, 0);
    values(13, blob_type(&b, NULL, SK_BTF_PTR, 0, false, inner), 0, SKEP_ERR_UNSUPPORTED, "nested one deep");
    begin();
    inner = begin_map(1);
    blob_member(&b, "max_entries", TO_ARRAY1, 0);
    values(13, blob_type(&b, NULL, SK_BTF_PTR, 0, false, inner), 0, SKEP_ERR_OBJECT, "map 'm.inner': it has no type");
    begin();
    inner = begin_map(1);
    blob_member(&b, "type", TO_ARRAY1, 0);
    values(13, blob_type(&b, NULL, SK_BTF_PTR, 0, false, inner), 0, SKEP_OK, NULL);
}

/* __ulong(): numbers of 64 bits. */
static void wide_extra(void **state)
{
    struct sk_btf btf;
    struct sk_btf_map *maps;
    uint32_t count;
    (void)state;
    begin();
    uint32_t wide = blob_type(&b, NULL, SK_BTF_ENUM64, 1, false, 8);
    blob_word(&b, 0), blob_word(&b, 2), blob_word(&b, 1);
    uint32_t map = begin_map(2);
    blob_member(&b, "type", TO_ARRAY1, 0);
    blob_member(&b, "map_extra", wide, 64);
    end_map("m", map, SK_BTF_GLOBAL, 16);
    struct piece bytes = blob_end(&b);
    assert_int_equal(sk_btf_open(&btf, &sk_default_hooks, bytes.data, bytes.size, NULL), SKEP_OK);
    assert_int_equal(sk_btf_maps(&btf, 16, NULL, NULL, &maps, &count, NULL), SKEP_OK);
    assert_true(maps[0].spec.extra == 0x100000002);
    free(maps);
    sk_btf_close(&btf);
    free(bytes.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(compiled), cmocka_unit_test(refused),
                                       cmocka_unit_test(values_refused), cmocka_unit_test(wide_extra)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
