/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The interpreter, measured: `bench_interp OBJECT...`. Every program of the objects runs in one process, the engines
 * taking turns in short batches, so that whatever else the machine does hits them alike; the figures are medians.
 * A run is a whole skep_vm_exec() or rte_bpf_exec(): the setting up counts. ns/insn divides by the instructions that
 * the run executed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "skep/skep.h"

#define ROUNDS 31
#define BATCH_NS 400000
#define MEMORY 1500

enum engine { GUARDED, TRUSTED, DPDK, ENGINES };

struct subject {
    const char *name;
    skep_vm *vm[2];
    struct rte_bpf *dpdk;
    uint64_t executed;
    double ns[ENGINES]; /* a run */
};

static unsigned char memory[MEMORY], workspace[1 << 14];

static void die(const char *what, const skep_error *err)
{
    fprintf(stderr, "bench: %s: %s\n", what, err ? err->message : "");
    exit(1);
}

static uint64_t run(const struct subject *s, enum engine engine)
{
#ifdef BENCH_DPDK
    if (engine == DPDK)
        return bench_dpdk_run(s->dpdk, memory);
#endif
    uint64_t r0 = 0;
    skep_error err;
    const skep_exec_options options = {.size = sizeof options,
                                       .mem = memory,
                                       .mem_size = sizeof memory,
                                       .workspace = workspace,
                                       .workspace_size = sizeof workspace};
    if (skep_vm_exec(s->vm[engine], &options, &r0, &err))
        die(s->name, &err);
    return r0;
}

static double batch(const struct subject *s, enum engine engine, unsigned times)
{
    uint64_t begin = bench_now();
    for (unsigned i = 0; i < times; i++)
        run(s, engine);
    return (double)(bench_now() - begin) / times;
}

static void measure(struct subject *s)
{
    static double samples[ENGINES][ROUNDS];
    unsigned times = 1;
    uint64_t begin;
    do { /* how many runs fill a batch */
        times *= 2;
        begin = bench_now();
        for (unsigned i = 0; i < times; i++)
            run(s, GUARDED);
    } while (bench_now() - begin < BATCH_NS);
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned e = 0; e < ENGINES; e++)
            if (e != DPDK || s->dpdk)
                samples[e][round] = batch(s, (enum engine)e, times);
    for (unsigned e = 0; e < ENGINES; e++)
        if (e != DPDK || s->dpdk)
            s->ns[e] = bench_median(samples[e], ROUNDS);
}

static void make(struct subject *s, const skep_program_info *info)
{
    skep_error err;
    s->name = info->name;
    for (unsigned e = GUARDED; e <= TRUSTED; e++) {
        const skep_vm_options options = {.size = sizeof options,
                                         .kind = SKEP_RAW,
                                         .policy = e == TRUSTED ? SKEP_TRUSTED : SKEP_GUARDED,
                                         .code = info->code,
                                         .code_size = info->code_size};
        if (skep_vm_create(&options, &s->vm[e], &err))
            die(info->name, &err);
    }
#ifdef BENCH_DPDK
    s->dpdk = bench_dpdk_load(info->code, info->code_size, MEMORY);
#endif
    uint64_t r0, again = 0;
    for (unsigned i = 0; i < MEMORY; i++)
        memory[i] = (unsigned char)(i * 37 + (i >> 3));
    memcpy(memory + 12, "\x08\x00\x45\x00", 4);
    memory[20] = memory[21] = 0;
    memory[23] = 6;
    const skep_exec_options options = {.size = sizeof options, .mem = memory, .mem_size = MEMORY, .executed = &s->executed};
    if (skep_vm_exec(s->vm[GUARDED], &options, &r0, &err))
        die(info->name, &err);
#ifdef BENCH_DPDK
    if (s->dpdk && (again = bench_dpdk_run(s->dpdk, memory)) != r0)
        die(info->name, &(skep_error){.message = "the engines do not agree"});
#endif
    (void)again;
}

static void *read_file(const char *path, size_t *size)
{
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path, &(skep_error){.message = "cannot be opened"});
    *size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    static struct subject subjects[128];
    static double straight[128], guards[128], loops[128];
    size_t count = 0, straights = 0, looping = 0;
    skep_error err;
    for (int a = 1; a < argc; a++) {
        size_t size;
        void *bytes = read_file(argv[a], &size);
        skep_object *object;
        if (skep_object_open(bytes, size, NULL, &object, &err))
            die(argv[a], &err);
        for (size_t i = 0; i < skep_object_program_count(object) && count < 128; i++) {
            skep_program_info info = {.size = sizeof info};
            if (skep_object_program(object, i, &info, &err))
                die(argv[a], &err);
            make(&subjects[count++], &info);
        }
        /* The object stays: the names are its. */
    }
    printf("%-10s %8s | %9s %9s %8s | %7s %7s %7s | %8s %8s\n", "program", "insns", "guarded", "trusted", "dpdk", "guarded",
           "trusted", "dpdk", "vs dpdk", "guards");
    printf("%-10s %8s | %9s %9s %8s | %7s %7s %7s | %8s %8s\n", "", "", "ns/run", "ns/run", "ns/run", "ns/insn", "ns/insn",
           "ns/insn", "x faster", "cost x");
    for (size_t i = 0; i < count; i++) {
        struct subject *s = &subjects[i];
        measure(s);
        double n = (double)s->executed;
        printf("%-10s %8llu | %9.1f %9.1f ", s->name, (unsigned long long)s->executed, s->ns[GUARDED], s->ns[TRUSTED]);
        if (s->dpdk)
            printf("%8.1f | %7.2f %7.2f %7.2f | %8.2f ", s->ns[DPDK], s->ns[GUARDED] / n, s->ns[TRUSTED] / n,
                   s->ns[DPDK] / n, s->ns[DPDK] / s->ns[GUARDED]);
        else
            printf("%8s | %7.2f %7.2f %7s | %8s ", "refused", s->ns[GUARDED] / n, s->ns[TRUSTED] / n, "", "");
        printf("%8.2f\n", s->ns[GUARDED] / s->ns[TRUSTED]);
        fflush(stdout);
        if (s->dpdk)
            straight[straights++] = s->ns[DPDK] / s->ns[GUARDED];
        else
            loops[looping++] = s->ns[GUARDED] / n;
        guards[i] = s->ns[GUARDED] / s->ns[TRUSTED];
    }
    printf("\ngeometric means: ");
    if (straights)
        printf("%.2f times as fast as dpdk (%zu loop-free programs); ", bench_geomean(straight, straights), straights);
    printf("%.2f ns/insn on the rest (%zu); guarded takes %.2f of trusted\n", bench_geomean(loops, looping), looping,
           bench_geomean(guards, count));
    return 0;
}
