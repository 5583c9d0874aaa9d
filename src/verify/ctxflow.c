/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "verify/ctxflow.h"

skep_code sk_ctxflow(struct sk_program *p, const struct sk_fields *fields, bool guarded, skep_error *err)
{
    (void)fields, (void)guarded;
    p->facts = sk_alloc_array(&p->hooks, p->count, sizeof *p->facts);
    if (!p->facts)
        return sk_fail_memory(err);
    for (uint32_t i = 0; i < p->count; i++) {
        const struct sk_op_info *info = &sk_op_infos[p->insns[i].op];
        bool base_is_src = info->form == SK_FORM_LDX || info->form == SK_FORM_LDX_ACQ;
        if ((info->effects & (SK_E_LOAD | SK_E_STORE)) && (base_is_src ? p->insns[i].src : p->insns[i].dst) != 10 &&
            info->form != SK_FORM_ABS && info->form != SK_FORM_IND)
            p->facts[i].kind = SK_FACT_STEP;
    }
    return SKEP_OK;
}
