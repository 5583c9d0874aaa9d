/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which types there are. */
#include "map/types.h"

static const struct sk_map_ops *const types[] = {
    &sk_map_array,
    &sk_map_percpu_array,
};

const struct sk_map_ops *sk_map_ops_of(uint32_t type)
{
    for (size_t i = 0; i < SK_COUNT(types); i++)
        if (types[i]->type == type)
            return types[i];
    return NULL;
}
