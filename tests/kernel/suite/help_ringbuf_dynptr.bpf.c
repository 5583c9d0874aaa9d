/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Records whose size is known only when running, through dynptrs. */
#include "suite.h"

MAP_BYTES(ring, RINGBUF, 4096);

SEC("tc") int multi_steps(struct __sk_buff *skb)
{
    struct bpf_dynptr ptr;
    u64 v = 0x1234567890abcdef, back = 0;
    u32 size = skb->len & 63;
    SAVE(bpf_ringbuf_reserve_dynptr(&ring, size, 0, &ptr));
    SAVE(bpf_dynptr_write(&ptr, 0, &v, sizeof v, 0));
    SAVE(bpf_dynptr_write(&ptr, 7, &v, sizeof v, 0));
    SAVE(bpf_dynptr_write(&ptr, 60, &v, sizeof v, 0));
    SAVE(bpf_dynptr_read(&back, sizeof back, &ptr, 3, 0));
    SAVE(back);
    u64 *p = bpf_dynptr_data(&ptr, 8, 8);
    SAVE(p != 0);
    if (p)
        *p = 0xa5a5a5a5a5a5a5a5;
    bpf_ringbuf_submit_dynptr(&ptr, 0);
    return 0;
}

SEC("tc") int refused(struct __sk_buff *skb)
{
    struct bpf_dynptr ptr;
    u64 v = 1;
    SAVE(bpf_ringbuf_reserve_dynptr(&ring, 5000, 0, &ptr));
    SAVE(bpf_dynptr_write(&ptr, 0, &v, 8, 0));
    SAVE(bpf_dynptr_data(&ptr, 0, 8) != 0);
    bpf_ringbuf_discard_dynptr(&ptr, 0);
    SAVE(bpf_ringbuf_reserve_dynptr(&ring, 16, 4, &ptr));
    bpf_ringbuf_discard_dynptr(&ptr, 0);
    SAVE(bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &ptr));
    bpf_ringbuf_discard_dynptr(&ptr, 0);
    return 0;
}
