/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Comparing types of two worlds: "compatible" (bpf_core_type_exists) looks at shapes, "matches"
 * (bpf_core_type_matches) at everything that the local type mentions.
 */
#include "object/core.h"

/* As libbpf: so many pointers, arrays and results in a row, and so many parameters or members inside each other. */
enum { MAX_ROW = 32, MAX_LEVEL = 32 };

bool sk_core_same_kind(unsigned a, unsigned b) { return a == b || (sk_btf_is_enum(a) && sk_btf_is_enum(b)); }

/* An anonymous target fits an anonymous local type only. */
bool sk_core_same_name(struct sk_core *core, const char *local, const char *target)
{
    size_t length = sk_btf_essential(local);
    sk_core_spend(core, 1 + (sk_strlen(local) + sk_strlen(target)) / 16);
    return sk_btf_essential(target) == length && memcmp(local, target, length) == 0;
}

static bool is_plain(const struct sk_btf *btf, const struct sk_btf_type *integer)
{
    return sk_btf_integer(btf, integer).offset == 0;
}

static enum sk_core_match compatible(struct sk_core *core, uint32_t local, uint32_t target, unsigned level)
{
    for (unsigned row = 0; row < MAX_ROW && sk_core_spend(core, 1); row++) {
        struct sk_btf_type l = sk_btf_resolve(core->local, local), t = sk_btf_resolve(core->target, target);
        if (!sk_core_same_kind(l.kind, t.kind))
            return SK_CORE_DIFFERENT;
        switch (l.kind) {
        case SK_BTF_VOID:
        case SK_BTF_STRUCT:
        case SK_BTF_UNION:
        case SK_BTF_ENUM:
        case SK_BTF_ENUM64:
        case SK_BTF_FWD: return SK_CORE_SAME;
        case SK_BTF_INT: return is_plain(core->local, &l) && is_plain(core->target, &t);
        case SK_BTF_PTR:
        case SK_BTF_ARRAY: break;
        case SK_BTF_FUNC_PROTO:
            if (l.count != t.count)
                return SK_CORE_DIFFERENT;
            for (uint32_t i = 0; i < l.count; i++) {
                if (level == 0)
                    return SK_CORE_FAILED;
                enum sk_core_match match = compatible(core, sk_btf_param(core->local, &l, i).type,
                                                      sk_btf_param(core->target, &t, i).type, level - 1);
                if (match != SK_CORE_SAME)
                    return match;
            }
            break;
        default: return SK_CORE_DIFFERENT;
        }
        local = l.ref;
        target = t.ref;
    }
    return SK_CORE_FAILED;
}

enum sk_core_match sk_core_compatible(struct sk_core *core, uint32_t local, uint32_t target)
{
    /* At the root the kinds must be the same before typedefs are looked through. */
    if (!sk_core_same_kind(sk_btf_type(core->local, local).kind, sk_btf_type(core->target, target).kind))
        return SK_CORE_DIFFERENT;
    return compatible(core, local, target, MAX_LEVEL);
}

/* ---------------------------------------------------------------------------------------------- matches */

static enum sk_core_match enums_match(struct sk_core *core, const struct sk_btf_type *l, const struct sk_btf_type *t)
{
    if (l->size != t->size || l->count > t->count)
        return SK_CORE_DIFFERENT;
    for (uint32_t i = 0; i < l->count; i++) {
        const char *name = sk_btf_enumerator(core->local, l, i).name;
        uint32_t k = 0;
        while (k < t->count && !sk_core_same_name(core, name, sk_btf_enumerator(core->target, t, k).name)) {
            k++;
            if (core->work == 0)
                return SK_CORE_FAILED;
        }
        if (k == t->count)
            return SK_CORE_DIFFERENT;
    }
    return SK_CORE_SAME;
}

static enum sk_core_match matches(struct sk_core *core, uint32_t local, uint32_t target, bool behind_pointer,
                                  unsigned level);

static enum sk_core_match member_matches(struct sk_core *core, const struct sk_btf_member *m,
                                         const struct sk_btf_type *t, unsigned level)
{
    for (uint32_t i = 0; i < t->count; i++) {
        struct sk_btf_member other = sk_btf_member(core->target, t, i);
        enum sk_core_match match = SK_CORE_DIFFERENT;
        if (sk_core_same_name(core, m->name, other.name))
            match = matches(core, m->type, other.type, false, level - 1);
        if (core->work == 0)
            return SK_CORE_FAILED;
        if (match != SK_CORE_DIFFERENT)
            return match;
    }
    return SK_CORE_DIFFERENT;
}

static enum sk_core_match composites_match(struct sk_core *core, const struct sk_btf_type *l,
                                           const struct sk_btf_type *t, unsigned level)
{
    if (l->count > t->count)
        return SK_CORE_DIFFERENT;
    for (uint32_t i = 0; i < l->count; i++) {
        struct sk_btf_member m = sk_btf_member(core->local, l, i);
        enum sk_core_match match = member_matches(core, &m, t, level);
        if (match != SK_CORE_SAME)
            return match;
    }
    return SK_CORE_SAME;
}

static enum sk_core_match protos_match(struct sk_core *core, const struct sk_btf_type *l, const struct sk_btf_type *t,
                                       bool behind_pointer, unsigned level)
{
    if (l->count != t->count)
        return SK_CORE_DIFFERENT;
    for (uint32_t i = 0; i < l->count; i++) {
        enum sk_core_match match = matches(core, sk_btf_param(core->local, l, i).type,
                                           sk_btf_param(core->target, t, i).type, behind_pointer, level - 1);
        if (match != SK_CORE_SAME)
            return match;
    }
    return SK_CORE_SAME;
}

/* A declaration without its members is as good as a struct or union, behind a pointer. */
static bool forward_fits(const struct sk_btf_type *forward, const struct sk_btf_type *other)
{
    if (other->kind == SK_BTF_FWD)
        return forward->flag == other->flag;
    return other->kind == (forward->flag ? SK_BTF_UNION : SK_BTF_STRUCT);
}

static enum sk_core_match matches(struct sk_core *core, uint32_t local, uint32_t target, bool behind_pointer,
                                  unsigned level)
{
    if (level == 0)
        return SK_CORE_FAILED;
    for (unsigned row = 0; row < MAX_ROW && sk_core_spend(core, 1); row++) {
        struct sk_btf_type l = sk_btf_resolve(core->local, local), t = sk_btf_resolve(core->target, target);
        if (!sk_core_same_name(core, l.name, t.name))
            return SK_CORE_DIFFERENT;
        enum sk_core_match match = SK_CORE_SAME;
        switch (l.kind) {
        case SK_BTF_VOID: return t.kind == SK_BTF_VOID;
        case SK_BTF_FWD:
            return (behind_pointer || t.kind == SK_BTF_FWD) && forward_fits(&l, &t);
        case SK_BTF_ENUM:
        case SK_BTF_ENUM64: return sk_btf_is_enum(t.kind) ? enums_match(core, &l, &t) : SK_CORE_DIFFERENT;
        case SK_BTF_STRUCT:
        case SK_BTF_UNION:
            if (behind_pointer)
                return l.kind == t.kind || (t.kind == SK_BTF_FWD && forward_fits(&t, &l));
            return l.kind == t.kind ? composites_match(core, &l, &t, level) : SK_CORE_DIFFERENT;
        case SK_BTF_INT:
            return t.kind == SK_BTF_INT && l.size == t.size &&
                   ((sk_btf_integer(core->local, &l).encoding ^ sk_btf_integer(core->target, &t).encoding) &
                    SK_BTF_SIGNED) == 0;
        case SK_BTF_PTR:
            if (t.kind != SK_BTF_PTR)
                return SK_CORE_DIFFERENT;
            behind_pointer = true;
            break;
        case SK_BTF_ARRAY:
            if (t.kind != SK_BTF_ARRAY || sk_btf_array(core->local, &l).count != sk_btf_array(core->target, &t).count)
                return SK_CORE_DIFFERENT;
            break;
        case SK_BTF_FUNC_PROTO:
            match = t.kind == SK_BTF_FUNC_PROTO ? protos_match(core, &l, &t, behind_pointer, level)
                                                : SK_CORE_DIFFERENT;
            break;
        default: return SK_CORE_DIFFERENT;
        }
        if (match != SK_CORE_SAME)
            return match;
        local = l.ref;
        target = t.ref;
    }
    return SK_CORE_FAILED;
}

enum sk_core_match sk_core_matches(struct sk_core *core, uint32_t local, uint32_t target)
{
    return matches(core, local, target, false, MAX_LEVEL);
}
