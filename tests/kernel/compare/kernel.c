/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The running kernel's side. Runs happen on one cpu, so that what is per cpu lies where the next run finds it. Status 77:
 * bpf(2) is not permitted; 3: the object is refused, and why is on standard error.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"

const char side_name[] = "kernel";

static struct bpf_object *object;
static struct bpf_program *programs[512];
static struct bpf_map *maps[512];
static struct perf_buffer *perf[512];
static size_t program_count, map_count;
static record_fn visitor;
static void *visitor_user;
static int visited;

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
    return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static void refuse(const char *path, const char *what, int error)
{
    fprintf(stderr, "%s: %s: %s\n", path, what, strerror(-error));
    exit(error == -EPERM ? 77 : 3);
}

static void sample(void *ctx, int cpu, void *data, __u32 size)
{
    (void)ctx, (void)cpu;
    visited++;
    if (visitor)
        visitor(visitor_user, data, size);
}

/* Types that have test runs, and what is only called from them. Others want something to attach to. */
static bool runs(enum bpf_prog_type type)
{
    switch (type) {
    case BPF_PROG_TYPE_TRACING:
    case BPF_PROG_TYPE_EXT:
    case BPF_PROG_TYPE_LSM:
    case BPF_PROG_TYPE_STRUCT_OPS: return false;
    default: return true;
    }
}

static bool is_perf(const struct bpf_map *map) { return bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY; }

static void load_all(const char *path)
{
    struct bpf_program *program;
    struct bpf_map *map;
    bpf_object__for_each_program(program, object)
        if (!runs(bpf_program__type(program)))
            bpf_program__set_autoload(program, false);
    bpf_object__for_each_map(map, object)
        bpf_map__set_pin_path(map, NULL); /* nothing is to stay behind */
    int error = bpf_object__load(object);
    if (error)
        refuse(path, "load", error);
}

void side_open(const char *path, bool load)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    libbpf_set_print(print);
    object = bpf_object__open_file(path, NULL);
    if (!object)
        refuse(path, "open", -errno);
    if (load)
        load_all(path);
    struct bpf_program *program;
    struct bpf_map *map;
    bpf_object__for_each_program(program, object)
        if ((!load || bpf_program__fd(program) >= 0) && program_count < 512)
            programs[program_count++] = program;
    bpf_object__for_each_map(map, object)
        if (map_count < 512)
            maps[map_count++] = map;
    for (size_t i = 0; i < map_count; i++)
        if (load && is_perf(maps[i]) && !(perf[i] = perf_buffer__new(bpf_map__fd(maps[i]), 8, sample, NULL, NULL, NULL)))
            refuse(path, bpf_map__name(maps[i]), -errno);
}

size_t side_programs(void) { return program_count; }
struct program side_program(size_t index)
{
    return (struct program){bpf_program__name(programs[index]), bpf_program__section_name(programs[index])};
}

int side_run(size_t index, struct run *run)
{
    LIBBPF_OPTS(bpf_test_run_opts, opts);
    if (run->data) {
        opts.data_in = run->data;
        opts.data_size_in = (__u32)run->size;
        opts.data_out = run->out;
        opts.data_size_out = (__u32)run->out_size;
        opts.repeat = 1;
    }
    opts.ctx_in = run->ctx;
    opts.ctx_size_in = (__u32)run->ctx_size;
    if (run->kind != KIND_RAW_TP && run->kind != KIND_SYSCALL && run->ctx) {
        opts.ctx_out = run->ctx;
        opts.ctx_size_out = (__u32)run->ctx_size;
    }
    int error = bpf_prog_test_run_opts(bpf_program__fd(programs[index]), &opts);
    run->result = opts.retval;
    run->out_size = opts.data_size_out;
    return error;
}

/* Timers expire in the kernel's own time. */
void side_settle(void)
{
    for (size_t i = 0; i < map_count; i++)
        if (strstr(bpf_map__name(maps[i]), "timer")) {
            usleep(300000);
            return;
        }
}

size_t side_maps(void) { return map_count; }
struct map side_map(size_t index)
{
    const struct bpf_map *map = maps[index];
    const char *name = bpf_map__name(map), *dot = strchr(name, '.');
    struct map result = {.name = dot ? dot : name,
                         .type = bpf_map__type(map),
                         .key_size = bpf_map__key_size(map),
                         .value_size = bpf_map__value_size(map),
                         .max_entries = bpf_map__max_entries(map),
                         .flags = bpf_map__map_flags(map),
                         .cpus = 1};
    result.copy_size = result.value_size;
    if (result.type == BPF_MAP_TYPE_PERCPU_ARRAY || result.type == BPF_MAP_TYPE_PERCPU_HASH ||
        result.type == BPF_MAP_TYPE_LRU_PERCPU_HASH) {
        result.cpus = (uint32_t)libbpf_num_possible_cpus();
        result.copy_size = (result.value_size + 7) / 8 * 8 * (size_t)result.cpus;
    }
    return result;
}

int side_next_key(size_t map, const void *key, void *next)
{
    return bpf_map_get_next_key(bpf_map__fd(maps[map]), key, next);
}
int side_lookup(size_t map, const void *key, void *value)
{
    return bpf_map_lookup_elem(bpf_map__fd(maps[map]), key, value);
}
int side_update(size_t map, const void *key, const void *value)
{
    return bpf_map_update_elem(bpf_map__fd(maps[map]), key, value, BPF_ANY);
}
int side_pop(size_t map, void *value) { return bpf_map_lookup_and_delete_elem(bpf_map__fd(maps[map]), NULL, value); }

static int record(void *ctx, void *data, size_t size)
{
    (void)ctx;
    sample(NULL, 0, data, (__u32)size);
    return 0;
}

int side_records(size_t map, record_fn visit, void *user)
{
    visitor = visit, visitor_user = user, visited = 0;
    if (perf[map]) {
        perf_buffer__consume(perf[map]);
    } else {
        struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(maps[map]), record, NULL, NULL);
        if (ring)
            ring_buffer__consume(ring);
        ring_buffer__free(ring);
    }
    return visited;
}

void side_close(void)
{
    for (size_t i = 0; i < map_count; i++)
        perf_buffer__free(perf[i]);
    bpf_object__close(object);
}
