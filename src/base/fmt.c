/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/fmt.h"

struct spec {
    bool alternate, plus, zero, left;
    unsigned width;
};

static void pad(sk_put_fn *put, void *user, char c, size_t n)
{
    while (n--)
        put(user, &c, 1);
}

static void number(sk_put_fn *put, void *user, const struct spec *spec, uint64_t v, bool negative, unsigned base)
{
    char digits[24], sign[4];
    size_t n = 0, signs = 0;
    if (negative)
        sign[signs++] = '-';
    else if (spec->plus)
        sign[signs++] = '+';
    if (spec->alternate && base == 16) {
        sign[signs++] = '0';
        sign[signs++] = 'x';
    }
    do {
        digits[sizeof digits - ++n] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    size_t fill = spec->width > n + signs ? spec->width - n - signs : 0;
    if (!spec->zero && !spec->left)
        pad(put, user, ' ', fill);
    put(user, sign, signs);
    if (spec->zero && !spec->left)
        pad(put, user, '0', fill);
    put(user, digits + sizeof digits - n, n);
    if (spec->left)
        pad(put, user, ' ', fill);
}

static void string(sk_put_fn *put, void *user, const struct spec *spec, const char *s, size_t most)
{
    size_t n = 0;
    if (!s)
        s = "(null)";
    while (n < most && s[n])
        n++;
    size_t fill = spec->width > n ? spec->width - n : 0;
    if (!spec->left)
        pad(put, user, ' ', fill);
    put(user, s, n);
    if (spec->left)
        pad(put, user, ' ', fill);
}

void sk_vfmt(sk_put_fn *put, void *user, const char *format, va_list args)
{
    const char *p = format;
    while (*p) {
        const char *plain = p;
        while (*p && *p != '%')
            p++;
        if (p > plain)
            put(user, plain, (size_t)(p - plain));
        if (!*p)
            break;
        struct spec spec = {0};
        size_t most = SIZE_MAX;
        p++;
        for (;; p++) {
            if (*p == '#')
                spec.alternate = true;
            else if (*p == '+')
                spec.plus = true;
            else if (*p == '0')
                spec.zero = true;
            else if (*p == '-')
                spec.left = true;
            else
                break;
        }
        while (*p >= '0' && *p <= '9')
            spec.width = spec.width * 10 + (unsigned)(*p++ - '0');
        if (p[0] == '.' && p[1] == '*') {
            int n = va_arg(args, int);
            most = n < 0 ? 0 : (size_t)n;
            p += 2;
        }
        int64_t v;
        switch (*p) {
        case 's': string(put, user, &spec, va_arg(args, const char *), most); break;
        case 'c': {
            char c = (char)va_arg(args, int);
            put(user, &c, 1);
            break;
        }
        case 'd':
            v = va_arg(args, int32_t);
            number(put, user, &spec, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, 10);
            break;
        case 'D':
            v = va_arg(args, int64_t);
            number(put, user, &spec, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, 10);
            break;
        case 'u': number(put, user, &spec, va_arg(args, uint32_t), false, 10); break;
        case 'x': number(put, user, &spec, va_arg(args, uint32_t), false, 16); break;
        case 'U': number(put, user, &spec, va_arg(args, uint64_t), false, 10); break;
        case 'X': number(put, user, &spec, va_arg(args, uint64_t), false, 16); break;
        case 'z': number(put, user, &spec, va_arg(args, size_t), false, 10); break;
        case '%': put(user, "%", 1); break;
        default: return; /* a mistake in a format of ours: stop rather than read a wrong argument */
        }
        p++;
    }
}

struct fixed {
    char *out;
    size_t size, length;
};

static void put_fixed(void *user, const char *text, size_t size)
{
    struct fixed *f = user;
    for (size_t i = 0; i < size; i++, f->length++)
        if (f->length + 1 < f->size)
            f->out[f->length] = text[i];
}

size_t sk_vsnfmt(char *out, size_t size, const char *format, va_list args)
{
    struct fixed f = {out, size, 0};
    sk_vfmt(put_fixed, &f, format, args);
    if (size)
        out[f.length < size ? f.length : size - 1] = 0;
    return f.length;
}

size_t sk_snfmt(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = sk_vsnfmt(out, size, format, args);
    va_end(args);
    return n;
}
