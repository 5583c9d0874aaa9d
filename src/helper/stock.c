/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Helpers under the names that users of rbpf and uBPF know. They register like anybody's; time, randomness and output
 * come from the run's hooks. Left out with SKEP_NO_STOCK_HELPERS, then skep_helper_stock() finds nothing.
 */
#include "base/fmt.h"
#include "helper/helper.h"

#ifndef SKEP_NO_STOCK_HELPERS

#define UNUSED(a) (void)(a)

static uint64_t ktime_get_ns(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    UNUSED(r1), UNUSED(r2), UNUSED(r3), UNUSED(r4), UNUSED(r5);
    if (!run->env->hooks.time_ns) {
        skep_run_fail(run, 0, "ktime_get_ns: there is no time hook");
        return 0;
    }
    return run->env->hooks.time_ns(run->env->hooks.user);
}

/* As rbpf's: the three numbers in hex; format and its size are not looked at. Returns the length of the line. */
static uint64_t trace_printk(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    UNUSED(r1), UNUSED(r2);
    char line[96];
    size_t n = sk_snfmt(line, sizeof line, "bpf_trace_printf: %#X, %#X, %#X\n", r3, r4, r5);
    if (run->env->hooks.log)
        run->env->hooks.log(run->env->hooks.user, line, n);
    return n;
}

static uint64_t gather_bytes(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    UNUSED(run);
    return r1 << 32 | r2 << 24 | r3 << 16 | r4 << 8 | r5;
}

static uint64_t memfrob(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    UNUSED(r3), UNUSED(r4), UNUSED(r5), UNUSED(run);
    uint8_t *bytes = sk_ptr(r1);
    for (uint64_t i = 0; i < r2; i++)
        bytes[i] ^= 42;
    return 0;
}

/* The largest root whose square does not exceed r1, a bit at a time: no floating point in the core. */
static uint64_t sqrti(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    UNUSED(r2), UNUSED(r3), UNUSED(r4), UNUSED(r5), UNUSED(run);
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 62; bit; bit >>= 2) {
        if (r1 >= root + bit) {
            r1 -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return root;
}

/* 0 when equal, else how far the first different bytes are apart; all ones when a string is missing. */
static uint64_t string_compare(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    UNUSED(r3), UNUSED(r4), UNUSED(r5), UNUSED(run);
    if (!r1 || !r2)
        return UINT64_MAX;
    const uint8_t *a = sk_ptr(r1), *b = sk_ptr(r2);
    while (*a && *a == *b)
        a++, b++;
    return *a > *b ? (uint64_t)(*a - *b) : (uint64_t)(*b - *a);
}

/* A number from r1 to r2, both included; of the whole 64 bits when r1 is not below r2. */
static uint64_t rand_range(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    UNUSED(r3), UNUSED(r4), UNUSED(r5);
    if (!run->env->hooks.random) {
        skep_run_fail(run, 0, "rand: there is no random hook");
        return 0;
    }
    uint64_t n = run->env->hooks.random(run->env->hooks.user);
    uint64_t span = r2 - r1 + 1;
    return r1 < r2 && span ? n % span + r1 : n;
}

static const skep_prototype memory = {sizeof memory, {SKEP_ARG_MEM_WRITE, SKEP_ARG_SIZE_OR_ZERO}};
static const skep_prototype strings = {sizeof strings, {SKEP_ARG_STRING_OR_NULL, SKEP_ARG_STRING_OR_NULL}};
static const skep_prototype numbers = {
    sizeof numbers, {SKEP_ARG_SCALAR, SKEP_ARG_SCALAR, SKEP_ARG_SCALAR, SKEP_ARG_SCALAR, SKEP_ARG_SCALAR}};

static const skep_helper stock[] = {
    {sizeof(skep_helper), "ktime_get_ns", ktime_get_ns, NULL, &numbers},
    {sizeof(skep_helper), "trace_printk", trace_printk, NULL, &numbers},
    {sizeof(skep_helper), "gather_bytes", gather_bytes, NULL, &numbers},
    {sizeof(skep_helper), "memfrob", memfrob, NULL, &memory},
    {sizeof(skep_helper), "sqrti", sqrti, NULL, &numbers},
    {sizeof(skep_helper), "strcmp", string_compare, NULL, &strings},
    {sizeof(skep_helper), "rand", rand_range, NULL, &numbers},
};

const skep_helper *skep_helper_stock(const char *name)
{
    for (size_t i = 0; name && i < SK_COUNT(stock); i++)
        if (sk_streq(stock[i].name, name))
            return &stock[i];
    return NULL;
}

#else

const skep_helper *skep_helper_stock(const char *name)
{
    (void)name;
    return NULL;
}

#endif
