/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What operations on maps cost inside of programs: bench_maps OBJECT [--threads N] [--rounds N] [OPERATION...]. Both sides
 * take turns, the order changing; figures are medians over the rounds, less what the loop costs without the operation. With
 * threads, each runs the same program on the same maps; the figure is the time of an operation in each of them.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "maps.h"

/* A loop to subtract, how many operations a run has, and whether the issue asks for a ratio below that of "no slower". */
static const struct operation {
    const char *name, *empty;
    unsigned count;
    double ratio;
} operations[] = {
    {"array_lookup", "empty", ROUNDS, 1},
    {"array_update", "empty", ROUNDS, 1},
    {"percpu_array_lookup", "empty", ROUNDS, 1},
    {"percpu_array_update", "empty", ROUNDS, 1},
    {"hash_lookup", "empty_scattered", ROUNDS, 0.6},
    {"hash_miss", "empty_scattered", ROUNDS, 0.6},
    {"hash_update", "empty_scattered", ROUNDS, 1},
    {"hash_insert_delete", "empty_scattered", ROUNDS, 1},
    {"hash_malloc_insert_delete", "empty_scattered", ROUNDS, 1},
    {"percpu_hash_lookup", "empty_scattered", ROUNDS, 0.6},
    {"percpu_hash_update", "empty_scattered", ROUNDS, 1},
    {"lru_lookup", "empty_scattered", ROUNDS, 0.6},
    {"lru_update", "empty_scattered", ROUNDS, 1},
    {"lru_insert_evict", "empty_scattered", ROUNDS, 1},
    {"lru_percpu_lookup", "empty_scattered", ROUNDS, 0.6},
    {"lru_percpu_update", "empty_scattered", ROUNDS, 1},
    {"lpm_lookup", "empty_scattered", ROUNDS, 1},
    {"lpm_update", "empty_scattered", ROUNDS, 1},
    {"queue_push_pop", "empty", ROUNDS, 1},
    {"queue_peek", "empty", ROUNDS, 1},
    {"stack_push_pop", "empty", ROUNDS, 1},
    {"bloom_push", "empty_scattered", ROUNDS, 1},
    {"bloom_peek", "empty_scattered", ROUNDS, 1},
    {"ringbuf_output", "empty", ROUNDS, 1},
    {"ringbuf_reserve_submit", "empty", ROUNDS, 1},
    {"array_of_maps_lookup", "empty", ROUNDS, 1},
    {"hash_of_maps_lookup", "empty", ROUNDS, 1},
    {"for_each_array", "nothing", ROUNDS, 1},
    {"for_each_hash", "nothing", ROUNDS, 1},
    {"tail_call", "nothing", 33, 1},
};
enum { OPERATIONS = sizeof operations / sizeof *operations, MOST_ROUNDS = 101, MOST_THREADS = 64 };

#define FAILED (-1e9)

static const struct maps_side *const sides[] = {&maps_kernel, &maps_here};
static bool present[2];
static double samples[2][OPERATIONS][MOST_ROUNDS];

struct worker {
    pthread_t thread;
    pthread_barrier_t *barrier;
    const struct maps_side *side;
    int program;
    unsigned repeat, cpu;
    double ns;
};

static void *work(void *user)
{
    struct worker *w = user;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(w->cpu, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    pthread_barrier_wait(w->barrier);
    w->ns = w->side->time(w->program, w->repeat);
    return NULL;
}

/* Nanoseconds of a run, the mean of the threads. */
static double run(const struct maps_side *side, const char *name, unsigned repeat, unsigned threads, unsigned cpus)
{
    int program = side->find(name);
    if (program < 0)
        return -1;
    if (threads == 1)
        return side->time(program, repeat);
    static struct worker workers[MOST_THREADS];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){.barrier = &barrier, .side = side, .program = program, .repeat = repeat, .cpu = i % cpus};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            exit(2);
    }
    double sum = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        sum = workers[i].ns < 0 ? -1e18 : sum + workers[i].ns;
    }
    pthread_barrier_destroy(&barrier);
    return sum < 0 ? -1 : sum / threads;
}

static bool fill(const struct maps_side *side)
{
    static const char *const names[] = {"fill_a_hash", "fill_b_percpu_hash", "fill_c_lru",  "fill_d_lru_percpu",
                                        "fill_e_lpm",  "fill_f_small",       "fill_z_next"};
    for (unsigned chunk = 0; chunk < FILLS; chunk++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (run(side, names[i], 1, 1, 1) < 0) {
                fprintf(stderr, "%s: %s does not run\n", side->name, names[i]);
                return false;
            }
    return true;
}

/* FAILED: it does not run. Noise may make small figures negative. Runs are shared out so that the ring buffer, which is 24 bytes a record, never fills. */
static double measure(const struct maps_side *side, const struct operation *op, unsigned threads, unsigned cpus)
{
    unsigned repeat = strcmp(op->name, "tail_call") ? 20 : 600;
    side->drain();
    double with = run(side, op->name, repeat, threads, cpus), without = run(side, op->empty, repeat, threads, cpus);
    side->drain();
    return with < 0 || without < 0 ? FAILED : (with - without) / op->count;
}

static bool wanted(const char *name, char **names, int count)
{
    for (int i = 0; i < count; i++)
        if (strstr(name, names[i]))
            return true;
    return count == 0;
}

static void report(unsigned rounds, unsigned threads, char **names, int count)
{
    unsigned slower = 0, compared = 0;
    printf("\n%u thread%s, median of %u rounds; ns of an operation\n%-28s %9s %9s %7s  %s\n", threads, threads > 1 ? "s" : "",
           rounds, "", "kernel", "skep", "ratio", "wanted");
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (!wanted(operations[i].name, names, count))
            continue;
        double ns[2] = {-1, -1};
        printf("%-28s", operations[i].name);
        for (unsigned s = 0; s < 2; s++) {
            ns[s] = present[s] ? bench_median(samples[s][i], rounds) : -1;
            if (present[s] && samples[s][i][0] > FAILED) /* sorted: none failed */
                printf(" %9.2f", ns[s]);
            else
                printf(" %9s", "-");
        }
        if (present[0] && present[1] && samples[0][i][0] > FAILED && samples[1][i][0] > FAILED) {
            double ratio = ns[1] / ns[0];
            compared++, slower += ratio > operations[i].ratio;
            printf(" %7.2f  %.1f%s", ratio, operations[i].ratio, ratio > operations[i].ratio ? "  missed" : "");
        }
        printf("\n");
    }
    if (compared)
        printf("%u of %u within what is wanted\n", compared - slower, compared);
}

int main(int argc, char **argv)
{
    unsigned rounds = 21, most_threads = 1, cpus = 1;
    int at = 2;
    cpu_set_t allowed;
    if (!sched_getaffinity(0, sizeof allowed, &allowed))
        cpus = (unsigned)CPU_COUNT(&allowed);
    most_threads = cpus;
    for (; at + 1 < argc && !strncmp(argv[at], "--", 2); at += 2)
        if (!strcmp(argv[at], "--threads"))
            most_threads = (unsigned)strtoul(argv[at + 1], NULL, 10);
        else if (!strcmp(argv[at], "--rounds"))
            rounds = (unsigned)strtoul(argv[at + 1], NULL, 10);
    if (argc < 2 || !rounds || rounds > MOST_ROUNDS || !most_threads || most_threads > MOST_THREADS) {
        fprintf(stderr, "usage: bench_maps OBJECT [--threads N] [--rounds N] [OPERATION...]\n");
        return 2;
    }
    for (unsigned s = 0; s < 2; s++) {
        char why[300];
        present[s] = sides[s]->load(argv[1], why, sizeof why);
        if (!present[s])
            printf("%s: left out: %s\n", sides[s]->name, why);
        else
            present[s] = fill(sides[s]);
    }
    for (unsigned threads = 1; threads <= most_threads; threads *= 2) {
        for (unsigned round = 0; round < rounds; round++)
            for (size_t i = 0; i < OPERATIONS; i++)
                for (unsigned turn = 0; turn < 2 && wanted(operations[i].name, argv + at, argc - at); turn++) {
                    unsigned s = turn ^ (round & 1);
                    if (present[s])
                        samples[s][i][round] = measure(sides[s], &operations[i], threads, cpus);
                }
        report(rounds, threads, argv + at, argc - at);
    }
    for (unsigned s = 0; s < 2; s++)
        if (present[s])
            sides[s]->close();
    return 0;
}
