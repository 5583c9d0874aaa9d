/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Stack traces: the id of a stack is its hash, cut to a power of two of buckets. The stacks themselves lie in
 * max_entries entries, so there may be buckets without an entry left for them. One lock for all: finding out is a
 * comparison.
 *
 * With SKEP_MAP_STACK_BUILD_ID an address is stored as Linux stores one without a build id (BPF_STACK_BUILD_ID_IP, then
 * the address): there are no files behind addresses here.
 */
#include "map/stacktrace.h"

#include "map/jhash.h"
#include "map/lock.h"
#include "map/types.h"

#define STACK_FLAGS (SKEP_MAP_NUMA_NODE | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_STACK_BUILD_ID)
#define DEPTH_MOST 127u   /* kernel.perf_event_max_stack, as it is by default */
#define BUILD_ID_SIZE 32u /* struct bpf_stack_build_id: int status, unsigned char [20], u64 ip */
#define BUILD_ID_IP 2u    /* BPF_STACK_BUILD_ID_IP */

#define NONE UINT32_MAX

struct stack {
    uint32_t hash, count;
};

struct sk_stacktrace {
    struct skep_map map;
    uint32_t lock;
    uint32_t mask;  /* buckets, less one */
    uint32_t depth; /* most addresses in one */
    uint32_t free_count;
    uint32_t *buckets;    /* number of the stack, or NONE */
    uint32_t *free;       /* [free_count] numbers */
    struct stack *stacks; /* [max_entries] */
    uint64_t *addresses;  /* [max_entries][depth] */
};

static struct sk_stacktrace *traces_of(struct skep_map *map) { return (struct sk_stacktrace *)map; }

static uint32_t unit_of(uint32_t flags) { return flags & SKEP_MAP_STACK_BUILD_ID ? BUILD_ID_SIZE : 8; }

static int check(const skep_map_options *o)
{
    if (!sk_map_flags_ok(o->flags, STACK_FLAGS) || o->max_entries == 0 || o->key_size != 4 || o->value_size == 0 ||
        o->value_size % unit_of(o->flags) || o->value_size / unit_of(o->flags) > DEPTH_MOST)
        return -SKEP_EINVAL;
    return o->max_entries > UINT32_C(1) << 31 ? -SKEP_E2BIG : 0;
}

static void destroy(struct skep_map *map)
{
    struct sk_stacktrace *t = traces_of(map);
    sk_free(&map->hooks, t->buckets);
    sk_free(&map->hooks, t->free);
    sk_free(&map->hooks, t->stacks);
    sk_free(&map->hooks, t->addresses);
}

static int create(struct skep_map *map, const skep_map_options *options)
{
    struct sk_stacktrace *t = traces_of(map);
    (void)options;
    uint32_t buckets = 1;
    while (buckets < map->max_entries)
        buckets *= 2;
    t->mask = buckets - 1;
    t->depth = map->value_size / unit_of(map->flags);
    t->free_count = map->max_entries;
    t->buckets = sk_alloc_array(&map->hooks, buckets, sizeof *t->buckets);
    t->free = sk_alloc_array(&map->hooks, map->max_entries, sizeof *t->free);
    t->stacks = sk_alloc_array(&map->hooks, map->max_entries, sizeof *t->stacks);
    t->addresses = sk_alloc_array(&map->hooks, map->max_entries, t->depth * sizeof *t->addresses);
    if (!t->buckets || !t->free || !t->stacks || !t->addresses) {
        destroy(map);
        return -SKEP_ENOMEM;
    }
    memset(t->buckets, 0xff, (size_t)buckets * sizeof *t->buckets);
    for (uint32_t i = 0; i < map->max_entries; i++)
        t->free[i] = map->max_entries - 1 - i;
    return 0;
}

static uint64_t *addresses_of(const struct sk_stacktrace *t, uint32_t number)
{
    return t->addresses + (size_t)number * t->depth;
}

/* With the lock held. */
static int64_t store(struct sk_stacktrace *t, const uint64_t *addresses, uint32_t count, uint64_t flags)
{
    const uint32_t hash = sk_jhash(addresses, count * 8, 0), id = hash & t->mask;
    const uint32_t old = t->buckets[id];
    const size_t size = count * sizeof *addresses;
    if (old != NONE) {
        const struct stack *s = &t->stacks[old];
        if (s->hash == hash &&
            ((flags & SK_STACK_FAST_CMP) || (s->count == count && memcmp(addresses_of(t, old), addresses, size) == 0)))
            return id;
        if (!(flags & SK_STACK_REUSE_ID))
            return -SKEP_EEXIST;
    }
    if (t->free_count == 0)
        return -SKEP_ENOMEM; /* as in Linux, even where the old one is to go */
    const uint32_t number = t->free[--t->free_count];
    t->stacks[number] = (struct stack){hash, count};
    memcpy(addresses_of(t, number), addresses, size);
    t->buckets[id] = number;
    if (old != NONE)
        t->free[t->free_count++] = old;
    return id;
}

int64_t sk_stacktrace_store(struct skep_map *map, const uint64_t *addresses, uint32_t count, uint64_t flags)
{
    struct sk_stacktrace *t = traces_of(map);
    const uint32_t skip = (uint32_t)(flags & SK_STACK_SKIP_MASK);
    if (flags & ~(SK_STACK_SKIP_MASK | SK_STACK_USER | SK_STACK_FAST_CMP | SK_STACK_REUSE_ID))
        return -SKEP_EINVAL;
    if (count > DEPTH_MOST)
        count = DEPTH_MOST; /* Linux walks no further, skipped frames included */
    if (count <= skip)
        return -SKEP_EFAULT;
    count = count - skip < t->depth ? count - skip : t->depth;
    sk_spin_lock(&t->lock);
    const int64_t id = store(t, addresses + skip, count, flags);
    sk_spin_unlock(&t->lock);
    return id;
}

static int get(struct skep_map *map, const void *key, void *value, bool remove)
{
    struct sk_stacktrace *t = traces_of(map);
    const uint32_t id = sk_load32(key), unit = unit_of(map->flags);
    uint8_t *to = value;
    if (id > t->mask)
        return remove && !value ? -SKEP_E2BIG : -SKEP_ENOENT;
    sk_spin_lock(&t->lock);
    const uint32_t number = t->buckets[id];
    if (number != NONE && value) {
        const uint64_t *from = addresses_of(t, number);
        const uint32_t count = t->stacks[number].count;
        memset(to, 0, map->value_size);
        for (uint32_t i = 0; i < count; i++, to += unit) {
            if (unit == BUILD_ID_SIZE)
                sk_store32(to, BUILD_ID_IP);
            sk_store64(to + unit - 8, from[i]);
        }
    }
    if (number != NONE && remove) {
        t->buckets[id] = NONE;
        t->free[t->free_count++] = number;
    }
    sk_spin_unlock(&t->lock);
    return number == NONE ? -SKEP_ENOENT : 0;
}

static int copy_out(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    (void)flags;
    return get(map, key, value, false);
}

static int take(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    (void)flags;
    return get(map, key, value, true);
}

static int remove_entry(struct skep_map *map, const void *key) { return get(map, key, NULL, true); }

static int no_copy_in(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    (void)map, (void)key, (void)value, (void)flags;
    return -SKEP_EINVAL;
}

static int next_key(struct skep_map *map, const void *key, void *next)
{
    struct sk_stacktrace *t = traces_of(map);
    sk_spin_lock(&t->lock);
    uint64_t id = key ? sk_load32(key) : UINT64_MAX;
    id = id > t->mask || t->buckets[id] == NONE ? 0 : id + 1;
    while (id <= t->mask && t->buckets[id] == NONE)
        id++;
    sk_spin_unlock(&t->lock);
    if (id > t->mask)
        return -SKEP_ENOENT;
    sk_store32(next, (uint32_t)id);
    return 0;
}

const struct sk_map_ops sk_map_stack_trace = {.type = SKEP_MAP_STACK_TRACE,
                                              .no_values = true,
                                              .size = sizeof(struct sk_stacktrace),
                                              .check = check,
                                              .create = create,
                                              .destroy = destroy,
                                              .remove = remove_entry,
                                              .copy_out = copy_out,
                                              .copy_in = no_copy_in,
                                              .take = take,
                                              .next_key = next_key};
