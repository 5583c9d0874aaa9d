/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parts of types, and questions about them. All of it relies on what sk_btf_open has checked. */
#include "btf/btf.h"

struct sk_btf_member sk_btf_member(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index)
{
    const uint8_t *p = type->extra + (size_t)index * 12;
    uint32_t offset = sk_btf_get32(btf, p + 8);
    return (struct sk_btf_member){.name = btf->strings + sk_btf_get32(btf, p),
                                  .type = sk_btf_get32(btf, p + 4),
                                  .bit_offset = type->flag ? offset & 0xffffff : offset,
                                  .bit_size = type->flag ? offset >> 24 : 0};
}

struct sk_btf_enumerator sk_btf_enumerator(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index)
{
    bool wide = type->kind == SK_BTF_ENUM64;
    const uint8_t *p = type->extra + (size_t)index * (wide ? 12 : 8);
    struct sk_btf_enumerator e = {.name = btf->strings + sk_btf_get32(btf, p), .value = sk_btf_get32(btf, p + 4)};
    if (wide)
        e.value |= (uint64_t)sk_btf_get32(btf, p + 8) << 32;
    else if (type->flag)
        e.value = (uint64_t)(int64_t)(int32_t)e.value;
    return e;
}

struct sk_btf_param sk_btf_param(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index)
{
    const uint8_t *p = type->extra + (size_t)index * 8;
    return (struct sk_btf_param){.name = btf->strings + sk_btf_get32(btf, p), .type = sk_btf_get32(btf, p + 4)};
}

struct sk_btf_variable sk_btf_variable(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index)
{
    const uint8_t *p = type->extra + (size_t)index * 12;
    return (struct sk_btf_variable){.type = sk_btf_get32(btf, p),
                                    .offset = sk_btf_get32(btf, p + 4),
                                    .size = sk_btf_get32(btf, p + 8)};
}

struct sk_btf_array sk_btf_array(const struct sk_btf *btf, const struct sk_btf_type *type)
{
    return (struct sk_btf_array){.element = sk_btf_get32(btf, type->extra),
                                 .index = sk_btf_get32(btf, type->extra + 4),
                                 .count = sk_btf_get32(btf, type->extra + 8)};
}

struct sk_btf_integer sk_btf_integer(const struct sk_btf *btf, const struct sk_btf_type *type)
{
    uint32_t v = sk_btf_get32(btf, type->extra);
    return (struct sk_btf_integer){.encoding = v >> 24 & 15, .offset = (uint8_t)(v >> 16), .bits = (uint8_t)v};
}

uint32_t sk_btf_linkage(const struct sk_btf *btf, const struct sk_btf_type *type)
{
    return type->kind == SK_BTF_FUNC ? type->count : sk_btf_get32(btf, type->extra);
}

int32_t sk_btf_tag_component(const struct sk_btf *btf, const struct sk_btf_type *type)
{
    return (int32_t)sk_btf_get32(btf, type->extra);
}

struct sk_btf_type sk_btf_resolve(const struct sk_btf *btf, uint32_t id)
{
    struct sk_btf_type type = sk_btf_type(btf, id);
    while (sk_btf_is_modifier(type.kind))
        type = sk_btf_type(btf, type.ref);
    return type;
}

uint32_t sk_btf_skip(const struct sk_btf *btf, uint32_t id) { return sk_btf_resolve(btf, id).id; }

bool sk_btf_size(const struct sk_btf *btf, uint32_t id, uint32_t *size)
{
    uint64_t count = 1;
    for (;;) {
        struct sk_btf_type type = sk_btf_resolve(btf, id);
        uint64_t bytes;
        id = type.ref;
        switch (type.kind) {
        case SK_BTF_ARRAY:
            count *= sk_btf_array(btf, &type).count;
            if (count > UINT32_MAX)
                return false;
            continue;
        case SK_BTF_VAR: continue;
        case SK_BTF_PTR: bytes = btf->pointer_size; break;
        case SK_BTF_INT:
        case SK_BTF_ENUM:
        case SK_BTF_ENUM64:
        case SK_BTF_FLOAT:
        case SK_BTF_STRUCT:
        case SK_BTF_UNION:
        case SK_BTF_DATASEC: bytes = type.size; break;
        default: return false;
        }
        bytes *= count; /* both are 32 bits wide */
        *size = (uint32_t)bytes;
        return bytes <= UINT32_MAX;
    }
}

uint32_t sk_btf_next_of_kind(const struct sk_btf *btf, enum sk_btf_kind kind, uint32_t after)
{
    for (uint32_t id = after + 1; id != 0 && id < btf->count; id++)
        if (sk_btf_type(btf, id).kind == kind)
            return id;
    return 0;
}

/* `visits` bounds the search: types that nest others again and again have more paths than bytes. */
static bool find_member(const struct sk_btf *btf, uint32_t id, const char *name, struct sk_btf_member *member,
                        uint32_t *visits)
{
    struct sk_btf_type type = sk_btf_resolve(btf, id);
    for (uint32_t i = 0; sk_btf_is_composite(type.kind) && i < type.count && *visits > 0; i++) {
        struct sk_btf_member m = sk_btf_member(btf, &type, i);
        --*visits;
        if (m.name[0] ? sk_streq(m.name, name) : find_member(btf, m.type, name, member, visits)) {
            if (m.name[0])
                *member = m;
            else
                member->bit_offset += m.bit_offset;
            return true;
        }
    }
    return false;
}

bool sk_btf_find_member(const struct sk_btf *btf, uint32_t id, const char *name, struct sk_btf_member *member)
{
    uint32_t visits = 1u << 20;
    return name[0] && find_member(btf, id, name, member, &visits);
}
