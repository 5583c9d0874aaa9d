/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Helpers of programs with an sk_buff: its bytes, checksums and room (net/core/filter.c). There is no more to an sk_buff here
 * than a packet in one piece, the room around it, and the members of __sk_buff; its checksum has never been looked at
 * (CHECKSUM_NONE), as in BPF_PROG_TEST_RUN. What finds no room is -ENOMEM.
 */
#include "helper/checksum.h"
#include "helper/packet.h"

#define FIELD_MASK UINT64_C(0xf) /* BPF_F_HDR_FIELD_MASK: how many bytes changed */
#define PSEUDO_HDR UINT64_C(0x10)
#define MARK_MANGLED_0 UINT64_C(0x20)
#define MARK_ENFORCE UINT64_C(0x40)
#define IPV6_CSUM UINT64_C(0x80)
#define MAX_LEN 16064u /* BPF_SKB_MAX_LEN with pages of 4096 bytes */
#define VLAN_BYTES 4u
#define ETH_HLEN 14u

enum { PKT_TYPE = 4, PROTOCOL = 16, VLAN_PRESENT = 20, VLAN_TCI = 24, VLAN_PROTO = 28, HASH = 68, TSTAMP = 152, TSTAMP_TYPE = 180 };
enum { IPV4 = 0x0800, VLAN = 0x8100, IPV6 = 0x86dd, QINQ = 0x88a8 }; /* ETH_P_* */

static uint32_t *field(const skep_run *run, uint32_t offset) { return sk_context_u32(run, offset); }
static uint16_t protocol(const skep_run *run) { return sk_be16((uint16_t)*field(run, PROTOCOL)); }

/* ------------------------------------------------------------------------------------------- bytes */

static uint64_t load(skep_run *run, uint64_t from, bool good, uint64_t to, uint32_t size)
{
    if (good && from >= run->room_low && from + size <= sk_packet_end(run)) {
        memmove(sk_ptr(to), sk_ptr(from), size);
        return 0;
    }
    memset(sk_ptr(to), 0, size);
    return sk_int(-SKEP_EFAULT);
}

SK_BPF(skb_load_bytes)
{
    const uint32_t offset = (uint32_t)r2;
    SK_NEED_SKB(run);
    return load(run, run->packet + offset, offset <= INT32_MAX, r3, (uint32_t)r4);
}

SK_BPF(skb_load_bytes_relative)
{
    const uint32_t offset = (uint32_t)r2, header = (uint32_t)r5;
    SK_NEED_SKB(run);
    return load(run, (header ? run->network_header : run->mac_header) + offset, offset <= 0xffff && header <= 1, r3, (uint32_t)r4);
}

SK_BPF(skb_store_bytes)
{
    const uint32_t offset = (uint32_t)r2, size = (uint32_t)r4;
    SK_NEED_SKB(run);
    if (r5 & ~UINT64_C(3)) /* BPF_F_RECOMPUTE_CSUM, BPF_F_INVALIDATE_HASH */
        return sk_int(-SKEP_EINVAL);
    if (offset > INT32_MAX || !sk_packet_reaches(run, (uint64_t)offset + size))
        return sk_int(-SKEP_EFAULT);
    memmove(sk_packet_bytes(run) + offset, sk_ptr(r3), size);
    if (r5 & 2)
        *field(run, HASH) = 0;
    return 0;
}

SK_BPF(skb_pull_data)
{
    SK_NEED_SKB(run);
    return sk_packet_reaches(run, (uint32_t)r2) ? 0 : sk_int(-SKEP_ENOMEM);
}

/* ----------------------------------------------------------------------------------------- checksums */

static uint16_t replace(uint16_t sum, uint32_t from, uint32_t to)
{
    return sk_csum_fold(sk_csum_add(sk_csum_sub(~sk_csum_unfold(sum), from), to));
}

/* csum16_sub, csum16_add: sums of 16 bits with the carry brought around. */
static uint16_t add16(uint16_t a, uint16_t b)
{
    uint16_t sum = (uint16_t)(a + b);
    return (uint16_t)(sum + (sum < b));
}
static uint16_t replace2(uint16_t sum, uint16_t from, uint16_t to)
{
    return (uint16_t)~add16(add16((uint16_t)~sum, (uint16_t)~from), to);
}

/* The sum at an offset; NULL: there is none. */
static uint8_t *sum_at(const skep_run *run, uint32_t offset)
{
    return offset > 0xffff || offset & 1 || !sk_packet_reaches(run, (uint64_t)offset + 2) ? NULL : sk_packet_bytes(run) + offset;
}

SK_BPF(l3_csum_replace)
{
    SK_NEED_SKB(run);
    if (r5 & ~FIELD_MASK)
        return sk_int(-SKEP_EINVAL);
    uint8_t *at = sum_at(run, (uint32_t)r2);
    if (!at)
        return sk_int(-SKEP_EFAULT);
    const uint16_t sum = sk_load16(at);
    if (r5 == 0 && r3 == 0)
        sk_store16(at, sk_csum_fold(sk_csum_add((uint32_t)r4, ~sk_csum_unfold(sum))));
    else if (r5 == 2)
        sk_store16(at, replace2(sum, (uint16_t)r3, (uint16_t)r4));
    else if (r5 == 4)
        sk_store16(at, replace(sum, (uint32_t)r3, (uint32_t)r4));
    else
        return sk_int(-SKEP_EINVAL);
    return 0;
}

SK_BPF(l4_csum_replace)
{
    const uint64_t bytes = r5 & FIELD_MASK;
    SK_NEED_SKB(run);
    if (r5 & ~(FIELD_MASK | PSEUDO_HDR | MARK_MANGLED_0 | MARK_ENFORCE | IPV6_CSUM))
        return sk_int(-SKEP_EINVAL);
    uint8_t *at = sum_at(run, (uint32_t)r2);
    if (!at)
        return sk_int(-SKEP_EFAULT);
    uint16_t sum = sk_load16(at);
    if (r5 & MARK_MANGLED_0 && !(r5 & MARK_ENFORCE) && !sum)
        return 0; /* UDP without a checksum */
    if (bytes == 0 && r3 == 0)
        sum = sk_csum_fold(sk_csum_add((uint32_t)r4, ~sk_csum_unfold(sum)));
    else if (bytes == 2)
        sum = replace(sum, (uint16_t)r3, (uint16_t)r4);
    else if (bytes == 4)
        sum = replace(sum, (uint32_t)r3, (uint32_t)r4);
    else
        return sk_int(-SKEP_EINVAL);
    sk_store16(at, r5 & MARK_MANGLED_0 && !sum ? 0xffff : sum);
    return 0;
}

SK_BPF(csum_update)
{
    SK_NEED_SKB(run);
    return sk_int(-SKEP_ENOTSUPP);
}

SK_BPF(csum_level)
{
    SK_NEED_SKB(run);
    return sk_int(r2 == 0 ? -SKEP_EACCES : r2 <= 3 ? 0 : -SKEP_EINVAL);
}

/* ---------------------------------------------------------------------------------------------- room */

/* `bytes` more at `offset` from the beginning, which moves: bpf_skb_generic_push(). False: there is no room. */
static bool push(skep_run *run, uint32_t offset, uint32_t bytes)
{
    if (bytes > run->packet - run->room_low || !sk_packet_reaches(run, offset))
        return false;
    const uint64_t data = run->packet - bytes;
    memmove(sk_ptr(data), sk_ptr(run->packet), offset);
    memset(sk_ptr(data + offset), 0, bytes);
    run->mac_header -= bytes;
    run->network_header -= bytes;
    sk_packet_place(run, data, data, sk_packet_end(run));
    return true;
}

static bool pop(skep_run *run, uint32_t offset, uint32_t bytes)
{
    if (!sk_packet_reaches(run, (uint64_t)offset + bytes))
        return false;
    const uint64_t data = run->packet + bytes;
    memmove(sk_ptr(data), sk_ptr(run->packet), offset);
    run->mac_header += bytes;
    run->network_header += bytes;
    sk_packet_place(run, data, data, sk_packet_end(run));
    return true;
}

SK_BPF(skb_change_tail)
{
    const uint32_t size = (uint32_t)r2;
    SK_NEED_SKB(run);
    const uint64_t least = run->network_header > run->packet ? run->network_header - run->packet : 0;
    if (r3 || size > MAX_LEN || size < least)
        return sk_int(-SKEP_EINVAL);
    if (size > run->packet_size) {
        const uint64_t more = size - run->packet_size;
        if (more > sk_packet_tailroom(run))
            return sk_int(-SKEP_ENOMEM);
        memset(sk_ptr(sk_packet_end(run)), 0, (size_t)more);
    }
    sk_packet_place(run, run->packet_meta, run->packet, run->packet + size);
    return 0;
}

SK_BPF(skb_change_head)
{
    const uint32_t more = (uint32_t)r2;
    SK_NEED_SKB(run);
    if (r3 || more > INT32_MAX || run->packet_size + more > MAX_LEN)
        return sk_int(-SKEP_EINVAL);
    const uint64_t network = run->network_header;
    if (!push(run, 0, more))
        return sk_int(-SKEP_ENOMEM);
    run->network_header = network;
    run->mac_header = run->packet;
    return 0;
}

/* The network header becomes that of the other IP, as zeros where it is new; nothing else is filled in. */
SK_BPF(skb_change_proto)
{
    SK_NEED_SKB(run);
    const uint16_t from = protocol(run), to = sk_be16((uint16_t)r2);
    if (r3)
        return sk_int(-SKEP_EINVAL);
    const uint32_t offset = run->network_header > run->packet ? (uint32_t)(run->network_header - run->packet) : 0;
    bool done;
    if (from == IPV4 && to == IPV6)
        done = push(run, offset, 20);
    else if (from == IPV6 && to == IPV4)
        done = pop(run, offset, 20);
    else
        return sk_int(-SKEP_ENOTSUPP);
    if (!done)
        return sk_int(-SKEP_ENOMEM);
    run->network_header = run->packet + offset;
    *field(run, PROTOCOL) = (uint16_t)r2;
    *field(run, HASH) = 0;
    return 0;
}

SK_BPF(skb_change_type)
{
    SK_NEED_SKB(run);
    if (*field(run, PKT_TYPE) > 3 || (uint32_t)r2 > 3) /* PACKET_OTHERHOST */
        return sk_int(-SKEP_EINVAL);
    *field(run, PKT_TYPE) = (uint32_t)r2;
    return 0;
}

/* ---------------------------------------------------------------------------------------------- VLANs */

static bool is_vlan(uint16_t type) { return type == VLAN || type == QINQ; }

static void set_tag(skep_run *run, bool present, uint16_t type, uint16_t tci)
{
    *field(run, VLAN_PRESENT) = present;
    *field(run, VLAN_PROTO) = present ? sk_be16(type) : 0;
    *field(run, VLAN_TCI) = present ? tci : 0;
}

/* The tag that lies beside the packet goes into it: skb_vlan_push(). */
SK_BPF(skb_vlan_push)
{
    const uint16_t type = sk_be16((uint16_t)r2);
    SK_NEED_SKB(run);
    if (*field(run, VLAN_PRESENT)) {
        const uint16_t outer = (uint16_t)*field(run, VLAN_PROTO), tci = (uint16_t)*field(run, VLAN_TCI);
        if (run->packet_size < ETH_HLEN || !push(run, 12, VLAN_BYTES))
            return sk_int(-SKEP_ENOMEM);
        sk_store16(sk_packet_bytes(run) + 12, outer);
        sk_store16(sk_packet_bytes(run) + 14, sk_be16(tci));
        run->network_header = run->packet + ETH_HLEN;
        *field(run, PROTOCOL) = outer;
    }
    set_tag(run, true, is_vlan(type) ? type : VLAN, (uint16_t)r3);
    return 0;
}

/* Out of the packet: __skb_vlan_pop(). */
static bool pull_tag(skep_run *run, uint16_t *tci)
{
    if (run->packet_size < ETH_HLEN + VLAN_BYTES)
        return false;
    *tci = sk_be16(sk_load16(sk_packet_bytes(run) + 14));
    pop(run, 12, VLAN_BYTES);
    run->network_header = run->packet + ETH_HLEN;
    const uint16_t type = sk_load16(sk_packet_bytes(run) + 12);
    *field(run, PROTOCOL) = sk_be16(type) >= 0x600 ? type : sk_be16(4); /* ETH_P_802_2 */
    return true;
}

SK_BPF(skb_vlan_pop)
{
    uint16_t tci;
    SK_NEED_SKB(run);
    if (*field(run, VLAN_PRESENT)) {
        set_tag(run, false, 0, 0);
    } else {
        if (!is_vlan(protocol(run)))
            return 0;
        if (!pull_tag(run, &tci))
            return sk_int(-SKEP_ENOMEM);
    }
    const uint16_t type = protocol(run);
    if (!is_vlan(type)) /* else the next one lies beside the packet from now on */
        return 0;
    if (!pull_tag(run, &tci))
        return sk_int(-SKEP_ENOMEM);
    set_tag(run, true, type, tci);
    return 0;
}

/* ------------------------------------------------------------------------------------------ the rest */

/* What stays the same within a flow, or 0. */
static uint32_t flow_hash(const skep_run *run)
{
    const uint64_t at = run->network_header, end = sk_packet_end(run);
    const uint8_t *p = sk_ptr(at);
    const bool v4 = protocol(run) == IPV4;
    const uint32_t size = v4 ? 20 : 40;
    if ((!v4 && protocol(run) != IPV6) || at < run->packet || at + size > end)
        return 0;
    const uint32_t begin = v4 ? 12 : 8, ports = v4 ? (p[0] & 15) * 4u : 40;
    const uint8_t next = p[v4 ? 9 : 6];
    uint32_t hash = next;
    for (uint32_t i = begin; i < size; i += 4)
        hash = (hash ^ sk_load32(p + i)) * UINT32_C(0x9e3779b1);
    if ((next == 6 || next == 17) && at + ports + 4 <= end && !(v4 && sk_be16(sk_load16(p + 6)) & 0x3fff))
        hash = (hash ^ sk_load32(p + ports)) * UINT32_C(0x9e3779b1);
    hash ^= hash >> 16;
    return hash ? hash : 1;
}

SK_BPF(get_hash_recalc)
{
    SK_NEED_SKB(run);
    uint32_t *hash = field(run, HASH);
    if (!*hash)
        *hash = flow_hash(run);
    return *hash;
}

SK_BPF(set_hash_invalid)
{
    SK_NEED_SKB(run);
    *field(run, HASH) = 0;
    return 0;
}

SK_BPF(set_hash)
{
    SK_NEED_SKB(run);
    *field(run, HASH) = (uint32_t)r2;
    return 0;
}

/* INET_ECN_set_ce(), include/net/inet_ecn.h */
SK_BPF(skb_ecn_set_ce)
{
    SK_NEED_SKB(run);
    const uint64_t at = run->network_header, end = sk_packet_end(run);
    uint8_t *p = sk_ptr(at);
    if (protocol(run) == IPV4 && at >= run->packet && at + 20 <= end) {
        const unsigned ecn = (p[1] + 1u) & 3;
        if (!(ecn & 2))
            return !ecn;
        const uint16_t add = (uint16_t)(sk_be16(0xfffb) + sk_be16((uint16_t)ecn));
        sk_store16(p + 10, add16(sk_load16(p + 10), add));
        p[1] |= 3;
        return 1;
    }
    if (protocol(run) == IPV6 && at >= run->packet && at + 40 <= end) {
        if (!(p[1] & 0x30))
            return 0;
        p[1] |= 0x30;
        return 1;
    }
    return 0;
}

SK_BPF(skb_set_tstamp)
{
    SK_NEED_SKB(run);
    const uint32_t type = (uint32_t)r3;
    if (protocol(run) != IPV4 && protocol(run) != IPV6)
        return sk_int(-SKEP_EOPNOTSUPP);
    if (type > 2 || (type && !r2)) /* BPF_SKB_CLOCK_REALTIME, _MONOTONIC, _TAI */
        return sk_int(-SKEP_EINVAL);
    sk_store64(field(run, TSTAMP), r2);
    *(uint8_t *)field(run, TSTAMP_TYPE) = (uint8_t)type;
    return 0;
}

/* As in BPF_PROG_TEST_RUN: the packet's socket is root's, in the root of all cgroups. No other socket is known. */
SK_BPF(skb_cgroup_id) { return 1; }
SK_BPF(skb_ancestor_cgroup_id) { return (int32_t)r2 == 0; }
SK_BPF(skb_cgroup_classid) { return 0; }
SK_BPF(sk_lookup_tcp) { return 0; }
SK_BPF(sk_lookup_udp) { return 0; }
SK_BPF(skc_lookup_tcp) { return 0; }
