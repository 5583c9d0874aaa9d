/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps of maps (Documentation/bpf/map_of_maps.rst) and arrays of programs: what may be in them, and who holds what how
 * long. */
#include "map_tools.h"

#include "map/prog_array.h"

static struct counted memory;
static const skep_hooks hooks = {.size = sizeof hooks, .user = &memory, .realloc = counted_realloc};

static skep_map *make(skep_map_options o)
{
    skep_map *map = NULL;
    skep_error err;
    o.size = sizeof o;
    o.hooks = &hooks;
    if (skep_map_create(&o, &map, &err))
        fail_msg("%s", err.message);
    return map;
}

static skep_map *make_array(uint32_t entries, uint32_t flags)
{
    return make((skep_map_options){
        .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = entries, .flags = flags});
}

static skep_map *make_outer(skep_map_type type, skep_map *inner)
{
    return make((skep_map_options){.type = type, .key_size = 4, .value_size = 4, .max_entries = 3, .inner = inner});
}

static uint32_t id_of(const skep_map *map)
{
    skep_map_info info = {.size = sizeof info};
    skep_map_get_info(map, &info);
    return info.id;
}

static int refused(skep_map_type type, skep_map *inner)
{
    const skep_map_options o = {
        .size = sizeof o, .type = type, .key_size = 4, .value_size = 4, .max_entries = 3, .inner = inner};
    skep_map *map = NULL;
    skep_error err = {0};
    return skep_map_create(&o, &map, &err) ? (int)err.detail : 0;
}

static const skep_map_type outers[] = {SKEP_MAP_ARRAY_OF_MAPS, SKEP_MAP_HASH_OF_MAPS};

static void templates(void **state)
{
    (void)state;
    memory = (struct counted){0};
    skep_map *array = make_array(2, 0), *outer = make_outer(SKEP_MAP_ARRAY_OF_MAPS, array);
    skep_map *programs =
        make((skep_map_options){.type = SKEP_MAP_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1});
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(refused(outers[i], NULL), -SKEP_EBADF);
        assert_int_equal(refused(outers[i], outer), -SKEP_EINVAL);
        assert_int_equal(refused(outers[i], programs), -SKEP_ENOTSUPP);
    }
    skep_map_unref(programs);
    skep_map_unref(outer);
    skep_map_unref(array);
    assert_int_equal(memory.blocks, 0);
}

static void likeness(void **state)
{
    (void)state;
    memory = (struct counted){0};
    for (unsigned i = 0; i < 2; i++) {
        const uint32_t key = 1;
        skep_map *inner = make_array(2, 0), *longer = make_array(3, 0), *flagged = make_array(2, SKEP_MAP_RDONLY_PROG);
        skep_map *wide =
            make((skep_map_options){.type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 16, .max_entries = 2});
        skep_map *counts =
            make((skep_map_options){.type = SKEP_MAP_PERCPU_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 2});
        skep_map *lock = make((skep_map_options){
            .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 2, .lock_offset = 1});
        skep_map *outer = make_outer(outers[i], inner);
        assert_int_equal(skep_map_update_map(outer, &key, inner, 0), 0);
        assert_int_equal(skep_map_update_map(outer, &key, longer, 0), -SKEP_EINVAL);
        assert_int_equal(skep_map_update_map(outer, &key, flagged, 0), -SKEP_EINVAL);
        assert_int_equal(skep_map_update_map(outer, &key, wide, 0), -SKEP_EINVAL);
        assert_int_equal(skep_map_update_map(outer, &key, counts, 0), -SKEP_EINVAL);
        assert_int_equal(skep_map_update_map(outer, &key, lock, 0), -SKEP_EINVAL);
        assert_int_equal(skep_map_update_map(outer, &key, outer, 0), -SKEP_EINVAL);
        assert_int_equal(skep_map_update_map(outer, NULL, inner, 0), -SKEP_EFAULT);
        assert_int_equal(skep_map_update_map(outer, &key, NULL, 0), -SKEP_EINVAL);
        assert_int_equal(skep_map_update_map(inner, &key, inner, 0), -SKEP_EINVAL);
        skep_map_unref(outer);
        /* Other types, and arrays that say so, may be of any length. */
        skep_map *counts_too =
            make((skep_map_options){.type = SKEP_MAP_PERCPU_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 9});
        outer = make_outer(outers[i], counts);
        assert_int_equal(skep_map_update_map(outer, &key, counts_too, 0), 0);
        skep_map_unref(outer);
        skep_map *any = make_array(2, SKEP_MAP_INNER_MAP), *any_too = make_array(7, SKEP_MAP_INNER_MAP);
        outer = make_outer(outers[i], any);
        assert_int_equal(skep_map_update_map(outer, &key, any_too, 0), 0);
        assert_int_equal(skep_map_update_map(outer, &key, inner, 0), -SKEP_EINVAL);
        skep_map *all[] = {inner, longer, flagged, wide, counts, lock, counts_too, any, any_too, outer};
        for (size_t n = 0; n < sizeof all / sizeof *all; n++)
            skep_map_unref(all[n]);
        assert_int_equal(memory.blocks, 0);
    }
}

static void entries(void **state)
{
    (void)state;
    memory = (struct counted){0};
    for (unsigned i = 0; i < 2; i++) {
        const bool hash = outers[i] == SKEP_MAP_HASH_OF_MAPS;
        skep_map *one = make_array(2, 0), *two = make_array(2, 0), *outer = make_outer(outers[i], one);
        const uint32_t two_id = id_of(two);
        uint32_t key = 2, value = 0;
        assert_int_equal(skep_map_lookup(outer, &key, &value, 0), -SKEP_ENOENT);
        assert_null(outer->ops->peek_map(outer, &key));
        assert_null(outer->ops->get_map(outer, &key));
        assert_int_equal(skep_map_delete(outer, &key), -SKEP_ENOENT);
        assert_int_equal(skep_map_update(outer, &key, &value, 0), -SKEP_EBADF);
        assert_int_equal(skep_map_update_map(outer, &key, one, 0), 0);
        assert_int_equal(skep_map_update_map(outer, &key, one, SKEP_NOEXIST), hash ? -SKEP_EEXIST : -SKEP_EINVAL);
        assert_int_equal(skep_map_lookup(outer, &key, &value, 0), 0);
        assert_int_equal(value, id_of(one));
        /* Replaced, the first is given back; the second then is held by the entry alone. */
        assert_int_equal(skep_map_update_map(outer, &key, two, 0), 0);
        const size_t before = memory.blocks;
        skep_map_unref(one);
        assert_true(memory.blocks < before);
        skep_map_unref(two);
        assert_ptr_equal(outer->ops->peek_map(outer, &key), two);
        struct skep_map *held = outer->ops->get_map(outer, &key);
        assert_ptr_equal(held, two);
        assert_int_equal(skep_map_delete(outer, &key), 0);
        assert_int_equal(id_of(held), two_id);
        assert_int_equal(skep_map_update_map(outer, &key, held, 0), 0);
        sk_map_unref(held);
        key = 3;
        one = make_array(2, 0);
        assert_int_equal(skep_map_update_map(outer, &key, one, 0), hash ? 0 : -SKEP_E2BIG);
        assert_int_equal(skep_map_delete(outer, &key), hash ? 0 : -SKEP_E2BIG);
        skep_map_unref(one);
        assert_int_equal(skep_map_freeze(outer), 0);
        assert_int_equal(skep_map_update_map(outer, &key, held, 0), -SKEP_EPERM);
        skep_map_unref(outer); /* and what is in it */
        assert_int_equal(memory.blocks, 0);
    }
}

/* A hash of maps against a plain list: keys of sizes that are no multiple of 4, too. */
static void keys(void **state)
{
    (void)state;
    enum { MOST = 20, KEYS = 30 };
    for (uint32_t size = 1; size <= 13; size += 3) {
        skep_map *inner[2] = {make_map(SKEP_MAP_ARRAY, 4, 8, 1, 0, NULL), make_map(SKEP_MAP_ARRAY, 4, 8, 1, 0, NULL)};
        const skep_map_options o = {.size = sizeof o,
                                    .type = SKEP_MAP_HASH_OF_MAPS,
                                    .key_size = size,
                                    .value_size = 4,
                                    .max_entries = MOST,
                                    .inner = inner[0]};
        skep_map *map = NULL, *list[KEYS] = {NULL};
        uint64_t dice = size;
        unsigned there = 0;
        assert_int_equal(skep_map_create(&o, &map, NULL), SKEP_OK);
        for (unsigned step = 0; step < 5000; step++) {
            const uint8_t number = (uint8_t)(next_random(&dice) % KEYS);
            uint8_t key[16];
            memset(key, 9, sizeof key);
            key[size - 1] = number;
            skep_map *which = inner[next_random(&dice) % 2];
            if (next_random(&dice) % 3) {
                assert_int_equal(skep_map_update_map(map, key, which, 0),
                                 list[number] || there < MOST ? 0 : -SKEP_E2BIG);
                if (list[number] || there < MOST) {
                    there += !list[number];
                    list[number] = which;
                }
            } else {
                assert_int_equal(skep_map_delete(map, key), list[number] ? 0 : -SKEP_ENOENT);
                there -= list[number] != NULL;
                list[number] = NULL;
            }
            assert_ptr_equal(map->ops->peek_map(map, key), list[number]);
            unsigned seen = 0;
            uint8_t next[16];
            for (int more = skep_map_next_key(map, NULL, next); !more;
                 more = skep_map_next_key(map, next, next), seen++)
                assert_non_null(list[next[size - 1]]);
            assert_int_equal(seen, there);
        }
        skep_map_unref(map);
        skep_map_unref(inner[0]);
        skep_map_unref(inner[1]);
    }
}

/* Readers take and give back what writers replace and delete: nothing is freed under their eyes, nothing is left over.
 */
enum { READERS = 3, ROUNDS = 8000 };
static skep_map *shared;
static uint32_t finished;

static void *read_maps(void *user)
{
    uint64_t dice = (uint64_t)(uintptr_t)user, found = 0;
    struct skep_map *held = NULL;
    while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
        const uint32_t key = (uint32_t)(next_random(&dice) % 3);
        const struct skep_map *there = shared->ops->peek_map(shared, &key);
        if (there && there == held)
            continue;
        struct skep_map *inner = shared->ops->get_map(shared, &key);
        if (!inner)
            continue;
        found += inner->max_entries;
        sk_map_unref(held);
        held = inner;
    }
    sk_map_unref(held);
    return found == 12345678 ? user : NULL; /* used, and never so many */
}

static void threads_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        pthread_t threads[READERS];
        skep_map *template = make_map(SKEP_MAP_ARRAY, 4, 8, 2, 0, NULL);
        const skep_map_options o = {
            .size = sizeof o, .type = outers[i], .key_size = 4, .value_size = 4, .max_entries = 3, .inner = template};
        assert_int_equal(skep_map_create(&o, &shared, NULL), SKEP_OK);
        finished = 0;
        for (uintptr_t n = 0; n < READERS; n++)
            assert_int_equal(pthread_create(&threads[n], NULL, read_maps, (void *)(n + 1)), 0);
        for (uint32_t n = 0; n < ROUNDS; n++) {
            const uint32_t key = n % 3;
            skep_map *inner = make_map(SKEP_MAP_ARRAY, 4, 8, 2, 0, NULL);
            assert_int_equal(skep_map_update_map(shared, &key, inner, 0), 0);
            skep_map_unref(inner);
            if (n % 5 == 0)
                assert_int_equal(skep_map_delete(shared, &key), 0);
        }
        __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
        for (unsigned n = 0; n < READERS; n++)
            pthread_join(threads[n], NULL);
        skep_map_unref(shared);
        skep_map_unref(template);
    }
}

/* ---------------------------------------------------------------------------------------- arrays of programs */

struct program {
    struct sk_counted counted;
    skep_map *map; /* that it holds */
    unsigned *released;
};

static void release(struct sk_counted *counted)
{
    struct program *program = (struct program *)counted;
    ++*program->released;
    sk_map_unref(program->map);
    free(program);
}

static struct program *make_program(uint32_t id, unsigned *released)
{
    struct program *program = calloc(1, sizeof *program);
    assert_non_null(program);
    program->counted = (struct sk_counted){.references = 1, .id = id, .release = release};
    program->released = released;
    return program;
}

static void programs(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_PROG_ARRAY, 4, 4, 3, 0, NULL);
    unsigned released = 0;
    struct program *one = make_program(11, &released), *two = make_program(22, &released);
    uint32_t key = 2, value = 0, next;
    assert_null(sk_prog_array_peek(map, 2));
    assert_null(sk_prog_array_get(map, 2));
    assert_int_equal(sk_prog_array_put(map, 2, &one->counted, SKEP_EXIST), -SKEP_EINVAL);
    assert_int_equal(sk_prog_array_put(map, 3, &one->counted, 0), -SKEP_E2BIG);
    assert_int_equal(sk_prog_array_put(map, 2, &one->counted, 0), 0);
    assert_int_equal(sk_prog_array_put(map, 0, &one->counted, 0), 0);
    assert_int_equal(one->counted.references, 3);
    sk_counted_unref(&one->counted);
    assert_ptr_equal(sk_prog_array_peek(map, 2), one);
    assert_null(sk_prog_array_peek(map, 3));
    assert_null(sk_prog_array_get(map, 3));
    assert_int_equal(skep_map_lookup(map, &key, &value, 0), 0);
    assert_int_equal(value, 11);
    assert_int_equal(skep_map_update(map, &key, &value, 0), -SKEP_EBADF);
    assert_int_equal(skep_map_update(map, &key, &value, SKEP_NOEXIST), -SKEP_EINVAL);
    assert_int_equal(skep_map_next_key(map, &key, &next), -SKEP_ENOENT);
    assert_int_equal(sk_prog_array_put(map, 2, &two->counted, 0), 0);
    struct sk_counted *got = sk_prog_array_get(map, 2);
    assert_ptr_equal(got, two);
    sk_counted_unref(got);
    key = 0;
    assert_int_equal(released, 0);
    assert_int_equal(skep_map_delete(map, &key), 0);
    assert_int_equal(released, 1);
    assert_int_equal(skep_map_delete(map, &key), -SKEP_ENOENT);
    assert_int_equal(skep_map_lookup(map, &key, &value, 0), -SKEP_ENOENT);
    key = 3;
    assert_int_equal(skep_map_delete(map, &key), -SKEP_E2BIG);
    assert_int_equal(skep_map_lookup(map, &key, &value, 0), -SKEP_ENOENT);
    sk_counted_unref(&two->counted);
    skep_map_unref(map);
    assert_int_equal(released, 2);
}

/* A program that holds the array that holds it: with the array's last user both go. */
static void circle(void **state)
{
    (void)state;
    memory = (struct counted){0};
    skep_map *map =
        make((skep_map_options){.type = SKEP_MAP_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1});
    unsigned released = 0;
    struct program *program = make_program(1, &released);
    program->map = sk_map_ref(map);
    assert_int_equal(sk_prog_array_put(map, 0, &program->counted, 0), 0);
    sk_counted_unref(&program->counted);
    assert_ptr_equal(skep_map_ref(map), map);
    skep_map_unref(map);
    assert_int_equal(released, 0);
    skep_map_unref(map);
    assert_int_equal(released, 1);
    assert_int_equal(memory.blocks, 0);
}

static void *read_programs(void *user)
{
    uint64_t sum = 0;
    (void)user;
    while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
        struct sk_counted *got = sk_prog_array_get(shared, 0);
        if (got)
            sum += got->id;
        sk_counted_unref(got);
    }
    return sum == 1 ? &shared : NULL;
}

static void programs_at_once(void **state)
{
    (void)state;
    static unsigned released[ROUNDS];
    pthread_t threads[READERS];
    shared = make_map(SKEP_MAP_PROG_ARRAY, 4, 4, 1, 0, NULL);
    finished = 0;
    for (unsigned n = 0; n < READERS; n++)
        assert_int_equal(pthread_create(&threads[n], NULL, read_programs, NULL), 0);
    for (uint32_t n = 0; n < ROUNDS; n++) {
        struct program *program = make_program(2, &released[n]);
        assert_int_equal(sk_prog_array_put(shared, 0, &program->counted, 0), 0);
        sk_counted_unref(&program->counted);
    }
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
    for (unsigned n = 0; n < READERS; n++)
        pthread_join(threads[n], NULL);
    skep_map_unref(shared);
    for (uint32_t n = 0; n < ROUNDS; n++)
        assert_int_equal(released[n], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(templates),       cmocka_unit_test(likeness),
                                       cmocka_unit_test(entries),         cmocka_unit_test(keys),
                                       cmocka_unit_test(threads_at_once), cmocka_unit_test(programs),
                                       cmocka_unit_test(circle),          cmocka_unit_test(programs_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
