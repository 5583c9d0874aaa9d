/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "verify/ctxflow.h"

/* In an order in which what follows a join has the larger number; see joined(). */
enum kind {
    NOTHING, /* not reached */
    NUMBER,
    FRAME,   /* r10 + off */
    STACK,   /* a number, or some address in the stack */
    CONTEXT, /* the context + off */
    ANY
};

struct value {
    uint8_t kind;
    int16_t off;
};

#define REGISTERS 11
#define SLOTS (SKEP_STACK_SIZE / 8)

struct state {
    struct value r[REGISTERS];
    struct value slots[SLOTS]; /* the lowest first */
};

/* Beyond these nothing is analysed: everything may be the context. */
#define MOST_STATES (64u << 20)  /* bytes */
#define MOST_VISITS 64u          /* of an instruction, on average */

struct flow {
    struct sk_program *p;
    const struct sk_fields *fields;
    struct state *states; /* of places that something leads to */
    uint32_t *state_of;   /* [count] its number, from 1; 0: nothing leads here */
    uint8_t *dirty;       /* [states] */
    struct value *results; /* [functions] what each returns; NOTHING: it has not been seen to */
    bool spilled;  /* a context may be in some frame */
    bool escaped;  /* or where a pointer led that is not known */
    bool handles;  /* functions may be entered by handle */
    bool changed;
    uint64_t visits;
    bool settled; /* facts are being written */
};

static const struct value a_number = {NUMBER, 0}, anything = {ANY, 0}, of_stack = {STACK, 0};

static bool may_be_context(struct value v) { return v.kind >= CONTEXT; }

static struct value joined(struct value a, struct value b)
{
    if (a.kind == b.kind && a.off == b.off)
        return a;
    if (a.kind == NOTHING || b.kind == NOTHING)
        return a.kind ? a : b;
    return may_be_context(a) || may_be_context(b) ? anything : of_stack;
}

/* What arithmetic makes of two. */
static struct value mixed(struct value a, struct value b)
{
    if (may_be_context(a) || may_be_context(b))
        return anything;
    return a.kind == NUMBER && b.kind == NUMBER ? a_number : of_stack;
}

static struct value moved(struct value v, int64_t by)
{
    int64_t off = v.off + by;
    if (v.kind != CONTEXT && v.kind != FRAME)
        return v;
    return off == (int16_t)off ? (struct value){v.kind, (int16_t)off} : mixed(v, v);
}

static void merge(struct flow *f, uint32_t index, const struct state *s)
{
    const uint32_t n = f->state_of[index] - 1;
    struct value *to = f->states[n].r;
    const struct value *from = s->r;
    _Static_assert(sizeof(struct state) == (REGISTERS + SLOTS) * sizeof(struct value), "one row");
    for (unsigned i = 0; i < REGISTERS + SLOTS; i++) {
        struct value v = i < REGISTERS ? joined(to[i], from[i]) : joined(f->states[n].slots[i - REGISTERS], s->slots[i - REGISTERS]);
        struct value *old = i < REGISTERS ? &to[i] : &f->states[n].slots[i - REGISTERS];
        if (v.kind != old->kind || v.off != old->off) {
            *old = v;
            f->dirty[n] = 1;
            f->changed = true;
        }
    }
}

static void raise(struct flow *f, bool *flag)
{
    if (!*flag)
        memset(f->dirty, 1, f->state_of[f->p->count]); /* what loads give has changed everywhere */
    f->changed |= !*flag;
    *flag = true;
}

/* ------------------------------------------------------------------------------------------------ memory */

/* Something of unknown place was written; `v` is what may be there now. */
static void clobber(struct state *s, struct value v)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct value *slot = &s->slots[i];
        if (slot->kind == CONTEXT || may_be_context(v))
            *slot = anything;
        else if (slot->kind == FRAME || v.kind != NUMBER)
            *slot = joined(*slot, of_stack);
    }
}

/* The slot of 8 bytes at r10 + off, whole; SLOTS: none. */
static unsigned whole_slot(struct value base, int32_t off, unsigned bytes)
{
    const int32_t at = base.off + off;
    if (base.kind != FRAME || bytes != 8 || at < -(int32_t)SKEP_STACK_SIZE || at >= 0 || (at & 7))
        return SLOTS;
    return (unsigned)(at + (int32_t)SKEP_STACK_SIZE) / 8;
}

static bool within_frame(struct value base, int32_t off, unsigned bytes)
{
    const int32_t at = base.off + off;
    return base.kind == FRAME && at >= -(int32_t)SKEP_STACK_SIZE && at + (int32_t)bytes <= 0;
}

static struct value loaded(const struct flow *f, const struct state *s, struct value base, int32_t off, unsigned bytes)
{
    const unsigned slot = whole_slot(base, off, bytes);
    if (slot < SLOTS)
        return s->slots[slot];
    if (bytes < 8)
        return a_number;
    const bool there = f->escaped || (f->spilled && (base.kind == FRAME || base.kind == STACK || base.kind == ANY));
    return there ? anything : base.kind == NUMBER || base.kind == CONTEXT ? a_number : of_stack;
}

static void stored(struct flow *f, struct state *s, struct value base, int32_t off, unsigned bytes, struct value v)
{
    const unsigned slot = whole_slot(base, off, bytes);
    if (slot < SLOTS) {
        s->slots[slot] = v;
        if (may_be_context(v))
            raise(f, &f->spilled);
        return;
    }
    if (bytes == 8 && may_be_context(v))
        raise(f, &f->escaped);
    if (within_frame(base, off, bytes)) { /* parts of one slot or of two */
        const int32_t first = base.off + off + (int32_t)SKEP_STACK_SIZE;
        for (int32_t i = first / 8; i <= (first + (int32_t)bytes - 1) / 8; i++)
            s->slots[i] = mixed(s->slots[i], bytes == 8 ? v : a_number);
        return;
    }
    if (base.kind != CONTEXT)
        clobber(s, bytes == 8 ? v : a_number);
}

/* ------------------------------------------------------------------------------------------------- facts */

static unsigned bytes_of(const struct sk_insn *insn)
{
    static const uint8_t sizes[] = {4, 2, 1, 8}; /* RFC 9669 section 5: bits 3 and 4 of the opcode */
    return sizes[sk_op_infos[insn->op].opcode >> 3 & 3];
}

/* The instruction that moves so many bytes in the same way. */
static uint16_t op_of(const struct sk_insn *insn, unsigned form, unsigned bytes)
{
    static const uint16_t ops[3][4] = {{SK_OP_LDXB, SK_OP_LDXH, SK_OP_LDXW, SK_OP_LDXDW},
                                       {SK_OP_STB, SK_OP_STH, SK_OP_STW, SK_OP_STDW},
                                       {SK_OP_STXB, SK_OP_STXH, SK_OP_STXW, SK_OP_STXDW}};
    if (bytes == bytes_of(insn))
        return insn->op;
    return ops[form == SK_FORM_LDX ? 0 : form == SK_FORM_ST ? 1 : 2][bytes == 8 ? 3 : bytes >> 1];
}

static struct sk_fact fact_of(struct flow *f, const struct sk_insn *insn, struct value base)
{
    const unsigned form = sk_op_infos[insn->op].form, bytes = bytes_of(insn);
    const bool write = form != SK_FORM_LDX;
    const bool is_signed = insn->op == SK_OP_LDXSB || insn->op == SK_OP_LDXSH || insn->op == SK_OP_LDXSW;
    const int32_t offset = base.off + insn->off;
    struct sk_field_access to;
    if (base.kind != CONTEXT)
        return (struct sk_fact){base.kind == ANY ? SK_FACT_STEP : SK_FACT_NONE, 0, 0};
    if ((form != SK_FORM_LDX && form != SK_FORM_ST && form != SK_FORM_STX) ||
        !sk_fields_find(f->fields, offset, bytes, write, is_signed, &to))
        return (struct sk_fact){SK_FACT_REFUSED, 0, 0};
    const int32_t off = (int32_t)to.offset - base.off;
    if ((write && to.how == SK_FIELD_QUEUE) || off != (int16_t)off)
        return (struct sk_fact){SK_FACT_STEP, 0, 0};
    if (to.offset + to.bytes > f->p->context_extent)
        f->p->context_extent = to.offset + to.bytes;
    return (struct sk_fact){SK_FACT_PROVEN, op_of(insn, form, to.bytes), (int16_t)off};
}

/* -------------------------------------------------------------------------------------------------- walk */

static void after_call(struct flow *f, struct state *s, bool of_function)
{
    clobber(s, f->escaped && (of_function || f->handles) ? anything : of_function || f->handles ? of_stack : a_number);
    for (unsigned r = 1; r <= 5; r++)
        s->r[r] = a_number;
}

static void step_memory(struct flow *f, struct state *s, const struct sk_insn *insn, unsigned form)
{
    const unsigned bytes = bytes_of(insn), effects = sk_op_infos[insn->op].effects;
    const bool base_is_src = form == SK_FORM_LDX || form == SK_FORM_LDX_ACQ;
    const struct value base = s->r[base_is_src ? insn->src : insn->dst];
    if (f->settled)
        f->p->facts[insn - f->p->insns] = fact_of(f, insn, base);
    if (base_is_src) {
        s->r[insn->dst] = loaded(f, s, base, insn->off, bytes);
        return;
    }
    if (form != SK_FORM_ATOMIC) {
        stored(f, s, base, insn->off, bytes, form == SK_FORM_ST ? a_number : s->r[insn->src]);
        return;
    }
    const struct value old = loaded(f, s, base, insn->off, bytes);
    stored(f, s, base, insn->off, bytes, mixed(old, s->r[insn->src]));
    if (effects & SK_W_SRC)
        s->r[insn->src] = old;
    if (effects & SK_W_R0)
        s->r[0] = joined(old, s->r[0]);
}

static void step_alu(struct state *s, const struct sk_insn *insn, unsigned effects)
{
    struct value *dst = &s->r[insn->dst];
    switch ((enum sk_op)insn->op) {
    case SK_OP_MOV64_REG: *dst = s->r[insn->src]; return;
    case SK_OP_ADD64_IMM: *dst = moved(*dst, insn->imm); return;
    case SK_OP_SUB64_IMM: *dst = moved(*dst, -insn->imm); return;
    default: break;
    }
    const struct value a = effects & SK_R_DST ? *dst : a_number, b = effects & SK_R_SRC ? s->r[insn->src] : a_number;
    *dst = mixed(a, b);
}

/* The function returns that, too: who calls it has to be looked at again. */
static void returned(struct flow *f, uint32_t function, struct value v)
{
    const struct sk_program *p = f->p;
    const struct value all = joined(f->results[function], v.kind == FRAME ? of_stack : v);
    if (all.kind == f->results[function].kind && all.off == f->results[function].off)
        return;
    f->results[function] = all;
    f->changed = true;
    f->visits += p->count / 16; /* cheaper than a walk, and not for nothing */
    for (uint32_t i = 0, place = 0; i < p->count; i++) {
        place = f->state_of[i] ? f->state_of[i] : place;
        if (sk_op_infos[p->insns[i].op].form == SK_FORM_CALL_LOCAL && p->target_of[i] == p->subprogs[function].begin)
            f->dirty[place - 1] = 1;
    }
}

static bool step_call(struct flow *f, struct state *s, uint32_t target)
{
    struct state entry = *s;
    for (unsigned r = 0; r < REGISTERS; r++)
        if (r > 5)
            entry.r[r] = a_number;
        else if (entry.r[r].kind == FRAME) /* another frame's */
            entry.r[r] = of_stack;
    entry.r[10] = (struct value){FRAME, 0};
    for (unsigned n = 0; n < SLOTS; n++)
        entry.slots[n] = a_number;
    if (!f->settled)
        merge(f, target, &entry);
    after_call(f, s, true);
    s->r[0] = f->results[sk_program_subprog_at(f->p, target)];
    return s->r[0].kind != NOTHING;
}

/* Carries *s over the instruction. False: nothing follows it. */
static bool step(struct flow *f, struct state *s, uint32_t i)
{
    const struct sk_insn *insn = &f->p->insns[i];
    const struct sk_op_info *info = &sk_op_infos[insn->op];
    const uint32_t target = f->p->target_of[i];
    f->visits++;
    switch ((enum sk_form)info->form) {
    case SK_FORM_NONE:
        if (!f->settled)
            returned(f, sk_program_subprog_at(f->p, i), s->r[0]);
        return false;
    case SK_FORM_JA:
    case SK_FORM_JA32:
    case SK_FORM_MAY_GOTO:
    case SK_FORM_JMP_IMM:
    case SK_FORM_JMP_REG:
        if (!f->settled)
            merge(f, target, s);
        return info->effects & SK_E_COND;
    case SK_FORM_CALL_LOCAL: return step_call(f, s, target);
    case SK_FORM_CALL: { /* what it returns is never taken for the context */
        struct value all = a_number;
        for (unsigned r = 1; r <= 5; r++)
            all = s->r[r].kind == NUMBER || s->r[r].kind == CONTEXT ? all : of_stack;
        after_call(f, s, false);
        s->r[0] = all;
        return true;
    }
    case SK_FORM_CALLX:
        after_call(f, s, true);
        s->r[0] = anything;
        return true;
    case SK_FORM_ABS:
    case SK_FORM_IND: s->r[0] = a_number; return true;
    case SK_FORM_LDX:
    case SK_FORM_LDX_ACQ:
    case SK_FORM_ST:
    case SK_FORM_STX:
    case SK_FORM_STX_REL:
    case SK_FORM_ATOMIC: step_memory(f, s, insn, info->form); return true;
    default: step_alu(s, insn, info->effects); return true;
    }
}

/* From a place that something leads to as far as the next one. */
static void walk(struct flow *f, uint32_t i)
{
    struct state s = f->states[f->state_of[i] - 1];
    if (s.r[10].kind == NOTHING)
        return;
    while (step(f, &s, i)) {
        if (f->state_of[++i]) { /* structural: no function runs off its end */
            if (!f->settled)
                merge(f, i, &s);
            return;
        }
    }
}

static void enter(struct flow *f, uint32_t index, struct value arguments)
{
    struct state s;
    for (unsigned r = 0; r < REGISTERS; r++)
        s.r[r] = r >= 1 && r <= 5 ? arguments : a_number;
    s.r[10] = (struct value){FRAME, 0};
    if (arguments.kind == CONTEXT)
        s.r[2] = s.r[3] = s.r[4] = s.r[5] = a_number;
    else
        s.r[0] = arguments; /* of whoever called the helper */
    for (unsigned n = 0; n < SLOTS; n++)
        s.slots[n] = a_number;
    merge(f, index, &s);
}

static void number_places(struct flow *f)
{
    const struct sk_program *p = f->p;
    uint32_t states = 0;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->target_of[i] != SK_NO_INDEX)
            f->state_of[p->target_of[i]] = 1;
    for (uint32_t n = 0; n < p->subprog_count; n++)
        f->state_of[p->subprogs[n].begin] = 1;
    for (uint32_t i = 0; i < p->count; i++)
        if (f->state_of[i])
            f->state_of[i] = ++states;
    f->state_of[p->count] = states;
}

static void solve(struct flow *f)
{
    const struct sk_program *p = f->p;
    enter(f, 0, (struct value){CONTEXT, 0});
    for (uint32_t i = 0; i < p->subprog_count; i++)
        if (p->subprogs[i].by_handle)
            enter(f, p->subprogs[i].begin, anything);
    while (f->changed && f->visits <= (uint64_t)MOST_VISITS * p->count) {
        f->changed = false;
        for (uint32_t i = 0; i < p->count; i++)
            if (f->state_of[i] && f->dirty[f->state_of[i] - 1]) {
                f->dirty[f->state_of[i] - 1] = 0;
                walk(f, i);
            }
    }
    if (f->changed) /* too long a way: as it was before */
        return;
    f->settled = true;
    for (uint32_t i = 0; i < p->count; i++)
        if (f->state_of[i])
            walk(f, i);
}

skep_code sk_ctxflow(struct sk_program *p, const struct sk_fields *fields, skep_error *err)
{
    struct flow f = {.p = p, .fields = fields};
    p->facts = sk_alloc_array(&p->hooks, p->count, sizeof *p->facts);
    f.state_of = sk_alloc_array(&p->hooks, (size_t)p->count + 1, sizeof *f.state_of);
    if (!p->facts || !f.state_of) {
        sk_free(&p->hooks, f.state_of);
        return sk_fail_memory(err);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        const struct sk_op_info *info = &sk_op_infos[p->insns[i].op];
        if ((info->effects & (SK_E_LOAD | SK_E_STORE)) && info->form != SK_FORM_ABS && info->form != SK_FORM_IND)
            p->facts[i].kind = SK_FACT_STEP;
    }
    for (uint32_t n = 0; n < p->subprog_count; n++)
        f.handles |= p->subprogs[n].by_handle;
    number_places(&f);
    const uint32_t states = f.state_of[p->count];
    skep_code failed = SKEP_OK;
    if (states <= MOST_STATES / sizeof *f.states) {
        f.states = sk_alloc_array(&p->hooks, states, sizeof *f.states);
        f.dirty = sk_alloc_array(&p->hooks, states, 1);
        f.results = sk_alloc_array(&p->hooks, p->subprog_count, sizeof *f.results);
        if (f.states && f.dirty && f.results)
            solve(&f);
        else
            failed = sk_fail_memory(err);
    }
    sk_free(&p->hooks, f.states);
    sk_free(&p->hooks, f.dirty);
    sk_free(&p->hooks, f.results);
    sk_free(&p->hooks, f.state_of);
    return failed;
}
