/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A place for the address of something that is counted, which many may read while others replace it. Its lowest bit is
 * its lock, held for as long as it takes to add a reference; so nobody adds one to what is being freed.
 */
#ifndef SK_SLOT_H
#define SK_SLOT_H

#include "map/lock.h"

typedef uintptr_t sk_slot; /* atomic */

/* What is there, to be compared with what the caller holds a reference to: it may be gone any time. */
static inline const void *sk_slot_peek(const sk_slot *slot)
{
    return (const void *)(__atomic_load_n(slot, __ATOMIC_ACQUIRE) & ~(uintptr_t)1);
}

static inline void *sk_slot_lock(sk_slot *slot)
{
    uintptr_t word;
    while ((word = __atomic_fetch_or(slot, 1, __ATOMIC_ACQUIRE)) & 1)
        while (__atomic_load_n(slot, __ATOMIC_RELAXED) & 1)
            sk_spin_wait();
    return (void *)word;
}

static inline void sk_slot_unlock(sk_slot *slot, void *thing)
{
    __atomic_store_n(slot, (uintptr_t)thing, __ATOMIC_RELEASE);
}

/* The old one, whose reference is the caller's now. */
static inline void *sk_slot_replace(sk_slot *slot, void *thing)
{
    void *old = sk_slot_lock(slot);
    sk_slot_unlock(slot, thing);
    return old;
}

#endif
