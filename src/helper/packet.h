/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What helpers on packets have in common. A run without a packet of that kind ends: its program type has no such helper. */
#ifndef SK_HELPER_PACKET_H
#define SK_HELPER_PACKET_H

#include "helper/kernel.h"
#include "run/packet.h"

/* enum bpf_ret_code of both kinds, as redirects answer. */
enum { SK_TC_SHOT = 2, SK_TC_REDIRECT = 7 };

static inline bool sk_is_skb(const skep_run *run) { return sk_packet_has(run) && run->packet_len; }
static inline bool sk_is_xdp(const skep_run *run) { return sk_packet_has(run) && !run->packet_len; }

static inline bool sk_need(skep_run *run, bool there)
{
    if (SK_UNLIKELY(!there))
        skep_run_fail(run, -SKEP_EINVAL, "programs of this type have no use for it");
    return there;
}
#define SK_NEED_SKB(run)                                                                                               \
    do                                                                                                                 \
        if (!sk_need(run, sk_is_skb(run)))                                                                             \
            return 0;                                                                                                  \
    while (0)
#define SK_NEED_XDP(run)                                                                                               \
    do                                                                                                                 \
        if (!sk_need(run, sk_is_xdp(run)))                                                                             \
            return 0;                                                                                                  \
    while (0)

static inline uint8_t *sk_packet_bytes(const skep_run *run) { return sk_ptr(run->packet); }

/* packet's bytes may be written as far as that: bpf_try_make_writable(). */
static inline bool sk_packet_reaches(const skep_run *run, uint64_t size) { return size <= run->packet_size; }

#endif
