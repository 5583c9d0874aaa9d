/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stack traces as bpf_get_stackid stores them (kernel/bpf/stackmap.c). The caller has checked the map's type. */
#ifndef SK_STACKTRACE_H
#define SK_STACKTRACE_H

#include "map/map.h"

/* Flags of bpf_get_stackid. */
#define SK_STACK_SKIP_MASK UINT64_C(0xff)     /* BPF_F_SKIP_FIELD_MASK: how many of the innermost frames are left out */
#define SK_STACK_USER (UINT64_C(1) << 8)      /* BPF_F_USER_STACK */
#define SK_STACK_FAST_CMP (UINT64_C(1) << 9)  /* BPF_F_FAST_STACK_CMP: equal hashes are equal stacks */
#define SK_STACK_REUSE_ID (UINT64_C(1) << 10) /* BPF_F_REUSE_STACKID: a different stack of the same id goes */

/*
 * The id of the stack of `count` addresses, innermost first, which is stored if need be. -SKEP_EINVAL (flags),
 * -SKEP_EFAULT (nothing left after what is skipped), -SKEP_EEXIST (another stack has that id), -SKEP_ENOMEM (all
 * entries in use).
 */
int64_t sk_stacktrace_store(struct skep_map *map, const uint64_t *addresses, uint32_t count, uint64_t flags);

#endif
