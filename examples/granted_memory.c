/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory that is neither packet nor stack: a helper hands out the address of a value, as a map lookup does, and the VM
 * has been told that programs may reach it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "skep/skep.h"

struct value {
    int32_t result;
    uint32_t seen;
};

/* lookup(key): the value of protocol 1, or 0. `key` is the program's pointer, so it is asked for and not trusted. */
static uint64_t lookup(uint64_t key, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5;
    uint32_t protocol;
    const void *at = skep_run_memory(run, key, sizeof protocol, false);
    if (!at) {
        skep_run_fail(run, -14, "lookup: the key is not in the program's memory");
        return 0;
    }
    memcpy(&protocol, at, sizeof protocol);
    return protocol == 1 ? (uint64_t)(uintptr_t)skep_run_user(run) : 0;
}

int main(void)
{
    static const char text[] = "stw [r10-4], 1\n" /* key.protocol = 1 */
                               "mov64 r1, r10\n"
                               "add64 r1, -4\n"
                               "call 1\n"
                               "jeq r0, 0, +4\n"
                               "mov64 r1, r0\n"
                               "ldxw r0, [r1+0]\n" /* value->result */
                               "mov64 r2, 1\n"
                               "stxw [r1+4], r2\n" /* value->seen = 1 */
                               "exit\n";
    struct value value = {.result = 1, .seen = 0};
    skep_vm *vm = NULL;
    void *code = NULL;
    size_t size = 0;
    skep_error err;
    uint64_t result = 0;
    int ok = 0;

    skep_vm_options options = {.size = sizeof options};
    if (skep_assemble(text, strlen(text), NULL, &code, &size, &err) != SKEP_OK ||
        skep_vm_create(&options, &vm, &err) != SKEP_OK || skep_vm_load(vm, code, size, &err) != SKEP_OK ||
        skep_vm_register_fn(vm, 1, lookup, &value, &err) != SKEP_OK) {
        fprintf(stderr, "granted_memory: %s\n", err.message);
    } else if (skep_vm_exec(vm, NULL, &result, &err) != SKEP_ERR_ACCESS) {
        fprintf(stderr, "granted_memory: without a grant the value must be out of reach\n");
    } else {
        printf("before: %s\n", err.message);
        if (skep_vm_grant(vm, &value, sizeof value, SKEP_READ | SKEP_WRITE, &err) != SKEP_OK ||
            skep_vm_exec(vm, NULL, &result, &err) != SKEP_OK)
            fprintf(stderr, "granted_memory: %s\n", err.message);
        printf("after: the program returned %" PRIu64 " and left %u\n", result, value.seen);
        ok = result == 1 && value.seen == 1;
    }
    skep_vm_free(vm);
    skep_free(NULL, code);
    return ok ? 0 : 1;
}
