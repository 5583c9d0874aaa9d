/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A program that reads a packet directly: r1 is the packet's address, r2 its length. Both engines run it. */
#include <inttypes.h>
#include <stdio.h>

#include "skep/skep.h"

int main(void)
{
    static const skep_slot program[] = {
        SKEP_LDXB(SKEP_R0, SKEP_R1, 2), /* r0 = packet[2] */
        SKEP_EXIT(),
    };
    unsigned char packet[] = {0xaa, 0xbb, 0x11, 0xcc, 0xdd};
    skep_vm_options options = {
        .size = sizeof options, .kind = SKEP_RAW, .code = program, .code_size = sizeof program};
    skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = sizeof packet};
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t result, fast, unused;
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK || skep_vm_exec(vm, &exec, &result, &err) != SKEP_OK)
        goto failed;

    /* Machine code, or the interpreter again on machines for which there is none. */
    skep_code (*run)(const skep_vm *, const skep_exec_options *, uint64_t *, skep_error *) = skep_vm_exec_jit;
    skep_code code = skep_vm_jit_compile(vm, NULL, &err);
    if (code == SKEP_ERR_UNSUPPORTED) {
        printf("%s\n", err.message);
        run = skep_vm_exec;
    } else if (code != SKEP_OK) {
        goto failed;
    }
    if (run(vm, &exec, &fast, &err) != SKEP_OK)
        goto failed;
    printf("byte 2 of the packet is %#" PRIx64 ", and %#" PRIx64 " the second time\n", result, fast);

    /* Every access is checked, in machine code as well: a packet of two bytes has no byte 2. */
    exec.mem_size = 2;
    code = run(vm, &exec, &unused, &err);
    printf("and of a packet of two bytes: %s\n", err.message);
    skep_vm_free(vm);
    return result == 0x11 && fast == 0x11 && code == SKEP_ERR_ACCESS && err.pc == 0 ? 0 : 1;

failed:
    fprintf(stderr, "packet: %s\n", err.message);
    skep_vm_free(vm);
    return 1;
}
