// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Programs that keep something: maps defined by types, global data of each kind, externs, a callback.
#define SECTION(name) __attribute__((section(name), used))
#define WEAK __attribute__((weak))

struct {
    int (*type)[2];
    unsigned *key;
    unsigned long *value;
    int (*max_entries)[4];
} counts SECTION(".maps");

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, unsigned long flags) = (void *)2;

unsigned long seen;
unsigned limit = 10;
static unsigned char shift = 3;
const volatile unsigned step = 2;
static const volatile unsigned table[4] = {1, 20, 300, 4000};
extern int LINUX_KERNEL_VERSION SECTION(".kconfig");
extern int CONFIG_HZ SECTION(".kconfig");
extern const void no_such_symbol SECTION(".ksyms") WEAK;

// The packet's first byte is the key; returns the count after this one, or -1 when there is no such entry.
SECTION("custom/count") long count(const unsigned char *p)
{
    unsigned key = p[0];
    unsigned long *value = lookup(&counts, &key);
    if (!value)
        return -1;
    *value += step;
    seen++;
    return (long)*value;
}

SECTION("custom/set") long set(const unsigned char *p)
{
    unsigned key = p[0];
    unsigned long value = p[1];
    return update(&counts, &key, &value, p[2]);
}

SECTION("custom/data") unsigned long data(const unsigned char *p)
{
    limit += 5;
    shift++;
    return (limit << shift) + table[p[0] & 3];
}

SECTION("custom/version") long version(void *ctx) { return LINUX_KERNEL_VERSION; }
SECTION("custom/hz") long hz(void *ctx) { return CONFIG_HZ; }
SECTION("custom/weak") long weak(void *ctx) { return &no_such_symbol != 0; }

// Writing to constants compiles, with a cast.
SECTION("custom/rodata") long rodata(void *ctx)
{
    *(volatile unsigned *)&step = 7;
    return 0;
}

char _license[] SECTION("license") = "Dual MIT/GPL";
