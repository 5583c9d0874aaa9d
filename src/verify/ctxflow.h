/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which accesses certainly are to the context, which certainly are not, and which may be. A walk over the program until
 * nothing changes carries what each register and each slot of 8 bytes of the frame is: a number, the context plus a
 * constant, r10 plus a constant, something from the stack, or anything.
 *
 * What is claimed to be the context is it, whatever a hostile program does: any store but one to a constant offset from r10
 * may lead to the stack, since addresses can be made up, so after one, after helpers and after calls, slots that held the
 * context are unknown. Functions are entered through calls that are seen here, or through handles that the program takes.
 *
 * What is claimed not to be the context is it neither in any program that the kernel would take: a context is found where
 * a program may keep one, in registers and on the stack, or wherever the program is seen to store one. A program that makes
 * the context's address from pieces finds no memory there.
 */
#ifndef SK_CTXFLOW_H
#define SK_CTXFLOW_H

#include "context/fields.h"
#include "program/program.h"

/* Fills in the program's facts about accesses to a context of that table. The program is nobody else's yet. */
skep_code sk_ctxflow(struct sk_program *program, const struct sk_fields *fields, skep_error *err);

#endif
