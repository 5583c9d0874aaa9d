/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * skep_vm_test_run: a packet is set up as the kernel's BPF_PROG_TEST_RUN sets it up (net/bpf/test_run.c), run, and handed
 * out again. What is laid out here is the caller's part of a run; the run itself is skep_vm_exec's.
 */
#include "api/vm.h"
#include "context/fields.h"

enum {
    HEADER = 14,         /* ETH_HLEN */
    XDP_HEADROOM = 256,  /* XDP_PACKET_HEADROOM */
    XDP_FRAME = 40,      /* sizeof(struct xdp_frame), at its beginning */
    XDP_ROOM = 4096 - XDP_HEADROOM - 320, /* of a page, less struct skb_shared_info */
    SKB_HEADROOM = 512,  /* the kernel makes more when it is needed; helpers here have to do with this */
    SKB_TAILROOM = 8192,
    SKB_MOST = 65536     /* GSO_LEGACY_MAX_SIZE, and GSO_MAX_SEGS + 1 */
};

/* Offsets of struct __sk_buff. */
enum { S_PKT_TYPE = 4, S_IFINDEX = 40, S_FAMILY = 88, S_REMOTE_IP4 = 92, S_LOCAL_IP4 = 96, S_REMOTE_IP6 = 100,
       S_LOCAL_IP6 = 116, S_WIRE_LEN = 160, S_GSO_SEGS = 164 };

struct setup {
    const skep_vm *vm;
    skep_test_run *test;
    skep_exec_options run;
    uint8_t *buffer;       /* of the packet, with its rooms */
    uint8_t ctx[SK_SKB_SIZE];
    uint8_t *memory;       /* a context that is memory; NULL: it is none */
    bool is_xdp, is_l2;
};

static skep_code refused(skep_error *err, int number, const char *why)
{
    sk_fail(err, SKEP_ERR_ARGUMENT, "%s", why);
    if (err)
        err->detail = -number;
    return SKEP_ERR_ARGUMENT;
}

static uint32_t ctx32(const struct setup *s, unsigned offset) { return sk_load32(s->ctx + offset); }
static void set_ctx32(struct setup *s, unsigned offset, uint32_t value) { sk_store32(s->ctx + offset, value); }

/* bpf_ctx_init(): what is larger must be zero in the part that is not known. */
static skep_code read_context(struct setup *s, size_t size, skep_error *err)
{
    const skep_test_run *t = s->test;
    const uint8_t *in = t->ctx_in;
    if (!in)
        return SKEP_OK;
    for (size_t i = size; i < t->ctx_size_in; i++)
        if (in[i])
            return refused(err, SKEP_E2BIG, "the context is larger than the struct, and not zero behind it");
    memcpy(s->ctx, in, t->ctx_size_in < size ? t->ctx_size_in : size);
    return SKEP_OK;
}

/* ---------------------------------------------------------------------------------------------------- XDP */

static skep_code begin_xdp(struct setup *s, skep_error *err)
{
    const skep_test_run *t = s->test;
    size_t meta = 0, end = t->data_size_in;
    if (s->vm->kind == SKEP_XDP_DEVMAP)
        return refused(err, SKEP_EINVAL, "programs of a devmap are not run alone");
    skep_code failed = read_context(s, SK_XDP_SIZE, err);
    if (failed)
        return failed;
    if (t->ctx_in) {
        meta = ctx32(s, 0);
        if (ctx32(s, 8) || ctx32(s, 4) != end || meta > end)
            return refused(err, SKEP_EINVAL, "xdp_md: data_meta must be 0, data_end the size of the data, and data at most that");
        if (meta % 4 || meta > 252 || meta > XDP_HEADROOM - XDP_FRAME)
            return refused(err, SKEP_EINVAL, "xdp_md: data, the size of the metadata, must be a multiple of 4, 216 at most");
        if (ctx32(s, 20))
            return refused(err, SKEP_EINVAL, "xdp_md: egress_ifindex must be 0");
        if (!ctx32(s, 12) && ctx32(s, 16))
            return refused(err, SKEP_EINVAL, "xdp_md: rx_queue_index without ingress_ifindex");
    }
    if (end - meta < HEADER)
        return refused(err, SKEP_EINVAL, "the packet has less than 14 bytes");
    if (!ctx32(s, 12))
        set_ctx32(s, 12, 1); /* lo */
    s->run.headroom = XDP_HEADROOM - XDP_FRAME - meta;
    s->run.tailroom = end < XDP_ROOM + meta ? XDP_ROOM + meta - end : 0;
    s->run.meta_size = meta;
    return SKEP_OK;
}

/* ---------------------------------------------------------------------------------------------------- skb */

static bool is_zero(const struct setup *s, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (s->ctx[i])
            return false;
    return true;
}

/* convert___skb_to_skb(): mark, priority, the interfaces, cb, tstamp, wire_len, gso_* and hwtstamp may be given. */
static skep_code check_skb(struct setup *s, skep_error *err)
{
    static const uint8_t zeros[][2] = {{0, 8}, {12, 32}, {44, 48}, {68, 152}, {168, 176}, {180, 184}};
    for (size_t i = 0; i < SK_COUNT(zeros); i++)
        if (!is_zero(s, zeros[i][0], zeros[i][1]))
            return refused(err, SKEP_EINVAL, "__sk_buff: a field is set that cannot be");
    const uint32_t wire_len = ctx32(s, S_WIRE_LEN), size = (uint32_t)s->test->data_size_in - (s->is_l2 ? 0 : HEADER);
    if (wire_len && (wire_len < size || wire_len > SKB_MOST))
        return refused(err, SKEP_EINVAL, "__sk_buff: wire_len is below the packet's size, or above 65536");
    if (ctx32(s, S_GSO_SEGS) >= SKB_MOST)
        return refused(err, SKEP_EINVAL, "__sk_buff: gso_segs is above 65535");
    if (!wire_len)
        set_ctx32(s, S_WIRE_LEN, size);
    return SKEP_OK;
}

/* PACKET_HOST, _MULTICAST or _OTHERHOST of a packet to lo, whose addresses are zero: eth_type_trans(). */
static uint32_t packet_type(const uint8_t *to)
{
    static const uint8_t host[6] = {0};
    return !memcmp(to, host, 6) ? 0 : to[0] & 1 ? 2 : 3;
}

static void fill_skb(struct setup *s, const uint8_t *packet, size_t size)
{
    const uint16_t type = sk_load16(packet + 12);
    const uint8_t *network = packet + HEADER;
    const uint16_t protocol = sk_be16(type);
    size -= HEADER;
    set_ctx32(s, S_PKT_TYPE, packet_type(packet));
    set_ctx32(s, SK_SKB_PROTOCOL, protocol >= 0x600                            ? type
                                  : size >= 2 && network[0] == 255 && network[1] == 255 ? sk_be16(1) /* ETH_P_802_3 */
                                                                               : sk_be16(4) /* ETH_P_802_2 */);
    if (ctx32(s, S_IFINDEX) == 0)
        set_ctx32(s, S_IFINDEX, 1);
    if (protocol == 0x0800 && size >= 20) {
        set_ctx32(s, S_FAMILY, 2);
        memcpy(s->ctx + S_LOCAL_IP4, network + 12, 4);
        memcpy(s->ctx + S_REMOTE_IP4, network + 16, 4);
    } else if (protocol == 0x86dd && size >= 40) {
        set_ctx32(s, S_FAMILY, 10);
        memcpy(s->ctx + S_LOCAL_IP6, network + 8, 16);
        memcpy(s->ctx + S_REMOTE_IP6, network + 24, 16);
    }
}

static skep_code begin_skb(struct setup *s, skep_error *err)
{
    const skep_test_run *t = s->test;
    skep_code failed = read_context(s, SK_SKB_SIZE, err);
    if (failed)
        return failed;
    if (t->data_size_in < HEADER)
        return refused(err, SKEP_EINVAL, "the packet has less than 14 bytes");
    const unsigned protocol = sk_be16(sk_load16((const uint8_t *)t->data_in + 12));
    if (t->data_size_in < HEADER + (protocol == 0x0800 ? 20u : protocol == 0x86dd ? 40u : 0u))
        return refused(err, SKEP_EINVAL, "the packet is shorter than its IP header");
    if (t->ctx_in && (failed = check_skb(s, err)) != SKEP_OK)
        return failed;
    fill_skb(s, t->data_in, t->data_size_in);
    s->run.headroom = SKB_HEADROOM + (s->is_l2 ? 0 : HEADER);
    s->run.tailroom = SKB_TAILROOM;
    return SKEP_OK;
}

/* ----------------------------------------------------------------------------------------------- all kinds */

static skep_code begin_packet(struct setup *s, skep_error *err)
{
    const skep_test_run *t = s->test;
    skep_exec_options *run = &s->run;
    if (t->data_size_in > SK_PACKET_MOST || (!t->data_in && t->data_size_in))
        return refused(err, SKEP_EINVAL, "data_in: too large, or NULL");
    skep_code failed = s->is_xdp ? begin_xdp(s, err) : begin_skb(s, err);
    if (failed)
        return failed;
    const size_t skipped = s->is_xdp ? run->meta_size : s->is_l2 ? 0 : HEADER; /* of the data, before `mem` */
    const size_t front = run->headroom + run->meta_size - (s->is_xdp ? 0 : skipped);
    s->buffer = sk_alloc_array(&s->vm->env.hooks, front + t->data_size_in + run->tailroom, 1);
    if (!s->buffer)
        return sk_fail_memory(err);
    uint8_t *at = s->buffer + front - (s->is_xdp ? run->meta_size : 0);
    memcpy(at, t->data_in, t->data_size_in);
    run->mem = at + skipped;
    run->mem_size = t->data_size_in - skipped;
    run->mbuff = s->ctx;
    run->mbuff_size = s->is_xdp ? SK_XDP_SIZE : SK_SKB_SIZE;
    return SKEP_OK;
}

static skep_code begin_memory(struct setup *s, const struct sk_fields *f, skep_error *err)
{
    const skep_test_run *t = s->test;
    const uint32_t extent = f->any_size ? s->vm->image->program->context_extent : f->size;
    if (t->data_in || t->data_size_in || t->data_out || t->data_size_out)
        return refused(err, SKEP_EINVAL, "programs of this type have no packet");
    if (!t->ctx_in)
        return f->any_size && extent ? refused(err, SKEP_EINVAL, "there is no context, and the program reads some")
                                                         : SKEP_OK;
    if (t->ctx_size_in < extent || t->ctx_size_in > f->size)
        return refused(err, SKEP_EINVAL, "the context is too small for this program, or too large for its type");
    s->memory = sk_alloc(&s->vm->env.hooks, t->ctx_size_in ? t->ctx_size_in : 1);
    if (!s->memory)
        return sk_fail_memory(err);
    memcpy(s->memory, t->ctx_in, t->ctx_size_in);
    s->run.mbuff = s->memory;
    s->run.mbuff_size = t->ctx_size_in;
    return SKEP_OK;
}

/* The runs, one after the other on the same packet. */
static skep_code repeat(struct setup *s, skep_error *err)
{
    skep_test_run *t = s->test;
    skep_exec_options *run = &s->run;
    const skep_hooks *hooks = &s->vm->env.hooks;
    const uint32_t times = t->repeat ? t->repeat : 1;
    const uint64_t begin = hooks->time_ns ? hooks->time_ns(hooks->user) : 0;
    for (uint32_t i = 0; i < times; i++) {
        skep_code failed = (t->jit ? skep_vm_exec_jit : skep_vm_exec)(s->vm, run, &t->retval, err);
        if (failed)
            return failed;
        if (!s->buffer)
            continue;
        uint8_t *packet = *run->packet;
        const size_t packet_size = *run->packet_size;
        const size_t meta = s->is_xdp ? ctx32(s, 0) : run->meta_size; /* as sk_linux_end_packet() leaves it */
        const uint8_t *old_front = (uint8_t *)run->mem - run->meta_size, *front = packet - meta;
        const uint8_t *old_end = (uint8_t *)run->mem + run->mem_size, *end = packet + packet_size;
        run->headroom = (size_t)((intptr_t)run->headroom + (front - old_front));
        run->tailroom = (size_t)((intptr_t)run->tailroom + (old_end - end));
        run->meta_size = meta;
        run->mem = packet;
        run->mem_size = packet_size;
    }
    t->duration = hooks->time_ns ? (hooks->time_ns(hooks->user) - begin) / times : 0;
    return SKEP_OK;
}

static bool hand_out(void *out, size_t *room, const void *from, size_t size)
{
    const size_t fits = *room < size ? *room : size;
    if (out && fits)
        memcpy(out, from, fits);
    const bool good = !out || size <= *room;
    *room = size;
    return good;
}

static skep_code finish(struct setup *s, skep_error *err)
{
    skep_test_run *t = s->test;
    bool good = true;
    if (s->buffer) {
        uint8_t *front = (uint8_t *)s->run.mem - s->run.meta_size;
        size_t size = s->run.mem_size + s->run.meta_size;
        if (!s->is_xdp && !s->is_l2 && s->run.headroom >= HEADER) {
            front -= HEADER;
            size += HEADER;
            memset(front, 0, HEADER);
        }
        good = hand_out(t->data_out, &t->data_size_out, front, size);
        if (!s->is_xdp) /* what is not handed back: the kernel leaves what had to be zero */
            for (unsigned i = 0; i < SK_SKB_SIZE; i++)
                if (i < 8 || (i >= 12 && i < 32) || (i >= 44 && i < 48) || (i >= 68 && i < 152) || (i >= 168 && i < 176) ||
                    (i >= 180 && i < 184))
                    s->ctx[i] = 0;
    }
    if (s->is_xdp && t->ctx_in) /* lo's number was our own */
        set_ctx32(s, 12, t->ctx_size_in >= 16 ? sk_load32((const uint8_t *)t->ctx_in + 12) : 0);
    const size_t ctx_size = !t->ctx_in ? 0 : s->buffer ? s->run.mbuff_size : t->ctx_size_in;
    good &= hand_out(t->ctx_out, &t->ctx_size_out, s->buffer ? s->ctx : s->memory, ctx_size);
    return good ? SKEP_OK : refused(err, SKEP_ENOSPC, "data_out or ctx_out is too small");
}

skep_code skep_vm_test_run(const skep_vm *vm, skep_test_run *test, skep_error *err)
{
    if (!vm || !test || test->size != sizeof *test)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM, no test, or its size is not that of a skep_test_run");
    const struct sk_context *context = sk_context_of(vm->kind);
    if (!vm->image)
        return sk_fail(err, SKEP_ERR_STATE, "no program is loaded");
    if (!context->fields)
        return refused(err, SKEP_ENOTSUPP, "only programs of Linux's types are run this way");
    if (!test->ctx_in != !test->ctx_size_in || !test->ctx_out != !test->ctx_size_out)
        return refused(err, SKEP_EINVAL, "a context has an address and a size, or neither");
    if (test->jit && !vm->native)
        return sk_fail(err, SKEP_ERR_STATE, "the program is not compiled: call skep_vm_jit_compile first");
    void *packet = NULL;
    size_t packet_size = 0;
    struct setup s = {.vm = vm, .test = test, .is_xdp = context->fields->size == SK_XDP_SIZE, .is_l2 = context->at_mac};
    s.run = (skep_exec_options){.size = sizeof s.run, .script = test->script, .packet = &packet, .packet_size = &packet_size,
                                .redirect = &test->redirect};
    test->redirect = (skep_redirect){SKEP_REDIRECT_NONE, 0, NULL, 0, 0, 0};
    skep_code failed = context->fields->is_memory ? begin_memory(&s, context->fields, err) : begin_packet(&s, err);
    if (!failed)
        failed = repeat(&s, err);
    if (!failed)
        failed = finish(&s, err);
    sk_free(&vm->env.hooks, s.buffer);
    sk_free(&vm->env.hooks, s.memory);
    return failed;
}
