/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Maps of redirect targets: interfaces, cpus, sockets. Nothing is sent anywhere: a target is recorded for whoever runs
 * the program.
 */
#ifndef SK_REDIRECT_H
#define SK_REDIRECT_H

#include "map/map.h"

/* enum xdp_action, as far as redirects answer with it. */
#define SK_XDP_ABORTED 0u
#define SK_XDP_REDIRECT 4u

#define SK_REDIRECT_ACTION_MASK UINT64_C(3)      /* the answer if there is no such entry */
#define SK_REDIRECT_BROADCAST UINT64_C(8)        /* BPF_F_BROADCAST: to all interfaces of a device map */
#define SK_REDIRECT_EXCLUDE_INGRESS UINT64_C(16) /* BPF_F_EXCLUDE_INGRESS: but not back */

struct sk_redirect_target {
    uint32_t map_id, map_type; /* 0: no target */
    uint32_t key;
    uint32_t value;   /* interface index, queue size of a cpu, what was stored for a socket; 0 for a broadcast */
    uint32_t program; /* of the entry of a device or cpu map; always 0 so far */
    uint64_t flags;   /* BROADCAST and EXCLUDE_INGRESS, or 0 */
};

/*
 * bpf_redirect_map, as the program sees it: SK_XDP_REDIRECT with the target recorded, the action in the flags' lowest
 * bits with none recorded where there is no entry, SK_XDP_ABORTED for flags that are not known, with *target as it was.
 */
uint32_t sk_redirect_map(struct skep_map *map, uint64_t key, uint64_t flags, struct sk_redirect_target *target);

static inline bool sk_redirect_is(const struct skep_map *map)
{
    return map->type == SKEP_MAP_DEVMAP || map->type == SKEP_MAP_DEVMAP_HASH || map->type == SKEP_MAP_CPUMAP ||
           map->type == SKEP_MAP_XSKMAP;
}

#endif
