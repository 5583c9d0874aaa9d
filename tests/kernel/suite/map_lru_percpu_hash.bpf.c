/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hash tables that forget, with a value for each cpu. */
#include "keyed.h"

MAP(lru_percpu_hash, LRU_PERCPU_HASH, u32, s64, 4, 0);

SEC("tc") int steps(struct __sk_buff *skb)
{
    KEYED_STEPS(lru_percpu_hash);
    return 0;
}
