/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Finds the functions, programs and relocations of an object. Nothing here looks at instructions: link.c does.
 *
 * A section's programs are its global functions; if it has none, its static ones; if it has no functions at all, the
 * section itself. The code of .text is for others to call, unless there is no other code.
 */
#include "object/object.h"

#include "object/core.h"
#include "object/section.h"

/* The records' order: by key, then by b. */
static bool before(const struct sk_record *x, const struct sk_record *y)
{
    return x->key < y->key || (x->key == y->key && x->b < y->b);
}

static void sift_down(struct sk_record *r, size_t at, size_t count)
{
    struct sk_record moved = r[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&r[child], &r[child + 1]))
            child++;
        if (!before(&moved, &r[child]))
            break;
        r[at] = r[child];
    }
    r[at] = moved;
}

/* Heap sort: no memory, and no input makes it slow. */
static void sort(struct sk_record *r, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(r, i, count);
    for (size_t i = count; i-- > 1;) {
        struct sk_record top = r[0];
        r[0] = r[i];
        r[i] = top;
        sift_down(r, 0, i);
    }
}

uint32_t sk_record_lower(const struct sk_record *records, uint32_t count, uint64_t key)
{
    uint32_t low = 0;
    while (count > 0) {
        uint32_t half = count / 2;
        if (records[low + half].key < key) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

/* What is known of each section while the programs are looked for. */
struct section_facts {
    uint32_t slots;  /* of code; 0: it has none */
    bool has_global; /* a function that is not static */
    bool has_function;
    bool is_text;
};

static skep_code find_code(struct sk_object *o, struct section_facts *facts, bool *only_text, skep_error *err)
{
    struct sk_elf_section section;
    *only_text = true;
    for (uint32_t i = 1; i < o->elf.section_count && sk_elf_section(&o->elf, i, &section); i++) {
        if (section.type != SK_SHT_PROGBITS || !(section.flags & SK_SHF_EXECINSTR) || section.size == 0)
            continue;
        if (section.size % 8 != 0 || section.size / 8 > INT32_MAX)
            return sk_fail(err, SKEP_ERR_OBJECT, "section %u (%.*s) is no BPF code: its %U bytes are not a sequence "
                           "of 8-byte instructions", i, 64, section.name, section.size);
        facts[i].slots = (uint32_t)(section.size / 8);
        facts[i].is_text = sk_streq(section.name, ".text");
        if (!facts[i].is_text)
            *only_text = false;
    }
    return SKEP_OK;
}

/* A symbol as a record: a = its size in slots, 0 when it does not say; b = its number. False: not a function. */
static bool function_record(const struct sk_object *o, const struct section_facts *facts, uint32_t index,
                            struct sk_record *record, struct sk_elf_symbol *symbol, bool *valid)
{
    if (!sk_elf_symbol(&o->elf, index, symbol) || symbol->type != SK_STT_FUNC || symbol->reserved ||
        facts[symbol->section].slots == 0)
        return false;
    uint64_t bytes = (uint64_t)facts[symbol->section].slots * 8;
    *valid = symbol->value % 8 == 0 && symbol->size % 8 == 0 && symbol->value < bytes &&
             symbol->size <= bytes - symbol->value;
    if (*valid)
        *record = (struct sk_record){.key = sk_record_key(symbol->section, (uint32_t)(symbol->value / 8)),
                                     .a = (uint32_t)(symbol->size / 8),
                                     .b = index};
    return true;
}

static skep_code find_functions(const struct sk_object *o, struct section_facts *facts, struct sk_buf *records,
                                skep_error *err)
{
    struct sk_record record;
    struct sk_elf_symbol symbol;
    bool valid;
    for (uint32_t i = 1; i < o->elf.symbol_count; i++) {
        if (!function_record(o, facts, i, &record, &symbol, &valid))
            continue;
        if (!valid)
            return sk_fail(err, SKEP_ERR_OBJECT,
                           "function '%.*s' (symbol %u) is not made of whole instructions of its section: %U bytes at "
                           "%#X", 64, symbol.name, i, symbol.size, symbol.value);
        facts[symbol.section].has_function = true;
        if (symbol.binding != SK_STB_LOCAL)
            facts[symbol.section].has_global = true;
        sk_buf_add(records, &record, sizeof record);
    }
    for (uint32_t i = 1; i < o->elf.section_count; i++) {
        if (facts[i].slots == 0 || facts[i].has_function)
            continue;
        record = (struct sk_record){.key = sk_record_key(i, 0), .a = facts[i].slots, .b = 0};
        sk_buf_add(records, &record, sizeof record);
    }
    if (records->failed || records->size / sizeof record > UINT32_MAX)
        return sk_fail_memory(err);
    return SKEP_OK;
}

/* A function whose symbol does not say how long it is reaches to the next one, or to its section's end. */
static void fill_sizes(struct sk_record *r, uint32_t count, const struct section_facts *facts)
{
    uint64_t next = 0; /* key of the nearest later function at another place */
    for (uint32_t i = count; i-- > 0;) {
        if (i + 1 < count && r[i + 1].key != r[i].key)
            next = r[i + 1].key;
        uint32_t section = (uint32_t)(r[i].key >> 32), start = (uint32_t)r[i].key;
        if (r[i].a == 0)
            r[i].a = (next >> 32 == section ? (uint32_t)next : facts[section].slots) - start;
    }
}

/* From the sorted records: functions (one for each place) and programs. */
static void fill_tables(struct sk_object *o, const struct sk_record *r, uint32_t count,
                        const struct section_facts *facts, bool only_text)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t section = (uint32_t)(r[i].key >> 32), start = (uint32_t)r[i].key;
        struct sk_function *f = o->functions + o->function_count;
        if (i > 0 && r[i - 1].key == r[i].key) {
            f--;
            if (f->end < start + r[i].a)
                f->end = start + r[i].a;
        } else {
            *f = (struct sk_function){.section = section, .start = start, .end = start + r[i].a, .symbol = r[i].b};
            o->function_count++;
        }
        struct sk_elf_symbol symbol = {.name = ""};
        struct sk_elf_section named;
        if (r[i].b != 0)
            (void)sk_elf_symbol(&o->elf, r[i].b, &symbol);
        if ((facts[section].is_text && !only_text) || (facts[section].has_global && symbol.binding == SK_STB_LOCAL) ||
            !sk_elf_section(&o->elf, section, &named))
            continue;
        o->programs[o->program_count++] = (struct sk_object_entry){.name = symbol.name[0] ? symbol.name : named.name,
                                                              .section = named.name,
                                                              .function = o->function_count - 1};
    }
}

/* The records of one relocation section that changes section number section.info. */
static skep_code read_relocs_of(const struct sk_object *o, const struct sk_elf_section *section, uint32_t slots,
                                struct sk_buf *records, skep_error *err)
{
    struct sk_elf_reloc reloc;
    if (section->type == SK_SHT_RELA)
        return sk_fail(err, SKEP_ERR_OBJECT, "section '%.*s' holds relocations with addends, which BPF does not have",
                       64, section->name);
    if (section->link != o->elf.symtab || section->size % 16 != 0)
        return sk_fail(err, SKEP_ERR_OBJECT, "the relocation section '%.*s' is malformed: %U bytes for symbol table %u",
                       64, section->name, section->size, section->link);
    for (uint32_t i = 0; sk_elf_reloc(&o->elf, section, i, &reloc); i++) {
        if (reloc.offset % 8 != 0 || reloc.offset / 8 >= slots)
            return sk_fail(err, SKEP_ERR_OBJECT, "relocation %u of section '%.*s' is for offset %#X, where no "
                           "instruction begins", i, 64, section->name, reloc.offset);
        struct sk_record record = {.key = sk_record_key(section->info, (uint32_t)(reloc.offset / 8)),
                                   .a = reloc.symbol,
                                   .b = reloc.type};
        sk_buf_add(records, &record, sizeof record);
    }
    return SKEP_OK;
}

static skep_code read_relocs(struct sk_object *o, const struct section_facts *facts, skep_error *err)
{
    struct sk_buf records;
    struct sk_elf_section section;
    sk_buf_init(&records, o->hooks);
    for (uint32_t i = 1; sk_elf_section(&o->elf, i, &section); i++) {
        if ((section.type != SK_SHT_REL && section.type != SK_SHT_RELA) || section.size == 0 ||
            section.info >= o->elf.section_count || facts[section.info].slots == 0)
            continue;
        skep_code code = read_relocs_of(o, &section, facts[section.info].slots, &records, err);
        if (code != SKEP_OK) {
            sk_buf_free(&records);
            return code;
        }
    }
    size_t size = 0;
    o->relocs = sk_buf_take(&records, &size);
    if (!o->relocs || size / sizeof *o->relocs > UINT32_MAX) {
        sk_buf_free(&records);
        return sk_fail_memory(err);
    }
    o->reloc_count = (uint32_t)(size / sizeof *o->relocs);
    sort(o->relocs, o->reloc_count);
    return SKEP_OK;
}

static skep_code read_functions(struct sk_object *o, struct section_facts *facts, skep_error *err)
{
    struct sk_buf records;
    bool only_text;
    sk_buf_init(&records, o->hooks);
    skep_code code = find_code(o, facts, &only_text, err);
    if (code == SKEP_OK)
        code = find_functions(o, facts, &records, err);
    if (code == SKEP_OK) {
        struct sk_record *r = (void *)records.data;
        uint32_t count = (uint32_t)(records.size / sizeof *r);
        o->functions = sk_alloc_array(o->hooks, count, sizeof *o->functions);
        o->programs = sk_alloc_array(o->hooks, count, sizeof *o->programs);
        if (o->functions && o->programs) {
            sort(r, count);
            fill_sizes(r, count, facts);
            fill_tables(o, r, count, facts, only_text);
        } else {
            code = sk_fail_memory(err);
        }
    }
    sk_buf_free(&records);
    return code;
}

bool sk_object_line(const struct sk_object *o, uint32_t program, uint32_t pc, struct sk_btf_line *line)
{
    const struct sk_function *f = &o->functions[o->programs[program].function];
    const struct sk_piece *pieces = (const struct sk_piece *)(const void *)o->pieces.data + f->first_piece;
    uint32_t i = f->piece_count;
    struct sk_elf_section section;
    while (i > 0 && pieces[i - 1].at > pc)
        i--;
    if (i == 0 || !o->has_ext)
        return false;
    const struct sk_function *g = &o->functions[pieces[i - 1].function];
    return sk_elf_section(&o->elf, g->section, &section) &&
           sk_btf_find_line(&o->ext, section.name, (g->start + pc - pieces[i - 1].at) * 8, line);
}

/* Fits the code to the target's types, in our copy of the file. */
static skep_code relocate_types(struct sk_object *o, const struct sk_btf *target, skep_error *err)
{
    struct sk_elf_section section;
    struct sk_core core;
    if (!o->has_ext || !target)
        return SKEP_OK;
    skep_code failed = sk_core_open(&core, &o->btf, &o->ext, target, err);
    if (failed)
        return failed;
    for (uint32_t i = 1; !failed && sk_elf_section(&o->elf, i, &section); i++) {
        if (section.type != SK_SHT_PROGBITS || !(section.flags & SK_SHF_EXECINSTR) || !section.data ||
            !sk_btf_block(&o->ext, SK_BTF_CORE_RELO, section.name, NULL))
            continue;
        uint8_t *code = o->bytes + (section.data - o->bytes);
        failed = sk_core_apply(&core, section.name, 0, code, (uint32_t)(section.size / 8), NULL, err);
    }
    sk_core_close(&core);
    return failed;
}

skep_code sk_object_open(struct sk_object *o, const skep_hooks *hooks, struct skep_cpus *cpus,
                         const struct sk_btf *target, const void *bytes, size_t size, skep_error *err)
{
    memset(o, 0, sizeof *o);
    o->hooks = hooks;
    o->cpus = cpus;
    sk_buf_init(&o->code, hooks);
    sk_buf_init(&o->messages, hooks);
    sk_buf_init(&o->pieces, hooks);
    o->bytes = sk_alloc(hooks, size ? size : 1);
    if (!o->bytes)
        return sk_fail_memory(err);
    if (size)
        memcpy(o->bytes, bytes, size);
    skep_code code = sk_elf_open(&o->elf, o->bytes, size, err);
    if (code == SKEP_OK) {
        struct section_facts *facts = sk_alloc_array(hooks, o->elf.section_count, sizeof *facts);
        code = facts ? read_functions(o, facts, err) : sk_fail_memory(err);
        if (code == SKEP_OK)
            code = read_relocs(o, facts, err);
        sk_free(hooks, facts);
    }
    if (code == SKEP_OK)
        code = sk_object_find_maps(o, err);
    if (code == SKEP_OK)
        code = relocate_types(o, target, err);
    if (code == SKEP_OK)
        code = sk_object_link(o, err);
    if (code != SKEP_OK)
        sk_object_close(o);
    return code;
}

void sk_object_close(struct sk_object *o)
{
    sk_object_free_maps(o);
    sk_buf_free(&o->code);
    sk_buf_free(&o->messages);
    sk_buf_free(&o->pieces);
    sk_free(o->hooks, o->relocs);
    sk_free(o->hooks, o->programs);
    sk_free(o->hooks, o->functions);
    sk_free(o->hooks, o->bytes);
    memset(o, 0, sizeof *o);
}

skep_code sk_object_program(const struct sk_object *o, uint32_t index, skep_program_info *info, skep_error *err)
{
    const struct sk_object_entry *p = &o->programs[index];
    const struct sk_function *f = &o->functions[p->function];
    info->name = p->name;
    info->section = p->section;
    info->code = NULL;
    info->code_size = 0;
    info->byte_order = o->elf.order;
    struct sk_section_type type;
    sk_section_type(p->section, &type);
    info->type = type.type;
    info->type_name = type.type_name;
    info->attach = type.attach;
    info->kind = type.kind;
    info->autoload = type.autoload;
    if (f->state != SK_LINK_DONE)
        return sk_fail_at(err, f->error, f->error_pc, "%s", (const char *)o->messages.data + f->at);
    info->code = o->code.data + f->at;
    info->code_size = f->size;
    return SKEP_OK;
}
