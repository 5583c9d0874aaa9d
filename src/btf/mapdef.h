/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The maps that an object defines in its section .maps, as types: each variable there is a struct whose members say
 * what the map is (libbpf's bpf_helpers.h):
 *
 *     __uint(max_entries, 8)    int (*max_entries)[8]       a number: as many elements as the array has
 *     __type(key, u32)          u32 *key                    a type
 *     __array(values, T)        T *values[]                 maps or programs to begin with, last
 *
 * What libbpf refuses is refused, with the map and the member named. What the numbers mean is the kernel's business:
 * nothing here knows map types, but for those that `values` is for.
 */
#ifndef SK_BTF_MAPDEF_H
#define SK_BTF_MAPDEF_H

#include "btf/btf.h"

/* Which members were there: a zero that was written is not the same as none for numa_node, say. */
enum sk_btf_map_member {
    SK_BTF_MAP_TYPE = 1 << 0,
    SK_BTF_MAP_KEY_SIZE = 1 << 1, /* by key_size or key */
    SK_BTF_MAP_VALUE_SIZE = 1 << 2,
    SK_BTF_MAP_MAX_ENTRIES = 1 << 3,
    SK_BTF_MAP_FLAGS = 1 << 4,
    SK_BTF_MAP_NUMA_NODE = 1 << 5,
    SK_BTF_MAP_PINNING = 1 << 6,
    SK_BTF_MAP_EXTRA = 1 << 7,
    SK_BTF_MAP_VALUES = 1 << 8
};

struct sk_btf_map_spec {
    uint32_t members; /* enum sk_btf_map_member */
    uint32_t type;    /* enum bpf_map_type */
    uint32_t key_size, value_size, max_entries, flags, numa_node;
    uint64_t extra;
    uint32_t key, value; /* their types; 0: only the sizes are known */
};

struct sk_btf_map {
    const char *name;
    struct sk_btf_map_spec spec;
    bool pinned;                 /* LIBBPF_PIN_BY_NAME */
    bool has_inner;              /* a map of maps with `values` says what is in it */
    struct sk_btf_map_spec inner;
    uint32_t offset, size;       /* of the variable in .maps */
    uint32_t values;             /* offset in .maps of the first initial value; each takes 8 bytes, for a relocation */
    uint32_t value_count;
};

/*
 * Where a variable is: compilers leave DATASEC offsets zero in objects, and symbols know. False: there is no such
 * symbol.
 */
typedef bool sk_btf_place_fn(void *user, const char *name, uint64_t *offset);

/*
 * All maps of .maps, which has `size` bytes, in the order of the variables; *count may be 0. Free *maps with the
 * view's hooks. `place` NULL: offsets are as the types have them. Errors: SKEP_ERR_OBJECT; SKEP_ERR_UNSUPPORTED for
 * what libbpf calls not supported; SKEP_ERR_MEMORY.
 */
skep_code sk_btf_maps(const struct sk_btf *btf, uint64_t size, sk_btf_place_fn *place, void *user,
                      struct sk_btf_map **maps, uint32_t *count, skep_error *err);

#endif
