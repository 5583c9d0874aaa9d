/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Syscall programs: a context of the caller's, read and written, which comes back. */
#include "suite.h"

struct args {
    u8 bytes[4];
    u16 half;
    u32 word;
    u64 wide[6];
};
MAP(seen, HASH, u64, u64, 8, 0);

SEC("syscall") int a_context(struct args *ctx)
{
    SAVE(ctx->bytes[3]);
    SAVE(ctx->half);
    SAVE(ctx->word);
    SAVE(ctx->wide[5]);
    ctx->word = 0xdeadbeef;
    ctx->bytes[0] = 0xff;
    ctx->wide[2] += 1;
    u64 k = ctx->wide[0], v = ctx->half;
    SAVE(update(&seen, &k, &v, BPF_NOEXIST));
    return 5;
}

SEC("syscall") int b_copy(void *ctx)
{
    u64 to = 1;
    SAVE(bpf_probe_read_kernel(&to, 8, ctx));
    SAVE(to);
    SAVE(bpf_copy_from_user(&to, 8, (void *)8));
    SAVE(to);
    return -3;
}

SEC("syscall") int c_nothing(void *ctx) { return 0; }
