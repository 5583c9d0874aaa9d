/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program for a kernel that hands out metadata: r1 is a buffer of the caller's, in which the program finds where the
 * packet begins and ends. Here these are at offsets 8 and 24. Both engines run it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "skep/skep.h"

int main(void)
{
    static const skep_slot program[] = {
        SKEP_LDXDW(SKEP_R1, SKEP_R1, 8), /* r1 = the packet's address */
        SKEP_LDXH(SKEP_R0, SKEP_R1, 2),  /* r0 = 16 bits of it, in the machine's order */
        SKEP_EXIT(),
    };
    unsigned char packet[] = {0xaa, 0xbb, 0x11, 0x22, 0xcc, 0xdd};
    unsigned char metadata[32] = {0};
    uint64_t data = (uint64_t)(uintptr_t)packet, data_end = data + sizeof packet;
    memcpy(metadata + 8, &data, sizeof data);
    memcpy(metadata + 24, &data_end, sizeof data_end);

    skep_vm_options options = {
        .size = sizeof options, .kind = SKEP_MBUFF, .code = program, .code_size = sizeof program};
    skep_exec_options exec = {.size = sizeof exec,
                              .mem = packet,
                              .mem_size = sizeof packet,
                              .mbuff = metadata,
                              .mbuff_size = sizeof metadata};
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t result, fast;
    uint16_t expected;
    memcpy(&expected, packet + 2, sizeof expected); /* 0x2211 on a little-endian machine */

    if (skep_vm_create(&options, &vm, &err) != SKEP_OK || skep_vm_exec(vm, &exec, &result, &err) != SKEP_OK) {
        fprintf(stderr, "metadata_buffer: %s\n", err.message);
        skep_vm_free(vm);
        return 1;
    }
    printf("the program read %#" PRIx64 " from the packet\n", result);

    /* The same in machine code, where there is some. */
    skep_code code = skep_vm_jit_compile(vm, NULL, &err);
    if (code == SKEP_OK)
        code = skep_vm_exec_jit(vm, &exec, &fast, &err);
    if (code == SKEP_OK) {
        printf("and %#" PRIx64 " in machine code\n", fast);
    } else {
        printf("%s\n", err.message);
        fast = code == SKEP_ERR_UNSUPPORTED ? result : 0; /* the interpreter's will do then */
    }
    skep_vm_free(vm);
    return result == expected && fast == expected ? 0 : 1;
}
