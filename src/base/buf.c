/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/buf.h"

#include "base/fmt.h"

void sk_buf_init(struct sk_buf *buf, const skep_hooks *hooks)
{
    memset(buf, 0, sizeof *buf);
    buf->hooks = hooks;
}

void sk_buf_free(struct sk_buf *buf)
{
    sk_free(buf->hooks, buf->data);
    buf->data = NULL;
    buf->size = buf->room = 0;
}

void *sk_buf_extend(struct sk_buf *buf, size_t size)
{
    if (buf->failed)
        return NULL;
    if (size > buf->room - buf->size) {
        size_t room = buf->room ? buf->room : 64;
        while (room - buf->size < size) {
            if (room > SIZE_MAX / 2) {
                buf->failed = true;
                return NULL;
            }
            room *= 2;
        }
        uint8_t *data = sk_realloc(buf->hooks, buf->data, room);
        if (!data) {
            buf->failed = true;
            return NULL;
        }
        buf->data = data;
        buf->room = room;
    }
    void *at = buf->data + buf->size;
    buf->size += size;
    return at;
}

void sk_buf_add(struct sk_buf *buf, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    void *at = sk_buf_extend(buf, size);
    if (at)
        memcpy(at, bytes, size);
}

void sk_buf_puts(struct sk_buf *buf, const char *text) { sk_buf_add(buf, text, sk_strlen(text)); }

void sk_buf_putc(struct sk_buf *buf, char c) { sk_buf_add(buf, &c, 1); }

static void put(void *user, const char *text, size_t size) { sk_buf_add(user, text, size); }

void sk_buf_fmt(struct sk_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sk_vfmt(put, buf, format, args);
    va_end(args);
}

void *sk_buf_take(struct sk_buf *buf, size_t *size)
{
    char *end = sk_buf_extend(buf, 1);
    if (!end)
        return NULL;
    *end = 0;
    void *data = buf->data;
    if (size)
        *size = buf->size - 1;
    buf->data = NULL;
    buf->size = buf->room = 0;
    return data;
}
