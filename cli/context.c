/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What Linux makes of the programs of each type: which context they get, what their verdicts are called
 * (include/uapi/linux/bpf.h, pkt_cls.h), which verdicts let a packet go on.
 */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* enum bpf_prog_type; those whose r0 says what becomes of a packet. */
enum {
    TYPE_SOCKET_FILTER = 1,
    TYPE_SCHED_CLS = 3,
    TYPE_SCHED_ACT = 4,
    TYPE_XDP = 6,
    TYPE_CGROUP_SKB = 8,
    TYPE_LWT_IN = 10,
    TYPE_LWT_OUT = 11,
    TYPE_LWT_XMIT = 12,
    TYPE_SK_SKB = 14,
    TYPE_LWT_SEG6LOCAL = 19
};

enum { ETHERNET_HEADER = 14, XDP_HEADROOM = 256, PAGE = 4096, SHARED_INFO = 320, SKB_HEADROOM = 64 };

static const struct verdict {
    uint32_t value;
    bool passes;
    const char *name;
} xdp_verdicts[] = {{0, false, "XDP_ABORTED"}, {1, false, "XDP_DROP"}, {2, true, "XDP_PASS"}, {3, true, "XDP_TX"},
                    {4, true, "XDP_REDIRECT"}, {0}},
  tc_verdicts[] = {{UINT32_MAX, true, "TC_ACT_UNSPEC"}, {0, true, "TC_ACT_OK"}, {1, true, "TC_ACT_RECLASSIFY"},
                   {2, false, "TC_ACT_SHOT"}, {3, true, "TC_ACT_PIPE"}, {4, false, "TC_ACT_STOLEN"},
                   {5, false, "TC_ACT_QUEUED"}, {6, true, "TC_ACT_REPEAT"}, {7, true, "TC_ACT_REDIRECT"},
                   {8, false, "TC_ACT_TRAP"}, {0}},
  lwt_verdicts[] = {{0, true, "BPF_OK"}, {2, false, "BPF_DROP"}, {7, true, "BPF_REDIRECT"},
                    {128, true, "BPF_LWT_REROUTE"}, {0}},
  sk_verdicts[] = {{0, false, "SK_DROP"}, {1, true, "SK_PASS"}, {0}};

bool is_linux_kind(skep_kind kind) { return kind >= SKEP_XDP; }

bool is_packet_kind(skep_kind kind)
{
    return kind == SKEP_XDP || kind == SKEP_XDP_DEVMAP || kind == SKEP_SCHED_CLS || kind == SKEP_SOCKET_FILTER ||
           kind == SKEP_CGROUP_SKB || kind == SKEP_LWT || kind == SKEP_SK_SKB;
}

/* The verdicts of a type; NULL: they have no names. `type` may be 0, then the kind speaks. */
static const struct verdict *verdicts_of(uint32_t type, skep_kind kind)
{
    if (kind == SKEP_XDP || kind == SKEP_XDP_DEVMAP)
        return xdp_verdicts;
    if (kind == SKEP_SCHED_CLS)
        return tc_verdicts;
    if (kind == SKEP_LWT || (is_linux_kind(kind) && ((type >= TYPE_LWT_IN && type <= TYPE_LWT_XMIT) ||
                                                     type == TYPE_LWT_SEG6LOCAL)))
        return lwt_verdicts;
    return kind == SKEP_SK_SKB ? sk_verdicts : NULL;
}

static const struct verdict *find_verdict(const struct runner *r, uint64_t verdict)
{
    const struct verdict *v = verdicts_of(r->program->info.type, r->kind);
    for (; v && v->name; v++)
        if (v->value == (uint32_t)verdict)
            return v;
    return NULL;
}

uint64_t verdict_of(const struct runner *r, uint64_t r0) { return is_packet_kind(r->kind) ? (uint32_t)r0 : r0; }

const char *verdict_name(const struct runner *r, uint64_t verdict)
{
    const struct verdict *v = find_verdict(r, verdict);
    return v ? v->name : NULL;
}

bool verdict_passes(const struct runner *r, uint64_t verdict)
{
    const struct verdict *v = find_verdict(r, verdict);
    if (v)
        return v->passes;
    if (r->kind == SKEP_XDP || r->kind == SKEP_XDP_DEVMAP || verdicts_of(r->program->info.type, r->kind) == lwt_verdicts)
        return false; /* what the kernel does not know it drops */
    if (r->kind == SKEP_SCHED_CLS)
        return true; /* and here it takes it for TC_ACT_UNSPEC */
    return r->kind == SKEP_CGROUP_SKB ? (verdict & 1) != 0 : verdict != 0;
}

void verdict_text(const struct runner *r, uint64_t verdict, char *out, size_t size)
{
    const char *name = verdict_name(r, verdict);
    snprintf(out, size, "%" PRIu64 " (0x%" PRIx64 ")%s%s", verdict, verdict, name ? " " : "", name ? name : "");
}

struct packet_room packet_room(skep_kind kind, size_t size)
{
    if (kind == SKEP_XDP || kind == SKEP_XDP_DEVMAP) { /* one page for it all, as BPF_PROG_TEST_RUN has it */
        size_t most = PAGE - XDP_HEADROOM - SHARED_INFO;
        return (struct packet_room){XDP_HEADROOM, size < most ? most - size : 0};
    }
    if (kind == SKEP_SCHED_CLS)
        return (struct packet_room){SKB_HEADROOM, SHARED_INFO};
    return (struct packet_room){0, 0};
}

size_t link_header(skep_kind kind, size_t size)
{
    bool network = kind == SKEP_CGROUP_SKB || kind == SKEP_LWT;
    return network && size >= ETHERNET_HEADER ? ETHERNET_HEADER : 0;
}

int settle_kind(struct runner *r)
{
    const struct run_options *o = r->options;
    const skep_program_info *info = &r->program->info;
    const char *name = info->type_name ? info->type_name : "";
    r->kind = o->kind;
    if (!o->kind_given && o->kind != SKEP_MBUFF && o->kind != SKEP_FIXED_MBUFF && is_linux_kind(info->kind))
        r->kind = info->kind;
    if (o->ctx && !is_linux_kind(r->kind)) {
        complain("--ctx is for programs of Linux's types; this one gets %s", info->type ? name : "none of their contexts");
        return STATUS_USAGE;
    }
    if (is_linux_kind(r->kind) && !is_packet_kind(r->kind) && (o->mem || o->pcap)) {
        complain("a %s program gets no packets; its context is given with --ctx (--kind raw: treat it as any program)", name);
        return STATUS_USAGE;
    }
    return STATUS_OK;
}
