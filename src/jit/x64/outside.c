/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What stands behind the code: the stubs of faults and slow paths, in the order in which they were asked for, and the thunks
 * through which all code calls C.
 */
#include "jit/x64/emitter.h"

/* rdi = run; the host's stack aligned; the function of the table called; rsp as before. Spoils every caller-saved one. */
static void call_out(struct sk_x64_emitter *e, enum sk_x64_thunk thunk)
{
    struct sk_buf *b = e->code;
    x_mov(b, 64, RDI, RUN);
    x_mov(b, 64, T1, RSP);
    x_alu_imm(b, 64, X_AND, RSP, -16);
    x_push(b, T1);
    x_push(b, T1);
    x_load(b, 8, false, RAX, FIELD(native_table));
    x_call_mem(b, x_at(RAX, 8 * (int32_t)thunk));
    x_pop(b, RSP);
}

/* Keeps every home: guard (T2 address, T1 size), enter (T1 function), leave, clean. ZF: it said no. Spoils T1. */
static void emit_quiet_thunk(struct sk_x64_emitter *e, enum sk_x64_thunk thunk)
{
    static const uint8_t kept[] = {RAX, RDI, RSI, RDX, RCX, R8, R10, R11};
    struct sk_buf *b = e->code;
    e->thunks[thunk] = b->size;
    for (size_t i = 0; i < sizeof kept; i++)
        x_push(b, kept[i]);
    if (thunk == THUNK_GUARD) {
        x_mov(b, 64, RSI, T2);
        x_mov(b, 32, RDX, T1);
    } else {
        x_mov(b, 32, RSI, T1);
    }
    call_out(e, thunk);
    x_extend(b, 32, 8, false, T1, RAX);
    for (size_t i = sizeof kept; i-- > 0;)
        x_pop(b, kept[i]);
    x_test(b, 32, T1, T1);
    x_ret(b);
}

/* With the registers in the run: call (T1 number), step and attend (T1 index), callx (T2 handle; T1 becomes the function). */
static void emit_sync_thunk(struct sk_x64_emitter *e, enum sk_x64_thunk thunk)
{
    struct sk_buf *b = e->code;
    unsigned last = thunk == THUNK_STEP ? 10 : 5;
    e->thunks[thunk] = b->size;
    for (unsigned r = 0; r <= last; r++)
        x_store(b, 8, sk_x64_home[r], REG_FIELD(r));
    store_meter(e);
    if (thunk == THUNK_CALLX)
        x_mov(b, 64, RSI, T2);
    else
        x_mov(b, 32, RSI, T1);
    call_out(e, thunk);
    load_meter(e);
    if (thunk == THUNK_CALLX)
        x_mov(b, 64, T1, RAX);
    else
        x_extend(b, 32, 8, false, T1, RAX);
    for (unsigned r = 0; r <= (thunk == THUNK_CALL || thunk == THUNK_ATTEND ? 0 : last); r++)
        if (r < 10)
            x_load(b, 8, false, sk_x64_home[r], REG_FIELD(r));
    x_test(b, 64, T1, T1);
    x_ret(b);
}

/* A stretch again, each access checked for itself. */
static void emit_copy(struct sk_x64_emitter *e, size_t number)
{
    const struct sk_x64_stub s = ((const struct sk_x64_stub *)(const void *)e->stubs.data)[number];
    const uint32_t first = (uint32_t)(s.group - e->c->code), last = s.group->target;
    e->one_by_one = true;
    e->head = s.head;
    e->base = s.base;
    e->subprog = s.subprog;
    for (uint32_t k = first; k <= last; k++) {
        begin_line(e, e->c->code[k].index);
        sk_x64_emit(e, &e->c->code[k]);
    }
    e->one_by_one = false;
    x_patch(e->code, x_jmp(e->code), s.back);
}

void sk_x64_gate(struct sk_x64_emitter *e, uint16_t saved_by_main)
{
    struct sk_buf *b = e->code;
    e->saved = saved_by_main;
    x_endbr64(b);
    push_saved(e); /* as main does: a fault below leaves through main's end */
    x_mov(b, 64, RUN, RDI);
    x_mov(b, 64, T1, RSI);
    x_store(b, 8, RSP, FIELD(native_sp));
    load_meter(e);
    x_load(b, 8, false, RBP, REG_FIELD(10));
    for (unsigned r = 1; r <= 5; r++)
        x_load(b, 8, false, sk_x64_home[r], REG_FIELD(r));
    x_call_reg(b, T1);
    store_meter(e);
    pop_saved(e);
}

void sk_x64_stubs(struct sk_x64_emitter *e, uint16_t saved_by_main)
{
    struct sk_buf *b = e->code;
    begin_line(e, SK_NO_INDEX);
    size_t leave = b->size; /* a fault: the frames below are dropped, r0 is 0 */
    store_meter(e);
    x_load(b, 8, false, RSP, FIELD(native_sp));
    x_alu(b, 32, X_XOR, RAX, RAX);
    e->saved = saved_by_main;
    pop_saved(e);
    size_t budget = b->size;
    x_store_imm(b, 4, SKEP_ERR_BUDGET, FIELD(code));
    x_patch(b, x_jmp(b), leave);
    size_t align = b->size;
    x_store(b, 8, T2, FIELD(fault_address));
    x_store_imm(b, 4, SKEP_ERR_ALIGN, FIELD(code));
    x_patch(b, x_jmp(b), leave);
    size_t depth = b->size;
    x_store_imm(b, 4, SKEP_ERR_DEPTH, FIELD(code));
    x_patch(b, x_jmp(b), leave);

    for (size_t i = 0; i < e->stubs.size / sizeof(struct sk_x64_stub); i++) { /* copies add some */
        const struct sk_x64_stub stub = ((const struct sk_x64_stub *)(const void *)e->stubs.data)[i], *s = &stub;
        if (s->kind == STUB_COPY) {
            emit_copy(e, i);
            continue;
        }
        begin_line(e, s->kind == STUB_LEAVE ? SK_NO_INDEX : s->index);
        x_patch(b, s->from, b->size);
        if (s->kind == STUB_LEAVE) {
            call_thunk(e, THUNK_LEAVE);
            x_patch(b, x_jmp(b), s->back);
            continue;
        }
        if (s->kind == STUB_ATTEND) { /* the meter is exact here */
            x_mov_imm(b, T1, s->index);
            call_thunk(e, THUNK_ATTEND);
            x_patch(b, x_jcc(b, CC_E), leave);
            e->saved = s->saved;
            pop_saved(e);
            continue;
        }
        if (s->kind == STUB_BACK) {
            x_alu_imm(b, 64, X_SUB, METER, s->used);
            x_patch(b, x_jcc(b, CC_NS), s->back);
        }
        if (s->kind == STUB_GUARD) {
            x_lea(b, 64, T2, s->place);
            x_mov_imm(b, T1, s->size_and_write);
            call_thunk(e, THUNK_GUARD);
            x_patch(b, x_jcc(b, CC_NE), s->back);
        }
        if (s->kind != STUB_BUDGET && s->kind != STUB_BACK && s->used)
            x_alu_imm(b, 64, X_SUB, METER, s->used);
        x_store_imm(b, 4, (int32_t)s->index, FIELD(fault_index));
        x_patch(b, x_jmp(b), s->kind == STUB_BUDGET || s->kind == STUB_BACK ? budget
                             : s->kind == STUB_DEPTH  ? depth
                             : s->kind == STUB_ALIGN  ? align
                                                      : leave);
    }
}

void sk_x64_thunks(struct sk_x64_emitter *e)
{
    for (unsigned t = 0; t < THUNK_COUNT; t++) {
        if (t == THUNK_CALL || t == THUNK_STEP || t == THUNK_CALLX || t == THUNK_ATTEND)
            emit_sync_thunk(e, (enum sk_x64_thunk)t);
        else
            emit_quiet_thunk(e, (enum sk_x64_thunk)t);
    }
}
