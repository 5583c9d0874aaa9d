/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Dynptrs over memory of maps: bounds are checked when running. */
#include "suite.h"

struct block {
    u8 bytes[64];
};
MAP(blocks, ARRAY, u32, struct block, 1, 0);

SEC("tc") int multi_steps(struct __sk_buff *skb)
{
    u32 zero = 0;
    struct block *b = lookup(&blocks, &zero);
    struct bpf_dynptr ptr;
    if (!b)
        return 1;
    SAVE(bpf_dynptr_from_mem(b, sizeof *b, 0, &ptr));
    u64 v = 0x0807060504030201, back = 77;
    u32 at = skb->len;
    SAVE(bpf_dynptr_write(&ptr, 0, &v, 8, 0));
    SAVE(bpf_dynptr_write(&ptr, 56, &v, 8, 0));
    SAVE(bpf_dynptr_write(&ptr, 57, &v, 8, 0));
    SAVE(bpf_dynptr_write(&ptr, at, &v, 3, 0));
    SAVE(bpf_dynptr_write(&ptr, 0xffffffff, &v, 8, 0));
    SAVE(bpf_dynptr_write(&ptr, 8, &v, 8, 1));
    SAVE(bpf_dynptr_read(&back, 8, &ptr, 4, 0));
    SAVE(back);
    SAVE(bpf_dynptr_read(&back, 8, &ptr, 60, 0));
    SAVE(back);
    SAVE(bpf_dynptr_read(&back, 8, &ptr, 4, 9));
    u8 *p = bpf_dynptr_data(&ptr, 20, 4);
    SAVE(p != 0);
    if (p)
        p[3] = 0x99;
    SAVE(bpf_dynptr_data(&ptr, 61, 4) != 0);
    SAVE(bpf_dynptr_data(&ptr, at, 1) != 0);
    return 0;
}

SEC("tc") int refused(struct __sk_buff *skb)
{
    u32 zero = 0;
    struct block *b = lookup(&blocks, &zero);
    struct bpf_dynptr ptr;
    u64 v = 5;
    if (!b)
        return 1;
    SAVE(bpf_dynptr_from_mem(b, 8, 1, &ptr));
    SAVE(bpf_dynptr_write(&ptr, 0, &v, 8, 0));
    SAVE(bpf_dynptr_read(&v, 8, &ptr, 0, 0));
    SAVE(v);
    return 0;
}
