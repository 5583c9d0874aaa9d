/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Maps, a file per family of types, each behind one struct sk_map_ops.
 *
 * What holds for every type:
 * - Memory of values is apart from keys, links and locks, at least 8-byte aligned, and stays what it is (values of this map,
 *   readable memory) until the map is freed, however often entries come and go: a program may hold the address of a value
 *   that is gone. find_value() tells which value an address is in; nothing else of a map is memory of programs.
 * - Lookups take no lock. Updates may take one, for a short time, never across a callback into a program.
 * - `cpu` is the slot of the run that calls, below map->cpus->count; it is the caller's alone meanwhile.
 * - Results are 0 or negative Linux error numbers (SKEP_E*), the same as Linux gives: they are what programs see.
 * - Arguments are checked by the caller: keys and values are readable memory of the map's sizes (8-byte alignment is not
 *   promised), flags are not checked.
 */
#ifndef SK_MAP_H
#define SK_MAP_H

#include "base/mem.h"
#include "run/cpus.h"

struct sk_map_ops;

/* What a map is made of; the type's own struct begins with it. */
struct skep_map {
    const struct sk_map_ops *ops;
    uint32_t references; /* atomic */
    uint32_t users;      /* atomic: those of them that are held outside of programs and maps */
    uint32_t type, key_size, value_size, max_entries, flags;
    uint32_t id;
    uint32_t frozen; /* atomic */
    uint64_t extra;
    int32_t lock_offset, timer_offset; /* in the value; -1: none */
    struct skep_cpus *cpus; /* counted */
    skep_hooks hooks;
    char name[16];
    const void *owner; /* of the object loader: the type information of keys and values; NULL: none */
    uint32_t btf_key, btf_value;
    /* Of whoever keeps things that belong to values (timers); NULL: nobody. Told when a value of a type whose entries come
     * and go was deleted or replaced, before its memory is another's; no lock is held. */
    void (*value_gone)(struct skep_map *map, void *value);
};

/* Memory of one value, its size rounded up to 8: what programs may reach through its address. */
struct sk_span {
    uint64_t low, size;
};

/* Called for each entry; other than 0 ends it. `value` is the running cpu's in per-cpu maps. */
typedef int64_t (*sk_map_visit)(void *user, const void *key, void *value);

struct sk_map_ops {
    uint32_t type;
    bool per_cpu;    /* values are copied out for all cpus */
    bool read_only;  /* programs read values and never write them */
    bool no_values;  /* lookups from programs give no address that they may read (maps of maps, queues, ...) */
    size_t size;     /* of the type's struct */
    /* What Linux's map_alloc_check refuses: 0 or -errno. NULL: nothing. `inner` as in skep_map_options. */
    int (*check)(const skep_map_options *options);
    /* Completes a map whose generic members are set; the rest is zero. 0 or -errno; on failure destroy is not called. */
    int (*create)(struct skep_map *map, const skep_map_options *options);
    void (*destroy)(struct skep_map *map);
    /* The last user is gone: lets go of what may refer to the map in turn. NULL: nothing does. */
    void (*abandon)(struct skep_map *map);

    /* From programs. NULL members: -EOPNOTSUPP outside, and what Linux's verifier refuses in programs (the caller's matter). */
    void *(*lookup)(struct skep_map *map, const void *key, uint32_t cpu); /* the value's address, or NULL */
    int (*update)(struct skep_map *map, const void *key, const void *value, uint64_t flags, uint32_t cpu);
    int (*remove)(struct skep_map *map, const void *key); /* outside, too */
    int (*push)(struct skep_map *map, const void *value, uint64_t flags); /* queue, stack, bloom filter */
    int (*pop)(struct skep_map *map, void *value);
    int (*peek)(struct skep_map *map, void *value);
    void *(*lookup_cpu)(struct skep_map *map, const void *key, uint32_t cpu); /* bpf_map_lookup_percpu_elem */
    /* Entries visited, or -errno. */
    int64_t (*for_each)(struct skep_map *map, sk_map_visit visit, void *user, uint32_t cpu);
    /* The value that holds the address, false: none. May be called at any time. */
    bool (*find_value)(const struct skep_map *map, uint64_t address, struct sk_span *span);

    /* From outside: as the system call copies. NULL: lookup/update of cpu 0 will do. */
    int (*copy_out)(struct skep_map *map, const void *key, void *value, uint64_t flags);
    int (*copy_in)(struct skep_map *map, const void *key, const void *value, uint64_t flags);
    int (*take)(struct skep_map *map, const void *key, void *value, uint64_t flags); /* lookup and delete */
    int (*next_key)(struct skep_map *map, const void *key, void *next);
    /* Batches; NULL: -EOPNOTSUPP (-ENOTSUPP as Linux has it). `remove` as well if `take`. */
    int (*lookup_batch)(struct skep_map *map, const void *in, void *out, void *keys, void *values, uint32_t *count,
                        uint64_t flags, bool take);
    int (*update_batch)(struct skep_map *map, const void *keys, const void *values, uint32_t *count, uint64_t flags);
    int (*remove_batch)(struct skep_map *map, const void *keys, uint32_t *count, uint64_t flags);

    /* Maps of maps: the map at key with a reference for the caller, or NULL; and stores one (takes a reference). */
    struct skep_map *(*get_map)(struct skep_map *map, const void *key);
    int (*put_map)(struct skep_map *map, const void *key, struct skep_map *inner, uint64_t flags);
    /* Without a reference, only to be compared with one that the caller holds. */
    const struct skep_map *(*peek_map)(struct skep_map *map, const void *key);
};

/*
 * References of programs and maps; skep_map_ref and skep_map_unref are for users. As in Linux a map outlives its users as long
 * as programs hold it, but lets go of its own programs then: they may hold it, and neither would ever end.
 */
struct skep_map *sk_map_ref(struct skep_map *map);
void sk_map_unref(struct skep_map *map); /* NULL is fine */
/* What skep_map_create says; it gives a user's reference. */
skep_code sk_map_create(const skep_map_options *options, struct skep_map **map, skep_error *err);
/* References of those from outside; when the last is gone, what the map holds may be dropped (ops->abandon). */
struct skep_map *sk_map_use(struct skep_map *map);
void sk_map_unuse(struct skep_map *map); /* NULL is fine */

/* maps.c: the built-in types; NULL: there is none of that number. */
const struct sk_map_ops *sk_map_ops_of(uint32_t type);

/* The flags of a map are among those, and not both of a pair that excludes each other (bpf_map_flags_access_ok). */
static inline bool sk_map_flags_ok(uint32_t flags, uint32_t known)
{
    const uint32_t own = SKEP_MAP_RDONLY | SKEP_MAP_WRONLY, prog = SKEP_MAP_RDONLY_PROG | SKEP_MAP_WRONLY_PROG;
    return !(flags & ~known) && (flags & own) != own && (flags & prog) != prog;
}

static inline size_t sk_map_round8(size_t size) { return (size + 7) & ~(size_t)7; }

/* The values of a map are readable, or writable, by programs. */
static inline bool sk_map_program_may(const struct skep_map *map, bool write)
{
    return !(map->flags & (write ? SKEP_MAP_RDONLY_PROG : SKEP_MAP_WRONLY_PROG)) && !(write && map->ops->read_only);
}

#endif
