/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "map/lpm.h"

#define FIRST_BYTES 4096u

void sk_lpm_pool_init(struct sk_lpm_pool *pool, size_t size, uint64_t most)
{
    *pool = (struct sk_lpm_pool){.size = size, .most = most};
    pool->first = size >= FIRST_BYTES ? 1 : (uint32_t)(FIRST_BYTES / size);
}

void sk_lpm_pool_destroy(struct sk_lpm_pool *pool, const skep_hooks *hooks)
{
    for (uint32_t i = 0; i < pool->count; i++)
        sk_free(hooks, pool->chunks[i].memory);
    sk_free(hooks, pool->free);
}

bool sk_lpm_pool_grow(struct sk_lpm_pool *pool, const skep_hooks *hooks, uint32_t *lock)
{
    const uint32_t i = __atomic_load_n(&pool->count, __ATOMIC_ACQUIRE);
    const uint64_t before = pool->first * ((UINT64_C(1) << i) - 1);
    if (i == SK_LPM_CHUNKS || before >= pool->most)
        return false;
    const uint64_t whole = (uint64_t)pool->first << i, room = pool->most - before < whole ? pool->most - before : whole;
    if (before + room > (SIZE_MAX >> 1) / sizeof(void *) || room > (SIZE_MAX >> 1) / pool->size)
        return false;
    uint8_t *memory = sk_alloc(hooks, (size_t)room * pool->size);
    void **stack = sk_alloc(hooks, (size_t)(before + room) * sizeof(void *)), **old = NULL;
    bool ours = memory && stack;
    if (ours) {
        sk_spin_lock(lock);
        ours = pool->count == i;
        if (ours) {
            /* What is left of the chunk before goes to the stack: only of the last one not all are handed out. */
            old = pool->free;
            uint64_t kept = 0;
            for (; pool->free_count; kept++)
                stack[kept] = old[--pool->free_count];
            while (sk_lpm_pool_has(pool, 1))
                stack[kept++] = sk_lpm_pool_take(pool);
            pool->free = stack;
            pool->free_count = kept;
            pool->chunks[i].memory = memory;
            pool->chunks[i].room = room;
            __atomic_store_n(&pool->count, i + 1, __ATOMIC_RELEASE);
        }
        sk_spin_unlock(lock);
    }
    sk_free(hooks, ours ? NULL : memory);
    sk_free(hooks, ours ? old : stack);
    return memory && stack;
}

void *sk_lpm_pool_take(struct sk_lpm_pool *pool)
{
    if (pool->free_count)
        return pool->free[--pool->free_count];
    const uint32_t last = pool->count - 1;
    const uint64_t used = pool->chunks[last].used;
    void *thing = pool->chunks[last].memory + used * pool->size;
    memset(thing, 0, pool->size);
    __atomic_store_n(&pool->chunks[last].used, used + 1, __ATOMIC_RELEASE);
    return thing;
}

void sk_lpm_pool_give(struct sk_lpm_pool *pool, void *thing) { pool->free[pool->free_count++] = thing; }

bool sk_lpm_pool_find(const struct sk_lpm_pool *pool, uint64_t address, uint64_t *low)
{
    const uint32_t count = __atomic_load_n(&pool->count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t begin = sk_addr(pool->chunks[i].memory);
        const uint64_t index = (address - begin) / pool->size;
        if (address >= begin && index < __atomic_load_n(&pool->chunks[i].used, __ATOMIC_ACQUIRE)) {
            *low = begin + index * pool->size;
            return true;
        }
    }
    return false;
}
