/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The defaults of a hosted platform. The only folder of the library that includes system headers. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

static void *os_realloc(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, size);
}

static uint64_t os_time_ns(void *user)
{
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The system's, some at a time for each thread: what was given away says nothing about the rest. */
static uint64_t os_random(void *user)
{
    static _Thread_local uint64_t some[32];
    static _Thread_local unsigned left;
    (void)user;
    if (left == 0) {
        for (size_t size = 0; size < sizeof some;) {
            ssize_t got = getrandom((uint8_t *)some + size, sizeof some - size, 0);
            if (got < 0 && errno != EINTR)
                abort(); /* Linux has had it since 3.17; a sandbox that forbids it must not end in numbers to be guessed */
            size += got > 0 ? (size_t)got : 0;
        }
        left = sizeof some / sizeof *some;
    }
    uint64_t number = some[--left];
    some[left] = 0;
    return number;
}

static void os_log(void *user, const char *text, size_t size)
{
    (void)user;
    fwrite(text, 1, size, stdout);
}

static uint32_t os_cpu_id(void *user)
{
    (void)user;
    int cpu = sched_getcpu();
    return cpu < 0 ? 0 : (uint32_t)cpu;
}

static uint32_t os_cpu_count(void *user)
{
    (void)user;
    long count = sysconf(_SC_NPROCESSORS_CONF);
    return count < 1 ? 1 : (uint32_t)count;
}

static void *os_code_alloc(void *user, size_t size)
{
    (void)user;
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static bool os_code_seal(void *user, void *pages, size_t size)
{
    (void)user;
    return mprotect(pages, size, PROT_READ | PROT_EXEC) == 0;
}

static void os_code_free(void *user, void *pages, size_t size)
{
    (void)user;
    munmap(pages, size);
}

const skep_hooks sk_default_hooks = {sizeof(skep_hooks), NULL, os_realloc, os_time_ns, os_random, os_log, os_cpu_id,
                                     os_code_alloc,      os_code_seal, os_code_free, os_cpu_count};
