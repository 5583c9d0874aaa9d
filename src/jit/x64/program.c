/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program's functions one after the other, and where in them jumps lead. All of them are written twice: the first time
 * with long jumps and as much room before each loop as its alignment may ever take, just to see how far everything is apart.
 * Distances can only become shorter then, so a jump that is near in the draft may be written as a near one.
 */
#include "jit/x64/emitter.h"

enum { LINE = 64 }; /* the processor fetches and caches decoded instructions by lines of so many bytes */

void sk_x64_jump(struct sk_x64_emitter *e, unsigned cc, uint32_t target)
{
    struct sk_buf *b = e->code;
    bool near = !e->draft && e->jump_count < e->near.size && e->near.data[e->jump_count]; /* less when memory ran out */
    e->jump_count += !e->draft;
    struct sk_x64_jump jump = {near ? cc == ALWAYS ? x_jmp_near(b) : x_jcc_near(b, (enum sk_x64_cc)cc) : cc == ALWAYS ? x_jmp(b) : x_jcc(b, (enum sk_x64_cc)cc),
                               target, near};
    sk_buf_add(&e->jumps, &jump, sizeof jump);
}

/* Of a draft: which of the function's jumps will be near, and how large its loops may be. */
static void measure(struct sk_x64_emitter *e)
{
    const struct sk_x64_jump *jumps = (const struct sk_x64_jump *)(const void *)e->jumps.data;
    for (size_t i = 0; i < e->jumps.size / sizeof *jumps; i++) {
        const uint32_t target = jumps[i].target, place = e->place[target];
        const int64_t end = (int64_t)jumps[i].from + 4, distance = (int64_t)place - end;
        sk_buf_putc(&e->near, distance >= -124 && distance <= 127);
        if (distance < 0)
            e->loop_size[target] = (uint32_t)-distance; /* jumps come in order: the last one counts */
    }
}

static void patch_jumps(struct sk_x64_emitter *e, size_t first_stub)
{
    const struct sk_x64_jump *jumps = (const struct sk_x64_jump *)(const void *)e->jumps.data;
    for (size_t i = 0; i < e->jumps.size / sizeof *jumps; i++)
        if (jumps[i].near)
            x_patch_near(e->code, jumps[i].from, e->place[jumps[i].target]);
        else
            x_patch(e->code, jumps[i].from, e->place[jumps[i].target]);
    /* The function's stubs that lead to blocks, which may stand anywhere in it. */
    struct sk_x64_stub *stubs = (struct sk_x64_stub *)(void *)e->stubs.data;
    for (size_t i = first_stub; i < e->stubs.size / sizeof *stubs; i++)
        if (stubs[i].kind == STUB_BACK)
            stubs[i].back = e->place[stubs[i].target];
}

/* A loop that fits a line shall not lie across two. */
static void align_loop(struct sk_x64_emitter *e, uint32_t index)
{
    const size_t at = e->code->size % LINE, size = e->loop_size[index];
    if (e->draft)
        x_nops(e->code, LINE - 1);
    else if (size <= LINE && at + size > LINE)
        x_nops(e->code, LINE - (unsigned)at);
}

static void begin_block(struct sk_x64_emitter *e, uint32_t index, bool falls_in)
{
    if (e->bases[index] == UNSET)
        e->bases[index] = e->c->loop[index] ? (int64_t)index : falls_in ? e->base : (int64_t)index;
    if (falls_in && e->base != e->bases[index] && !e->c->uncounted)
        x_alu_imm(e->code, 64, X_ADD, METER, (int32_t)(e->base - e->bases[index]));
    e->base = e->bases[index];
    e->flags_at = SIZE_MAX;
    if (e->c->head[index])
        align_loop(e, index);
    e->place[index] = (uint32_t)e->code->size;
}

/* Whether the next one is fallen into. */
static bool emit_block(struct sk_x64_emitter *e, uint32_t begin)
{
    const struct sk_compile *c = e->c;
    bool falls = true;
    for (uint32_t i = begin; i < e->end; i++) {
        begin_line(e, i);
        for (uint32_t k = c->ir_of[i]; k < c->ir_of[i + 1]; k++) {
            const struct sk_ir *ir = &c->code[k];
            sk_x64_emit(e, ir);
            if (e->copied && k == e->copy_end) {
                if (!e->stubs.failed)
                    ((struct sk_x64_stub *)(void *)e->stubs.data)[e->copied - 1].back = e->code->size;
                e->copied = 0;
            }
            if ((ir->op == IR_JMP || ir->op == IR_JCC) && falls_to_target(e, ir))
                return true;
            falls &= ir->op != IR_JMP && ir->op != IR_EXIT;
        }
    }
    if (falls && e->next != e->end) {
        const struct sk_ir onwards = {.op = IR_JMP, .index = e->end - 1, .target = e->end};
        sk_x64_emit(e, &onwards);
        return false;
    }
    return falls;
}

static void emit_body(struct sk_x64_emitter *e, uint32_t s)
{
    const struct sk_compile *c = e->c;
    const struct sk_subprog *sub = &c->program->subprogs[s];
    e->subprog = s;
    for (unsigned r = 6; r <= 9; r++)
        if (c->live_in[sub->begin] & 1u << r)
            x_alu(e->code, 32, X_XOR, sk_x64_home[r], sk_x64_home[r]);
    for (uint32_t i = sub->begin; i < sub->end; i++)
        e->bases[i] = UNSET;
    /* The meter is exact here; a first block that is also a loop's head agrees. */
    e->base = sub->begin;
    bool falls_in = true;
    const size_t first_stub = e->stubs.size / sizeof(struct sk_x64_stub);
    for (uint32_t place = c->order_of[s]; place < c->order_of[s + 1]; place++) {
        const uint32_t begin = c->order[place];
        e->end = c->block_end[begin];
        e->next = place + 1 < c->order_of[s + 1] ? c->order[place + 1] : SK_NO_INDEX;
        begin_block(e, begin, falls_in);
        falls_in = emit_block(e, begin);
    }
    if (e->draft)
        measure(e);
    else
        patch_jumps(e, first_stub);
    e->jumps.size = 0;
}

/* The callee-saved homes that a function changes. */
static uint16_t changed_homes(const struct sk_compile *c, uint32_t s)
{
    const struct sk_subprog *sub = &c->program->subprogs[s];
    uint16_t changed = c->live_in[sub->begin];
    for (uint32_t k = c->ir_of[sub->begin]; k < c->ir_of[sub->end]; k++)
        changed |= sk_ir_defs(&c->code[k]);
    return changed & 0x3c0;
}

static uint16_t leaf(const struct sk_compile *c, uint32_t s)
{
    const struct sk_subprog *sub = &c->program->subprogs[s];
    for (uint32_t k = c->ir_of[sub->begin]; k < c->ir_of[sub->end]; k++)
        if (c->code[k].op == IR_CALL || c->code[k].op == IR_CALL_LOCAL || c->code[k].op == IR_CALLX)
            return 0;
    return SAVED_LEAF;
}

static bool uses_frames(const struct sk_compile *c)
{
    for (uint32_t k = 0; k < c->count; k++)
        if (c->code[k].op != IR_CALL_LOCAL && sk_ir_uses(&c->code[k]) >> 10 & 1)
            return true;
    return c->looked_at;
}

/* Whether each function is always called from the same depth: then that need not be counted. */
static bool find_depths(const struct sk_compile *c, uint8_t *depths)
{
    const struct sk_program *p = c->program;
    bool changed = true;
    if (c->looked_at)
        return false;
    memset(depths, 0xff, p->subprog_count);
    depths[0] = 0;
    for (unsigned round = 0; changed; round++) {
        changed = false;
        if (round > SKEP_MAX_FRAMES)
            return false;
        for (uint32_t s = 0; s < p->subprog_count; s++)
            for (uint32_t k = c->ir_of[p->subprogs[s].begin]; depths[s] != 0xff && k < c->ir_of[p->subprogs[s].end]; k++) {
                if (c->code[k].op != IR_CALL_LOCAL)
                    continue;
                uint8_t *callee = &depths[c->code[k].imm];
                const unsigned depth = depths[s] + 1u;
                if (*callee == depth)
                    continue;
                if (*callee != 0xff || depth > SKEP_MAX_FRAMES)
                    return false;
                *callee = (uint8_t)depth;
                changed = true;
            }
    }
    return true;
}

/* A function that is called from the program. */
static void emit_function(struct sk_x64_emitter *e, uint32_t s)
{
    begin_line(e, SK_NO_INDEX);
    e->entries[s] = (uint32_t)e->code->size;
    e->main = false;
    e->saved = changed_homes(e->c, s) | leaf(e->c, s);
    push_saved(e);
    emit_body(e, s);
}

/* Main, which C calls with the run: its own entry, so that a program without calls is one function. */
static void emit_main(struct sk_x64_emitter *e)
{
    const struct sk_compile *c = e->c;
    const struct sk_subprog *sub = &c->program->subprogs[0];
    struct sk_buf *b = e->code;
    uint32_t zeroes = sk_x64_zeroed_at_entry(c, 0), unclean = c->image->frame_sizes[0] - zeroes;
    bool frame_pointer = (zeroes && !c->private_frames) || (c->program->subprog_count > 1 && e->frames);
    for (uint32_t k = 0; k < c->ir_of[sub->end]; k++)
        frame_pointer |= (c->code[k].op != IR_CALL_LOCAL || e->frames) && (sk_ir_uses(&c->code[k]) >> 10 & 1);
    begin_line(e, SK_NO_INDEX);
    e->main = true;
    e->saved = (uint16_t)(SAVED_RUN | leaf(c, 0) | (frame_pointer ? 1u << 10 : 0));
    for (uint32_t s = 0; s < c->program->subprog_count; s++)
        e->saved |= changed_homes(c, s);
    x_endbr64(b);
    push_saved(e);
    x_mov(b, 64, RUN, RDI);
    x_store(b, 8, RSP, FIELD(native_sp));
    if (!c->uncounted)
        x_load(b, 8, false, METER, FIELD(budget));
    if (frame_pointer)
        x_load(b, 8, false, RBP, FIELD(stack_top));
    if (sub->may_goto_count)
        call_thunk(e, THUNK_CLEAN);
    else
        sk_x64_zero_frame(e, 0);
    if (c->looked_at && unclean && !sub->may_goto_count) { /* an earlier run may have had the rest zeroed, and used it */
        x_store_imm(b, 4, (int32_t)unclean,
                    x_at(RUN, (int32_t)(offsetof(skep_run, frames) + offsetof(struct sk_frame, unclean))));
        for (unsigned i = 0; i < 8; i++)
            if (c->limits >> (8 * IRR_STACK + i) & 1)
                x_store_imm(b, 8, 0, x_at(RUN, (int32_t)(offsetof(skep_run, native_limit) + 8u * (8u * IRR_STACK + i))));
    }
    for (unsigned r = 0; r <= 5; r++) {
        if (!(c->live_in[0] & 1u << r))
            continue;
        if (r == 1 || r == 2)
            x_load(b, 8, false, sk_x64_home[r], r == 1 ? FIELD(context) : FIELD(second));
        else
            x_alu(b, 32, X_XOR, sk_x64_home[r], sk_x64_home[r]);
    }
    emit_body(e, 0);
}

/* Whether anything but C may call the first function. */
static bool main_is_called(const struct sk_compile *c)
{
    for (uint32_t i = 0; i < c->program->count; i++) {
        unsigned form = sk_op_infos[c->program->insns[i].op].form;
        if ((form == SK_FORM_CALL_LOCAL || form == SK_FORM_LDDW_FUNC) && c->program->target_of[i] == 0)
            return true;
        if (form == SK_FORM_CALLX) /* a handle may be any number that the program makes */
            return true;
    }
    return false;
}

static void emit_functions(struct sk_x64_emitter *e, uint16_t *saved_by_main)
{
    emit_main(e);
    *saved_by_main = e->saved;
    for (uint32_t s = 0; s < e->c->program->subprog_count; s++)
        if (s > 0 || main_is_called(e->c))
            emit_function(e, s);
}

static void emit(const struct sk_compile *c, struct sk_buf *code, uint32_t *entries)
{
    const struct sk_program *p = c->program;
    struct sk_x64_emitter e = {.c = c, .code = code, .entries = entries, .draft = true};
    uint16_t saved_by_main;
    sk_buf_init(&e.stubs, &c->hooks);
    sk_buf_init(&e.jumps, &c->hooks);
    sk_buf_init(&e.calls, &c->hooks);
    sk_buf_init(&e.near, &c->hooks);
    sk_buf_init(&e.heads, &c->hooks);
    e.bases = sk_alloc_array(&c->hooks, p->count, sizeof *e.bases);
    e.place = sk_alloc_array(&c->hooks, p->count, sizeof *e.place);
    e.loop_size = sk_alloc_array(&c->hooks, p->count, sizeof *e.loop_size);
    e.depths = sk_alloc_array(&c->hooks, p->subprog_count, 1);
    e.last_back = sk_alloc_array(&c->hooks, p->count, sizeof *e.last_back);
    uint8_t *const depths = e.depths;
    if (e.bases && e.place && e.loop_size && e.last_back && depths) {
        for (uint32_t k = 0; k < c->count; k++)
            if (c->code[k].flags & IRF_BACK && c->code[k].target != SK_NO_INDEX)
                e.last_back[c->code[k].target] = c->code[k].index;
        if (!find_depths(c, depths))
            e.depths = NULL;
        e.frames = uses_frames(c);
        emit_functions(&e, &saved_by_main);
        e.draft = false;
        code->size = e.stubs.size = e.calls.size = e.heads.size = 0;
        emit_functions(&e, &saved_by_main);
        sk_x64_stubs(&e, saved_by_main);
        begin_line(&e, SK_NO_INDEX);
        entries[p->subprog_count] = (uint32_t)code->size;
        sk_x64_gate(&e, saved_by_main);
        sk_x64_thunks(&e);
        const struct sk_x64_jump *calls = (const struct sk_x64_jump *)(const void *)e.calls.data;
        for (size_t i = 0; i < e.calls.size / sizeof *calls; i++)
            x_patch(code, calls[i].from,
                    calls[i].target & THUNK_BIT ? e.thunks[calls[i].target & ~THUNK_BIT] : entries[calls[i].target]);
    }
    code->failed |= !depths || !e.last_back || !e.bases || !e.place || !e.loop_size || e.stubs.failed || e.jumps.failed || e.calls.failed || e.near.failed || e.heads.failed;
    sk_buf_free(&e.stubs);
    sk_buf_free(&e.jumps);
    sk_buf_free(&e.calls);
    sk_buf_free(&e.near);
    sk_buf_free(&e.heads);
    sk_free(&c->hooks, e.bases);
    sk_free(&c->hooks, e.place);
    sk_free(&c->hooks, e.loop_size);
    sk_free(&c->hooks, e.last_back);
    sk_free(&c->hooks, depths);
}

#if defined(__x86_64__)
/* Returns eax: of leaf 0 the highest one there is. */
static uint32_t cpuid(uint32_t leaf, uint32_t *b, uint32_t *c)
{
    uint32_t d;
    *c = 0;
    __asm__ volatile("cpuid" : "+a"(leaf), "=b"(*b), "+c"(*c), "=d"(d));
    return leaf;
}
#else
static uint32_t cpuid(uint32_t leaf, uint32_t *b, uint32_t *c)
{
    (void)leaf, *b = *c = 0;
    return 0;
}
#endif

/* SDM volume 2, CPUID: leaf 1, ecx bit 22: movbe; leaf 7, ebx bit 8: BMI2. Both work on general registers, whatever the
 * system saves. */
static unsigned features(void)
{
    uint32_t b, c;
    unsigned found = 0;
    const uint32_t most = cpuid(0, &b, &c);
    if (most >= 1) {
        cpuid(1, &b, &c);
        found |= c >> 22 & 1 ? SK_X64_MOVBE : 0u;
    }
    if (most >= 7) {
        cpuid(7, &b, &c);
        found |= b >> 8 & 1 ? SK_X64_BMI2 : 0u;
    }
    return found;
}

const struct sk_target sk_target_x64 = {"x86-64", emit, features};
