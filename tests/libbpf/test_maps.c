/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Map definitions beside what libbpf reads: the fixture, and the objects of Debian packages that happen to be there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/libbpf.h>

#include <glob.h>

#include "btf/mapdef.h"
#include "sections.h"

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
    (void)level, (void)format, (void)args;
    return 0;
}

static void same(const struct sk_btf_map_spec *spec, const struct bpf_map *map)
{
    assert_int_equal(spec->type, bpf_map__type(map));
    assert_int_equal(spec->key_size, bpf_map__key_size(map));
    assert_int_equal(spec->value_size, bpf_map__value_size(map));
    assert_int_equal(spec->max_entries, bpf_map__max_entries(map));
    assert_int_equal(spec->flags, bpf_map__map_flags(map));
    assert_int_equal(spec->numa_node, bpf_map__numa_node(map));
    assert_true(spec->extra == bpf_map__map_extra(map));
    assert_int_equal(spec->key, bpf_map__btf_key_type_id(map));
    assert_int_equal(spec->value, bpf_map__btf_value_type_id(map));
}

/* Returns the number of maps that were compared. */
static uint32_t compare(const char *path)
{
    struct piece file = read_piece(path), types = read_section(path, ".BTF"), section = read_section(path, ".maps");
    struct bpf_object *object = bpf_object__open_file(path, NULL);
    struct sk_btf btf;
    struct sk_btf_map *maps;
    uint32_t count = 0, theirs = 0;
    skep_error err;
    const struct bpf_map *map;
    assert_non_null(object);
    if (sk_btf_open(&btf, &sk_default_hooks, types.data, types.size, &err) != SKEP_OK ||
        sk_btf_maps(&btf, section.size, place_symbol, &file, &maps, &count, &err) != SKEP_OK)
        fail_msg("%s: %s", path, err.message);
    for (uint32_t i = 0; i < count; i++) {
        struct bpf_map *found = bpf_object__find_map_by_name(object, maps[i].name);
        assert_non_null(found);
        same(&maps[i].spec, found);
        assert_int_equal(maps[i].pinned, bpf_map__pin_path(found) != NULL);
        struct bpf_map *inner = bpf_map__inner_map(found);
        assert_int_equal(maps[i].has_inner, inner != NULL);
        if (inner)
            same(&maps[i].inner, inner);
    }
    bpf_object__for_each_map(map, object) theirs += !bpf_map__is_internal(map);
    assert_int_equal(count, theirs);
    free(maps);
    sk_btf_close(&btf);
    bpf_object__close(object);
    free(section.data);
    free(types.data);
    free(file.data);
    return count;
}

static void fixture(void **state)
{
    (void)state;
    assert_int_equal(compare("tests/data/objects/maps.o"), 8);
}

static void debian_objects(void **state)
{
    glob_t found;
    uint32_t count = 0;
    (void)state;
    if (glob("/usr/lib/*/bpf/xdpfilt*.o", 0, NULL, &found) != 0) {
        print_message("no objects in /usr/lib/*/bpf (Debian: xdp-tools)\n");
        skip();
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        count += compare(found.gl_pathv[i]);
    assert_true(count > 10);
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fixture), cmocka_unit_test(debian_objects)};
    libbpf_set_print(quiet);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
