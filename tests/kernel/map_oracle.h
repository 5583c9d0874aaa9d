/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps of the running kernel through bpf(2), beside ours: each call gives 0 or a negative error number of Linux's. */
#ifndef MAP_ORACLE_H
#define MAP_ORACLE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "skep/skep.h"

/* A descriptor, or the error. */
int oracle_create(const skep_map_options *options, int inner);
int oracle_lookup(int map, const void *key, void *value, uint64_t flags);
int oracle_update(int map, const void *key, const void *value, uint64_t flags);
int oracle_delete(int map, const void *key);
int oracle_take(int map, const void *key, void *value, uint64_t flags);
int oracle_next_key(int map, const void *key, void *next);
int oracle_freeze(int map);
void oracle_close(int map);
uint32_t oracle_id(int map);

/* bpf(2) is permitted here; otherwise says why not. */
bool oracle_permitted(void);

/* Ours: a map or the (negative) error; a failure that is none of Linux's ends the test. */
int own_create(const skep_map_options *options, skep_map **map);

#endif
