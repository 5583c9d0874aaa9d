/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ring buffers as helpers and consumers use them (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst). Whoever calls
 * has checked that the map is a ring buffer, and that what is committed was reserved and not yet committed.
 */
#ifndef SK_RINGBUF_H
#define SK_RINGBUF_H

#include "map/map.h"

#define SK_RINGBUF_NO_WAKEUP 1u    /* BPF_RB_NO_WAKEUP */
#define SK_RINGBUF_FORCE_WAKEUP 2u /* BPF_RB_FORCE_WAKEUP */
/* enum of bpf_ringbuf_query. */
#define SK_RINGBUF_AVAIL_DATA 0u
#define SK_RINGBUF_RING_SIZE 1u
#define SK_RINGBUF_CONS_POS 2u
#define SK_RINGBUF_PROD_POS 3u

/* `size` bytes at an address that is a multiple of 8, the caller's alone until they are committed; NULL: there is no
 * room. The consumer stops at records that are not committed, so every one has to be, by the end of the run at the
 * latest. */
void *sk_ringbuf_reserve(struct skep_map *map, uint64_t size);
/* To the consumer, or, discarded, out of its sight. There is nobody to wake, so flags have no effect. */
void sk_ringbuf_commit(void *record, bool discard);
/* 0, -SKEP_EINVAL or -SKEP_EAGAIN. */
int sk_ringbuf_output(struct skep_map *map, const void *data, uint64_t size, uint64_t flags);
uint64_t sk_ringbuf_query(struct skep_map *map, uint64_t what); /* 0 for what is not known */

int sk_ringbuf_consume(struct skep_map *map, skep_record_fn visit, void *user);

#endif
