/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Batches by single operations, for types without better ones: members of ops (generic_map_*_batch of kernel/bpf/syscall.c). */
#ifndef SK_MAP_BATCH_H
#define SK_MAP_BATCH_H

#include "map/map.h"

/* The batch after `in` begins behind the key that it is. Takes nothing out: -SKEP_ENOTSUPP if that is wanted. */
int sk_batch_lookup(struct skep_map *map, const void *in, void *out, void *keys, void *values, uint32_t *count,
                    uint64_t flags, bool take);
int sk_batch_update(struct skep_map *map, const void *keys, const void *values, uint32_t *count, uint64_t flags);
int sk_batch_remove(struct skep_map *map, const void *keys, uint32_t *count, uint64_t flags);

#endif
