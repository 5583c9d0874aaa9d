/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "map/lock.h"

void sk_map_copy_words(void *to, const void *from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    if (((sk_addr(t) | sk_addr(f)) & 7) == 0) {
        for (; size >= 8; size -= 8, t += 8, f += 8)
            __atomic_store_n((uint64_t *)(void *)t, __atomic_load_n((const uint64_t *)(const void *)f, __ATOMIC_RELAXED),
                             __ATOMIC_RELAXED);
    } else if (((sk_addr(t) | sk_addr(f)) & 3) == 0) {
        for (; size >= 4; size -= 4, t += 4, f += 4)
            __atomic_store_n((uint32_t *)(void *)t, __atomic_load_n((const uint32_t *)(const void *)f, __ATOMIC_RELAXED),
                             __ATOMIC_RELAXED);
    }
    for (; size; size--, t++, f++)
        __atomic_store_n(t, __atomic_load_n(f, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

void sk_map_clear_words(void *to, size_t size)
{
    uint8_t *t = to; /* aligned */
    for (; size >= 8; size -= 8, t += 8)
        __atomic_store_n((uint64_t *)(void *)t, 0, __ATOMIC_RELAXED);
    for (; size; size--, t++)
        __atomic_store_n(t, 0, __ATOMIC_RELAXED);
}

#define LOCK_SIZE 4   /* struct bpf_spin_lock */
#define TIMER_SIZE 16 /* struct bpf_timer */

/* All of a value but its lock and timer. */
static void copy_value(const struct skep_map *map, uint8_t *to, const uint8_t *from)
{
    uint32_t at = 0;
    while (at < map->value_size) {
        uint32_t end = map->value_size, skip = 0;
        if (map->lock_offset >= 0 && (uint32_t)map->lock_offset >= at && (uint32_t)map->lock_offset < end)
            end = (uint32_t)map->lock_offset, skip = LOCK_SIZE;
        if (map->timer_offset >= 0 && (uint32_t)map->timer_offset >= at && (uint32_t)map->timer_offset < end)
            end = (uint32_t)map->timer_offset, skip = TIMER_SIZE;
        sk_map_copy_words(to + at, from + at, end - at);
        at = end + skip;
    }
}

void sk_map_clear_special(const struct skep_map *map, void *value)
{
    if (map->lock_offset >= 0)
        sk_map_clear_words((uint8_t *)value + map->lock_offset, LOCK_SIZE);
    if (map->timer_offset >= 0)
        sk_map_clear_words((uint8_t *)value + map->timer_offset, TIMER_SIZE);
}

/*
 * Locks of values do not lie in the values, where programs could write to them and leave everybody waiting for ever, but here,
 * shared by values that happen to have the same: nobody holds two.
 */
static uint32_t value_locks[256];

uint32_t *sk_map_value_lock(const void *value)
{
    return &value_locks[(uint32_t)(sk_addr(value) >> 3) * UINT32_C(0x9e3779b1) >> 24];
}

void sk_map_store_value(const struct skep_map *map, void *to, const void *from, bool locked)
{
    uint8_t *value = to;
    uint32_t *lock = sk_map_value_lock(value);
    if (locked)
        sk_spin_lock(lock);
    copy_value(map, value, from);
    if (locked)
        sk_spin_unlock(lock);
}

void sk_map_load_value(const struct skep_map *map, void *to, const void *from, bool locked)
{
    const uint8_t *value = from;
    uint32_t *lock = sk_map_value_lock(value);
    uint8_t *out = to;
    if (map->lock_offset >= 0)
        memset(out + map->lock_offset, 0, LOCK_SIZE);
    if (map->timer_offset >= 0)
        memset(out + map->timer_offset, 0, TIMER_SIZE);
    if (locked)
        sk_spin_lock(lock);
    copy_value(map, out, value);
    if (locked)
        sk_spin_unlock(lock);
}
