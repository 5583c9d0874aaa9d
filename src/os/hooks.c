/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The defaults of a hosted platform. The only folder of the library that includes system headers. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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

/* splitmix64, seeded by the clock, a generator per thread: good enough for "need not be secret". */
static uint64_t os_random(void *user)
{
    static _Thread_local uint64_t state;
    if (!state)
        state = os_time_ns(user) ^ sk_addr(&state);
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
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
