// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Programs that use what an object may hold beside code, and one that does not.
#define SECTION(name) __attribute__((section(name), used))

struct {
    int (*type)[2];
    unsigned *key;
    unsigned long *value;
    int (*max_entries)[16];
} packet_counts SECTION(".maps");

unsigned long seen;
unsigned long limit = 10;
static const volatile unsigned table[4] = {1, 2, 3, 5};
extern int outside(int) __attribute__((weak));
extern unsigned long far_away;

static void *(*lookup)(void *map, const void *key) = (void *)1;

SECTION("xdp/uses_map") int uses_map(void *ctx)
{
    unsigned key = 0;
    return lookup(&packet_counts, &key) != 0;
}

SECTION("xdp/uses_bss") int uses_bss(void *ctx)
{
    return (int)++seen;
}

SECTION("xdp/uses_data") int uses_data(void *ctx)
{
    return (int)++limit;
}

SECTION("xdp/uses_rodata") int uses_rodata(const unsigned char *p)
{
    return (int)table[p[0] & 3];
}

SECTION("xdp/uses_extern") int uses_extern(void *ctx)
{
    return (int)far_away;
}

SECTION("xdp/calls_extern") int calls_extern(void *ctx)
{
    return outside(1);
}

SECTION("xdp/plain") int plain(const unsigned char *p)
{
    return p[0] + 1;
}
