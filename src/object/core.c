/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For each relocation: the local access, the candidates that it is found in, the value that they agree on, and the
 * instruction that gets it. Before an instruction is changed, its value is compared with what the local types say, so
 * that relocations and code that do not belong together are noticed.
 */
#include "object/core.h"

#include "isa/insn.h"

/* Opcode bytes are made of a class, and of a width or a source (RFC 9669, section 3). */
enum {
    CLASS = 7,
    CLASS_LD = 0,
    CLASS_LDX = 1,
    CLASS_ST = 2,
    CLASS_STX = 3,
    CLASS_ALU32 = 4,
    CLASS_ALU64 = 7,
    SOURCE_REG = 8,
    WIDTH = 0x18,
    WIDTH_32 = 0,
    WIDTH_16 = 8,
    WIDTH_8 = 0x10,
    WIDTH_64 = 0x18
};

/* What a relocation comes to, for one access. */
struct outcome {
    uint64_t value;
    uint32_t width; /* bytes of the field, where loads and stores may adapt to it; 0: they may not */
    uint32_t type;  /* of the field */
    bool exact;     /* the compiler cannot have had another value */
};

struct result {
    struct outcome before, after;
    bool poison;
    bool wrong_width; /* a load or store would read something else */
};

/* One call of sk_core_apply, for errors. */
struct work {
    struct sk_core *core;
    struct sk_btf_core_relo relo;
    uint32_t slot; /* counted from the code */
    struct sk_core_spec local, candidate;
    skep_error *err;
};

/* Errors name what the relocation asks for. */
static skep_code fail(struct work *w, skep_code code, const char *why)
{
    char text[160];
    sk_core_text(&w->local, text, sizeof text);
    return sk_fail_at(w->err, code, w->slot, "CO-RE: %s: %s", text, why);
}

static skep_code fail_numbers(struct work *w, const char *what, uint64_t has, uint64_t expected)
{
    char text[128];
    sk_core_text(&w->local, text, sizeof text);
    return sk_fail_at(w->err, SKEP_ERR_OBJECT, w->slot, "CO-RE: %s: the instruction's %s is %D, not %D as by the "
                      "object's own types", text, what, (int64_t)has, (int64_t)expected);
}

/* ---------------------------------------------------------------------------------------------- values */

/* The smallest aligned integer that has all of a bit-field; false: 64 bits do not suffice, or it is in no integer. */
static bool bit_field_word(const struct sk_btf *btf, uint32_t type, uint64_t bits, uint32_t count, uint64_t *offset,
                           uint32_t *size)
{
    *size = sk_btf_resolve(btf, type).size;
    if (*size == 0)
        return false;
    for (;; *size *= 2) {
        *offset = bits / 8 / *size * *size;
        if (bits + count - *offset * 8 <= (uint64_t)*size * 8)
            return true;
        if (*size >= 8)
            return false;
    }
}

static const char *field_value(const struct sk_core_spec *spec, skep_byte_order order, struct outcome *out)
{
    const struct sk_core_step *last = &spec->steps[spec->count - 1];
    struct sk_btf_member m = {.type = last->type};
    uint64_t offset = spec->bit_offset / 8;
    uint32_t size;
    if (last->name) {
        struct sk_btf_type owner = sk_btf_type(spec->btf, last->type);
        m = sk_btf_member(spec->btf, &owner, last->index);
    } else if (spec->kind != SK_CORE_FIELD_BYTE_OFFSET && spec->kind != SK_CORE_FIELD_BYTE_SIZE) {
        return "an element of an array cannot be asked that";
    }
    out->type = sk_btf_skip(spec->btf, m.type);
    if (m.bit_size == 0) {
        if (!sk_btf_size(spec->btf, m.type, &size))
            return "the field has no size";
    } else if (!bit_field_word(spec->btf, m.type, spec->bit_offset, m.bit_size, &offset, &size)) {
        return "the bit-field does not lie in 64 bits";
    }
    uint32_t bits = m.bit_size ? m.bit_size : size * 8, from = (uint32_t)(spec->bit_offset - offset * 8);
    out->exact = m.bit_size == 0; /* about bit-fields, compilers may disagree with us */
    switch (spec->kind) {
    case SK_CORE_FIELD_BYTE_OFFSET:
        out->value = offset;
        out->width = m.bit_size == 0 ? size : 0;
        if (m.bit_size)
            out->type = 0;
        break;
    case SK_CORE_FIELD_BYTE_SIZE: out->value = size; break;
    case SK_CORE_FIELD_SIGNED: {
        struct sk_btf_type type = sk_btf_type(spec->btf, out->type);
        out->value = (sk_btf_is_enum(type.kind) && type.flag) ||
                     (type.kind == SK_BTF_INT && (sk_btf_integer(spec->btf, &type).encoding & SK_BTF_SIGNED));
        out->exact = true;
        break;
    }
    case SK_CORE_FIELD_LSHIFT_U64:
        out->value = order == SKEP_LITTLE_ENDIAN ? 64 - (from + bits) : (8 - size) * 8 + from;
        break;
    default: /* SK_CORE_FIELD_RSHIFT_U64 */
        out->value = 64 - bits;
        out->exact = true;
        break;
    }
    return NULL;
}

/* The value that an access gives; `spec` NULL: nothing was found. Returns NULL, or why there is none. */
static const char *value_of(const struct sk_core_spec *spec, uint32_t kind, skep_byte_order order, struct outcome *out,
                            bool *poison)
{
    struct sk_btf_type type;
    uint32_t size;
    *out = (struct outcome){.exact = true};
    switch (kind) {
    case SK_CORE_FIELD_EXISTS:
    case SK_CORE_TYPE_EXISTS:
    case SK_CORE_TYPE_MATCHES:
    case SK_CORE_ENUMVAL_EXISTS: out->value = spec != NULL; return NULL;
    case SK_CORE_TYPE_ID_TARGET:
        out->value = spec ? spec->root : 0;
        out->exact = false; /* ids change when objects are linked */
        return NULL;
    case SK_CORE_TYPE_SIZE:
        if (spec && !sk_btf_size(spec->btf, spec->root, &size))
            return "the type has no size";
        out->value = spec ? size : 0;
        return NULL;
    default: break;
    }
    if (!spec) {
        *poison = true;
        return NULL;
    }
    if (kind != SK_CORE_ENUMVAL_VALUE)
        return field_value(spec, order, out);
    type = sk_btf_type(spec->btf, spec->steps[0].type);
    out->value = sk_btf_enumerator(spec->btf, &type, spec->steps[0].index).value;
    out->width = type.kind == SK_BTF_ENUM ? 4 : 8; /* of the value itself: see patch_wide */
    if (type.kind == SK_BTF_ENUM)
        out->value = (uint64_t)(int64_t)(int32_t)out->value;
    return NULL;
}

static bool is_adaptable(const struct sk_btf *btf, uint32_t id, unsigned kind)
{
    struct sk_btf_type type = sk_btf_type(btf, id);
    return type.kind == kind && (kind != SK_BTF_INT || sk_btf_integer(btf, &type).encoding != SK_BTF_SIGNED);
}

static skep_code compare_outcomes(struct work *w, const struct sk_core_spec *found, struct result *r)
{
    const struct sk_core *core = w->core;
    uint32_t kind = w->relo.kind;
    *r = (struct result){.poison = false};
    const char *wrong = value_of(&w->local, kind, core->local->order, &r->before, &r->poison);
    if (!wrong)
        wrong = value_of(found, kind, core->local->order, &r->after, &r->poison);
    if (wrong)
        return fail(w, SKEP_ERR_OBJECT, wrong);
    if (sk_core_is_field(kind) && !r->poison && r->before.width != r->after.width)
        r->wrong_width = !(is_adaptable(core->local, r->before.type, SK_BTF_PTR) &&
                           is_adaptable(core->target, r->after.type, SK_BTF_PTR)) &&
                         !(is_adaptable(core->local, r->before.type, SK_BTF_INT) &&
                           is_adaptable(core->target, r->after.type, SK_BTF_INT));
    return SKEP_OK;
}

/* ------------------------------------------------------------------------------------------- candidates */

/* The list of a local type: its count, then its ids. NULL: no memory. */
static uint32_t *candidates(struct work *w)
{
    struct sk_core *core = w->core;
    uint32_t *place = &core->places[w->local.root];
    struct sk_btf_type type = sk_btf_type(core->local, w->local.root);
    if (*place == 0) {
        uint32_t begin = (uint32_t)(core->lists.size / 4), count = 0, id = 0;
        sk_buf_add(&core->lists, &count, sizeof count);
        if (core->itself) {
            sk_buf_add(&core->lists, &w->local.root, sizeof w->local.root);
            count = 1;
        } else if (sk_core_spend(core, (size_t)core->target->longest * 16)) {
            size_t length = sk_btf_essential(type.name);
            while ((id = sk_btf_next_flavour(core->target, type.name, length, id)) != 0) {
                if (!sk_core_same_kind(sk_btf_type(core->target, id).kind, type.kind))
                    continue;
                sk_buf_add(&core->lists, &id, sizeof id);
                count++;
            }
        }
        if (core->lists.failed)
            return NULL;
        memcpy(core->lists.data + (size_t)begin * 4, &count, sizeof count);
        *place = begin + 1;
    }
    return (uint32_t *)(void *)core->lists.data + (*place - 1);
}

static skep_code resolve(struct work *w, struct result *result)
{
    struct sk_core *core = w->core;
    uint64_t bit_offset = 0;
    uint32_t kept = 0;
    if (w->relo.kind == SK_CORE_TYPE_ID_LOCAL) {
        *result = (struct result){.after = {.value = w->local.root}};
        return SKEP_OK;
    }
    if (!sk_btf_type(core->local, w->local.root).name[0] && !core->itself)
        return fail(w, SKEP_ERR_UNSUPPORTED, "types without a name cannot be looked for");
    uint32_t *list = candidates(w);
    if (!list)
        return sk_fail_memory(w->err);
    for (uint32_t i = 0; i < list[0]; i++) {
        struct result r;
        enum sk_core_match match = sk_core_find(core, &w->local, list[i + 1], &w->candidate);
        if (match == SK_CORE_FAILED && core->work > 0)
            return fail(w, SKEP_ERR_OBJECT, "a candidate is nested too deep or too large");
        if (match != SK_CORE_SAME)
            continue;
        skep_code code = compare_outcomes(w, &w->candidate, &r);
        if (code != SKEP_OK)
            return code;
        if (kept == 0) {
            *result = r;
            bit_offset = w->candidate.bit_offset;
        } else if (w->candidate.bit_offset != bit_offset || r.poison != result->poison ||
                   r.after.value != result->after.value) {
            return fail(w, SKEP_ERR_UNSUPPORTED, "ambiguous: several target types match and do not agree");
        }
        list[++kept] = list[i + 1];
    }
    if (core->work == 0)
        return fail(w, SKEP_ERR_OBJECT, "the relocations of this object take too much work");
    if (kept == 0)
        return compare_outcomes(w, NULL, result);
    list[0] = kept;
    return SKEP_OK;
}

/* --------------------------------------------------------------------------------------------- patching */

static void poison(uint8_t *bytes, skep_byte_order order, bool wide)
{
    const struct sk_slot call = {.opcode = sk_op_infos[SK_OP_CALL].opcode, .imm = SK_CORE_POISON};
    sk_slot_write(bytes, call, order);
    if (wide)
        sk_slot_write(bytes + 8, call, order);
}

static uint32_t width_of(uint8_t opcode)
{
    switch (opcode & WIDTH) {
    case WIDTH_64: return 8;
    case WIDTH_32: return 4;
    case WIDTH_16: return 2;
    default: return 1;
    }
}

static skep_code patch_access(struct work *w, const struct result *r, struct sk_slot *s)
{
    static const uint8_t widths[9] = {[1] = WIDTH_8, [2] = WIDTH_16, [4] = WIDTH_32, [8] = WIDTH_64};
    if (r->before.exact && (uint64_t)(int64_t)s->off != r->before.value)
        return fail_numbers(w, "offset", (uint64_t)(int64_t)s->off, r->before.value);
    if (r->after.value > INT16_MAX)
        return fail(w, SKEP_ERR_UNSUPPORTED, "the offset does not fit into a load or store");
    s->off = (int16_t)r->after.value;
    if (r->before.width == r->after.width)
        return SKEP_OK;
    if (width_of(s->opcode) != r->before.width)
        return fail_numbers(w, "width", width_of(s->opcode), r->before.width);
    if (r->after.width > 8 || (widths[r->after.width] == 0 && r->after.width != 4))
        return fail(w, SKEP_ERR_UNSUPPORTED, "no load or store has the width that the field has in the target");
    s->opcode = (uint8_t)((s->opcode & ~WIDTH) | widths[r->after.width]);
    return SKEP_OK;
}

static skep_code patch_wide(struct work *w, const struct result *r, uint8_t *bytes, struct sk_slot *s, bool whole)
{
    skep_byte_order order = w->core->local->order;
    struct sk_slot second = {0};
    if (whole)
        second = sk_slot_read(bytes + 8, order);
    if (!whole || s->opcode != sk_op_infos[SK_OP_LDDW].opcode || s->src || s->off || second.opcode || second.dst ||
        second.src || second.off)
        return fail(w, SKEP_ERR_OBJECT, "the instruction is no plain load of a 64-bit immediate");
    uint64_t has = (uint32_t)s->imm | (uint64_t)(uint32_t)second.imm << 32, value = r->after.value;
    if (r->before.exact && has != r->before.value) {
        /* An unsigned enumerator. */
        if (w->relo.kind != SK_CORE_ENUMVAL_VALUE || r->before.width != 4 || has != (uint32_t)r->before.value)
            return fail_numbers(w, "value", has, r->before.value);
        if (r->after.width == 4)
            value = (uint32_t)value;
    }
    s->imm = (int32_t)(uint32_t)value;
    second.imm = (int32_t)(uint32_t)(value >> 32);
    sk_slot_write(bytes + 8, second, order);
    return SKEP_OK;
}

/* `left`: slots from this one to the end of the code. */
static skep_code patch(struct work *w, const struct result *r, uint8_t *bytes, uint32_t left, bool *poisoned)
{
    skep_byte_order order = w->core->local->order;
    struct sk_slot s = sk_slot_read(bytes, order);
    bool wide = s.opcode == sk_op_infos[SK_OP_LDDW].opcode && left > 1;
    skep_code code = SKEP_OK;
    *poisoned = r->poison;
    if (!r->poison)
        switch (s.opcode & CLASS) {
        case CLASS_ALU32:
        case CLASS_ALU64:
            if (s.opcode & SOURCE_REG)
                return fail(w, SKEP_ERR_OBJECT, "the instruction has no immediate");
            if (r->before.exact && (uint64_t)(int64_t)s.imm != r->before.value)
                return fail_numbers(w, "immediate", (uint64_t)(int64_t)s.imm, r->before.value);
            s.imm = (int32_t)(uint32_t)r->after.value;
            break;
        case CLASS_LDX:
        case CLASS_ST:
        case CLASS_STX:
            /* Checked in this order by libbpf, too: an offset that is wrong or too large is an error all the same. */
            *poisoned = r->wrong_width;
            struct result same = *r;
            if (r->wrong_width)
                same.after.width = same.before.width;
            code = patch_access(w, &same, &s);
            break;
        case CLASS_LD: code = patch_wide(w, r, bytes, &s, wide); break;
        default: return fail(w, SKEP_ERR_OBJECT, "the instruction has nothing to relocate");
        }
    if (code != SKEP_OK)
        return code;
    if (*poisoned)
        poison(bytes, order, wide);
    else
        sk_slot_write(bytes, s, order);
    return SKEP_OK;
}

static skep_code apply_one(struct work *w, uint8_t *code, uint32_t slots, bool *poisoned)
{
    struct result result;
    w->local = (struct sk_core_spec){.btf = w->core->local, .root = w->relo.type, .kind = w->relo.kind};
    if (w->relo.kind >= SK_CORE_KIND_COUNT)
        return sk_fail_at(w->err, SKEP_ERR_UNSUPPORTED, w->slot, "CO-RE relocation of kind %u is not known",
                          w->relo.kind);
    if (w->relo.offset % 8 != 0)
        return fail(w, SKEP_ERR_OBJECT, "no instruction begins there");
    sk_core_spend(w->core, sk_strlen(w->relo.access) / 16);
    const char *wrong = sk_core_parse(w->core->local, &w->relo, &w->local);
    if (wrong)
        return sk_fail_at(w->err, SKEP_ERR_OBJECT, w->slot, "CO-RE: the relocation of type %u ('%.*s') by '%.*s' asks "
                          "for %s", w->relo.type, 64, sk_btf_type(w->core->local, w->relo.type).name, 32,
                          w->relo.access, wrong);
    skep_code failed = resolve(w, &result);
    /* Of bit-fields, the compiler's own view is as good as ours, and all of it is there. */
    if (failed == SKEP_OK && w->core->itself && sk_core_is_field(w->relo.kind) && !result.before.exact)
        return SKEP_OK;
    if (failed == SKEP_OK)
        failed = patch(w, &result, code + (size_t)w->slot * 8, slots - w->slot, poisoned);
    return failed;
}

skep_code sk_core_apply(struct sk_core *core, const char *section, uint32_t first, uint8_t *code, uint32_t slots,
                        uint32_t *poisoned, skep_error *err)
{
    struct work w = {.core = core, .err = err};
    const struct sk_btf_block *block = NULL;
    uint64_t begin = (uint64_t)first * 8, end = begin + (uint64_t)slots * 8;
    if (poisoned)
        *poisoned = 0;
    if (core->ext)
        sk_core_spend(core, core->ext->block_count);
    while (core->ext && begin <= UINT32_MAX &&
           (block = sk_btf_block(core->ext, SK_BTF_CORE_RELO, section, block)) != NULL)
        for (uint32_t i = sk_btf_block_from(core->ext, block, (uint32_t)begin); i < block->count; i++) {
            bool bad = false;
            w.relo = sk_btf_core_relo(core->ext, block, i);
            if (!sk_core_spend(core, 1))
                return sk_fail(err, SKEP_ERR_OBJECT, "the CO-RE relocations of this object take too much work");
            if (w.relo.offset >= end && block->rising)
                break;
            if (w.relo.offset < begin || w.relo.offset >= end)
                continue;
            w.slot = (uint32_t)((w.relo.offset - begin) / 8);
            skep_code failed = apply_one(&w, code, slots, &bad);
            if (failed != SKEP_OK)
                return failed;
            if (bad && poisoned)
                ++*poisoned;
        }
    return SKEP_OK;
}

bool sk_core_describe(const struct sk_core *core, const char *section, uint32_t slot, char *text, size_t size)
{
    const struct sk_btf_block *block = NULL;
    struct sk_core_spec spec;
    while (core->ext && (block = sk_btf_block(core->ext, SK_BTF_CORE_RELO, section, block)) != NULL)
        for (uint32_t i = slot < UINT32_MAX / 8 ? sk_btf_block_from(core->ext, block, slot * 8) : block->count;
             i < block->count; i++) {
            struct sk_btf_core_relo relo = sk_btf_core_relo(core->ext, block, i);
            if (relo.offset / 8 > slot && block->rising)
                break;
            if (relo.offset / 8 != slot)
                continue;
            if (sk_core_parse(core->local, &relo, &spec) == NULL) {
                sk_core_text(&spec, text, size);
                return true;
            }
        }
    return false;
}

skep_code sk_core_open(struct sk_core *core, const struct sk_btf *local, const struct sk_btf_ext *ext,
                       const struct sk_btf *target, skep_error *err)
{
    *core = (struct sk_core){
        .local = local, .target = target ? target : local, .ext = ext, .itself = !target, .work = SK_CORE_MAX_WORK};
    sk_buf_init(&core->lists, local->hooks);
    core->places = sk_alloc_array(local->hooks, local->count, sizeof *core->places);
    return core->places ? SKEP_OK : sk_fail_memory(err);
}

void sk_core_close(struct sk_core *core)
{
    sk_free(core->local->hooks, core->places);
    sk_buf_free(&core->lists);
    core->places = NULL;
}
