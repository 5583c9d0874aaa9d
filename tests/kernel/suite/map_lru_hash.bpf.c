/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hash tables that forget: below their limit they are like others. */
#include "keyed.h"

MAP(lru_hash, LRU_HASH, u32, s64, 4, 0);

SEC("tc") int steps(struct __sk_buff *skb)
{
    KEYED_STEPS(lru_hash);
    return 0;
}
