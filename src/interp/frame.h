/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls between functions, and the few other things that engines do in the same way out of line. */
#ifndef SK_FRAME_H
#define SK_FRAME_H

#include "interp/lower.h"

/* Enters a function: a zeroed frame, r6..r9 zero, the caller's ones put aside. False: too deep, the run has its fault. */
bool sk_frame_enter(const struct sk_image *image, skep_run *run, uint32_t subprog, uint32_t back);

/* Leaves it; returns the index to go on at. r1..r5 are zero then. */
uint32_t sk_frame_leave(const struct sk_image *image, skep_run *run);

/*
 * A tail call: run->tail's program from its beginning, on the stack from the frame at hand down. Its r0 is in regs[0]; what
 * called goes on as if that had been its own exit. False: the run has its fault, or ends (run->attention).
 */
bool sk_frame_tail(skep_run *run);

/* The function that a handle names, or SK_NO_INDEX. */
uint32_t sk_function_of_handle(const struct sk_program *program, uint64_t handle);

/* LD_ABS and LD_IND: false when the packet does not reach that far. */
bool sk_frame_packet(const skep_run *run, uint32_t offset, unsigned size, uint64_t *value);

#endif
