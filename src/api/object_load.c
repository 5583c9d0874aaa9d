/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What becomes of an object: its maps, its global variables, VMs for its programs. */
#include "api/object.h"
#include "api/vm.h"
#include "base/fmt.h"
#include "isa/insn.h"
#include "map/array.h"
#include "object/section.h"

const char *skep_object_license(const skep_object *object)
{
    struct sk_elf_section section;
    if (!object)
        return "";
    for (uint32_t i = 1; sk_elf_section(&object->inner.elf, i, &section); i++)
        if (sk_streq(section.name, "license") && section.data && section.size && !section.data[section.size - 1])
            return (const char *)section.data;
    return "";
}

/* ------------------------------------------------------------------------------------------------ maps */

size_t skep_object_map_count(const skep_object *object) { return object ? object->inner.map_count : 0; }

skep_code skep_object_map(const skep_object *object, size_t index, skep_object_map_info *info, skep_error *err)
{
    struct sk_elf_section section;
    if (!object || index >= object->inner.map_count)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "no map %z: the object has %z", index, skep_object_map_count(object));
    if (!info || info->size < sizeof info->size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "skep_object_map_info has a size that is not known");
    const struct sk_object_map *m = &object->inner.maps[index];
    bool named = m->section != SK_OBJECT_KCONFIG && sk_elf_section(&object->inner.elf, m->section, &section);
    const skep_object_map_info all = {.size = info->size,
                                      .name = m->name,
                                      .section = named ? section.name : m->name,
                                      .is_data = m->is_data,
                                      .type = (skep_map_type)m->type,
                                      .key_size = m->key_size,
                                      .value_size = m->value_size,
                                      .max_entries = m->max_entries,
                                      .flags = m->flags,
                                      .map = m->map};
    size_t size = info->size;
    memset(info, 0, size);
    memcpy(info, &all, size < sizeof all ? size : sizeof all);
    return SKEP_OK;
}

static struct sk_object_map *find_map(const skep_object *object, const char *name)
{
    for (uint32_t i = 0; object && name && i < object->inner.map_count; i++)
        if (sk_streq(object->inner.maps[i].name, name))
            return &object->inner.maps[i];
    return NULL;
}

skep_map *skep_object_find_map(const skep_object *object, const char *name)
{
    const struct sk_object_map *m = find_map(object, name);
    return m ? m->map : NULL;
}

static skep_code unmade_map(const skep_object *object, const char *name, struct sk_object_map **map, skep_error *err)
{
    *map = find_map(object, name);
    if (!*map)
        return sk_fail(err, SKEP_ERR_NOT_FOUND, "the object has no map '%.*s'", 64, name ? name : "");
    if ((*map)->map)
        return sk_fail(err, SKEP_ERR_STATE, "map '%.*s' is made already", 64, name);
    return SKEP_OK;
}

skep_code skep_object_set_max_entries(skep_object *object, const char *name, uint32_t max_entries, skep_error *err)
{
    struct sk_object_map *m;
    skep_code failed = unmade_map(object, name, &m, err);
    if (!failed)
        m->max_entries = max_entries;
    return failed;
}

skep_code skep_object_set_map(skep_object *object, const char *name, skep_map *map, skep_error *err)
{
    struct sk_object_map *m;
    skep_code failed = unmade_map(object, name, &m, err);
    if (failed)
        return failed;
    if (!map || map->type != m->type || map->key_size != m->key_size || map->value_size != m->value_size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "map '%.*s' of type %u has keys of %u and values of %u bytes; the one given "
                       "does not", 64, name, m->type, m->key_size, m->value_size);
    m->map = sk_map_use(map);
    return SKEP_OK;
}

skep_code skep_object_load(skep_object *object, skep_error *err)
{
    if (!object)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "no object was given");
    return sk_object_make_maps(&object->inner, err);
}

/* --------------------------------------------------------------------------------------------- globals */

skep_code skep_object_global(skep_object *object, const char *name, void **address, size_t *size, skep_error *err)
{
    struct sk_elf_symbol symbol;
    if (!object || !name || !address)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "an object, a name and a place for the address are needed");
    struct sk_object *o = &object->inner;
    for (uint32_t i = 0; i < o->extern_count; i++)
        if (sk_streq(o->externs[i].name, name)) {
            const struct sk_object_map *m = sk_object_map_at(o, SK_OBJECT_KCONFIG, o->externs[i].offset);
            *address = ((struct sk_array *)m->map)->values + o->externs[i].offset;
            if (size)
                *size = o->externs[i].size;
            o->externs[i].set = true;
            return SKEP_OK;
        }
    for (uint32_t i = 1; sk_elf_symbol(&o->elf, i, &symbol); i++) {
        if (symbol.type != SK_STT_OBJECT || symbol.reserved || !sk_streq(symbol.name, name))
            continue;
        const struct sk_object_map *m = sk_object_map_at(o, symbol.section, symbol.value);
        if (!m || !m->is_data || symbol.size > m->size - symbol.value)
            continue;
        *address = ((struct sk_array *)m->map)->values + symbol.value;
        if (size)
            *size = (size_t)symbol.size;
        return SKEP_OK;
    }
    return sk_fail(err, SKEP_ERR_NOT_FOUND, "the object has no global variable '%.*s'", 64, name);
}

/* ------------------------------------------------------------------------------------------------- VMs */

/* Refuses a program that uses a variable of .kconfig that is neither weak, nor known, nor set. */
static skep_code check_externs(const struct sk_object *o, const skep_program_info *info, skep_error *err)
{
    const struct sk_op_info *op = &sk_op_infos[SK_OP_LDDW_MAP_VALUE];
    const struct sk_object_map *kconfig = o->extern_count ? sk_object_map_at(o, SK_OBJECT_KCONFIG, 0) : NULL;
    const uint8_t *code = info->code;
    for (size_t i = 0; kconfig && i + 16 <= info->code_size; i += 8) {
        struct sk_slot s = sk_slot_read(code + i, info->byte_order);
        if (s.opcode != op->opcode)
            continue;
        i += 8;
        uint32_t offset = (uint32_t)sk_slot_read(code + i, info->byte_order).imm;
        if (s.src != op->value || s.imm != (int32_t)(kconfig - o->maps))
            continue;
        for (uint32_t k = 0; k < o->extern_count; k++) {
            const struct sk_object_extern *e = &o->externs[k];
            if (offset >= e->offset && offset - e->offset < e->size && !e->weak && !e->set)
                return sk_fail_at(err, SKEP_ERR_NOT_FOUND, i / 8 - 1, "'%.*s' uses '%.*s', an extern of .kconfig that nobody has "
                                  "set: skep_object_global gives its place", 64, info->name, 64, e->name);
        }
    }
    return SKEP_OK;
}

static skep_code make_vm(skep_object *object, uint32_t index, const skep_vm_options *given, skep_vm **vm, skep_error *err)
{
    struct sk_object *o = &object->inner;
    skep_vm_options options = *given;
    skep_program_info info = {.size = sizeof info};
    skep_code failed = sk_object_program(o, index, &info, err);
    if (!failed)
        failed = sk_object_make_maps(o, err);
    if (!failed)
        failed = check_externs(o, &info, err);
    if (failed)
        return failed;
    skep_map **maps = sk_alloc_array(&object->hooks, o->map_count, sizeof *maps);
    if (!maps)
        return sk_fail_memory(err);
    for (uint32_t i = 0; i < o->map_count; i++)
        maps[i] = o->maps[i].map;
    if (!options.hooks)
        options.hooks = &object->hooks;
    if (info.type && options.kind == SKEP_NO_DATA)
        options.kind = info.kind;
    options.code = info.code;
    options.code_size = info.code_size;
    options.byte_order = info.byte_order;
    options.maps = maps;
    options.map_count = o->map_count;
    options.linux_helpers = true;
    skep_error own;
    failed = skep_vm_create(&options, vm, &own);
    sk_free(&object->hooks, (void *)maps);
    if (failed) {
        sk_object_tell_line(o, index, &own);
        if (err)
            *err = own;
        return failed;
    }
    (*vm)->object = o;
    (*vm)->object_program = index;
    (*vm)->tell_line = sk_object_tell_line;
    return SKEP_OK;
}

static uint32_t program_of_symbol(const struct sk_object *o, const struct sk_elf_symbol *symbol)
{
    for (uint32_t i = 0; i < o->program_count; i++) {
        const struct sk_function *f = &o->functions[o->programs[i].function];
        if (f->section == symbol->section && (uint64_t)f->start * 8 == symbol->value)
            return i;
    }
    return SK_NO_PROGRAM;
}

/* The programs that .maps puts into arrays of programs, unless something is there already. */
static skep_code fill_programs(skep_object *object, const skep_vm_options *options, skep_error *err)
{
    struct sk_object *o = &object->inner;
    struct sk_elf_section section;
    struct sk_elf_symbol symbol;
    struct sk_elf_reloc reloc;
    for (uint32_t i = 1; o->maps_section && sk_elf_section(&o->elf, i, &section); i++) {
        if (section.type != SK_SHT_REL || section.info != o->maps_section)
            continue;
        for (uint32_t r = 0; sk_elf_reloc(&o->elf, &section, r, &reloc); r++) {
            const struct sk_object_map *outer = sk_object_map_at(o, o->maps_section, reloc.offset);
            if (!outer || outer->type != SKEP_MAP_PROG_ARRAY || reloc.offset < outer->values ||
                !sk_elf_symbol(&o->elf, reloc.symbol, &symbol) || symbol.reserved)
                continue;
            const uint32_t key = (uint32_t)((reloc.offset - outer->values) / 8);
            uint32_t program = program_of_symbol(o, &symbol), there;
            if (program == SK_NO_PROGRAM)
                return sk_fail(err, SKEP_ERR_OBJECT, "map '%.*s' is to hold '%.*s', which is no program", 64, outer->name, 64,
                               symbol.name);
            if (skep_map_lookup(outer->map, &key, &there, 0) == 0)
                continue;
            skep_vm *vm = NULL;
            skep_code failed = make_vm(object, program, options, &vm, err);
            if (failed)
                return failed;
            int number = skep_map_update_program(outer->map, &key, vm, SKEP_ANY);
            skep_vm_free(vm);
            if (number)
                return sk_fail(err, number == -SKEP_ENOMEM ? SKEP_ERR_MEMORY : SKEP_ERR_STATE, "map '%.*s' does not take '%.*s' at "
                               "%u (error %d of Linux): programs of another policy or kind are there", 64, outer->name, 64,
                               symbol.name, key, number);
        }
    }
    return SKEP_OK;
}

skep_code skep_object_vm(skep_object *object, const char *section, const char *name, const skep_vm_options *given,
                         skep_vm **vm, skep_error *err)
{
    skep_vm_options options;
    skep_error own;
    if (!object || !vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "no object was given, or no place for the VM");
    if (!sk_options_copy(&options, sizeof options, given))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "options: size is not that of a skep_vm_options this library knows");
    options.size = sizeof options;
    uint32_t index = sk_object_find(&object->inner, section, name, &own);
    if (index == SK_NO_PROGRAM) {
        if (err)
            *err = own;
        return own.code;
    }
    skep_vm *made = NULL;
    skep_code failed = make_vm(object, index, &options, &made, err);
    if (!failed)
        failed = fill_programs(object, &options, err);
    if (failed)
        skep_vm_free(made);
    else
        *vm = made;
    return failed;
}

void sk_object_tell_line(const struct sk_object *o, uint32_t program, skep_error *err)
{
    struct sk_btf_line line;
    if (err->pc > UINT32_MAX || !sk_object_line(o, program, (uint32_t)err->pc, &line))
        return;
    size_t length = sk_strlen(line.file), room = sizeof err->file - 1;
    sk_snfmt(err->file, sizeof err->file, "%s", line.file + (length > room ? length - room : 0));
    err->line = line.line;
    err->column = line.column;
}
