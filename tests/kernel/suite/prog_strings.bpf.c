/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Requests found in packets: text compared, copied and counted, over every captured frame. */
#include "suite.h"

struct line {
    char text[32];
};
MAP(requests, HASH, struct line, u64, 64, 0);

SEC("tc") int each_request(struct __sk_buff *skb)
{
    u8 head[54];
    if (bpf_skb_load_bytes(skb, 0, head, sizeof head) || head[12] != 8 || head[13] || head[23] != 6)
        return 0;
    u32 at = 14 + (head[14] & 15) * 4 + (head[46] >> 4) * 4;
    struct line line = {0};
    if (bpf_skb_load_bytes(skb, at, line.text, sizeof line.text - 1))
        return 1;
    static const char get[] = "GET ", answer[] = "HTTP/1.", ssh[] = "SSH-2.0";
    int kind = !bpf_strncmp(line.text, 4, get) ? 2 : !bpf_strncmp(line.text, 7, answer) ? 3 : !bpf_strncmp(line.text, 7, ssh) ? 4 : 5;
    if (kind == 5)
        return 5;
    for (int i = 0; i < 31; i++)
        if (line.text[i] == '\r' || line.text[i] == '\n')
            line.text[i] = ' ';
    u64 one = 1, *count = lookup(&requests, &line);
    if (count)
        (*count)++;
    else
        ADD(update(&requests, &line, &one, BPF_ANY));
    return kind;
}
