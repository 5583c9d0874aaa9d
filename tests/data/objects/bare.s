# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A section of code without a single symbol, as hand-made objects have it.
        .section .classifier, "ax", @progbits
        r0 = *(u8 *)(r1 + 0)
        if r0 == 0 goto +1
        r0 += 1
        exit
