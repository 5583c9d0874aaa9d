/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "context/context.h"

#include "context/fields.h"
#include "context/linux.h"
#include "run/begin.h"

static void add_packet(skep_run *run, const struct sk_input *input)
{
    run->packet = sk_addr(input->mem);
    run->packet_size = input->mem_size;
    sk_run_add_region(run, "packet", run->packet, input->mem_size, input->mem_access);
}

static void set_context(skep_run *run, uint64_t r1) { run->context = run->regs[1] = r1; }

static void begin_no_data(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own)
{
    (void)context, (void)run, (void)input, (void)own;
}

static void begin_raw(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own)
{
    (void)context, (void)own;
    add_packet(run, input);
    set_context(run, sk_addr(input->mem));
    run->regs[2] = input->mem_size;
}

static void begin_mbuff(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own)
{
    (void)context, (void)own;
    add_packet(run, input);
    sk_run_add_region(run, "metadata buffer", sk_addr(input->mbuff), input->mbuff_size, SKEP_READ | SKEP_WRITE);
    set_context(run, sk_addr(input->mbuff));
}

static size_t room_fixed(const struct sk_context *context, const struct sk_input *input)
{
    (void)context;
    return (input->data_offset > input->data_end_offset ? input->data_offset : input->data_end_offset) + 8;
}

/* A buffer of the run's own, so that two threads may run one VM at once. */
static void begin_fixed(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own)
{
    size_t size = room_fixed(context, input);
    memset(own, 0, size);
    sk_store64(own + input->data_offset, sk_addr(input->mem));
    sk_store64(own + input->data_end_offset, sk_addr(input->mem) + input->mem_size);
    add_packet(run, input);
    sk_run_add_region(run, "metadata buffer", sk_addr(own), size, SKEP_READ | SKEP_WRITE);
    set_context(run, sk_addr(own));
}

const struct sk_context *sk_context_of(skep_kind kind)
{
    static const struct sk_context contexts[] = {
        [SKEP_NO_DATA] = {"no data", false, false, false, false, false, NULL, NULL, begin_no_data},
        [SKEP_RAW] = {"raw", true, false, false, false, false, NULL, NULL, begin_raw},
        [SKEP_MBUFF] = {"metadata buffer", true, true, true, true, false, NULL, NULL, begin_mbuff},
        [SKEP_FIXED_MBUFF] = {"fixed metadata buffer", true, false, false, true, false, NULL, room_fixed, begin_fixed},
#define PACKET(name, at_mac, fields) {name, true, true, false, false, at_mac, fields, sk_linux_room, sk_linux_begin_packet}
#define MEMORY(name, fields) {name, false, true, false, false, false, fields, sk_linux_room, sk_linux_begin_memory}
        [SKEP_XDP] = PACKET("xdp", true, &sk_fields_xdp),
        [SKEP_XDP_DEVMAP] = PACKET("xdp, of a devmap", true, &sk_fields_xdp_devmap),
        [SKEP_SCHED_CLS] = PACKET("tc", true, &sk_fields_sched_cls),
        [SKEP_SOCKET_FILTER] = PACKET("socket filter", false, &sk_fields_socket_filter),
        [SKEP_CGROUP_SKB] = PACKET("cgroup skb", false, &sk_fields_cgroup_skb),
        [SKEP_LWT] = PACKET("lightweight tunnel", false, &sk_fields_lwt),
        [SKEP_SK_SKB] = PACKET("sk_skb", false, &sk_fields_sk_skb),
        [SKEP_KPROBE] = MEMORY("kprobe", &sk_fields_kprobe),
        [SKEP_KPROBE_ARM64] = MEMORY("kprobe of arm64", &sk_fields_kprobe_arm64),
        [SKEP_TRACEPOINT] = MEMORY("tracepoint", &sk_fields_tracepoint),
        [SKEP_RAW_TRACEPOINT] = MEMORY("raw tracepoint", &sk_fields_raw_tracepoint),
        [SKEP_PERF_EVENT] = MEMORY("perf event", &sk_fields_perf_event),
        [SKEP_SYSCALL] = MEMORY("syscall", &sk_fields_syscall),
    };
    return (unsigned)kind < SK_COUNT(contexts) ? &contexts[kind] : NULL;
}

skep_code sk_context_check_offsets(size_t data, size_t end, skep_error *err)
{
    if (data >= SK_CONTEXT_MAX_OFFSET || end >= SK_CONTEXT_MAX_OFFSET)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the offsets of data and data_end must be below %u, not %z and %z",
                       SK_CONTEXT_MAX_OFFSET, data, end);
    if (data < end + 8 && end < data + 8)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the 8-byte fields of data at %z and data_end at %z overlap", data, end);
    return SKEP_OK;
}

skep_code sk_context_check_input(skep_kind kind, const skep_exec_options *options, skep_error *err)
{
    const struct sk_context *context = sk_context_of(kind);
    bool no_mem = !options->mem && options->mem_size, no_mbuff = !options->mbuff && options->mbuff_size;
    if (options->mem_access & ~(SKEP_READ | SKEP_WRITE))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "mem_access is made of SKEP_READ and SKEP_WRITE, not %u",
                       options->mem_access);
    if (no_mem || no_mbuff)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "%s is NULL but its size is not 0", no_mem ? "mem" : "mbuff");
    if (!context->takes_mem && options->mem_size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a VM of kind \"%s\" takes no memory", context->name);
    if (!context->takes_mbuff && options->mbuff_size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a VM of kind \"%s\" takes no metadata buffer", context->name);
    if (context->needs_mbuff && !options->mbuff)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a VM of kind \"%s\" needs one: mbuff is NULL", context->name);
    if (!context->fields && (options->headroom || options->tailroom || options->meta_size))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "in a VM of kind \"%s\" no packet grows", context->name);
    return SKEP_OK;
}

skep_code sk_context_check_linux(const struct sk_context *context, uint32_t extent, const skep_exec_options *options,
                                 skep_error *err)
{
    const struct sk_fields *f = context->fields;
    const uint32_t least = f->any_size ? extent : f->size;
    if (f->is_memory && options->mbuff && options->mbuff_size < least)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the context has %z bytes, and this program reads %u", options->mbuff_size, least);
    if (f->is_memory && (options->headroom || options->tailroom || options->meta_size))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a VM of kind \"%s\" has no packet", context->name);
    for (size_t i = f->size; !f->is_memory && i < options->mbuff_size; i++)
        if (((const uint8_t *)options->mbuff)[i])
            return sk_fail(err, SKEP_ERR_ARGUMENT, "mbuff has %z bytes, more than %s, and not all of those are zero",
                           options->mbuff_size, f->name);
    /* net/bpf/test_run.c and xdp_metalen_invalid() */
    if (options->meta_size && (!context->at_mac || options->meta_size > 252 || options->meta_size % 4))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a VM of kind \"%s\" takes no %z bytes of metadata", context->name,
                       options->meta_size);
    if (options->headroom > SK_PACKET_MOST || options->tailroom > SK_PACKET_MOST || (!f->is_memory && options->mem_size > SK_PACKET_MOST))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "packets, and what is around them, have at most %u bytes", SK_PACKET_MOST);
    return SKEP_OK;
}
