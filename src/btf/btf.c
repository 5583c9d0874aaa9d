/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Opening a BTF blob: three walks over it. The first finds where each type lies, the second looks at every field, the
 * third at how types hang together. Later accessors rely on all of them.
 */
#include "btf/btf.h"

/* The header and the records, as the kernel's documentation has them. */
enum {
    MAGIC = 0xeb9f,
    VERSION = 1,
    HDR_LENGTH = 4,
    HDR_TYPE_OFFSET = 8,
    HDR_TYPE_SIZE = 12,
    HDR_STRING_OFFSET = 16,
    HDR_STRING_SIZE = 20,
    HDR_SIZE = 24,

    RECORD_SIZE = 12
};

/* By kind: bytes behind the record, and for each of its parts. */
static const struct {
    uint8_t fixed, part;
    const char *name;
} kinds[SK_BTF_KIND_COUNT] = {
    [SK_BTF_VOID] = {0, 0, "void"},
    [SK_BTF_INT] = {4, 0, "integer"},
    [SK_BTF_PTR] = {0, 0, "pointer"},
    [SK_BTF_ARRAY] = {12, 0, "array"},
    [SK_BTF_STRUCT] = {0, 12, "struct"},
    [SK_BTF_UNION] = {0, 12, "union"},
    [SK_BTF_ENUM] = {0, 8, "enum"},
    [SK_BTF_FWD] = {0, 0, "forward declaration"},
    [SK_BTF_TYPEDEF] = {0, 0, "typedef"},
    [SK_BTF_VOLATILE] = {0, 0, "volatile"},
    [SK_BTF_CONST] = {0, 0, "const"},
    [SK_BTF_RESTRICT] = {0, 0, "restrict"},
    [SK_BTF_FUNC] = {0, 0, "function"},
    [SK_BTF_FUNC_PROTO] = {0, 8, "function prototype"},
    [SK_BTF_VAR] = {4, 0, "variable"},
    [SK_BTF_DATASEC] = {0, 12, "data section"},
    [SK_BTF_FLOAT] = {0, 0, "float"},
    [SK_BTF_DECL_TAG] = {4, 0, "declaration tag"},
    [SK_BTF_TYPE_TAG] = {0, 0, "type tag"},
    [SK_BTF_ENUM64] = {0, 12, "64-bit enum"},
};

const char *sk_btf_kind_name(unsigned kind) { return kind < SK_BTF_KIND_COUNT ? kinds[kind].name : "unknown kind"; }

static unsigned kind_of(uint32_t info) { return info >> 24 & 31; }

static bool has_size(unsigned kind)
{
    return kind == SK_BTF_INT || kind == SK_BTF_FLOAT || kind == SK_BTF_DATASEC || sk_btf_is_composite(kind) ||
           sk_btf_is_enum(kind);
}

static bool has_ref(unsigned kind)
{
    return kind == SK_BTF_PTR || kind == SK_BTF_FUNC || kind == SK_BTF_FUNC_PROTO || kind == SK_BTF_VAR ||
           kind == SK_BTF_DECL_TAG || sk_btf_is_modifier(kind);
}

/* Whether a value can be declared to have a type of this kind. */
static bool is_type(unsigned kind)
{
    return kind != SK_BTF_FUNC && kind != SK_BTF_VAR && kind != SK_BTF_DATASEC && kind != SK_BTF_DECL_TAG;
}

const char *sk_btf_string(const struct sk_btf *btf, uint32_t offset)
{
    return offset < btf->strings_size ? btf->strings + offset : NULL;
}

struct sk_btf_type sk_btf_type(const struct sk_btf *btf, uint32_t id)
{
    if (id == 0 || id >= btf->count)
        return (struct sk_btf_type){.name = ""};
    const uint8_t *p = btf->types + btf->offsets[id];
    uint32_t info = sk_btf_get32(btf, p + 4), last = sk_btf_get32(btf, p + 8);
    struct sk_btf_type type = {.id = id,
                               .kind = (uint8_t)kind_of(info),
                               .flag = info >> 31,
                               .count = (uint16_t)info,
                               .name = btf->strings + sk_btf_get32(btf, p),
                               .extra = p + RECORD_SIZE};
    if (has_size(type.kind))
        type.size = last;
    else if (type.kind == SK_BTF_ARRAY)
        type.ref = sk_btf_get32(btf, type.extra);
    else if (has_ref(type.kind))
        type.ref = last;
    return type;
}

static skep_code open_header(struct sk_btf *btf, const uint8_t *bytes, size_t size, skep_error *err)
{
    if (size < HDR_SIZE)
        return sk_fail(err, SKEP_ERR_OBJECT, "BTF of %z bytes is too short for its header", size);
    uint32_t magic = sk_le16(sk_load16(bytes));
    if (magic != MAGIC && magic != sk_swap16(MAGIC))
        return sk_fail(err, SKEP_ERR_OBJECT, "not BTF: its magic number is 0x%04x instead of 0xeb9f", magic);
    btf->order = magic == MAGIC ? SKEP_LITTLE_ENDIAN : SKEP_BIG_ENDIAN;
    btf->swapped = (btf->order == SKEP_BIG_ENDIAN) != SK_BIG_ENDIAN;
    if (bytes[2] != VERSION)
        return sk_fail(err, SKEP_ERR_OBJECT, "BTF of version %u, known is 1", (uint32_t)bytes[2]);
    uint32_t length = sk_btf_get32(btf, bytes + HDR_LENGTH);
    if (length < HDR_SIZE || length > size)
        return sk_fail(err, SKEP_ERR_OBJECT, "the BTF header is said to have %u bytes, of %z", length, size);
    for (uint32_t i = HDR_SIZE; i < length; i++)
        if (bytes[i])
            return sk_fail(err, SKEP_ERR_OBJECT, "the BTF header has fields that are not known (byte %u)", i);
    return SKEP_OK;
}

static skep_code open_sections(struct sk_btf *btf, const uint8_t *bytes, size_t size, skep_error *err)
{
    uint32_t length = sk_btf_get32(btf, bytes + HDR_LENGTH);
    uint32_t type_offset = sk_btf_get32(btf, bytes + HDR_TYPE_OFFSET);
    uint32_t type_size = sk_btf_get32(btf, bytes + HDR_TYPE_SIZE);
    uint32_t string_offset = sk_btf_get32(btf, bytes + HDR_STRING_OFFSET);
    uint32_t string_size = sk_btf_get32(btf, bytes + HDR_STRING_SIZE);
    bytes += length;
    size -= length;
    if (type_offset > size || type_size > size - type_offset)
        return sk_fail(err, SKEP_ERR_OBJECT, "the BTF's types lie outside of it: %u bytes at %u of %z", type_size,
                       type_offset, size);
    if (string_offset > size || string_size > size - string_offset)
        return sk_fail(err, SKEP_ERR_OBJECT, "the BTF's strings lie outside of it: %u bytes at %u of %z", string_size,
                       string_offset, size);
    btf->types = bytes + type_offset;
    btf->types_size = type_size;
    btf->strings = (const char *)bytes + string_offset;
    btf->strings_size = string_size;
    if (string_size == 0 || btf->strings[0] != 0 || btf->strings[string_size - 1] != 0)
        return sk_fail(err, SKEP_ERR_OBJECT, "the BTF's strings do not begin and end with a zero byte");
    return SKEP_OK;
}

/* Counts the types, and notes their places if there is room for that. */
static skep_code find_types(struct sk_btf *btf, skep_error *err)
{
    uint32_t id = 1;
    for (uint32_t at = 0; at < btf->types_size; id++) {
        if (btf->types_size - at < RECORD_SIZE)
            return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u is cut short", id);
        uint32_t info = sk_btf_get32(btf, btf->types + at + 4);
        unsigned kind = kind_of(info);
        if (kind == SK_BTF_VOID || kind >= SK_BTF_KIND_COUNT)
            return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u is of kind %u, which is not known", id, (uint32_t)kind);
        uint32_t size = RECORD_SIZE + kinds[kind].fixed + kinds[kind].part * (info & 0xffff);
        if (btf->types_size - at < size)
            return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u is cut short", id);
        if (btf->offsets)
            btf->offsets[id] = at;
        at += size;
    }
    btf->count = id;
    return SKEP_OK;
}

/* ---------------------------------------------------------------------------------------------- fields */

static unsigned kind_at(const struct sk_btf *btf, uint32_t id)
{
    return id == 0 ? SK_BTF_VOID : kind_of(sk_btf_get32(btf, btf->types + btf->offsets[id] + 4));
}

/* Whether the type that type `id` refers to exists; `what` says as what. `type` says whether it must be a type. */
static skep_code check_ref(const struct sk_btf *btf, uint32_t id, uint32_t ref, const char *what, bool type,
                           skep_error *err)
{
    if (ref >= btf->count)
        return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u (%s) has %s of type %u, but there are %u types", id,
                       sk_btf_kind_name(kind_at(btf, id)), what, ref, btf->count);
    if (type && !is_type(kind_at(btf, ref)))
        return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u (%s) has %s of type %u, a thing of kind '%s'", id,
                       sk_btf_kind_name(kind_at(btf, id)), what, ref, sk_btf_kind_name(kind_at(btf, ref)));
    return SKEP_OK;
}

static skep_code check_name(const struct sk_btf *btf, uint32_t id, uint32_t offset, skep_error *err)
{
    if (offset >= btf->strings_size)
        return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u (%s) has a name at %u of %u", id,
                       sk_btf_kind_name(kind_at(btf, id)), offset, btf->strings_size);
    return SKEP_OK;
}

/* Each part begins with a name, unless it is a variable. */
static skep_code check_parts(const struct sk_btf *btf, const struct sk_btf_type *type, skep_error *err)
{
    uint32_t stride = kinds[type->kind].part;
    for (uint32_t i = 0; i < type->count; i++) {
        const uint8_t *part = type->extra + (size_t)i * stride;
        uint32_t first = sk_btf_get32(btf, part), second = sk_btf_get32(btf, part + 4);
        skep_code code;
        if (type->kind == SK_BTF_DATASEC) {
            code = check_ref(btf, type->id, first, "a variable", false, err);
            if (code == SKEP_OK && kind_at(btf, first) != SK_BTF_VAR && kind_at(btf, first) != SK_BTF_FUNC)
                code = sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u (data section) has type %u in it, a thing of kind '%s'",
                               type->id, first, sk_btf_kind_name(kind_at(btf, first)));
        } else {
            code = check_name(btf, type->id, first, err);
            if (code == SKEP_OK && !sk_btf_is_enum(type->kind))
                code = check_ref(btf, type->id, second, type->kind == SK_BTF_FUNC_PROTO ? "a parameter" : "a member",
                                 true, err);
        }
        if (code != SKEP_OK)
            return code;
    }
    return SKEP_OK;
}

static skep_code check_type(const struct sk_btf *btf, uint32_t id, skep_error *err)
{
    skep_code code = check_name(btf, id, sk_btf_get32(btf, btf->types + btf->offsets[id]), err);
    if (code != SKEP_OK)
        return code;
    struct sk_btf_type type = sk_btf_type(btf, id);
    switch (type.kind) {
    case SK_BTF_INT: {
        struct sk_btf_integer integer = sk_btf_integer(btf, &type);
        if (type.size == 0 || type.size > 16 || (uint32_t)integer.bits + integer.offset > type.size * 8)
            return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u is an integer of %u bytes with %u bits from bit %u on",
                           id, type.size, (uint32_t)integer.bits, (uint32_t)integer.offset);
        break;
    }
    case SK_BTF_ENUM:
    case SK_BTF_ENUM64:
        if (type.size != 1 && type.size != 2 && type.size != 4 && type.size != 8)
            return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u is an enum of %u bytes", id, type.size);
        break;
    case SK_BTF_FLOAT:
        if (type.size == 0 || type.size > 16)
            return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u is a float of %u bytes", id, type.size);
        break;
    case SK_BTF_ARRAY: {
        struct sk_btf_array array = sk_btf_array(btf, &type);
        code = check_ref(btf, id, array.element, "an element", true, err);
        if (code == SKEP_OK)
            code = check_ref(btf, id, array.index, "an index", true, err);
        break;
    }
    case SK_BTF_FUNC:
        code = check_ref(btf, id, type.ref, "a prototype", false, err);
        if (code == SKEP_OK && kind_at(btf, type.ref) != SK_BTF_FUNC_PROTO)
            return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u (function) has a prototype of type %u, a thing of kind '%s'", id,
                           type.ref, sk_btf_kind_name(kind_at(btf, type.ref)));
        break;
    case SK_BTF_DECL_TAG: code = check_ref(btf, id, type.ref, "a target", false, err); break;
    default:
        if (has_ref(type.kind))
            code = check_ref(btf, id, type.ref, "a reference", true, err);
        break;
    }
    return code == SKEP_OK && kinds[type.kind].part ? check_parts(btf, &type, err) : code;
}

/* --------------------------------------------------------------------------------------------- nesting */

/* What contains other values: the number of those, and their types. */
static uint32_t inner_count(const struct sk_btf_type *type)
{
    if (sk_btf_is_composite(type->kind))
        return type->count;
    return type->kind == SK_BTF_ARRAY || type->kind == SK_BTF_VAR || sk_btf_is_modifier(type->kind);
}

static uint32_t inner_at(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index)
{
    return sk_btf_is_composite(type->kind) ? sk_btf_member(btf, type, index).type : type->ref;
}

struct open_type {
    struct sk_btf_type type;
    uint32_t at;    /* the next of what is inside */
    uint8_t height; /* of what is inside, as far as it is known */
};

static skep_code too_deep(const struct sk_btf *btf, uint32_t id, skep_error *err)
{
    return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u (%s) is nested more than %u deep", id,
                   sk_btf_kind_name(kind_at(btf, id)), (uint32_t)SK_BTF_MAX_NESTING);
}

/*
 * How deep a type is nested, by a walk with a stack of its own. heights[]: 0 unknown, OPEN while on the stack.
 * Each type is walked once, and the stack is as deep as types are nested.
 */
static skep_code check_nesting(const struct sk_btf *btf, uint8_t *heights, uint32_t root, skep_error *err)
{
    enum { OPEN = 255 };
    struct open_type stack[SK_BTF_MAX_NESTING];
    uint32_t depth = 0;
    stack[0] = (struct open_type){.type = sk_btf_type(btf, root)};
    heights[root] = OPEN;
    for (;;) {
        struct open_type *top = &stack[depth];
        if (top->at < inner_count(&top->type)) {
            uint32_t inner = inner_at(btf, &top->type, top->at++);
            if (heights[inner] == OPEN)
                return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u (%s) contains itself", inner,
                               sk_btf_kind_name(kind_at(btf, inner)));
            if (inner != 0 && heights[inner] == 0) {
                if (++depth == SK_BTF_MAX_NESTING)
                    return too_deep(btf, root, err);
                stack[depth] = (struct open_type){.type = sk_btf_type(btf, inner)};
                heights[inner] = OPEN;
            } else if (heights[inner] > top->height) {
                top->height = heights[inner];
            }
            continue;
        }
        uint8_t height = (uint8_t)(top->height + 1);
        if (height > SK_BTF_MAX_NESTING)
            return too_deep(btf, root, err);
        heights[top->type.id] = height;
        if (depth == 0)
            return SKEP_OK;
        depth--;
        if (height > stack[depth].height)
            stack[depth].height = height;
    }
}

/* Pointers may form circles with structs in between, but not among themselves. */
static skep_code check_chain(const struct sk_btf *btf, uint32_t id, skep_error *err)
{
    uint32_t at = id;
    for (uint32_t length = 0;; length++) {
        unsigned kind = kind_at(btf, at);
        if (kind != SK_BTF_PTR && kind != SK_BTF_ARRAY && kind != SK_BTF_VAR && !sk_btf_is_modifier(kind))
            return SKEP_OK;
        if (length == SK_BTF_MAX_NESTING)
            return sk_fail(err, SKEP_ERR_OBJECT, "BTF type %u (%s) leads to more than %u others in a row", id,
                           sk_btf_kind_name(kind_at(btf, id)), (uint32_t)SK_BTF_MAX_NESTING);
        at = sk_btf_type(btf, at).ref;
    }
}

/* ---------------------------------------------------------------------------------------------- names */

static uint32_t hash_name(const char *name, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    return hash ^ hash >> 15;
}

size_t sk_btf_essential(const char *name)
{
    size_t length = sk_strlen(name);
    for (size_t i = length; i-- > 4;)
        if (name[i] != '_' && name[i - 1] == '_' && name[i - 2] == '_' && name[i - 3] == '_' && name[i - 4] != '_')
            return i - 3;
    return length;
}

static bool is_long(const char *name)
{
    for (size_t i = 0; i < SK_BTF_MAX_NAME; i++)
        if (!name[i])
            return false;
    return true;
}

/* From the last type to the first, so that each bucket's ids rise. */
static void index_names(struct sk_btf *btf)
{
    for (uint32_t id = btf->count; id-- > 1;) {
        const char *name = sk_btf_type(btf, id).name;
        if (!name[0] || is_long(name))
            continue;
        uint32_t bucket = hash_name(name, sk_btf_essential(name)) & btf->mask;
        btf->next[id] = btf->buckets[bucket];
        btf->buckets[bucket] = id;
    }
    for (uint32_t i = 0; i <= btf->mask; i++) {
        uint32_t length = 0;
        for (uint32_t id = btf->buckets[i]; id; id = btf->next[id])
            length++;
        if (length > btf->longest)
            btf->longest = length;
    }
}

static uint32_t first_of(const struct sk_btf *btf, const char *name, size_t length, uint32_t after)
{
    return after ? btf->next[after] : btf->buckets[hash_name(name, length) & btf->mask];
}

uint32_t sk_btf_next_flavour(const struct sk_btf *btf, const char *name, size_t length, uint32_t after)
{
    for (uint32_t id = first_of(btf, name, length, after); id; id = btf->next[id]) {
        const char *other = sk_btf_type(btf, id).name;
        if (sk_btf_essential(other) == length && memcmp(name, other, length) == 0)
            return id;
    }
    return 0;
}

uint32_t sk_btf_find(const struct sk_btf *btf, const char *name, enum sk_btf_kind kind)
{
    for (uint32_t id = first_of(btf, name, sk_btf_essential(name), 0); id; id = btf->next[id])
        if ((kind == SK_BTF_VOID || kind_at(btf, id) == (unsigned)kind) && sk_streq(sk_btf_type(btf, id).name, name))
            return id;
    return 0;
}

/* What long says: a pointer is as large on every machine that Linux runs on. */
static uint8_t find_pointer_size(const struct sk_btf *btf)
{
    static const char *const names[] = {"long", "long int", "unsigned long", "long unsigned int"};
    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (sk_btf_type(btf, sk_btf_find(btf, names[i], SK_BTF_INT)).size == 4)
            return 4;
    return 8;
}

/* ---------------------------------------------------------------------------------------------- opening */

static skep_code check_types(struct sk_btf *btf, skep_error *err)
{
    skep_code code = SKEP_OK;
    for (uint32_t id = 1; code == SKEP_OK && id < btf->count; id++)
        code = check_type(btf, id, err);
    if (code != SKEP_OK)
        return code;
    uint8_t *heights = sk_alloc_array(btf->hooks, btf->count, 1);
    if (!heights)
        return sk_fail_memory(err);
    for (uint32_t id = 1; code == SKEP_OK && id < btf->count; id++) {
        if (heights[id] == 0)
            code = check_nesting(btf, heights, id, err);
        if (code == SKEP_OK)
            code = check_chain(btf, id, err);
    }
    sk_free(btf->hooks, heights);
    return code;
}

static skep_code make_index(struct sk_btf *btf, skep_error *err)
{
    uint32_t buckets = 1;
    while (buckets < btf->count && buckets < 1u << 30)
        buckets *= 2;
    btf->mask = buckets - 1;
    btf->buckets = sk_alloc_array(btf->hooks, buckets, sizeof *btf->buckets);
    btf->next = sk_alloc_array(btf->hooks, btf->count, sizeof *btf->next);
    if (!btf->buckets || !btf->next)
        return sk_fail_memory(err);
    index_names(btf);
    btf->pointer_size = find_pointer_size(btf);
    return SKEP_OK;
}

skep_code sk_btf_open(struct sk_btf *btf, const skep_hooks *hooks, const void *bytes, size_t size, skep_error *err)
{
    *btf = (struct sk_btf){.hooks = hooks};
    skep_code code = open_header(btf, bytes, size, err);
    if (code == SKEP_OK)
        code = open_sections(btf, bytes, size, err);
    if (code == SKEP_OK)
        code = find_types(btf, err);
    if (code != SKEP_OK)
        return code;
    btf->offsets = sk_alloc_array(hooks, btf->count, sizeof *btf->offsets);
    code = btf->offsets ? find_types(btf, err) : sk_fail_memory(err);
    if (code == SKEP_OK)
        code = check_types(btf, err);
    if (code == SKEP_OK)
        code = make_index(btf, err);
    if (code != SKEP_OK)
        sk_btf_close(btf);
    return code;
}

void sk_btf_close(struct sk_btf *btf)
{
    sk_free(btf->hooks, btf->next);
    sk_free(btf->hooks, btf->buckets);
    sk_free(btf->hooks, btf->offsets);
    btf->next = btf->buckets = btf->offsets = NULL;
    btf->count = 0;
}
