/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Queues and stacks (kernel/bpf/queue_stack_maps.c): a ring of max_entries + 1 places, one of which is always empty. */
#include "map/lock.h"
#include "map/types.h"

#define QUEUE_FLAGS                                                                                                    \
    (SKEP_MAP_NUMA_NODE | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_RDONLY_PROG | SKEP_MAP_WRONLY_PROG)
#define VALUE_MOST (UINT32_C(4) << 20) /* KMALLOC_MAX_SIZE with 4 KiB pages */

struct sk_queue {
    struct skep_map map;
    uint32_t lock;
    uint32_t head, tail, places; /* head: the next place to fill; tail: the oldest entry */
    size_t stride;
    uint8_t *values;
};

static struct sk_queue *queue_of(struct skep_map *map) { return (struct sk_queue *)map; }

static int check(const skep_map_options *o)
{
    if (o->max_entries == 0 || o->key_size != 0 || o->value_size == 0 || !sk_map_flags_ok(o->flags, QUEUE_FLAGS))
        return -SKEP_EINVAL;
    return o->value_size > VALUE_MOST ? -SKEP_E2BIG : 0;
}

static int create(struct skep_map *map, const skep_map_options *options)
{
    struct sk_queue *q = queue_of(map);
    (void)options;
    if (map->max_entries == UINT32_MAX)
        return -SKEP_E2BIG;
    q->places = map->max_entries + 1;
    q->stride = sk_map_round8(map->value_size);
    q->values = sk_alloc_array(&map->hooks, q->places, q->stride);
    return q->values ? 0 : -SKEP_ENOMEM;
}

static void destroy(struct skep_map *map) { sk_free(&map->hooks, queue_of(map)->values); }

static uint32_t after(const struct sk_queue *q, uint32_t place) { return place + 1 == q->places ? 0 : place + 1; }
static uint32_t before(const struct sk_queue *q, uint32_t place) { return (place == 0 ? q->places : place) - 1; }

static int push(struct skep_map *map, const void *value, uint64_t flags)
{
    struct sk_queue *q = queue_of(map);
    int failed = 0;
    if (flags > SKEP_EXIST || (flags & SKEP_NOEXIST))
        return -SKEP_EINVAL;
    sk_spin_lock(&q->lock);
    const uint32_t next = after(q, q->head);
    if (next == q->tail) {
        if (flags & SKEP_EXIST)
            q->tail = after(q, q->tail); /* makes room */
        else
            failed = -SKEP_E2BIG;
    }
    if (!failed) {
        sk_map_copy_words(q->values + q->head * q->stride, value, map->value_size);
        q->head = next;
    }
    sk_spin_unlock(&q->lock);
    return failed;
}

/* The oldest entry of a queue, the youngest of a stack. */
static int get(struct skep_map *map, void *value, bool take)
{
    struct sk_queue *q = queue_of(map);
    sk_spin_lock(&q->lock);
    if (q->head == q->tail) {
        sk_spin_unlock(&q->lock);
        memset(value, 0, map->value_size);
        return -SKEP_ENOENT;
    }
    const bool stack = map->type == SKEP_MAP_STACK;
    const uint32_t place = stack ? before(q, q->head) : q->tail;
    sk_map_copy_words(value, q->values + place * q->stride, map->value_size);
    if (take)
        *(stack ? &q->head : &q->tail) = stack ? place : after(q, place);
    sk_spin_unlock(&q->lock);
    return 0;
}

static int pop(struct skep_map *map, void *value) { return get(map, value, true); }
static int peek(struct skep_map *map, void *value) { return get(map, value, false); }

static int no_remove(struct skep_map *map, const void *key)
{
    (void)map, (void)key;
    return -SKEP_EINVAL;
}

static int no_next_key(struct skep_map *map, const void *key, void *next)
{
    (void)map, (void)key, (void)next;
    return -SKEP_EINVAL;
}

#define QUEUE_OPS                                                                                                      \
    .no_values = true, .size = sizeof(struct sk_queue), .check = check, .create = create, .destroy = destroy,          \
    .remove = no_remove, .push = push, .pop = pop, .peek = peek, .next_key = no_next_key

const struct sk_map_ops sk_map_queue = {.type = SKEP_MAP_QUEUE, QUEUE_OPS};
const struct sk_map_ops sk_map_stack = {.type = SKEP_MAP_STACK, QUEUE_OPS};
