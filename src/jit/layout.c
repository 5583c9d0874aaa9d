/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * In which order blocks are written. A block is followed by the one that it goes to, most likely, so that the hot path falls
 * through and loops end with their condition; what is not reached is not written. Blocks of clang lie in an order that is
 * good already, but for what its back end for BPF cannot turn around.
 *
 * Each function is one stretch of the order. A chain of blocks is followed until it meets what is written; then it goes on
 * with what was put off last. Without a meter, which would count them, jumps to jumps lead to the end of the chain first.
 */
#include "jit/ir.h"

struct laying {
    struct sk_compile *c;
    uint8_t *placed;   /* [program->count] 2: and looked at by find_heads() */
    uint32_t *put_off; /* [program->count + 1] blocks to go on with, the last first */
    uint32_t waiting;
};

/* The first instruction of a block that does something, or NULL: there is none. It is not looked for very far. */
static struct sk_ir *first_of(struct sk_compile *c, uint32_t block)
{
    const uint32_t begin = c->ir_of[block], end = c->ir_of[c->block_end[block]];
    for (uint32_t k = begin; k < end; k++)
        if (c->code[k].op != IR_NOP || k == begin + 8)
            return &c->code[k];
    return NULL;
}

/* The jump or exit at a block's end, or NULL: it falls through. */
static struct sk_ir *end_of(struct sk_compile *c, uint32_t block)
{
    const uint32_t end = c->ir_of[c->block_end[block]];
    struct sk_ir *ir = end > c->ir_of[block] ? &c->code[end - 1] : NULL;
    return ir && (ir->op == IR_JMP || ir->op == IR_JCC || ir->op == IR_MAY_GOTO || ir->op == IR_EXIT) ? ir : NULL;
}

static void find_ends(struct sk_compile *c)
{
    uint32_t end = c->program->count;
    for (uint32_t i = c->program->count; i-- > 0;)
        if (c->leader[i]) {
            c->block_end[i] = end;
            end = i;
        }
}

/* Where a way to the block ends up when nothing happens on it. */
static uint32_t thread(struct sk_compile *c, uint32_t block)
{
    for (unsigned hops = 0; hops < 8; hops++) {
        const struct sk_ir *first = first_of(c, block);
        if (!first) {
            if (c->block_end[block] == c->program->count)
                return block;
            block = c->block_end[block];
        } else if (first->op == IR_JMP) {
            block = first->target;
        } else {
            return block;
        }
    }
    return block;
}

static void thread_all(struct sk_compile *c)
{
    for (uint32_t i = 0; i < c->program->count; i = c->block_end[i]) {
        struct sk_ir *ir = end_of(c, i);
        if (!ir || ir->op == IR_EXIT)
            continue;
        ir->target = thread(c, ir->target);
        const struct sk_ir *first = first_of(c, ir->target);
        if (ir->op == IR_JMP && first && first->op == IR_EXIT) {
            *ir = *first;
            ir->index = c->block_end[i] - 1;
        }
    }
}

/* A few instructions and out: where checks lead that do not hold, more often than not. */
static bool leaves(struct sk_compile *c, uint32_t block)
{
    const struct sk_ir *end = end_of(c, block);
    return end && end->op == IR_EXIT && c->block_end[block] - block <= 3;
}

static void put_off(struct laying *l, uint32_t block)
{
    if (!l->placed[block] && l->waiting < l->c->program->count)
        l->put_off[l->waiting++] = block;
}

/* The block that is best behind this one, or SK_NO_INDEX: whatever was put off. */
static uint32_t best_behind(struct laying *l, uint32_t block)
{
    struct sk_compile *c = l->c;
    const struct sk_ir *end = end_of(c, block);
    const uint32_t next = c->block_end[block];
    if (!end)
        return l->placed[next] ? SK_NO_INDEX : next;
    if (end->op == IR_EXIT)
        return SK_NO_INDEX;
    const uint32_t target = end->target;
    if (end->op == IR_JMP) {
        if (l->placed[target])
            return SK_NO_INDEX;
        /* Into a loop at its condition: the loop's body comes first, so that the condition stays at its end. */
        const struct sk_ir *condition = end_of(c, target);
        if (condition && condition->op == IR_JCC && condition->target > block && condition->target < target &&
            !l->placed[condition->target]) {
            put_off(l, target);
            return condition->target;
        }
        return target;
    }
    if (l->placed[target] || l->placed[next]) {
        const uint32_t other = l->placed[target] ? next : target;
        if (l->placed[other])
            return SK_NO_INDEX;
        /* The end of a loop: what was put off within it comes first. */
        const uint32_t low = target < block ? target : block, high = target < block ? block : target;
        while (l->waiting && l->placed[l->put_off[l->waiting - 1]])
            l->waiting--;
        const uint32_t last = l->waiting ? l->put_off[l->waiting - 1] : SK_NO_INDEX;
        if (last != SK_NO_INDEX && l->placed[target] && last > low && last < high) {
            l->put_off[l->waiting - 1] = other;
            return last;
        }
        return other;
    }
    const bool over = leaves(c, next) && !leaves(c, target);
    put_off(l, over ? next : target);
    return over ? target : next;
}

static void lay_function(struct laying *l, uint32_t begin)
{
    struct sk_compile *c = l->c;
    l->waiting = 0;
    put_off(l, begin);
    while (l->waiting) {
        uint32_t block = l->put_off[--l->waiting];
        while (block != SK_NO_INDEX && !l->placed[block]) {
            l->placed[block] = 1;
            c->order[c->order_count++] = block;
            block = best_behind(l, block);
        }
    }
}

static void find_heads(struct laying *l)
{
    struct sk_compile *c = l->c;
    for (uint32_t k = 0; k < c->order_count; k++) {
        const uint32_t block = c->order[k];
        const struct sk_ir *end = end_of(c, block);
        l->placed[block] = 2;
        if (end && end->op != IR_EXIT && l->placed[end->target] == 2)
            c->head[end->target] = 1;
        if ((!end || end->op == IR_JCC || end->op == IR_MAY_GOTO) && l->placed[c->block_end[block]] == 2)
            c->head[c->block_end[block]] = 1;
    }
}

void sk_ir_layout(struct sk_compile *c)
{
    const struct sk_program *p = c->program;
    struct laying l = {.c = c};
    l.placed = sk_alloc_array(&c->hooks, p->count, 1);
    l.put_off = sk_alloc_array(&c->hooks, p->count, sizeof *l.put_off);
    c->order = sk_alloc_array(&c->hooks, p->count, sizeof *c->order);
    c->order_of = sk_alloc_array(&c->hooks, p->subprog_count + 1, sizeof *c->order_of);
    c->block_end = sk_alloc_array(&c->hooks, p->count, sizeof *c->block_end);
    c->head = sk_alloc_array(&c->hooks, p->count, 1);
    if (l.placed && l.put_off && c->head && c->order && c->order_of && c->block_end) {
        find_ends(c);
        if (c->uncounted)
            thread_all(c);
        for (uint32_t s = 0; s < p->subprog_count; s++) {
            c->order_of[s] = c->order_count;
            lay_function(&l, p->subprogs[s].begin);
        }
        c->order_of[p->subprog_count] = c->order_count;
        find_heads(&l);
    } else {
        c->failed = true;
    }
    sk_free(&c->hooks, l.placed);
    sk_free(&c->hooks, l.put_off);
}
