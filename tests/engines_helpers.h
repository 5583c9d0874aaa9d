/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The helpers that engines.c gives to its programs: what they see is part of a run's outcome. */
#ifndef ENGINES_HELPERS_H
#define ENGINES_HELPERS_H

#include "skep/skep.h"

extern uint64_t engines_seen; /* a hash of what helpers were called with, and found; set to 0 before a run */

/* RANDOM_HELPER alone, or all of random_program.h. */
void engines_register(skep_vm *vm, bool all);
/* What RANDOM_HELPER does, for the reference; false: another id. */
bool engines_mix(uint32_t id, const uint64_t args[5], uint64_t *result);

#endif
