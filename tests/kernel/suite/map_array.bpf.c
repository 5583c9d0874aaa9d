/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arrays: every key below max_entries is there, none can be added or deleted. */
#include "keyed.h"

MAP(array, ARRAY, u32, s64, 4, 0);

SEC("tc") int steps(struct __sk_buff *skb)
{
    KEYED_STEPS(array);
    return 0;
}
