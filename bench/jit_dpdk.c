/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The JIT of DPDK's librte_bpf. It finds helpers by their place in a table. Its validator walks every path of a
 * program, which for some takes longer than anybody waits; so a child tries first, for a second.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_bpf.h>
#include <rte_log.h>

#include "jit.h"

struct bench_dpdk {
    struct rte_bpf *program;
    struct rte_bpf_jit jit;
};

uint64_t bench_helper(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

struct bench_dpdk *dpdk_load(const void *code, size_t slots)
{
    struct rte_bpf_xsym helpers[HELPER_ID + 1];
    for (unsigned i = 0; i <= HELPER_ID; i++)
        helpers[i] = (struct rte_bpf_xsym){.name = "helper",
                                           .type = RTE_BPF_XTYPE_FUNC,
                                           .func = {.val = bench_helper, .ret = {RTE_BPF_ARG_RAW, .size = 8}}};
    const struct rte_bpf_prm prm = {
        .ins = code,
        .nb_ins = (uint32_t)slots,
        .xsym = helpers,
        .nb_xsym = HELPER_ID + 1,
        .prog_arg = {.type = RTE_BPF_ARG_PTR, .size = MEMORY},
    };
    rte_log_set_global_level(RTE_LOG_EMERG);
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(1);
        _exit(rte_bpf_load(&prm) ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        return NULL;
    struct bench_dpdk *d = calloc(1, sizeof *d);
    if (d && (d->program = rte_bpf_load(&prm)) && !rte_bpf_get_jit(d->program, &d->jit) && d->jit.func)
        return d;
    if (d && d->program)
        rte_bpf_destroy(d->program);
    free(d);
    return NULL;
}

uint64_t dpdk_run(const struct bench_dpdk *d, void *memory) { return d->jit.func(memory); }
