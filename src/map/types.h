/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The built-in types, for maps.c. */
#ifndef SK_MAP_TYPES_H
#define SK_MAP_TYPES_H

#include "map/map.h"

extern const struct sk_map_ops sk_map_array, sk_map_percpu_array;    /* array.c */
extern const struct sk_map_ops sk_map_hash, sk_map_percpu_hash;   /* hash.c */
extern const struct sk_map_ops sk_map_lru_hash, sk_map_lru_percpu_hash; /* lru.c */
extern const struct sk_map_ops sk_map_lpm; /* lpm.c */
extern const struct sk_map_ops sk_map_queue, sk_map_stack;           /* queue.c */
extern const struct sk_map_ops sk_map_bloom;                         /* bloom.c */
extern const struct sk_map_ops sk_map_ringbuf;                       /* ringbuf.c */
extern const struct sk_map_ops sk_map_perf;                          /* perf.c */
extern const struct sk_map_ops sk_map_prog_array;                    /* prog_array.c */
extern const struct sk_map_ops sk_map_array_of_maps, sk_map_hash_of_maps; /* outer.c */
extern const struct sk_map_ops sk_map_stack_trace;                   /* stacktrace.c */
extern const struct sk_map_ops sk_map_devmap, sk_map_devmap_hash, sk_map_cpumap, sk_map_xskmap; /* redirect.c */

#endif
