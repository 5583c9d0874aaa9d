/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where packets go: recorded for whoever runs the program, and answered from the script (net/core/filter.c). */
#include "map/redirect.h"

#include "helper/packet.h"

enum { XDP_ABORTED = 0, XDP_REDIRECT = 4 };
#define INGRESS UINT64_C(1) /* BPF_F_INGRESS */

static uint64_t record(skep_run *run, uint64_t ifindex, uint64_t flags, uint64_t answer)
{
    run->redirect = (struct sk_redirect){.kind = SK_REDIRECT_IFINDEX, .ifindex = (uint32_t)ifindex, .flags = flags};
    return answer;
}

SK_BPF(redirect)
{
    if (!sk_need(run, sk_packet_has(run)))
        return 0;
    if (sk_is_xdp(run))
        return r2 ? XDP_ABORTED : record(run, r1, r2, XDP_REDIRECT);
    return r2 & ~INGRESS ? SK_TC_SHOT : record(run, r1, r2, SK_TC_REDIRECT);
}

SK_BPF(redirect_peer)
{
    SK_NEED_SKB(run);
    return r2 ? SK_TC_SHOT : record(run, r1, r2, SK_TC_REDIRECT);
}

SK_BPF(redirect_neigh)
{
    const uint32_t size = (uint32_t)r3;
    SK_NEED_SKB(run);
    return (size && size < 20) || r4 ? SK_TC_SHOT : record(run, r1, r4, SK_TC_REDIRECT); /* struct bpf_redir_neigh */
}

SK_BPF(redirect_map)
{
    struct skep_map *map = sk_map_argument(run, 1, r1);
    struct sk_redirect_target target;
    if (!map || !sk_need(run, sk_is_xdp(run)))
        return 0;
    if (!sk_redirect_is(map))
        return sk_wrong_map(run);
    uint64_t answer = sk_redirect_map(map, r2, r3, &target);
    if (answer == XDP_REDIRECT)
        run->redirect = (struct sk_redirect){SK_REDIRECT_MAP, target.value, map, r2, target.value, r3};
    return answer;
}

SK_BPF(clone_redirect)
{
    SK_NEED_SKB(run);
    if (r3 & ~INGRESS)
        return sk_int(-SKEP_EINVAL);
    if (run->script && run->script->clone)
        run->script->clone(run->script->user, (uint32_t)r2, r3, sk_packet_bytes(run), (size_t)run->packet_size);
    return 0;
}

/* ------------------------------------------------------------------------------------------- routes */

/* struct bpf_fib_lookup */
enum {
    FIB_FAMILY = 0, FIB_LENGTH = 6, FIB_MTU = 6, FIB_IFINDEX = 8, FIB_TOS = 12, FIB_SOURCE = 16, FIB_DESTINATION = 32, FIB_VLAN = 48, FIB_SOURCE_MAC = 52,
    FIB_DESTINATION_MAC = 58, FIB_SIZE = 64
};
enum { FIB_SUCCESS = 0, FIB_NOT_FORWARDED = 4, FIB_NO_NEIGHBOUR = 7, FIB_TOO_LONG = 8 };
#define FIB_FLAGS UINT32_C(0x3f)
#define FIB_SKIP_NEIGHBOUR UINT32_C(4)
#define FIB_SOURCE_WANTED UINT32_C(16)

static bool matches(const skep_route *route, unsigned family, const uint8_t *to)
{
    if (route->family != family || route->prefix_length > (family == 2 ? 32u : 128u))
        return false;
    const unsigned whole = route->prefix_length / 8u, rest = route->prefix_length % 8u;
    return !memcmp(route->destination, to, whole) && (!rest || !((route->destination[whole] ^ to[whole]) >> (8 - rest)));
}

/* The longest prefix of the script's routes. */
static const skep_route *find_route(const skep_run *run, unsigned family, const uint8_t *to)
{
    const skep_script *script = run->script;
    const skep_route *best = NULL;
    for (size_t i = 0; script && i < script->route_count; i++) {
        const skep_route *route = &script->routes[i];
        if (matches(route, family, to) && (!best || route->prefix_length > best->prefix_length))
            best = route;
    }
    return best;
}

SK_BPF(fib_lookup)
{
    uint8_t *p = sk_ptr(r2);
    const uint32_t size = (uint32_t)r3, flags = (uint32_t)r4;
    if (!sk_need(run, sk_packet_has(run)))
        return 0;
    if (size < FIB_SIZE || flags & ~FIB_FLAGS)
        return sk_int(-SKEP_EINVAL);
    const unsigned family = p[FIB_FAMILY];
    const uint32_t bytes = family == 2 ? 4 : 16; /* AF_INET, AF_INET6 */
    if (family != 2 && family != 10)
        return sk_int(-SKEP_EAFNOSUPPORT);
    if (!sk_load32(p + FIB_IFINDEX)) /* every other number is taken for an interface's */
        return sk_int(-SKEP_ENODEV);
    const skep_route *route = find_route(run, family, p + FIB_DESTINATION);
    if (!route)
        return FIB_NOT_FORWARDED;
    if (route->result)
        return route->result;
    const uint32_t length = sk_load16(p + FIB_LENGTH), mtu = route->mtu ? route->mtu : 1500;
    if (length > mtu) { /* tot_len, given by programs that want it checked */
        sk_store16(p + FIB_MTU, (uint16_t)mtu);
        return FIB_TOO_LONG;
    }
    sk_store32(p + FIB_IFINDEX, route->ifindex);
    sk_store32(p + FIB_TOS, route->metric); /* rt_metric is in the same place as tos and flowinfo */
    if (flags & FIB_SOURCE_WANTED)
        memcpy(p + FIB_SOURCE, route->source, bytes);
    if (route->has_gateway)
        memcpy(p + FIB_DESTINATION, route->gateway, bytes);
    if (length)
        sk_store16(p + FIB_MTU, (uint16_t)mtu);
    if (flags & FIB_SKIP_NEIGHBOUR)
        return FIB_SUCCESS;
    if (!route->has_neighbour)
        return FIB_NO_NEIGHBOUR;
    memcpy(p + FIB_SOURCE_MAC, route->source_mac, 6);
    memcpy(p + FIB_DESTINATION_MAC, route->destination_mac, 6);
    sk_store32(p + FIB_VLAN, 0);
    return FIB_SUCCESS;
}

/* Every interface is taken for one of Ethernet with the script's MTU. */
SK_BPF(check_mtu)
{
    const uint32_t mtu = run->script && run->script->mtu ? run->script->mtu : 1500;
    const uint64_t segments = sk_is_skb(run) ? 1 : 0; /* BPF_MTU_CHK_SEGS */
    if (!sk_need(run, sk_packet_has(run)))
        return 0;
    const uint32_t given = sk_load32(sk_ptr(r3));
    if (r5 & ~segments || (r5 && (r4 || given)))
        return sk_int(-SKEP_EINVAL);
    const int64_t length = (int64_t)(given ? given + UINT64_C(14) : run->packet_size) + (int32_t)r4;
    sk_store32(sk_ptr(r3), mtu);
    return length > (int64_t)mtu + 14; /* BPF_MTU_CHK_RET_FRAG_NEEDED */
}
