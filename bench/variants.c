/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What dispatch, decoding and superinstructions bring: `bench_variants NAME=LIBRARY... OBJECT...`. Each library is skep
 * built with another interpreter; all are loaded into this process and take turns, program by program, in short
 * batches. Figures are medians in ns per executed instruction; the last lines compare each with the first.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "skep/skep.h"

#define ROUNDS 21
#define BATCH_NS 300000
#define MEMORY 1500
#define MOST 8

struct variant {
    char name[24];
    skep_code (*create)(const skep_vm_options *, skep_vm **, skep_error *);
    skep_code (*exec)(const skep_vm *, const skep_exec_options *, uint64_t *, skep_error *);
    void (*free)(skep_vm *);
};

static unsigned char memory[MEMORY], workspace[1 << 14];

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static void *symbol(void *library, const char *name)
{
    void *at = dlsym(library, name);
    if (!at)
        die(name, dlerror());
    return at;
}

static struct variant load(const char *argument)
{
    struct variant v = {0};
    const char *equals = strchr(argument, '=');
    snprintf(v.name, sizeof v.name, "%.*s", (int)(equals - argument), argument);
    void *library = dlopen(equals + 1, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        die(argument, dlerror());
    *(void **)&v.create = symbol(library, "skep_vm_create");
    *(void **)&v.exec = symbol(library, "skep_vm_exec");
    *(void **)&v.free = symbol(library, "skep_vm_free");
    return v;
}

static uint64_t run(const struct variant *v, const skep_vm *vm, uint64_t *executed)
{
    uint64_t r0;
    skep_error err;
    const skep_exec_options options = {.size = sizeof options,
                                       .mem = memory,
                                       .mem_size = MEMORY,
                                       .workspace = workspace,
                                       .workspace_size = sizeof workspace,
                                       .executed = executed};
    if (v->exec(vm, &options, &r0, &err))
        die(v->name, err.message);
    return r0;
}

static double batch(const struct variant *v, const skep_vm *vm, unsigned times)
{
    uint64_t begin = bench_now();
    for (unsigned i = 0; i < times; i++)
        run(v, vm, NULL);
    return (double)(bench_now() - begin) / times;
}

static void measure(const struct variant *variants, unsigned count, const skep_program_info *info, double ns[MOST])
{
    static double samples[MOST][ROUNDS];
    skep_vm *vms[MOST];
    skep_error err;
    uint64_t executed = 0, result = 0;
    for (unsigned i = 0; i < MEMORY; i++)
        memory[i] = (unsigned char)(i * 37 + (i >> 3));
    memcpy(memory + 12, "\x08\x00\x45\x00", 4);
    const skep_vm_options options = {.size = sizeof options, .kind = SKEP_RAW, .code = info->code, .code_size = info->code_size};
    for (unsigned v = 0; v < count; v++)
        if (variants[v].create(&options, &vms[v], &err))
            die(info->name, err.message);
    result = run(&variants[0], vms[0], &executed);
    (void)result;
    unsigned times = 1;
    while (batch(&variants[0], vms[0], times) * times < BATCH_NS)
        times *= 2;
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned v = 0; v < count; v++)
            samples[v][round] = batch(&variants[v], vms[v], times);
    printf("%-10s %8llu |", info->name, (unsigned long long)executed);
    for (unsigned v = 0; v < count; v++) {
        ns[v] = bench_median(samples[v], ROUNDS) / (double)executed;
        printf(" %10.2f", ns[v]);
        variants[v].free(vms[v]);
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct variant variants[MOST];
    static double ns[128][MOST], ratios[128];
    static unsigned char bytes[1 << 20];
    unsigned count = 0, programs = 0;
    int a = 1;
    for (; a < argc && strchr(argv[a], '=') && count < MOST; a++)
        variants[count++] = load(argv[a]);
    printf("%-10s %8s |", "ns/insn", "insns");
    for (unsigned v = 0; v < count; v++)
        printf(" %10s", variants[v].name);
    printf("\n");
    for (; a < argc; a++) {
        FILE *file = fopen(argv[a], "rb");
        skep_object *object;
        skep_error err;
        if (!file)
            die(argv[a], "cannot be opened");
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        if (skep_object_open(bytes, size, NULL, &object, &err))
            die(argv[a], err.message);
        for (size_t i = 0; i < skep_object_program_count(object) && programs < 128; i++) {
            skep_program_info info = {.size = sizeof info};
            if (skep_object_program(object, i, &info, &err))
                die(argv[a], err.message);
            measure(variants, count, &info, ns[programs++]);
        }
        skep_object_free(object);
    }
    printf("%-10s %8s |", "geomean of", "first");
    for (unsigned v = 0; v < count; v++) {
        for (unsigned p = 0; p < programs; p++)
            ratios[p] = ns[p][v] / ns[p][0];
        printf(" %9.2fx", bench_geomean(ratios, programs));
    }
    printf("\n");
    return 0;
}
