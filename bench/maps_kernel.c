/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The running kernel's maps, through libbpf and BPF_PROG_TEST_RUN, which measures itself: nanoseconds of a run. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "maps.h"

static struct bpf_object *object;
static struct ring_buffer *ring;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
    (void)level, (void)format, (void)args;
    return 0;
}

static int record(void *ctx, void *data, size_t size)
{
    (void)ctx, (void)data, (void)size;
    return 0;
}

static void end(void)
{
    ring_buffer__free(ring);
    bpf_object__close(object);
    ring = NULL, object = NULL;
}

static bool load(const char *path, char *why, size_t why_size)
{
    libbpf_set_print(quiet);
    object = bpf_object__open_file(path, NULL);
    int error = object ? bpf_object__load(object) : -errno;
    if (!error)
        ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "ring"), record, NULL, NULL);
    if (ring)
        return true;
    snprintf(why, why_size, "%s", strerror(error ? -error : errno));
    end();
    return false;
}

static int find(const char *name)
{
    struct bpf_program *program = bpf_object__find_program_by_name(object, name);
    return program ? bpf_program__fd(program) : -1;
}

static double timed(int program, unsigned repeat)
{
    static const unsigned char packet[64];
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof packet, .repeat = (int)repeat);
    return bpf_prog_test_run_opts(program, &opts) ? -1.0 : (double)opts.duration;
}

static void drain(void) { ring_buffer__consume(ring); }

const struct maps_side maps_kernel = {"kernel", load, find, timed, drain, end};
