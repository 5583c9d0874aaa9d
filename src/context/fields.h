/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a program may do with a Linux context: a table of fields, from the kernel's rules (net/core/filter.c and
 * kernel/trace/bpf_trace.c, the is_valid_access functions). Another context is another table.
 *
 * The program's view is Linux's struct, member by member in its place, in the host's byte order. A member that Linux reads
 * as a pointer, though it has 32 bits, is read from a slot of 64 bits behind the struct instead (run/packet.h).
 */
#ifndef SK_FIELDS_H
#define SK_FIELDS_H

#include "base/base.h"
#include "isa/insn.h"

enum sk_field_how {
    SK_FIELD_PLAIN,
    SK_FIELD_POINTER, /* + enum sk_context_slot: what is read is that slot */
    SK_FIELD_POINTER_LAST = SK_FIELD_POINTER + 2,
    SK_FIELD_HALF, /* the kernel keeps its lower 16 bits only */
    SK_FIELD_QUEUE /* the same, and numbers of 65535 and above are not stored (NO_QUEUE_MAPPING) */
};

/* One member, or several that follow each other under the same rule. */
struct sk_field {
    uint16_t offset, size;
    uint8_t read, write;     /* the widths that may be, in bytes, or-ed: 1, 2, 4, 8; always aligned */
    uint8_t how;
    uint8_t readers, writers; /* the program types, a bit each, that may */
};

struct sk_fields {
    const char *name;            /* of the struct, for messages */
    uint32_t size;               /* of the struct, or the most that memory without a struct may have */
    const struct sk_field *rows; /* [count], ascending */
    uint8_t count;
    uint8_t who;        /* this program type's bit */
    bool is_memory;     /* the caller's memory as it is, rather than a shadow */
    bool any_size;      /* of memory: at least what the program asks for, at most size */
    bool for_helpers;   /* helpers may take it as memory */
};

/* What an access comes to. */
struct sk_field_access {
    uint32_t offset; /* from the beginning of the context */
    uint8_t bytes;
    uint8_t how;
};

/* False: there is no such field. `is_signed`: a load that extends the sign. */
bool sk_fields_find(const struct sk_fields *fields, int64_t offset, unsigned bytes, bool write, bool is_signed,
                    struct sk_field_access *access);

/* Where the slots begin. */
static inline uint32_t sk_fields_slots_at(const struct sk_fields *fields) { return (fields->size + 7) & ~7u; }

enum {
    SK_SKB_LEN = 0,
    SK_SKB_PROTOCOL = 16,
    SK_SKB_CB = 48,
    SK_SKB_DATA = 76,
    SK_SKB_DATA_END = 80,
    SK_SKB_DATA_META = 140,
    SK_SKB_SIZE = 192,
    SK_XDP_SIZE = 24
};

extern const struct sk_fields sk_fields_xdp, sk_fields_xdp_devmap, sk_fields_sched_cls, sk_fields_socket_filter,
    sk_fields_cgroup_skb, sk_fields_lwt, sk_fields_sk_skb, sk_fields_kprobe, sk_fields_kprobe_arm64, sk_fields_tracepoint,
    sk_fields_raw_tracepoint, sk_fields_perf_event, sk_fields_syscall;

#endif
