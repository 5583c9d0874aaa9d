/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "differential.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_program.h"
#include "reference.h"

#define MBUFF_SIZE 96

static bool call(uint32_t id, const uint64_t args[5], uint64_t *result)
{
    if (id != RANDOM_HELPER)
        return false;
    *result = 1;
    for (unsigned i = 0; i < 5; i++)
        *result = *result * UINT64_C(0x100000001b3) ^ args[i];
    return true;
}

static uint64_t helper(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    uint64_t result = 0;
    (void)run;
    (void)call(RANDOM_HELPER, (const uint64_t[]){r1, r2, r3, r4, r5}, &result);
    return result;
}

/* What r0 is made of: r10, or r1 where a run needs room for as many may_goto counters. Addresses are the library's to choose. */
static uint64_t ask(const skep_vm_options *vm_options, const skep_exec_options *exec_options, unsigned reg, unsigned may_gotos)
{
    uint8_t code[(2 + RANDOM_MOST_SLOTS + 1) * 8] = {0xbf, (uint8_t)(reg << 4)};
    uint64_t result = 0;
    size_t slots = 1;
    code[8 * slots++] = 0x95;
    for (unsigned i = 0; i < may_gotos && slots < RANDOM_MOST_SLOTS; i++)
        code[8 * slots++] = 0xe5;
    code[8 * slots++] = 0x95;
    skep_vm_options options = *vm_options;
    options.code = code;
    options.code_size = slots * 8;
    skep_exec_options unlimited = *exec_options;
    unlimited.budget = SKEP_BUDGET_NONE;
    skep_vm *vm = NULL;
    if (skep_vm_create(&options, &vm, NULL) || skep_vm_exec(vm, &unlimited, &result, NULL))
        abort();
    skep_vm_free(vm);
    return result;
}

enum differential_outcome differential_run(const struct differential *in, char *why, size_t size)
{
    static _Alignas(16) uint8_t workspace[192 * 1024], packet[DIFFERENTIAL_MOST], mbuff[MBUFF_SIZE];
    uint8_t packet_too[DIFFERENTIAL_MOST], mbuff_too[MBUFF_SIZE];
    if (in->packet_size > DIFFERENTIAL_MOST)
        abort();
    skep_vm_options options = {.size = sizeof options, .kind = in->kind, .policy = in->policy};
    options.data_offset = DIFFERENTIAL_DATA;
    options.data_end_offset = DIFFERENTIAL_DATA_END;
    skep_exec_options exec = {.size = sizeof exec, .workspace = workspace, .workspace_size = sizeof workspace};
    exec.budget = in->budget;
    exec.mem_access = in->read_only ? SKEP_READ : 0;
    if (in->kind != SKEP_NO_DATA) {
        exec.mem = packet;
        exec.mem_size = in->packet_size;
    }
    const uint64_t start = (uint64_t)(uintptr_t)packet;
    memset(mbuff, 0, sizeof mbuff);
    memcpy(mbuff + DIFFERENTIAL_DATA, &start, 8);
    memcpy(mbuff + DIFFERENTIAL_DATA_END, &(uint64_t){start + in->packet_size}, 8);
    memcpy(mbuff_too, mbuff, sizeof mbuff);
    if (in->kind == SKEP_MBUFF) {
        exec.mbuff = mbuff;
        exec.mbuff_size = sizeof mbuff;
    }

    skep_error err = {.pc = SKEP_NO_PC};
    skep_vm *vm = NULL;
    options.code = in->code;
    options.code_size = in->code_size;
    if (skep_vm_create(&options, &vm, &err)) {
        snprintf(why, size, "%s", err.message);
        return DIFFERENTIAL_REFUSED;
    }
    if (skep_vm_register_fn(vm, RANDOM_HELPER, helper, NULL, &err) || skep_vm_workspace_size(vm) > sizeof workspace)
        abort();

    struct reference ref = {.code = in->code, .slots = (uint32_t)(in->code_size / 8), .helper = call, .budget = in->budget};
    ref.stack_top = ask(&options, &exec, 10, 0);
    memcpy(packet_too, in->packet, in->packet_size);
    if (in->kind != SKEP_NO_DATA) {
        ref.packet = packet_too;
        ref.packet_size = in->packet_size;
        ref.regions[ref.region_count++] = (struct reference_region){start, in->packet_size, !in->read_only, packet_too};
    }
    if (in->kind == SKEP_RAW) {
        ref.r1 = start;
        ref.r2 = in->packet_size;
    } else if (in->kind == SKEP_MBUFF) {
        ref.r1 = (uint64_t)(uintptr_t)mbuff;
        ref.regions[ref.region_count++] = (struct reference_region){ref.r1, MBUFF_SIZE, true, mbuff_too};
    } else if (in->kind == SKEP_FIXED_MBUFF) {
        ref.r1 = ask(&options, &exec, 1, reference_most_may_gotos(in->code, ref.slots));
        ref.regions[ref.region_count++] = (struct reference_region){ref.r1, DIFFERENTIAL_DATA_END + 8, true, mbuff_too};
    }
    reference_run(&ref);
    if (in->policy == SKEP_TRUSTED && ref.code_out == SKEP_ERR_ACCESS) {
        skep_vm_free(vm);
        return DIFFERENTIAL_FAULT;
    }

    memcpy(packet, in->packet, in->packet_size);
    memset(workspace, 0xa5, skep_vm_workspace_size(vm)); /* what an earlier run may have left behind */
    uint64_t result = 0, executed = 0;
    exec.executed = &executed;
    if (in->native && skep_vm_jit_compile(vm, NULL, &err)) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    skep_code code = (in->native ? skep_vm_exec_jit : skep_vm_exec)(vm, &exec, &result, &err);
    skep_vm_free(vm);
    if (!code)
        err.pc = SKEP_NO_PC, err.address = 0;

    const bool same_memory = memcmp(packet, packet_too, in->packet_size) == 0 &&
                             (in->kind != SKEP_MBUFF || memcmp(mbuff, mbuff_too, MBUFF_SIZE) == 0);
    if (code == ref.code_out && err.pc == ref.pc && err.address == ref.address && executed == ref.executed &&
        result == ref.result && same_memory)
        return code ? DIFFERENTIAL_FAULT : DIFFERENTIAL_RAN;
    snprintf(why, size,
             "here: %s, pc %" PRIu64 ", address %#" PRIx64 ", executed %" PRIu64 ", r0 %#" PRIx64 " (%s)\n"
             "reference: %s, pc %" PRIu64 ", address %#" PRIx64 ", executed %" PRIu64 ", r0 %#" PRIx64 "%s",
             skep_code_name(code), err.pc, err.address, executed, result, code ? err.message : "",
             skep_code_name(ref.code_out), ref.pc, ref.address, ref.executed, ref.result,
             same_memory ? "" : "; memory differs");
    return DIFFERENTIAL_DIFFERENT;
}
