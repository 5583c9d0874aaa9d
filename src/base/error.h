/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Filling the caller's skep_error. Every function takes NULL for "nobody listens" and returns the code,
 * so that `return sk_fail(err, SKEP_ERR_X, "...")` is the usual way out.
 */
#ifndef SK_ERROR_H
#define SK_ERROR_H

#include "base/base.h"
#include "skep/skep.h"

void sk_error_clear(skep_error *err);
skep_code sk_fail(skep_error *err, skep_code code, const char *format, ...);
/* The same with a program counter (8-byte slot), for refusals of a program. */
skep_code sk_fail_at(skep_error *err, skep_code code, uint64_t pc, const char *format, ...);
/* The same with a place in a text, both counted from 1. */
skep_code sk_fail_text(skep_error *err, uint32_t line, uint32_t column, const char *format, ...);
skep_code sk_fail_memory(skep_error *err);

#endif
