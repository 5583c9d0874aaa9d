/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The structural check: what must hold of any program before an engine may touch it, whatever the policy. After it:
 * registers are 0..10 and r10 is never written; every jump, call and handle leads to the first slot of an
 * instruction, jumps within their function, calls and handles to where a function begins; no function falls off its
 * end; wide instructions and selectors are whole (the decoder's part). Each message names the instruction, shows it
 * and says what is wrong.
 */
#ifndef SK_STRUCTURAL_H
#define SK_STRUCTURAL_H

#include "program/program.h"

/* Decodes, checks and splits. On success *program is complete. */
skep_code sk_structural_load(const skep_hooks *hooks, const void *code, size_t size, skep_byte_order order,
                             struct sk_program **program, skep_error *err);

/* The common form of a refusal: "instruction 3: ja -0x1: <what>". */
skep_code sk_structural_refuse(const struct sk_program *program, uint32_t index, skep_error *err, const char *format,
                               ...);

#endif
