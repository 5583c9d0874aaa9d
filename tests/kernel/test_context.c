/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The running kernel's verdict on every access to a context, by program type, offset, width, direction and form, beside what
 * the same program does here, in both engines: it runs where the kernel loads it, and ends with SKEP_ERR_ACCESS where the
 * kernel refuses it. Skipped where bpf(2) is not permitted.
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

#ifndef BPF_F_SLEEPABLE
#define BPF_F_SLEEPABLE (1U << 4)
#endif

static const struct type {
    const char *name;
    unsigned program, attach, flags;
    skep_kind kind;
    int first, last; /* offsets */
    bool x86;        /* its layout is that machine's */
} types[] = {
    {"xdp", BPF_PROG_TYPE_XDP, 0, 0, SKEP_XDP, -8, 32, false},
    {"xdp, devmap", BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, 0, SKEP_XDP_DEVMAP, -8, 32, false},
    {"sched_cls", BPF_PROG_TYPE_SCHED_CLS, 0, 0, SKEP_SCHED_CLS, -8, 200, false},
    {"sched_act", BPF_PROG_TYPE_SCHED_ACT, 0, 0, SKEP_SCHED_CLS, -8, 200, false},
    {"socket filter", BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, SKEP_SOCKET_FILTER, -8, 200, false},
    {"cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS, 0, SKEP_CGROUP_SKB, -8, 200, false},
    {"lwt_in", BPF_PROG_TYPE_LWT_IN, 0, 0, SKEP_LWT, -8, 200, false},
    {"lwt_xmit", BPF_PROG_TYPE_LWT_XMIT, 0, 0, SKEP_LWT, -8, 200, false},
    {"sk_skb", BPF_PROG_TYPE_SK_SKB, 0, 0, SKEP_SK_SKB, -8, 200, false},
    {"kprobe", BPF_PROG_TYPE_KPROBE, 0, 0, SKEP_KPROBE, -8, 176, true},
    {"perf_event", BPF_PROG_TYPE_PERF_EVENT, 0, 0, SKEP_PERF_EVENT, -8, 192, true},
    {"tracepoint", BPF_PROG_TYPE_TRACEPOINT, 0, 0, SKEP_TRACEPOINT, 0, 40, false}, /* below 0 it lets programs load */
    {"raw tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, SKEP_RAW_TRACEPOINT, -8, 104, false},
    {"syscall", BPF_PROG_TYPE_SYSCALL, 0, BPF_F_SLEEPABLE, SKEP_SYSCALL, -8, 40, false},
};

enum form { LOAD, LOAD_SIGNED, STORE, STORE_NUMBER, ATOMIC, FORMS };
static const char *const form_names[] = {"ldx", "ldxs", "stx", "st", "atomic add"};

static int load(const struct type *type, const skep_slot *code, size_t slots)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = type->program;
    attr.expected_attach_type = type->attach;
    attr.prog_flags = type->flags;
    attr.insns = (uint64_t)(uintptr_t)code;
    attr.insn_cnt = (uint32_t)slots;
    attr.license = (uint64_t)(uintptr_t) "GPL";
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
}

/* r2 = 0; the access through r1; r0 = 0; exit. Bytes by hand, by RFC 9669 section 5. */
static size_t make(uint8_t out[48], enum form form, unsigned width, int off, bool unknown)
{
    static const uint8_t modes[FORMS] = {0x61, 0x81, 0x63, 0x62, 0xc3}, sizes[] = {0x10, 0x08, 0, 0x18};
    const unsigned size = width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : 3;
    const bool loads = form <= LOAD_SIGNED;
    size_t n = 0;
#define PUT(...)                                                                                                       \
    do {                                                                                                               \
        const uint8_t slot_[8] = {__VA_ARGS__};                                                                        \
        memcpy(out + n, slot_, 8);                                                                                     \
        n += 8;                                                                                                        \
    } while (0)
    PUT(0xb7, 2);
    if (unknown) { /* nobody can tell that it still is the context: r1 ^= r10 twice */
        PUT(0xaf, 0xa1);
        PUT(0xaf, 0xa1);
    }
    PUT((uint8_t)(modes[form] | sizes[size]), loads ? 0x10 : form == STORE_NUMBER ? 0x01 : 0x21, (uint8_t)off, (uint8_t)(off >> 8));
    PUT(0xb7, 0);
    PUT(0x95);
    return n;
}

static bool runs_here(const struct type *type, enum form form, unsigned width, int off, bool unknown, bool native, skep_policy policy)
{
    uint8_t code[48], packet[64] = {0}, context[256] = {0};
    skep_vm_options o = {.size = sizeof o, .kind = type->kind, .policy = policy, .code = code};
    skep_exec_options run = {.size = sizeof run};
    skep_error err;
    skep_vm *vm = NULL;
    uint64_t result;
    o.code_size = make(code, form, width, off, unknown);
    if (type->kind >= SKEP_KPROBE && type->kind <= SKEP_SYSCALL) {
        run.mbuff = context;
        run.mbuff_size = sizeof context;
    } else {
        run.mem = packet;
        run.mem_size = sizeof packet;
    }
    if (skep_vm_create(&o, &vm, &err) || (native && skep_vm_jit_compile(vm, NULL, &err)))
        fail_msg("%s", err.message);
    const skep_code code_of_run = (native ? skep_vm_exec_jit : skep_vm_exec)(vm, &run, &result, &err);
    skep_vm_free(vm);
    if (code_of_run && code_of_run != SKEP_ERR_ACCESS)
        fail_msg("%s", err.message);
    if (code_of_run && err.pc != (unknown ? 3u : 1u))
        fail_msg("pc %u", (unsigned)err.pc);
    return !code_of_run;
}

static void compare(const struct type *type, bool has_jit, unsigned *accepted, unsigned *refused)
{
    for (int off = type->first; off < type->last; off++)
        for (unsigned width = 1; width <= 8; width *= 2)
            for (enum form form = 0; form < FORMS; form++) {
                uint8_t code[48];
                if ((form == LOAD_SIGNED && width == 8) || (form == ATOMIC && width < 4))
                    continue;
                const size_t size = make(code, form, width, off, false);
                const int fd = load(type, (const skep_slot *)(const void *)code, size / 8);
                if (fd >= 0)
                    close(fd);
                (*(fd >= 0 ? accepted : refused))++;
                for (unsigned way = 0; way < 8; way++) {
                    const bool unknown = way & 1, native = way & 2;
                    const skep_policy policy = way & 4 ? SKEP_TRUSTED : SKEP_GUARDED;
                    /* In front of the context lies the stack. When trusted, what is outside is not checked. */
                    if ((native && !has_jit) || (unknown && (off < 0 || (policy == SKEP_TRUSTED && fd < 0))))
                        continue;
                    if (runs_here(type, form, width, off, unknown, native, policy) != (fd >= 0))
                        fail_msg("%s: %s of %u bytes at %d: the kernel %s it, here %s%s%s", type->name, form_names[form], width,
                                 off, fd >= 0 ? "takes" : "refuses", native ? "machine code" : "the interpreter",
                                 unknown ? ", base not known," : "", fd >= 0 ? " refuses it" : " takes it");
                }
            }
}

static void test_fields(void **state)
{
    (void)state;
    uint8_t code[48];
    const size_t size = make(code, LOAD, 4, 0, false);
    const int fd = load(&types[0], (const skep_slot *)(const void *)code, size / 8);
    if (fd < 0) {
        print_message("skipped: bpf(2): %s\n", strerror(errno));
        skip();
    }
    close(fd);
    skep_vm *vm = NULL;
    skep_vm_options o = {.size = sizeof o, .kind = SKEP_XDP, .code = code, .code_size = size};
    assert_int_equal(skep_vm_create(&o, &vm, NULL), SKEP_OK);
    const bool has_jit = skep_vm_jit_compile(vm, NULL, NULL) == SKEP_OK;
    skep_vm_free(vm);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        unsigned accepted = 0, refused = 0;
#if !defined(__x86_64__)
        if (types[i].x86)
            continue;
#endif
        compare(&types[i], has_jit, &accepted, &refused);
        print_message("%s: %u accesses taken, %u refused by both\n", types[i].name, accepted, refused);
        if (accepted == 0)
            fail_msg("%s: this kernel takes nothing", types[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
