// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Nothing but .text: the global functions are the programs, the static one is not.
#define NOINLINE __attribute__((noinline))
#define OPAQUE(x) asm volatile("" : "+r"(x))

static NOINLINE unsigned long half(unsigned long x)
{
    OPAQUE(x);
    return x / 2;
}

NOINLINE unsigned long halves(const unsigned char *p)
{
    return half(p[0]) + half(p[1]);
}

unsigned long again(const unsigned char *p)
{
    return halves(p) + 1;
}
