/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Copying values that others may read and write meanwhile. As in Linux a reader may see a value half written, unless both
 * sides use the lock in it; what may not happen is undefined behaviour, so words are copied as relaxed atomics.
 */
#ifndef SK_MAP_LOCK_H
#define SK_MAP_LOCK_H

#include "map/map.h"

static inline void sk_spin_wait(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* A short lock of our own: four bytes, zero when free. Nobody may be called back while it is held. */
static inline void sk_spin_lock(uint32_t *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
        while (__atomic_load_n(lock, __ATOMIC_RELAXED))
            sk_spin_wait();
}
static inline void sk_spin_unlock(uint32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

/* Orders relaxed accesses before it with those after it. ThreadSanitizer does not know fences, and does not need them to see
 * that there is no race. */
static inline void sk_fence(void)
{
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SK_NO_FENCE
#endif
#elif defined(__SANITIZE_THREAD__)
#define SK_NO_FENCE
#endif
#ifndef SK_NO_FENCE
    __atomic_thread_fence(__ATOMIC_ACQ_REL);
#endif
}

/* Either side may be unaligned, but what programs share (values) never is: 8-byte aligned there. */
void sk_map_copy_words(void *to, const void *from, size_t size);
void sk_map_clear_words(void *to, size_t size);

/* The lock of a value that has one (struct bpf_spin_lock); held by one run or copy at a time, which holds no other. */
uint32_t *sk_map_value_lock(const void *value);

/* Clears the lock and the timer in a value. */
void sk_map_clear_special(const struct skep_map *map, void *value);

/* A value of the map at `to` (shared) or from `from` (shared), without the lock and the timer in it; with its lock held if
 * `locked`. */
void sk_map_store_value(const struct skep_map *map, void *to, const void *from, bool locked);
void sk_map_load_value(const struct skep_map *map, void *to, const void *from, bool locked);

#endif
