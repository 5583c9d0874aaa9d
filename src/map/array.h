/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The layout of arrays, for those who index them on their own: machine code, and whoever refers to global data. */
#ifndef SK_MAP_ARRAY_H
#define SK_MAP_ARRAY_H

#include "map/map.h"

struct sk_array {
    struct skep_map map;
    uint64_t stride;  /* value_size rounded up to 8 */
    uint8_t *values;  /* [max_entries] for each cpu, 16-byte aligned, each cpu's part beginning on a cache line */
    uint64_t per_cpu; /* bytes from one cpu's part to the next; 0: there is one part */
    uint64_t extent;  /* bytes of a part that hold values */
};

#endif
