/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Machine code of a VM: making it, looking at it, and the prepared runs that enter it directly. */
#include "api/vm.h"

skep_code skep_vm_jit_compile(skep_vm *vm, const skep_jit_options *given, skep_error *err)
{
    skep_jit_options options;
    struct sk_native *native = NULL;
    if (!vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM");
    if (!sk_options_copy(&options, sizeof options, given))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "options: size is not that of a skep_jit_options this library knows");
    if (!vm->image)
        return sk_fail(err, SKEP_ERR_STATE, "no program is loaded");
    if (options.uncounted && (vm->policy != SKEP_TRUSTED || vm->budget != SKEP_BUDGET_NONE))
        return sk_fail(err, SKEP_ERR_ARGUMENT,
                       "code that does not count is for VMs that are trusted and have SKEP_BUDGET_NONE as their budget");
    skep_code failed = sk_jit_compile(vm->image, &vm->env, sk_context_of(vm->kind)->context_is_memory, &options,
                                      &native, err);
    if (failed)
        return failed;
    sk_vm_drop_native(vm);
    vm->native = native;
    vm->env.native = native;
    return SKEP_OK;
}

static skep_code no_code(skep_error *err) { return sk_fail(err, SKEP_ERR_STATE, "the VM has no machine code"); }

skep_code skep_vm_jit_stats(const skep_vm *vm, skep_jit_stats *stats, skep_error *err)
{
    if (!stats || stats->size < sizeof stats->size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "stats: size must be set to that of a skep_jit_stats");
    if (!vm || !vm->native)
        return no_code(err);
    size_t size = stats->size;
    skep_jit_stats own = vm->native->stats;
    own.size = size;
    memset(stats, 0, size);
    memcpy(stats, &own, size < sizeof own ? size : sizeof own);
    return SKEP_OK;
}

skep_code skep_vm_jit_lines(const skep_vm *vm, skep_jit_line *lines, size_t *count, skep_error *err)
{
    if (!count)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is nowhere to put the number of lines");
    if (!vm || !vm->native)
        return no_code(err);
    const struct sk_native *native = vm->native;
    if (!native->lines)
        return sk_fail(err, SKEP_ERR_STATE, "the machine code was compiled without lines");
    size_t room = lines ? *count : 0;
    *count = native->line_count;
    if (room < native->line_count)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there are %z lines, and room for %z", native->line_count, room);
    for (size_t i = 0; i < native->line_count; i++) {
        uint32_t index = native->lines[i].index;
        lines[i].offset = native->lines[i].offset;
        lines[i].pc = index == SK_NO_INDEX ? SKEP_NO_PC : native->image->program->slot_of[index];
    }
    return SKEP_OK;
}

skep_code skep_vm_jit_copy(const skep_vm *vm, void *buffer, size_t *size, skep_error *err)
{
    if (!size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is nowhere to put the size");
    if (!vm || !vm->native)
        return no_code(err);
    size_t room = buffer ? *size : 0;
    *size = vm->native->size;
    if (room < vm->native->size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the code has %z bytes; there is room for %z", vm->native->size, room);
    memcpy(buffer, vm->native->pages, vm->native->size);
    return SKEP_OK;
}

skep_jit_fn skep_vm_jit_function(const skep_vm *vm)
{
    return vm && vm->native ? sk_native_entry_of(vm->native) : NULL;
}

/* Lays the run out anew; the cpu that it owns stays its own. */
static skep_run *lay_out(const skep_vm *vm, const skep_exec_options *options, uint32_t cpu)
{
    skep_run *run = sk_vm_begin_native(vm, options, options->workspace);
    sk_native_begin(run, vm->native);
    run->cpu = cpu;
    run->vm = vm;
    run->options = *options;
    return run;
}

skep_code skep_run_prepare(const skep_vm *vm, const skep_exec_options *options, skep_run **out, skep_error *err)
{
    skep_exec_options copy;
    uint32_t cpu = SK_NO_CPU;
    skep_code failed = sk_vm_check_exec(vm, true, &options, &copy, err);
    if (failed)
        return failed;
    if (!options->workspace || !out)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a prepared run lives in a workspace of the caller's: there is none");
    if (vm->env.cpus && (cpu = sk_cpus_take(vm->env.cpus)) == SK_NO_CPU)
        return sk_fail(err, SKEP_ERR_CPUS, "each of the %u cpus has a run", vm->env.cpus->count);
    *out = lay_out(vm, options, cpu);
    return SKEP_OK;
}

void skep_run_release(skep_run *run)
{
    if (run)
        sk_run_end(run);
}

skep_code skep_run_set_memory(skep_run *run, void *mem, size_t mem_size, skep_error *err)
{
    skep_exec_options copy;
    if (!run)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no run");
    skep_exec_options options = run->options;
    const skep_exec_options *checked = &options;
    options.mem = mem;
    options.mem_size = mem_size;
    skep_code failed = sk_vm_check_exec(run->vm, true, &checked, &copy, err);
    if (failed)
        return failed;
    sk_run_drop_held(run);
    lay_out(run->vm, checked, run->cpu);
    return SKEP_OK;
}

skep_code skep_run_outcome(skep_run *run, skep_error *err)
{
    if (!run)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no run");
    if (run->options.executed)
        *run->options.executed = run->budget - (uint64_t)(run->meter < 0 ? 0 : run->meter);
    if (SK_LIKELY(run->code == SKEP_OK)) {
        sk_vm_finish(run, &run->options);
        if (SK_UNLIKELY(run->held_count | run->tail_count)) {
            sk_run_drop_held(run);
            sk_run_forget(run);
        }
        run->tail_calls = 0;
        return SKEP_OK;
    }
    skep_code code = sk_vm_explain(run->vm, run, err);
    const skep_exec_options options = run->options;
    sk_run_drop_held(run);
    lay_out(run->vm, &options, run->cpu);
    return code;
}
