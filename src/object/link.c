/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Linking a program: its function, then every function that it calls or takes the address of, each once, in the order
 * in which they are first met. Distances are rewritten for the new places, so that the result is a program that
 * stands alone.
 *
 * What a call or an address means (as libbpf has it):
 * - R_BPF_64_32 on a call: slot = symbol's value / 8 + imm + 1. For a symbol of its own imm is -1; static functions
 *   are reached from their section's symbol, with imm saying how far.
 * - a call (src 1) without a relocation: slot = its own slot + imm + 1, in the same section.
 * - R_BPF_64_64 on a wide immediate: byte = symbol's value + imm. Code becomes a function handle (src 4), a map's
 *   definition the map's place among the object's maps (src 1), global data and .kconfig that of its section and the
 *   offset in it (src 2). Weak symbols that nobody defines are 0.
 * Copies are whole functions, so jumps within them keep their distances.
 */
#include "base/fmt.h"
#include "isa/insn.h"
#include "object/object.h"

#define NOWHERE UINT32_MAX

struct linker {
    struct sk_object *object;
    uint32_t *place; /* of each function in the program that is being linked, in slots; NOWHERE: not in it */
    uint32_t *queue; /* the functions in it, in order of their places */
    uint32_t queued;
    uint32_t slots; /* of the program so far */
    uint32_t work;  /* slots copied for all programs so far */
    const struct sk_function *root; /* the program's own function */
    skep_error *err;
};

/* Where a reference leads: a slot of a section. */
struct target {
    uint32_t section, slot;
};

static const char *function_name(const struct sk_object *o, const struct sk_function *f)
{
    struct sk_elf_symbol symbol;
    struct sk_elf_section section;
    if (f->symbol != 0 && sk_elf_symbol(&o->elf, f->symbol, &symbol) && symbol.name[0])
        return symbol.name;
    return sk_elf_section(&o->elf, f->section, &section) ? section.name : "";
}

/* The function that has this slot; NULL: none has. */
static struct sk_function *function_at(const struct sk_object *o, struct target t)
{
    uint32_t low = 0, count = o->function_count;
    while (count > 0) {
        const struct sk_function *f = &o->functions[low + count / 2];
        if (f->section < t.section || (f->section == t.section && f->start <= t.slot)) {
            low += count / 2 + 1;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    if (low == 0)
        return NULL;
    struct sk_function *f = &o->functions[low - 1];
    return f->section == t.section && t.slot < f->end ? f : NULL;
}

/* Gives the function a place in the program unless it has one. */
static skep_code place(struct linker *l, const struct sk_function *f)
{
    uint32_t index = (uint32_t)(f - l->object->functions), slots = f->end - f->start;
    if (l->place[index] != NOWHERE)
        return SKEP_OK;
    if (slots > SKEP_MAX_SLOTS - l->slots)
        return sk_fail(l->err, SKEP_ERR_OBJECT, "program '%.*s' with the functions that it calls is longer than %u "
                       "instructions", 64, function_name(l->object, l->root), SKEP_MAX_SLOTS);
    if (slots > SK_OBJECT_MAX_SLOTS - l->work)
        return sk_fail(l->err, SKEP_ERR_OBJECT, "the programs of this object are together longer than %u instructions; "
                       "'%.*s' is beyond that", SK_OBJECT_MAX_SLOTS, 64, function_name(l->object, l->root));
    l->place[index] = l->slots;
    l->queue[l->queued++] = index;
    l->slots += slots;
    l->work += slots;
    return SKEP_OK;
}

/* An error about the instruction at slot `i` of function `f`. */
#define FAIL(l, code, f, i, ...)                                                                                       \
    sk_fail_at((l)->err, code, (l)->place[(f) - (l)->object->functions] + (i), __VA_ARGS__)

static skep_code fail_symbol(struct linker *l, const struct sk_function *f, uint32_t i,
                             const struct sk_elf_symbol *symbol)
{
    struct sk_elf_section section;
    const char *user = function_name(l->object, f);
    if (symbol->section == SK_SHN_UNDEF)
        return FAIL(l, SKEP_ERR_UNSUPPORTED, f, i, "'%.*s' uses '%.*s', which this object does not define: kernel functions "
                    "and symbols do not exist here", 56, user, 56, symbol->name);
    if (symbol->reserved || !sk_elf_section(&l->object->elf, symbol->section, &section))
        return FAIL(l, SKEP_ERR_UNSUPPORTED, f, i, "'%.*s' uses '%.*s', which is in no section of this object", 64,
                    user, 64, symbol->name);
    if (symbol->section == l->object->maps_section)
        return FAIL(l, SKEP_ERR_UNSUPPORTED, f, i, "'%.*s' uses the map '%.*s' of section .maps, and there are no types (.BTF) "
                    "that say what it is: compile with -g", 56, user, 56, symbol->name);
    return FAIL(l, SKEP_ERR_UNSUPPORTED, f, i,
                "'%.*s' uses '%.*s' (section '%.*s'), which is neither a map nor global data nor code", 56, user, 56,
                symbol->name, 32, section.name);
}

/* What the wide instruction at slot `i` of `f` becomes when it refers to that byte of that map. */
static void write_map(const struct linker *l, uint8_t *bytes, struct sk_slot s, const struct sk_object_map *map,
                      uint64_t offset)
{
    const struct sk_op_info *op = &sk_op_infos[map->is_data ? SK_OP_LDDW_MAP_VALUE : SK_OP_LDDW_MAP_FD];
    skep_byte_order order = l->object->elf.order;
    s.src = (uint8_t)op->value;
    s.imm = (int32_t)(map - l->object->maps);
    sk_slot_write(bytes, s, order);
    s = sk_slot_read(bytes + 8, order);
    s.imm = map->is_data ? (int32_t)(uint32_t)offset : 0;
    sk_slot_write(bytes + 8, s, order);
}

static const struct sk_object_extern *find_extern(const struct sk_object *o, const char *name)
{
    for (uint32_t i = 0; i < o->extern_count; i++)
        if (sk_streq(o->externs[i].name, name))
            return &o->externs[i];
    return NULL;
}

/* Wide instructions that refer to maps, data and what others provide. *done: it was one of these. */
static skep_code link_data(struct linker *l, const struct sk_function *f, uint32_t i, uint8_t *bytes, struct sk_slot s,
                           const struct sk_record *reloc, bool *done)
{
    const struct sk_object *o = l->object;
    struct sk_elf_symbol symbol;
    struct sk_elf_section section;
    *done = false;
    if (!sk_elf_symbol(&o->elf, reloc->a, &symbol) || symbol.reserved)
        return SKEP_OK;
    *done = true;
    if (symbol.section == SK_SHN_UNDEF) {
        const struct sk_object_extern *e = find_extern(o, symbol.name);
        if (e) {
            write_map(l, bytes, s, sk_object_map_at(o, SK_OBJECT_KCONFIG, e->offset), e->offset);
            return SKEP_OK;
        }
        if (symbol.binding != SK_STB_WEAK)
            return fail_symbol(l, f, i, &symbol);
        s.src = (uint8_t)sk_op_infos[SK_OP_LDDW].value; /* a symbol that is not there: its address is 0 */
        s.imm = 0;
        sk_slot_write(bytes, s, o->elf.order);
        s = sk_slot_read(bytes + 8, o->elf.order);
        s.imm = 0;
        sk_slot_write(bytes + 8, s, o->elf.order);
        return SKEP_OK;
    }
    uint64_t at = symbol.value + (uint64_t)(int64_t)s.imm;
    const struct sk_object_map *map = sk_object_map_at(o, symbol.section, at);
    if (map) {
        if (!map->is_data && at != map->offset)
            return FAIL(l, SKEP_ERR_OBJECT, f, i, "'%.*s' refers to byte %U of the definition of map '%.*s'", 64,
                        function_name(o, f), at - map->offset, 64, map->name);
        write_map(l, bytes, s, map, at);
        return SKEP_OK;
    }
    if (sk_elf_section(&o->elf, symbol.section, &section) && (section.flags & SK_SHF_EXECINSTR)) {
        *done = false;
        return SKEP_OK;
    }
    if (sk_object_map_at(o, symbol.section, 0))
        return FAIL(l, SKEP_ERR_OBJECT, f, i, "'%.*s' refers to '%.*s' %+D bytes, outside of section '%.*s'", 56,
                    function_name(o, f), 56, symbol.name[0] ? symbol.name : section.name, (int64_t)s.imm, 32, section.name);
    return fail_symbol(l, f, i, &symbol);
}

/* Where the symbol of a relocation leads, `addend` bytes on; it must be code. */
static skep_code resolve_symbol(struct linker *l, const struct sk_function *f, uint32_t i, uint32_t index,
                                int64_t addend, struct target *target)
{
    const struct sk_object *o = l->object;
    struct sk_elf_symbol symbol;
    struct sk_elf_section section;
    if (!sk_elf_symbol(&o->elf, index, &symbol))
        return FAIL(l, SKEP_ERR_OBJECT, f, i, "a relocation of '%.*s' is for symbol %u of %u", 64, function_name(o, f),
                    index, o->elf.symbol_count);
    if (symbol.reserved || symbol.section == SK_SHN_UNDEF || !sk_elf_section(&o->elf, symbol.section, &section) ||
        section.type != SK_SHT_PROGBITS || !(section.flags & SK_SHF_EXECINSTR))
        return fail_symbol(l, f, i, &symbol);
    int64_t byte = symbol.value <= section.size ? (int64_t)symbol.value + addend : -1;
    if (byte < 0 || (uint64_t)byte >= section.size || byte % 8 != 0)
        return FAIL(l, SKEP_ERR_OBJECT, f, i, "'%.*s' refers to '%.*s' %+D bytes, where no function is", 64,
                    function_name(o, f), 64, symbol.name[0] ? symbol.name : section.name, addend);
    *target = (struct target){.section = symbol.section, .slot = (uint32_t)(byte / 8)};
    return SKEP_OK;
}

/* Where a distance without a relocation leads. */
static skep_code resolve_distance(struct linker *l, const struct sk_function *f, uint32_t i, int32_t distance,
                                  struct target *target)
{
    int64_t slot = (int64_t)f->start + i + distance + 1;
    *target = (struct target){.section = f->section, .slot = (uint32_t)slot};
    if (slot < 0 || slot > UINT32_MAX || !function_at(l->object, *target))
        return FAIL(l, SKEP_ERR_OBJECT, f, i, "'%.*s' refers to instruction %D of its section, where no function is",
                    64, function_name(l->object, f), slot);
    return SKEP_OK;
}

/*
 * Rewrites the instruction at slot `i` of `f`, which already has a place, if it refers to a function. `reloc` is its
 * relocation or NULL.
 */
static skep_code link_insn(struct linker *l, const struct sk_function *f, uint32_t i, uint8_t *bytes,
                           const struct sk_record *reloc)
{
    const struct sk_op_info *call = &sk_op_infos[SK_OP_CALL_LOCAL], *func = &sk_op_infos[SK_OP_LDDW_FUNC];
    skep_byte_order order = l->object->elf.order;
    struct sk_slot s = sk_slot_read(bytes, order);
    bool is_call = s.opcode == call->opcode && s.src == call->value;
    bool is_wide = s.opcode == func->opcode;
    struct target target;
    skep_code code;
    if (reloc && !(is_call && reloc->b == SK_R_BPF_64_32) && !(is_wide && reloc->b == SK_R_BPF_64_64))
        return FAIL(l, SKEP_ERR_UNSUPPORTED, f, i, "'%.*s' has a relocation of type %u on an instruction that it does "
                    "not fit (opcode 0x%02x)", 64, function_name(l->object, f), reloc->b, (uint32_t)s.opcode);
    if (reloc && is_wide) {
        bool done;
        code = link_data(l, f, i, bytes, s, reloc, &done);
        if (code != SKEP_OK || done)
            return code;
    }
    if (reloc) {
        int64_t addend = is_call ? ((int64_t)s.imm + 1) * 8 : s.imm;
        code = resolve_symbol(l, f, i, reloc->a, addend, &target);
    } else if (is_call || (is_wide && s.src == func->value)) {
        code = resolve_distance(l, f, i, s.imm, &target);
    } else {
        return SKEP_OK;
    }
    if (code != SKEP_OK)
        return code;
    const struct sk_function *callee = function_at(l->object, target);
    if (!callee)
        return FAIL(l, SKEP_ERR_OBJECT, f, i, "'%.*s' refers to instruction %u of section %u, where no function is", 64,
                    function_name(l->object, f), target.slot, target.section);
    code = place(l, callee);
    if (code != SKEP_OK)
        return code;
    /* Both kinds count from the slot behind their first. A place is below SKEP_MAX_SLOTS, so nothing overflows. */
    uint32_t here = l->place[f - l->object->functions] + i;
    uint32_t there = l->place[callee - l->object->functions] + (target.slot - callee->start);
    s.imm = (int32_t)there - (int32_t)here - 1;
    if (is_wide)
        s.src = (uint8_t)func->value;
    sk_slot_write(bytes, s, order);
    return SKEP_OK;
}

/* Copies one function to the end of the code and links its instructions. */
static skep_code link_function(struct linker *l, const struct sk_function *f)
{
    const struct sk_object *o = l->object;
    struct sk_elf_section section;
    uint32_t slots = f->end - f->start;
    uint8_t *code = sk_buf_extend(&l->object->code, (size_t)slots * 8);
    if (!code || !sk_elf_section(&o->elf, f->section, &section))
        return sk_fail_memory(l->err);
    memcpy(code, section.data + (size_t)f->start * 8, (size_t)slots * 8);

    uint32_t r = sk_record_lower(o->relocs, o->reloc_count, sk_record_key(f->section, f->start));
    for (uint32_t i = 0; i < slots;) {
        uint64_t key = sk_record_key(f->section, f->start + i);
        const struct sk_record *reloc = r < o->reloc_count && o->relocs[r].key == key ? &o->relocs[r++] : NULL;
        bool wide = code[(size_t)i * 8] == sk_op_infos[SK_OP_LDDW_FUNC].opcode && i + 1 < slots;
        if (r < o->reloc_count && o->relocs[r].key <= key + wide)
            return FAIL(l, SKEP_ERR_OBJECT, f, i, "'%.*s' has two relocations for one instruction", 64,
                        function_name(o, f));
        skep_code failed = link_insn(l, f, i, code + (size_t)i * 8, reloc);
        if (failed != SKEP_OK)
            return failed;
        i += wide ? 2 : 1;
    }
    return SKEP_OK;
}

static skep_code link_program(struct linker *l, struct sk_function *root)
{
    struct sk_object *o = l->object;
    size_t begin = o->code.size;
    l->root = root;
    l->queued = l->slots = 0;
    skep_code code = place(l, root);
    /* The queue grows while it is walked. */
    for (uint32_t i = 0; code == SKEP_OK && i < l->queued; i++)
        code = link_function(l, &o->functions[l->queue[i]]);
    root->first_piece = (uint32_t)(o->pieces.size / sizeof(struct sk_piece));
    root->piece_count = l->queued;
    for (uint32_t i = 0; i < l->queued; i++) {
        const struct sk_piece piece = {l->place[l->queue[i]], l->queue[i]};
        sk_buf_add(&o->pieces, &piece, sizeof piece);
        l->place[l->queue[i]] = NOWHERE;
    }
    if (o->pieces.failed)
        return SKEP_ERR_MEMORY;
    root->at = begin;
    root->size = o->code.size - begin;
    root->state = SK_LINK_DONE;
    if (code == SKEP_OK || code == SKEP_ERR_MEMORY)
        return code;

    o->code.size = begin;
    root->state = SK_LINK_FAILED;
    root->error = code;
    root->error_pc = l->err->pc;
    root->at = o->messages.size;
    sk_buf_add(&o->messages, l->err->message, sk_strlen(l->err->message) + 1);
    return o->messages.failed ? SKEP_ERR_MEMORY : SKEP_OK;
}

skep_code sk_object_link(struct sk_object *o, skep_error *err)
{
    skep_error reason;
    struct linker l = {.object = o, .err = &reason};
    skep_code code = SKEP_OK;
    l.place = sk_alloc_array(o->hooks, o->function_count, sizeof *l.place);
    l.queue = sk_alloc_array(o->hooks, o->function_count, sizeof *l.queue);
    if (!l.place || !l.queue)
        code = SKEP_ERR_MEMORY;
    for (uint32_t i = 0; code == SKEP_OK && i < o->function_count; i++)
        l.place[i] = NOWHERE;
    for (uint32_t i = 0; code == SKEP_OK && i < o->program_count; i++) {
        struct sk_function *f = &o->functions[o->programs[i].function];
        if (f->state == SK_LINK_NOT_YET)
            code = link_program(&l, f);
    }
    sk_free(o->hooks, l.queue);
    sk_free(o->hooks, l.place);
    return code == SKEP_OK ? SKEP_OK : sk_fail_memory(err);
}
