/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A firewall of sorts over every captured frame: parses VLAN, IPv4, IPv6, TCP, UDP; counts; drops; answers pings. */
#include "suite.h"

struct cursor {
    u8 *at, *end;
};
MAP(verdicts, PERCPU_ARRAY, u32, u64, 5, 0);
MAP(blocked, HASH, u16, u64, 16, 0);
MAP(talkers, LRU_HASH, u32, u64, 1024, 0);
struct prefix {
    u32 length;
    u32 address;
};
MAP(networks, LPM_TRIE, struct prefix, u32, 16, BPF_F_NO_PREALLOC);

static __noinline int verdict(u32 v)
{
    u64 *count = lookup(&verdicts, &v);
    if (count)
        *count += 1;
    return v;
}

static __always_inline u8 *take(struct cursor *c, u32 size)
{
    u8 *at = c->at;
    if (at + size > c->end)
        return 0;
    c->at = at + size;
    return at;
}

static __always_inline int transport(struct cursor *c, u8 protocol)
{
    if (protocol == 6) {
        u8 *tcp = take(c, 20);
        if (!tcp)
            return XDP_PASS;
        u16 port = tcp[2] << 8 | tcp[3];
        u64 *count = lookup(&blocked, &port);
        if (count) {
            *count += 1;
            return XDP_DROP;
        }
        return tcp[13] & 4 ? XDP_DROP : XDP_PASS;
    }
    if (protocol == 17) {
        u8 *udp = take(c, 8);
        if (udp && (udp[2] << 8 | udp[3]) == 7)
            return XDP_DROP;
    }
    return XDP_PASS;
}

SEC("xdp") int a_setup(struct xdp_md *ctx)
{
    u16 port = 22;
    u64 zero = 0;
    ADD(update(&blocked, &port, &zero, BPF_ANY));
    struct prefix p = {16, bpf_htonl(0x0a4d0000)}, q = {24, bpf_htonl(0x0a4d0500)};
    u32 v = 1;
    ADD(update(&networks, &p, &v, BPF_ANY));
    v = 2;
    ADD(update(&networks, &q, &v, BPF_ANY));
    return XDP_PASS;
}

SEC("xdp") int each_firewall(struct xdp_md *ctx)
{
    struct cursor c = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
    u8 *eth = take(&c, 14);
    if (!eth)
        return verdict(XDP_ABORTED);
    u32 type = eth[12] << 8 | eth[13];
    if (type == 0x8100) {
        u8 *tag = take(&c, 4);
        if (!tag)
            return verdict(XDP_ABORTED);
        type = tag[2] << 8 | tag[3];
    }
    if (type == 0x0800) {
        u8 *ip = take(&c, 20);
        if (!ip || (ip[0] & 15) != 5)
            return verdict(XDP_PASS);
        u32 source = *(u32 *)(ip + 12);
        u64 one = 1, *count = lookup(&talkers, &source);
        if (count)
            *count += 1;
        else
            update(&talkers, &source, &one, BPF_ANY);
        struct prefix key = {32, source};
        u32 *network = lookup(&networks, &key);
        ADD(network ? *network : 100);
        if (ip[9] == 1 && c.at + 1 <= c.end && *c.at == 8) {
            for (int i = 0; i < 4; i++) {
                u8 b = ip[12 + i];
                ip[12 + i] = ip[16 + i];
                ip[16 + i] = b;
            }
            *c.at = 0;
            return verdict(XDP_TX);
        }
        if ((ip[6] & 0x3f) | ip[7])
            return verdict(XDP_PASS);
        return verdict(transport(&c, ip[9]));
    }
    if (type == 0x86dd) {
        u8 *ip = take(&c, 40);
        return verdict(ip ? transport(&c, ip[6]) : XDP_PASS);
    }
    return verdict(XDP_PASS);
}
