/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Helpers on maps. */
#ifndef SK_HELPER_MAP_H
#define SK_HELPER_MAP_H

#include "helper/helper.h"

uint64_t sk_bpf_map_lookup_elem(uint64_t map, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run);
uint64_t sk_bpf_map_update_elem(uint64_t map, uint64_t key, uint64_t value, uint64_t flags, uint64_t r5, skep_run *run);
uint64_t sk_bpf_map_delete_elem(uint64_t map, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run);

#endif
