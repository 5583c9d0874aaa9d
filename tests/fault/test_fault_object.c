/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Opening an object with each allocation failing once: an error, nothing leaked, nothing written; and with enough memory
 * it works after all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "skep/skep.h"

struct counter {
    size_t calls, fail_at; /* the call that fails, from 1; 0: none */
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

static void every_allocation(const char *path, size_t programs)
{
    static unsigned char bytes[16384];
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s: cannot be opened (tests run in the top folder of the sources)", path);
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_true(size > 0 && size < sizeof bytes);

    for (size_t fail_at = 1;; fail_at++) {
        struct counter counter = {.fail_at = fail_at};
        skep_hooks hooks = {.size = sizeof hooks, .user = &counter, .realloc = count_realloc};
        skep_object_options options = {.size = sizeof options, .hooks = &hooks};
        skep_object *object = NULL;
        skep_error err;
        skep_code code = skep_object_open(bytes, size, &options, &object, &err);
        if (code != SKEP_OK) {
            assert_int_equal(code, SKEP_ERR_MEMORY);
            assert_int_equal(err.code, SKEP_ERR_MEMORY);
            assert_null(object);
            assert_int_equal(counter.live, 0);
            continue;
        }
        /* The first run without a failure made fewer calls than the number of the one to fail. */
        assert_true(counter.calls < fail_at);
        assert_true(fail_at > 5);
        assert_int_equal(skep_object_program_count(object), programs);
        skep_object_free(object);
        assert_int_equal(counter.live, 0);
        return;
    }
}

static void calls(void **state)
{
    (void)state;
    every_allocation("tests/data/objects/calls.o", 3);
}

static void data(void **state)
{
    (void)state;
    every_allocation("tests/data/objects/data.o", 7);
}

static bool look(void *user, const skep_relocation *relocation)
{
    ++*(size_t *)user;
    return relocation->asks != NULL;
}

/* What gives text: with each allocation failing in turn, it says so, gives nothing and loses nothing. */
static void texts(void **state)
{
    static unsigned char bytes[16384];
    skep_error err;
    (void)state;
    FILE *f = fopen("tests/data/objects/typed.o", "rb");
    assert_non_null(f);
    size_t size = fread(bytes, 1, sizeof bytes, f), seen = 0;
    fclose(f);
    for (unsigned what = 0; what < 6; what++) {
        skep_code code = SKEP_ERR_MEMORY;
        for (size_t fail_at = 1; code != SKEP_OK; fail_at++) {
            struct counter counter = {.fail_at = 0};
            skep_hooks hooks = {.size = sizeof hooks, .user = &counter, .realloc = count_realloc};
            skep_object_options options = {.size = sizeof options, .hooks = &hooks};
            skep_object *object = NULL;
            char *text = NULL;
            uint64_t key = 0;
            assert_int_equal(skep_object_open(bytes, size, &options, &object, &err), SKEP_OK);
            size_t live = counter.live;
            counter.fail_at = counter.calls + fail_at;
            switch (what) {
            case 0: code = skep_object_map_json(object, 0, SKEP_MAP_KEY, &key, &text, &err); break;
            case 1: code = skep_object_map_type(object, 0, SKEP_MAP_VALUE, &text, &err); break;
            case 2: code = skep_object_global_json(object, "last", &text, &err); break;
            case 3: code = skep_object_global_type(object, "last", &text, &err); break;
            case 4: code = skep_object_types(object, NULL, &text, &err); break;
            default: code = skep_object_relocations(object, look, &seen, &err); break;
            }
            assert_true(code == SKEP_OK || (code == SKEP_ERR_MEMORY && err.code == SKEP_ERR_MEMORY && !text));
            counter.fail_at = 0;
            skep_free(&hooks, text);
            assert_int_equal(counter.live, live);
            skep_object_free(object);
            assert_int_equal(counter.live, 0);
        }
    }
    assert_true(seen > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(calls), cmocka_unit_test(data), cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
