/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stacks: large frames, arrays by index, what lies in a caller's frame, structs by value. */
#include "suite.h"

struct wide {
    u64 words[8];
};

static __noinline u64 reverse(struct wide *w)
{
    u64 sum = 0;
    for (int i = 0; i < 4; i++) {
        u64 t = w->words[i];
        w->words[i] = w->words[7 - i];
        w->words[7 - i] = t;
        sum = sum * 7 + t;
    }
    return sum;
}

static __noinline u64 deeper(u64 *from_caller, u32 depth)
{
    volatile u64 own[12];
    for (int i = 0; i < 12; i++)
        own[i] = *from_caller + i * depth;
    *from_caller += own[11];
    return own[depth & 7];
}

SEC("tc") int multi_a_frames(struct __sk_buff *skb)
{
    struct wide w;
    for (int i = 0; i < 8; i++)
        w.words[i] = skb->len * (i + 1);
    ADD(reverse(&w));
    ADD(w.words[0]);
    ADD(w.words[skb->len & 7]);
    u64 mine = skb->len;
    ADD(deeper(&mine, 3));
    ADD(mine);
    return 0;
}

SEC("tc") int multi_b_bytes(struct __sk_buff *skb)
{
    u8 b[64];
    for (int i = 0; i < 64; i++)
        b[i] = i * 5;
    u32 at = skb->len & 31;
    b[at] = 0xff;
    *(u16 *)(b + (at & 30)) += 0x101;
    u64 v = *(u64 *)(b + (at & 24)), sum = v;
    for (int i = 0; i < 64; i++)
        sum = sum * 31 + b[i];
    ADD(sum);
    struct wide copy, zero = {0};
    __builtin_memcpy(&copy, b, sizeof copy);
    copy.words[2] ^= copy.words[5];
    ADD(copy.words[2] + zero.words[7]);
    return 0;
}
