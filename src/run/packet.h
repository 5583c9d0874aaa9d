/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The packet of a run whose context is one of Linux's, and what its helpers change: its bounds, within the room that the
 * caller left around it (skep_exec_options.headroom and tailroom), and the fields of the context.
 *
 * r1 leads to a shadow of the context in Linux's layout, run->context, which is no region: accesses to it go by the
 * table of its kind (context/fields.h). Behind it stand the 64-bit pointers that its 32-bit data members are read as
 * (run->slots, enum sk_context_slot). Bounds of the packet are in one place only, run->packet and what is next to it;
 * sk_packet_place() tells everybody: slots, the region, guard caches of both engines.
 *
 * Always: room_low <= packet_meta <= packet <= packet + packet_size <= room_high.
 */
#ifndef SK_PACKET_H
#define SK_PACKET_H

#include "run/run.h"

enum sk_context_slot { SK_SLOT_DATA, SK_SLOT_DATA_END, SK_SLOT_DATA_META, SK_SLOT_COUNT };

/* Whether the run has such a packet; everything below needs that. */
static inline bool sk_packet_has(const skep_run *run) { return run->slots != NULL; }

static inline uint64_t sk_packet_end(const skep_run *run) { return run->packet + run->packet_size; }
static inline uint64_t sk_packet_headroom(const skep_run *run) { return run->packet_meta - run->room_low; }
static inline uint64_t sk_packet_tailroom(const skep_run *run) { return run->room_high - sk_packet_end(run); }

/* A 32-bit member of the context, by its offset in Linux's struct; in the host's byte order. */
static inline uint32_t *sk_context_u32(const skep_run *run, uint32_t offset)
{
    return (uint32_t *)sk_ptr(run->context + offset);
}

/* The packet's new bounds. Its bytes stay where they are; `len` of an skb follows its size. */
void sk_packet_place(skep_run *run, uint64_t meta, uint64_t data, uint64_t end);

/* bpf_xdp_adjust_head, _tail and _meta: 0, or the kernel's negative error number, and then nothing has changed. */
int64_t sk_packet_adjust_head(skep_run *run, int32_t delta);
int64_t sk_packet_adjust_tail(skep_run *run, int32_t delta);
int64_t sk_packet_adjust_meta(skep_run *run, int32_t delta);

#endif
