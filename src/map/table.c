/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "map/table.h"

#include "map/jhash.h"

bool sk_table_create(struct sk_table *t, const skep_hooks *hooks, uint32_t capacity, uint32_t key_size, bool plain,
                     uint32_t seed)
{
    uint64_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    *t = (struct sk_table){.capacity = capacity,
                           .key_size = key_size,
                           .key_words = key_size / 4 + (key_size % 4 != 0),
                           .mask = (uint32_t)(buckets - 1),
                           .seed = seed,
                           .plain = plain};
    if (buckets > SIZE_MAX / 8 || t->key_words > SIZE_MAX / 8 / capacity)
        return false;
    t->heads = sk_alloc(hooks, (size_t)buckets * 4);
    t->next = sk_alloc(hooks, (size_t)capacity * 4);
    t->keys = sk_alloc_array(hooks, (size_t)capacity * t->key_words, 4);
    if (!t->heads || !t->next || !t->keys) {
        sk_table_destroy(t, hooks);
        return false;
    }
    memset(t->heads, 0xff, (size_t)buckets * 4);
    for (uint32_t i = 0; i < capacity; i++)
        t->next[i] = i + 1 < capacity ? i + 1 : SK_NO_ENTRY;
    return true;
}

void sk_table_destroy(struct sk_table *t, const skep_hooks *hooks)
{
    sk_free(hooks, t->heads);
    sk_free(hooks, t->next);
    sk_free(hooks, t->keys);
}

static uint32_t *head_of(const struct sk_table *t, const void *key)
{
    /* A constant size makes little of the usual hash. */
    const uint32_t hash = t->plain           ? sk_load32(key)
                          : t->key_size == 4 ? sk_jhash(key, 4, t->seed)
                                             : sk_jhash(key, t->key_size, t->seed);
    return &t->heads[hash & t->mask];
}

static uint32_t read_link(const uint32_t *link) { return __atomic_load_n(link, __ATOMIC_RELAXED); }
static void write_link(uint32_t *link, uint32_t entry) { __atomic_store_n(link, entry, __ATOMIC_RELAXED); }

/* The last word of a key may be a part of one: it ends with zeros. */
static uint32_t word_of(const struct sk_table *t, const void *key, uint32_t index)
{
    const uint8_t *k = (const uint8_t *)key + (size_t)index * 4;
    if (index + 1 < t->key_words || t->key_size % 4 == 0)
        return sk_load32(k);
    uint32_t word = 0;
    memcpy(&word, k, t->key_size % 4);
    return word;
}

static uint32_t *key_of(const struct sk_table *t, uint32_t entry) { return t->keys + (size_t)entry * t->key_words; }

static bool equal(const struct sk_table *t, uint32_t entry, const void *key)
{
    const uint32_t *words = key_of(t, entry);
    for (uint32_t i = 0; i < t->key_words; i++)
        if (__atomic_load_n(&words[i], __ATOMIC_RELAXED) != word_of(t, key, i))
            return false;
    return true;
}

uint32_t sk_table_get(const struct sk_table *t, const void *key)
{
    uint32_t entry = read_link(head_of(t, key));
    while (entry != SK_NO_ENTRY && !equal(t, entry, key))
        entry = read_link(&t->next[entry]);
    return entry;
}

/* Links change under our eyes, so the walk may lead anywhere, even in circles; never outside, and not for ever. */
uint32_t sk_table_walk(const struct sk_table *t, const void *key)
{
    uint32_t entry = read_link(head_of(t, key)), steps = 0;
    if (t->key_size == 4) { /* as in most */
        const uint32_t word = sk_load32(key);
        for (; entry != SK_NO_ENTRY && read_link(&t->keys[entry]) != word; entry = read_link(&t->next[entry]))
            if (steps++ == t->capacity)
                return SK_NO_ENTRY;
        return entry;
    }
    for (; entry != SK_NO_ENTRY && !equal(t, entry, key); entry = read_link(&t->next[entry]))
        if (steps++ == t->capacity)
            return SK_NO_ENTRY;
    return entry;
}

static void begin_update(struct sk_table *t)
{
    __atomic_store_n(&t->version, t->version + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end_update(struct sk_table *t) { __atomic_store_n(&t->version, t->version + 1, __ATOMIC_RELEASE); }

void sk_table_add(struct sk_table *t, const void *key)
{
    const uint32_t entry = t->unused;
    uint32_t *head = head_of(t, key), *words = key_of(t, entry);
    begin_update(t);
    t->unused = read_link(&t->next[entry]);
    for (uint32_t i = 0; i < t->key_words; i++)
        __atomic_store_n(&words[i], word_of(t, key, i), __ATOMIC_RELAXED);
    write_link(&t->next[entry], read_link(head));
    write_link(head, entry);
    t->used++;
    end_update(t);
}

void sk_table_remove(struct sk_table *t, const void *key)
{
    uint32_t *link = head_of(t, key);
    while (!equal(t, read_link(link), key))
        link = &t->next[read_link(link)];
    const uint32_t entry = read_link(link);
    begin_update(t);
    write_link(link, read_link(&t->next[entry]));
    write_link(&t->next[entry], t->unused);
    t->unused = entry;
    t->used--;
    end_update(t);
}

bool sk_table_next(const struct sk_table *t, const void *key, void *next)
{
    uint32_t entry = key ? sk_table_get(t, key) : SK_NO_ENTRY;
    size_t bucket = 0;
    if (entry != SK_NO_ENTRY) {
        bucket = (size_t)(head_of(t, key) - t->heads) + 1;
        entry = read_link(&t->next[entry]);
    }
    for (; entry == SK_NO_ENTRY && bucket <= t->mask; bucket++)
        entry = read_link(&t->heads[bucket]);
    if (entry == SK_NO_ENTRY)
        return false;
    memcpy(next, key_of(t, entry), t->key_size);
    return true;
}
