/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Accesses. A relocation's access string has an index for every step, anonymous members included; what must be found
 * again in another type are the named members and the array indices:
 *
 *     struct sample { int a; struct { int b[7]; }; };      &s->b[3] is "0:1:0:3": .b, [3]
 */
#include "base/fmt.h"
#include "object/core.h"

/* The next number of an access string; false: there is none. */
static bool next_index(const char **text, uint32_t *index)
{
    uint64_t value = 0;
    const char *p = *text;
    if (*p == ':')
        p++;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > INT32_MAX)
            return false;
    }
    *text = p;
    *index = (uint32_t)value;
    return true;
}

/* An array without a size that ends its struct has as many elements as anyone likes. */
static bool in_bounds(const struct sk_core_spec *spec, const struct sk_btf_array *array, uint32_t index)
{
    const struct sk_core_step *before = &spec->steps[spec->count - 1];
    bool open_end = array->count == 0 && before->name &&
                    before->index + 1 == sk_btf_type(spec->btf, before->type).count;
    return open_end || index < array->count;
}

/* Goes `index` times the size of a type further. */
static bool advance(struct sk_core_spec *spec, uint32_t type, uint32_t index)
{
    uint32_t size;
    if (!sk_btf_size(spec->btf, type, &size))
        return false;
    uint64_t bits = (uint64_t)size * index;
    if (bits > UINT32_MAX / 8)
        return false;
    spec->bit_offset += bits * 8;
    return spec->bit_offset <= UINT32_MAX;
}

static void add_step(struct sk_core_spec *spec, uint32_t type, uint32_t index, const char *name)
{
    spec->steps[spec->count++] = (struct sk_core_step){.type = type, .index = index, .name = name};
}

static const char *parse_step(struct sk_core_spec *spec, uint32_t *id, uint32_t index)
{
    struct sk_btf_type type = sk_btf_resolve(spec->btf, *id);
    if (sk_btf_is_composite(type.kind)) {
        if (index >= type.count)
            return "a member that does not exist";
        struct sk_btf_member m = sk_btf_member(spec->btf, &type, index);
        spec->bit_offset += m.bit_offset;
        if (m.name[0])
            add_step(spec, type.id, index, m.name);
        *id = m.type;
        return spec->bit_offset <= UINT32_MAX ? NULL : "an offset of 2^32 or more";
    }
    if (type.kind == SK_BTF_ARRAY) {
        struct sk_btf_array array = sk_btf_array(spec->btf, &type);
        if (!in_bounds(spec, &array, index))
            return "an element that does not exist";
        *id = sk_btf_skip(spec->btf, array.element);
        add_step(spec, *id, index, NULL);
        return advance(spec, *id, index) ? NULL : "an element without a size, or far away";
    }
    return "a part of what has no parts";
}

const char *sk_core_parse(const struct sk_btf *btf, const struct sk_btf_core_relo *relo, struct sk_core_spec *spec)
{
    const char *text = relo->access;
    uint32_t index = 0;
    spec->btf = btf;
    spec->root = relo->type;
    spec->kind = relo->kind;
    spec->depth = spec->count = 0;
    spec->bit_offset = 0;
    if (!sk_core_is_field(relo->kind) && !sk_core_is_enumerator(relo->kind))
        return sk_streq(text, "0") ? NULL : "an access that is not 0";

    struct sk_btf_type type = sk_btf_resolve(btf, relo->type);
    if (*text == ':' || !next_index(&text, &index))
        return "an access that is no list of numbers";
    spec->depth = 1;
    add_step(spec, type.id, index, NULL);
    if (sk_core_is_enumerator(relo->kind)) {
        if (!sk_btf_is_enum(type.kind) || *text || index >= type.count)
            return "an enumerator that does not exist";
        spec->steps[0].name = sk_btf_enumerator(btf, &type, index).name;
        return NULL;
    }
    if (!advance(spec, type.id, index))
        return "a type without a size, or far away";
    for (uint32_t id = type.id; *text;) {
        if (!next_index(&text, &index))
            return "an access that is no list of numbers";
        if (spec->depth++ == SK_CORE_MAX_ACCESS)
            return "an access of more than 64 steps";
        const char *wrong = parse_step(spec, &id, index);
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* ---------------------------------------------------------------------------------------------- matching */

/* Whether a member of one type may stand for one of the other: kinds count, sizes and signs do not. */
static bool fields_compatible(struct sk_core *core, uint32_t local, uint32_t target)
{
    for (;;) {
        struct sk_btf_type l = sk_btf_resolve(core->local, local), t = sk_btf_resolve(core->target, target);
        if (sk_btf_is_composite(l.kind) && sk_btf_is_composite(t.kind))
            return true;
        if (!sk_core_same_kind(l.kind, t.kind))
            return false;
        switch (l.kind) {
        case SK_BTF_PTR:
        case SK_BTF_FLOAT: return true;
        case SK_BTF_FWD:
        case SK_BTF_ENUM:
        case SK_BTF_ENUM64: return !l.name[0] || !t.name[0] || sk_core_same_name(core, l.name, t.name);
        case SK_BTF_INT:
            return sk_btf_integer(core->local, &l).offset == 0 && sk_btf_integer(core->target, &t).offset == 0;
        case SK_BTF_ARRAY: break;
        default: return false;
        }
        local = l.ref;
        target = t.ref;
    }
}

/* Looks for a member by name, in anonymous members, too; *id becomes its type. */
static enum sk_core_match find_member(struct sk_core *core, const struct sk_core_step *step, uint32_t local,
                                      struct sk_core_spec *found, uint32_t *id)
{
    struct sk_btf_type type = sk_btf_resolve(core->target, *id);
    size_t length = sk_strlen(step->name);
    for (uint32_t i = 0; sk_btf_is_composite(type.kind) && i < type.count; i++) {
        struct sk_btf_member m = sk_btf_member(core->target, &type, i);
        if (!sk_core_spend(core, 1 + length / 16) || found->depth == SK_CORE_MAX_ACCESS)
            return SK_CORE_FAILED;
        if (m.name[0]) {
            if (!sk_streq(m.name, step->name))
                continue;
            if (!fields_compatible(core, local, m.type))
                return SK_CORE_DIFFERENT;
            add_step(found, type.id, i, m.name);
            *id = m.type;
        } else {
            uint32_t inner = m.type;
            found->depth++;
            enum sk_core_match match = find_member(core, step, local, found, &inner);
            found->depth--;
            if (match == SK_CORE_DIFFERENT)
                continue;
            if (match == SK_CORE_FAILED)
                return match;
            *id = inner;
        }
        found->depth++;
        found->bit_offset += m.bit_offset;
        return found->bit_offset <= UINT32_MAX ? SK_CORE_SAME : SK_CORE_FAILED;
    }
    return SK_CORE_DIFFERENT;
}

static enum sk_core_match find_element(struct sk_core *core, const struct sk_core_step *step,
                                       struct sk_core_spec *found, uint32_t *id)
{
    struct sk_btf_type type = sk_btf_resolve(core->target, *id);
    if (type.kind != SK_BTF_ARRAY)
        return SK_CORE_DIFFERENT;
    struct sk_btf_array array = sk_btf_array(core->target, &type);
    if (!in_bounds(found, &array, step->index))
        return SK_CORE_DIFFERENT;
    *id = sk_btf_skip(core->target, array.element);
    return SK_CORE_SAME;
}

static enum sk_core_match find_enumerator(struct sk_core *core, const struct sk_core_spec *local, uint32_t candidate,
                                          struct sk_core_spec *found)
{
    struct sk_btf_type type = sk_btf_resolve(core->target, candidate);
    for (uint32_t i = 0; sk_btf_is_enum(type.kind) && i < type.count; i++) {
        const char *name = sk_btf_enumerator(core->target, &type, i).name;
        bool same = sk_core_same_name(core, local->steps[0].name, name);
        if (core->work == 0)
            return SK_CORE_FAILED;
        if (same) {
            add_step(found, type.id, i, name);
            return SK_CORE_SAME;
        }
    }
    return SK_CORE_DIFFERENT;
}

enum sk_core_match sk_core_find(struct sk_core *core, const struct sk_core_spec *local, uint32_t candidate,
                                struct sk_core_spec *found)
{
    found->btf = core->target;
    found->root = candidate;
    found->kind = local->kind;
    found->depth = found->count = 0;
    found->bit_offset = 0;
    if (local->kind == SK_CORE_TYPE_MATCHES)
        return sk_core_matches(core, local->root, candidate);
    if (sk_core_is_enumerator(local->kind))
        return find_enumerator(core, local, candidate, found);
    if (!sk_core_is_field(local->kind))
        return sk_core_compatible(core, local->root, candidate);

    uint32_t id = candidate;
    for (uint32_t i = 0; i < local->count; i++) {
        const struct sk_core_step *step = &local->steps[i];
        enum sk_core_match match = SK_CORE_SAME;
        if (step->name) {
            struct sk_btf_type owner = sk_btf_type(core->local, step->type);
            match = find_member(core, step, sk_btf_member(core->local, &owner, step->index).type, found, &id);
        } else {
            if (i > 0)
                match = find_element(core, step, found, &id);
            else
                id = sk_btf_skip(core->target, id);
            if (match == SK_CORE_SAME && found->depth++ == SK_CORE_MAX_ACCESS)
                return SK_CORE_FAILED;
            if (match == SK_CORE_SAME) {
                add_step(found, id, step->index, NULL);
                if (!advance(found, id, step->index))
                    return SK_CORE_FAILED;
            }
        }
        if (match != SK_CORE_SAME)
            return match;
    }
    return SK_CORE_SAME;
}

/* ------------------------------------------------------------------------------------------------- text */

static const char *const questions[SK_CORE_KIND_COUNT] = {
    [SK_CORE_FIELD_BYTE_OFFSET] = "byte offset of",
    [SK_CORE_FIELD_BYTE_SIZE] = "byte size of",
    [SK_CORE_FIELD_EXISTS] = "existence of",
    [SK_CORE_FIELD_SIGNED] = "sign of",
    [SK_CORE_FIELD_LSHIFT_U64] = "left shift for",
    [SK_CORE_FIELD_RSHIFT_U64] = "right shift for",
    [SK_CORE_TYPE_ID_LOCAL] = "local type id of",
    [SK_CORE_TYPE_ID_TARGET] = "target type id of",
    [SK_CORE_TYPE_EXISTS] = "existence of",
    [SK_CORE_TYPE_SIZE] = "byte size of",
    [SK_CORE_ENUMVAL_EXISTS] = "existence of",
    [SK_CORE_ENUMVAL_VALUE] = "value of",
    [SK_CORE_TYPE_MATCHES] = "match of",
};

static const char *keyword(unsigned kind)
{
    switch (kind) {
    case SK_BTF_STRUCT: return "struct ";
    case SK_BTF_UNION: return "union ";
    case SK_BTF_ENUM:
    case SK_BTF_ENUM64: return "enum ";
    default: return "";
    }
}

size_t sk_core_text(const struct sk_core_spec *spec, char *text, size_t size)
{
    struct sk_btf_type root = sk_btf_type(spec->btf, spec->root);
    const char *question = spec->kind < SK_CORE_KIND_COUNT ? questions[spec->kind] : "unknown question about";
    size_t at = sk_snfmt(text, size, "%s %s%.*s", question, keyword(root.kind), 64,
                         root.name[0] ? root.name : "(anonymous)");
    for (uint32_t i = 0; i < spec->count && at < size; i++) {
        const struct sk_core_step *step = &spec->steps[i];
        if (step->name)
            at += sk_snfmt(text + at, size - at, sk_core_is_enumerator(spec->kind) ? "::%.*s" : ".%.*s", 64, step->name);
        else if (i > 0 || step->index > 0)
            at += sk_snfmt(text + at, size - at, "[%u]", step->index);
    }
    return at;
}
