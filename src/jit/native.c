/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What machine code calls: everything that is too rare or too long to be written out. Each function works on a run whose
 * registers the caller has put into regs[] where it needs them there.
 */
#include "helper/helper.h"
#include "interp/frame.h"
#include "interp/step.h"
#include "jit/target.h"

/* Only the limits that the code compares with. */
static inline void set_limits(skep_run *run, const struct sk_native *native, unsigned region, uint64_t low, uint64_t size,
                              uint32_t access)
{
    run->native_low[region] = low;
    for (unsigned used = native->limits >> (8 * region) & 255; used; used &= used - 1) {
        unsigned kind = (unsigned)__builtin_ctz(used), write = kind >> 2;
        uint64_t bytes = UINT64_C(1) << (kind & 3);
        bool allowed = (access & SKEP_READ) && (!write || (access & SKEP_WRITE)); /* a write stands for reads, too */
        run->native_limit[region][write][kind & 3] = allowed && size >= bytes ? size - bytes + 1 : 0;
    }
}

/* The stack is checked inline when all frames in use are zeroed: sk_run_find() zeroes what is not. */
static void set_stack(skep_run *run)
{
    bool clean = true;
    for (uint32_t d = 0; d <= run->depth; d++)
        clean &= !run->frames[d].unclean;
    set_limits(run, run->native, IRR_STACK, run->stack_low, run->stack_top - run->stack_low,
               clean ? SKEP_READ | SKEP_WRITE : 0);
}

static void set_regions(skep_run *run, const struct sk_native *native)
{
    const struct sk_region *home = NULL, *context = NULL;
    for (size_t i = 0; i < run->region_count; i++) {
        const struct sk_region *r = &run->regions[i];
        if (r->low == run->packet || (i == 0 && run->slots))
            home = r;
        else if (r->low == run->context)
            context = r;
    }
    for (uint32_t i = 0; i < native->check_count; i++) {
        const struct sk_check *check = &native->checks[i];
        const struct sk_region *r = check->region == IRR_HOME ? home : context;
        const bool allowed = r && (r->access & SKEP_READ) && (!check->write || (r->access & SKEP_WRITE)) && r->size >= check->span;
        run->native_checks[i][0] = (r ? r->low : 0) - (uint64_t)(int64_t)check->low;
        run->native_checks[i][1] = allowed ? r->size - check->span + 1 : 0;
    }
    set_limits(run, native, IRR_HOME, home ? home->low : 0, home ? home->size : 0, home ? home->access : 0);
    set_limits(run, native, IRR_CONTEXT, context ? context->low : 0, context ? context->size : 0,
               context ? context->access : 0);
    set_limits(run, native, IRR_VALUE, 0, 0, 0);
}

/* The value, or the memory of a helper, that was reached last. What the run does not hold for good is forgotten with it. */
static void set_value(skep_run *run, const struct sk_region *found)
{
    for (size_t i = 0; i < run->region_count; i++)
        if (run->regions[i].low == found->low)
            return;
    for (size_t i = 0; i < run->env->grant_count; i++)
        if (run->env->grants[i].low == found->low)
            return;
    set_limits(run, run->native, IRR_VALUE, found->low, found->size, found->access);
}

static const struct sk_engine engine;

void sk_native_begin(skep_run *run, const struct sk_native *native)
{
    run->native = native;
    run->native_table = &sk_native_table;
    run->engine = &engine;
    if (!native->limits)
        return;
    set_regions(run, native);
    set_stack(run);
}

static bool guard(skep_run *run, uint64_t address, uint32_t size_and_write)
{
    struct sk_region region;
    uint32_t size = size_and_write & 255;
    bool write = size_and_write >> 8;
    if (sk_run_find(run, address, size, write, &region)) {
        if (region.low == run->stack_low)
            set_stack(run);
        else if (run->native->limits >> (8 * IRR_VALUE))
            set_value(run, &region);
        return true;
    }
    run->fault_size = size;
    run->fault_write = write;
    return sk_run_fault(run, SKEP_ERR_ACCESS, address);
}

/* The calls that are not written out: through callx, and of functions with may_goto counters. */
static bool enter(skep_run *run, uint32_t subprog) { return sk_frame_enter(run->native->image, run, subprog, 0); }

/* depth and stack_low are the caller's again. What is checked inline must not hold the frame that is gone. */
static bool leave(skep_run *run)
{
    set_stack(run);
    return true;
}

static bool leavex(skep_run *run)
{
    sk_frame_leave(run->native->image, run);
    set_stack(run);
    return true;
}

/* For a run that is used again: main's frame and counters. */
static void clean(skep_run *run)
{
    const struct sk_subprog *main = &run->native->image->program->subprogs[0];
    size_t size = run->native->image->shape.frame_size;
    memset(sk_ptr(run->stack_top - size), 0, size);
    run->frames[0].unclean = 0;
    if (main->may_goto_count)
        memset(run->may_gotos, 0, main->may_goto_count * sizeof(uint32_t));
}

static bool call(skep_run *run, uint32_t number)
{
    const struct sk_helper *helper = run->env->calls[number];
    if (!helper)
        return sk_run_fault(run, SKEP_ERR_CALL, run->native->image->call_ids[number]);
    return sk_helper_call(run, helper, run->native->image->guarded);
}

/* A helper called so says all it has to say through run->attention. */
static const void *callx(skep_run *run, uint64_t target)
{
    const struct sk_native *native = run->native;
    if (target <= UINT32_MAX) {
        const struct sk_helper *helper = sk_helper_find(run->env->helpers, (uint32_t)target);
        if (helper) {
            if (!sk_helper_call(run, helper, native->image->guarded) && !run->attention)
                run->attention = SK_ATTENTION_FAILED;
            return NULL;
        }
    } else {
        uint32_t subprog = sk_function_of_handle(native->image->program, target);
        if (subprog != SK_NO_INDEX && enter(run, subprog))
            return (const uint8_t *)native->pages + native->entries[subprog];
    }
    sk_run_fault(run, SKEP_ERR_CALL, target);
    run->attention |= SK_ATTENTION_FAILED;
    return NULL;
}

static bool attend(skep_run *run, uint32_t index)
{
    if (run->attention == SK_ATTENTION_TAIL) {
        const uint64_t sp = run->native_sp;
        run->attention = 0;
        bool ok = sk_frame_tail(run);
        run->native_sp = sp;
        if (ok)
            return true;
    }
    if (run->attention && !run->code)
        sk_helper_attend(run); /* who was called directly */
    if (run->attention == SK_ATTENTION_END && !run->nesting)
        run->attention = 0;
    if (run->code && !(run->attention & SK_ATTENTION_FAULT)) {
        run->fault_index = index;
        if (run->nesting)
            run->attention |= SK_ATTENTION_FAULT;
    }
    return false;
}

/* A nested run ended the whole one: those above have nothing to add. Code writes only the number of some faults. */
static bool fault_below(skep_run *run)
{
    if (run->code) {
        run->attention |= SK_ATTENTION_FAULT;
        if (!run->fault_env)
            run->fault_env = run->env;
    }
    return false;
}

static bool invoke(skep_run *run, uint64_t handle, uint64_t *result)
{
    const struct sk_native *native = run->native;
    uint32_t subprog = sk_function_of_handle(native->image->program, handle);
    if (subprog == SK_NO_INDEX)
        return sk_run_fault(run, SKEP_ERR_CALL, handle);
    if (!sk_frame_enter(native->image, run, subprog, 0))
        return false;
    uint64_t (*gate)(skep_run *, const void *);
    const void *at = (const uint8_t *)native->pages + native->entries[native->image->program->subprog_count];
    memcpy(&gate, &at, sizeof gate);
    const uint64_t sp = run->native_sp;
    run->nesting++;
    *result = gate(run, (const uint8_t *)native->pages + native->entries[subprog]);
    run->nesting--;
    run->native_sp = sp;
    if (run->code || run->attention & SK_ATTENTION_END)
        return fault_below(run);
    return leavex(run);
}

/* The program of run->env, in the frame that was made for it. */
static bool enter_main(skep_run *run)
{
    const struct sk_native *caller = run->native, *native = run->env->native;
    const uint64_t budget = run->budget;
    run->budget = run->meter < 0 ? 0 : (uint64_t)run->meter;
    sk_native_begin(run, native);
    run->regs[0] = sk_native_entry_of(native)(run);
    run->budget = budget;
    sk_native_begin(run, caller);
    return (!run->code && !(run->attention & SK_ATTENTION_END)) || fault_below(run);
}

/* What is compared inline is the run's regions and the stack; only the former may have moved. */
static void forget(skep_run *run) { set_regions(run, run->native); }

static const struct sk_engine engine = {invoke, enter_main, forget};

static bool packet(skep_run *run, const struct sk_insn *insn)
{
    static const uint8_t sizes[] = {[SK_OP_LDABSB] = 1, [SK_OP_LDABSH] = 2, [SK_OP_LDABSW] = 4, [SK_OP_LDABSDW] = 8,
                                    [SK_OP_LDINDB] = 1, [SK_OP_LDINDH] = 2, [SK_OP_LDINDW] = 4, [SK_OP_LDINDDW] = 8};
    bool indirect = sk_op_infos[insn->op].form == SK_FORM_IND;
    uint32_t offset = (uint32_t)insn->imm + (indirect ? (uint32_t)run->regs[insn->src] : 0);
    if (sk_frame_packet(run, offset, sizes[insn->op], &run->regs[0]))
        return true;
    /* Without a fault: the program ends with 0, from any depth, and the run may be entered again. */
    if (run->nesting) { /* those that called have to end, too */
        run->attention |= SK_ATTENTION_END;
        return false;
    }
    run->depth = 0;
    run->stack_low = run->frames[0].low;
    run->regs[10] = run->stack_top;
    set_stack(run);
    return false;
}

/* One instruction as the interpreter would do it. */
static bool step(skep_run *run, uint32_t index)
{
    const struct sk_image *image = run->native->image;
    const struct sk_insn *insn = &image->program->insns[index];
    const unsigned form = sk_op_infos[insn->op].form;
    if (form == SK_FORM_ABS || form == SK_FORM_IND)
        return packet(run, insn);
    sk_run_reset_guards(run); /* machine code does not keep the interpreter's cache when frames go */
    return sk_step(run, image, index);
}

const struct sk_native_table sk_native_table = {guard, enter, leave, leavex, call, step, clean, callx, attend};
