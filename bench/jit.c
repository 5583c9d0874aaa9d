/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Machine code, measured: `bench_jit [options] FOLDER`, where FOLDER has the programs of jit/ as objects: NAME.bpf.o
 * for skep, NAME.kernel.o for the kernel, NAME.v2.o without 32-bit jumps for DPDK where it refuses the first. What
 * clang makes of the same sources for this machine is linked in, once without and once with vectorization.
 *
 * All engines run in one process and take turns in short batches, an empty program after each, so that whatever else
 * the machine does hits them alike. A figure is the median of a run less that of an empty run. Before anything is
 * measured every engine has to return the same r0 and leave the same memory behind, from the same input.
 *
 * skep's machine code is entered directly, over a run that was prepared once, as native code and DPDK's are; the
 * interpreter through skep_vm_exec.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "jit.h"

#define BATCH_NS 150000
#define MOST 128
#define MOST_ROUNDS 150
#define PASSES 3

const char *const engine_names[ENGINES] = {"guarded", "trusted", "interp", "scalar", "vector", "kernel", "dpdk"};

/* The tables of jit/prog.h. */
struct native_program {
    const char *name;
    uint64_t (*run)(uint8_t *p);
};
extern const struct native_program __start_native_scalar[], __stop_native_scalar[];
extern const struct native_program __start_native_vector[], __stop_native_vector[];

static _Alignas(64) unsigned char memory[MEMORY];
static unsigned char workspace[1 << 14];
static struct subject subjects[MOST];
static size_t subject_count;
static unsigned rounds = 33;
static const char *only, *dump;
static skep_jit_options jit_options = {.size = sizeof jit_options};

uint64_t bench_helper(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
uint64_t bench_helper(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)a, (void)b, (void)c, (void)d, (void)e;
    return 0; /* the number of the memory node in the kernel: 0 wherever there is but one */
}

static uint64_t skep_bench_helper(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, skep_run *run)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)run;
    return 0;
}

static _Noreturn void die(const char *name, const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", name, what);
    exit(1);
}

/* ---------------------------------------------------------------------------------------- engines */

static bool takes_part(const struct subject *s, enum engine e)
{
    switch (e) {
    case SCALAR:
    case VECTOR: return s->native[e - SCALAR];
    case KERNEL: return s->kernel[0] >= 0;
    case DPDK: return s->dpdk;
    default: return true;
    }
}

static uint64_t run_skep(const struct subject *s, bool interpreted)
{
    uint64_t r0 = 0;
    skep_error err;
    const skep_exec_options options = {.size = sizeof options,
                                       .mem = memory,
                                       .mem_size = MEMORY,
                                       .workspace = workspace,
                                       .workspace_size = sizeof workspace};
    if ((interpreted ? skep_vm_exec : skep_vm_exec_jit)(s->vm[interpreted ? INTERP : GUARDED], &options, &r0, &err))
        die(s->name, err.message);
    return r0;
}

/* The nanoseconds that a run takes; `round` chooses among the kernel's copies. */
static double batch(const struct subject *s, enum engine e, unsigned times, unsigned round)
{
    uint32_t ignored;
    if (e == KERNEL) {
        double ns = kernel_run(s->kernel[round % KERNEL_COPIES], times, memory, NULL, &ignored);
        if (ns < 0)
            die(s->name, "the kernel does not run it");
        return ns / times;
    }
    uint64_t begin = bench_now();
    if (e == SCALAR || e == VECTOR) {
        uint64_t (*run)(uint8_t *) = s->native[e - SCALAR];
        for (unsigned i = 0; i < times; i++)
            run(memory);
#ifdef BENCH_DPDK
    } else if (e == DPDK) {
        for (unsigned i = 0; i < times; i++)
            dpdk_run(s->dpdk, memory);
#endif
    } else if (e == INTERP) {
        for (unsigned i = 0; i < times; i++)
            run_skep(s, true);
    } else {
        skep_run *run = s->run[e];
        skep_jit_fn function = s->function[e];
        for (unsigned i = 0; i < times; i++)
            function(run);
    }
    return (double)(bench_now() - begin) / times;
}

static unsigned batch_size(const struct subject *s, enum engine e)
{
    unsigned times = 4;
    while (times < 1u << 20 && batch(s, e, times, 0) * times < BATCH_NS)
        times *= 2;
    return times;
}

/*
 * The same from every engine: r0 (its lower half from the kernel, which has no more) and the memory. DPDK is left out
 * where it disagrees: for `divide` its machine code does so with its own interpreter, too (22.11).
 */
static void compare(struct subject *s)
{
    static unsigned char expected[MEMORY], out[MEMORY];
    uint64_t want = 0;
    static const enum engine order[] = {SCALAR, VECTOR, GUARDED, TRUSTED, INTERP, KERNEL, DPDK};
    for (unsigned i = 0; i < ENGINES; i++) {
        enum engine e = order[i];
        uint64_t got = 0;
        uint32_t low = 0;
        char what[160];
        if (!takes_part(s, e))
            continue;
        fill_input(memory);
        if (e == KERNEL) {
            if (kernel_run(s->kernel[0], 1, memory, out, &low) < 0)
                die(s->name, "the kernel does not run it");
            got = (want & ~(uint64_t)UINT32_MAX) | low;
            memcpy(memory, out, MEMORY);
        } else if (e == SCALAR || e == VECTOR) {
            got = s->native[e - SCALAR](memory);
#ifdef BENCH_DPDK
        } else if (e == DPDK) {
            got = dpdk_run(s->dpdk, memory);
#endif
        } else if (e == INTERP) {
            got = run_skep(s, true);
        } else {
            skep_error err;
            got = s->function[e](s->run[e]);
            if (skep_run_outcome(s->run[e], &err))
                die(s->name, err.message);
        }
        if (e == SCALAR) {
            want = got;
            memcpy(expected, memory, MEMORY);
        }
        snprintf(what, sizeof what, "%s returns 0x%llx, native code 0x%llx%s", engine_names[e], (unsigned long long)got,
                 (unsigned long long)want, memcmp(memory, expected, MEMORY) ? "; the memory differs" : "");
        if (got == want && !memcmp(memory, expected, MEMORY))
            continue;
        if (e != DPDK)
            die(s->name, what);
        printf("# %s: %s\n", s->name, what);
        s->dpdk = NULL;
        s->dpdk_wrong = true;
    }
}

/* Samples of all programs; those of `empty` beside each lie in [1]. */
static double samples[MOST][2][ENGINES][MOST_ROUNDS];

/* Rounds `from` to `to` of one program, with the empty one (NULL: it is that) in between. */
static void measure(size_t index, const struct subject *empty, unsigned from, unsigned to)
{
    const struct subject *s = &subjects[index];
    unsigned times[ENGINES], empty_times[ENGINES];
    fill_input(memory);
    for (unsigned e = 0; e < ENGINES; e++)
        if (takes_part(s, (enum engine)e)) {
            times[e] = batch_size(s, (enum engine)e);
            empty_times[e] = empty ? batch_size(empty, (enum engine)e) / 2 : 0;
        }
    for (unsigned round = from; round < to; round++)
        for (unsigned e = 0; e < ENGINES; e++)
            if (takes_part(s, (enum engine)e)) {
                samples[index][0][e][round] = batch(s, (enum engine)e, times[e], round);
                if (empty)
                    samples[index][1][e][round] = batch(empty, (enum engine)e, empty_times[e], round);
            }
}

/* Every program a few rounds, then all of them again, so that a bad moment of the machine does not hit one program
 * only. */
static void measure_all(const struct subject *empty)
{
    for (unsigned pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < subject_count; i++)
            measure(i, &subjects[i] == empty ? NULL : empty, rounds * pass / PASSES, rounds * (pass + 1) / PASSES);
    for (size_t i = 0; i < subject_count; i++)
        for (unsigned e = 0; e < ENGINES; e++)
            if (takes_part(&subjects[i], (enum engine)e)) { /* the empty program's own samples of it are zero */
                double ns = bench_median(samples[i][0][e], rounds) - bench_median(samples[i][1][e], rounds);
                subjects[i].ns[e] = ns > 0 ? ns : 0;
            }
}

/* The whole of skep_vm_exec_jit. */
static double measure_exec(const struct subject *s)
{
    static double exec_samples[MOST_ROUNDS];
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t begin = bench_now();
        for (unsigned i = 0; i < 5000; i++)
            run_skep(s, false);
        exec_samples[round] = (double)(bench_now() - begin) / 5000;
    }
    return bench_median(exec_samples, rounds);
}

/* ---------------------------------------------------------------------------------------- loading */

static void write_dump(const struct subject *s, const char *engine, const void *code, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.%s.bin", dump, s->name, engine);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(code, 1, size, file) != size || fclose(file))
        die(path, "cannot be written");
}

static void create(struct subject *s, enum engine e)
{
    static const skep_helper helper = {.size = sizeof helper, .name = "helper", .fn = skep_bench_helper};
    const skep_vm_options options = {.size = sizeof options,
                                     .kind = SKEP_RAW,
                                     .policy = e == TRUSTED ? SKEP_TRUSTED : SKEP_GUARDED,
                                     .budget = e == TRUSTED ? SKEP_BUDGET_NONE : 0,
                                     .code = s->code,
                                     .code_size = s->slots * 8};
    double times[9];
    skep_error err;
    if (skep_vm_create(&options, &s->vm[e], &err) || skep_vm_register(s->vm[e], HELPER_ID, &helper, &err))
        die(s->name, err.message);
    if (e == INTERP)
        return;
    for (unsigned i = 0; i < 9; i++) {
        uint64_t begin = bench_now();
        jit_options.uncounted = e == TRUSTED; /* nor do the others count */
        if (skep_vm_jit_compile(s->vm[e], &jit_options, &err))
            die(s->name, err.message);
        times[i] = (double)(bench_now() - begin);
    }
    s->compile_ns[e] = bench_median(times, 9);
    skep_jit_stats stats = {.size = sizeof stats};
    if (skep_vm_jit_stats(s->vm[e], &stats, &err))
        die(s->name, err.message);
    s->bytes[e] = stats.code_size;
    skep_exec_options run = {.size = sizeof run, .mem = memory, .mem_size = MEMORY};
    run.workspace_size = skep_vm_workspace_size(s->vm[e]);
    run.workspace = malloc(run.workspace_size);
    s->function[e] = skep_vm_jit_function(s->vm[e]);
    if (!run.workspace || skep_run_prepare(s->vm[e], &run, &s->run[e], &err))
        die(s->name, err.message);
    if (dump) {
        static unsigned char code[1 << 20];
        size_t size = sizeof code;
        if (skep_vm_jit_copy(s->vm[e], code, &size, &err))
            die(s->name, err.message);
        write_dump(s, engine_names[e], code, size);
    }
}

static void *read_object(const char *folder, const char *stem, const char *tail, skep_object **object)
{
    static unsigned char bytes[1 << 20];
    char path[512];
    skep_error err;
    snprintf(path, sizeof path, "%s/%s.%s.o", folder, stem, tail);
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path, "cannot be opened");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (skep_object_open(bytes, size, NULL, object, &err)) /* it stays: names and code are its */
        die(path, err.message);
    return *object;
}

static const struct native_program *find_native(const struct native_program *at, const struct native_program *end,
                                                const char *name)
{
    for (; at < end; at++)
        if (!strcmp(at->name, name))
            return at;
    die(name, "is not in the table of native programs");
}

/* NULL: not at all. */
static void load_kernel(struct subject *s, skep_object *object)
{
    static unsigned char image[1 << 20];
    skep_program_info info = {.size = sizeof info};
    skep_error err;
    char why[240] = "";
    if (object && skep_object_find(object, NULL, s->name, &info, &err))
        die(s->name, err.message);
    for (unsigned i = 0; i < KERNEL_COPIES; i++)
        s->kernel[i] = object ? kernel_load(info.code, info.code_size / 8, why, sizeof why) : -1;
    if (!object)
        return;
    if (s->kernel[0] < 0)
        printf("# the kernel refuses %s: %s\n", s->name, why);
    size_t size = dump && s->kernel[0] >= 0 ? kernel_image(s->kernel[0], image, sizeof image) : 0;
    if (size)
        write_dump(s, "kernel", image, size);
}

static void load(const char *folder, const char *stem, bool with_kernel)
{
    skep_object *plain, *kernel, *v2;
    skep_error err;
    read_object(folder, stem, "bpf", &plain);
    read_object(folder, stem, "kernel", &kernel);
    read_object(folder, stem, "v2", &v2);
    for (size_t i = 0; i < skep_object_program_count(plain); i++) {
        skep_program_info info = {.size = sizeof info}, other = {.size = sizeof other};
        if (skep_object_program(plain, i, &info, &err))
            die(stem, err.message);
        bool empty = !strcmp(info.name, "empty");
        if (only && !empty && !strstr(info.name, only))
            continue;
        if (subject_count == MOST)
            die(stem, "too many programs");
        struct subject *s = &subjects[subject_count++];
        char *class = strdup(info.section);
        class[strcspn(class, "/")] = 0;
        s->name = info.name;
        s->class = class;
        s->code = info.code;
        s->slots = info.code_size / 8;
        for (unsigned e = GUARDED; e <= INTERP; e++)
            create(s, (enum engine)e);
        s->native[0] = find_native(__start_native_scalar, __stop_native_scalar, s->name)->run;
        s->native[1] = find_native(__start_native_vector, __stop_native_vector, s->name)->run;
        load_kernel(s, with_kernel ? kernel : NULL);
#ifdef BENCH_DPDK
        s->dpdk = dpdk_load(s->code, s->slots);
        if (!s->dpdk && !skep_object_find(v2, NULL, s->name, &other, &err)) {
            s->dpdk = dpdk_load(other.code, other.code_size / 8);
            s->dpdk_plain = s->dpdk;
        }
#endif
        compare(s);
    }
}

/* Whether bpf(2) is for us, by a program that returns. */
static bool kernel_answers(void)
{
    static const skep_slot code[] = {SKEP_MOV64_IMM(SKEP_R0, 1), SKEP_EXIT()};
    char why[240];
    uint32_t result;
    int fd = kernel_load(code, 2, why, sizeof why);
    if (fd < 0)
        printf("# the kernel is left out: bpf(2) says: %s\n", why);
    else if (kernel_run(fd, 1, memory, NULL, &result) < 0)
        printf("# the kernel is left out: it does not do test runs\n");
    else
        return true;
    return false;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int main(int argc, char **argv)
{
    static struct compile_sample compiled[COMPILE_SAMPLES];
    static char *stems[32];
    const char *folder = NULL, *json = NULL;
    bool compiling = true, with_kernel = true;
    for (int a = 1; a < argc; a++) {
        if (!strcmp(argv[a], "--json") && a + 1 < argc)
            json = argv[++a];
        else if (!strcmp(argv[a], "--rounds") && a + 1 < argc)
            rounds = (unsigned)atoi(argv[++a]);
        else if (!strcmp(argv[a], "--only") && a + 1 < argc)
            only = argv[++a];
        else if (!strcmp(argv[a], "--dump") && a + 1 < argc)
            dump = argv[++a];
        else if (!strcmp(argv[a], "--no-compile"))
            compiling = false;
        else if (!strcmp(argv[a], "--no-kernel"))
            with_kernel = false;
        else if (!strcmp(argv[a], "--blind"))
            jit_options.blind = true;
        else if (argv[a][0] != '-' && !folder)
            folder = argv[a];
        else
            die(argv[a], "is not understood: [--json FILE] [--rounds N] [--only TEXT] [--dump FOLDER] [--no-compile] "
                         "[--no-kernel] [--blind] FOLDER");
    }
    if (!folder || rounds < 1 || rounds > MOST_ROUNDS)
        die("usage", "bench_jit [options] FOLDER, and 1 to 150 rounds");
    setvbuf(stdout, NULL, _IOLBF, 0);
    with_kernel = with_kernel && kernel_answers();
#ifndef BENCH_DPDK
    printf("# DPDK is left out: libdpdk-dev is not installed\n");
#endif

    DIR *d = opendir(folder);
    size_t stem_count = 0;
    for (struct dirent *entry; d && (entry = readdir(d));) {
        char *tail = strstr(entry->d_name, ".bpf.o");
        if (tail && stem_count < 32)
            stems[stem_count++] = strndup(entry->d_name, (size_t)(tail - entry->d_name));
    }
    if (!stem_count)
        die(folder, "has no NAME.bpf.o");
    closedir(d);
    qsort(stems, stem_count, sizeof *stems, by_name);
    for (size_t i = 0; i < stem_count; i++)
        load(folder, stems[i], with_kernel);

    struct subject *empty = NULL;
    for (size_t i = 0; i < subject_count; i++)
        if (!strcmp(subjects[i].name, "empty"))
            empty = &subjects[i];
    if (!empty)
        die(folder, "has no empty program");
    measure_all(empty);
    double exec_ns = measure_exec(empty);
    size_t sample_count = compiling ? measure_compiling(compiled) : 0;

    double empty_ns[ENGINES];
    memcpy(empty_ns, empty->ns, sizeof empty_ns);
    memmove(empty, empty + 1, (size_t)(&subjects[subject_count--] - (empty + 1)) * sizeof *empty);
    FILE *file = json ? fopen(json, "w") : NULL;
    if (json && !file)
        die(json, "cannot be written");
    report(subjects, subject_count, empty_ns, exec_ns, compiled, sample_count, file);
    if (file && fclose(file))
        die(json, "cannot be written");
    return 0; /* a goal that is missed is a finding, not a failure of the benchmark */
}
