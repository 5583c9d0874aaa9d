/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Spin locks in the values of maps. A run holds one at most, as the kernel's verifier demands, and gives it back when it
 * ends. Waiting ends, too: a host that runs a program inside of another one's helper must not hang.
 */
#include "helper/kernel.h"
#include "map/lock.h"

#define PATIENCE (1u << 26) /* looks at the lock: some seconds */

static bool is_lock(const struct skep_map *map, uint64_t address)
{
    struct sk_span span;
    return map->lock_offset >= 0 && map->ops->find_value && map->ops->find_value(map, address, &span) &&
           address == span.low + (uint32_t)map->lock_offset;
}

/* The value whose lock is there; 0: there is none. */
static uint64_t value_of(const skep_run *run, uint64_t address)
{
    for (uint32_t i = 0; i < run->env->map_count; i++)
        if (is_lock(run->env->maps[i], address))
            return address - (uint32_t)run->env->maps[i]->lock_offset;
    for (uint32_t i = 0; i < run->held_count; i++)
        if (run->held[i].kind == SK_HELD_MAP && is_lock(run->held[i].map, address))
            return address - (uint32_t)run->held[i].map->lock_offset;
    return 0;
}

static struct sk_held *held_lock(skep_run *run)
{
    for (uint32_t i = 0; i < run->held_count; i++)
        if (run->held[i].kind == SK_HELD_LOCK)
            return &run->held[i];
    return NULL;
}

static bool take(uint32_t *lock)
{
    for (uint32_t i = 0; i < PATIENCE; i++) {
        if (!__atomic_load_n(lock, __ATOMIC_RELAXED) && !__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
            return true;
        sk_spin_wait();
    }
    return false;
}

static void drop_lock(skep_run *run, struct sk_held *held)
{
    (void)run;
    sk_spin_unlock(sk_map_value_lock(sk_ptr(held->low)));
}

bool sk_holds_lock(skep_run *run) { return run->held_count && held_lock(run); }

SK_BPF(spin_lock)
{
    const uint64_t value = value_of(run, r1);
    if (!value)
        return sk_bad_argument(run, 1, r1, "is not a lock in a map's value");
    if (held_lock(run)) {
        skep_run_fail(run, -SKEP_EDEADLK, "the run holds a lock already");
        return 0;
    }
    struct sk_held *held = sk_run_hold(run, SK_HELD_LOCK);
    if (!held) {
        skep_run_fail(run, -SKEP_ENOSPC, "the run holds too many maps and records");
        return 0;
    }
    held->low = value;
    if (take(sk_map_value_lock(sk_ptr(value)))) {
        held->drop = drop_lock;
        return 0;
    }
    sk_run_unhold(run, held);
    skep_run_fail(run, -SKEP_EDEADLK, "the lock is not given back");
    return 0;
}

SK_BPF(spin_unlock)
{
    struct sk_held *held = held_lock(run);
    if (!held || value_of(run, r1) != held->low)
        return sk_bad_argument(run, 1, r1, "is not the lock that the run holds");
    drop_lock(run, held);
    sk_run_unhold(run, held);
    return 0;
}
