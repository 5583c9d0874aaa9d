/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Types, records, maps, relocations and text with each allocation failing once: an error, nothing leaked; and with enough
 * memory it works after all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "btf/dump.h"
#include "btf/mapdef.h"
#include "object/core.h"
#include "sections.h"

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

struct parts {
    struct piece types, records, code;
};

/* Everything that needs memory, once; the first failure ends it. */
static skep_code all_of_it(const struct parts *p, const skep_hooks *hooks, skep_error *err)
{
    struct sk_btf btf;
    struct sk_btf_ext ext;
    struct sk_core core;
    struct sk_btf_map *maps;
    uint32_t count;
    skep_code code = sk_btf_open(&btf, hooks, p->types.data, p->types.size, err);
    if (code != SKEP_OK)
        return code;
    code = sk_btf_ext_open(&ext, &btf, p->records.data, p->records.size, err);
    if (code != SKEP_OK) {
        sk_btf_close(&btf);
        return code;
    }
    code = sk_btf_maps(&btf, 4096, NULL, NULL, &maps, &count, err);
    if (code == SKEP_OK)
        sk_free(hooks, maps);
    if (code == SKEP_OK && (code = sk_core_open(&core, &btf, &ext, &btf, err)) == SKEP_OK) {
        uint8_t copy[4096];
        assert_true(p->code.size <= sizeof copy);
        memcpy(copy, p->code.data, p->code.size);
        code = sk_core_apply(&core, "socket", 0, copy, (uint32_t)(p->code.size / 8), NULL, err);
        sk_core_close(&core);
    }
    if (code == SKEP_OK) {
        struct sk_buf out;
        sk_buf_init(&out, hooks);
        for (uint32_t id = 0; id < btf.count; id++)
            sk_btf_define(&btf, id, &out);
        if (out.failed)
            code = sk_fail_memory(err);
        sk_buf_free(&out);
    }
    sk_btf_ext_close(&ext);
    sk_btf_close(&btf);
    return code;
}

static void every_allocation(const char *path)
{
    struct parts p = {read_section(path, ".BTF"), read_section(path, ".BTF.ext"), read_section(path, "socket")};
    for (size_t fail_at = 1;; fail_at++) {
        struct counter counter = {.fail_at = fail_at};
        skep_hooks hooks = {.size = sizeof hooks, .user = &counter, .realloc = count_realloc};
        skep_error err;
        skep_code code = all_of_it(&p, &hooks, &err);
        assert_int_equal(counter.live, 0);
        if (code == SKEP_OK) {
            assert_true(counter.calls < fail_at);
            assert_true(fail_at > 10);
            break;
        }
        assert_int_equal(code, SKEP_ERR_MEMORY);
        assert_int_equal(err.code, SKEP_ERR_MEMORY);
    }
    free(p.types.data);
    free(p.records.data);
    free(p.code.data);
}

static void types(void **state)
{
    (void)state;
    every_allocation("tests/data/objects/types.o");
}

static void maps(void **state)
{
    (void)state;
    every_allocation("tests/data/objects/maps.o");
}

static void relocations(void **state)
{
    (void)state;
    every_allocation("tests/data/objects/core-kernel.o");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(types), cmocka_unit_test(maps), cmocka_unit_test(relocations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
