/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "btf/mapdef.h"

/* enum bpf_map_type: what may have `values`. */
enum { PROG_ARRAY = 3, ARRAY_OF_MAPS = 12, HASH_OF_MAPS = 13 };

enum { PIN_NONE, PIN_BY_NAME };

/* One definition while it is read. Inner definitions have no outer one of their own. */
struct reader {
    const struct sk_btf *btf;
    struct sk_btf_map *map;
    struct sk_btf_map_spec *spec;
    bool inner;
    skep_error *err;
};

#define FAIL(r, code, format, ...)                                                                                     \
    sk_fail((r)->err, code, "map '%.*s%s': " format, 64, (r)->map->name, (r)->inner ? ".inner" : "", __VA_ARGS__)

static skep_code read_number(const struct reader *r, const struct sk_btf_member *m, uint32_t *number)
{
    struct sk_btf_type pointer = sk_btf_resolve(r->btf, m->type);
    if (pointer.kind != SK_BTF_PTR)
        return FAIL(r, SKEP_ERR_OBJECT, "%.*s is of kind '%s' instead of a pointer to an array", 32, m->name,
                    sk_btf_kind_name(pointer.kind));
    struct sk_btf_type array = sk_btf_type(r->btf, pointer.ref);
    if (array.kind != SK_BTF_ARRAY)
        return FAIL(r, SKEP_ERR_OBJECT, "%.*s points to kind '%s' instead of an array", 32, m->name,
                    sk_btf_kind_name(array.kind));
    *number = sk_btf_array(r->btf, &array).count;
    return SKEP_OK;
}

/* __ulong(): an enum of one value. */
static skep_code read_long(const struct reader *r, const struct sk_btf_member *m, uint64_t *number)
{
    struct sk_btf_type type = sk_btf_resolve(r->btf, m->type);
    if (sk_btf_is_enum(type.kind)) {
        if (type.count != 1)
            return FAIL(r, SKEP_ERR_OBJECT, "%.*s is an enum of %u values instead of one", 32, m->name,
                        (uint32_t)type.count);
        *number = sk_btf_enumerator(r->btf, &type, 0).value;
        return SKEP_OK;
    }
    uint32_t number32 = 0;
    skep_code code = read_number(r, m, &number32);
    *number = number32;
    return code;
}

static skep_code set_size(const struct reader *r, const struct sk_btf_member *m, uint32_t *size, uint32_t value)
{
    if (*size != 0 && *size != value)
        return FAIL(r, SKEP_ERR_OBJECT, "%.*s makes it %u bytes, another member %u", 32, m->name, value, *size);
    *size = value;
    return SKEP_OK;
}

static skep_code read_size(const struct reader *r, const struct sk_btf_member *m, uint32_t *size)
{
    uint32_t value = 0;
    skep_code code = read_number(r, m, &value);
    return code == SKEP_OK ? set_size(r, m, size, value) : code;
}

static skep_code read_type(const struct reader *r, const struct sk_btf_member *m, uint32_t *type, uint32_t *size)
{
    struct sk_btf_type pointer = sk_btf_type(r->btf, m->type);
    uint32_t bytes;
    if (pointer.kind != SK_BTF_PTR)
        return FAIL(r, SKEP_ERR_OBJECT, "%.*s is of kind '%s' instead of a pointer to its type", 32, m->name,
                    sk_btf_kind_name(pointer.kind));
    if (!sk_btf_size(r->btf, pointer.ref, &bytes))
        return FAIL(r, SKEP_ERR_OBJECT, "%.*s is of type %u (%s), which has no size", 32, m->name, pointer.ref,
                    sk_btf_kind_name(sk_btf_resolve(r->btf, pointer.ref).kind));
    skep_code code = set_size(r, m, size, bytes);
    if (code == SKEP_OK)
        *type = pointer.ref;
    return code;
}

static skep_code read_spec(const struct reader *r, const struct sk_btf_type *def);

static skep_code read_values(const struct reader *r, const struct sk_btf_member *m, bool last)
{
    bool programs = r->spec->type == PROG_ARRAY;
    if (r->inner)
        return FAIL(r, SKEP_ERR_UNSUPPORTED, "%s: maps are nested one deep, no deeper", m->name);
    if (!last)
        return FAIL(r, SKEP_ERR_OBJECT, "%s is not its last member", m->name);
    if (!programs && r->spec->type != ARRAY_OF_MAPS && r->spec->type != HASH_OF_MAPS)
        return FAIL(r, SKEP_ERR_UNSUPPORTED, "%s: a map of type %u holds neither maps nor programs", m->name,
                    r->spec->type);
    skep_code code = set_size(r, m, &r->spec->value_size, 4);
    if (code != SKEP_OK)
        return code;
    struct sk_btf_type array = sk_btf_type(r->btf, m->type);
    if (array.kind != SK_BTF_ARRAY || sk_btf_array(r->btf, &array).count != 0)
        return FAIL(r, SKEP_ERR_OBJECT, "%s is not an array without a size", m->name);
    struct sk_btf_type pointer = sk_btf_resolve(r->btf, array.ref);
    struct sk_btf_type value = sk_btf_resolve(r->btf, pointer.ref);
    if (pointer.kind != SK_BTF_PTR || value.kind != (programs ? SK_BTF_FUNC_PROTO : SK_BTF_STRUCT))
        return FAIL(r, SKEP_ERR_OBJECT, "%s are not pointers to %s", m->name, programs ? "functions" : "maps");

    uint32_t offset = m->bit_offset / 8;
    if (offset > r->map->size)
        return FAIL(r, SKEP_ERR_OBJECT, "%s lies outside of it", m->name);
    r->map->values = r->map->offset + offset;
    r->map->value_count = (r->map->size - offset) / 8;
    if (programs)
        return SKEP_OK;
    r->map->has_inner = true;
    struct reader inner = {.btf = r->btf, .map = r->map, .spec = &r->map->inner, .inner = true, .err = r->err};
    return read_spec(&inner, &value);
}

static skep_code read_pinning(const struct reader *r, const struct sk_btf_member *m)
{
    uint32_t value = 0;
    if (r->inner)
        return FAIL(r, SKEP_ERR_OBJECT, "%s: a map inside of another is not pinned", m->name);
    skep_code code = read_number(r, m, &value);
    if (code == SKEP_OK && value != PIN_NONE && value != PIN_BY_NAME)
        return FAIL(r, SKEP_ERR_OBJECT, "%s is %u, neither none (0) nor by name (1)", m->name, value);
    r->map->pinned = value == PIN_BY_NAME;
    return code;
}

static skep_code read_member(const struct reader *r, const struct sk_btf_member *m, bool last)
{
    const struct {
        const char *name;
        uint32_t member;
        uint32_t *number;
    } numbers[] = {
        {"type", SK_BTF_MAP_TYPE, &r->spec->type},
        {"max_entries", SK_BTF_MAP_MAX_ENTRIES, &r->spec->max_entries},
        {"map_flags", SK_BTF_MAP_FLAGS, &r->spec->flags},
        {"numa_node", SK_BTF_MAP_NUMA_NODE, &r->spec->numa_node},
    };
    for (size_t i = 0; i < SK_COUNT(numbers); i++)
        if (sk_streq(m->name, numbers[i].name)) {
            r->spec->members |= numbers[i].member;
            return read_number(r, m, numbers[i].number);
        }
    if (sk_streq(m->name, "key_size") || sk_streq(m->name, "key")) {
        r->spec->members |= SK_BTF_MAP_KEY_SIZE;
        return m->name[3] ? read_size(r, m, &r->spec->key_size) : read_type(r, m, &r->spec->key, &r->spec->key_size);
    }
    if (sk_streq(m->name, "value_size") || sk_streq(m->name, "value")) {
        r->spec->members |= SK_BTF_MAP_VALUE_SIZE;
        return m->name[5] ? read_size(r, m, &r->spec->value_size)
                          : read_type(r, m, &r->spec->value, &r->spec->value_size);
    }
    if (sk_streq(m->name, "map_extra")) {
        r->spec->members |= SK_BTF_MAP_EXTRA;
        return read_long(r, m, &r->spec->extra);
    }
    if (sk_streq(m->name, "pinning")) {
        r->spec->members |= SK_BTF_MAP_PINNING;
        return read_pinning(r, m);
    }
    if (sk_streq(m->name, "values")) {
        r->spec->members |= SK_BTF_MAP_VALUES;
        return read_values(r, m, last);
    }
    return FAIL(r, SKEP_ERR_UNSUPPORTED, "its member '%.*s' is not known", 64, m->name);
}

static skep_code read_spec(const struct reader *r, const struct sk_btf_type *def)
{
    for (uint32_t i = 0; i < def->count; i++) {
        struct sk_btf_member m = sk_btf_member(r->btf, def, i);
        skep_code code = read_member(r, &m, i + 1 == def->count);
        if (code != SKEP_OK)
            return code;
    }
    if (r->spec->type == 0)
        return FAIL(r, SKEP_ERR_OBJECT, "%s", "it has no type");
    return SKEP_OK;
}

static skep_code read_map(const struct sk_btf *btf, struct sk_btf_variable v, uint64_t size, sk_btf_place_fn *place,
                          void *user, struct sk_btf_map *map, skep_error *err)
{
    struct sk_btf_type var = sk_btf_type(btf, v.type);
    struct reader r = {.btf = btf, .map = map, .spec = &map->spec, .err = err};
    uint64_t offset = v.offset;
    map->name = var.name;
    if (!var.name[0])
        return sk_fail(err, SKEP_ERR_OBJECT, "a map (type %u) has no name", v.type);
    if (var.kind != SK_BTF_VAR)
        return FAIL(&r, SKEP_ERR_OBJECT, "it is of kind '%s' instead of a variable", sk_btf_kind_name(var.kind));
    if (place && !place(user, var.name, &offset))
        return FAIL(&r, SKEP_ERR_OBJECT, "%s", "the object has no symbol of that name");
    if (offset > size || v.size > size - offset || size > UINT32_MAX)
        return FAIL(&r, SKEP_ERR_OBJECT, "its %u bytes at %U lie outside of the section, which has %U", v.size, offset,
                    size);
    if (sk_btf_linkage(btf, &var) != SK_BTF_GLOBAL)
        return FAIL(&r, SKEP_ERR_UNSUPPORTED, "it is %s, maps are global",
                    sk_btf_linkage(btf, &var) == SK_BTF_STATIC ? "static" : "not defined here");
    struct sk_btf_type def = sk_btf_resolve(btf, var.ref);
    if (def.kind != SK_BTF_STRUCT)
        return FAIL(&r, SKEP_ERR_OBJECT, "it is of kind '%s' instead of a struct", sk_btf_kind_name(def.kind));
    if (def.size > v.size)
        return FAIL(&r, SKEP_ERR_OBJECT, "its definition has %u bytes, the variable %u", def.size, v.size);
    map->offset = (uint32_t)offset;
    map->size = v.size;
    return read_spec(&r, &def);
}

skep_code sk_btf_maps(const struct sk_btf *btf, uint64_t size, sk_btf_place_fn *place, void *user,
                      struct sk_btf_map **maps, uint32_t *count, skep_error *err)
{
    struct sk_btf_type section = sk_btf_type(btf, sk_btf_find(btf, ".maps", SK_BTF_DATASEC));
    *count = section.count;
    *maps = sk_alloc_array(btf->hooks, section.count, sizeof **maps);
    if (!*maps)
        return sk_fail_memory(err);
    for (uint32_t i = 0; i < section.count; i++) {
        skep_code code = read_map(btf, sk_btf_variable(btf, &section, i), size, place, user, &(*maps)[i], err);
        if (code != SKEP_OK) {
            sk_free(btf->hooks, *maps);
            *maps = NULL;
            *count = 0;
            return code;
        }
    }
    return SKEP_OK;
}
