/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hash tables with a value for each cpu. */
#include "keyed.h"

MAP(percpu_hash, PERCPU_HASH, u32, s64, 4, 0);

SEC("tc") int steps(struct __sk_buff *skb)
{
    KEYED_STEPS(percpu_hash);
    return 0;
}
