// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A packet filter: what kind of packet is this? Written for a raw packet (r1 = its first byte, r2 = its length), so it
// runs under `skep run` as it is; README.md beside it tells what the verdicts mean.
//
//     clang -O2 -target bpf -c filter.c -o filter.o
//
// Every read is preceded by a comparison with the packet's length: a short packet is DROP, never an error.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

enum verdict {
    DROP = 0,  // cut short, or not understood
    HTTP = 1,  // TCP port 80
    DNS = 2,   // UDP or TCP port 53
    SSH = 3,   // TCP port 22
    ICMP = 4,  // ICMP and ICMPv6
    ARP = 5,
    TCP = 6,   // any other TCP
    UDP = 7,   // any other UDP
    OTHER = 8, // IP with another protocol
    TAGGED = 16 // added for packets with a VLAN tag
};

enum {
    ETHERNET_HEADER = 14,
    VLAN_TAG = 4,
    TYPE_IPV4 = 0x0800,
    TYPE_ARP = 0x0806,
    TYPE_VLAN = 0x8100,
    TYPE_QINQ = 0x88a8,
    TYPE_IPV6 = 0x86dd,

    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ICMP = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_DESTINATION = 60,

    PORT_SSH = 22,
    PORT_DNS = 53,
    PORT_HTTP = 80
};

// Network byte order, whatever that of this machine is.
static inline u32 get16(const u8 *p)
{
    return (u32)p[0] << 8 | p[1];
}

static inline int has_port(const u8 *ports, u32 port)
{
    return get16(ports) == port || get16(ports + 2) == port;
}

// `at`: where the transport header would be. Later fragments have none, so only their protocol is known.
static inline int transport(const u8 *packet, u64 length, u64 at, u32 protocol, int later_fragment)
{
    const u8 *ports = packet + at;
    if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6)
        return ICMP;
    if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP)
        return OTHER;
    if (!later_fragment) {
        if (at + 4 > length)
            return DROP;
        if (has_port(ports, PORT_DNS))
            return DNS;
        if (protocol == PROTOCOL_TCP && has_port(ports, PORT_HTTP))
            return HTTP;
        if (protocol == PROTOCOL_TCP && has_port(ports, PORT_SSH))
            return SSH;
    }
    return protocol == PROTOCOL_TCP ? TCP : UDP;
}

static inline int ipv4(const u8 *packet, u64 length, u64 at)
{
    const u8 *header = packet + at;
    if (at + 20 > length || header[0] >> 4 != 4)
        return DROP;
    u64 size = (u64)(header[0] & 15) * 4;
    if (size < 20)
        return DROP;
    return transport(packet, length, at + size, header[9], (get16(header + 6) & 0x1fff) != 0);
}

// Walks over extension headers, at most six of them.
static inline int ipv6(const u8 *packet, u64 length, u64 at)
{
    if (at + 40 > length || packet[at] >> 4 != 6)
        return DROP;
    u32 protocol = packet[at + 6];
    int later_fragment = 0;
    at += 40;
    for (int i = 0; i < 6; i++) {
        if (protocol == PROTOCOL_FRAGMENT) {
            if (at + 8 > length)
                return DROP;
            later_fragment = (get16(packet + at + 2) & 0xfff8) != 0;
            protocol = packet[at];
            at += 8;
            if (later_fragment)
                break;
        } else if (protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
                   protocol == PROTOCOL_DESTINATION) {
            if (at + 8 > length)
                return DROP;
            protocol = packet[at];
            at += ((u64)packet[at + 1] + 1) * 8;
        } else {
            break;
        }
    }
    return transport(packet, length, at, protocol, later_fragment);
}

__attribute__((section("filter"), used)) int classify(const unsigned char *packet, unsigned long length)
{
    u64 at = ETHERNET_HEADER;
    int tagged = 0, verdict;
    if (at > length)
        return DROP;
    u32 type = get16(packet + 12);
    // At most two tags, as in Q-in-Q.
    for (int i = 0; i < 2 && (type == TYPE_VLAN || type == TYPE_QINQ); i++) {
        if (at + VLAN_TAG > length)
            return DROP;
        type = get16(packet + at + 2);
        at += VLAN_TAG;
        tagged = TAGGED;
    }
    if (type == TYPE_IPV4)
        verdict = ipv4(packet, length, at);
    else if (type == TYPE_IPV6)
        verdict = ipv6(packet, length, at);
    else if (type == TYPE_ARP)
        verdict = ARP;
    else
        verdict = DROP;
    return verdict == DROP ? DROP : verdict + tagged;
}
