/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A ring buffer. Positions count bytes from the beginning of time; a record begins at its position modulo the size with
 * a header of 8 bytes and goes on from there, beyond the end if need be: the memory is twice the size, where Linux maps
 * the same pages twice. What lies there is not repeated at the beginning: nobody but its own record uses those bytes.
 *
 * Producers take the lock to move the producer's position, and no longer; the consumer never does.
 */
#include "map/ringbuf.h"

#include "map/lock.h"
#include "map/types.h"

#define BUSY (UINT32_C(1) << 31)    /* BPF_RINGBUF_BUSY_BIT */
#define DISCARD (UINT32_C(1) << 30) /* BPF_RINGBUF_DISCARD_BIT */
#define HEADER 8                    /* BPF_RINGBUF_HDR_SZ */
#define RECORD_MOST (UINT32_MAX / 4)
#define PAGE 4096

struct sk_ringbuf {
    struct skep_map map;
    size_t mask;
    uint8_t *data;
    uint8_t apart[64]; /* what the consumer writes, what producers write and what nobody does, on lines of their own */
    size_t consumer;   /* atomic */
    uint8_t apart_too[64];
    uint32_t lock;
    size_t producer; /* atomic */
    uint8_t apart_again[64];
};

static struct sk_ringbuf *ring_of(struct skep_map *map) { return (struct sk_ringbuf *)map; }

static int check(const skep_map_options *o)
{
    if ((o->flags & ~SKEP_MAP_NUMA_NODE) || o->key_size || o->value_size || o->max_entries % PAGE ||
        (o->max_entries & (o->max_entries - 1)) || !o->max_entries)
        return -SKEP_EINVAL;
    return 0;
}

static int create(struct skep_map *map, const skep_map_options *options)
{
    struct sk_ringbuf *r = ring_of(map);
    (void)options;
    r->mask = map->max_entries - 1;
    r->data = sk_alloc_array(&map->hooks, 2, map->max_entries);
    return r->data ? 0 : -SKEP_ENOMEM;
}

static void destroy(struct skep_map *map) { sk_free(&map->hooks, ring_of(map)->data); }

static uint32_t *header_at(const struct sk_ringbuf *r, size_t position)
{
    return (uint32_t *)(void *)(r->data + (position & r->mask));
}

static size_t room_of(uint32_t header) { return sk_map_round8((header & ~(BUSY | DISCARD)) + (size_t)HEADER); }

void *sk_ringbuf_reserve(struct skep_map *map, uint64_t size)
{
    struct sk_ringbuf *r = ring_of(map);
    if (size > RECORD_MOST)
        return NULL;
    const size_t room = sk_map_round8((size_t)size + HEADER);
    if (room > r->mask + 1)
        return NULL;
    const size_t consumer = __atomic_load_n(&r->consumer, __ATOMIC_ACQUIRE);
    uint8_t *record = NULL;
    sk_spin_lock(&r->lock);
    const size_t at = __atomic_load_n(&r->producer, __ATOMIC_RELAXED), end = at + room;
    /* Never more than the size, less one, ahead of the consumer, which does not pass what is not committed. */
    if (end - consumer <= r->mask) {
        uint32_t *header = header_at(r, at);
        __atomic_store_n(header, (uint32_t)size | BUSY, __ATOMIC_RELAXED);
        record = (uint8_t *)header + HEADER;
        __atomic_store_n(&r->producer, end, __ATOMIC_RELEASE);
    }
    sk_spin_unlock(&r->lock);
    return record;
}

void sk_ringbuf_commit(void *record, bool discard)
{
    uint32_t *header = (uint32_t *)(void *)((uint8_t *)record - HEADER);
    const uint32_t size = __atomic_load_n(header, __ATOMIC_RELAXED) & ~BUSY;
    __atomic_store_n(header, discard ? size | DISCARD : size, __ATOMIC_RELEASE);
}

int sk_ringbuf_output(struct skep_map *map, const void *data, uint64_t size, uint64_t flags)
{
    if (flags & ~(uint64_t)(SK_RINGBUF_NO_WAKEUP | SK_RINGBUF_FORCE_WAKEUP))
        return -SKEP_EINVAL;
    void *record = sk_ringbuf_reserve(map, size);
    if (!record)
        return -SKEP_EAGAIN;
    sk_map_copy_words(record, data, (size_t)size);
    sk_ringbuf_commit(record, false);
    return 0;
}

uint64_t sk_ringbuf_query(struct skep_map *map, uint64_t what)
{
    const struct sk_ringbuf *r = ring_of(map);
    const size_t consumer = __atomic_load_n(&r->consumer, __ATOMIC_ACQUIRE);
    const size_t producer = __atomic_load_n(&r->producer, __ATOMIC_ACQUIRE);
    switch (what) {
    case SK_RINGBUF_AVAIL_DATA: return producer - consumer;
    case SK_RINGBUF_RING_SIZE: return (uint64_t)r->mask + 1;
    case SK_RINGBUF_CONS_POS: return consumer;
    case SK_RINGBUF_PROD_POS: return producer;
    default: return 0;
    }
}

int sk_ringbuf_consume(struct skep_map *map, skep_record_fn visit, void *user)
{
    struct sk_ringbuf *r = ring_of(map);
    size_t at = __atomic_load_n(&r->consumer, __ATOMIC_RELAXED);
    int count = 0, answer = 0;
    while (!answer && at != __atomic_load_n(&r->producer, __ATOMIC_ACQUIRE)) {
        const uint32_t *header = header_at(r, at);
        const uint32_t size = __atomic_load_n(header, __ATOMIC_ACQUIRE);
        if (size & BUSY)
            break;
        if (!(size & DISCARD)) {
            answer = visit(user, (const uint8_t *)header + HEADER, size);
            if (count < INT32_MAX)
                count++;
        }
        at += room_of(size);
        __atomic_store_n(&r->consumer, at, __ATOMIC_RELEASE);
    }
    return answer < 0 ? answer : count;
}

static int no_next_key(struct skep_map *map, const void *key, void *next)
{
    (void)map, (void)key, (void)next;
    return -SKEP_ENOTSUPP;
}

const struct sk_map_ops sk_map_ringbuf = {.type = SKEP_MAP_RINGBUF,
                                          .no_values = true,
                                          .size = sizeof(struct sk_ringbuf),
                                          .check = check,
                                          .create = create,
                                          .destroy = destroy,
                                          .next_key = no_next_key};
