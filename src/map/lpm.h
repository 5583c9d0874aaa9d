/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of longest-prefix tries: nodes, and values apart from them. Both come in chunks that double in size, made when they
 * are wanted, since such maps are made for more entries than they ever have; nothing is given back before the map is freed.
 */
#ifndef SK_MAP_LPM_H
#define SK_MAP_LPM_H

#include "map/lock.h"
#include "map/map.h"

#define SK_LPM_CHUNKS 33u

/* Things of one size. Changed under the trie's lock. */
struct sk_lpm_pool {
    size_t size;    /* of one */
    uint64_t most;  /* so many in all chunks */
    uint32_t first; /* so many in the first chunk */
    uint32_t count; /* atomic; of chunks */
    struct {
        uint8_t *memory;
        uint64_t room;
        uint64_t used; /* atomic; so many were handed out at least once; all of them but in the last chunk */
    } chunks[SK_LPM_CHUNKS];
    void **free; /* a stack, with room for all */
    uint64_t free_count;
};

void sk_lpm_pool_init(struct sk_lpm_pool *pool, size_t size, uint64_t most);
void sk_lpm_pool_destroy(struct sk_lpm_pool *pool, const skep_hooks *hooks);
/* Can so many be taken? */
static inline bool sk_lpm_pool_has(const struct sk_lpm_pool *pool, uint64_t count)
{
    const uint64_t fresh = pool->count ? pool->chunks[pool->count - 1].room - pool->chunks[pool->count - 1].used : 0;
    return pool->free_count + fresh >= count;
}
/* Another chunk; called without the trie's lock, takes it for a moment. False: no memory, or `most` are there. */
bool sk_lpm_pool_grow(struct sk_lpm_pool *pool, const skep_hooks *hooks, uint32_t *lock);
/* Cleared when it is handed out for the first time. There must be one. */
void *sk_lpm_pool_take(struct sk_lpm_pool *pool);
void sk_lpm_pool_give(struct sk_lpm_pool *pool, void *thing);
/* Where the thing begins that the address lies in, if it was ever handed out. Takes no lock. */
bool sk_lpm_pool_find(const struct sk_lpm_pool *pool, uint64_t address, uint64_t *low);

#endif
