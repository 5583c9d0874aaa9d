/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the compiler makes of integer arithmetic, with operands from the packet so that nothing is folded. */
#include "suite.h"

#define OPERATIONS(type)                                                                                               \
    do {                                                                                                               \
        type a = opaque((type)x), b = opaque((type)y);                                                                 \
        ADD(a + b);                                                                                                    \
        ADD(a - b);                                                                                                    \
        ADD(a * b);                                                                                                    \
        ADD(a & b);                                                                                                    \
        ADD(a | b);                                                                                                    \
        ADD(a ^ b);                                                                                                    \
        ADD((type)(a << (y & (sizeof(type) * 8 - 1))));                                                                \
        ADD(a >> (y & (sizeof(type) * 8 - 1)));                                                                        \
        ADD(a < b);                                                                                                    \
        ADD(a == b);                                                                                                   \
    } while (0)

SEC("tc") int multi_a_types(struct __sk_buff *skb)
{
    u8 b[16] = {0};
    bpf_skb_load_bytes(skb, 0, b, 14);
    u64 x = (u64)b[5] << 56 | (u64)b[11] << 40 | (u64)b[12] << 33 | b[13] | (u64)skb->len << 20, y = x * 0x9e3779b9 + 77;
    OPERATIONS(u64);
    OPERATIONS(s64);
    OPERATIONS(u32);
    OPERATIONS(s32);
    return 0;
}

SEC("tc") int multi_b_divide(struct __sk_buff *skb)
{
    u64 x = skb->len * 0x123456789abull;
    u32 w = (u32)x;
    for (u32 i = 0; i < 9; i++) {
        u64 d = opaque((u64)i * 3);
        u32 e = opaque(i * 5);
        ADD(d ? x / d : 1);
        ADD(d ? x % d : 2);
        ADD(e ? w / e : 3);
        ADD(e ? w % e : 4);
    }
    return 0;
}

SEC("tc") int multi_c_bytes(struct __sk_buff *skb)
{
    u64 v = skb->len * 0x0102030405060708ull;
    ADD(bpf_htons((u16)opaque(v)));
    ADD(bpf_htonl((u32)opaque(v)));
    ADD(bpf_cpu_to_be64(opaque(v)));
    ADD((s8)opaque(v));
    ADD((s16)opaque(v));
    ADD((s32)opaque(v));
    return 0;
}

SEC("tc") int multi_d_switch(struct __sk_buff *skb)
{
    switch (skb->len % 8) {
    case 0: return 100;
    case 1: return 201;
    case 2: return 302;
    case 3: return 403;
    case 5: return 605;
    case 6: return 706;
    default: return 999;
    }
}
