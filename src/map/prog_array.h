/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arrays of programs, as far as maps know programs: something that is counted and has an id. Callers know the map's
 * type. */
#ifndef SK_PROG_ARRAY_H
#define SK_PROG_ARRAY_H

#include "map/slot.h"

struct sk_counted {
    uint32_t references; /* atomic */
    uint32_t id;
    void (*release)(struct sk_counted *); /* the last reference is gone */
};

static inline struct sk_counted *sk_counted_ref(struct sk_counted *c)
{
    __atomic_fetch_add(&c->references, 1, __ATOMIC_RELAXED);
    return c;
}

static inline void sk_counted_unref(struct sk_counted *c)
{
    if (c && __atomic_sub_fetch(&c->references, 1, __ATOMIC_ACQ_REL) == 0)
        c->release(c);
}

struct sk_prog_array {
    struct skep_map map;
    uint32_t owner; /* atomic: what its programs have in common, as who stores them has it; 0: nobody has */
    sk_slot *slots; /* [max_entries], of struct sk_counted */
};

/*
 * Without a reference, to be compared with what the caller holds one to; NULL: there is none. The usual tail call meets
 * the program that the one before met: the run keeps its reference until it ends, and pays for no atomic operation.
 */
static inline const struct sk_counted *sk_prog_array_peek(const struct skep_map *map, uint32_t index)
{
    const struct sk_prog_array *a = (const struct sk_prog_array *)map;
    return index < map->max_entries ? sk_slot_peek(&a->slots[index]) : NULL;
}

/* With a reference for the caller. */
struct sk_counted *sk_prog_array_get(struct skep_map *map, uint32_t index);
/* Takes a reference of its own. 0, -SKEP_EINVAL (flags other than SKEP_ANY), -SKEP_E2BIG. Whether the program may be in
 * the map is the caller's matter. */
int sk_prog_array_put(struct skep_map *map, uint32_t index, struct sk_counted *program, uint64_t flags);

#endif
