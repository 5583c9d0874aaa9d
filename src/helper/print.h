/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's formatter for programs (bpf_bprintf_prepare in kernel/bpf/helpers.c, bstr_printf in lib/vsprintf.c). */
#ifndef SK_PRINT_H
#define SK_PRINT_H

#include "helper/kernel.h"

#define SK_PRINT_ARGS 12u /* MAX_BPRINTF_VARARGS */

/*
 * Writes at most `size` bytes with the zero byte that ends them; returns the length of the whole text, or -SKEP_EINVAL
 * (format), -SKEP_ENOSPC (strings too long). The format ends with a zero byte within `format_size`.
 */
int64_t sk_print(skep_run *run, char *out, size_t size, const char *format, size_t format_size, const uint64_t *args,
                 uint32_t count);

#endif
