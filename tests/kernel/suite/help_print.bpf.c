/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the formats of bpf_snprintf write, how long they say it is, and what they refuse. */
#include "suite.h"

char text[24][64];
#define FORMAT(row, size, format, ...)                                                                                 \
    do {                                                                                                               \
        static const char fmt_[] = format;                                                                             \
        u64 args_[] = {__VA_ARGS__};                                                                                   \
        SAVE(bpf_snprintf(text[row], size, fmt_, args_, sizeof args_));                                                \
    } while (0)

/* In an instruction, not in constant data, whose relocations nobody applies. */
#define ADDRESS(of) opaque((u64)(long)(of))

static const char word[] = "maps";

SEC("raw_tp") int a_integers(void *ctx)
{
    FORMAT(0, 64, "%d %i %u %x %X", -5, 6, 7, 0xabc, 0xabc);
    FORMAT(1, 64, "%ld %lu %lx", -5000000000ll, 18446744073709551615ull, 0x123456789abcdef);
    FORMAT(2, 64, "%lld|%llu|%llx", -1, -1, -1);
    FORMAT(3, 64, "[%5d][%-5d][%05d][%+d]", 42, 42, 42, 42);
    FORMAT(4, 64, "[%8x][%-8x][%08x][% d]", 0x2a, 0x2a, 0x2a, 0x2a);
    FORMAT(5, 64, "%u %d", 4294967295u, 4294967295u);
    FORMAT(6, 64, "100%%");
    FORMAT(7, 64, "%c%c%c", 'a', 'b', 'c');
    return 0;
}

SEC("raw_tp") int b_strings(void *ctx)
{
    FORMAT(8, 64, "<%s>", ADDRESS(word));
    FORMAT(9, 64, "[%8s][%-8s]", ADDRESS(word), ADDRESS(word));
    FORMAT(10, 64, "%s %d %s", ADDRESS(word), 3, ADDRESS(word));
    return 0;
}

SEC("raw_tp") int c_short(void *ctx)
{
    FORMAT(11, 4, "%d", 1234567);
    FORMAT(12, 1, "%d", 1234567);
    FORMAT(13, 8, "%s-%s", ADDRESS(word), ADDRESS(word));
    return 0;
}

SEC("raw_tp") int d_addresses(void *ctx)
{
    static const u8 mac[6] = {2, 0, 0, 0xab, 0xcd, 0xef}, four[4] = {192, 0, 2, 33};
    static const u8 six[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    FORMAT(15, 64, "%pi4 %pI4", ADDRESS(four), ADDRESS(four));
    FORMAT(16, 64, "%pi6", ADDRESS(six));
    FORMAT(17, 64, "%pI6", ADDRESS(six));
    SAVE(mac[0]);
    return 0;
}

SEC("raw_tp") int e_printk(void *ctx)
{
    static const char plain[] = "plain\n", three[] = "%d %u %x", two[] = "%d %d %d %d\n";
    SAVE(bpf_trace_printk(plain, sizeof plain));
    SAVE(bpf_trace_printk(three, sizeof three, 1, 2, 3));
    SAVE(bpf_trace_printk(three, sizeof three - 1, 1, 2, 3)); /* not terminated */
    SAVE(bpf_trace_printk(two, sizeof two, 1, 2, 3));
    u64 args[] = {1, 2, 3, 4};
    SAVE(bpf_trace_vprintk(two, sizeof two, args, sizeof args));
    SAVE(bpf_trace_vprintk(two, sizeof two, args, 24));
    SAVE(bpf_trace_vprintk(plain, sizeof plain, (void *)0, 0));
    return 0;
}
