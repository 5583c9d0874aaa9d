/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The built-in types, for maps.c. */
#ifndef SK_MAP_TYPES_H
#define SK_MAP_TYPES_H

#include "map/map.h"

extern const struct sk_map_ops sk_map_array, sk_map_percpu_array; /* array.c */

#endif
