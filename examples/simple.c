/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The smallest thing that runs: a program that takes no data. 0 + 1 + 2 is 3. */
#include <inttypes.h>
#include <stdio.h>

#include "skep/skep.h"

int main(void)
{
    static const unsigned char program[] = {
        0xb4, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* mov32 r0, 0 */
        0xb4, 0x01, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, /* mov32 r1, 2 */
        0x04, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, /* add32 r0, 1 */
        0x0c, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* add32 r0, r1 */
        0x95, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* exit */
    };
    skep_vm_options options = {.size = sizeof options, .code = program, .code_size = sizeof program};
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t result;

    if (skep_vm_create(&options, &vm, &err) != SKEP_OK || skep_vm_exec(vm, NULL, &result, &err) != SKEP_OK) {
        fprintf(stderr, "simple: %s\n", err.message);
        skep_vm_free(vm);
        return 1;
    }
    printf("the program returned %#" PRIx64 "\n", result);
    skep_vm_free(vm);
    return result == 0x3 ? 0 : 1;
}
