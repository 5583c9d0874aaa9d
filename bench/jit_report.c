/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The figures as tables, as goals, and as JSON for jit_plot.py. */
#include <string.h>

#include "jit.h"

#define MOST 128

static bool there(const struct subject *s, enum engine e)
{
    return e == KERNEL ? s->kernel[0] >= 0 : e == DPDK ? s->dpdk != NULL : true;
}

/*
 * 0: one of the two is not there, or both are too short for the clock. One of them alone is not left out, since that
 * would hide where native code has next to nothing to do and others have: it counts as no less than a nanosecond.
 */
static double ratio(const struct subject *s, enum engine of, enum engine to)
{
    if (!there(s, of) || !there(s, to) || (s->ns[of] < LEAST_NS && s->ns[to] < LEAST_NS))
        return 0;
    return (s->ns[of] > 1 ? s->ns[of] : 1) / (s->ns[to] > 1 ? s->ns[to] : 1);
}

static void print_ns(double ns, bool there)
{
    if (there)
        printf(" %9.1f", ns);
    else
        printf(" %9s", "-");
}

static void print_ratio(double x)
{
    if (x > 0)
        printf(" %6.2f", x);
    else
        printf(" %6s", "-");
}

static void table(const struct subject *subjects, size_t count, const double *empty)
{
    printf("ns of a run, less an empty run; t: trusted, g: guarded, scalar and vector: native code\n\n");
    printf("%-20s %6s |", "program", "slots");
    for (unsigned e = 0; e < ENGINES; e++)
        printf(" %9s", engine_names[e]);
    printf(" | %6s %6s %6s %6s %6s | %6s %6s\n", "t/scal", "t/vect", "t/kern", "t/dpdk", "g/t", "B/insn", "g B/i");
    printf("%-20s %6s |", "(empty, whole run)", "");
    for (unsigned e = 0; e < ENGINES; e++)
        print_ns(empty[e], empty[e] > 0);
    printf(" |\n");
    const char *class = "";
    for (size_t i = 0; i < count; i++) {
        const struct subject *s = &subjects[i];
        if (strcmp(class, s->class))
            printf("%s\n", class = s->class);
        printf("  %-18s %6zu |", s->name, s->slots);
        for (unsigned e = 0; e < ENGINES; e++)
            print_ns(s->ns[e], there(s, (enum engine)e));
        printf(" |");
        print_ratio(ratio(s, TRUSTED, SCALAR));
        print_ratio(ratio(s, TRUSTED, VECTOR));
        print_ratio(ratio(s, TRUSTED, KERNEL));
        print_ratio(ratio(s, TRUSTED, DPDK));
        print_ratio(ratio(s, GUARDED, TRUSTED));
        printf(" | %6.2f %6.2f\n", (double)s->bytes[TRUSTED] / (double)s->slots,
               (double)s->bytes[GUARDED] / (double)s->slots);
    }
}

/* Geometric mean and worst of a ratio over the programs for which `to` takes at least `least` ns; `calls` and helpers
 * too? */
struct mean {
    double mean, worst;
    const char *name; /* of the worst */
    size_t count;
};

static struct mean mean_of(const struct subject *subjects, size_t count, enum engine of, enum engine to, double least,
                           bool calls)
{
    static double values[MOST];
    struct mean m = {.name = "none"};
    for (size_t i = 0; i < count; i++) {
        double x = ratio(&subjects[i], of, to);
        bool is_call = !strcmp(subjects[i].class, "calls") || !strcmp(subjects[i].class, "helpers");
        if (x <= 0 || subjects[i].ns[to] < least || (is_call && !calls))
            continue;
        values[m.count++] = x;
        if (x > m.worst) {
            m.worst = x;
            m.name = subjects[i].name;
        }
    }
    m.mean = bench_geomean(values, m.count);
    return m;
}

static void goal(FILE *json, const char *what, double is, double at_most, const char *remark)
{
    static bool later;
    bool reached = is <= at_most, first = !later;
    later = true;
    printf("  %-8s %-58s %6.2f  (at most %.2f)  %s\n", reached ? "reached" : "MISSED", what, is, at_most, remark);
    if (json)
        fprintf(json, "%s    {\"goal\": \"%s\", \"is\": %.4f, \"at_most\": %.2f, \"reached\": %s}", first ? "" : ",\n",
                what, is, at_most, reached ? "true" : "false");
}

static void goals(const struct subject *subjects, size_t count, const double *empty, double exec,
                  const struct compile_sample *samples, size_t sample_count, FILE *json)
{
    char remark[200];
    printf("\ngoals (geometric means; less than 1 ns counts as 1, programs of less than %.0f ns on both sides are left "
           "out)\n",
           LEAST_NS);
    if (json)
        fprintf(json, "  \"goals\": [\n");
    struct mean m = mean_of(subjects, count, TRUSTED, SCALAR, 0, true);
    snprintf(remark, sizeof remark, "%zu programs, worst %.2f: %s", m.count, m.worst, m.name);
    goal(json, "trusted / native without vectorization", m.mean, 1.15, remark);
    m = mean_of(subjects, count, TRUSTED, KERNEL, 100, true);
    if (m.count) {
        struct mean rest = mean_of(subjects, count, TRUSTED, KERNEL, 100, false);
        snprintf(remark, sizeof remark, "%zu programs of 100 ns and more there; %.2f without calls and helpers (%zu)",
                 m.count, rest.mean, rest.count);
        goal(json, "trusted / kernel", m.mean, 0.70, remark);
        goal(json, "trusted / kernel, the worst of them", m.worst, 1.05, m.name);
    }
    m = mean_of(subjects, count, TRUSTED, DPDK, 0, true);
    if (m.count) {
        size_t loaded = 0, plain = 0, wrong = 0;
        for (size_t i = 0; i < count; i++) {
            loaded += subjects[i].dpdk != NULL;
            plain += subjects[i].dpdk_plain && subjects[i].dpdk;
            wrong += subjects[i].dpdk_wrong;
        }
        snprintf(remark, sizeof remark,
                 "%s; mean %.2f; it refuses %zu of %zu, miscalculates %zu, takes %zu only without 32-bit jumps", m.name,
                 m.mean, count - loaded - wrong, count, wrong, plain);
        goal(json, "trusted / librte_bpf, the worst", m.worst, 1.00, remark);
    }
    m = mean_of(subjects, count, GUARDED, TRUSTED, 0, true);
    snprintf(remark, sizeof remark, "worst %.2f: %s", m.worst, m.name);
    goal(json, "guarded / trusted", m.mean, 1.20, remark);
    if (sample_count) {
        double worst = 0;
        for (size_t i = 0; i < sample_count; i++)
            if (samples[i].slots >= 1000 && samples[i].ns[0] > worst) {
                worst = samples[i].ns[0];
                snprintf(remark, sizeof remark, "guarded, %s, %zu slots", samples[i].shape, samples[i].slots);
            }
        goal(json, "compiling an instruction, us, the worst of 1000 and more", worst / 1000, 1.00, remark);
    }
    snprintf(remark, sizeof remark, "guarded; trusted %.2f; through skep_vm_exec_jit %.1f", empty[TRUSTED], exec);
    goal(json, "a program that only returns, through the raw pointer, ns", empty[GUARDED], 3.00, remark);
    if (json)
        fprintf(json, "\n  ],\n");

    printf("\nfor scale (geometric means): ");
    m = mean_of(subjects, count, TRUSTED, VECTOR, 0, true);
    printf("trusted / vectorized native %.2f", m.mean);
    m = mean_of(subjects, count, GUARDED, SCALAR, 0, true);
    printf("; guarded / native %.2f", m.mean);
    m = mean_of(subjects, count, KERNEL, SCALAR, 0, true);
    if (m.count)
        printf("; kernel / native %.2f", m.mean);
    m = mean_of(subjects, count, GUARDED, KERNEL, 100, true);
    if (m.count)
        printf("; guarded / kernel %.2f", m.mean);
    m = mean_of(subjects, count, INTERP, GUARDED, 0, true);
    printf("; interpreter / guarded %.1f\n", m.mean);
}

static void compile_table(const struct subject *subjects, size_t count, const struct compile_sample *samples,
                          size_t sample_count)
{
    double ns[2] = {0}, bytes[2] = {0}, slots = 0;
    for (size_t i = 0; i < count; i++) {
        slots += (double)subjects[i].slots;
        for (unsigned e = 0; e < 2; e++) {
            ns[e] += subjects[i].compile_ns[e];
            bytes[e] += (double)subjects[i].bytes[e];
        }
    }
    printf("\ncompiling, by size        ns per instruction   bytes per instruction\n");
    printf("%-10s %9s    %9s %9s   %9s %9s\n", "", "slots", "guarded", "trusted", "guarded", "trusted");
    for (size_t i = 0; i < sample_count; i++) {
        const struct compile_sample *s = &samples[i];
        printf("%-10s %9zu    %9.1f %9.1f   %9.2f %9.2f\n", s->shape, s->slots, s->ns[0], s->ns[1], s->bytes[0],
               s->bytes[1]);
    }
    printf("%-10s %9.0f    %9.1f %9.1f   %9.2f %9.2f\n", "programs", slots, ns[0] / slots, ns[1] / slots,
           bytes[0] / slots, bytes[1] / slots);
}

static void write_json(const struct subject *subjects, size_t count, const double *empty,
                       const struct compile_sample *samples, size_t sample_count, FILE *json)
{
    fprintf(json, "  \"empty\": {");
    for (unsigned e = 0; e < ENGINES; e++)
        fprintf(json, "%s\"%s\": %.2f", e ? ", " : "", engine_names[e], empty[e]);
    fprintf(json, "},\n  \"programs\": [\n");
    for (size_t i = 0; i < count; i++) {
        const struct subject *s = &subjects[i];
        fprintf(json, "    {\"name\": \"%s\", \"class\": \"%s\", \"slots\": %zu, \"bytes\": [%zu, %zu], \"ns\": {",
                s->name, s->class, s->slots, s->bytes[0], s->bytes[1]);
        for (unsigned e = 0, n = 0; e < ENGINES; e++)
            if (there(s, (enum engine)e))
                fprintf(json, "%s\"%s\": %.2f", n++ ? ", " : "", engine_names[e], s->ns[e]);
        fprintf(json, "}}%s\n", i + 1 < count ? "," : "");
    }
    fprintf(json, "  ],\n  \"compiling\": [\n");
    for (size_t i = 0; i < sample_count; i++)
        fprintf(json, "    {\"shape\": \"%s\", \"slots\": %zu, \"ns\": [%.2f, %.2f], \"bytes\": [%.2f, %.2f]}%s\n",
                samples[i].shape, samples[i].slots, samples[i].ns[0], samples[i].ns[1], samples[i].bytes[0],
                samples[i].bytes[1], i + 1 < sample_count ? "," : "");
    fprintf(json, "  ]\n}\n");
}

void report(const struct subject *subjects, size_t count, const double *empty, double exec,
            const struct compile_sample *samples, size_t sample_count, FILE *json)
{
    if (json)
        fprintf(json, "{\n");
    table(subjects, count, empty);
    compile_table(subjects, count, samples, sample_count);
    goals(subjects, count, empty, exec, samples, sample_count, json);
    if (json)
        write_json(subjects, count, empty, samples, sample_count, json);
}
