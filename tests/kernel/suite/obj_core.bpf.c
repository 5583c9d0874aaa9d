/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* CO-RE relocations against the running kernel's types: fields, sizes, existence, enumerators, bit fields, arrays. */
#include "suite.h"

#include <bpf/bpf_core_read.h>

/* As little of the kernel as the test needs, and some that it does not have. */
struct task_struct {
    int pid, tgid;
    char comm[16];
    struct task_struct *parent;
    int no_such_field;
} __attribute__((preserve_access_index));
struct list_head {
    struct list_head *next, *prev;
} __attribute__((preserve_access_index));
struct sock_common {
    unsigned short skc_family;
    unsigned char skc_reuse : 4;
    unsigned char skc_reuseport : 1;
} __attribute__((preserve_access_index));
struct sock {
    struct sock_common __sk_common;
} __attribute__((preserve_access_index));
struct no_such_struct {
    int field;
} __attribute__((preserve_access_index));
struct task_struct___flavour {
    int tgid;
} __attribute__((preserve_access_index));
enum bpf_map_type___kernel { BPF_MAP_TYPE_RINGBUF___kernel = 1, BPF_MAP_TYPE_NONE___kernel = 2 };
enum no_such_enum { NOTHING = 3 };
typedef u64 sector_t;

SEC("raw_tp") int a_offsets(void *ctx)
{
    struct task_struct *t = 0;
    struct sock *s = 0;
    SAVE(__builtin_preserve_field_info(t->pid, BPF_FIELD_BYTE_OFFSET));
    SAVE(__builtin_preserve_field_info(t->tgid, BPF_FIELD_BYTE_OFFSET));
    SAVE(__builtin_preserve_field_info(t->comm, BPF_FIELD_BYTE_OFFSET));
    SAVE(__builtin_preserve_field_info(t->comm[3], BPF_FIELD_BYTE_OFFSET));
    SAVE(__builtin_preserve_field_info(s->__sk_common.skc_family, BPF_FIELD_BYTE_OFFSET));
    SAVE(bpf_core_field_size(t->comm));
    SAVE(bpf_core_field_size(t->pid));
    SAVE(bpf_core_field_size(t->parent));
    SAVE(__builtin_preserve_field_info(t->pid, BPF_FIELD_SIGNED));
    SAVE(__builtin_preserve_field_info(s->__sk_common.skc_family, BPF_FIELD_SIGNED));
    struct task_struct___flavour *f = 0;
    SAVE(__builtin_preserve_field_info(f->tgid, BPF_FIELD_BYTE_OFFSET));
    return 0;
}

SEC("raw_tp") int b_existence(void *ctx)
{
    struct task_struct *t = 0;
    SAVE(bpf_core_field_exists(t->pid));
    SAVE(bpf_core_field_exists(t->no_such_field));
    SAVE(bpf_core_type_exists(struct task_struct));
    SAVE(bpf_core_type_exists(struct no_such_struct));
    SAVE(bpf_core_type_exists(sector_t));
    SAVE(bpf_core_enum_value_exists(enum bpf_map_type___kernel, BPF_MAP_TYPE_RINGBUF___kernel));
    SAVE(bpf_core_enum_value_exists(enum bpf_map_type___kernel, BPF_MAP_TYPE_NONE___kernel));
    SAVE(bpf_core_enum_value_exists(enum no_such_enum, NOTHING));
    if (bpf_core_field_exists(t->no_such_field))
        SAVE(t->no_such_field); /* never reached, and poisoned */
    return 0;
}

SEC("raw_tp") int c_types(void *ctx)
{
    SAVE(bpf_core_type_size(struct list_head));
    SAVE(bpf_core_type_size(struct no_such_struct));
    SAVE(bpf_core_type_size(sector_t));
    SAVE(bpf_core_enum_value(enum bpf_map_type___kernel, BPF_MAP_TYPE_RINGBUF___kernel));
    SAVE(bpf_core_type_id_local(struct list_head) != 0);
    SAVE(bpf_core_type_id_kernel(struct list_head) != 0);
    SAVE(bpf_core_type_id_kernel(struct no_such_struct));
    return 0;
}

SEC("raw_tp") int d_bits(void *ctx)
{
    struct sock_common *s = 0;
    SAVE(__builtin_preserve_field_info(s->skc_reuseport, BPF_FIELD_BYTE_OFFSET));
    SAVE(__builtin_preserve_field_info(s->skc_reuseport, BPF_FIELD_BYTE_SIZE));
    SAVE(__builtin_preserve_field_info(s->skc_reuseport, BPF_FIELD_LSHIFT_U64));
    SAVE(__builtin_preserve_field_info(s->skc_reuseport, BPF_FIELD_RSHIFT_U64));
    SAVE(__builtin_preserve_field_info(s->skc_reuse, BPF_FIELD_LSHIFT_U64));
    SAVE(__builtin_preserve_field_info(s->skc_reuse, BPF_FIELD_RSHIFT_U64));
    return 0;
}
