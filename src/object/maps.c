/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The maps that an object defines: in .maps by types, in maps by struct bpf_map_def (what libbpf before 1.0 knew), and
 * its sections of global data, each an array of one entry that code refers to by offset. As libbpf has it: .rodata* is not
 * for programs to write; .kconfig is made of the externs that belong there.
 */
#include "base/fmt.h"
#include "map/array.h"
#include "object/object.h"

#define DATA_FLAGS SKEP_MAP_MMAPABLE
#define KERNEL_VERSION 0x061200u /* Linux 6.18: what docs say objects see */

static bool begins_with(const char *s, const char *prefix)
{
    while (*prefix)
        if (*s++ != *prefix++)
            return false;
    return true;
}

static bool is_data(const struct sk_elf_section *section)
{
    const char *n = section->name;
    return section->size > 0 && !(section->flags & SK_SHF_EXECINSTR) &&
           ((section->type == SK_SHT_PROGBITS && (begins_with(n, ".data") || begins_with(n, ".rodata"))) ||
            (section->type == SK_SHT_NOBITS && begins_with(n, ".bss")));
}

static uint32_t count_data(const struct sk_object *o)
{
    struct sk_elf_section section;
    uint32_t count = 0;
    for (uint32_t i = 1; sk_elf_section(&o->elf, i, &section); i++)
        count += is_data(&section);
    return count;
}

/* A data section's map, which exists from the beginning, so that its variables can be looked at and changed. */
static skep_code make_data(struct sk_object *o, struct sk_object_map *m, const uint8_t *contents, skep_error *err)
{
    const skep_map_options options = {.size = sizeof options, .hooks = o->hooks, .type = SKEP_MAP_ARRAY, .key_size = 4,
                                      .value_size = m->value_size, .max_entries = 1, .flags = m->flags, .name = m->name,
                                      .cpus = o->cpus};
    skep_error reason;
    skep_code failed = sk_map_create(&options, &m->map, &reason);
    if (failed)
        return sk_fail(err, reason.detail ? SKEP_ERR_OBJECT : failed, "section '%.*s' of %u bytes: %s", 64, m->name, m->value_size, reason.message);
    if (contents)
        memcpy(((struct sk_array *)m->map)->values, contents, m->value_size);
    return SKEP_OK;
}

static skep_code add_data(struct sk_object *o, skep_error *err)
{
    struct sk_elf_section section;
    for (uint32_t i = 1; sk_elf_section(&o->elf, i, &section); i++) {
        if (!is_data(&section))
            continue;
        if (section.size > UINT32_MAX)
            return sk_fail(err, SKEP_ERR_OBJECT, "section '%.*s' has %U bytes", 64, section.name, section.size);
        struct sk_object_map *m = &o->maps[o->map_count++];
        *m = (struct sk_object_map){.name = section.name, .section = i, .size = section.size, .is_data = true,
                                    .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = (uint32_t)section.size,
                                    .max_entries = 1,
                                    .flags = DATA_FLAGS | (begins_with(section.name, ".rodata") ? SKEP_MAP_RDONLY_PROG : 0)};
        m->value_btf = o->has_btf ? sk_btf_find(&o->btf, section.name, SK_BTF_DATASEC) : 0;
        skep_code failed = make_data(o, m, section.type == SK_SHT_NOBITS ? NULL : section.data, err);
        if (failed)
            return failed;
    }
    return SKEP_OK;
}

/* ------------------------------------------------------------------------------------------- .kconfig */

/* What the kernel's configuration says here: what is the same everywhere. False: nothing is known. */
static bool known_config(const char *name, uint64_t *value)
{
    if (sk_streq(name, "LINUX_KERNEL_VERSION"))
        *value = KERNEL_VERSION;
    else if (sk_streq(name, "LINUX_HAS_BPF_COOKIE") || sk_streq(name, "LINUX_HAS_SYSCALL_WRAPPER"))
        *value = 1;
    else
        return false;
    return true;
}

static bool is_weak(const struct sk_object *o, const char *name)
{
    struct sk_elf_symbol symbol;
    for (uint32_t i = 1; sk_elf_symbol(&o->elf, i, &symbol); i++)
        if (symbol.section == SK_SHN_UNDEF && !symbol.reserved && sk_streq(symbol.name, name))
            return symbol.binding == SK_STB_WEAK;
    return false;
}

static void store(uint8_t *at, uint32_t size, uint64_t value)
{
    if (size == 8)
        sk_store64(at, value);
    else if (size == 4)
        sk_store32(at, (uint32_t)value);
    else if (size == 2)
        sk_store16(at, (uint16_t)value);
    else if (size == 1)
        *at = (uint8_t)value;
}

static skep_code add_kconfig(struct sk_object *o, const struct sk_btf_type *section, skep_error *err)
{
    uint64_t at = 0;
    o->externs = sk_alloc_array(o->hooks, section->count, sizeof *o->externs);
    if (!o->externs)
        return sk_fail_memory(err);
    for (uint32_t i = 0; i < section->count; i++) {
        struct sk_btf_type var = sk_btf_type(&o->btf, sk_btf_variable(&o->btf, section, i).type);
        struct sk_object_extern *e = &o->externs[o->extern_count++];
        uint32_t size, align;
        if (var.kind != SK_BTF_VAR || !sk_btf_size(&o->btf, var.ref, &size) || size == 0 || size > 4096)
            return sk_fail(err, SKEP_ERR_OBJECT, "'%.*s' in .kconfig has no size that can be", 64, var.name);
        align = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
        at = (at + align - 1) & ~(uint64_t)(align - 1);
        *e = (struct sk_object_extern){var.name, (uint32_t)at, size, is_weak(o, var.name), false};
        at += size;
        if (at > UINT32_MAX / 2)
            return sk_fail(err, SKEP_ERR_OBJECT, "the variables of .kconfig are too large together");
    }
    struct sk_object_map *m = &o->maps[o->map_count++];
    *m = (struct sk_object_map){.name = ".kconfig", .section = SK_OBJECT_KCONFIG, .size = at, .is_data = true,
                                .type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = (uint32_t)at, .max_entries = 1,
                                .flags = DATA_FLAGS | SKEP_MAP_RDONLY_PROG};
    skep_code failed = make_data(o, m, NULL, err);
    for (uint32_t i = 0; !failed && i < o->extern_count; i++) {
        struct sk_object_extern *e = &o->externs[i];
        uint64_t value;
        if (known_config(e->name, &value) && (e->size == 1 || e->size == 2 || e->size == 4 || e->size == 8)) {
            store(((struct sk_array *)m->map)->values + e->offset, e->size, value);
            e->set = true;
        }
    }
    return failed;
}

/* ----------------------------------------------------------------------------------------------- .maps */

struct places {
    const struct sk_object *object;
};

static bool find_place(void *user, const char *name, uint64_t *offset)
{
    const struct sk_object *o = ((const struct places *)user)->object;
    struct sk_elf_symbol symbol;
    for (uint32_t i = 1; sk_elf_symbol(&o->elf, i, &symbol); i++)
        if (!symbol.reserved && symbol.section == o->maps_section && sk_streq(symbol.name, name)) {
            *offset = symbol.value;
            return true;
        }
    return false;
}

/* 1 + where a member of that struct lies in the value; 0: there is none. */
static uint32_t find_field(const struct sk_btf *btf, uint32_t value, const char *name)
{
    struct sk_btf_type type = sk_btf_resolve(btf, value);
    if (type.kind != SK_BTF_STRUCT)
        return 0;
    for (uint32_t i = 0; i < type.count; i++) {
        struct sk_btf_member member = sk_btf_member(btf, &type, i);
        struct sk_btf_type of = sk_btf_resolve(btf, member.type);
        if (of.kind == SK_BTF_STRUCT && sk_streq(of.name, name) && member.bit_offset % 8 == 0)
            return 1 + member.bit_offset / 8;
    }
    return 0;
}

static skep_code add_typed(struct sk_object *o, skep_error *err)
{
    (void)err;
    for (uint32_t i = 0; i < o->btf_map_count; i++) {
        const struct sk_btf_map *b = &o->btf_maps[i];
        struct sk_object_map *m = &o->maps[o->map_count++];
        *m = (struct sk_object_map){.name = b->name, .section = o->maps_section, .offset = b->offset, .size = b->size,
                                    .has_inner = b->has_inner, .type = b->spec.type, .key_size = b->spec.key_size,
                                    .value_size = b->spec.value_size, .max_entries = b->spec.max_entries,
                                    .flags = b->spec.flags, .extra = b->spec.extra, .inner = b->inner,
                                    .key_btf = b->spec.key, .value_btf = b->spec.value, .values = b->values,
                                    .value_count = b->value_count};
        if (m->value_btf) {
            m->lock_offset = find_field(&o->btf, m->value_btf, "bpf_spin_lock");
            m->timer_offset = find_field(&o->btf, m->value_btf, "bpf_timer");
        }
    }
    return SKEP_OK;
}

/* ------------------------------------------------------------------------------------------------ maps */

#define OLD_DEFINITION 20 /* type, key_size, value_size, max_entries, map_flags: four bytes each */

static bool is_old_map(const struct sk_object *o, uint32_t index, struct sk_elf_symbol *symbol)
{
    return sk_elf_symbol(&o->elf, index, symbol) && !symbol->reserved && o->old_maps_section &&
           symbol->section == o->old_maps_section && symbol->type != SK_STT_SECTION && symbol->name[0];
}

static skep_code add_old(struct sk_object *o, skep_error *err)
{
    struct sk_elf_section section;
    struct sk_elf_symbol symbol;
    uint32_t number[5];
    if (!o->old_maps_section || !sk_elf_section(&o->elf, o->old_maps_section, &section))
        return SKEP_OK;
    for (uint32_t i = 1; i < o->elf.symbol_count; i++) {
        if (!is_old_map(o, i, &symbol))
            continue;
        if (!section.data || symbol.value > section.size || section.size - symbol.value < OLD_DEFINITION)
            return sk_fail(err, SKEP_ERR_OBJECT, "map '%.*s': its definition does not lie in section maps", 64, symbol.name);
        for (unsigned n = 0; n < 5; n++) {
            number[n] = sk_load32(section.data + symbol.value + 4 * n);
            number[n] = o->elf.order == SKEP_BIG_ENDIAN ? sk_be32(number[n]) : sk_le32(number[n]);
        }
        o->maps[o->map_count++] = (struct sk_object_map){
            .name = symbol.name, .section = o->old_maps_section, .offset = symbol.value,
            .size = symbol.size ? symbol.size : OLD_DEFINITION, .type = number[0], .key_size = number[1],
            .value_size = number[2], .max_entries = number[3], .flags = number[4]};
    }
    return SKEP_OK;
}

/* --------------------------------------------------------------------------------------------- together */

static uint32_t section_named(const struct sk_object *o, const char *name)
{
    struct sk_elf_section section;
    for (uint32_t i = 1; sk_elf_section(&o->elf, i, &section); i++)
        if (sk_streq(section.name, name))
            return i;
    return 0;
}

/* Types that cannot be read are an error only for what needs them. */
static skep_code open_types(struct sk_object *o, skep_error *err)
{
    struct sk_elf_section section;
    uint32_t types = section_named(o, ".BTF"), ext = section_named(o, ".BTF.ext");
    if (!types || !sk_elf_section(&o->elf, types, &section) || !section.data)
        return SKEP_OK;
    skep_code failed = sk_btf_open(&o->btf, o->hooks, section.data, (size_t)section.size, err);
    if (failed)
        return failed;
    o->has_btf = true;
    if (!ext || !sk_elf_section(&o->elf, ext, &section) || !section.data)
        return SKEP_OK;
    failed = sk_btf_ext_open(&o->ext, &o->btf, section.data, (size_t)section.size, err);
    o->has_ext = !failed;
    return failed;
}

skep_code sk_object_find_maps(struct sk_object *o, skep_error *err)
{
    struct sk_elf_section section;
    struct sk_elf_symbol symbol;
    o->maps_section = section_named(o, ".maps");
    o->old_maps_section = section_named(o, "maps");
    skep_code failed = open_types(o, err);
    if (failed)
        return failed;
    if (o->maps_section && o->has_btf && sk_elf_section(&o->elf, o->maps_section, &section)) {
        struct places places = {o};
        failed = sk_btf_maps(&o->btf, section.size, find_place, &places, &o->btf_maps, &o->btf_map_count, err);
        if (failed)
            return failed;
    }
    uint32_t old = 0;
    for (uint32_t i = 1; i < o->elf.symbol_count; i++)
        old += is_old_map(o, i, &symbol);
    struct sk_btf_type kconfig = {.kind = SK_BTF_VOID};
    if (o->has_btf)
        kconfig = sk_btf_type(&o->btf, sk_btf_find(&o->btf, ".kconfig", SK_BTF_DATASEC));
    bool has_kconfig = kconfig.kind == SK_BTF_DATASEC && kconfig.count > 0;
    uint64_t count = (uint64_t)count_data(o) + o->btf_map_count + old + has_kconfig;
    o->maps = count > UINT32_MAX ? NULL : sk_alloc_array(o->hooks, (size_t)count, sizeof *o->maps);
    if (!o->maps)
        return sk_fail_memory(err);
    failed = add_typed(o, err);
    if (!failed)
        failed = add_old(o, err);
    if (!failed)
        failed = add_data(o, err);
    if (!failed && has_kconfig)
        failed = add_kconfig(o, &kconfig, err);
    return failed;
}

void sk_object_free_maps(struct sk_object *o)
{
    for (uint32_t i = 0; i < o->map_count; i++)
        sk_map_unuse(o->maps[i].map);
    sk_free(o->hooks, o->maps);
    sk_free(o->hooks, o->externs);
    sk_free(o->hooks, o->btf_maps);
    if (o->has_ext)
        sk_btf_ext_close(&o->ext);
    if (o->has_btf)
        sk_btf_close(&o->btf);
}

struct sk_object_map *sk_object_map_at(const struct sk_object *o, uint32_t section, uint64_t offset)
{
    for (uint32_t i = 0; i < o->map_count; i++) {
        struct sk_object_map *m = &o->maps[i];
        if (m->section == section && offset >= m->offset && offset - m->offset < m->size)
            return m;
    }
    return NULL;
}

static skep_code make_inner(struct sk_object *o, const struct sk_object_map *m, skep_map **inner, skep_error *err)
{
    const skep_map_options options = {.size = sizeof options, .hooks = o->hooks, .type = (skep_map_type)m->inner.type,
                                      .key_size = m->inner.key_size, .value_size = m->inner.value_size,
                                      .max_entries = m->inner.max_entries, .flags = m->inner.flags,
                                      .extra = m->inner.extra, .name = m->name, .cpus = o->cpus};
    return sk_map_create(&options, inner, err);
}

static skep_code make_one(struct sk_object *o, struct sk_object_map *m, skep_error *err)
{
    skep_map *inner = NULL;
    skep_error reason;
    skep_code failed = m->has_inner ? make_inner(o, m, &inner, &reason) : SKEP_OK;
    if (!failed) {
        const skep_map_options options = {.size = sizeof options, .hooks = o->hooks, .type = (skep_map_type)m->type,
                                          .key_size = m->key_size, .value_size = m->value_size,
                                          .max_entries = m->max_entries, .flags = m->flags, .extra = m->extra,
                                          .name = m->name, .inner = inner, .cpus = o->cpus,
                                          .lock_offset = m->lock_offset, .timer_offset = m->timer_offset};
        failed = sk_map_create(&options, &m->map, &reason);
    }
    sk_map_unuse(inner);
    if (failed) {
        sk_fail(err, failed, "map '%.*s' (type %u, key %u, value %u bytes, %u entries): %s", 48, m->name, m->type, m->key_size,
                m->value_size, m->max_entries, reason.message);
        if (err)
            err->detail = reason.detail;
    }
    return failed;
}

/* Where a relocation of .maps puts a map or a program. */
static skep_code fill_one(struct sk_object *o, const struct sk_elf_reloc *reloc, skep_error *err)
{
    struct sk_elf_symbol symbol;
    struct sk_object_map *outer = sk_object_map_at(o, o->maps_section, reloc->offset);
    if (!outer || reloc->offset < outer->values || (reloc->offset - outer->values) % 8 ||
        (reloc->offset - outer->values) / 8 >= outer->value_count || !sk_elf_symbol(&o->elf, reloc->symbol, &symbol))
        return sk_fail(err, SKEP_ERR_OBJECT, "a relocation of .maps at %#X is not for the values of a map", reloc->offset);
    const uint32_t key = (uint32_t)((reloc->offset - outer->values) / 8);
    if (symbol.reserved || symbol.section != o->maps_section)
        return SKEP_OK; /* a program: whoever makes VMs puts it there */
    const struct sk_object_map *inner = sk_object_map_at(o, o->maps_section, symbol.value);
    if (!inner || !inner->map || !outer->map->ops->put_map)
        return sk_fail(err, SKEP_ERR_OBJECT, "map '%.*s' cannot hold '%.*s'", 64, outer->name, 64, symbol.name);
    int number = outer->map->ops->put_map(outer->map, &key, inner->map, SKEP_ANY);
    if (number)
        return sk_fail(err, number == -SKEP_ENOMEM ? SKEP_ERR_MEMORY : SKEP_ERR_OBJECT,
                       "map '%.*s' does not take '%.*s' at %u (error %d of Linux)", 64, outer->name, 64, inner->name, key, number);
    return SKEP_OK;
}

skep_code sk_object_make_maps(struct sk_object *o, skep_error *err)
{
    skep_code failed = SKEP_OK;
    bool made = false;
    for (uint32_t i = 0; !failed && i < o->map_count; i++)
        if (!o->maps[i].map) {
            failed = make_one(o, &o->maps[i], err);
            made = true;
        }
    struct sk_elf_section section;
    struct sk_elf_reloc reloc;
    for (uint32_t i = 1; !failed && made && o->maps_section && sk_elf_section(&o->elf, i, &section); i++)
        if (section.type == SK_SHT_REL && section.info == o->maps_section)
            for (uint32_t r = 0; !failed && sk_elf_reloc(&o->elf, &section, r, &reloc); r++)
                failed = fill_one(o, &reloc, err);
    return failed;
}
