/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Contexts of Linux's program types: values in and out, packets that grow, and programs that try to be led astray. Which
 * accesses are allowed is compared with the kernel in tests/kernel/test_context.c.
 */
#include "run/packet.h"
#include "vm_tools.h"

struct way {
    skep_policy policy;
    bool native;
};

/* Assembles and runs; the outcome must be the same in every way. */
static skep_code run_text(skep_kind kind, const char *text, skep_exec_options *exec, unsigned policies, uint64_t *result, skep_error *err)
{
    static const struct way ways[] = {{SKEP_GUARDED, false}, {SKEP_GUARDED, true}, {SKEP_TRUSTED, false}, {SKEP_TRUSTED, true}};
    skep_code first = SKEP_OK;
    uint8_t packet[256];
    void *code;
    size_t size;
    if (skep_assemble(text, strlen(text), NULL, &code, &size, err))
        fail_msg("%s", err->message);
    if (exec->mem_size)
        memcpy(packet, exec->mem, exec->mem_size);
    for (unsigned i = 0; i < policies * 2; i++) {
        skep_vm_options o = {.size = sizeof o, .kind = kind, .policy = ways[i].policy, .code = code, .code_size = size};
        skep_vm *vm = make_with(&o);
        if (ways[i].native && skep_vm_jit_compile(vm, NULL, NULL)) {
            skep_vm_free(vm);
            continue;
        }
        if (exec->mem_size)
            memcpy(exec->mem, packet, exec->mem_size);
        skep_error own = {0};
        uint64_t r = 0;
        exec->size = sizeof *exec;
        skep_code c = (ways[i].native ? skep_vm_exec_jit : skep_vm_exec)(vm, exec, &r, &own);
        if (i == 0) {
            first = c;
            *result = r;
            *err = own;
        } else if (c != first || (!c && r != *result) || (c && own.pc != err->pc)) {
            fail_msg("way %u: %s (%llx) instead of %s (%llx): %s", i, skep_code_name(c), (unsigned long long)r, skep_code_name(first),
                     (unsigned long long)*result, c ? own.message : "");
        }
        skep_vm_free(vm);
    }
    skep_free(NULL, code);
    return first;
}

static uint64_t gives(skep_kind kind, const char *text, skep_exec_options *exec)
{
    skep_error err;
    uint64_t result = 0;
    if (run_text(kind, text, exec, 2, &result, &err))
        fail_msg("%s", err.message);
    return result;
}

static void fails(skep_kind kind, const char *text, skep_exec_options *exec, unsigned policies, skep_code code, uint64_t pc, const char *words)
{
    skep_error err = {0};
    uint64_t result;
    assert_failed(run_text(kind, text, exec, policies, &result, &err), &err, code, words);
    assert_int_equal(err.pc, pc);
}

static void test_values(void **state)
{
    (void)state;
    uint8_t packet[64] = {1, 2, 3, 4, [12] = 0x86, [13] = 0xdd};
    skep_exec_options e = {.mem = packet, .mem_size = sizeof packet};
    assert_int_equal(gives(SKEP_XDP, "ldxw r2, [r1]\nldxw r0, [r1+4]\nsub64 r0, r2\nexit\n", &e), 64);
    assert_int_equal(gives(SKEP_SCHED_CLS, "ldxw r2, [r1+76]\nldxb r0, [r2+2]\nexit\n", &e), 3);
    assert_int_equal(gives(SKEP_SCHED_CLS, "ldxw r0, [r1]\nexit\n", &e), 64);
    static const uint8_t ipv6[] = {0x86, 0xdd};
    uint16_t protocol;
    memcpy(&protocol, ipv6, 2);
    assert_int_equal(gives(SKEP_SCHED_CLS, "ldxw r0, [r1+16]\nexit\n", &e), protocol);
    /* tc_index keeps 16 bits; queue_mapping refuses 65535; the known way and the other one. */
    assert_int_equal(gives(SKEP_SCHED_CLS, "stw [r1+44], 0x12345\nldxw r0, [r1+44]\nexit\n", &e), 0x2345);
    assert_int_equal(gives(SKEP_SCHED_CLS, "xor64 r1, r10\nxor64 r1, r10\nstw [r1+44], 0x12345\nldxw r0, [r1+44]\nexit\n", &e), 0x2345);
    assert_int_equal(gives(SKEP_SCHED_CLS, "stw [r1+12], 7\nstw [r1+12], 0xffff\nldxw r0, [r1+12]\nexit\n", &e), 7);
    uint64_t regs[21] = {[2] = 0x1122334455667788};
    skep_exec_options m = {.mbuff = regs, .mbuff_size = sizeof regs};
    assert_int_equal(gives(SKEP_KPROBE, "ldxdw r0, [r1+16]\nexit\n", &m), 0x1122334455667788);
    skep_exec_options none = {0};
    assert_int_equal(gives(SKEP_KPROBE, "ldxdw r0, [r1+16]\nexit\n", &none), 0);
    fails(SKEP_TRACEPOINT, "ldxdw r0, [r1]\nexit\n", &none, 2, SKEP_ERR_ACCESS, 0, "offset 0");
    m.mbuff_size = 8;
    fails(SKEP_SYSCALL, "ldxw r0, [r1+8]\nexit\n", &m, 2, SKEP_ERR_ARGUMENT, SKEP_NO_PC, "has 8 bytes, and this program reads 12");
}

static void test_written_back(void **state)
{
    (void)state;
    uint8_t packet[64] = {0};
    uint32_t skb[48] = {[2] = 5, [8] = 9};
    void *at = NULL;
    size_t size = 0;
    skep_exec_options e = {.mem = packet, .mem_size = sizeof packet, .mbuff = skb, .mbuff_size = sizeof skb, .packet = &at, .packet_size = &size};
    assert_int_equal(gives(SKEP_SCHED_CLS, "ldxw r0, [r1+32]\nstw [r1+8], 77\nstdw [r1+56], 6\nexit\n", &e), 9);
    assert_int_equal(skb[2], 77);
    uint64_t cb;
    memcpy(&cb, &skb[14], 8);
    assert_int_equal(cb, 6);
    assert_int_equal(skb[19] | skb[20] | skb[35], 0); /* data, data_end, data_meta */
    assert_ptr_equal(at, packet);
    assert_int_equal(size, sizeof packet);
    skb[2] = 5;
    fails(SKEP_SCHED_CLS, "stw [r1+8], 77\nstw [r1+16], 1\nexit\n", &e, 2, SKEP_ERR_ACCESS, 1, "that may be written");
    assert_int_equal(skb[2], 5); /* not after an error */
}

static uint64_t adjust(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r4, (void)r5;
    return (uint64_t)(r3 == 0   ? sk_packet_adjust_head(run, (int32_t)r2)
                      : r3 == 1 ? sk_packet_adjust_tail(run, (int32_t)r2)
                                : sk_packet_adjust_meta(run, (int32_t)r2));
}

/* Runs with `adjust` as helper 1; both engines agree. */
static skep_code adjusts(const char *text, uint64_t *result, void **at, size_t *size, skep_error *err)
{
    skep_code codes[2] = {SKEP_OK, SKEP_OK};
    uint64_t results[2] = {0, 0};
    void *code;
    size_t code_size;
    if (skep_assemble(text, strlen(text), NULL, &code, &code_size, err))
        fail_msg("%s", err->message);
    for (unsigned native = 0; native < 2; native++) {
        static uint8_t room[256];
        skep_vm *vm = make_vm(SKEP_XDP, code, code_size);
        assert_int_equal(skep_vm_register_fn(vm, 1, adjust, NULL, NULL), SKEP_OK);
        memset(room, 0, sizeof room);
        room[64] = 0xaa;
        skep_exec_options e = {.size = sizeof e, .mem = room + 64, .mem_size = 100, .headroom = 64, .tailroom = 92, .packet = at, .packet_size = size};
        if (native && skep_vm_jit_compile(vm, NULL, NULL)) {
            codes[1] = codes[0];
            results[1] = results[0];
        } else {
            codes[native] = (native ? skep_vm_exec_jit : skep_vm_exec)(vm, &e, &results[native], err);
        }
        if (!codes[native])
            *at = (void *)(uintptr_t)((uint8_t *)*at - room);
        skep_vm_free(vm);
    }
    skep_free(NULL, code);
    assert_int_equal(codes[0], codes[1]);
    assert_int_equal(results[0], results[1]);
    *result = results[0];
    return codes[0];
}

static void test_adjusted(void **state)
{
    (void)state;
    skep_error err;
    uint64_t r;
    void *at;
    size_t size;
    /* Out to the front: the new first byte is the caller's, the old one 10 further on. */
    assert_int_equal(adjusts("mov64 r6, r1\nmov64 r2, -10\nmov64 r3, 0\ncall 1\nldxw r2, [r6]\nldxb r0, [r2+10]\nexit\n", &r, &at, &size, &err), SKEP_OK);
    assert_int_equal(r, 0xaa);
    assert_int_equal((uintptr_t)at, 54);
    assert_int_equal(size, 110);
    /* Beyond the room, and below 14 bytes. */
    assert_int_equal(adjusts("mov64 r2, -65\nmov64 r3, 0\ncall 1\nexit\n", &r, &at, &size, &err), SKEP_OK);
    assert_int_equal((int64_t)r, -22);
    assert_int_equal(adjusts("mov64 r2, 87\nmov64 r3, 0\ncall 1\nexit\n", &r, &at, &size, &err), SKEP_OK);
    assert_int_equal((int64_t)r, -22);
    assert_int_equal(adjusts("mov64 r2, 93\nmov64 r3, 1\ncall 1\nexit\n", &r, &at, &size, &err), SKEP_OK);
    assert_int_equal((int64_t)r, -22);
    assert_int_equal(adjusts("mov64 r2, -6\nmov64 r3, 2\ncall 1\nexit\n", &r, &at, &size, &err), SKEP_OK);
    assert_int_equal((int64_t)r, -13);
    /* A pointer from before, which had been checked, does not reach what is gone. */
    assert_int_equal(adjusts("ldxw r7, [r1]\nldxb r0, [r7+99]\nmov64 r2, -50\nmov64 r3, 1\ncall 1\nldxb r0, [r7+99]\nexit\n", &r, &at, &size, &err),
                     SKEP_ERR_ACCESS);
    assert_int_equal(err.pc, 5);
    /* Metadata. */
    assert_int_equal(adjusts("mov64 r6, r1\nmov64 r2, -8\nmov64 r3, 2\ncall 1\nldxw r2, [r6+8]\nstdw [r2], 5\nldxw r0, [r6]\nsub64 r0, r2\nexit\n", &r, &at,
                             &size, &err),
                     SKEP_OK);
    assert_int_equal(r, 8);
    assert_int_equal((uintptr_t)at, 64);
}

/* Bases of which nobody can tell what they are, made up addresses, and spilled contexts that were overwritten. */
static void test_hostile(void **state)
{
    (void)state;
    uint8_t packet[64] = {0};
    for (unsigned i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)i;
    skep_exec_options e = {.mem = packet, .mem_size = sizeof packet};
    /* The spilled context becomes the packet's address, through a pointer made from a number in the packet (8 at 8). */
    static const char overwritten[] = "stxdw [r10-8], r1\nldxw r2, [r1+76]\nldxb r3, [r2+8]\nmov64 r4, r10\nsub64 r4, r3\n"
                                      "stxdw [r4], r2\nldxdw r1, [r10-8]\nldxw r0, [r1+16]\nexit\n";
    uint32_t at_16;
    memcpy(&at_16, packet + 16, 4);
    assert_int_equal(gives(SKEP_SCHED_CLS, overwritten, &e), at_16);
    /* The same by a callee that got the frame's address. */
    static const char by_callee[] = "stxdw [r10-8], r1\nmov64 r6, r1\nldxw r2, [r1+76]\nmov64 r1, r10\ncall local f\nldxdw r1, [r10-8]\n"
                                    "ldxw r0, [r1+16]\nexit\nf:\nstxdw [r1-8], r2\nmov64 r0, 0\nexit\n";
    assert_int_equal(gives(SKEP_SCHED_CLS, by_callee, &e), at_16);
    /* One of two, by what the packet says. */
    static const char either[] = "ldxw r2, [r1+76]\nldxb r3, [r2+1]\njeq r3, 1, keep\nmov64 r1, r2\nkeep:\nldxw r0, [r1+0]\nexit\n";
    assert_int_equal(gives(SKEP_SCHED_CLS, either, &e), 64);
    packet[1] = 2;
    uint32_t first;
    memcpy(&first, packet, 4);
    assert_int_equal(gives(SKEP_SCHED_CLS, either, &e), first);
    /* In a loop the context walks off itself. */
    fails(SKEP_XDP, "mov64 r3, 0\nloop:\nldxw r2, [r1+12]\nadd64 r1, 4\nadd64 r3, 1\njlt r3, 9, loop\nmov64 r0, 0\nexit\n", &e, 1, SKEP_ERR_ACCESS, 1, NULL);
    /* A function that is only called with the context, entered by a made up handle with something else. */
    fails(SKEP_XDP, "mov64 r6, r1\ncall local f\nlddw r2, 0x100000007\nmov64 r1, 64\ncallx r2\nexit\nf:\nldxw r0, [r1+12]\nexit\n", &e, 2,
          SKEP_ERR_CALL, 5, NULL);
    /* No memory for atomics; nothing there at all; a signed pointer. */
    fails(SKEP_SCHED_CLS, "mov64 r2, 1\nstxxadddw [r1+48], r2\nexit\n", &e, 2, SKEP_ERR_ACCESS, 1, "atomic");
    fails(SKEP_XDP, "ldxw r0, [r1-4]\nexit\n", &e, 2, SKEP_ERR_ACCESS, 0, "offset -4");
    fails(SKEP_XDP, "ldxsw r0, [r1]\nexit\n", &e, 2, SKEP_ERR_ACCESS, 0, "offset 0");
    /* Helpers do not take the context for memory. */
    fails(SKEP_XDP, "mov64 r2, 0x7fff\nmov64 r3, r1\nlsh64 r3, 32\nldxdw r0, [r3]\nexit\n", &e, 1, SKEP_ERR_ACCESS, 3, NULL);
}

/* Passed on, spilled, filled, in callees and callbacks: always the context. */
static void test_followed(void **state)
{
    (void)state;
    uint8_t packet[64] = {0};
    skep_exec_options e = {.mem = packet, .mem_size = sizeof packet};
    assert_int_equal(gives(SKEP_SCHED_CLS, "stxdw [r10-16], r1\nmov64 r1, 0\nldxdw r2, [r10-16]\nldxw r0, [r2]\nexit\n", &e), 64);
    assert_int_equal(gives(SKEP_SCHED_CLS, "mov64 r6, r1\ncall local f\nldxw r2, [r6]\nadd64 r0, r2\nexit\nf:\nstxdw [r10-8], r1\n"
                                           "call local g\nldxdw r1, [r10-8]\nldxw r2, [r1]\nadd64 r0, r2\nexit\ng:\nmov64 r0, 1\nexit\n",
                           &e),
                     129);
    /* In memory that a callee gets the address of. */
    assert_int_equal(gives(SKEP_SCHED_CLS, "stxdw [r10-8], r1\nmov64 r1, r10\nadd64 r1, -8\ncall local f\nexit\nf:\nldxdw r1, [r1]\nldxw r0, [r1]\nexit\n", &e), 64);
    assert_int_equal(gives(SKEP_SCHED_CLS, "lddw_func r6, f\ncallx r6\nexit\nf:\nmov64 r0, 3\nexit\n", &e), 3);
    assert_int_equal(gives(SKEP_SCHED_CLS, "add64 r1, 40\nldxw r0, [r1-40]\nexit\n", &e), 64);
    /* Returned. */
    assert_int_equal(gives(SKEP_SCHED_CLS, "call local f\nldxw r0, [r0]\nexit\nf:\nmov64 r0, r1\nexit\n", &e), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_written_back), cmocka_unit_test(test_adjusted),
                                       cmocka_unit_test(test_hostile), cmocka_unit_test(test_followed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
