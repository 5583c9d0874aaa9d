/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The running kernel's JIT, through bpf(2) itself. The runs of a batch happen inside the kernel (`repeat`). Its own
 * figure has whole nanoseconds a run; for more digits the call is timed from outside, less what a call with one run
 * takes. The programs are classifiers, not XDP, since a test run of the latter rewrites the kernel's dispatcher, which
 * takes milliseconds; those that write to the packet begin with three instructions of the kernel's, which see that the
 * packet is not shared.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jit.h"

static long bpf(int command, union bpf_attr *attr) { return syscall(__NR_bpf, command, attr, sizeof *attr); }

int kernel_load(const void *code, size_t slots, char *why, size_t why_size)
{
    static char log[1 << 24];
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attr.insns = (uintptr_t)code;
    attr.insn_cnt = (uint32_t)slots;
    attr.license = (uintptr_t) "GPL";
    long fd = bpf(BPF_PROG_LOAD, &attr);
    if (fd >= 0)
        return (int)fd;
    snprintf(why, why_size, "%s", strerror(errno));
    attr.log_buf = (uintptr_t)log;
    attr.log_size = sizeof log;
    attr.log_level = 1;
    fd = bpf(BPF_PROG_LOAD, &attr);
    if (fd >= 0)
        return (int)fd;
    size_t end = strlen(log);
    for (unsigned lines = 0; end && lines < 3; lines += log[--end] == '\n') /* the reason is before the statistics */
        ;
    if (log[0])
        snprintf(why, why_size, "%s", log + end + (log[end] == '\n'));
    return -1;
}

static double timed(int fd, unsigned times, const void *memory, void *out, uint32_t *result)
{
    static unsigned char room[MEMORY];
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = (uint32_t)fd;
    attr.test.data_in = (uintptr_t)memory;
    attr.test.data_size_in = MEMORY;
    attr.test.data_out = (uintptr_t)(out ? out : room);
    attr.test.data_size_out = MEMORY;
    attr.test.repeat = times;
    uint64_t begin = bench_now();
    long failed = bpf(BPF_PROG_TEST_RUN, &attr);
    uint64_t end = bench_now();
    *result = attr.test.retval;
    return failed ? -1 : (double)(end - begin);
}

double kernel_run(int fd, unsigned times, const void *memory, void *out, uint32_t *result)
{
    static double around; /* a call */
    if (around == 0) {
        static double samples[501];
        for (unsigned i = 0; i < 501; i++)
            samples[i] = timed(fd, 1, memory, out, result);
        around = bench_median(samples, 501);
    }
    double ns = timed(fd, times, memory, out, result);
    return ns < 0 ? ns : ns > around ? ns - around : 0;
}

size_t kernel_image(int fd, void *code, size_t size)
{
    struct bpf_prog_info info;
    union bpf_attr attr;
    memset(&info, 0, sizeof info);
    memset(&attr, 0, sizeof attr);
    info.jited_prog_insns = (uintptr_t)code;
    info.jited_prog_len = (uint32_t)size;
    attr.info.bpf_fd = (uint32_t)fd;
    attr.info.info_len = sizeof info;
    attr.info.info = (uintptr_t)&info;
    return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) ? 0 : info.jited_prog_len;
}
