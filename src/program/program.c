/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "program/program.h"

#include "text/text.h"

static skep_code decode_failed(enum sk_decode_status status, const uint8_t *code, skep_byte_order order, uint32_t slot,
                               const struct sk_insn *insn, const char *field, skep_error *err)
{
    struct sk_slot s = sk_slot_read(code + (size_t)slot * 8, order);
    char text[96];
    switch (status) {
    case SK_DECODE_OPCODE:
        return sk_fail_at(err, SKEP_ERR_INVALID, slot, "instruction %u: opcode 0x%02x is no instruction", slot, s.opcode);
    case SK_DECODE_SELECTOR:
        return sk_fail_at(err, SKEP_ERR_INVALID, slot,
                          "instruction %u: opcode 0x%02x has no instruction with %s = %d (dst %u, src %u, off %d, imm %d)",
                          slot, s.opcode, field,
                          field[0] == 'o' ? s.off : field[0] == 's' ? s.src : s.imm, s.dst, s.src, s.off, s.imm);
    case SK_DECODE_CUT:
        return sk_fail_at(err, SKEP_ERR_INVALID, slot, "instruction %u: incomplete lddw: its second slot is %s", slot,
                          sk_streq(field, "second slot") ? "missing" : "another instruction");
    case SK_DECODE_RESERVED:
        sk_insn_text(insn, SKEP_MNEMONIC, text, sizeof text);
        return sk_fail_at(err, SKEP_ERR_INVALID, slot, "instruction %u: %s: reserved field %s is not zero", slot, text,
                          field);
    default: return SKEP_OK;
    }
}

skep_code sk_program_decode(const skep_hooks *hooks, const void *code, size_t size, skep_byte_order order,
                            struct sk_program **out, skep_error *err)
{
    if (size == 0 || !code)
        return sk_fail(err, SKEP_ERR_INVALID, "the program is empty");
    if (size % 8)
        return sk_fail(err, SKEP_ERR_INVALID, "the program's length, %z bytes, is not a multiple of 8", size);
    if (size / 8 > SKEP_MAX_SLOTS)
        return sk_fail(err, SKEP_ERR_INVALID, "the program has %z instruction slots; at most %u are allowed", size / 8,
                       SKEP_MAX_SLOTS);

    struct sk_program *p = sk_alloc_zero(hooks, sizeof *p);
    if (!p)
        return sk_fail_memory(err);
    p->references = 1;
    p->hooks = *hooks;
    p->order = order;
    p->code_size = size;
    p->slot_count = (uint32_t)(size / 8);
    p->code = sk_alloc(hooks, size);
    p->insns = sk_alloc_array(hooks, p->slot_count, sizeof *p->insns);
    p->slot_of = sk_alloc_array(hooks, p->slot_count, sizeof *p->slot_of);
    p->index_of = sk_alloc_array(hooks, p->slot_count, sizeof *p->index_of);
    if (!p->code || !p->insns || !p->slot_of || !p->index_of) {
        sk_program_unref(p);
        return sk_fail_memory(err);
    }
    memcpy(p->code, code, size);
    for (uint32_t slot = 0; slot < p->slot_count;) {
        struct sk_insn *insn = &p->insns[p->count];
        const char *field;
        enum sk_decode_status status = sk_decode(p->code, p->slot_count, order, slot, insn, &field);
        if (status != SK_DECODE_OK) {
            skep_code failed = decode_failed(status, p->code, order, slot, insn, field, err);
            sk_program_unref(p);
            return failed;
        }
        p->slot_of[p->count] = slot;
        p->index_of[slot] = p->count++;
        if (sk_insn_slots(insn) == 2)
            p->index_of[slot + 1] = SK_NO_INDEX;
        slot += sk_insn_slots(insn);
    }
    *out = p;
    return SKEP_OK;
}

skep_code sk_program_resolve(struct sk_program *p, skep_error *err)
{
    p->target_of = sk_alloc_array(&p->hooks, p->count, sizeof *p->target_of);
    if (!p->target_of)
        return sk_fail_memory(err);
    for (uint32_t i = 0; i < p->count; i++) {
        p->target_of[i] = SK_NO_INDEX;
        if (!sk_insn_has_target(&p->insns[i]))
            continue;
        int64_t slot = (int64_t)p->slot_of[i] + 1 + sk_insn_distance(&p->insns[i]);
        if (slot >= 0 && slot < p->slot_count)
            p->target_of[i] = p->index_of[slot];
    }
    return SKEP_OK;
}

/*
 * How far below r10 the function may reach: exact while r10 serves only as the base of loads and stores. *shared: it may
 * reach other frames, too.
 */
static uint32_t stack_touched(const struct sk_program *p, const struct sk_subprog *sub, bool *shared)
{
    int32_t lowest = 0;
    for (uint32_t i = sub->begin; i < sub->end; i++) {
        const struct sk_insn *insn = &p->insns[i];
        const struct sk_op_info *info = &sk_op_infos[insn->op];
        bool base_is_src = info->form == SK_FORM_LDX || info->form == SK_FORM_LDX_ACQ;
        bool base_is_dst = info->form == SK_FORM_ST || info->form == SK_FORM_STX || info->form == SK_FORM_ATOMIC ||
                           info->form == SK_FORM_STX_REL;
        if (((info->effects & SK_R_SRC) && insn->src == 10 && !base_is_src) ||
            ((info->effects & SK_R_DST) && insn->dst == 10 && !base_is_dst)) {
            *shared = true;
            return SKEP_STACK_SIZE;
        }
        if (((base_is_src && insn->src == 10) || (base_is_dst && insn->dst == 10)) && insn->off >= 0)
            *shared = true;
        if (((base_is_src && insn->src == 10) || (base_is_dst && insn->dst == 10)) && insn->off < lowest)
            lowest = insn->off;
    }
    return lowest < -(int32_t)SKEP_STACK_SIZE ? SKEP_STACK_SIZE : (uint32_t)-lowest;
}

skep_code sk_program_split(struct sk_program *p, skep_error *err)
{
    uint8_t *begins = sk_alloc_array(&p->hooks, p->count, 1);
    if (!begins)
        return sk_fail_memory(err);
    uint32_t n = 1;
    begins[0] = 1;
    for (uint32_t i = 0; i < p->count; i++) {
        unsigned form = sk_op_infos[p->insns[i].op].form;
        if ((form == SK_FORM_CALL_LOCAL || form == SK_FORM_LDDW_FUNC) && !begins[p->target_of[i]]) {
            begins[p->target_of[i]] = 1;
            n++;
        }
        if (form == SK_FORM_LDDW_FUNC)
            begins[p->target_of[i]] = 2;
    }
    p->subprogs = sk_alloc_array(&p->hooks, n, sizeof *p->subprogs);
    if (!p->subprogs) {
        sk_free(&p->hooks, begins);
        return sk_fail_memory(err);
    }
    for (uint32_t i = 0; i < p->count; i++)
        if (begins[i])
            p->subprogs[p->subprog_count++] = (struct sk_subprog){.begin = i, .by_handle = begins[i] == 2};
    sk_free(&p->hooks, begins);
    bool calls = false;
    for (uint32_t s = 0; s < n; s++) {
        struct sk_subprog *sub = &p->subprogs[s];
        sub->end = s + 1 < n ? p->subprogs[s + 1].begin : p->count;
        sub->stack_touched = stack_touched(p, sub, &p->frames_shared);
        for (uint32_t i = sub->begin; i < sub->end; i++) {
            const unsigned form = sk_op_infos[p->insns[i].op].form;
            sub->may_goto_count += p->insns[i].op == SK_OP_MAY_GOTO;
            calls |= form == SK_FORM_CALL_LOCAL || form == SK_FORM_CALLX; /* perhaps of the only function */
        }
        if (sub->may_goto_count > p->most_may_gotos)
            p->most_may_gotos = sub->may_goto_count;
    }
    p->frames_shared &= calls;
    return SKEP_OK;
}

uint32_t sk_program_subprog_at(const struct sk_program *p, uint32_t index)
{
    uint32_t low = 0, high = p->subprog_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (p->subprogs[middle].begin <= index)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct sk_program *sk_program_ref(struct sk_program *p)
{
    __atomic_fetch_add(&p->references, 1, __ATOMIC_RELAXED);
    return p;
}

void sk_program_unref(struct sk_program *p)
{
    if (!p || __atomic_fetch_sub(&p->references, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    const skep_hooks hooks = p->hooks;
    sk_free(&hooks, p->code);
    sk_free(&hooks, p->insns);
    sk_free(&hooks, p->slot_of);
    sk_free(&hooks, p->index_of);
    sk_free(&hooks, p->target_of);
    sk_free(&hooks, p->subprogs);
    sk_free(&hooks, p->facts);
    sk_free(&hooks, p);
}
