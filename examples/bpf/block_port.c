// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A classifier: blocks what comes from or goes to TCP port 0x9999 over IPv4. It is written for a metadata buffer that
// has the addresses of the packet's beginning and end at the offsets 0x40 and 0x50.
//
//     clang -O2 -target bpf -c block_port.c -o block_port.o

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

enum { PASS = 0, BLOCK = 0xffffffff };
enum { ETHERNET = 14, IPV4 = 20, TCP = 20, PORT = 0x9999 };

struct metadata {
    u8 before[0x40];
    const u8 *data; // at 0x40
    u64 between;
    const u8 *data_end; // at 0x50
};

static inline u32 get16(const u8 *p)
{
    return (u32)p[0] << 8 | p[1];
}

__attribute__((section(".classifier"), used)) u64 block_port(const struct metadata *metadata)
{
    const u8 *packet = metadata->data;
    const u8 *ip = packet + ETHERNET, *tcp = ip + IPV4;
    if (packet + ETHERNET + IPV4 + TCP > metadata->data_end)
        return PASS;
    if (get16(packet + 12) != 0x0800 || ip[9] != 6)
        return PASS;
    return get16(tcp) == PORT || get16(tcp + 2) == PORT ? (u64)BLOCK : (u64)PASS;
}
