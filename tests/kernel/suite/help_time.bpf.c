/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Clocks, random numbers and who runs: not what they are, but that they are plausible. */
#include "suite.h"

SEC("raw_tp") int clocks(void *ctx)
{
    u64 a = bpf_ktime_get_ns(), b = bpf_ktime_get_ns();
    SAVE(a <= b && a > 0);
    a = bpf_ktime_get_boot_ns(), b = bpf_ktime_get_boot_ns();
    SAVE(a <= b && a > 0);
    a = bpf_jiffies64(), b = bpf_jiffies64();
    SAVE(a <= b && b - a < 1000);
    return 0;
}

SEC("tc") int more_clocks(void *ctx)
{
    u64 a = bpf_ktime_get_coarse_ns(), b = bpf_ktime_get_coarse_ns();
    SAVE(a <= b);
    a = bpf_ktime_get_tai_ns(), b = bpf_ktime_get_tai_ns();
    SAVE(a <= b);
    SAVE(b > 1500000000ull * 1000000000); /* since 1970 */
    return 0;
}

SEC("raw_tp") int numbers(void *ctx)
{
    u64 any = 0, all = -1;
    for (int i = 0; i < 64; i++) {
        u32 r = bpf_get_prandom_u32();
        any |= r, all &= r;
    }
    SAVE(any);
    SAVE(all);
    u32 cpu = bpf_get_smp_processor_id();
    SAVE(cpu < 1024);
    SAVE(cpu == bpf_get_smp_processor_id());
    SAVE((u64)bpf_get_numa_node_id() < 64);
    return 0;
}

SEC("raw_tp") int who(void *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    SAVE(id >> 32 != 0);
    SAVE(id == bpf_get_current_pid_tgid());
    SAVE(bpf_get_current_uid_gid() == bpf_get_current_uid_gid());
    char comm[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, two[4] = {1, 2, 3, 4};
    SAVE(bpf_get_current_comm(comm, sizeof comm));
    SAVE(comm[0] > ' ');
    SAVE(comm[15]);
    SAVE(bpf_get_current_comm(two, 1));
    SAVE(two[0]);
    SAVE(two[1]);
    return 0;
}
