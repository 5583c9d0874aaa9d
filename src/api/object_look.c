/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What an object says about itself beyond its programs and maps: relocations, and the source of its instructions. */
#include "api/object.h"
#include "base/fmt.h"
#include "object/core.h"

skep_code skep_object_relocations(const skep_object *object, skep_relocation_fn *visit, void *user, skep_error *err)
{
    struct sk_core core;
    struct sk_elf_symbol symbol;
    struct sk_elf_section section;
    if (!object || !visit)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "an object and a function to call are needed");
    const struct sk_object *o = &object->inner;
    for (uint32_t i = 0; i < o->reloc_count; i++) {
        const struct sk_record *r = &o->relocs[i];
        if (!sk_elf_section(&o->elf, (uint32_t)(r->key >> 32), &section) || !sk_elf_symbol(&o->elf, r->a, &symbol))
            continue;
        skep_relocation info = {.section = section.name, .slot = (uint32_t)r->key, .type = r->b, .asks = symbol.name};
        if (!symbol.name[0] && !symbol.reserved && sk_elf_section(&o->elf, symbol.section, &section))
            info.asks = section.name;
        if (!visit(user, &info))
            return SKEP_OK;
    }
    if (!o->has_ext || !o->has_btf)
        return SKEP_OK;
    skep_code failed = sk_core_open(&core, &o->btf, &o->ext, NULL, err);
    if (failed)
        return failed;
    bool more = true;
    for (uint32_t b = 0; b < o->ext.block_count && more; b++) {
        const struct sk_btf_block *block = &o->ext.blocks[b];
        for (uint32_t i = 0; block->part == SK_BTF_CORE_RELO && i < block->count && more; i++) {
            char text[192] = "";
            struct sk_btf_core_relo relo = sk_btf_core_relo(&o->ext, block, i);
            (void)sk_core_describe(&core, block->section, relo.offset / 8, text, sizeof text);
            const skep_relocation info = {.section = block->section, .slot = relo.offset / 8, .is_core = true,
                                          .type = relo.kind, .asks = text};
            more = visit(user, &info);
        }
    }
    sk_core_close(&core);
    return SKEP_OK;
}

bool skep_object_source(const skep_object *object, size_t index, uint64_t pc, skep_source_line *line)
{
    struct sk_btf_line found;
    if (!object || index >= object->inner.program_count || !line || !object->inner.has_ext)
        return false;
    const struct sk_object *o = &object->inner;
    const struct sk_function *f = &o->functions[o->programs[index].function];
    if (pc >= f->end - f->start ||
        !sk_btf_find_line(&o->ext, o->programs[index].section, (f->start + (uint32_t)pc) * 8, &found))
        return false;
    *line = (skep_source_line){found.file, found.text, found.line, found.column};
    return true;
}
