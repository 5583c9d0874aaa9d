/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The elements of a hash table that are not in it. */
#include "map/hash.h"

#define MOST_POOLS 32u
#define LEAST_RANGE 128u /* entries of a pool; more than the spares of all pools */
#define MOST_SPARES 4u   /* of a pool: those who find none wait for the short time that replacing takes */

uint32_t sk_hash_pools_plan(struct sk_hash *h)
{
    const uint32_t cpus = h->map.cpus->count, entries = h->map.max_entries;
    uint32_t count = 1;
    while (count * 2 <= cpus && count < MOST_POOLS && entries / (count * 2) >= LEAST_RANGE)
        count *= 2;
    const uint32_t spares = cpus / count + 1;
    h->pool_mask = count - 1;
    h->pool_spares = spares < MOST_SPARES ? spares : MOST_SPARES;
    h->elements = entries + count * h->pool_spares;
    h->pool_shift = 0;
    while ((h->elements - 1) >> h->pool_shift >= count)
        h->pool_shift++;
    h->pool_count = ((h->elements - 1) >> h->pool_shift) + 1;
    return h->elements;
}

/* Cleared before anybody can take it for a value of the map. */
static void clear(struct sk_hash *h, uint32_t element)
{
    const uint32_t cpus = h->per_cpu ? h->map.cpus->count : 1;
    for (uint32_t cpu = 0; cpu < cpus; cpu++)
        memset(sk_hash_value(h, element, cpu), 0, (size_t)h->stride);
}

static void push(struct sk_hash *h, uint32_t *list, uint32_t element)
{
    /* Released, for those who still walk along a chain that it was part of. */
    __atomic_store_n(&h->links[element], *list, __ATOMIC_RELEASE);
    __atomic_store_n(list, element, __ATOMIC_RELAXED);
}

static uint32_t pop(struct sk_hash *h, uint32_t *list)
{
    uint32_t element = *list;
    if (element != SK_HASH_NONE)
        __atomic_store_n(list, __atomic_load_n(&h->links[element], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
    return element;
}

int sk_hash_pools_create(struct sk_hash *h)
{
    h->memory[1] = sk_alloc_zero(&h->map.hooks, (h->pool_count + (size_t)1) * sizeof(struct sk_hash_pool));
    if (!h->memory[1])
        return -SKEP_ENOMEM;
    h->pools = sk_ptr((sk_addr(h->memory[1]) + 63) & ~UINT64_C(63));
    uint32_t element = 0; /* the spares of all pools are of the first one's range */
    for (uint32_t i = 0; i < h->pool_count; i++) {
        struct sk_hash_pool *pool = &h->pools[i];
        const uint64_t end = (uint64_t)(i + 1) << h->pool_shift;
        pool->free = pool->spares = SK_HASH_NONE;
        pool->hand = pool->fresh = i << h->pool_shift;
        pool->end = end < h->elements ? (uint32_t)end : h->elements;
        for (uint32_t k = 0; k < h->pool_spares; k++, element++) {
            clear(h, element);
            push(h, &pool->spares, element);
        }
    }
    /* Pools that are not there leave their spares to the first one. */
    for (; element < (h->pool_mask + 1) * h->pool_spares; element++) {
        clear(h, element);
        push(h, &h->pools[0].spares, element);
    }
    h->pools[0].fresh = element;
    return 0;
}

static uint32_t pool_of_hint(const struct sk_hash *h, uint32_t hint)
{
    const uint32_t pool = hint & h->pool_mask;
    return pool < h->pool_count ? pool : pool - h->pool_count;
}

static uint32_t take_from(struct sk_hash *h, struct sk_hash_pool *pool)
{
    if (__atomic_load_n(&pool->free, __ATOMIC_RELAXED) == SK_HASH_NONE &&
        __atomic_load_n(&pool->fresh, __ATOMIC_RELAXED) == pool->end)
        return SK_HASH_NONE;
    sk_spin_lock(&pool->lock);
    uint32_t element = pop(h, &pool->free);
    if (element == SK_HASH_NONE && pool->fresh < pool->end) {
        element = pool->fresh;
        clear(h, element);
        __atomic_store_n(&pool->fresh, element + 1, __ATOMIC_RELEASE);
    }
    sk_spin_unlock(&pool->lock);
    return element;
}

uint32_t sk_hash_pool_take(struct sk_hash *h, uint32_t hint)
{
    const uint32_t first = pool_of_hint(h, hint);
    uint32_t i = first;
    do {
        const uint32_t element = take_from(h, &h->pools[i]);
        if (element != SK_HASH_NONE)
            return element;
        i = i + 1 == h->pool_count ? 0 : i + 1;
    } while (i != first);
    return SK_HASH_NONE;
}

void sk_hash_pool_give(struct sk_hash *h, uint32_t element)
{
    struct sk_hash_pool *pool = &h->pools[element >> h->pool_shift];
    if (h->marks)
        __atomic_store_n(&h->marks[element], 0, __ATOMIC_RELAXED);
    sk_spin_lock(&pool->lock);
    push(h, &pool->free, element);
    sk_spin_unlock(&pool->lock);
}

uint32_t sk_hash_spare_take(struct sk_hash *h, uint32_t *from, uint32_t hint)
{
    for (uint32_t i = pool_of_hint(h, hint);; i = i + 1 == h->pool_count ? 0 : i + 1) {
        struct sk_hash_pool *pool = &h->pools[i];
        if (__atomic_load_n(&pool->spares, __ATOMIC_RELAXED) == SK_HASH_NONE) {
            sk_spin_wait();
            continue;
        }
        sk_spin_lock(&pool->lock);
        const uint32_t element = pop(h, &pool->spares);
        sk_spin_unlock(&pool->lock);
        if (element != SK_HASH_NONE) {
            *from = i;
            return element;
        }
    }
}

void sk_hash_spare_give(struct sk_hash *h, uint32_t to, uint32_t element)
{
    struct sk_hash_pool *pool = &h->pools[to];
    if (h->marks)
        __atomic_store_n(&h->marks[element], 0, __ATOMIC_RELAXED);
    sk_spin_lock(&pool->lock);
    push(h, &pool->spares, element);
    sk_spin_unlock(&pool->lock);
}
