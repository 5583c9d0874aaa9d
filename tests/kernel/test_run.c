/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The running kernel as the oracle: programs made at random are loaded there as XDP programs, run on a packet with
 * BPF_PROG_TEST_RUN, and run here, by both engines; the return value and the packet, into which all registers were stored, must be equal.
 * What the kernel's verifier refuses is counted and left out. Skipped where bpf(2) is not permitted.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "../random_program.h"
#include "skep/skep.h"

static long bpf(int command, union bpf_attr *attr) { return syscall(SYS_bpf, command, attr, sizeof *attr); }

static int load(const uint8_t *code, uint32_t slots)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_XDP;
    attr.insns = (uint64_t)(uintptr_t)code;
    attr.insn_cnt = slots;
    attr.license = (uint64_t)(uintptr_t) "GPL";
    return (int)bpf(BPF_PROG_LOAD, &attr);
}

/* Runs it there; false when it did not run. */
static int run_there(int program, const uint8_t *in, uint8_t *out, uint32_t *result)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = (uint32_t)program;
    attr.test.data_in = (uint64_t)(uintptr_t)in;
    attr.test.data_size_in = RANDOM_PACKET;
    attr.test.data_out = (uint64_t)(uintptr_t)out;
    attr.test.data_size_out = RANDOM_PACKET;
    attr.test.repeat = 1;
    long failed = bpf(BPF_PROG_TEST_RUN, &attr);
    *result = attr.test.retval;
    return !failed && attr.test.data_size_out == RANDOM_PACKET;
}

static void compare(const uint8_t *code, uint32_t slots, const uint8_t *in, uint64_t seed, const uint8_t *out, uint32_t result)
{
    skep_error err;
    skep_vm *vm = NULL;
    skep_vm_options o = {.size = sizeof o, .kind = SKEP_RAW, .code = code, .code_size = slots * 8u};
    if (skep_vm_create(&o, &vm, &err))
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.message);
    const skep_code compiled = skep_vm_jit_compile(vm, NULL, &err);
    if (compiled && compiled != SKEP_ERR_UNSUPPORTED)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.message);
    for (unsigned native = 0; native <= (compiled == SKEP_OK); native++) {
        const char *engine = native ? "in machine code" : "in the interpreter";
        uint8_t packet[RANDOM_PACKET];
        uint64_t own = 0;
        memcpy(packet, in, sizeof packet);
        skep_exec_options run = {.size = sizeof run, .mem = packet, .mem_size = sizeof packet};
        if ((native ? skep_vm_exec_jit : skep_vm_exec)(vm, &run, &own, &err))
            fail_msg("seed %llu, %s: %s", (unsigned long long)seed, engine, err.message);
        if ((uint32_t)own != result)
            fail_msg("seed %llu: r0 %#x %s, %#x in the kernel", (unsigned long long)seed, (uint32_t)own, engine, result);
        for (unsigned i = 0; i < RANDOM_PACKET; i++)
            if (packet[i] != out[i])
                fail_msg("seed %llu: byte %u of the packet is %#x %s, %#x in the kernel", (unsigned long long)seed, i, packet[i],
                         engine, out[i]);
    }
    skep_vm_free(vm);
}

static void test_random_programs(void **state)
{
    (void)state;
    static uint8_t there[RANDOM_MOST_SLOTS * 8], here[RANDOM_MOST_SLOTS * 8];
    const uint8_t nothing[] = {0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0};
    int program = load(nothing, 2);
    if (program < 0) {
        print_message("skipped: bpf(2): %s\n", strerror(errno));
        skip();
    }
    close(program);
    unsigned ran = 0, refused = 0;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        const uint32_t slots = random_program(seed, RANDOM_KERNEL, there);
        uint8_t in[RANDOM_PACKET], out[RANDOM_PACKET];
        uint32_t result;
        struct random random = {~seed};
        for (size_t i = 0; i < sizeof in; i++)
            in[i] = (uint8_t)random_next(&random);
        program = load(there, slots);
        if (program < 0) {
            refused++;
            continue;
        }
        int good = run_there(program, in, out, &result);
        close(program);
        if (!good) {
            refused++;
            continue;
        }
        compare(here, random_program(seed, RANDOM_KERNEL_RAW, here), in, seed, out, result);
        ran++;
    }
    print_message("%u programs compared, %u refused by the kernel\n", ran, refused);
    assert_true(ran > 60); /* else the generator does not fit this kernel, and nothing was tested */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_programs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
