/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The cpus of a set: slots that runs own. A slot is taken with one atomic exchange on a cache line of its own, that of the
 * cpu that the caller is on if it is free, so threads that stay where they are do not meet.
 */
#ifndef SK_CPUS_H
#define SK_CPUS_H

#include "base/mem.h"

#define SK_NO_CPU UINT32_MAX

struct sk_cpu_slot {
    _Alignas(64) uint32_t busy; /* atomic */
};

struct skep_cpus {
    uint32_t references; /* atomic */
    uint32_t count;
    skep_hooks hooks;
    struct sk_cpu_slot *slots; /* [count] */
    void *memory;              /* what the slots lie in */
};

/* The set to use where none is given; a new reference. NULL: no memory. */
struct skep_cpus *sk_cpus_default(const skep_hooks *hooks);
struct skep_cpus *sk_cpus_ref(struct skep_cpus *cpus);
void sk_cpus_unref(struct skep_cpus *cpus); /* NULL is fine */

/* A free slot, now taken; SK_NO_CPU: there is none. */
uint32_t sk_cpus_take(struct skep_cpus *cpus);
/* That very slot; false: it is not free. */
bool sk_cpus_take_one(struct skep_cpus *cpus, uint32_t cpu);
void sk_cpus_give_back(struct skep_cpus *cpus, uint32_t cpu);

#endif
