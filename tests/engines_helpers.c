/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "engines_helpers.h"

#include <stdlib.h>
#include <string.h>

#include "random_program.h"

uint64_t engines_seen;

static void see(uint64_t v) { engines_seen = (engines_seen ^ v) * UINT64_C(0x100000001b3) + 1; }

bool engines_mix(uint32_t id, const uint64_t args[5], uint64_t *result)
{
    if (id != RANDOM_HELPER)
        return false;
    *result = 1;
    for (unsigned i = 0; i < 5; i++)
        *result = *result * UINT64_C(0x100000001b3) ^ args[i];
    return true;
}

#define HELPER(name) static uint64_t name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
#define SEE() (void)run, see(r1), see(r2), see(r3), see(r4), see(r5)

HELPER(helper_mix)
{
    uint64_t result = 0;
    SEE();
    (void)engines_mix(RANDOM_HELPER, (const uint64_t[]){r1, r2, r3, r4, r5}, &result);
    return result;
}

static uint64_t look(const uint8_t *bytes, uint64_t size)
{
    uint64_t sum = size;
    for (uint64_t i = 0; i < size; i++)
        sum = sum * 31 + bytes[i];
    see(sum);
    return sum;
}

HELPER(helper_reads)
{
    SEE();
    return look((const uint8_t *)(uintptr_t)r1, r2);
}

HELPER(helper_writes)
{
    SEE();
    uint8_t *bytes = (uint8_t *)(uintptr_t)r1;
    uint64_t sum = look(bytes, r2);
    for (uint64_t i = 0; i < r2; i++)
        bytes[i] = (uint8_t)(bytes[i] * 5 + i);
    return sum;
}

HELPER(helper_asks)
{
    SEE();
    const size_t size = (size_t)(r2 & 31);
    uint8_t *bytes = skep_run_memory(run, r1, size, true);
    if (bytes && size)
        bytes[size - 1] ^= 0x80;
    else
        bytes = skep_run_memory(run, r1, size, false);
    return bytes ? look(bytes, size) : 7;
}

HELPER(helper_fails)
{
    SEE();
    if (r1 == 0)
        skep_run_fail(run, (int64_t)r2, r3 ? NULL : "as it was told");
    return r1 + 1;
}

HELPER(helper_context)
{
    SEE();
    return r1 * 3;
}

HELPER(helper_strings)
{
    SEE();
    look((const uint8_t *)(uintptr_t)r1, strlen((const char *)(uintptr_t)r1));
    return r2 ? strlen((const char *)(uintptr_t)r2) : 99;
}

void engines_register(skep_vm *vm, bool all)
{
    static const skep_prototype reads = {sizeof reads, {SKEP_ARG_MEM, SKEP_ARG_SIZE}};
    static const skep_prototype writes = {sizeof writes, {SKEP_ARG_MEM_WRITE, SKEP_ARG_SIZE_OR_ZERO}};
    static const skep_prototype context = {sizeof context, {SKEP_ARG_CONTEXT}};
    static const skep_prototype strings = {sizeof strings, {SKEP_ARG_STRING, SKEP_ARG_STRING_OR_NULL}};
    const struct {
        uint32_t id;
        skep_helper helper;
    } own[] = {
        {RANDOM_HELPER_READS, {.size = sizeof(skep_helper), .name = "reads", .fn = helper_reads, .prototype = &reads}},
        {RANDOM_HELPER_WRITES, {.size = sizeof(skep_helper), .name = "writes", .fn = helper_writes, .prototype = &writes}},
        {RANDOM_HELPER_ASKS, {.size = sizeof(skep_helper), .name = "asks", .fn = helper_asks}},
        {RANDOM_HELPER_FAILS, {.size = sizeof(skep_helper), .name = "fails", .fn = helper_fails}},
        {RANDOM_HELPER_CONTEXT, {.size = sizeof(skep_helper), .name = "context", .fn = helper_context, .prototype = &context}},
        {RANDOM_HELPER_STRINGS, {.size = sizeof(skep_helper), .name = "strings", .fn = helper_strings, .prototype = &strings}},
    };
    static const struct {
        uint32_t id;
        const char *name;
    } stock[] = {{RANDOM_HELPER_FROBS, "memfrob"}, {RANDOM_HELPER_GATHERS, "gather_bytes"}, {RANDOM_HELPER_ROOT, "sqrti"}};
    bool good = skep_vm_register_fn(vm, RANDOM_HELPER, helper_mix, NULL, NULL) == SKEP_OK;
    for (size_t i = 0; all && i < sizeof own / sizeof *own; i++)
        good &= skep_vm_register(vm, own[i].id, &own[i].helper, NULL) == SKEP_OK;
    for (size_t i = 0; all && i < sizeof stock / sizeof *stock; i++)
        good &= skep_vm_register(vm, stock[i].id, skep_helper_stock(stock[i].name), NULL) == SKEP_OK;
    if (!good)
        abort();
}
