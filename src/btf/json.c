/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "btf/json.h"

#define LEVELS (2 * SK_BTF_MAX_NESTING + 2)
#define EXACT ((uint64_t)1 << 53) /* JSON's numbers are doubles for many */

enum { IN_OBJECT = 1, IN_ARRAY = 2, FLAT = 4, FILLED = 8 };

struct writer {
    struct sk_buf *out;
    uint32_t depth;
    uint8_t levels[LEVELS];
};

void sk_json_string(struct sk_buf *out, const uint8_t *bytes, size_t size)
{
    sk_buf_putc(out, '"');
    for (size_t i = 0; i < size; i++) {
        uint8_t c = bytes[i];
        if (c == '"' || c == '\\')
            sk_buf_fmt(out, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            sk_buf_fmt(out, "\\u00%02x", (uint32_t)c);
        else
            sk_buf_putc(out, (char)c);
    }
    sk_buf_putc(out, '"');
}

void sk_json_bytes(struct sk_buf *out, const uint8_t *bytes, size_t size)
{
    sk_buf_putc(out, '"');
    for (size_t i = 0; i < size; i++)
        sk_buf_fmt(out, "%02x", (uint32_t)bytes[i]);
    sk_buf_putc(out, '"');
}

static void separate(struct writer *w, const char *name)
{
    uint8_t *level = &w->levels[w->depth];
    if (*level & FILLED)
        sk_buf_puts(w->out, ", ");
    *level |= FILLED;
    if (*level & IN_OBJECT) {
        sk_json_string(w->out, (const uint8_t *)(name ? name : ""), name ? sk_strlen(name) : 0);
        sk_buf_puts(w->out, ": ");
    }
}

static void number(struct sk_buf *out, const struct sk_btf_event *e)
{
    bool is_signed = e->kind == SK_BTF_VALUE_SIGNED || (e->kind == SK_BTF_VALUE_ENUM && e->high);
    uint64_t size = is_signed && (int64_t)e->value < 0 ? 0 - e->value : e->value;
    const char *quote = size > EXACT ? "\"" : "";
    if (e->bits > 64)
        sk_buf_fmt(out, "\"0x%016X%016X\"", e->high, e->value);
    else if (is_signed)
        sk_buf_fmt(out, "%s%D%s", quote, (int64_t)e->value, quote);
    else
        sk_buf_fmt(out, "%s%U%s", quote, e->value, quote);
}

static bool begin(struct writer *w, const struct sk_btf_event *e)
{
    bool is_object = e->kind == SK_BTF_OPEN_STRUCT;
    bool flat = is_object && (w->levels[w->depth] & IN_OBJECT) && e->name && !e->name[0];
    if (w->depth + 1 == LEVELS)
        return false;
    if (!flat) {
        separate(w, e->name);
        sk_buf_putc(w->out, is_object ? '{' : '[');
        w->levels[++w->depth] = is_object ? IN_OBJECT : IN_ARRAY;
    } else {
        uint8_t filled = w->levels[w->depth] & FILLED;
        w->levels[++w->depth] = (uint8_t)(IN_OBJECT | FLAT | filled);
    }
    return true;
}

static void end(struct writer *w)
{
    uint8_t level = w->levels[w->depth--];
    if (level & FLAT)
        w->levels[w->depth] |= level & FILLED;
    else
        sk_buf_putc(w->out, level & IN_OBJECT ? '}' : ']');
}

static bool write_event(void *user, const struct sk_btf_event *e)
{
    struct writer *w = user;
    if (e->kind == SK_BTF_OPEN_STRUCT || e->kind == SK_BTF_OPEN_ARRAY)
        return begin(w, e);
    if (e->kind == SK_BTF_CLOSE) {
        end(w);
        return !w->out->failed;
    }
    if ((w->levels[w->depth] & IN_OBJECT) && e->name && !e->name[0])
        return true; /* a bit-field without a name is room, not a value */
    separate(w, e->name);
    switch (e->kind) {
    case SK_BTF_VALUE_BOOL: sk_buf_puts(w->out, e->value ? "true" : "false"); break;
    case SK_BTF_VALUE_STRING: sk_json_string(w->out, e->bytes, e->size); break;
    case SK_BTF_VALUE_POINTER: sk_buf_fmt(w->out, "\"0x%X\"", e->value); break;
    case SK_BTF_VALUE_FLOAT:
    case SK_BTF_VALUE_BYTES: sk_json_bytes(w->out, e->bytes, e->size); break;
    default:
        if (e->kind == SK_BTF_VALUE_ENUM && e->label)
            sk_json_string(w->out, (const uint8_t *)e->label, sk_strlen(e->label));
        else
            number(w->out, e);
    }
    return !w->out->failed;
}

skep_code sk_btf_json(const struct sk_btf *btf, uint32_t id, const void *bytes, size_t size, skep_byte_order order,
                      struct sk_buf *out, skep_error *err)
{
    struct writer w = {.out = out};
    skep_code failed = sk_btf_walk(btf, id, bytes, size, order, write_event, &w, err);
    if (!failed && w.depth && !out->failed)
        failed = sk_fail(err, SKEP_ERR_OBJECT, "the value is nested too deep");
    return failed ? failed : out->failed ? sk_fail_memory(err) : SKEP_OK;
}
