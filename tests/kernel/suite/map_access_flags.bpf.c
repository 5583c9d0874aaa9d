/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps that only user space, or only programs, may write. */
#include "suite.h"

MAP(for_reading, ARRAY, u32, s64, 2, BPF_F_RDONLY_PROG);
MAP(for_writing, HASH, u32, s64, 2, BPF_F_WRONLY_PROG);
MAP(user_reads, HASH, u32, s64, 2, BPF_F_RDONLY);
MAP(mapped, ARRAY, u32, s64, 3, BPF_F_MMAPABLE);

SEC("tc") int steps(struct __sk_buff *skb)
{
    u32 k = 1;
    s64 v = 4;
    SAVE(VALUE_OR(&for_reading, &k, -1));
    SAVE(update(&for_writing, &k, &v, BPF_ANY));
    SAVE(update(&for_writing, &k, &v, BPF_NOEXIST));
    SAVE(update(&user_reads, &k, &v, BPF_ANY));
    SAVE(VALUE_OR(&user_reads, &k, -1));
    s64 *p = lookup(&mapped, &k);
    if (p)
        *p = -9;
    k = 2;
    SAVE(update(&mapped, &k, &v, BPF_ANY));
    return 0;
}
