/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "context/fields.h"

#include "run/packet.h"

enum { XDP = 1, XDP_DEVMAP = 2, CLS = 1, FILTER = 2, CGROUP = 4, LWT = 8, SK_SKB = 16, ALL = 255 };
#define NARROW (1 | 2 | 4)
#define ANY (1 | 2 | 4 | 8)

/* xdp_is_valid_access(): nothing is written, nothing read in part. */
static const struct sk_field xdp[] = {
    {0, 4, 4, 0, (int)SK_FIELD_POINTER + (int)SK_SLOT_DATA, ALL, 0},
    {4, 4, 4, 0, (int)SK_FIELD_POINTER + (int)SK_SLOT_DATA_END, ALL, 0},
    {8, 4, 4, 0, (int)SK_FIELD_POINTER + (int)SK_SLOT_DATA_META, ALL, 0},
    {12, 8, 4, 0, SK_FIELD_PLAIN, ALL, 0},        /* ingress_ifindex, rx_queue_index */
    {20, 4, 4, 0, SK_FIELD_PLAIN, XDP_DEVMAP, 0}, /* egress_ifindex */
};

/* bpf_skb_is_valid_access(), and what each program type adds to it. */
static const struct sk_field skb[] = {
    {0, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                      /* len */
    {4, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                      /* pkt_type */
    {8, 4, NARROW, 4, SK_FIELD_PLAIN, CLS | FILTER | CGROUP | LWT, CLS | CGROUP | LWT}, /* mark */
    {12, 4, NARROW, 4, SK_FIELD_QUEUE, ALL, CLS},                                   /* queue_mapping */
    {16, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                     /* protocol */
    {20, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                     /* vlan_present */
    {24, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                     /* vlan_tci */
    {28, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                     /* vlan_proto */
    {32, 4, NARROW, 4, SK_FIELD_PLAIN, ALL, CLS | CGROUP | LWT | SK_SKB},           /* priority */
    {36, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                     /* ingress_ifindex */
    {40, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                     /* ifindex */
    {44, 4, NARROW, 4, SK_FIELD_HALF, ALL, CLS | SK_SKB},                           /* tc_index */
    {SK_SKB_CB, 20, ANY, ANY, SK_FIELD_PLAIN, ALL, CLS | FILTER | CGROUP | LWT},    /* cb[5] */
    {68, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                                     /* hash */
    {72, 4, NARROW, 4, SK_FIELD_HALF, CLS, CLS},                                    /* tc_classid */
    {SK_SKB_DATA, 4, 4, 0, (int)SK_FIELD_POINTER + (int)SK_SLOT_DATA, CLS | CGROUP | LWT | SK_SKB, 0},
    {SK_SKB_DATA_END, 4, 4, 0, (int)SK_FIELD_POINTER + (int)SK_SLOT_DATA_END, CLS | CGROUP | LWT | SK_SKB, 0},
    {84, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},             /* napi_id */
    {88, 4, NARROW, 0, SK_FIELD_PLAIN, CGROUP | SK_SKB, 0}, /* family */
    {92, 40, 4, 0, SK_FIELD_PLAIN, CGROUP | SK_SKB, 0},     /* remote_ip4, local_ip4, remote_ip6, local_ip6 */
    {132, 4, NARROW, 0, SK_FIELD_PLAIN, CGROUP | SK_SKB, 0}, /* remote_port */
    {136, 4, NARROW, 0, SK_FIELD_PLAIN, CGROUP | SK_SKB, 0}, /* local_port */
    {SK_SKB_DATA_META, 4, 4, 0, (int)SK_FIELD_POINTER + (int)SK_SLOT_DATA_META, CLS, 0},
    {152, 8, 8, 8, SK_FIELD_PLAIN, CLS | CGROUP, CLS | CGROUP}, /* tstamp */
    {160, 4, NARROW, 0, SK_FIELD_PLAIN, CLS, 0},                /* wire_len */
    {164, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                /* gso_segs */
    {168, 8, 8, 0, SK_FIELD_PLAIN, ALL, 0},                     /* sk: there is none here, so NULL */
    {176, 4, NARROW, 0, SK_FIELD_PLAIN, ALL, 0},                /* gso_size */
    {180, 1, 1, 0, SK_FIELD_PLAIN, CLS, 0},                     /* tstamp_type */
    {184, 8, 8, 0, SK_FIELD_PLAIN, CLS | CGROUP, 0},            /* hwtstamp */
};

/* arch/x86/include/asm/ptrace.h; arch/arm64/include/asm/ptrace.h, the largest of those that there were. */
enum { PT_REGS = 21 * 8, PT_REGS_ARM64 = 336 };
static const struct sk_field kprobe[] = {{0, PT_REGS, ANY, 0, SK_FIELD_PLAIN, ALL, 0}};
static const struct sk_field kprobe_arm64[] = {{0, PT_REGS_ARM64, ANY, 0, SK_FIELD_PLAIN, ALL, 0}};
/* The first eight bytes belong to the kernel. */
static const struct sk_field tracepoint[] = {{8, 8192 - 8, ANY, 0, SK_FIELD_PLAIN, ALL, 0}};
static const struct sk_field raw_tracepoint[] = {{0, 12 * 8, ANY, 0, SK_FIELD_PLAIN, ALL, 0}};
static const struct sk_field perf_event[] = {{0, PT_REGS, 8, 0, SK_FIELD_PLAIN, ALL, 0},
                                             {PT_REGS, 16, ANY, 0, SK_FIELD_PLAIN, ALL, 0}}; /* sample_period, addr */
static const struct sk_field any_memory[] = {{0, 65535, ANY, ANY, SK_FIELD_PLAIN, ALL, ALL}};

#define ROWS(table) table, SK_COUNT(table)
const struct sk_fields sk_fields_xdp = {"xdp_md", SK_XDP_SIZE, ROWS(xdp), XDP, false, false, false};
const struct sk_fields sk_fields_xdp_devmap = {"xdp_md", SK_XDP_SIZE, ROWS(xdp), XDP_DEVMAP, false, false, false};
const struct sk_fields sk_fields_sched_cls = {"__sk_buff", SK_SKB_SIZE, ROWS(skb), CLS, false, false, false};
const struct sk_fields sk_fields_socket_filter = {"__sk_buff", SK_SKB_SIZE, ROWS(skb), FILTER, false, false, false};
const struct sk_fields sk_fields_cgroup_skb = {"__sk_buff", SK_SKB_SIZE, ROWS(skb), CGROUP, false, false, false};
const struct sk_fields sk_fields_lwt = {"__sk_buff", SK_SKB_SIZE, ROWS(skb), LWT, false, false, false};
const struct sk_fields sk_fields_sk_skb = {"__sk_buff", SK_SKB_SIZE, ROWS(skb), SK_SKB, false, false, false};
const struct sk_fields sk_fields_kprobe = {"pt_regs", PT_REGS, ROWS(kprobe), 1, true, false, false};
const struct sk_fields sk_fields_kprobe_arm64 = {"pt_regs", PT_REGS_ARM64, ROWS(kprobe_arm64), 1, true, false, false};
const struct sk_fields sk_fields_tracepoint = {"the record", 8192, ROWS(tracepoint), 1, true, true, false};
const struct sk_fields sk_fields_raw_tracepoint = {"the arguments", 12 * 8, ROWS(raw_tracepoint), 1, true, true, false};
const struct sk_fields sk_fields_perf_event = {"bpf_perf_event_data", PT_REGS + 16, ROWS(perf_event), 1, true, false, false};
const struct sk_fields sk_fields_syscall = {"the context", 65535, ROWS(any_memory), 1, true, true, true};

bool sk_fields_find(const struct sk_fields *fields, int64_t offset, unsigned bytes, bool write, bool is_signed,
                    struct sk_field_access *access)
{
    if (offset < 0 || offset >= (int64_t)fields->size || ((uint64_t)offset & (bytes - 1)))
        return false;
    const struct sk_field *row = NULL;
    for (unsigned i = 0; i < fields->count && fields->rows[i].offset <= offset; i++)
        row = &fields->rows[i];
    const uint32_t at = (uint32_t)offset;
    if (!row || at + bytes > (uint32_t)row->offset + row->size || !((write ? row->write : row->read) & bytes) ||
        !((write ? row->writers : row->readers) & fields->who))
        return false;
    *access = (struct sk_field_access){at, (uint8_t)bytes, row->how};
    if (row->how >= SK_FIELD_POINTER && row->how <= SK_FIELD_POINTER_LAST) {
        access->offset = sk_fields_slots_at(fields) + 8u * (uint32_t)(row->how - SK_FIELD_POINTER);
        access->bytes = 8;
        return !is_signed;
    }
    if (write && row->how != SK_FIELD_PLAIN) {
        access->bytes = 2;
#if SK_BIG_ENDIAN
        access->offset += 2;
#endif
    }
    return true;
}
