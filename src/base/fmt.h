/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A small formatter for messages and listings, because the core has no C library. Conversions:
 *   %s string (NULL prints "(null)")      %c char               %%  a percent sign
 *   %d int32_t   %u uint32_t   %x uint32_t     %D int64_t   %U uint64_t   %X uint64_t (hex, lower case)
 *   %z size_t
 * with an optional `#` (0x before hex), `+` (sign on %d, %D), `0`/`-` and a decimal width, and `.*`
 * for %s (an int: at most that many characters).
 */
#ifndef SK_FMT_H
#define SK_FMT_H

#include <stdarg.h>

#include "base/base.h"

typedef void sk_put_fn(void *user, const char *text, size_t size);

void sk_vfmt(sk_put_fn *put, void *user, const char *format, va_list args);

/* Into a fixed buffer, always terminated when size > 0; returns the length that the whole text has. */
size_t sk_vsnfmt(char *out, size_t size, const char *format, va_list args);
size_t sk_snfmt(char *out, size_t size, const char *format, ...);

#endif
