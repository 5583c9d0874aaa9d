/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Values of an object's maps and global variables as text, by its types. Without types they are bytes. Values lie in this
 * machine's order: it is this machine that runs the programs.
 */
#include "api/object.h"
#include "base/fmt.h"
#include "btf/json.h"
#include "map/array.h"

static skep_byte_order host_order(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one ? SKEP_LITTLE_ENDIAN : SKEP_BIG_ENDIAN;
}

static skep_code give_text(const skep_object *object, struct sk_buf *buf, skep_code failed, char **text, skep_error *err)
{
    char *taken = failed ? NULL : sk_buf_take(buf, NULL);
    (void)object;
    sk_buf_free(buf);
    if (!failed && !taken)
        return sk_fail_memory(err);
    if (!failed)
        *text = taken;
    return failed;
}

static skep_code value_json(const skep_object *object, uint32_t type, const void *bytes, size_t size, char **text,
                            skep_error *err)
{
    struct sk_buf buf;
    uint32_t needs;
    skep_code failed = SKEP_OK;
    sk_buf_init(&buf, &object->hooks);
    if (type && sk_btf_size(&object->inner.btf, type, &needs) && needs == size)
        failed = sk_btf_json(&object->inner.btf, type, bytes, size, host_order(), &buf, err);
    else
        sk_json_bytes(&buf, bytes, size);
    return give_text(object, &buf, failed, text, err);
}

/* ------------------------------------------------------------------------------------------------ maps */

static const struct sk_object_map *map_at(const skep_object *object, size_t index, skep_error *err)
{
    if (object && index < object->inner.map_count)
        return &object->inner.maps[index];
    (void)sk_fail(err, SKEP_ERR_ARGUMENT, "no map %z: the object has %z", index, skep_object_map_count(object));
    return NULL;
}

skep_code skep_object_map_json(const skep_object *object, size_t index, skep_map_part part, const void *bytes, char **text,
                               skep_error *err)
{
    const struct sk_object_map *m = map_at(object, index, err);
    if (!m || !bytes || !text)
        return m ? sk_fail(err, SKEP_ERR_ARGUMENT, "no bytes were given, or no place for the text") : SKEP_ERR_ARGUMENT;
    bool is_key = part == SKEP_MAP_KEY;
    return value_json(object, is_key ? m->key_btf : m->value_btf, bytes, is_key ? m->key_size : m->value_size, text, err);
}

skep_code skep_object_map_type(const skep_object *object, size_t index, skep_map_part part, char **text, skep_error *err)
{
    struct sk_buf buf;
    const struct sk_object_map *m = map_at(object, index, err);
    if (!m || !text)
        return m ? sk_fail(err, SKEP_ERR_ARGUMENT, "there is no place for the text") : SKEP_ERR_ARGUMENT;
    uint32_t type = part == SKEP_MAP_KEY ? m->key_btf : m->value_btf;
    sk_buf_init(&buf, &object->hooks);
    if (type)
        sk_btf_declare(&object->inner.btf, type, NULL, &buf);
    return give_text(object, &buf, SKEP_OK, text, err);
}

/* --------------------------------------------------------------------------------------------- globals */

bool skep_object_next_global(const skep_object *object, size_t *cursor, skep_global_info *info)
{
    struct sk_elf_symbol symbol;
    struct sk_elf_section section;
    if (!object || !cursor || !info || info->size < sizeof info->size)
        return false;
    const struct sk_object *o = &object->inner;
    for (uint32_t i = *cursor < UINT32_MAX ? (uint32_t)*cursor + 1 : UINT32_MAX; sk_elf_symbol(&o->elf, i, &symbol); i++) {
        if (symbol.type != SK_STT_OBJECT || symbol.reserved || !sk_elf_section(&o->elf, symbol.section, &section))
            continue;
        const struct sk_object_map *m = sk_object_map_at(o, symbol.section, symbol.value);
        if (!m || !m->is_data || !m->map || symbol.size > m->size - symbol.value)
            continue;
        const skep_global_info all = {info->size, symbol.name, section.name,
                                      ((struct sk_array *)m->map)->values + symbol.value, (size_t)symbol.size,
                                      (m->flags & SKEP_MAP_RDONLY_PROG) != 0};
        size_t size = info->size;
        memset(info, 0, size);
        memcpy(info, &all, size < sizeof all ? size : sizeof all);
        *cursor = i;
        return true;
    }
    return false;
}

/* The type of the variable; 0: unknown. */
static uint32_t type_of_global(const skep_object *object, const char *name)
{
    const struct sk_btf *btf = &object->inner.btf;
    uint32_t id = object->inner.has_btf ? sk_btf_find(btf, name, SK_BTF_VAR) : 0;
    return id ? sk_btf_type(btf, id).ref : 0;
}

/* As skep_object_global, but looking at an extern does not count as setting it. */
static skep_code find_global(const skep_object *object, const char *name, void **address, size_t *size, skep_error *err)
{
    skep_global_info info = {.size = sizeof info};
    for (size_t cursor = 0; object && name && skep_object_next_global(object, &cursor, &info);)
        if (sk_streq(info.name, name)) {
            *address = info.address;
            *size = info.value_size;
            return SKEP_OK;
        }
    return sk_fail(err, SKEP_ERR_NOT_FOUND, "the object has no global variable '%.*s'", 64, name ? name : "");
}

skep_code skep_object_global_json(const skep_object *object, const char *name, char **text, skep_error *err)
{
    void *address = NULL;
    size_t size = 0;
    skep_code failed = find_global(object, name, &address, &size, err);
    if (failed || !text)
        return failed ? failed : sk_fail(err, SKEP_ERR_ARGUMENT, "there is no place for the text");
    return value_json(object, type_of_global(object, name), address, size, text, err);
}

skep_code skep_object_global_type(const skep_object *object, const char *name, char **text, skep_error *err)
{
    struct sk_buf buf;
    uint32_t type = object && name ? type_of_global(object, name) : 0;
    if (!object || !name || !text)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "an object, a name and a place for the text are needed");
    sk_buf_init(&buf, &object->hooks);
    if (type)
        sk_btf_declare(&object->inner.btf, type, name, &buf);
    return give_text(object, &buf, SKEP_OK, text, err);
}

/* ------------------------------------------------------------------------------------- setting from text */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Decimal, 0x, 0b or 0 (octal), with a sign. False: it is none, or does not fit in 64 bits. */
static bool read_number(const char *text, bool *negative, uint64_t *value)
{
    unsigned base = 10;
    *value = 0;
    *negative = text[0] == '-';
    text += *negative || text[0] == '+';
    if (text[0] == '0' && (text[1] | 32) == 'x')
        base = 16;
    else if (text[0] == '0' && (text[1] | 32) == 'b')
        base = 2;
    else if (text[0] == '0' && text[1])
        base = 8;
    text += base == 16 || base == 2 ? 2 : base == 8 ? 1 : 0;
    if (!text[0])
        return false;
    for (; *text; text++) {
        unsigned d = (unsigned)digit(*text);
        if (d >= base || *value > (UINT64_MAX - d) / base)
            return false;
        *value = *value * base + d;
    }
    return true;
}

static bool read_name(const struct sk_btf *btf, const struct sk_btf_type *type, const char *text, uint64_t *value)
{
    if (type->kind == SK_BTF_INT) {
        *value = sk_streq(text, "true");
        return (sk_btf_integer(btf, type).encoding & SK_BTF_BOOL) && (*value || sk_streq(text, "false"));
    }
    for (uint32_t i = 0; i < type->count; i++) {
        struct sk_btf_enumerator e = sk_btf_enumerator(btf, type, i);
        if (sk_streq(e.name, text)) {
            *value = e.value;
            return true;
        }
    }
    return false;
}

static skep_code set_number(const struct sk_btf *btf, const struct sk_btf_type *type, const char *name, const char *text,
                            uint8_t *at, size_t size, skep_error *err)
{
    uint64_t value;
    bool negative = false;
    bool named = read_name(btf, type, text, &value);
    bool is_signed = type->kind == SK_BTF_INT ? (sk_btf_integer(btf, type).encoding & SK_BTF_SIGNED) != 0 : type->flag;
    bool is_bool = type->kind == SK_BTF_INT && (sk_btf_integer(btf, type).encoding & SK_BTF_BOOL) != 0;
    uint64_t most = is_bool ? 1 : UINT64_MAX >> (64 - size * 8 + is_signed);
    if (!named && !read_number(text, &negative, &value))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "'%.*s' is no value for '%.*s', a number of %z bytes", 64, text, 64, name, size);
    if (!named && (negative ? value > (is_signed ? most + 1 : 0) : value > most))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "'%.*s' does not fit in '%.*s', which has %z bytes%s", 64, text, 64, name, size,
                       is_signed ? " and a sign" : "");
    if (negative)
        value = 0 - value;
    for (size_t i = 0; i < size; i++)
        at[host_order() == SKEP_LITTLE_ENDIAN ? i : size - 1 - i] = (uint8_t)(value >> 8 * i);
    return SKEP_OK;
}

static skep_code set_bytes(const char *name, const char *text, uint8_t *at, size_t size, skep_error *err)
{
    size_t length = sk_strlen(text);
    for (size_t i = 0; i < length; i++)
        if (digit(text[i]) > 15)
            return sk_fail(err, SKEP_ERR_ARGUMENT, "'%.*s' is not made of hex digits, which '%.*s' of %z bytes needs", 64, text,
                           64, name, size);
    if (length != size * 2)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "'%.*s' has %z bytes: that needs %z hex digits, not %z", 64, name, size, size * 2,
                       length);
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return SKEP_OK;
}

skep_code skep_object_set_global(skep_object *object, const char *name, const char *text, skep_error *err)
{
    void *address;
    size_t size = 0;
    if (!text)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "no value was given");
    skep_code failed = skep_object_global(object, name, &address, &size, err);
    if (failed)
        return failed;
    const struct sk_btf *btf = &object->inner.btf;
    uint32_t id = type_of_global(object, name), needs = 0;
    struct sk_btf_type type = sk_btf_resolve(btf, id);
    if (!id || !sk_btf_size(btf, id, &needs) || needs != size)
        return set_bytes(name, text, address, size, err);
    if ((type.kind == SK_BTF_INT || sk_btf_is_enum(type.kind)) && size >= 1 && size <= 8)
        return set_number(btf, &type, name, text, address, size, err);
    if (type.kind == SK_BTF_ARRAY) {
        struct sk_btf_type element = sk_btf_resolve(btf, sk_btf_array(btf, &type).element);
        if (element.kind == SK_BTF_INT && element.size == 1 && sk_streq(element.name, "char")) {
            size_t length = sk_strlen(text);
            if (length >= size)
                return sk_fail(err, SKEP_ERR_ARGUMENT, "'%.*s' has room for %z characters, not %z", 64, name, size - (size > 0),
                               length);
            memset(address, 0, size);
            memcpy(address, text, length);
            return SKEP_OK;
        }
    }
    return set_bytes(name, text, address, size, err);
}

/* ----------------------------------------------------------------------------------------------- types */

skep_code skep_object_types(const skep_object *object, const char *name, char **text, skep_error *err)
{
    struct sk_buf buf;
    bool found = false;
    if (!object || !text)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "an object and a place for the text are needed");
    const struct sk_btf *btf = &object->inner.btf;
    if (!object->inner.has_btf)
        return sk_fail(err, SKEP_ERR_NOT_FOUND, "the object has no types (compile with -g)");
    sk_buf_init(&buf, &object->hooks);
    for (uint32_t id = 1; id < btf->count && !buf.failed; id++) {
        struct sk_btf_type type = sk_btf_type(btf, id);
        bool definition = sk_btf_is_composite(type.kind) || sk_btf_is_enum(type.kind) || type.kind == SK_BTF_TYPEDEF ||
                          type.kind == SK_BTF_FWD;
        if (name ? !sk_streq(type.name, name) || type.kind == SK_BTF_DATASEC
                 : !type.name[0] || !(definition || type.kind == SK_BTF_FUNC || type.kind == SK_BTF_VAR))
            continue;
        found = true;
        if (definition)
            sk_btf_define(btf, id, &buf);
        else
            sk_btf_declare(btf, id, NULL, &buf);
        sk_buf_puts(&buf, ";\n");
    }
    if (!found && name) {
        sk_buf_free(&buf);
        return sk_fail(err, SKEP_ERR_NOT_FOUND, "the object has no type '%.*s'", 64, name);
    }
    return give_text(object, &buf, SKEP_OK, text, err);
}
