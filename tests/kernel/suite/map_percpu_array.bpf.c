/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arrays with a value for each cpu: a program sees its own. */
#include "keyed.h"

MAP(percpu_array, PERCPU_ARRAY, u32, s64, 4, 0);

SEC("tc") int steps(struct __sk_buff *skb)
{
    KEYED_STEPS(percpu_array);
    return 0;
}
