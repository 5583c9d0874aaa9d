/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Numbers from text, and text compared. */
#include "suite.h"

#define LONG(text, size, flags)                                                                                        \
    do {                                                                                                               \
        long v = 12345;                                                                                                \
        char s[24] = text;                                                                                             \
        SAVE(bpf_strtol(s, size, flags, &v));                                                                          \
        SAVE(v);                                                                                                       \
        unsigned long u = 12345;                                                                                       \
        SAVE(bpf_strtoul(s, size, flags, &u));                                                                         \
        SAVE(u);                                                                                                       \
    } while (0)

SEC("tc") int a_numbers(struct __sk_buff *skb)
{
    LONG("42", 2, 0);
    LONG("42", 24, 0);
    LONG("  -17xyz", 8, 0);
    LONG("0x1fG", 5, 0);
    LONG("0x1f", 4, 16);
    LONG("1f", 2, 16);
    LONG("010", 3, 0);
    LONG("010", 3, 10);
    LONG("89", 2, 8);
    LONG("18", 2, 8);
    return 0;
}

SEC("tc") int b_numbers(struct __sk_buff *skb)
{
    LONG("", 1, 0);
    LONG(" ", 1, 0);
    LONG("-", 1, 0);
    LONG("+5", 2, 0);
    LONG("--5", 3, 0);
    LONG("x", 1, 10);
    LONG("7", 1, 7);
    LONG("7", 1, 2);
    LONG("7", 1, 1ull << 32);
    LONG("\t\n 9 8", 6, 10);
    return 0;
}

SEC("tc") int c_limits(struct __sk_buff *skb)
{
    LONG("9223372036854775807", 19, 10);
    LONG("9223372036854775808", 19, 10);
    LONG("-9223372036854775808", 20, 10);
    LONG("-9223372036854775809", 20, 10);
    LONG("18446744073709551615", 20, 10);
    LONG("18446744073709551616", 20, 10);
    LONG("ffffffffffffffff", 16, 16);
    LONG("0x", 2, 16);
    return 0;
}

SEC("tc") int d_compare(struct __sk_buff *skb)
{
    static const char word[] = "interface", prefix[] = "inter", empty[] = "";
    char text[16] = "interface";
    SAVE(bpf_strncmp(text, 16, word));
    SAVE(bpf_strncmp(text, 5, prefix));
    SAVE(bpf_strncmp(text, 9, prefix) > 0);
    SAVE(bpf_strncmp(text, 3, prefix));
    text[3] = 'a';
    SAVE(bpf_strncmp(text, 16, word) < 0);
    text[3] = 'z';
    SAVE(bpf_strncmp(text, 16, word) > 0);
    text[0] = 0x80;
    SAVE(bpf_strncmp(text, 16, word) > 0);
    SAVE(bpf_strncmp(text, 16, empty) > 0);
    text[0] = 0;
    SAVE(bpf_strncmp(text, 16, empty));
    SAVE(bpf_strncmp(text, 16, word) < 0);
    return 0;
}
