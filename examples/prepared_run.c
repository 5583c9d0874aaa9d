/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The shortest way into a program that runs for every event: its machine code's own entry, over a run that is prepared
 * once. Here it counts the bytes of a packet that are above a threshold, for packets in a buffer that is filled again
 * and again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skep/skep.h"

static const char text[] = "mov64 r0, 0\n"
                           "add64 r2, r1\n" /* the end */
                           "jge r1, r2, +5\n"
                           "ldxb r3, [r1+0]\n"
                           "add64 r1, 1\n"
                           "jle r3, 100, -4\n"
                           "add64 r0, 1\n"
                           "ja -6\n"
                           "exit\n";

enum { EVENTS = 1000, PACKET = 64 };

static void receive(unsigned char *packet, unsigned event)
{
    for (unsigned i = 0; i < PACKET; i++)
        packet[i] = (unsigned char)(event * 31 + i * 7);
}

static uint64_t expected_of(const unsigned char *packet)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < PACKET; i++)
        count += packet[i] > 100;
    return count;
}

int main(void)
{
    unsigned char packet[PACKET];
    void *code = NULL, *workspace = NULL;
    skep_vm *vm = NULL;
    skep_run *run = NULL;
    skep_error err;
    size_t code_size;
    uint64_t wrong = 0;
    int status = 1;

    if (skep_assemble(text, strlen(text), NULL, &code, &code_size, &err) != SKEP_OK)
        goto failed;
    skep_vm_options options = {.size = sizeof options, .kind = SKEP_RAW, .code = code, .code_size = code_size};
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK)
        goto failed;
    skep_code compiled = skep_vm_jit_compile(vm, NULL, &err);
    if (compiled == SKEP_ERR_UNSUPPORTED) {
        printf("%s; skep_vm_exec does the same, more slowly\n", err.message);
        status = 0;
        goto done;
    }
    workspace = malloc(skep_vm_workspace_size(vm));
    skep_exec_options exec = {.size = sizeof exec,
                              .mem = packet,
                              .mem_size = sizeof packet,
                              .workspace = workspace,
                              .workspace_size = skep_vm_workspace_size(vm)};
    if (compiled != SKEP_OK || skep_run_prepare(vm, &exec, &run, &err) != SKEP_OK)
        goto failed;

    skep_jit_fn function = skep_vm_jit_function(vm);
    for (unsigned event = 0; event < EVENTS; event++) {
        receive(packet, event);
        uint64_t result = function(run);
        if (skep_run_outcome(run, &err) != SKEP_OK)
            goto failed;
        wrong += result != expected_of(packet);
    }
    printf("%d events, %" PRIu64 " of them counted wrongly\n", EVENTS, wrong);

    /* A shorter packet is another memory; the run holds good for both. */
    receive(packet, 1);
    packet[0] = 255;
    if (skep_run_set_memory(run, packet, 1, &err) != SKEP_OK)
        goto failed;
    uint64_t one = function(run);
    if (skep_run_outcome(run, &err) != SKEP_OK)
        goto failed;
    printf("in the first byte: %" PRIu64 "\n", one);
    status = wrong == 0 && one == 1 ? 0 : 1;
    goto done;
failed:
    fprintf(stderr, "prepared_run: %s\n", err.message);
done:
    free(workspace);
    skep_vm_free(vm);
    skep_free(NULL, code);
    return status;
}
