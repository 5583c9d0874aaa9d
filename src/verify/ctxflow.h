/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef SK_CTXFLOW_H
#define SK_CTXFLOW_H

#include "context/fields.h"
#include "program/program.h"

/* Fills in the program's facts about accesses to a context of that table. The program is nobody else's yet. */
skep_code sk_ctxflow(struct sk_program *program, const struct sk_fields *fields, bool guarded, skep_error *err);

#endif
