/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Perf event arrays (kernel/trace/bpf_trace.c, kernel/events/ring_buffer.c). A buffer is of one cpu, and so of one run
 * at a time, but nothing here relies on it. It holds what Linux's would: a record takes 8 bytes of header, 4 of size
 * and its data, rounded up to 8, and one byte always stays free. Memory is twice the size, so that records lie in one
 * piece.
 *
 * An entry's lock is held while a record is written and while its buffer changes, not while records are visited: visits
 * hold a reference.
 */
#include "map/perf.h"

#include "map/indexed.h"
#include "map/lock.h"
#include "map/types.h"

#define HEADER 8       /* ours; Linux's is 12, see room_of */
#define SMALLEST 4096u /* a page */
#define LARGEST (UINT32_C(1) << 30)
#define RECORD_MOST 65535u /* struct perf_event_header has 16 bits for it, with 12 bytes before the data */

struct buffer {
    uint32_t references; /* atomic */
    size_t mask;
    size_t tail; /* atomic; the consumer's */
    size_t head; /* atomic; the producer's */
    uint8_t *data;
};

struct entry {
    uint32_t lock;
    uint64_t lost; /* since it was last asked for */
    struct buffer *buffer;
    uint8_t apart[64]; /* each cpu writes to its own */
};

struct sk_perf {
    struct skep_map map;
    struct entry *entries;
};

static struct sk_perf *perf_of(struct skep_map *map) { return (struct sk_perf *)map; }

static int check(const skep_map_options *o) { return sk_indexed_check(o, SK_INDEXED_FLAGS | SKEP_MAP_PRESERVE_ELEMS); }

static int create(struct skep_map *map, const skep_map_options *options)
{
    (void)options;
    perf_of(map)->entries = sk_alloc_array(&map->hooks, map->max_entries, sizeof(struct entry));
    return perf_of(map)->entries ? 0 : -SKEP_ENOMEM;
}

static void unref(struct skep_map *map, struct buffer *b)
{
    if (!b || __atomic_sub_fetch(&b->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    sk_free(&map->hooks, b->data);
    sk_free(&map->hooks, b);
}

static void destroy(struct skep_map *map)
{
    struct sk_perf *p = perf_of(map);
    for (uint32_t i = 0; i < map->max_entries; i++)
        unref(map, p->entries[i].buffer);
    sk_free(&map->hooks, p->entries);
}

static size_t room_of(size_t size) { return sk_map_round8(size + 12); }

int sk_perf_output(struct skep_map *map, uint64_t index, uint32_t cpu, const void *data, uint64_t size,
                   const void *more, uint64_t more_size)
{
    if (index == SK_PERF_CURRENT_CPU)
        index = cpu;
    if (index >= map->max_entries)
        return -SKEP_E2BIG;
    struct entry *e = &perf_of(map)->entries[index];
    int failed = -SKEP_ENOENT;
    sk_spin_lock(&e->lock);
    struct buffer *b = e->buffer;
    if (b && index != cpu) {
        failed = -SKEP_EOPNOTSUPP;
    } else if (b &&
               (size > RECORD_MOST || more_size > RECORD_MOST || room_of((size_t)(size + more_size)) > RECORD_MOST)) {
        failed = -SKEP_E2BIG;
    } else if (b) {
        const size_t all = (size_t)(size + more_size), room = room_of(all);
        const size_t free = b->mask - (b->head - __atomic_load_n(&b->tail, __ATOMIC_ACQUIRE));
        if (room > free) {
            failed = -SKEP_ENOSPC;
            e->lost++;
        } else {
            uint8_t *record = b->data + (b->head & b->mask);
            sk_store64(record, all);
            sk_map_copy_words(record + HEADER, data, (size_t)size); /* others may write to it meanwhile */
            if (more_size)
                memcpy(record + HEADER + size, more, (size_t)more_size);
            __atomic_store_n(&b->head, b->head + room, __ATOMIC_RELEASE);
            failed = 0;
        }
    }
    sk_spin_unlock(&e->lock);
    return failed;
}

/* Puts another buffer there; the caller gets the old one's reference. */
static struct buffer *exchange(struct entry *e, struct buffer *b)
{
    sk_spin_lock(&e->lock);
    struct buffer *old = e->buffer;
    e->buffer = b;
    e->lost = 0;
    sk_spin_unlock(&e->lock);
    return old;
}

int sk_perf_open(struct skep_map *map, uint32_t cpu, size_t bytes)
{
    size_t size = SMALLEST;
    if (cpu >= map->max_entries)
        return -SKEP_E2BIG;
    if (cpu >= map->cpus->count)
        return -SKEP_ENODEV;
    if (bytes == 0 || bytes > LARGEST)
        return -SKEP_EINVAL;
    while (size < bytes)
        size *= 2;
    struct buffer *b = sk_alloc_zero(&map->hooks, sizeof *b);
    uint8_t *data = sk_alloc_array(&map->hooks, 2, size);
    if (!b || !data) {
        sk_free(&map->hooks, b);
        sk_free(&map->hooks, data);
        return -SKEP_ENOMEM;
    }
    b->references = 1;
    b->mask = size - 1;
    b->data = data;
    unref(map, exchange(&perf_of(map)->entries[cpu], b));
    return 0;
}

int sk_perf_consume(struct skep_map *map, uint32_t cpu, skep_record_fn visit, void *user, uint64_t *lost)
{
    if (cpu >= map->max_entries)
        return -SKEP_E2BIG;
    struct entry *e = &perf_of(map)->entries[cpu];
    sk_spin_lock(&e->lock);
    struct buffer *b = e->buffer;
    if (b)
        __atomic_fetch_add(&b->references, 1, __ATOMIC_RELAXED);
    if (b && lost)
        *lost = e->lost, e->lost = 0;
    sk_spin_unlock(&e->lock);
    if (!b)
        return -SKEP_ENOENT;
    int count = 0, answer = 0;
    size_t at = __atomic_load_n(&b->tail, __ATOMIC_RELAXED);
    while (!answer && at != __atomic_load_n(&b->head, __ATOMIC_ACQUIRE)) {
        const uint8_t *record = b->data + (at & b->mask);
        const size_t size = (size_t)sk_load64(record);
        answer = visit(user, record + HEADER, size);
        at += room_of(size);
        __atomic_store_n(&b->tail, at, __ATOMIC_RELEASE);
        if (count < INT32_MAX)
            count++;
    }
    unref(map, b);
    return answer < 0 ? answer : count;
}

static int remove_entry(struct skep_map *map, const void *key)
{
    const uint32_t index = sk_load32(key);
    if (index >= map->max_entries)
        return -SKEP_E2BIG;
    struct buffer *old = exchange(&perf_of(map)->entries[index], NULL);
    unref(map, old);
    return old ? 0 : -SKEP_ENOENT;
}

const struct sk_map_ops sk_map_perf = {.type = SKEP_MAP_PERF_EVENT_ARRAY,
                                       .no_values = true,
                                       .size = sizeof(struct sk_perf),
                                       .check = check,
                                       .create = create,
                                       .destroy = destroy,
                                       .remove = remove_entry,
                                       .copy_in = sk_indexed_no_fd,
                                       .next_key = sk_indexed_next_key};
