/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Atomics on values where they lie, 32 and 64 bits, and on the stack. */
#include "suite.h"

struct pair {
    u64 wide;
    u32 low, high;
};
MAP(pairs, ARRAY, u32, struct pair, 2, 0);

SEC("tc") int steps(struct __sk_buff *skb)
{
    u32 k = 0;
    struct pair *p = lookup(&pairs, &k), local = {0x100, 0x200, 0x300};
    if (!p)
        return 1;
    __sync_fetch_and_add(&p->wide, 0xfffffffffull);
    SAVE(__sync_fetch_and_add(&p->wide, 1));
    SAVE(__sync_fetch_and_or(&p->wide, 0xf0f0));
    SAVE(__sync_fetch_and_and(&p->wide, 0xffff0000ffffull));
    SAVE(__sync_fetch_and_xor(&p->wide, -1ll));
    SAVE(__sync_lock_test_and_set(&p->wide, 77));
    SAVE(__sync_val_compare_and_swap(&p->wide, 76, 1));
    SAVE(__sync_val_compare_and_swap(&p->wide, 77, 2));
    p->high = 0x55555555;
    SAVE(__sync_fetch_and_add(&p->low, 0xffffffff));
    SAVE(__sync_fetch_and_add(&p->low, 5));
    SAVE(__sync_fetch_and_or(&p->low, 0x80000000));
    SAVE(__sync_val_compare_and_swap(&p->low, 0x80000004, 6));
    SAVE(__sync_lock_test_and_set(&p->low, 0xfedcba98));
    SAVE(__sync_fetch_and_xor(&local.wide, 0x1ff));
    SAVE(__sync_fetch_and_add(&local.low, 1));
    SAVE(local.wide);
    SAVE(local.low);
    return 0;
}
