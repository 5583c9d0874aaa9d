/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "helper/kernel.h"

#include "helper/map.h"

static const struct sk_helper helpers[] = {
    {.id = 1, .fn = sk_bpf_map_lookup_elem, .has_prototype = true, .args = {SKEP_ARG_MAP, SKEP_ARG_MAP_KEY}, .name = "map_lookup_elem"},
    {.id = 2, .fn = sk_bpf_map_update_elem, .has_prototype = true, .args = {SKEP_ARG_MAP, SKEP_ARG_MAP_KEY, SKEP_ARG_MAP_VALUE, SKEP_ARG_SCALAR}, .name = "map_update_elem"},
    {.id = 3, .fn = sk_bpf_map_delete_elem, .has_prototype = true, .args = {SKEP_ARG_MAP, SKEP_ARG_MAP_KEY}, .name = "map_delete_elem"},
};

const struct sk_helper *sk_kernel_helper(uint32_t id)
{
    for (size_t i = 0; i < SK_COUNT(helpers); i++)
        if (helpers[i].id == id)
            return &helpers[i];
    return NULL;
}
