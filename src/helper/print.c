/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * trace_printk, trace_vprintk and snprintf. As in the kernel a format is checked as a whole before anything is written, and
 * strings and addresses of the network are fetched meanwhile, into 512 bytes that numbers take their share of, too: what
 * does not fit there is -ENOSPC.
 *
 *     %[0 +-][width] then d i u x X, after l or ll     a number of 32 bits, of 64
 *     %c  %s                                           a character, a string of the kernel's or a process's
 *     %pks %pus                                        a string of the kernel's, of a process's
 *     %p %px %pK %pB %ps %pS                           an address: no symbols are known, and none is made unreadable
 *     %pi4 %pI4 %pi6 %pI6                              an address of the network at that address
 *
 * Arrays of arguments are read with memcpy: nobody promises that they are aligned.
 */
#include "helper/print.h"

#define STORE 512u /* MAX_BPRINTF_BIN_ARGS */
#define LINE 1024u /* MAX_BPRINTF_BUF */

struct spec {
    bool zero, plus, space, left;
    char kind;     /* d u x X c s, or p: what was fetched; P: an address in 16 digits; S: one as 0x... */
    uint32_t width;
    uint64_t value;
    const char *text; /* of s, p: fetched */
};

struct store {
    char bytes[STORE];
    uint32_t used;
};

struct output {
    char *to;
    size_t size, length;
};

static bool is_space(char c) { return c == ' ' || (c >= 9 && c <= 13); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_graph(char c) { return c > ' ' && c < 127; }
/* What may follow a conversion that could go on. */
static bool ends(char c) { return c == 0 || is_space(c) || (is_graph(c) && !is_alnum(c)); }

static void put(struct output *o, const char *text, size_t n)
{
    if (o->length < o->size) {
        size_t room = o->size - o->length;
        memcpy(o->to + o->length, text, n < room ? n : room);
    }
    o->length += n;
}

static void pad(struct output *o, char c, size_t n)
{
    if (o->length < o->size) {
        size_t room = o->size - o->length;
        memset(o->to + o->length, c, n < room ? n : room);
    }
    o->length += n;
}

static void put_padded(struct output *o, const struct spec *s, const char *text, size_t n)
{
    size_t fill = s->width > n ? s->width - n : 0;
    if (!s->left)
        pad(o, ' ', fill);
    put(o, text, n);
    if (s->left)
        pad(o, ' ', fill);
}

static void put_number(struct output *o, const struct spec *s, uint64_t v, unsigned base, const char *digits, bool negative)
{
    char text[24], sign = 0;
    size_t n = 0;
    do {
        text[sizeof text - ++n] = digits[v % base];
        v /= base;
    } while (v);
    if (s->kind == 'd')
        sign = negative ? '-' : s->plus ? '+' : s->space ? ' ' : 0;
    size_t length = n + (sign != 0), fill = s->width > length ? s->width - length : 0;
    if (!s->left && !s->zero)
        pad(o, ' ', fill);
    if (sign)
        put(o, &sign, 1);
    if (!s->left && s->zero)
        pad(o, '0', fill);
    put(o, text + sizeof text - n, n);
    if (s->left)
        pad(o, ' ', fill);
}

static void put_spec(struct output *o, const struct spec *s)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    struct spec plain = {.kind = 'x'};
    char c = (char)s->value;
    switch (s->kind) {
    case 'd': put_number(o, s, (int64_t)s->value < 0 ? 0 - s->value : s->value, 10, lower, (int64_t)s->value < 0); break;
    case 'u': put_number(o, s, s->value, 10, lower, false); break;
    case 'x': put_number(o, s, s->value, 16, lower, false); break;
    case 'X': put_number(o, s, s->value, 16, upper, false); break;
    case 'c': put_padded(o, s, &c, 1); break;
    case 's': put_padded(o, s, s->text, sk_strlen(s->text)); break;
    case 'p': put(o, s->text, sk_strlen(s->text)); break;
    case 'P':
        plain = *s;
        if (!s->width) {
            plain.width = 16;
            plain.zero = true;
        }
        put_number(o, &plain, s->value, 16, lower, false);
        break;
    default:
        put(o, "0x", 2);
        put_number(o, &plain, s->value, 16, lower, false);
        break;
    }
}

static size_t put_byte(char *to, uint8_t byte, unsigned base, unsigned digits)
{
    size_t n = 0;
    for (unsigned unit = base == 16 ? 16 : 100, left = 3 - (base == 16); left; unit /= base, left--)
        if (left <= digits || byte >= unit)
            to[n++] = "0123456789abcdef"[byte / unit % base];
    return n;
}

/* %pI4 1.2.3.4, %pi4 001.002.003.004, %pI6 0102:...:0f10, %pi6 the same without colons. */
static size_t put_address(char *to, const uint8_t *bytes, char way, char family)
{
    size_t n = 0;
    for (unsigned i = 0; i < (family == '4' ? 4u : 16u); i++) {
        if (i && family == '4')
            to[n++] = '.';
        if (i && family == '6' && i % 2 == 0 && way == 'I')
            to[n++] = ':';
        n += family == '4' ? put_byte(to + n, bytes[i], 10, way == 'i' ? 3 : 1) : put_byte(to + n, bytes[i], 16, 2);
    }
    return n;
}

/* Room for a number; false: there is none. */
static bool take_number(struct store *store, uint32_t size)
{
    uint32_t at = (store->used + 3) & ~3u;
    if (at > STORE || STORE - at < size)
        return false;
    store->used = at + size;
    return true;
}

static bool take_string(skep_run *run, struct store *store, uint64_t from, char kind, struct spec *s)
{
    if (store->used == STORE)
        return false;
    s->text = store->bytes + store->used;
    int64_t got = sk_probe_string(run, store->bytes + store->used, STORE - store->used, from,
                                  kind == 'u' ? SK_PROBE_USER : kind == 'k' ? SK_PROBE_KERNEL : SK_PROBE_USER | SK_PROBE_KERNEL);
    if (got < 0) {
        store->bytes[store->used] = 0;
        got = 1;
    }
    store->used += (uint32_t)got;
    return true;
}

static bool take_address(skep_run *run, struct store *store, uint64_t from, char way, char family, struct spec *s)
{
    uint8_t bytes[16];
    char text[48];
    uint32_t size = family == '4' ? 4 : 16, room = STORE - store->used;
    if (room < size)
        return false;
    if (sk_probe(run, bytes, size, from, SK_PROBE_KERNEL))
        memset(bytes, 0, sizeof bytes);
    size_t n = put_address(text, bytes, way, family), fits = n < room ? n : room - 1;
    s->text = store->bytes + store->used;
    memcpy(store->bytes + store->used, text, fits);
    store->bytes[store->used + fits] = 0;
    store->used += (uint32_t)fits + 1; /* as much as there is, where the kernel goes on past the end */
    return true;
}

/* The conversion behind `p`, at format[*i]; *i becomes its last character. Returns 0 or an error. */
static int parse_pointer(skep_run *run, const char *f, size_t *i, uint64_t value, struct store *store, struct spec *s)
{
    const char next = f[*i + 1];
    s->kind = 'P';
    s->value = value;
    if (next == '%')
        return -SKEP_EINVAL;
    if (ends(next))
        return take_number(store, 8) ? 0 : -SKEP_ENOSPC;
    if ((next == 'k' || next == 'u') && f[*i + 2] == 's') {
        *i += 2;
        s->kind = 'p';
        if (!ends(f[*i + 1]))
            return -SKEP_EINVAL;
        return take_string(run, store, value, next, s) ? 0 : -SKEP_ENOSPC;
    }
    if (next == 'K' || next == 'x' || next == 's' || next == 'S' || next == 'B') {
        ++*i;
        if (next == 's' || next == 'S' || next == 'B')
            s->kind = 'S';
        return take_number(store, 8) ? 0 : -SKEP_ENOSPC;
    }
    if ((next != 'i' && next != 'I') || (f[*i + 2] != '4' && f[*i + 2] != '6'))
        return -SKEP_EINVAL;
    s->kind = 'p';
    *i += 2;
    return take_address(run, store, value, next, f[*i], s) ? 0 : -SKEP_ENOSPC;
}

/* The conversion after the percent sign at format[*i]; *i becomes its last character. */
static int parse(skep_run *run, const char *f, size_t *i, uint64_t value, struct store *store, struct spec *s)
{
    *s = (struct spec){.value = value};
    for (++*i; f[*i] == '0' || f[*i] == '+' || f[*i] == '-' || f[*i] == ' '; ++*i) {
        s->zero |= f[*i] == '0';
        s->plus |= f[*i] == '+';
        s->left |= f[*i] == '-';
        s->space |= f[*i] == ' ';
    }
    for (; is_digit(f[*i]); ++*i)
        if (s->width < 1000000)
            s->width = s->width * 10 + (uint32_t)(f[*i] - '0');
    switch (f[*i]) {
    case 'p': return parse_pointer(run, f, i, value, store, s);
    case 's':
        s->kind = 's';
        if (!ends(f[*i + 1]))
            return -SKEP_EINVAL;
        return take_string(run, store, value, 's', s) ? 0 : -SKEP_ENOSPC;
    case 'c':
        s->kind = 'c';
        return store->used < STORE ? (store->used++, 0) : -SKEP_ENOSPC;
    default: break;
    }
    unsigned longs = 0;
    for (; longs < 2 && f[*i] == 'l'; longs++)
        ++*i;
    s->kind = f[*i] == 'i' ? 'd' : f[*i];
    if (s->kind != 'd' && s->kind != 'u' && s->kind != 'x' && s->kind != 'X')
        return -SKEP_EINVAL;
    if (!longs)
        s->value = s->kind == 'd' ? (uint64_t)(int32_t)value : (uint32_t)value;
    return take_number(store, longs ? 8 : 4) ? 0 : -SKEP_ENOSPC;
}

int64_t sk_print(skep_run *run, char *out, size_t size, const char *f, size_t format_size, const uint64_t *args, uint32_t count)
{
    struct spec specs[SK_PRINT_ARGS];
    struct store store;
    uint32_t used = 0;
    size_t end = 0;
    store.used = 0;
    while (end < format_size && f[end])
        end++;
    if (end == format_size)
        return -SKEP_EINVAL;
    for (size_t i = 0; i < end; i++) {
        if (!is_graph(f[i]) && !is_space(f[i]))
            return -SKEP_EINVAL;
        if (f[i] != '%')
            continue;
        if (f[i + 1] == '%') {
            i++;
            continue;
        }
        if (used >= count)
            return -SKEP_EINVAL;
        int failed = parse(run, f, &i, sk_load64(args + used), &store, &specs[used]);
        if (failed)
            return failed;
        used++;
    }

    struct output o = {out, size ? size - 1 : 0, 0};
    const struct spec *s = specs;
    for (size_t i = 0; i < end; i++) {
        size_t begin = i;
        while (i < end && f[i] != '%')
            i++;
        put(&o, f + begin, i - begin);
        if (i == end)
            break;
        if (f[++i] == '%') {
            put(&o, "%", 1);
            continue;
        }
        while (!is_alnum(f[i]) || is_digit(f[i])) /* it has been checked: a letter follows */
            i++;
        if (f[i] == 'p') { /* the kernel passes over all letters and digits here */
            while (is_alnum(f[i + 1]))
                i++;
        } else {
            while (f[i] == 'l')
                i++;
        }
        put_spec(&o, s++);
    }
    if (size)
        out[o.length < size ? o.length : size - 1] = 0;
    return (int64_t)o.length;
}

/* ------------------------------------------------------------------------------------- the helpers */

static uint64_t print_line(skep_run *run, uint64_t format, uint64_t format_size, const uint64_t *args, uint32_t count)
{
    char line[LINE + 1];
    int64_t n = sk_print(run, line, LINE, sk_ptr(format), (uint32_t)format_size, args, count);
    if (n < 0)
        return sk_int(n);
    size_t length = n < (int64_t)LINE ? (size_t)n : LINE - 1;
    if (length == 0 || line[length - 1] != '\n')
        line[length++] = '\n';
    sk_world_log(run, line, length);
    return sk_int(n);
}

SK_BPF(trace_printk)
{
    const uint64_t args[] = {r3, r4, r5};
    return print_line(run, r1, r2, args, 3);
}

static bool bad_array(uint64_t size) { return size & 7 || size > SK_PRINT_ARGS * 8; }

SK_BPF(trace_vprintk)
{
    const uint32_t size = (uint32_t)r4;
    if (bad_array(size) || (size && !r3))
        return sk_int(-SKEP_EINVAL);
    return print_line(run, r1, r2, sk_ptr(r3), size / 8);
}

SK_BPF(snprintf)
{
    const uint32_t size = (uint32_t)r5;
    if (bad_array(size) || (size && !r4))
        return sk_int(-SKEP_EINVAL);
    int64_t n = sk_print(run, sk_ptr(r1), (uint32_t)r2, sk_ptr(r3), SIZE_MAX, sk_ptr(r4), size / 8);
    return sk_int(n < 0 ? n : n + 1);
}
