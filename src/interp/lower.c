/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "interp/lower.h"

#include "interp/interp.h"

/* The first variant of what an instruction lowers to, where that is a matter of looking it up. */
static const uint16_t plain[SK_OP_COUNT] = {
#define SK_ALU(name, expression)                                                                                       \
    [SK_OP_##name##64_IMM] = SK_IOP_##name##64_MI, [SK_OP_##name##64_REG] = SK_IOP_##name##64_MM,                      \
    [SK_OP_##name##32_IMM] = SK_IOP_##name##32_MI, [SK_OP_##name##32_REG] = SK_IOP_##name##32_MM,
#define SK_UNARY(name, op, expression) [SK_OP_##op] = SK_IOP_##name##_M,
#define SK_DIV(name, type, utype, expression)                                                                          \
    [SK_OP_##name##_IMM] = SK_IOP_##name##_I, [SK_OP_##name##_REG] = SK_IOP_##name##_M,
#define SK_LOAD(name, op, bytes, expression) [SK_OP_##op] = SK_IOP_##name##_GM,
#define SK_STORE(size, bytes, bits) [SK_OP_ST##size] = SK_IOP_ST##size##_GM, [SK_OP_STX##size] = SK_IOP_STX##size##_GMM,
#define SK_JUMP(name, type64, type32, expression)                                                                      \
    [SK_OP_##name##_IMM] = SK_IOP_##name##64_MI, [SK_OP_##name##_REG] = SK_IOP_##name##64_MM,                          \
    [SK_OP_##name##32_IMM] = SK_IOP_##name##32_MI, [SK_OP_##name##32_REG] = SK_IOP_##name##32_MM,
#define SK_ATOMIC(name, access, bytes, type, expression, result) [SK_OP_##name] = SK_IOP_##name##_G,
#define SK_OTHER(name)
#include "interp/iop.def"
#undef SK_ALU
#undef SK_UNARY
#undef SK_DIV
#undef SK_LOAD
#undef SK_STORE
#undef SK_JUMP
#undef SK_ATOMIC
#undef SK_OTHER
};

/* How many bytes a load or store of that instruction moves. */
static const uint8_t access_bytes[SK_OP_COUNT] = {
#define SK_ALU(name, expression)
#define SK_UNARY(name, op, expression)
#define SK_DIV(name, type, utype, expression)
#define SK_LOAD(name, op, bytes, expression) [SK_OP_##op] = bytes,
#define SK_STORE(size, bytes, bits) [SK_OP_ST##size] = bytes, [SK_OP_STX##size] = bytes,
#define SK_JUMP(name, type64, type32, expression)
#define SK_ATOMIC(name, access, bytes, type, expression, result) [SK_OP_##name] = bytes,
#define SK_OTHER(name)
#include "interp/iop.def"
};

/* Whether a two-operand instruction has variants that read the accumulator. */
static const uint8_t has_variants[SK_OP_COUNT] = {
#undef SK_ALU
#define SK_ALU(name, expression)                                                                                       \
    [SK_OP_##name##64_IMM] = 1, [SK_OP_##name##64_REG] = 1, [SK_OP_##name##32_IMM] = 1, [SK_OP_##name##32_REG] = 1,
#undef SK_LOAD
#define SK_LOAD(name, op, bytes, expression)
#undef SK_STORE
#define SK_STORE(size, bytes, bits)
#undef SK_ATOMIC
#define SK_ATOMIC(name, access, bytes, type, expression, result)
#include "interp/iop.def"
};

#ifdef SKEP_SMALL_INTERP
#define ACC(x) 0 /* no accumulator variants in this build */
#else
#define ACC(x) (x)
#endif
#if defined(SKEP_SMALL_INTERP) || defined(SKEP_NO_FUSION)
#define FUSION 0
#else
#define FUSION 1
#endif

/* The superinstructions: what they stand for, in the order of fused.def, which is ascending. */
static const struct fused {
    uint16_t part[3]; /* enum sk_iop; the third is SK_IOP_COUNT for pairs */
    uint16_t op;
} fused[] = {
#define SK_FUSE2(ka, a, kb, b) {{SK_IOP_##a, SK_IOP_##b, SK_IOP_COUNT}, SK_IOP_##a##__##b},
#define SK_FUSE3(ka, a, kb, b, kc, c) {{SK_IOP_##a, SK_IOP_##b, SK_IOP_##c}, SK_IOP_##a##__##b##__##c},
#include "interp/fused.def"
};

static int compare_parts(const struct fused *f, uint16_t a, uint16_t b, uint16_t c)
{
    return f->part[0] != a   ? (f->part[0] < a ? -1 : 1)
           : f->part[1] != b ? (f->part[1] < b ? -1 : 1)
           : f->part[2] != c ? (f->part[2] < c ? -1 : 1)
                             : 0;
}

/* The superinstruction of these parts, or SK_IOP_COUNT. */
static uint16_t find_fused(int32_t a, int32_t b, int32_t c)
{
    size_t low = 0, high = SK_COUNT(fused);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_parts(&fused[middle], (uint16_t)a, (uint16_t)b, (uint16_t)c);
        if (order == 0)
            return fused[middle].op;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SK_IOP_COUNT;
}

struct lowering {
    const struct sk_program *program;
    struct sk_image *image;
    const uint8_t *leader;   /* [count] something jumps here */
    uint32_t frame_size;     /* of the function at hand */
    unsigned acc;            /* the register that the accumulator equals; SK_REGISTERS: none */
    uint32_t may_gotos;      /* seen in this function */
    bool is_proven;          /* the instruction at hand needs no check */
};

/* An access through r10 that stays within the frame needs no check: r10 cannot be written. */
static bool proven(const struct lowering *l, const struct sk_insn *insn, unsigned base)
{
    int32_t size = access_bytes[insn->op];
    return l->is_proven || (base == 10 && insn->off >= -(int32_t)l->frame_size && insn->off + size <= 0);
}

/* Whether the access through `base` is guarded, which the run wants to know. */
static bool is_guarded(struct lowering *l, const struct sk_insn *insn, unsigned base)
{
    if (!l->image->guarded || proven(l, insn, base))
        return false;
    l->image->shape.bases |= 1u << base;
    return true;
}

uint32_t sk_image_call_number(const struct sk_image *image, uint32_t id)
{
    uint32_t low = 0, high = image->call_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (image->call_ids[middle] <= id)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int64_t jump_imm(const struct lowering *l, uint32_t i, uint32_t operand)
{
    uint32_t distance = l->program->target_of[i] - i;
    return (int64_t)((uint64_t)distance << 32 | operand);
}

/* An access that is done out of line, if it is one. */
static bool lower_step(struct lowering *l, uint32_t i)
{
    const struct sk_insn *insn = &l->program->insns[i];
    if (!l->program->facts || l->program->facts[i].kind < SK_FACT_STEP)
        return false;
    const unsigned form = sk_op_infos[insn->op].form;
    (void)is_guarded(l, insn, form == SK_FORM_LDX || form == SK_FORM_LDX_ACQ ? insn->src : insn->dst);
    l->image->code[i] = (struct sk_icode){.op = SK_IOP_STEP};
    l->acc = SK_REGISTERS;
    return true;
}

/* Fills in code[i] with an enum sk_iop as op, and says what the accumulator holds afterwards. */
static void lower_one(struct lowering *l, uint32_t i)
{
    struct sk_insn changed;
    const struct sk_insn *insn = &l->program->insns[i];
    l->is_proven = false;
    if (lower_step(l, i))
        return;
    l->is_proven = l->program->facts && l->program->facts[i].kind == SK_FACT_PROVEN;
    if (l->is_proven) {
        changed = *insn;
        changed.op = l->program->facts[i].op;
        changed.off = l->program->facts[i].off;
        insn = &changed;
    }
    const struct sk_op_info *info = &sk_op_infos[insn->op];
    struct sk_icode *c = &l->image->code[i];
    bool acc_dst = ACC(l->acc == insn->dst), acc_src = ACC(l->acc == insn->src);
    *c = (struct sk_icode){plain[insn->op], insn->dst, insn->src, insn->off, insn->imm};

    switch ((enum sk_form)info->form) {
    case SK_FORM_DST:
    case SK_FORM_END:
        c->src = insn->dst;
        c->op += acc_dst;
        l->acc = insn->dst;
        break;
    case SK_FORM_DST_IMM:
        if (insn->op == SK_OP_MOV64_IMM || insn->op == SK_OP_MOV32_IMM) {
            c->op = SK_IOP_CONST;
            c->imm = insn->op == SK_OP_MOV64_IMM ? insn->imm : (int64_t)(uint32_t)insn->imm;
        } else if (has_variants[insn->op]) {
            c->op += acc_dst;
        }
        l->acc = insn->dst;
        break;
    case SK_FORM_DST_SRC:
        if (!(info->effects & SK_R_DST)) /* a move */
            c->op += acc_src;
        else if (has_variants[insn->op])
            c->op += acc_dst ? 1 : acc_src ? 2 : 0;
        l->acc = insn->dst;
        break;
    case SK_FORM_LDDW:
        c->op = SK_IOP_CONST;
        l->acc = insn->dst;
        break;
    case SK_FORM_LDDW_FUNC:
        c->op = SK_IOP_CONST;
        c->imm = (int64_t)sk_func_handle(l->program->slot_of[l->program->target_of[i]]);
        l->acc = insn->dst;
        break;
    case SK_FORM_JA:
    case SK_FORM_JA32:
        c->op = SK_IOP_JA;
        c->imm = jump_imm(l, i, 0);
        break;
    case SK_FORM_MAY_GOTO:
        c->op = SK_IOP_MAY_GOTO;
        c->imm = jump_imm(l, i, l->may_gotos++);
        break;
    case SK_FORM_JMP_IMM:
        c->imm = jump_imm(l, i, (uint32_t)insn->imm);
        c->op += acc_dst;
        break;
    case SK_FORM_JMP_REG:
        c->imm = jump_imm(l, i, 0);
        c->op += acc_dst ? 1 : acc_src ? 2 : 0;
        break;
    case SK_FORM_CALL:
        c->op = SK_IOP_CALL;
        c->imm = sk_image_call_number(l->image, (uint32_t)insn->imm);
        l->acc = 0;
        break;
    case SK_FORM_CALL_LOCAL:
        c->op = SK_IOP_CALL_LOCAL;
        c->imm = jump_imm(l, i, sk_program_subprog_at(l->program, l->program->target_of[i]));
        l->acc = SK_REGISTERS;
        break;
    case SK_FORM_CALLX:
        c->op = SK_IOP_CALLX;
        l->acc = SK_REGISTERS;
        break;
    case SK_FORM_NONE: c->op = SK_IOP_EXIT; break;
    case SK_FORM_ABS:
    case SK_FORM_IND:
        c->op = SK_IOP_PACKET;
        c->dst = info->form == SK_FORM_IND;
        c->off = insn->op == SK_OP_LDABSB || insn->op == SK_OP_LDINDB   ? 1
                 : insn->op == SK_OP_LDABSH || insn->op == SK_OP_LDINDH ? 2
                 : insn->op == SK_OP_LDABSW || insn->op == SK_OP_LDINDW ? 4
                                                                        : 8;
        l->acc = 0;
        break;
    case SK_FORM_LDX:
        c->op += acc_src + 2 * !is_guarded(l, insn, insn->src);
        l->acc = insn->dst;
        break;
    case SK_FORM_ST:
        c->op += acc_dst + 2 * !is_guarded(l, insn, insn->dst);
        break;
    case SK_FORM_STX:
        c->op += (acc_dst ? 1 : acc_src ? 2 : 0) + 3 * !is_guarded(l, insn, insn->dst);
        break;
    case SK_FORM_LDX_ACQ: /* handlers of atomics have the address in dst */
        c->dst = insn->src;
        c->src = insn->dst;
        c->op += !is_guarded(l, insn, insn->src);
        l->acc = SK_REGISTERS;
        break;
    case SK_FORM_ATOMIC:
    case SK_FORM_STX_REL:
        c->op += !is_guarded(l, insn, insn->dst);
        l->acc = SK_REGISTERS;
        break;
    case SK_FORM_LDDW_ID: /* the structural check refuses them */
    case SK_FORM_LDDW_ID2:
    case SK_FORM_COUNT: c->op = SK_IOP_NOP; break;
    }
}

/*
 * Replaces runs of instructions by superinstructions, greedily. Only the first one's op changes: the others stay what they
 * are, in their places, for whoever jumps there. A leader starts anew, since its variant does not read the accumulator.
 */
static void fuse(struct sk_image *image, const uint8_t *leader, uint32_t count)
{
    struct sk_icode *c = image->code;
    for (uint32_t i = 0; i + 1 < count;) {
        uint32_t parts = leader[i + 1] ? 1 : i + 2 < count && !leader[i + 2] ? 3 : 2;
        uint16_t op = SK_IOP_COUNT;
        for (; parts > 1; parts--) {
            op = find_fused(c[i].op, c[i + 1].op, parts == 3 ? c[i + 2].op : SK_IOP_COUNT);
            if (op != SK_IOP_COUNT) {
                c[i].op = op;
                break;
            }
        }
        i += parts;
    }
}

/* The distinct helper ids that the program calls, ascending. */
static bool collect_calls(struct sk_image *image)
{
    const struct sk_program *p = image->program;
    uint32_t calls = 0;
    for (uint32_t i = 0; i < p->count; i++)
        calls += p->insns[i].op == SK_OP_CALL;
    uint32_t *ids = sk_alloc_array(&image->hooks, calls, sizeof *ids);
    uint32_t *other = sk_alloc_array(&image->hooks, calls, sizeof *ids);
    if (!ids || !other) {
        sk_free(&image->hooks, ids);
        sk_free(&image->hooks, other);
        return false;
    }
    calls = 0;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->insns[i].op == SK_OP_CALL)
            ids[calls++] = (uint32_t)p->insns[i].imm;
    for (unsigned shift = 0; shift < 32; shift += 8) { /* by radix: linear in the number of calls */
        uint32_t at[257] = {0};
        for (uint32_t i = 0; i < calls; i++)
            at[(ids[i] >> shift & 255) + 1]++;
        for (unsigned b = 0; b < 256; b++)
            at[b + 1] += at[b];
        for (uint32_t i = 0; i < calls; i++)
            other[at[ids[i] >> shift & 255]++] = ids[i];
        uint32_t *swap = ids;
        ids = other;
        other = swap;
    }
    sk_free(&image->hooks, other);
    for (uint32_t i = 0; i < calls; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[image->call_count++] = ids[i];
    image->call_ids = ids;
    return true;
}

static uint8_t *find_leaders(const struct sk_program *p)
{
    uint8_t *leader = sk_alloc_array(&p->hooks, p->count, 1);
    if (!leader)
        return NULL;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->target_of[i] != SK_NO_INDEX)
            leader[p->target_of[i]] = 1;
    for (uint32_t s = 0; s < p->subprog_count; s++)
        leader[p->subprogs[s].begin] = 1;
    return leader;
}

skep_code sk_image_create(struct sk_program *p, const uint32_t *frame_sizes, bool guarded, struct sk_image **out,
                          skep_error *err)
{
    struct sk_image *image = sk_alloc_zero(&p->hooks, sizeof *image);
    if (!image)
        return sk_fail_memory(err);
    image->references = 1;
    image->hooks = p->hooks;
    image->program = sk_program_ref(p);
    image->guarded = guarded;
    image->code = sk_alloc_array(&p->hooks, p->count, sizeof *image->code);
    image->frame_sizes = sk_alloc_array(&p->hooks, p->subprog_count, sizeof *image->frame_sizes);
    uint8_t *leader = find_leaders(p);
    if (!image->code || !image->frame_sizes || !leader || !collect_calls(image)) {
        sk_free(&p->hooks, leader);
        sk_image_unref(image);
        return sk_fail_memory(err);
    }
    struct lowering l = {p, image, leader, 0, SK_REGISTERS, 0, false};
    const int32_t *ops = sk_interp_ops();
    for (uint32_t s = 0; s < p->subprog_count; s++) {
        image->frame_sizes[s] = l.frame_size = frame_sizes ? frame_sizes[s] : SKEP_STACK_SIZE;
        l.may_gotos = 0;
        for (uint32_t i = p->subprogs[s].begin; i < p->subprogs[s].end; i++) {
            if (leader[i])
                l.acc = SK_REGISTERS;
            lower_one(&l, i);
        }
    }
    if (FUSION)
        fuse(image, leader, p->count);
    for (uint32_t i = 0; i < p->count; i++)
        image->code[i].op = ops[image->code[i].op];
    image->shape.frame_size = image->frame_sizes[0];
    image->shape.touched = p->subprogs[0].stack_touched;
    image->shape.main_may_gotos = p->subprogs[0].may_goto_count;
    image->shape.most_may_gotos = p->most_may_gotos;
    image->shape.unguarded = !guarded && p->frames_shared;
    sk_free(&p->hooks, leader);
    *out = image;
    return SKEP_OK;
}

struct sk_image *sk_image_ref(struct sk_image *image)
{
    __atomic_fetch_add(&image->references, 1, __ATOMIC_RELAXED);
    return image;
}

void sk_image_unref(struct sk_image *image)
{
    if (!image || __atomic_fetch_sub(&image->references, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    const skep_hooks hooks = image->hooks;
    sk_program_unref(image->program);
    sk_free(&hooks, image->code);
    sk_free(&hooks, image->frame_sizes);
    sk_free(&hooks, image->call_ids);
    sk_free(&hooks, image);
}
