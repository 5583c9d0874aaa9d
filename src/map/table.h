/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Keys to entry numbers, for maps whose values are something of their own: device maps and maps of maps. Entries are
 * below `capacity`; what belongs to entry N is the owner's, in an array of its own.
 *
 * Lookups take no lock: they begin anew if an update came between, which `version` tells (odd while one goes on).
 */
#ifndef SK_TABLE_H
#define SK_TABLE_H

#include "map/lock.h"

#define SK_NO_ENTRY UINT32_MAX

struct sk_table {
    uint32_t capacity, used, key_size, key_words;
    uint32_t mask; /* buckets, less one */
    uint32_t seed; /* of the hash; SK_TABLE_PLAIN: the key itself is the hash */
    bool plain;
    uint32_t lock;
    uint32_t version; /* atomic */
    uint32_t unused;  /* first of the chain of free entries */
    uint32_t *heads;  /* [mask + 1]; atomic: entry, or SK_NO_ENTRY */
    uint32_t *next;   /* [capacity]; atomic, the same */
    uint32_t *keys;   /* [capacity][key_words]; atomic; the last word is filled with zeros */
};

/* `plain`: the hash of a key of 4 bytes is the key, as in devmap_hash. false: no memory. */
bool sk_table_create(struct sk_table *t, const skep_hooks *hooks, uint32_t capacity, uint32_t key_size, bool plain,
                     uint32_t seed);
void sk_table_destroy(struct sk_table *t, const skep_hooks *hooks);

/*
 * Without the lock. What is read about an entry belongs to the key only if no update came between, for entries are used
 * again:
 *
 *     do {
 *         version = sk_table_begin(t);
 *         entry = sk_table_walk(t, key);
 *         ... read what belongs to it, atomically ...
 *     } while (sk_table_again(t, version));
 */
static inline uint32_t sk_table_begin(const struct sk_table *t)
{
    uint32_t version;
    while ((version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE)) & 1)
        sk_spin_wait();
    return version;
}
uint32_t sk_table_walk(const struct sk_table *t, const void *key);
static inline bool sk_table_again(const struct sk_table *t, uint32_t version)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&t->version, __ATOMIC_RELAXED) != version;
}

/* With the lock held. */
uint32_t sk_table_get(const struct sk_table *t, const void *key);
/* Which entry sk_table_add would take; SK_NO_ENTRY: none is left. To be filled before. */
static inline uint32_t sk_table_free_entry(const struct sk_table *t) { return t->unused; }
/* Adds a key that is not there, at the head of its chain. */
void sk_table_add(struct sk_table *t, const void *key);
void sk_table_remove(struct sk_table *t, const void *key); /* a key that is there */
/* The key after `key`, or the first one; false: there is none. Order: buckets, and in them the latest first. */
bool sk_table_next(const struct sk_table *t, const void *key, void *next);

#endif
