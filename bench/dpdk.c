/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <rte_bpf.h>

#include "bench.h"

struct rte_bpf *bench_dpdk_load(const void *code, size_t code_size, size_t size)
{
    const struct rte_bpf_prm prm = {
        .ins = code,
        .nb_ins = (uint32_t)(code_size / 8),
        .prog_arg = {.type = RTE_BPF_ARG_PTR, .size = size},
    };
    return rte_bpf_load(&prm);
}

uint64_t bench_dpdk_run(const struct rte_bpf *program, void *memory) { return rte_bpf_exec(program, memory); }

void bench_dpdk_free(struct rte_bpf *program) { rte_bpf_destroy(program); }
