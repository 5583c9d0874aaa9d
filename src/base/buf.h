/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A growable byte buffer with a sticky failure: append freely, look at `failed` once at the end.
 * After a failure every append is a no-op and the contents are those of before it.
 */
#ifndef SK_BUF_H
#define SK_BUF_H

#include "base/mem.h"

struct sk_buf {
    const skep_hooks *hooks;
    uint8_t *data;
    size_t size;
    size_t room;
    bool failed; /* an allocation did not succeed */
};

void sk_buf_init(struct sk_buf *buf, const skep_hooks *hooks);
void sk_buf_free(struct sk_buf *buf);
/* Room for `size` more bytes, which now belong to the contents; NULL after a failure. */
void *sk_buf_extend(struct sk_buf *buf, size_t size);
void sk_buf_add(struct sk_buf *buf, const void *bytes, size_t size);
void sk_buf_puts(struct sk_buf *buf, const char *text);
void sk_buf_putc(struct sk_buf *buf, char c);
/* Formatted text; see fmt.h for the conversions. */
void sk_buf_fmt(struct sk_buf *buf, const char *format, ...);
/* Hands the memory over (free with sk_free) and empties the buffer. A zero byte follows the contents. NULL: failed. */
void *sk_buf_take(struct sk_buf *buf, size_t *size);

#endif
