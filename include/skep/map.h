/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Maps: what programs keep between runs and share with each other and with their surroundings. Types, flags, limits and
 * error numbers are Linux's (include/uapi/linux/bpf.h; kernel/bpf/). Included by skep/skep.h.
 *
 * Functions that return int give 0 (or a count) or a negative error number of Linux's, the same on every platform:
 * SKEP_ENOENT and so on below. All but those that free may be called from many threads at once, on maps that programs use.
 */
#ifndef SKEP_MAP_H
#define SKEP_MAP_H

/* Linux's numbers, for platforms that have others or none. */
#define SKEP_EPERM 1
#define SKEP_ENOENT 2
#define SKEP_EIO 5
#define SKEP_E2BIG 7
#define SKEP_EBADF 9
#define SKEP_EAGAIN 11
#define SKEP_ENOMEM 12
#define SKEP_EACCES 13
#define SKEP_EFAULT 14
#define SKEP_EBUSY 16
#define SKEP_EEXIST 17
#define SKEP_ENODEV 19
#define SKEP_EINVAL 22
#define SKEP_ENOSPC 28
#define SKEP_ERANGE 34
#define SKEP_EDEADLK 35
#define SKEP_ENOSYS 38
#define SKEP_EOVERFLOW 75
#define SKEP_EMSGSIZE 90
#define SKEP_EPROTONOSUPPORT 93
#define SKEP_EOPNOTSUPP 95
#define SKEP_EAFNOSUPPORT 97
#define SKEP_ENOTSUPP 524 /* the kernel's own, not of errno.h */

/* enum bpf_map_type. */
typedef enum skep_map_type {
    SKEP_MAP_HASH = 1,
    SKEP_MAP_ARRAY = 2,
    SKEP_MAP_PROG_ARRAY = 3,
    SKEP_MAP_PERF_EVENT_ARRAY = 4,
    SKEP_MAP_PERCPU_HASH = 5,
    SKEP_MAP_PERCPU_ARRAY = 6,
    SKEP_MAP_STACK_TRACE = 7,
    SKEP_MAP_LRU_HASH = 9,
    SKEP_MAP_LRU_PERCPU_HASH = 10,
    SKEP_MAP_LPM_TRIE = 11,
    SKEP_MAP_ARRAY_OF_MAPS = 12,
    SKEP_MAP_HASH_OF_MAPS = 13,
    SKEP_MAP_DEVMAP = 14,
    SKEP_MAP_CPUMAP = 16,
    SKEP_MAP_XSKMAP = 17,
    SKEP_MAP_QUEUE = 22,
    SKEP_MAP_STACK = 23,
    SKEP_MAP_DEVMAP_HASH = 25,
    SKEP_MAP_RINGBUF = 27,
    SKEP_MAP_BLOOM_FILTER = 30
} skep_map_type;

/* Flags of a map (BPF_F_*). */
#define SKEP_MAP_NO_PREALLOC (1u << 0)
#define SKEP_MAP_NO_COMMON_LRU (1u << 1)
#define SKEP_MAP_NUMA_NODE (1u << 2)
#define SKEP_MAP_RDONLY (1u << 3) /* for the functions below: no changes */
#define SKEP_MAP_WRONLY (1u << 4) /* for the functions below: no lookups */
#define SKEP_MAP_STACK_BUILD_ID (1u << 5)
#define SKEP_MAP_ZERO_SEED (1u << 6)
#define SKEP_MAP_RDONLY_PROG (1u << 7)
#define SKEP_MAP_WRONLY_PROG (1u << 8)
#define SKEP_MAP_MMAPABLE (1u << 10)
#define SKEP_MAP_PRESERVE_ELEMS (1u << 11)
#define SKEP_MAP_INNER_MAP (1u << 12)

/* Flags of an update (BPF_ANY and so on). */
#define SKEP_ANY 0u
#define SKEP_NOEXIST 1u
#define SKEP_EXIST 2u
#define SKEP_F_LOCK 4u

/*
 * The cpus that runs take place on. Every run that may meet another one at a map owns one of them until it ends,
 * whatever thread it is on; per-cpu maps have a value for each. VMs and maps that work together have the same set.
 * Counted: VMs and maps keep it alive.
 */
typedef struct skep_cpus skep_cpus;
#define SKEP_MAX_CPUS 1024u
/* `count` of 0: as many as the machine has. Errors: SKEP_ERR_ARGUMENT (too many), SKEP_ERR_MEMORY. */
SKEP_API skep_code skep_cpus_create(const skep_hooks *hooks, uint32_t count, skep_cpus **cpus, skep_error *err);
SKEP_API uint32_t skep_cpus_count(const skep_cpus *cpus);
SKEP_API void skep_cpus_free(skep_cpus *cpus); /* gives the caller's reference back; NULL is fine */

typedef struct skep_map skep_map;

typedef struct skep_map_options {
    size_t size;
    const skep_hooks *hooks; /* copied */
    skep_map_type type;
    uint32_t key_size, value_size; /* bytes */
    uint32_t max_entries;
    uint32_t flags;
    uint64_t extra;   /* map_extra: a bloom filter's number of hash functions */
    const char *name; /* for messages; copied, cut to 15 characters; may be NULL */
    skep_map *inner;  /* of array_of_maps and hash_of_maps: what the maps in it are to be like; borrowed for the call */
    skep_cpus *cpus;  /* NULL: a set of the process, one for each cpu of the machine */
    uint32_t lock_offset;  /* 1 + where a struct bpf_spin_lock lies in the value; 0: there is none */
    uint32_t timer_offset; /* the same for a struct bpf_timer */
} skep_map_options;

/*
 * Makes a map. What Linux refuses is refused: SKEP_ERR_ARGUMENT, or SKEP_ERR_MEMORY where Linux says ENOMEM or E2BIG;
 * detail has its (negative) error number.
 */
SKEP_API skep_code skep_map_create(const skep_map_options *options, skep_map **map, skep_error *err);
SKEP_API skep_map *skep_map_ref(skep_map *map); /* one more reference; returns map */
/*
 * Gives one back; NULL is fine. With the last one the map is freed, unless programs or other maps hold it; an array of programs
 * is emptied all the same, as Linux does, since its programs may be what holds it.
 */
SKEP_API void skep_map_unref(skep_map *map);

typedef struct skep_map_info {
    size_t size;
    skep_map_type type;
    uint32_t id; /* of the process, never used twice; what lookups in maps of maps give */
    uint32_t key_size, value_size, max_entries, flags;
    uint64_t extra;
    const char *name; /* lives as long as the map */
    bool frozen;
    uint32_t cpus;
    size_t copy_size; /* bytes of a value as the functions below copy it: for per-cpu maps, the value rounded up to 8 bytes
                         for each cpu, one after the other */
} skep_map_info;

SKEP_API void skep_map_get_info(const skep_map *map, skep_map_info *info); /* info->size is set by the caller */

/*
 * What the bpf() system call does under these names. Keys are key_size bytes; NULL where the type has none. Values are
 * info.copy_size bytes. Flags are those above; others give -SKEP_EINVAL.
 *
 * Some types read this in their own way, as they do there. Queues and stacks: lookup peeks, update pushes (SKEP_EXIST: over
 * the oldest entry if need be), lookup_and_delete pops. Bloom filters: update adds the value, lookup asks whether *value is
 * in it. Maps of maps, of programs and of perf events have descriptors for values, of which none is good here: updates give
 * -SKEP_EBADF (see below for what to use instead), lookups the id of the map or program. Device maps: any interface index
 * but 0, which is none; a program's descriptor beside it gives -SKEP_EINVAL. Cpu maps: a queue size for each of the map's
 * cpus, 0 is none. Socket maps: any number; it is what is recorded as the target.
 */
SKEP_API int skep_map_lookup(skep_map *map, const void *key, void *value, uint64_t flags);
SKEP_API int skep_map_update(skep_map *map, const void *key, const void *value, uint64_t flags);
SKEP_API int skep_map_delete(skep_map *map, const void *key);
SKEP_API int skep_map_lookup_and_delete(skep_map *map, const void *key, void *value, uint64_t flags);
/* The key after `key`, or the first one (key NULL, or no longer there); -SKEP_ENOENT: that was the last. */
SKEP_API int skep_map_next_key(skep_map *map, const void *key, void *next);
/* No more changes from outside of programs; -SKEP_EPERM: there were none allowed before. */
SKEP_API int skep_map_freeze(skep_map *map);
/*
 * Up to *count entries at once, from where in_batch (NULL: the beginning) says on; out_batch is where to go on. Both are
 * key_size bytes, at least 4. *count becomes how many there were; -SKEP_ENOENT: no more; -SKEP_ENOSPC: *count is too small.
 */
SKEP_API int skep_map_lookup_batch(skep_map *map, const void *in_batch, void *out_batch, void *keys, void *values,
                                   uint32_t *count, uint64_t flags);
SKEP_API int skep_map_lookup_and_delete_batch(skep_map *map, const void *in_batch, void *out_batch, void *keys,
                                              void *values, uint32_t *count, uint64_t flags);
SKEP_API int skep_map_update_batch(skep_map *map, const void *keys, const void *values, uint32_t *count, uint64_t flags);
SKEP_API int skep_map_delete_batch(skep_map *map, const void *keys, uint32_t *count, uint64_t flags);

/*
 * Puts a map into an array_of_maps or hash_of_maps, which takes a reference until the entry is replaced or deleted.
 * -SKEP_EINVAL: it is not like the `inner` of the options: type, sizes of key and value, flags, places of lock and timer;
 * max_entries for an array without SKEP_MAP_INNER_MAP.
 */
SKEP_API int skep_map_update_map(skep_map *outer, const void *key, skep_map *inner, uint64_t flags);

/* The bytes of an array's values, one after the other, each rounded up to 8; NULL for other types. For globals. */
SKEP_API void *skep_map_memory(skep_map *map, size_t *size);

/*
 * Ring buffers: hands each record that is ready to `visit`, in order, and makes its room free again; a visit that returns
 * other than 0 ends it, its record consumed. Returns how many were visited, or what `visit` returned if that was negative;
 * -SKEP_EINVAL: it is no ring buffer. One consumer at a time. The record is borrowed for the call; its address is a multiple
 * of 8.
 */
typedef int (*skep_record_fn)(void *user, const void *record, size_t size);
SKEP_API int skep_ringbuf_consume(skep_map *map, skep_record_fn visit, void *user);
/*
 * Perf event arrays: what programs write with bpf_perf_event_output on `cpu` is kept in a buffer of that cpu once it is open;
 * skep_map_delete closes it. It holds as much as Linux's of that many pages (12 bytes more than its data for each record,
 * rounded up to 8); `bytes` is rounded up to a power of two, 4096 at least. One that was open before is replaced.
 * -SKEP_EINVAL: no perf event array, or `bytes` 0 or above 2^30; -SKEP_E2BIG: no such index; -SKEP_ENODEV: no such cpu.
 */
SKEP_API int skep_perf_open(skep_map *map, uint32_t cpu, size_t bytes);
/*
 * As skep_ringbuf_consume, for one cpu; -SKEP_ENOENT: it is not open. Records have the size that the program gave, which Linux
 * rounds up. *lost (may be NULL): how many found no room since it was last asked for.
 */
SKEP_API int skep_perf_consume(skep_map *map, uint32_t cpu, skep_record_fn visit, void *user, uint64_t *lost);

#endif
