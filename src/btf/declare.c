/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * C declarations read from the name outwards, types from the outside in: pointers stand left of the name, arrays and
 * parameters right of it, and a pointer to either of those needs parentheses.
 */
#include "btf/dump.h"

/* Derivations between a declared thing and its base type. */
enum { MAX_CHAIN = SK_BTF_MAX_NESTING + 1, MAX_DEPTH = 16 };

struct text {
    const struct sk_btf *btf;
    struct sk_buf *out;
    size_t limit;    /* of out->size */
    unsigned depth;  /* parameters of parameters, or bodies in bodies */
    unsigned indent;
    bool bodies;     /* anonymous structs are written out */
};

enum { QUAL_CONST = 1, QUAL_VOLATILE = 2, QUAL_RESTRICT = 4 };

struct link {
    struct sk_btf_type type; /* PTR, ARRAY or FUNC_PROTO */
    unsigned quals;
    bool parens; /* a pointer to an array or function */
};

static bool is_full(const struct text *t) { return t->out->failed || t->out->size >= t->limit; }

static void put_quals(struct text *t, unsigned quals, bool before)
{
    static const char *const names[] = {"const", "volatile", "restrict"};
    for (unsigned i = 0; i < 3; i++)
        if (quals & 1u << i)
            sk_buf_fmt(t->out, before ? "%s " : " %s", names[i]);
}

static void put_declaration(struct text *t, uint32_t id, const char *name);
static void put_body(struct text *t, const struct sk_btf_type *type);

static void put_base(struct text *t, const struct sk_btf_type *type)
{
    static const char *const keywords[SK_BTF_KIND_COUNT] = {[SK_BTF_STRUCT] = "struct",
                                                            [SK_BTF_UNION] = "union",
                                                            [SK_BTF_ENUM] = "enum",
                                                            [SK_BTF_ENUM64] = "enum"};
    const char *keyword = keywords[type->kind];
    if (type->kind == SK_BTF_FWD)
        keyword = type->flag ? "union" : "struct";
    if (type->kind == SK_BTF_VOID)
        sk_buf_puts(t->out, "void");
    else if (!keyword)
        sk_buf_puts(t->out, type->name);
    else if (type->name[0])
        sk_buf_fmt(t->out, "%s %s", keyword, type->name);
    else if (!t->bodies || t->depth >= MAX_DEPTH || type->kind == SK_BTF_FWD)
        sk_buf_fmt(t->out, "%s {...}", keyword);
    else
        put_body(t, type);
}

static void put_params(struct text *t, const struct sk_btf_type *proto)
{
    sk_buf_putc(t->out, '(');
    if (proto->count == 0)
        sk_buf_puts(t->out, "void");
    for (uint32_t i = 0; i < proto->count; i++) {
        struct sk_btf_param p = sk_btf_param(t->btf, proto, i);
        if (i > 0)
            sk_buf_puts(t->out, ", ");
        if (is_full(t) || t->depth >= MAX_DEPTH) {
            sk_buf_puts(t->out, "...");
            break;
        }
        if (p.type == 0 && i + 1 == proto->count) {
            sk_buf_puts(t->out, "...");
        } else {
            t->depth++;
            put_declaration(t, p.type, p.name);
            t->depth--;
        }
    }
    sk_buf_putc(t->out, ')');
}

static void put_declaration(struct text *t, uint32_t id, const char *name)
{
    struct link chain[MAX_CHAIN];
    unsigned count = 0, quals = 0;
    struct sk_btf_type type = sk_btf_type(t->btf, id);
    for (;; type = sk_btf_type(t->btf, type.ref)) {
        switch (type.kind) {
        case SK_BTF_CONST: quals |= QUAL_CONST; continue;
        case SK_BTF_VOLATILE: quals |= QUAL_VOLATILE; continue;
        case SK_BTF_RESTRICT: quals |= QUAL_RESTRICT; continue;
        case SK_BTF_TYPE_TAG: continue;
        case SK_BTF_ARRAY:
        case SK_BTF_FUNC_PROTO:
            /* Qualifiers of an array are those of its elements. */
            if (count > 0 && chain[count - 1].type.kind == SK_BTF_PTR)
                chain[count - 1].parens = true;
            if (count == MAX_CHAIN)
                break;
            chain[count++] = (struct link){.type = type};
            continue;
        case SK_BTF_PTR:
            if (count == MAX_CHAIN)
                break;
            chain[count++] = (struct link){.type = type, .quals = quals};
            quals = 0;
            continue;
        default: break;
        }
        break;
    }
    put_quals(t, quals, true);
    if (count == MAX_CHAIN)
        sk_buf_puts(t->out, "..."); /* functions that return functions that return ... */
    else
        put_base(t, &type);
    bool left = name && name[0];
    for (unsigned i = 0; i < count; i++)
        left = left || chain[i].type.kind == SK_BTF_PTR;
    if (left || (count > 0 && chain[0].type.kind == SK_BTF_FUNC_PROTO))
        sk_buf_putc(t->out, ' ');
    bool apart = false; /* a qualifier is in front */
    for (unsigned i = count; i-- > 0;) {
        if (chain[i].type.kind != SK_BTF_PTR)
            continue;
        sk_buf_puts(t->out, apart ? " " : "");
        sk_buf_puts(t->out, chain[i].parens ? "(*" : "*");
        put_quals(t, chain[i].quals, false);
        apart = chain[i].quals != 0;
    }
    if (apart && name && name[0])
        sk_buf_putc(t->out, ' ');
    if (name)
        sk_buf_puts(t->out, name);
    for (unsigned i = 0; i < count && !is_full(t); i++) {
        if (chain[i].type.kind == SK_BTF_ARRAY)
            sk_buf_fmt(t->out, "[%u]", sk_btf_array(t->btf, &chain[i].type).count);
        else if (chain[i].type.kind == SK_BTF_FUNC_PROTO)
            put_params(t, &chain[i].type);
        else if (chain[i].parens)
            sk_buf_putc(t->out, ')');
    }
}

static void new_line(struct text *t)
{
    sk_buf_putc(t->out, '\n');
    for (unsigned i = 0; i < t->indent; i++)
        sk_buf_puts(t->out, "    ");
}

static void put_part(struct text *t, const struct sk_btf_type *type, uint32_t index)
{
    if (sk_btf_is_enum(type->kind)) {
        struct sk_btf_enumerator e = sk_btf_enumerator(t->btf, type, index);
        sk_buf_fmt(t->out, type->flag ? "%s = %D," : "%s = %U,", e.name, e.value);
        return;
    }
    struct sk_btf_member m = sk_btf_member(t->btf, type, index);
    put_declaration(t, m.type, m.name);
    if (m.bit_size)
        sk_buf_fmt(t->out, " : %u", m.bit_size);
    sk_buf_putc(t->out, ';');
}

static void put_body(struct text *t, const struct sk_btf_type *type)
{
    const char *keyword = type->kind == SK_BTF_STRUCT ? "struct" : type->kind == SK_BTF_UNION ? "union" : "enum";
    sk_buf_fmt(t->out, "%s%s%s {", keyword, type->name[0] ? " " : "", type->name);
    t->depth++;
    t->indent++;
    for (uint32_t i = 0; i < type->count; i++) {
        new_line(t);
        if (is_full(t)) {
            sk_buf_puts(t->out, "...");
            break;
        }
        put_part(t, type, i);
    }
    t->indent--;
    t->depth--;
    if (type->count > 0)
        new_line(t);
    sk_buf_putc(t->out, '}');
}

static void put(struct text *t, uint32_t id, const char *name)
{
    struct sk_btf_type type = sk_btf_type(t->btf, id);
    if (type.kind == SK_BTF_FUNC || type.kind == SK_BTF_VAR)
        put_declaration(t, type.ref, type.name);
    else
        put_declaration(t, id, name);
}

void sk_btf_declare(const struct sk_btf *btf, uint32_t id, const char *name, struct sk_buf *out)
{
    struct text t = {.btf = btf, .out = out, .limit = out->size + SK_BTF_MAX_TEXT};
    put(&t, id, name);
}

void sk_btf_define(const struct sk_btf *btf, uint32_t id, struct sk_buf *out)
{
    struct text t = {.btf = btf, .out = out, .limit = out->size + SK_BTF_MAX_TEXT, .bodies = true};
    struct sk_btf_type type = sk_btf_type(btf, id);
    if (sk_btf_is_composite(type.kind) || sk_btf_is_enum(type.kind)) {
        put_body(&t, &type);
    } else if (type.kind == SK_BTF_TYPEDEF) {
        sk_buf_puts(out, "typedef ");
        put_declaration(&t, type.ref, type.name);
    } else {
        put(&t, id, NULL);
    }
}
