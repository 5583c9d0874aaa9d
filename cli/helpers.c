/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The stock helpers and their ids in this tool: 5 and 6 are the kernel's (BPF_FUNC_ktime_get_ns and
 * BPF_FUNC_trace_printk of linux/bpf.h); 0, 1, 3 and 4 are those that uBPF's own test program has used.
 */
#include "cli.h"

static const struct {
    uint32_t id;
    const char *name;
} helpers[] = {
    {0, "gather_bytes"}, {1, "memfrob"},      {2, "rand"},         {3, "sqrti"},
    {4, "strcmp"},       {5, "ktime_get_ns"}, {6, "trace_printk"},
};

const char stock_helpers_help[] =
    "Helpers that programs may call, by id: 0 gather_bytes, 1 memfrob, 2 rand, 3 sqrti, 4 strcmp, 5 ktime_get_ns, "
    "6 trace_printk (prints to standard error).";

bool register_stock_helpers(skep_vm *vm)
{
    skep_error err;
    for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++) {
        const skep_helper *helper = skep_helper_stock(helpers[i].name);
        if (helper && skep_vm_register(vm, helpers[i].id, helper, &err) != SKEP_OK) {
            complain_error(helpers[i].name, &err);
            return false;
        }
    }
    return true;
}
