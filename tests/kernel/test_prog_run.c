/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * skep_vm_test_run beside the kernel's BPF_PROG_TEST_RUN: every field that a program may read, over packets of all kinds;
 * which contexts and sizes are refused, and how; what comes out. Skipped where bpf(2) is not permitted.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "skep/skep.h"

static const struct type {
    const char *name;
    unsigned program;
    skep_kind kind;
    unsigned ctx_size;
} types[] = {
    {"xdp", BPF_PROG_TYPE_XDP, SKEP_XDP, 24},
    {"sched_cls", BPF_PROG_TYPE_SCHED_CLS, SKEP_SCHED_CLS, 192},
    {"socket filter", BPF_PROG_TYPE_SOCKET_FILTER, SKEP_SOCKET_FILTER, 192},
    {"cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, SKEP_CGROUP_SKB, 192},
    {"lwt_xmit", BPF_PROG_TYPE_LWT_XMIT, SKEP_LWT, 192},
};

#define TYPES (sizeof types / sizeof *types)
#define ROOM 256

static long bpf(int command, union bpf_attr *attr) { return syscall(SYS_bpf, command, attr, sizeof *attr); }

static int load_there(const struct type *type, const void *code, size_t size)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = type->program;
    attr.insns = (uint64_t)(uintptr_t)code;
    attr.insn_cnt = (uint32_t)(size / 8);
    attr.license = (uint64_t)(uintptr_t) "GPL";
    return (int)bpf(BPF_PROG_LOAD, &attr);
}

struct outcome {
    int error; /* of errno.h; 0: it ran */
    uint32_t result;
    size_t data_size, ctx_size;
    uint8_t data[ROOM], ctx[ROOM];
};

struct input {
    const uint8_t *data;
    size_t size;
    const uint8_t *ctx; /* NULL: none */
    size_t ctx_size;
    unsigned room; /* of data_out */
};

static struct outcome there(int program, const struct input *in)
{
    struct outcome o;
    union bpf_attr attr;
    memset(&o, 0, sizeof o);
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = (uint32_t)program;
    attr.test.data_in = (uint64_t)(uintptr_t)in->data;
    attr.test.data_size_in = (uint32_t)in->size;
    attr.test.data_out = (uint64_t)(uintptr_t)o.data;
    attr.test.data_size_out = in->room;
    attr.test.ctx_in = (uint64_t)(uintptr_t)in->ctx;
    attr.test.ctx_size_in = (uint32_t)in->ctx_size;
    if (in->ctx) {
        attr.test.ctx_out = (uint64_t)(uintptr_t)o.ctx;
        attr.test.ctx_size_out = ROOM;
    }
    errno = 0;
    o.error = bpf(BPF_PROG_TEST_RUN, &attr) ? errno : 0;
    o.result = attr.test.retval;
    o.data_size = attr.test.data_size_out;
    o.ctx_size = attr.test.ctx_size_out;
    return o;
}

static struct outcome here(const skep_vm *vm, bool native, const struct input *in)
{
    struct outcome o;
    skep_error err;
    memset(&o, 0, sizeof o);
    skep_test_run t = {.size = sizeof t, .data_in = in->data, .data_size_in = in->size, .data_out = o.data,
                       .data_size_out = in->room, .ctx_in = in->ctx, .ctx_size_in = in->ctx_size, .jit = native};
    if (in->ctx) {
        t.ctx_out = o.ctx;
        t.ctx_size_out = ROOM;
    }
    const skep_code code = skep_vm_test_run(vm, &t, &err);
    if (code && code != SKEP_ERR_ARGUMENT)
        fail_msg("%s", err.message);
    o.error = code ? (int)-err.detail : 0;
    o.result = (uint32_t)t.retval;
    o.data_size = t.data_size_out;
    o.ctx_size = in->ctx ? t.ctx_size_out : 0;
    return o;
}

static void compare(const struct type *type, const void *code, size_t size, const struct input *in, const char *what, int number,
                    bool with_ctx)
{
    const int program = load_there(type, code, size);
    if (program < 0)
        return;
    skep_vm *vm = NULL;
    skep_error err;
    skep_vm_options options = {.size = sizeof options, .kind = type->kind, .code = code, .code_size = size};
    if (skep_vm_create(&options, &vm, &err))
        fail_msg("%s", err.message);
    const bool has_jit = skep_vm_jit_compile(vm, NULL, NULL) == SKEP_OK;
    const struct outcome k = there(program, in);
    close(program);
    for (unsigned native = 0; native <= has_jit; native++) {
        const struct outcome s = here(vm, native, in);
        if (s.error != k.error)
            fail_msg("%s, %s %d: error %d, in the kernel %d", type->name, what, number, s.error, k.error);
        if (k.error && k.error != ENOSPC)
            continue;
        if (s.result != k.result)
            fail_msg("%s, %s %d: %#x, in the kernel %#x", type->name, what, number, s.result, k.result);
        if (s.data_size != k.data_size || memcmp(s.data, k.data, ROOM))
            fail_msg("%s, %s %d: other data, %zu bytes and in the kernel %zu", type->name, what, number, s.data_size, k.data_size);
        if (with_ctx && s.ctx_size != k.ctx_size)
            fail_msg("%s, %s %d: %zu bytes of context, in the kernel %zu", type->name, what, number, s.ctx_size, k.ctx_size);
        for (unsigned i = 0; with_ctx && i < k.ctx_size; i++)
            if (s.ctx[i] != k.ctx[i])
                fail_msg("%s, %s %d: byte %u of the context is %#x, in the kernel %#x", type->name, what, number, i, s.ctx[i], k.ctx[i]);
    }
    skep_vm_free(vm);
}

/* Ethernet and behind it IPv4, IPv6, ARP, a length, Novell's; to nobody, to all, to many, to another. */
static void make_packet(uint8_t *p, size_t size, unsigned which)
{
    static const uint16_t protocols[] = {0x0800, 0x86dd, 0x0806, 100, 101};
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(i * 7 + which);
    const unsigned protocol = protocols[which % 5], to = which / 5 % 4;
    memset(p, to == 0 ? 0 : to == 1 ? 255 : to == 2 ? 1 : 2, 6);
    p[12] = (uint8_t)(protocol >> 8);
    p[13] = (uint8_t)protocol;
    if (protocol == 101 && size >= 16)
        p[14] = p[15] = 255;
    if (protocol == 0x0800 && size > 14)
        p[14] = 0x45;
    if (protocol == 0x86dd && size > 14)
        p[14] = 0x60;
}

static bool permitted(void)
{
    static const uint8_t nothing[] = {0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
    const int program = load_there(&types[0], nothing, sizeof nothing);
    if (program < 0)
        print_message("skipped: bpf(2): %s\n", strerror(errno));
    else
        close(program);
    return program >= 0;
}

static bool is_pointer(const struct type *t, int off)
{
    return t->kind == SKEP_XDP ? off < 12 : off == 76 || off == 80 || off == 140 || (off >= 168 && off < 176);
}

static void test_fields(void **state)
{
    (void)state;
    if (!permitted())
        skip();
    for (unsigned n = 0; n < TYPES; n++)
        for (unsigned which = 0; which < 20; which++)
            for (int off = 0; off < (int)types[n].ctx_size; off++)
                for (unsigned width = 1; width <= 8; width *= 2) {
                    static const uint8_t ops[] = {[1] = 0x71, [2] = 0x69, [4] = 0x61, [8] = 0x79};
                    const uint8_t code[] = {ops[width], 0x10, (uint8_t)off, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
                    uint8_t packet[80];
                    if (is_pointer(&types[n], off) || off % (int)width || (which && width != 4))
                        continue;
                    if (width == 2 && off % 4 == 2)
                        continue; /* of fields that it keeps in 16 bits, Linux 6.18 reads the lower half there, too */
                    make_packet(packet, sizeof packet, which);
                    const struct input in = {packet, sizeof packet, NULL, 0, ROOM};
                    compare(&types[n], code, sizeof code, &in, "field", off, false);
                }
}

/* data_end - data, and what the first bytes are. */
static void test_bounds(void **state)
{
    (void)state;
    if (!permitted())
        skip();
    for (unsigned n = 0; n < TYPES; n++) {
        const uint8_t data = types[n].kind == SKEP_XDP ? 0 : 76, end = (uint8_t)(data + 4);
        const uint8_t size_code[] = {0x61, 0x12, data, 0, 0, 0, 0, 0, /* r2 = data */
                                     0x61, 0x10, end,  0, 0, 0, 0, 0, /* r0 = data_end */
                                     0x1f, 0x20, 0,    0, 0, 0, 0, 0, /* r0 -= r2 */
                                     0x95, 0,    0,    0, 0, 0, 0, 0};
        const uint8_t first_code[] = {0x61, 0x12, data, 0, 0, 0, 0, 0, 0x61, 0x13, end, 0, 0, 0, 0, 0,
                                      0xb7, 0,    0,    0, 0, 0, 0, 0, /* r0 = 0 */
                                      0xbf, 0x24, 0,    0, 0, 0, 0, 0, /* r4 = r2 */
                                      0x07, 4,    0,    0, 2, 0, 0, 0, /* r4 += 2 */
                                      0x2d, 0x34, 1,    0, 0, 0, 0, 0, /* if r4 > r3 */
                                      0x69, 0x20, 0,    0, 0, 0, 0, 0, /* r0 = *(u16 *)r2 */
                                      0x95, 0,    0,    0, 0, 0, 0, 0};
        for (int size = 0; size < 120; size++) {
            uint8_t packet[120];
            make_packet(packet, sizeof packet, (unsigned)size % 5);
            const struct input in = {packet, (size_t)size, NULL, 0, ROOM}, small = {packet, (size_t)size, NULL, 0, 40};
            compare(&types[n], size_code, sizeof size_code, &in, "size", size, false);
            compare(&types[n], first_code, sizeof first_code, &in, "first bytes at size", size, false);
            compare(&types[n], first_code, sizeof first_code, &small, "little room at size", size, false);
        }
    }
}

static void test_contexts(void **state)
{
    (void)state;
    if (!permitted())
        skip();
    for (unsigned n = 0; n < TYPES; n++) {
        /* What may be written is; mark comes back. */
        const uint8_t writes[] = {0x62, 1, 48, 0, 7, 0, 0, 0, 0x61, 0x10, 8, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
        const uint8_t reads[] = {0xb7, 0, 0, 0, 3, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
        const bool xdp = types[n].kind == SKEP_XDP;
        uint8_t packet[80];
        make_packet(packet, sizeof packet, 0);
        for (unsigned at = 0; at < types[n].ctx_size; at++)
            for (unsigned value = 0; value < 3; value++) {
                uint8_t ctx[200] = {0};
                if (xdp)
                    ctx[4] = sizeof packet;
                if (!xdp && at >= 36 && at < 44)
                    continue; /* interfaces: those of the machine */
                if (xdp && at >= 12 && at < 16 && (value || at != 12))
                    continue;
                if ((xdp && at >= 4 && at < 8) || (!xdp && at >= 80 && at < 84))
                    continue; /* data_end below the size makes fragments there */
                ctx[at] = (uint8_t)(value == 0 ? 1 : value == 1 ? 4 : 80);
                const struct input in = {packet, sizeof packet, ctx, types[n].ctx_size, ROOM};
                compare(&types[n], xdp ? reads : writes, xdp ? sizeof reads : sizeof writes, &in, "context byte", (int)at, true);
            }
        for (size_t size = 0; size <= 200; size++) {
            uint8_t ctx[200] = {0};
            if (xdp && size > 0 && size <= 4) /* data_end is cut off */
                continue;
            if (xdp)
                ctx[4] = sizeof packet;
            if (size > types[n].ctx_size)
                ctx[size - 1] = size % 3 == 0;
            const struct input in = {packet, sizeof packet, ctx, size, ROOM};
            compare(&types[n], xdp ? reads : writes, xdp ? sizeof reads : sizeof writes, &in, "context size", (int)size, true);
        }
    }
}

/* data_end - data_meta, and data - data_meta. */
static void test_metadata(void **state)
{
    (void)state;
    if (!permitted())
        skip();
    for (unsigned of = 0; of <= 4; of += 4) {
        const uint8_t code[] = {0x61, 0x12, 8, 0, 0, 0, 0, 0, 0x61, 0x10, (uint8_t)of, 0, 0, 0, 0, 0, 0x1f, 0x20, 0, 0, 0, 0, 0, 0,
                                0x95, 0,    0, 0, 0, 0, 0, 0};
        for (unsigned meta = 0; meta < 80; meta++)
            for (unsigned end = 80; end <= 81; end++) /* below the size it makes fragments there */ {
                uint8_t packet[80], ctx[24] = {0};
                make_packet(packet, sizeof packet, 0);
                ctx[0] = (uint8_t)meta;
                ctx[4] = (uint8_t)end;
                const struct input in = {packet, sizeof packet, ctx, sizeof ctx, ROOM};
                compare(&types[0], code, sizeof code, &in, "metadata", (int)(meta * 100 + end), true);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields), cmocka_unit_test(test_bounds),
                                       cmocka_unit_test(test_contexts), cmocka_unit_test(test_metadata)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
