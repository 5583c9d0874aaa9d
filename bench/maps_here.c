/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* skep's maps, in machine code that checks what it must; runs are prepared once a thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "maps.h"
#include "skep/skep.h"

enum { MOST = 128 };
static skep_object *object;
static skep_map *ring;
static struct {
    const char *name;
    skep_vm *vm;
} programs[MOST];
static int program_count;

static void end(void)
{
    for (int i = 0; i < program_count; i++)
        skep_vm_free(programs[i].vm);
    skep_object_free(object);
}

static bool fails(skep_code code, const skep_error *err, char *why, size_t why_size)
{
    if (code != SKEP_OK)
        snprintf(why, why_size, "%s", err->message);
    return code != SKEP_OK;
}

static bool load(const char *path, char *why, size_t why_size)
{
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    skep_error err;
    if (file)
        fclose(file);
    if (fails(skep_object_open(bytes, size, NULL, &object, &err), &err, why, why_size) ||
        fails(skep_object_load(object, &err), &err, why, why_size))
        return false;
    ring = skep_object_find_map(object, "ring");
    for (size_t i = 0; i < skep_object_program_count(object) && i < MOST; i++) {
        skep_program_info info = {.size = sizeof info};
        skep_vm_options options = {.size = sizeof options, .budget = SKEP_BUDGET_NONE};
        skep_vm **vm = &programs[i].vm;
        if (fails(skep_object_program(object, i, &info, &err), &err, why, why_size) ||
            fails(skep_object_vm(object, info.section, info.name, &options, vm, &err), &err, why, why_size) ||
            fails(skep_vm_jit_compile(*vm, NULL, &err), &err, why, why_size))
            return false;
        programs[program_count++].name = info.name;
    }
    return true;
}

static int find(const char *name)
{
    for (int i = 0; i < program_count; i++)
        if (!strcmp(programs[i].name, name))
            return i;
    return -1;
}

static double timed(int program, unsigned repeat)
{
    static unsigned char packet[64]; /* no program looks at it */
    const skep_vm *vm = programs[program].vm;
    skep_exec_options options = {.size = sizeof options, .mem = packet, .mem_size = sizeof packet};
    uint64_t result;
    skep_error err;
    uint64_t begin = bench_now();
    for (unsigned i = 0; i < repeat; i++)
        if (skep_vm_exec_jit(vm, &options, &result, &err) != SKEP_OK) {
            fprintf(stderr, "%s: %s\n", programs[program].name, err.message);
            return -1;
        }
    return (double)(bench_now() - begin) / repeat;
}

static int forget(void *user, const void *record, size_t size)
{
    (void)user, (void)record, (void)size;
    return 0;
}

static void drain(void) { skep_ringbuf_consume(ring, forget, NULL); }

const struct maps_side maps_here = {"skep", load, find, timed, drain, end};
