/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Longest-prefix tries (kernel/bpf/lpm_trie.c): a key is the length of a prefix in bits (32 bits, host order) and its bytes.
 *
 * A node has a prefix, and below it those that begin with the same bits. One without a value stands where two others part,
 * and has both children. Lookups take no lock: nodes stay nodes until the map is freed, `sequence` is increased before one
 * that was taken out can become another, and a lookup that sees it changed begins anew.
 */
#include "map/lpm.h"
#include "map/batch.h"
#include "map/types.h"

#define LPM_FLAGS                                                                                                      \
    (SKEP_MAP_NO_PREALLOC | SKEP_MAP_NUMA_NODE | SKEP_MAP_RDONLY | SKEP_MAP_WRONLY | SKEP_MAP_RDONLY_PROG |            \
     SKEP_MAP_WRONLY_PROG)
#define PREFIX_SIZE 4u
#define DATA_MOST 256u
#define VALUE_MOST ((UINT32_C(4) << 20) - 280) /* KMALLOC_MAX_SIZE - DATA_MOST - what a node takes; as Linux 6.18 has it */
#define WORDS_MOST (DATA_MOST / 8)

struct node {
    struct node *child[2]; /* atomic */
    void *value;           /* atomic; NULL: none */
    uint32_t prefix;       /* atomic; bits */
    uint32_t unused;
    uint64_t data[]; /* atomic; the first byte is the highest one of the first word; what lies beyond the key is zero */
};

struct trie {
    struct skep_map map;
    struct node *root; /* atomic */
    uint32_t lock;
    uint32_t sequence; /* atomic */
    uint32_t words;    /* of a key's data */
    uint32_t longest;  /* prefix */
    uint32_t entries;
    struct sk_lpm_pool nodes, values;
};

struct wanted {
    uint32_t prefix;
    uint64_t data[WORDS_MOST];
};

static struct trie *trie_of(const struct skep_map *map) { return (struct trie *)(uintptr_t)map; }

static int check(const skep_map_options *o)
{
    return o->max_entries == 0 || !(o->flags & SKEP_MAP_NO_PREALLOC) || !sk_map_flags_ok(o->flags, LPM_FLAGS) ||
                   o->key_size <= PREFIX_SIZE || o->key_size > PREFIX_SIZE + DATA_MOST || o->value_size == 0 ||
                   o->value_size > VALUE_MOST
               ? -SKEP_EINVAL
               : 0;
}

static int create(struct skep_map *map, const skep_map_options *options)
{
    struct trie *t = trie_of(map);
    (void)options;
    t->words = (map->key_size - PREFIX_SIZE + 7) / 8;
    t->longest = (map->key_size - PREFIX_SIZE) * 8;
    /* Between entries there is at most one node without a value fewer; a value more, to replace one with. */
    sk_lpm_pool_init(&t->nodes, sizeof(struct node) + t->words * 8, 2 * (uint64_t)map->max_entries);
    sk_lpm_pool_init(&t->values, sk_map_round8(map->value_size), (uint64_t)map->max_entries + 1);
    return 0;
}

static void destroy(struct skep_map *map)
{
    sk_lpm_pool_destroy(&trie_of(map)->nodes, &map->hooks);
    sk_lpm_pool_destroy(&trie_of(map)->values, &map->hooks);
}

static void read_key(const struct trie *t, const void *key, struct wanted *w)
{
    const uint8_t *data = (const uint8_t *)key + PREFIX_SIZE;
    const uint32_t size = t->map.key_size - PREFIX_SIZE;
    w->prefix = sk_load32(key);
    if (size == 4) {
        w->data[0] = (uint64_t)sk_be32(sk_load32(data)) << 32;
        return;
    }
    uint32_t i = 0;
    for (; (i + 1) * 8 <= size; i++)
        w->data[i] = sk_be64(sk_load64(data + i * 8));
    if (i < t->words) {
        uint64_t last = 0;
        memcpy(&last, data + i * 8, size & 7);
        w->data[i] = sk_be64(last);
    }
}

static uint64_t data_of(const struct node *node, uint32_t word) { return __atomic_load_n(&node->data[word], __ATOMIC_ACQUIRE); }
static struct node *follow(struct node *const *link) { return __atomic_load_n(link, __ATOMIC_ACQUIRE); }
static void set_link(struct node **link, struct node *node) { __atomic_store_n(link, node, __ATOMIC_RELEASE); }
static unsigned bit_of(const uint64_t *data, uint32_t at) { return (unsigned)(data[at / 64] >> (63 - at % 64) & 1); }

/* Does the key begin with the first `prefix` bits of the node? */
static inline bool begins_with(const struct node *node, const uint64_t *data, uint32_t prefix)
{
    uint32_t i = 0;
    for (; prefix >= 64; prefix -= 64, i++)
        if (data_of(node, i) != data[i])
            return false;
    return !prefix || !((data_of(node, i) ^ data[i]) >> (64 - prefix));
}

static uint32_t leading_zeros(uint64_t v) /* not 0 */
{
    const uint32_t high = (uint32_t)(v >> 32);
    return high ? (uint32_t)__builtin_clz(high) : 32 + (uint32_t)__builtin_clz((uint32_t)v);
}

/* How many bits they have in common, both prefixes being what there is. */
static uint32_t common(const struct node *node, const struct wanted *w)
{
    const uint32_t most = node->prefix < w->prefix ? node->prefix : w->prefix;
    for (uint32_t i = 0; i * 64 < most; i++) {
        const uint64_t difference = data_of(node, i) ^ w->data[i];
        if (difference) {
            const uint32_t bits = i * 64 + leading_zeros(difference);
            return bits < most ? bits : most;
        }
    }
    return most;
}

static void *find(const struct trie *t, const struct wanted *w)
{
    for (;;) {
        const uint32_t sequence = __atomic_load_n(&t->sequence, __ATOMIC_ACQUIRE);
        void *found = NULL;
        const struct node *node = follow(&t->root);
        /* Prefixes grow on the way; should they not, nodes became others meanwhile. */
        for (uint32_t steps = 0; node && steps <= t->longest; steps++) {
            const uint32_t prefix = __atomic_load_n(&node->prefix, __ATOMIC_ACQUIRE);
            if (prefix > w->prefix || !begins_with(node, w->data, prefix))
                break;
            void *value = __atomic_load_n(&node->value, __ATOMIC_ACQUIRE);
            found = value ? value : found;
            if (prefix == t->longest)
                break;
            node = follow(&node->child[bit_of(w->data, prefix)]);
        }
        if (SK_LIKELY(__atomic_load_n(&t->sequence, __ATOMIC_RELAXED) == sequence))
            return found;
    }
}

static void *lookup(struct skep_map *map, const void *key, uint32_t cpu)
{
    const struct trie *t = trie_of(map);
    struct wanted w;
    (void)cpu;
    read_key(t, key, &w);
    return w.prefix > t->longest ? NULL : find(t, &w);
}

/* Where the search for just this prefix ends: a link that is NULL, or whose node parts from it or has it. */
static struct node **walk(struct trie *t, const struct wanted *w, uint32_t *in_common, struct node **parent,
                          struct node ***parent_link)
{
    struct node **link = &t->root, *node;
    *parent = NULL;
    *parent_link = link;
    while ((node = *link)) {
        *in_common = common(node, w);
        if (node->prefix != *in_common || node->prefix == w->prefix)
            break;
        *parent = node;
        *parent_link = link;
        link = &node->child[bit_of(w->data, node->prefix)];
    }
    return link;
}

static int check_add(struct trie *t, uint64_t flags)
{
    if (flags == SKEP_EXIST)
        return -SKEP_ENOENT;
    if (t->entries == t->map.max_entries)
        return -SKEP_ENOSPC;
    t->entries++;
    return 0;
}

static void set_data(const struct trie *t, struct node *node, const uint64_t *data)
{
    for (uint32_t i = 0; i < t->words; i++)
        __atomic_store_n(&node->data[i], data[i], __ATOMIC_RELEASE);
}

static struct node *new_node(struct trie *t, const uint64_t *data, uint32_t prefix, void *value)
{
    struct node *node = sk_lpm_pool_take(&t->nodes);
    set_data(t, node, data);
    __atomic_store_n(&node->prefix, prefix, __ATOMIC_RELEASE);
    __atomic_store_n(&node->value, value, __ATOMIC_RELEASE);
    set_link(&node->child[0], NULL);
    set_link(&node->child[1], NULL);
    return node;
}

static void *new_value(struct trie *t, const void *from)
{
    void *value = sk_lpm_pool_take(&t->values);
    sk_map_copy_words(value, from, t->map.value_size);
    return value;
}

/* With the lock held, and two nodes and a value to be had. */
static int insert(struct trie *t, const struct wanted *w, const void *value, uint64_t flags)
{
    uint32_t in_common = 0;
    struct node *parent, **parent_link, **link = walk(t, w, &in_common, &parent, &parent_link), *node = *link;
    const bool same = node && node->prefix == in_common && in_common == w->prefix;
    if (same && node->value && flags == SKEP_NOEXIST)
        return -SKEP_EEXIST;
    const int failed = same && node->value ? 0 : check_add(t, flags);
    if (failed)
        return failed;
    void *stored = new_value(t, value);
    if (same) {
        void *old = node->value;
        set_data(t, node, w->data); /* bits behind the prefix may be others: next_key tells them */
        __atomic_store_n(&node->value, stored, __ATOMIC_RELEASE);
        if (old)
            sk_lpm_pool_give(&t->values, old);
        return 0;
    }
    struct node *leaf = new_node(t, w->data, w->prefix, stored);
    if (node && in_common == w->prefix) {
        set_link(&leaf->child[bit_of(node->data, in_common)], node);
    } else if (node) {
        struct node *fork = new_node(t, node->data, in_common, NULL);
        const unsigned bit = bit_of(w->data, in_common);
        set_link(&fork->child[bit], leaf);
        set_link(&fork->child[!bit], node);
        leaf = fork;
    }
    set_link(link, leaf);
    return 0;
}

static int update(struct skep_map *map, const void *key, const void *value, uint64_t flags, uint32_t cpu)
{
    struct trie *t = trie_of(map);
    struct wanted w;
    (void)cpu;
    read_key(t, key, &w);
    if (flags > SKEP_EXIST || w.prefix > t->longest)
        return -SKEP_EINVAL;
    for (;;) {
        sk_spin_lock(&t->lock);
        /* A full trie's nodes are all made, and its entries can still be replaced: that takes none. */
        const bool full = t->entries == map->max_entries;
        struct sk_lpm_pool *short_of = !full && !sk_lpm_pool_has(&t->nodes, 2) ? &t->nodes
                                       : !sk_lpm_pool_has(&t->values, 1)       ? &t->values
                                                                               : NULL;
        const int result = short_of ? 0 : insert(t, &w, value, flags);
        sk_spin_unlock(&t->lock);
        if (!short_of)
            return result;
        if (!sk_lpm_pool_grow(short_of, &map->hooks, &t->lock))
            return -SKEP_ENOMEM;
    }
}

static int copy_in(struct skep_map *map, const void *key, const void *value, uint64_t flags)
{
    return update(map, key, value, flags, 0);
}

static int copy_out(struct skep_map *map, const void *key, void *value, uint64_t flags)
{
    struct trie *t = trie_of(map);
    (void)flags;
    sk_spin_lock(&t->lock); /* so that the value is not another's before it is copied */
    const void *from = lookup(map, key, 0);
    if (from)
        sk_map_copy_words(value, from, map->value_size);
    sk_spin_unlock(&t->lock);
    return from ? 0 : -SKEP_ENOENT;
}

static void drop_nodes(struct trie *t, struct node *a, struct node *b)
{
    __atomic_store_n(&t->sequence, t->sequence + 1, __ATOMIC_RELEASE);
    sk_lpm_pool_give(&t->nodes, a);
    if (b)
        sk_lpm_pool_give(&t->nodes, b);
}

static int remove_prefix(struct skep_map *map, const void *key)
{
    struct trie *t = trie_of(map);
    struct wanted w;
    uint32_t in_common = 0;
    read_key(t, key, &w);
    if (w.prefix > t->longest)
        return -SKEP_EINVAL;
    sk_spin_lock(&t->lock);
    struct node *parent, **parent_link, **link = walk(t, &w, &in_common, &parent, &parent_link), *node = *link;
    void *value = node && node->prefix == w.prefix && in_common == w.prefix ? node->value : NULL;
    if (!value) {
        sk_spin_unlock(&t->lock);
        return -SKEP_ENOENT;
    }
    t->entries--;
    if (node->child[0] && node->child[1]) {
        __atomic_store_n(&node->value, NULL, __ATOMIC_RELEASE); /* it remains where two part */
    } else if (parent && !parent->value && !node->child[0] && !node->child[1]) {
        set_link(parent_link, parent->child[parent->child[0] == node]);
        drop_nodes(t, parent, node);
    } else {
        set_link(link, node->child[0] ? node->child[0] : node->child[1]);
        drop_nodes(t, node, NULL);
    }
    sk_lpm_pool_give(&t->values, value);
    sk_spin_unlock(&t->lock);
    return 0;
}

/* The first entry at or below the node, the longest prefixes first: as Linux goes through a trie. */
static const struct node *first_below(const struct node *node)
{
    const struct node *found = NULL;
    while (node) {
        if (node->value) {
            found = node;
            node = node->child[0] ? node->child[0] : node->child[1];
        } else {
            node = node->child[0];
        }
    }
    return found;
}

/* With the lock held. */
static const struct node *next_node(const struct trie *t, const struct wanted *w)
{
    const struct node *node = t->root, *next = NULL;
    while (node && w->prefix <= t->longest) {
        const uint32_t in_common = common(node, w);
        if (node->prefix != in_common)
            break;
        if (node->prefix == w->prefix) {
            if (node->value)
                return next;
            break;
        }
        /* What comes after all that is below this child: the nearest one counts. */
        const unsigned bit = bit_of(w->data, node->prefix);
        if (bit == 0 && node->child[1])
            next = first_below(node->child[1]);
        else if (node->value)
            next = node;
        node = node->child[bit];
    }
    return first_below(t->root); /* there is no such prefix */
}

static int next_key(struct skep_map *map, const void *key, void *to)
{
    struct trie *t = trie_of(map);
    struct wanted w;
    if (key)
        read_key(t, key, &w);
    sk_spin_lock(&t->lock);
    const struct node *next = key ? next_node(t, &w) : first_below(t->root);
    if (next) {
        sk_store32(to, next->prefix);
        for (uint32_t i = 0, left = map->key_size - PREFIX_SIZE; i < t->words; i++, left -= 8) {
            const uint64_t word = sk_be64(next->data[i]);
            memcpy((uint8_t *)to + PREFIX_SIZE + i * 8, &word, left < 8 ? left : 8);
        }
    }
    sk_spin_unlock(&t->lock);
    return next ? 0 : -SKEP_ENOENT;
}

static bool find_value(const struct skep_map *map, uint64_t address, struct sk_span *span)
{
    uint64_t low;
    if (!sk_lpm_pool_find(&trie_of(map)->values, address, &low) || address - low >= map->value_size)
        return false;
    *span = (struct sk_span){low, map->value_size};
    return true;
}

const struct sk_map_ops sk_map_lpm = {
    .type = SKEP_MAP_LPM_TRIE,
    .size = sizeof(struct trie),
    .check = check,
    .create = create,
    .destroy = destroy,
    .lookup = lookup,
    .update = update,
    .remove = remove_prefix,
    .find_value = find_value,
    .copy_out = copy_out,
    .copy_in = copy_in,
    .next_key = next_key,
    .lookup_batch = sk_batch_lookup,
    .update_batch = sk_batch_update,
    .remove_batch = sk_batch_remove,
};
