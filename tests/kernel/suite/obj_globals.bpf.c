/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Global variables of all kinds: initialised, zero, constant, static, arrays, structs, in sections of their own. */
#include "suite.h"

struct point {
    s32 x, y;
    u8 name[8];
};

u64 counter = 41;
static u32 hidden = 7;
const volatile u32 limit = 5;
static const volatile u64 table[8] = {1, 1, 2, 3, 5, 8, 13, 21};
u32 zeros[16];
struct point points[3] = {{1, 2, "one"}, {-3, 4, "two"}};
static char message[] = "hello";
u64 own SEC(".data.own") = 0x1234;
const volatile u64 own_constant SEC(".rodata.own") = 99;
u32 own_zero SEC(".bss.own");
static volatile s8 small = -5;
static volatile u16 medium = 0xfffe;

SEC("tc") int a_count(struct __sk_buff *skb)
{
    counter++;
    hidden *= 3;
    own += own_constant;
    own_zero = limit;
    return counter + hidden;
}

SEC("tc") int b_again(struct __sk_buff *skb)
{
    counter += limit;
    for (u32 i = 0; i < 8; i++)
        zeros[i] = table[i] * limit;
    zeros[skb->len & 15] += 1000;
    points[2] = points[1];
    points[2].y = points[0].x + points[1].x;
    points[2].name[0] = message[skb->len & 3];
    small -= 1;
    medium += 1;
    return small + medium;
}

SEC("xdp") int c_other_type(struct xdp_md *ctx)
{
    SAVE(counter);
    SAVE(hidden);
    SAVE(points[1].x);
    message[0] = 'j';
    return 2;
}
