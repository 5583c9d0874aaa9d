/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading memory by its address: one's own, and what is not there. */
#include "suite.h"

char source[32] = "thirty-one bytes and a zero....";
MAP(values, ARRAY, u32, u64, 2, 0);

SEC("raw_tp") int a_kernel(void *ctx)
{
    u64 to[4] = {1, 2, 3, 4}, from[2] = {0x1122334455667788, 0x99aabbccddeeff00};
    SAVE(bpf_probe_read_kernel(to, 16, from));
    SAVE(to[0]);
    SAVE(to[1]);
    SAVE(to[2]);
    SAVE(bpf_probe_read_kernel(to, 3, (char *)from + 5));
    SAVE(to[0]);
    SAVE(bpf_probe_read_kernel(to, 8, source));
    SAVE(to[0]);
    SAVE(bpf_probe_read_kernel(to, 8, (void *)0));
    SAVE(to[0]);
    to[0] = 7;
    SAVE(bpf_probe_read_kernel(to, 8, (void *)16));
    SAVE(to[0]);
    to[1] = 7;
    SAVE(bpf_probe_read_kernel(to, 0, from));
    SAVE(to[1]);
    SAVE(bpf_probe_read(to, 8, from));
    SAVE(to[0]);
    return 0;
}

SEC("raw_tp") int b_string(void *ctx)
{
    char to[40] = "########################";
    SAVE(bpf_probe_read_kernel_str(to, sizeof to, source));
    SAVE(to[30]);
    SAVE(to[31]);
    SAVE(bpf_probe_read_kernel_str(to, 7, source));
    SAVE(to[5]);
    SAVE(to[6]);
    SAVE(to[7]);
    SAVE(bpf_probe_read_kernel_str(to, 1, source));
    SAVE(to[0]);
    SAVE(bpf_probe_read_kernel_str(to, 32, source + 31));
    SAVE(bpf_probe_read_kernel_str(to, 8, (void *)0));
    SAVE(to[0]);
    return 0;
}

SEC("raw_tp") int c_user(void *ctx)
{
    u64 to[2] = {1, 2};
    SAVE(bpf_probe_read_user(to, 8, (void *)8));
    SAVE(to[0]);
    SAVE(bpf_probe_read_user_str(to, 8, (void *)8));
    return 0;
}

SEC("raw_tp") int d_values(void *ctx)
{
    u32 k = 1;
    u64 v = 0xabcdef, *p, copy = 0;
    SAVE(update(&values, &k, &v, BPF_ANY));
    p = lookup(&values, &k);
    if (p)
        SAVE(bpf_probe_read_kernel(&copy, 8, p));
    SAVE(copy);
    return 0;
}
