/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Perf event arrays: index N leads to the records of cpu N, once somebody has opened a buffer for them. Callers have
 * checked the map's type.
 */
#ifndef SK_PERF_H
#define SK_PERF_H

#include "map/map.h"

#define SK_PERF_CURRENT_CPU UINT64_C(0xffffffff) /* BPF_F_CURRENT_CPU */
#define SK_PERF_INDEX_MASK UINT64_C(0xffffffff)  /* BPF_F_INDEX_MASK */

/*
 * Writes one record of `size` bytes, then `more_size` (of the packet, as BPF_F_CTXLEN_MASK asks), for the run on `cpu`.
 * `index` is the part of the helper's flags under SK_PERF_INDEX_MASK. 0, -SKEP_E2BIG (no such index, or longer than a
 * record can be), -SKEP_ENOENT (not open), -SKEP_EOPNOTSUPP (another cpu's), -SKEP_ENOSPC (no room; counted).
 */
int sk_perf_output(struct skep_map *map, uint64_t index, uint32_t cpu, const void *data, uint64_t size,
                   const void *more, uint64_t more_size);

int sk_perf_open(struct skep_map *map, uint32_t cpu, size_t bytes);
int sk_perf_consume(struct skep_map *map, uint32_t cpu, skep_record_fn visit, void *user, uint64_t *lost);

#endif
