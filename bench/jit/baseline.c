/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Next to nothing: what a run costs besides its work. */
#include "prog.h"

/* The wrapper alone. */
PROGRAM(baseline, empty)
{
    __asm__ volatile("" : : "r"(p));
    return 0;
}

PROGRAM(baseline, constant) { return 0x1234567; }

PROGRAM(baseline, identity) { return LD64(p + AT_NOISE); }

PROGRAM(baseline, wide) { return LD64(p) ^ 0x123456789abcdef0; }
