/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Functions: static, global, weak, in .text and elsewhere, deep, with five arguments, that call each other. */
#include "suite.h"

__noinline int add5(int a, int b, int c, int d, int e) { return a + 10 * b + 100 * c + 1000 * d + 10000 * e; }

static __noinline u64 sum_to(u64 n)
{
    u64 s = 0;
    for (u64 i = 0; i < 64 && i < n; i++)
        s = s * 3 + i;
    return s;
}

__weak __noinline int weak_one(int x) { return x * 2 + 1; }

static __noinline int level6(int x) { return x + 6; }
static __noinline int level5(int x) { return level6(x) * 2 + 5; }
static __noinline int level4(int x) { return level5(x) * 2 + 4; }
static __noinline int level3(int x) { return level4(x) * 2 + 3; }
static __noinline int level2(int x) { return level3(x) * 2 + 2; }
__noinline int level1(int x) { return level2(x) * 2 + 1; }

static __noinline void fill(u64 *array, int from)
{
    for (int i = 0; i < 4; i++)
        array[i] = from + i;
}

SEC("tc") int a_calls(struct __sk_buff *skb)
{
    SAVE(add5(1, 2, 3, 4, 5));
    SAVE(sum_to(skb->len));
    SAVE(weak_one(skb->len));
    SAVE(level1(skb->len));
    u64 array[4];
    fill(array, skb->len);
    SAVE(array[0] + array[3]);
    return add5(skb->len, 0, 0, 0, 1);
}

SEC("tc") int b_same_functions(struct __sk_buff *skb)
{
    return sum_to(10) + weak_one(3) + (int)skb->len;
}

__noinline int with_context(struct __sk_buff *skb, u32 off)
{
    u8 b = 0;
    if (bpf_skb_load_bytes(skb, off, &b, 1))
        return -1;
    return b;
}

SEC("tc") int multi_c_context(struct __sk_buff *skb)
{
    return with_context(skb, 0) + with_context(skb, 12) * 2 + with_context(skb, 2000);
}

SEC("classifier") int d_other_section(struct __sk_buff *skb) { return level1(1) + add5(1, 1, 1, 1, 1); }
