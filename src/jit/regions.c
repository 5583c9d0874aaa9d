/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A coarse walk over all blocks that guesses which memory each register points to: see enum sk_ir_region. */
#include "jit/ir.h"

#define UNKNOWN UINT32_MAX

/* Two bits a register: enum sk_ir_region. */
static unsigned region_of(uint32_t regions, unsigned r) { return regions >> (2 * r) & 3; }
static uint32_t with_region(uint32_t regions, unsigned r, unsigned region)
{
    return (regions & ~(3u << (2 * r))) | region << (2 * r);
}

static uint32_t walk_regions(struct sk_compile *c, uint32_t from, uint32_t to, uint32_t regions, uint32_t *at, bool *changed)
{
    for (uint32_t k = from; k < to; k++) {
        struct sk_ir *ir = &c->code[k];
        if (ir->op == IR_GUARD)
            ir->region = (uint8_t)region_of(regions, ir->a);
        if (ir->target != SK_NO_INDEX) { /* what differs between two ways in becomes HOME */
            uint32_t differ = at[ir->target] ^ regions, mask = (differ | differ >> 1) & 0x55555555u;
            uint32_t merged = at[ir->target] & ~(mask | mask << 1);
            if (at[ir->target] == UNKNOWN)
                merged = regions;
            if (merged != at[ir->target]) {
                at[ir->target] = merged;
                *changed = true;
            }
        }
        unsigned region = IRR_HOME;
        if (ir->op == IR_MOV)
            region = region_of(regions, ir->a);
        else if (ir->op == IR_CALL || (ir->op == IR_MOVI && (uint64_t)ir->imm >> 34 && !((uint64_t)ir->imm >> 47))) /* a result; global data */
            region = IRR_VALUE;
        else if (ir->op == IR_ALU && ir->bits == 64 && (ir->sub == IRA_ADD || ir->sub == IRA_SUB)) {
            region = region_of(regions, ir->a);
            if (region == IRR_HOME && ir->sub == IRA_ADD && ir->b != IR_NONE)
                region = region_of(regions, ir->b);
        }
        for (unsigned r = 0; r < 10; r++)
            if (sk_ir_defs(ir) & 1u << r)
                regions = with_region(regions, r, region);
    }
    return regions;
}

void sk_ir_regions(struct sk_compile *c)
{
    const struct sk_program *p = c->program;
    if (!c->image->guarded)
        return; /* nobody asks */
    uint32_t *at = sk_alloc_array(&c->hooks, p->count, sizeof *at);
    if (!at) {
        c->failed = true;
        return;
    }
    memset(at, 0xff, p->count * sizeof *at);
    for (uint32_t s = 0; s < p->subprog_count; s++)
        at[p->subprogs[s].begin] =
            with_region(with_region(0, 10, IRR_STACK), 1, s == 0 && c->context_is_memory ? IRR_CONTEXT : IRR_HOME);
    bool changed = true;
    for (unsigned round = 0; changed && round < 8; round++) {
        uint32_t regions = UNKNOWN; /* at this place; UNKNOWN: no way here has been seen yet */
        changed = false;
        for (uint32_t begin = 0, end; begin < p->count; begin = end) {
            for (end = begin + 1; end < p->count && !c->leader[end]; end++)
                ;
            if (at[begin] != UNKNOWN)
                regions = at[begin]; /* falling in is one more way, but what jumps say counts for more: loops */
            if (regions != UNKNOWN)
                regions = walk_regions(c, c->ir_of[begin], c->ir_of[end], regions, at, &changed);
            const unsigned last = sk_op_infos[p->insns[end - 1].op].effects;
            if ((last & SK_E_EXIT) || ((last & SK_E_JUMP) && !(last & SK_E_COND)))
                regions = UNKNOWN;
        }
    }
    sk_free(&c->hooks, at);
}
