/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "verify/structural.h"

#include "base/fmt.h"
#include "text/text.h"

skep_code sk_structural_refuse(const struct sk_program *p, uint32_t index, skep_error *err, const char *format, ...)
{
    char text[96], what[160];
    va_list args;
    va_start(args, format);
    sk_vsnfmt(what, sizeof what, format, args);
    va_end(args);
    sk_insn_text(&p->insns[index], SKEP_MNEMONIC, text, sizeof text);
    return sk_fail_at(err, SKEP_ERR_INVALID, p->slot_of[index], "instruction %u: %s: %s", p->slot_of[index], text, what);
}
#define refuse sk_structural_refuse

static skep_code check_registers(const struct sk_program *p, uint32_t i, skep_error *err)
{
    const struct sk_insn *insn = &p->insns[i];
    unsigned effects = sk_op_infos[insn->op].effects;
    if ((effects & (SK_R_DST | SK_W_DST)) && insn->dst > 10)
        return refuse(p, i, err, "r%u: there is no such destination register", insn->dst);
    if ((effects & (SK_R_SRC | SK_W_SRC)) && insn->src > 10)
        return refuse(p, i, err, "r%u: there is no such source register", insn->src);
    if (((effects & SK_W_DST) && insn->dst == 10) || ((effects & SK_W_SRC) && insn->src == 10))
        return refuse(p, i, err, "r10, the frame pointer, is read-only");
    return SKEP_OK;
}

/* What depends on where the instruction leads, before functions are known. */
static skep_code check_target(const struct sk_program *p, uint32_t i, skep_error *err)
{
    const struct sk_insn *insn = &p->insns[i];
    const struct sk_op_info *info = &sk_op_infos[insn->op];
    if (!sk_insn_has_target(insn))
        return SKEP_OK;
    const char *what = info->effects & SK_E_JUMP ? "jump" : "call";
    int64_t slot = (int64_t)p->slot_of[i] + 1 + sk_insn_distance(insn);
    if (slot < 0 || slot >= p->slot_count)
        return refuse(p, i, err, "%s out of the program, to %D; the program is 0 to %u", what, slot, p->slot_count - 1);
    if (p->target_of[i] == SK_NO_INDEX)
        return refuse(p, i, err, "%s into the middle of the lddw at %D", what, slot - 1);
    if (p->target_of[i] == i && (info->effects & SK_E_JUMP) && !(info->effects & SK_E_COND))
        return refuse(p, i, err, "an infinite loop: it jumps to itself");
    return SKEP_OK;
}

static skep_code check_kind(const struct sk_program *p, uint32_t i, skep_error *err)
{
    switch (p->insns[i].op) {
    case SK_OP_CALL_KFUNC: return refuse(p, i, err, "calls to kernel functions are not supported");
    case SK_OP_LDDW_VAR: return refuse(p, i, err, "it refers to a platform variable, and there are none here");
    default: return SKEP_OK;
    }
}

/* Jumps stay in their function, and functions end in something that does not fall through. */
static skep_code check_function(const struct sk_program *p, const struct sk_subprog *sub, skep_error *err)
{
    for (uint32_t i = sub->begin; i < sub->end; i++) {
        if (!(sk_op_infos[p->insns[i].op].effects & SK_E_JUMP))
            continue;
        uint32_t target = p->target_of[i];
        if (target < sub->begin || target >= sub->end)
            return refuse(p, i, err, "jump to %u, out of the function that is %u to %u", p->slot_of[target],
                          p->slot_of[sub->begin], p->slot_of[sub->end - 1]);
    }
    unsigned last = sk_op_infos[p->insns[sub->end - 1].op].effects;
    bool leaves = (last & SK_E_EXIT) || ((last & SK_E_JUMP) && !(last & SK_E_COND));
    if (!leaves)
        return refuse(p, sub->end - 1, err, "the %s does not end here with exit or a jump, execution would run off its end",
                      p->subprog_count > 1 ? "function" : "program");
    return SKEP_OK;
}

skep_code sk_structural_load(const skep_hooks *hooks, const void *code, size_t size, skep_byte_order order,
                             struct sk_program **program, skep_error *err)
{
    struct sk_program *p;
    skep_code failed = sk_program_decode(hooks, code, size, order, &p, err);
    if (failed)
        return failed;
    failed = sk_program_resolve(p, err);
    for (uint32_t i = 0; i < p->count && !failed; i++) {
        failed = check_registers(p, i, err);
        if (!failed)
            failed = check_kind(p, i, err);
        if (!failed)
            failed = check_target(p, i, err);
    }
    if (!failed)
        failed = sk_program_split(p, err);
    for (uint32_t s = 0; s < p->subprog_count && !failed; s++)
        failed = check_function(p, &p->subprogs[s], err);
    if (failed) {
        sk_program_unref(p);
        return failed;
    }
    *program = p;
    return SKEP_OK;
}
