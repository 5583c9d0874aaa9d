/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Making maps for tests, and memory that is counted. */
#ifndef MAP_TOOLS_H
#define MAP_TOOLS_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "skep/skep.h"

/* A set of cpus of that many, for maps whose tests must not depend on the machine. */
static inline skep_cpus *some_cpus(uint32_t count)
{
    skep_cpus *cpus = NULL;
    assert_int_equal(skep_cpus_create(NULL, count, &cpus, NULL), SKEP_OK);
    return cpus;
}

static inline skep_map *make_map(skep_map_type type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags, skep_cpus *cpus)
{
    const skep_map_options options = {.size = sizeof options, .type = type, .key_size = key, .value_size = value,
                                      .max_entries = entries, .flags = flags, .cpus = cpus};
    skep_map *map = NULL;
    skep_error err;
    if (skep_map_create(&options, &map, &err))
        fail_msg("type %d, %u bytes to %u, %u entries, flags %#x: %s", (int)type, key, value, entries, flags, err.message);
    return map;
}

/* The error number that making it gives; 0: it can be made. */
static inline int refusal(skep_map_type type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags)
{
    const skep_map_options options = {.size = sizeof options, .type = type, .key_size = key, .value_size = value,
                                      .max_entries = entries, .flags = flags};
    skep_map *map = NULL;
    skep_error err;
    skep_code code = skep_map_create(&options, &map, &err);
    skep_map_unref(map);
    return code ? (int)err.detail : 0;
}

/* splitmix64 */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Memory through a hook that counts. Each block has its size in front of it. */
struct counted {
    size_t live, most; /* bytes */
    size_t blocks;
    size_t calls, fail_at; /* the call that fails, from 1; 0: none */
};

static inline void *counted_realloc(void *user, void *ptr, size_t size)
{
    struct counted *c = user;
    size_t *old = ptr ? (size_t *)ptr - 2 : NULL;
    if (size == 0) {
        if (old) {
            c->live -= *old;
            c->blocks--;
        }
        free(old);
        return NULL;
    }
    if (++c->calls == c->fail_at)
        return NULL;
    const size_t before = old ? *old : 0;
    size_t *block = realloc(old, size + 2 * sizeof(size_t));
    assert_non_null(block);
    *block = size;
    c->live += size - before;
    c->blocks += !old;
    c->most = c->live > c->most ? c->live : c->most;
    return block + 2;
}

#endif
