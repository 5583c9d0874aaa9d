/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which types there are. */
#include "map/types.h"

static const struct sk_map_ops *const types[] = {
    &sk_map_array,
    &sk_map_percpu_array,
    &sk_map_hash,
    &sk_map_percpu_hash,
    &sk_map_lru_hash,
    &sk_map_lru_percpu_hash,
    &sk_map_lpm,
    &sk_map_queue,
    &sk_map_stack,
    &sk_map_bloom,
    &sk_map_ringbuf,
    &sk_map_perf,
    &sk_map_prog_array,
    &sk_map_array_of_maps,
    &sk_map_hash_of_maps,
    &sk_map_stack_trace,
    &sk_map_devmap,
    &sk_map_devmap_hash,
    &sk_map_cpumap,
    &sk_map_xskmap,
};

const struct sk_map_ops *sk_map_ops_of(uint32_t type)
{
    for (size_t i = 0; i < SK_COUNT(types); i++)
        if (types[i]->type == type)
            return types[i];
    return NULL;
}
