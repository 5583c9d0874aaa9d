/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One VM, two programs: the first adds, the second asks a helper for the time since the machine started. */
#include <inttypes.h>
#include <stdio.h>

#include "skep/skep.h"

int main(void)
{
    static const skep_slot add[] = {
        SKEP_MOV32_IMM(SKEP_R0, 0), SKEP_MOV32_IMM(SKEP_R1, 2),       SKEP_ADD32_IMM(SKEP_R0, 1),
        SKEP_ADD32_REG(SKEP_R0, SKEP_R1), SKEP_EXIT(),
    };
    static const skep_slot ask[] = {SKEP_CALL(5), SKEP_EXIT()};
    skep_vm_options options = {.size = sizeof options, .code = add, .code_size = sizeof add};
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t sum, ns, later;

    /* 5 is the kernel's number of ktime_get_ns, but any other would do. */
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK || skep_vm_exec(vm, NULL, &sum, &err) != SKEP_OK ||
        skep_vm_register(vm, 5, skep_helper_stock("ktime_get_ns"), &err) != SKEP_OK ||
        skep_vm_load(vm, ask, sizeof ask, &err) != SKEP_OK || skep_vm_exec(vm, NULL, &ns, &err) != SKEP_OK ||
        skep_vm_exec(vm, NULL, &later, &err) != SKEP_OK) {
        fprintf(stderr, "uptime: %s\n", err.message);
        skep_vm_free(vm);
        return 1;
    }
    skep_vm_free(vm);

    uint64_t seconds = ns / 1000000000;
    printf("the first program returned %#" PRIx64 "\n", sum);
    printf("up %" PRIu64 " days %02u:%02u:%02u and %" PRIu64 " ns\n", seconds / 86400, (unsigned)(seconds / 3600 % 24),
           (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60), ns % 1000000000);
    return sum == 0x3 && ns > 0 && later >= ns ? 0 : 1;
}
