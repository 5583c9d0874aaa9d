/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Hash tables, for the types that are made of one.
 *
 * An element is a number below `elements`; its key, its value and its link lie in an array each. Which elements are in the
 * table is said by buckets of a cache line: up to eight elements with a byte of their hash each, the rest of a bucket in a
 * chain of links. Elements never move: one that is in a bucket stays where it is there until it is removed or replaced.
 *
 * Lookups take no lock. They read a bucket's `sequence`, look, and read it again: it counts what takes an element out of the
 * bucket, and it is increased before such an element can get another key. So a lookup that sees it unchanged has compared
 * keys that were in the bucket then, and one that found nothing missed nothing. Every word that lookups read is atomic;
 * keys and links are stored with release, which orders them after the sequence. Changes hold the bucket's lock.
 *
 * A bucket's lock may be held when a pool's is taken, never the other way round, and no two of a kind.
 */
#ifndef SK_MAP_HASH_H
#define SK_MAP_HASH_H

#include "map/lock.h"
#include "map/map.h"

#define SK_HASH_NONE UINT32_MAX
#define SK_HASH_SLOTS 8u

struct sk_hash_bucket {
    _Alignas(64) uint64_t tags; /* atomic; a byte for each slot, the lowest for the first; 0: it is free */
    uint32_t sequence;          /* atomic */
    uint32_t lock;
    uint32_t chain;                /* atomic; the first element that found no slot, or SK_HASH_NONE */
    uint32_t slots[SK_HASH_SLOTS]; /* atomic; elements */
};

/*
 * Elements that are not in use. Each pool owns a range of them, and threads that use different pools do not meet until one
 * is empty. `spares` are those that replacements take turns with: one goes out for another that comes in, so a full map can
 * be updated. They are no entries: as many elements as max_entries are in the table or free, exactly.
 */
struct sk_hash_pool {
    _Alignas(64) uint32_t lock;
    uint32_t free;       /* the first of a list by links */
    uint32_t spares;     /* likewise */
    uint32_t fresh, end; /* elements from here on were never used; fresh: atomic */
    uint32_t hand;       /* atomic; of the LRU types */
};

struct sk_hash {
    struct skep_map map;
    struct sk_hash_bucket *buckets;
    uint32_t bucket_count;
    uint32_t elements;
    uint8_t *keys;
    uint32_t key_stride; /* of 4 bytes for keys up to 4, else a multiple of 8 */
    uint32_t *links;     /* atomic; of a chain, or of the free ones */
    uint8_t *values;     /* [elements] for each cpu, as in arrays */
    uint64_t stride, per_cpu;
    uint64_t seed[2];
    uint8_t *marks; /* atomic; LRU types: SK_HASH_USED and SK_HASH_TOUCHED; NULL for others */
    struct sk_hash_pool *pools;
    uint32_t pool_count; /* pool_mask + 1, or less where that leaves ranges empty */
    uint32_t pool_mask;
    uint32_t pool_shift; /* element >> pool_shift: its pool */
    uint32_t pool_spares; /* of each */
    void *memory[2];     /* what buckets and pools lie in */
};

enum { SK_HASH_USED = 1, SK_HASH_TOUCHED = 2 };

static inline struct sk_hash *sk_hash_of(const struct skep_map *map) { return (struct sk_hash *)(uintptr_t)map; }

static inline uint8_t *sk_hash_value(const struct sk_hash *h, uint32_t element, uint32_t cpu)
{
    return h->values + element * h->stride + cpu * h->per_cpu;
}

/* hash.c: members of ops, and what they have in common. */
int sk_hash_check(const skep_map_options *options, uint32_t flags); /* those that the type may have */
int sk_hash_create(struct skep_map *map, const struct sk_map_ops *const sizes[4]); /* its ops for keys of 4, 8, 16 bytes, other */
void sk_hash_destroy(struct skep_map *map);
bool sk_hash_find_value(const struct skep_map *map, uint64_t address, struct sk_span *span);
int sk_hash_remove(struct skep_map *map, const void *key);
int sk_hash_take(struct skep_map *map, const void *key, void *value, uint64_t flags);
int sk_hash_copy_out(struct skep_map *map, const void *key, void *value, uint64_t flags);
int sk_hash_copy_in(struct skep_map *map, const void *key, const void *value, uint64_t flags);
/* An element's value as it is copied out: of all cpus, where there is one for each. */
void sk_hash_copy_value(const struct sk_hash *h, void *to, uint32_t element, bool locked);
/* For values that died: before their elements can be used again. */
static inline void sk_hash_value_gone(struct sk_hash *h, uint32_t element)
{
    if (h->map.value_gone)
        h->map.value_gone(&h->map, sk_hash_value(h, element, 0));
}

/* hash_update.c: a member of ops; the types' differences are in the flags and marks of the map. */
int sk_hash_update(struct skep_map *map, const void *key, const void *value, uint64_t flags, uint32_t cpu);
int sk_hash_update_all(struct skep_map *map, const void *key, const void *value, uint64_t flags); /* values of all cpus */

/* lru.c: an element that was in use not long ago becomes the caller's; SK_HASH_NONE: none could be had. */
uint32_t sk_hash_evict(struct sk_hash *h, uint32_t hint);

/* hash_pool.c */
uint32_t sk_hash_pools_plan(struct sk_hash *h); /* returns how many elements it takes, spares included */
int sk_hash_pools_create(struct sk_hash *h);
/* An element to be an entry; SK_HASH_NONE: there are as many as there may be. `hint`: any number, best that of the cpu. */
uint32_t sk_hash_pool_take(struct sk_hash *h, uint32_t hint);
void sk_hash_pool_give(struct sk_hash *h, uint32_t element);
/* An element that takes the place of one that then is given back to the same pool. Always there, if not at once. */
uint32_t sk_hash_spare_take(struct sk_hash *h, uint32_t *pool, uint32_t hint);
void sk_hash_spare_give(struct sk_hash *h, uint32_t pool, uint32_t element);
/* Was ever in use: its value is memory that was cleared once. */
static inline bool sk_hash_was_used(const struct sk_hash *h, uint32_t element)
{
    return element < __atomic_load_n(&h->pools[element >> h->pool_shift].fresh, __ATOMIC_ACQUIRE);
}

/* hash_find.c. A lookup gives the element's number, or SK_HASH_NONE. */
uint64_t sk_hash_key(const struct sk_hash *h, const void *key);
struct sk_hash_bucket *sk_hash_bucket_of(const struct sk_hash *h, uint64_t hash);
/* The sequence of the key's bucket when it was found: as long as that holds, the element is the key's. */
uint32_t sk_hash_find_at(const struct sk_hash *h, const void *key, struct sk_hash_bucket **bucket, uint32_t *sequence);
/* Members of ops, for keys of 4, 8, 16 and any number of bytes. */
#define SK_HASH_LOOKUPS(name)                                                                                          \
    void *name(struct skep_map *map, const void *key, uint32_t cpu);                                                   \
    void *name##_4(struct skep_map *map, const void *key, uint32_t cpu);                                               \
    void *name##_8(struct skep_map *map, const void *key, uint32_t cpu);                                               \
    void *name##_16(struct skep_map *map, const void *key, uint32_t cpu);
SK_HASH_LOOKUPS(sk_hash_lookup)
SK_HASH_LOOKUPS(sk_hash_lookup_per_cpu)
SK_HASH_LOOKUPS(sk_hash_lookup_lru)
SK_HASH_LOOKUPS(sk_hash_lookup_lru_per_cpu)

/* hash_change.c: under the bucket's lock. */
struct sk_hash_place {
    struct sk_hash_bucket *bucket;
    uint32_t *link;   /* where the bucket says `element` */
    uint32_t slot;    /* or SK_HASH_SLOTS: it is in the chain */
    uint32_t element; /* SK_HASH_NONE: the key is not there */
};
struct sk_hash_place sk_hash_locate(const struct sk_hash *h, struct sk_hash_bucket *bucket, const void *key, uint64_t hash);
/* Where the element is in the bucket. */
struct sk_hash_place sk_hash_locate_element(const struct sk_hash *h, struct sk_hash_bucket *bucket, uint32_t element);
void sk_hash_set_key(struct sk_hash *h, uint32_t element, const void *key);
void sk_hash_get_key(const struct sk_hash *h, uint32_t element, void *key);
void sk_hash_insert(struct sk_hash *h, struct sk_hash_bucket *bucket, uint64_t hash, uint32_t element);
void sk_hash_replace(struct sk_hash *h, const struct sk_hash_place *place, uint32_t element);
void sk_hash_unlink(struct sk_hash *h, const struct sk_hash_place *place);

/* hash_walk.c: members of ops. */
int sk_hash_next_key(struct skep_map *map, const void *key, void *next);
int64_t sk_hash_for_each(struct skep_map *map, sk_map_visit visit, void *user, uint32_t cpu);
int sk_hash_lookup_batch(struct skep_map *map, const void *in, void *out, void *keys, void *values, uint32_t *count,
                         uint64_t flags, bool take);

#endif
