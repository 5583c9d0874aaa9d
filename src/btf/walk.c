/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Walking over a value by its type. Types are nested SK_BTF_MAX_NESTING deep at most, and so is the recursion. */
#include "base/fmt.h"
#include "btf/dump.h"

struct walk {
    const struct sk_btf *btf;
    const uint8_t *bytes;
    uint64_t bits; /* of the whole value */
    skep_byte_order order;
    sk_btf_visit_fn *visit;
    void *user;
    skep_error *err;
    uint32_t events;
    uint32_t depth;
    size_t path_size;
    char path[256];
};

/* What is walked over: its place in the value, and what it is called. */
struct place {
    uint32_t type;
    uint64_t bit;
    uint32_t bit_size; /* 0: not a bit-field */
    const char *name;
    uint32_t index;
};

/* DONE: the visitor has enough. */
enum outcome { GO_ON, DONE, FAILED };

static enum outcome tell(struct walk *w, struct sk_btf_event *event, const struct place *p)
{
    event->name = p->name;
    event->index = p->index;
    event->type = p->type;
    event->path = w->path;
    event->depth = w->depth;
    if (++w->events > SK_BTF_MAX_EVENTS) {
        (void)sk_fail(w->err, SKEP_ERR_OBJECT, "the value has more than %u parts", SK_BTF_MAX_EVENTS);
        return FAILED;
    }
    return w->visit(w->user, event) ? GO_ON : DONE;
}

/* Up to 128 bits from a bit on. In big-endian order bit 0 is a byte's highest, and numbers begin with their highest. */
static void read_bits(const struct walk *w, uint64_t bit, uint32_t count, uint64_t *low, uint64_t *high)
{
    bool little = w->order == SKEP_LITTLE_ENDIAN;
    *low = *high = 0;
    if (bit % 8 == 0 && count % 8 == 0 && count <= 64) {
        for (uint32_t i = 0; i < count / 8; i++)
            *low |= (uint64_t)w->bytes[bit / 8 + i] << 8 * (little ? i : count / 8 - 1 - i);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t from = bit + i;
        uint32_t to = little ? i : count - 1 - i;
        uint64_t one = w->bytes[from / 8] >> (little ? from % 8 : 7 - from % 8) & 1;
        if (to < 64)
            *low |= one << to;
        else
            *high |= one << (to - 64);
    }
}

static void sign_extend(struct sk_btf_event *e)
{
    uint32_t bits = e->bits;
    if (bits == 0)
        return;
    if (bits <= 64) {
        if (e->value >> (bits - 1) & 1) {
            e->value |= bits < 64 ? UINT64_MAX << bits : 0;
            e->high = UINT64_MAX;
        }
    } else if (e->high >> (bits - 65) & 1 && bits < 128) {
        e->high |= UINT64_MAX << (bits - 64);
    }
}

static bool in_value(const struct walk *w, uint64_t bit, uint64_t bits)
{
    return bit <= w->bits && bits <= w->bits - bit;
}

static const char *label(struct walk *w, const struct sk_btf_type *type, uint64_t value)
{
    w->events += type->count / 16; /* large enums in large arrays take their time, too */
    /* An enumerator has 32 bits or 64, a bit-field fewer. */
    uint64_t mask = type->kind == SK_BTF_ENUM ? UINT32_MAX : UINT64_MAX;
    for (uint32_t i = 0; i < type->count; i++) {
        struct sk_btf_enumerator e = sk_btf_enumerator(w->btf, type, i);
        if ((e.value & mask) == (value & mask))
            return e.name;
    }
    return NULL;
}

static enum outcome walk_number(struct walk *w, const struct place *p, const struct sk_btf_type *type, uint32_t size)
{
    struct sk_btf_event e = {.bits = p->bit_size ? p->bit_size : size * 8};
    uint64_t bit = p->bit;
    bool is_signed = false;
    switch (type->kind) {
    case SK_BTF_INT: {
        struct sk_btf_integer integer = sk_btf_integer(w->btf, type);
        if (p->bit_size == 0 && integer.bits) {
            bit += integer.offset;
            e.bits = integer.bits;
            /* Integers narrower than their bytes: the number's low end comes last in big-endian order. */
            if (w->order == SKEP_BIG_ENDIAN && integer.offset == 0)
                bit += size * 8 - integer.bits;
        }
        is_signed = integer.encoding & SK_BTF_SIGNED;
        e.kind = integer.encoding & SK_BTF_BOOL ? SK_BTF_VALUE_BOOL
                 : is_signed                    ? SK_BTF_VALUE_SIGNED
                                                : SK_BTF_VALUE_UNSIGNED;
        break;
    }
    case SK_BTF_ENUM:
    case SK_BTF_ENUM64:
        e.kind = SK_BTF_VALUE_ENUM;
        is_signed = type->flag;
        break;
    case SK_BTF_PTR: e.kind = SK_BTF_VALUE_POINTER; break;
    default: e.kind = type->kind == SK_BTF_FLOAT ? SK_BTF_VALUE_FLOAT : SK_BTF_VALUE_BYTES; break;
    }
    if (!in_value(w, bit, e.bits)) {
        (void)sk_fail(w->err, SKEP_ERR_OBJECT, "'%s' lies outside of the value", w->path);
        return FAILED;
    }
    if (e.bits > 128)
        e.kind = SK_BTF_VALUE_BYTES;
    if (e.kind == SK_BTF_VALUE_FLOAT || e.kind == SK_BTF_VALUE_BYTES) {
        e.bytes = w->bytes + bit / 8;
        e.size = (e.bits + 7) / 8; /* which is not behind the last bit's byte */
    } else {
        read_bits(w, bit, e.bits, &e.value, &e.high);
        if (is_signed)
            sign_extend(&e);
        if (e.kind == SK_BTF_VALUE_ENUM)
            e.label = label(w, type, e.value);
    }
    return tell(w, &e, p);
}

static enum outcome walk(struct walk *w, const struct place *p);

/* One level down: the path grows by a member's name or an index, and shrinks again. */
static enum outcome walk_inner(struct walk *w, const struct place *p)
{
    size_t size = w->path_size, room = sizeof w->path - size;
    size_t added = 0;
    if (!p->name)
        added = sk_snfmt(w->path + size, room, "[%u]", p->index);
    else if (p->name[0])
        added = sk_snfmt(w->path + size, room, size ? ".%.*s" : "%.*s", 128, p->name);
    w->path_size += added < room ? added : room - 1;
    w->depth++;
    enum outcome outcome = walk(w, p);
    w->depth--;
    w->path_size = size;
    w->path[size] = 0;
    return outcome;
}

static enum outcome walk_struct(struct walk *w, const struct place *p, const struct sk_btf_type *type)
{
    enum outcome outcome = GO_ON;
    for (uint32_t i = 0; outcome == GO_ON && i < type->count; i++) {
        struct sk_btf_member m = sk_btf_member(w->btf, type, i);
        const struct place inner = {
            .type = m.type, .bit = p->bit + m.bit_offset, .bit_size = m.bit_size, .name = m.name, .index = i};
        outcome = walk_inner(w, &inner);
    }
    return outcome;
}

static bool is_char(const struct sk_btf *btf, uint32_t id)
{
    struct sk_btf_type type = sk_btf_resolve(btf, id);
    return type.kind == SK_BTF_INT && type.size == 1 &&
           (sk_streq(type.name, "char") || (sk_btf_integer(btf, &type).encoding & SK_BTF_CHAR));
}

static enum outcome walk_string(struct walk *w, const struct place *p, uint32_t count)
{
    struct sk_btf_event e = {.kind = SK_BTF_VALUE_STRING, .bytes = w->bytes + p->bit / 8};
    while (e.size < count && e.bytes[e.size])
        e.size++;
    e.bits = e.size * 8;
    return tell(w, &e, p);
}

static enum outcome walk_array(struct walk *w, const struct place *p, const struct sk_btf_array *array, uint32_t size)
{
    enum outcome outcome = GO_ON;
    /* Elements without a size have nothing to show, however many there are. */
    for (uint32_t i = 0; outcome == GO_ON && size > 0 && i < array->count; i++) {
        const struct place inner = {.type = array->element, .bit = p->bit + (uint64_t)i * size * 8, .index = i};
        outcome = walk_inner(w, &inner);
    }
    return outcome;
}

static enum outcome walk(struct walk *w, const struct place *p)
{
    struct sk_btf_type type = sk_btf_resolve(w->btf, p->type);
    struct sk_btf_array array = {0};
    enum outcome outcome;
    uint32_t size = 0, element = 0;
    if (type.kind == SK_BTF_VAR)
        type = sk_btf_resolve(w->btf, type.ref);
    if (!sk_btf_size(w->btf, type.id, &size)) {
        (void)sk_fail(w->err, SKEP_ERR_OBJECT, "'%s' is of type %u (%s), which has no size", w->path, p->type,
                      sk_btf_kind_name(type.kind));
        return FAILED;
    }
    if (!sk_btf_is_composite(type.kind) && type.kind != SK_BTF_ARRAY)
        return walk_number(w, p, &type, size);
    if (p->bit % 8 != 0 || !in_value(w, p->bit, (uint64_t)size * 8)) {
        (void)sk_fail(w->err, SKEP_ERR_OBJECT, "'%s' lies outside of the value", w->path);
        return FAILED;
    }
    if (type.kind == SK_BTF_ARRAY) {
        array = sk_btf_array(w->btf, &type);
        (void)sk_btf_size(w->btf, array.element, &element);
        if (array.count > 0 && is_char(w->btf, array.element))
            return walk_string(w, p, array.count);
    }
    struct sk_btf_event e = {.kind = type.kind == SK_BTF_ARRAY ? SK_BTF_OPEN_ARRAY : SK_BTF_OPEN_STRUCT};
    outcome = tell(w, &e, p);
    if (outcome == GO_ON)
        outcome = type.kind == SK_BTF_ARRAY ? walk_array(w, p, &array, element) : walk_struct(w, p, &type);
    if (outcome == GO_ON) {
        e.kind = SK_BTF_CLOSE;
        outcome = tell(w, &e, p);
    }
    return outcome;
}

skep_code sk_btf_walk(const struct sk_btf *btf, uint32_t id, const void *bytes, size_t size, skep_byte_order order,
                      sk_btf_visit_fn *visit, void *user, skep_error *err)
{
    struct walk w = {.btf = btf, .bytes = bytes, .bits = (uint64_t)size * 8, .order = order, .visit = visit,
                     .user = user};
    struct place whole = {.type = id};
    skep_error own;
    uint32_t needed;
    w.err = err ? err : &own;
    if (!sk_btf_size(btf, id, &needed))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "type %u (%s) has no size", id,
                       sk_btf_kind_name(sk_btf_resolve(btf, id).kind));
    if (needed > size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a value of type %u has %u bytes; there are %z", id, needed, size);
    return walk(&w, &whole) == FAILED ? w.err->code : SKEP_OK;
}
