/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hash tables. */
#include "keyed.h"

MAP(hash, HASH, u32, s64, 4, 0);

SEC("tc") int steps(struct __sk_buff *skb)
{
    KEYED_STEPS(hash);
    return 0;
}
