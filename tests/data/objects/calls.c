// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Every way in which one function reaches another: a static function in .text (relocation against the section), one in
// the same section (no relocation), a global one (relocation against its symbol), and two addresses of functions.
#define SECTION(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define OPAQUE(x) asm volatile("" : "+r"(x))

typedef unsigned long u64;

static NOINLINE u64 twice(u64 x)
{
    OPAQUE(x);
    return x * 2;
}

NOINLINE u64 thrice(u64 x)
{
    OPAQUE(x);
    return x * 3;
}

static NOINLINE SECTION("prog") u64 plus_seven(u64 x)
{
    OPAQUE(x);
    return x + 7;
}

/* Helper 181: what it does with the function is up to who runs the program. */
static u64 (*take)(u64 (*function)(u64), u64 x) = (void *)181;

SECTION("prog") u64 one(const unsigned char *p)
{
    return twice(p[0]) + plus_seven(p[1]) + thrice(p[2]);
}

SECTION("prog") u64 two(const unsigned char *p)
{
    return take(twice, p[0]) + take(plus_seven, p[1]);
}

SECTION("other") u64 three(const unsigned char *p)
{
    return thrice(p[1]);
}
