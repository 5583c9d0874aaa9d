/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What becomes of a value that a program holds when its entry is replaced or deleted. */
#include "suite.h"

MAP(held, HASH, u32, s64, 16, 0);
MAP(array, ARRAY, u32, s64, 2, 0);

SEC("tc") int values(struct __sk_buff *skb)
{
    u32 k = 5, zero = 0;
    s64 v = 50;
    SAVE(update(&held, &k, &v, BPF_ANY));
    s64 *old = lookup(&held, &k);
    if (!old)
        return 1;
    v = 51;
    SAVE(update(&held, &k, &v, BPF_ANY));
    s64 *young = lookup(&held, &k);
    if (!young)
        return 2;
    SAVE(old != young); /* replaced, not overwritten */
    *young = 52;
    SAVE(VALUE_OR(&held, &k, -1));
    SAVE(delete (&held, &k));
    SAVE(*young); /* still there for those who hold it */
    SAVE(VALUE_OR(&held, &k, -1));

    s64 *cell = lookup(&array, &zero);
    if (!cell)
        return 3;
    v = 60;
    SAVE(update(&array, &zero, &v, BPF_ANY));
    SAVE(*cell); /* overwritten */
    SAVE(update(&array, &zero, cell, BPF_ANY)); /* by itself */
    SAVE(*cell);
    return 0;
}
