/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What objects keep: maps, global data and externs of tests/data/objects/state.c, in both engines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "skep/skep.h"

static skep_error err;

static skep_object *open_state(void)
{
    static unsigned char bytes[65536];
    FILE *f = fopen("tests/data/objects/state.o", "rb");
    assert_non_null(f);
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    skep_object *object = NULL;
    if (skep_object_open(bytes, size, NULL, &object, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    return object;
}

static skep_code run_with(skep_object *object, const char *section, skep_policy policy, bool jit, uint8_t *packet, size_t size,
                          uint64_t *result)
{
    const skep_vm_options options = {.size = sizeof options, .kind = SKEP_RAW, .policy = policy};
    const skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = size};
    skep_vm *vm = NULL;
    skep_code code = skep_object_vm(object, section, NULL, &options, &vm, &err);
    if (code)
        return code;
    if (jit && (code = skep_vm_jit_compile(vm, NULL, &err)) == SKEP_ERR_UNSUPPORTED)
        jit = false;
    code = jit ? skep_vm_exec_jit(vm, &exec, result, &err) : skep_vm_exec(vm, &exec, result, &err);
    skep_vm_free(vm);
    return code;
}

static int64_t run(skep_object *object, const char *section, bool jit, uint8_t a, uint8_t b, uint8_t c)
{
    uint8_t packet[] = {a, b, c, 0};
    uint64_t result = 0;
    if (run_with(object, section, SKEP_GUARDED, jit, packet, sizeof packet, &result))
        fail_msg("%s: %s", section, err.message);
    return (int64_t)result;
}

static void arrays(void **state)
{
    (void)state;
    for (int jit = 0; jit < 2; jit++) {
        skep_object *object = open_state();
        assert_null(skep_object_find_map(object, "counts")); /* made with the first VM, or by skep_object_load */
        assert_int_equal(run(object, "custom/count", jit, 1, 0, 0), 2);
        assert_int_equal(run(object, "custom/count", jit, 1, 0, 0), 4);
        assert_int_equal(run(object, "custom/count", jit, 3, 0, 0), 2);
        assert_int_equal(run(object, "custom/count", jit, 4, 0, 0), -1);
        assert_int_equal(run(object, "custom/set", jit, 2, 200, SKEP_ANY), 0);
        assert_int_equal(run(object, "custom/set", jit, 2, 200, SKEP_NOEXIST), -SKEP_EEXIST);
        assert_int_equal(run(object, "custom/set", jit, 4, 200, SKEP_ANY), -SKEP_E2BIG);
        assert_int_equal(run(object, "custom/set", jit, 2, 200, 3), -SKEP_EINVAL);
        skep_map *counts = skep_object_find_map(object, "counts");
        assert_non_null(counts);
        const uint64_t expected[] = {0, 4, 200, 2};
        for (uint32_t key = 0; key < 4; key++) {
            uint64_t value = 1;
            assert_int_equal(skep_map_lookup(counts, &key, &value, 0), 0);
            assert_int_equal(value, expected[key]);
        }
        void *seen;
        size_t size;
        assert_int_equal(skep_object_global(object, "seen", &seen, &size, &err), SKEP_OK);
        assert_int_equal(size, 8);
        assert_int_equal(*(uint64_t *)seen, 3);
        skep_map_ref(counts);
        skep_object_free(object);
        uint32_t key = 1;
        uint64_t value = 0;
        assert_int_equal(skep_map_lookup(counts, &key, &value, 0), 0); /* it is ours, too */
        assert_int_equal(value, 4);
        skep_map_unref(counts);
    }
}

static void globals(void **state)
{
    (void)state;
    for (int jit = 0; jit < 2; jit++) {
        skep_object *object = open_state();
        void *limit, *step, *shift, *none;
        size_t size;
        assert_int_equal(skep_object_global(object, "limit", &limit, &size, &err), SKEP_OK);
        assert_int_equal(size, 4);
        assert_int_equal(*(uint32_t *)limit, 10);
        assert_int_equal(skep_object_global(object, "shift", &shift, NULL, &err), SKEP_OK);
        assert_int_equal(run(object, "custom/data", jit, 2, 0, 0), (15 << 4) + 300);
        *(uint32_t *)limit = 100;
        assert_int_equal(run(object, "custom/data", jit, 7, 0, 0), (105 << 5) + 4000);
        assert_int_equal(*(uint8_t *)shift, 5);
        assert_int_equal(skep_object_global(object, "step", &step, &size, &err), SKEP_OK);
        *(uint32_t *)step = 50; /* the caller may, programs may not */
        assert_int_equal(run(object, "custom/count", jit, 0, 0, 0), 50);
        uint64_t result;
        uint8_t packet[4] = {0};
        assert_int_equal(run_with(object, "custom/rodata", SKEP_GUARDED, jit, packet, sizeof packet, &result), SKEP_ERR_ACCESS);
        assert_int_equal(*(uint32_t *)step, 50);
        assert_int_equal(skep_object_global(object, "nothing", &none, &size, &err), SKEP_ERR_NOT_FOUND);
        assert_non_null(strstr(err.message, "nothing"));
        skep_object_free(object);
    }
}

static void externs(void **state)
{
    skep_object *object = open_state();
    uint64_t result;
    void *hz;
    (void)state;
    assert_int_equal(run_with(object, "custom/hz", SKEP_GUARDED, false, NULL, 0, &result), SKEP_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "CONFIG_HZ"));
    assert_int_equal(skep_object_global(object, "CONFIG_HZ", &hz, NULL, &err), SKEP_OK);
    *(int32_t *)hz = 250;
    assert_int_equal(run(object, "custom/hz", false, 0, 0, 0), 250);
    assert_int_equal(run(object, "custom/hz", true, 0, 0, 0), 250);
    assert_int_equal(run(object, "custom/version", true, 0, 0, 0), 6 << 16 | 18 << 8);
    assert_int_equal(run(object, "custom/weak", true, 0, 0, 0), 0);
    assert_string_equal(skep_object_license(object), "Dual MIT/GPL");
    skep_object_free(object);
}

static void maps_before_they_are_made(void **state)
{
    skep_object *object = open_state();
    skep_object_map_info info = {.size = sizeof info};
    (void)state;
    assert_int_equal(skep_object_map_count(object), 5);
    assert_int_equal(skep_object_map(object, 0, &info, &err), SKEP_OK);
    assert_string_equal(info.name, "counts");
    assert_string_equal(info.section, ".maps");
    assert_int_equal(info.type, SKEP_MAP_ARRAY);
    assert_int_equal(info.max_entries, 4);
    assert_false(info.is_data);
    assert_null(info.map);
    assert_int_equal(skep_object_map(object, 5, &info, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_object_set_max_entries(object, "nothing", 5, &err), SKEP_ERR_NOT_FOUND);
    assert_int_equal(skep_object_set_max_entries(object, "counts", 5, &err), SKEP_OK);
    assert_int_equal(skep_object_load(object, &err), SKEP_OK);
    assert_int_equal(skep_object_set_max_entries(object, "counts", 6, &err), SKEP_ERR_STATE);
    void *hz;
    skep_object_global(object, "CONFIG_HZ", &hz, NULL, &err);
    assert_int_equal(run(object, "custom/count", false, 4, 0, 0), 2);
    skep_object_free(object);

    object = open_state();
    const skep_map_options options = {.size = sizeof options, .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
    skep_map *own = NULL;
    assert_int_equal(skep_map_create(&options, &own, &err), SKEP_OK);
    assert_int_equal(skep_object_set_map(object, "counts", own, &err), SKEP_OK);
    assert_int_equal(run(object, "custom/count", true, 0, 0, 0), 2);
    assert_int_equal(run(object, "custom/count", true, 1, 0, 0), -1);
    uint32_t key = 0;
    uint64_t value;
    assert_int_equal(skep_map_lookup(own, &key, &value, 0), 0);
    assert_int_equal(value, 2);
    skep_object_free(object);
    skep_map_unref(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays),
        cmocka_unit_test(globals),
        cmocka_unit_test(externs),
        cmocka_unit_test(maps_before_they_are_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
