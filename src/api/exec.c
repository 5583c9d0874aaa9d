/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Running a VM's program, and putting a fault into words. */
#include "api/vm.h"
#include "base/fmt.h"
#include "context/linux.h"
#include "interp/interp.h"
#include "run/begin.h"
#include "text/text.h"

/* A workspace of the usual size fits here: no allocation for a run. */
#define INLINE_WORKSPACE 8192
/* Beyond any program's length, and far enough from the end that adding lengths cannot wrap. */
#define BUDGET_MOST ((uint64_t)INT64_MAX / 2)

/* Where the address lies, for people: in which region, or how far from the nearest. */
static void describe_address(const skep_run *run, char *out, size_t size)
{
    struct sk_region regions[SK_COUNT(run->regions) + 1];
    size_t n = 0;
    regions[n++] = (struct sk_region){run->stack_low, run->stack_top - run->stack_low, SKEP_READ | SKEP_WRITE, "stack"};
    for (size_t i = 0; i < run->region_count; i++)
        regions[n++] = run->regions[i];
    const uint64_t a = run->fault_address;
    const struct sk_region *nearest = NULL;
    uint64_t distance = 4096; /* farther off, the address says nothing */
    for (size_t i = 0; i < n; i++) {
        const struct sk_region *g = &regions[i];
        uint64_t offset = a - g->low;
        uint64_t away = offset < g->size ? 0 : offset - g->size < 0 - offset ? offset - g->size + 1 : 0 - offset;
        if (away < distance) {
            nearest = g;
            distance = away;
        }
    }
    if (!nearest)
        sk_snfmt(out, size, "no memory of this run%s", a < 4096 ? ": a null pointer" : "");
    else if (distance == 0 && run->fault_write && !(nearest->access & SKEP_WRITE))
        sk_snfmt(out, size, "the %s is read-only", nearest->name);
    else
        sk_snfmt(out, size, "offset %D of the %s, which has %U bytes", (int64_t)(a - nearest->low), nearest->name,
                 nearest->size);
}

skep_code sk_vm_explain(const skep_vm *vm, const skep_run *run, skep_error *err)
{
    if (!err)
        return run->code;
    const struct sk_program *p = (run->fault_env ? run->fault_env->image : vm->image)->program;
    uint32_t slot = p->slot_of[run->fault_index];
    const struct sk_insn *insn = &p->insns[run->fault_index];
    char text[96], where[128], what[224];
    sk_insn_text(insn, SKEP_MNEMONIC, text, sizeof text);
    switch (run->code) {
    case SKEP_ERR_ACCESS:
        if (run->message[0]) { /* an argument of a helper */
            sk_snfmt(what, sizeof what, "%s", run->message);
            break;
        }
        describe_address(run, where, sizeof where);
        sk_snfmt(what, sizeof what, "cannot %s %u byte%s at 0x%X: %s", run->fault_write ? "write" : "read", run->fault_size,
                 run->fault_size == 1 ? "" : "s", run->fault_address, where);
        break;
    case SKEP_ERR_ALIGN:
        sk_snfmt(what, sizeof what, "atomic access to 0x%X, which is not aligned to its size", run->fault_address);
        break;
    case SKEP_ERR_BUDGET:
        sk_snfmt(what, sizeof what, "the budget of %U instructions is used up", run->budget);
        break;
    case SKEP_ERR_DEPTH: sk_snfmt(what, sizeof what, "more than %u frames of calls", SKEP_MAX_FRAMES); break;
    case SKEP_ERR_CALL:
        if (insn->op == SK_OP_CALL && (uint32_t)insn->imm == run->fault_address)
            sk_snfmt(what, sizeof what, "no helper is registered under %u (0x%X)", (uint32_t)insn->imm, run->fault_address);
        else
            sk_snfmt(what, sizeof what, "0x%X is neither a helper's number nor a function's handle", run->fault_address);
        break;
    case SKEP_ERR_HELPER:
        sk_snfmt(what, sizeof what, "helper %s failed: %s", run->helper && run->helper->name[0] ? run->helper->name : "call",
                 run->message[0] ? run->message : "it gave no reason");
        break;
    default: sk_snfmt(what, sizeof what, "%s", skep_code_name(run->code)); break;
    }
    sk_fail_at(err, run->code, slot, "instruction %u: %s: %s", slot, text, what);
    const struct skep_vm *whose = !run->fault_env || run->fault_env == &vm->env ? vm : sk_vm_of(run->fault_env);
    if (whose->object)
        whose->tell_line(whose->object, whose->object_program, err);
    if (run->code == SKEP_ERR_ACCESS || run->code == SKEP_ERR_ALIGN)
        err->address = run->fault_address;
    err->detail = run->detail;
    return run->code;
}

static inline skep_run *begin_run(const skep_vm *vm, bool native, const skep_exec_options *options, void *workspace)
{
    uint8_t *own;
    struct sk_run_shape shape = vm->image->shape;
    if (native) { /* machine code zeroes main's frame by itself, at every entry */
        shape.touched = 0;
        shape.unguarded = false;
    }
    uint64_t budget = options->budget ? options->budget : vm->budget;
    skep_run *run =
        sk_run_init(workspace, &shape, &vm->env, budget < BUDGET_MOST ? budget : BUDGET_MOST, &own);
    run->meter = (int64_t)run->budget; /* for machine code that does not count */
    if (native)
        run->frames[0].unclean =
            shape.frame_size > vm->image->shape.touched ? shape.frame_size - vm->image->shape.touched : 0;
    const unsigned access = options->mem_access ? options->mem_access | SKEP_READ : SKEP_READ | SKEP_WRITE;
    const struct sk_input input = {options->mem,        options->mem_size, access, options->mbuff,
                                   options->mbuff_size, vm->data_offset,   vm->data_end_offset,
                                   vm->image->program->context_extent, options->headroom, options->tailroom,
                                   options->meta_size};
    const struct sk_context *context = sk_context_of(vm->kind);
    context->begin(context, run, &input, own);
    run->script = options->script;
    sk_run_ready(run);
    run->whole_frames = vm->image->shape.unguarded;
    return run;
}

void sk_vm_finish(const skep_run *run, const skep_exec_options *options)
{
    if (!run->slots)
        return;
    if (options->mbuff)
        sk_linux_end_packet(run, options->mbuff, options->mbuff_size);
    if (options->packet)
        *options->packet = sk_ptr(run->packet);
    if (options->packet_size)
        *options->packet_size = (size_t)run->packet_size;
    if (!options->redirect)
        return;
    const struct sk_redirect *r = &run->redirect;
    *options->redirect = (skep_redirect){(skep_redirect_kind)r->kind, r->ifindex, NULL, r->key, r->value, r->flags};
    for (uint32_t i = 0; r->kind == SK_REDIRECT_MAP && i < run->env->map_count; i++)
        if (run->env->maps[i] == r->map)
            options->redirect->map = r->map;
}

static bool run_native(const struct sk_native *native, skep_run *run)
{
    sk_native_begin(run, native);
    run->regs[0] = sk_native_entry_of(native)(run);
    run->executed = run->budget - (uint64_t)(run->meter < 0 ? 0 : run->meter);
    return run->code == SKEP_OK;
}

/* The run itself, in a workspace that is large enough. */
static inline skep_code run_in(const skep_vm *vm, bool native, const skep_exec_options *options, void *workspace,
                               uint64_t *result, skep_error *err)
{
    skep_run *run = begin_run(vm, native, options, workspace);
    if (vm->env.cpus && (run->cpu = sk_cpus_take(vm->env.cpus)) == SK_NO_CPU)
        return sk_fail(err, SKEP_ERR_CPUS, "each of the %u cpus has a run", vm->env.cpus->count);
    bool ok = native ? run_native(vm->native, run) : sk_interp(vm->image, run);
    if (vm->env.cpus || run->held_count)
        sk_run_end(run);
    if (options->executed)
        *options->executed = run->executed;
    if (SK_LIKELY(ok)) {
        sk_vm_finish(run, options);
        if (result)
            *result = run->regs[0];
        return SKEP_OK;
    }
    return sk_vm_explain(vm, run, err);
}

/* Apart from skep_vm_exec, so that a caller with a workspace of its own does not pay for this frame. */
static SK_NOINLINE skep_code run_in_frame(const skep_vm *vm, bool native, const skep_exec_options *options, uint64_t *result,
                                          skep_error *err)
{
    _Alignas(16) uint8_t workspace[INLINE_WORKSPACE];
    return run_in(vm, native, options, workspace, result, err);
}

static SK_NOINLINE skep_code run_in_heap(const skep_vm *vm, bool native, const skep_exec_options *options, uint64_t *result,
                                         skep_error *err)
{
    void *workspace = sk_alloc(&vm->env.hooks, vm->workspace_size);
    if (!workspace)
        return sk_fail_memory(err);
    skep_code code = run_in(vm, native, options, workspace, result, err);
    sk_free(&vm->env.hooks, workspace);
    return code;
}

skep_code sk_vm_check_exec(const skep_vm *vm, bool native, const skep_exec_options **options, skep_exec_options *copy,
                           skep_error *err)
{
    if (!vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM");
    if (SK_UNLIKELY(!*options || (*options)->size != sizeof **options)) { /* from another version of the header */
        if (!sk_options_copy(copy, sizeof *copy, *options))
            return sk_fail(err, SKEP_ERR_ARGUMENT, "options: size is not that of a skep_exec_options this library knows");
        *options = copy;
    }
    if (!vm->image)
        return sk_fail(err, SKEP_ERR_STATE, "no program is loaded");
    if (native && !vm->native)
        return sk_fail(err, SKEP_ERR_STATE, "the program is not compiled: call skep_vm_jit_compile first");
    if (native && vm->native->uncounted && (*options)->budget && (*options)->budget != SKEP_BUDGET_NONE)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the machine code does not count: it cannot keep to a budget of %U",
                       (*options)->budget);
    if ((*options)->workspace && (*options)->workspace_size < vm->workspace_size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the workspace has %z bytes; this program needs %z",
                       (*options)->workspace_size, vm->workspace_size);
    if (SK_UNLIKELY((*options)->script && (*options)->script->size != sizeof(skep_script)))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "script: size is not that of a skep_script this library knows");
    const struct sk_context *context = sk_context_of(vm->kind);
    skep_code failed = sk_context_check_input(vm->kind, *options, err);
    if (!failed && context->fields)
        failed = sk_context_check_linux(context, vm->image->program->context_extent, *options, err);
    return failed;
}

static inline skep_code exec(const skep_vm *vm, bool native, const skep_exec_options *options, uint64_t *result,
                             skep_error *err)
{
    skep_exec_options copy;
    skep_code failed = sk_vm_check_exec(vm, native, &options, &copy, err);
    if (SK_UNLIKELY(failed))
        return failed;
    if (options->workspace)
        return run_in(vm, native, options, options->workspace, result, err);
    if (vm->workspace_size <= INLINE_WORKSPACE)
        return run_in_frame(vm, native, options, result, err);
    return run_in_heap(vm, native, options, result, err);
}

skep_code skep_vm_exec(const skep_vm *vm, const skep_exec_options *options, uint64_t *result, skep_error *err)
{
    return exec(vm, false, options, result, err);
}

skep_code skep_vm_exec_jit(const skep_vm *vm, const skep_exec_options *options, uint64_t *result, skep_error *err)
{
    return exec(vm, true, options, result, err);
}

skep_run *sk_vm_begin_native(const skep_vm *vm, const skep_exec_options *options, void *workspace)
{
    return begin_run(vm, true, options, workspace);
}
