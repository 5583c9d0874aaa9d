/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Virtual machines: their making, their program, helpers and grants. A call that fails leaves the VM as it was: the new
 * state is made ready first and put in place last.
 */
#include "api/vm.h"

#include "base/fmt.h"
#include "helper/kernel.h"
#include "run/begin.h"
#include "verify/ctxflow.h"
#include "verify/structural.h"

const char *skep_version(void) { return SKEP_VERSION; }

void skep_free(const skep_hooks *hooks, void *ptr)
{
    skep_hooks resolved;
    if (sk_hooks_resolve(&resolved, hooks))
        sk_free(&resolved, ptr);
}

static skep_code check_options(const skep_vm_options *options, skep_error *err)
{
    if (!sk_context_of(options->kind))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM of kind %d", (int32_t)options->kind);
    if ((unsigned)options->policy > SKEP_STRICT)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no policy %d", (int32_t)options->policy);
    if (options->policy == SKEP_STRICT)
        return sk_fail(err, SKEP_ERR_UNSUPPORTED, "SKEP_STRICT needs the verifier, which this version does not have yet");
    if ((unsigned)options->byte_order > SKEP_BIG_ENDIAN)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no byte order %d", (int32_t)options->byte_order);
    if (!options->code && options->code_size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "code is NULL but code_size is not 0");
    if (options->kind == SKEP_FIXED_MBUFF)
        return sk_context_check_offsets(options->data_offset, options->data_end_offset, err);
    return SKEP_OK;
}

static void size_workspace(skep_vm *vm)
{
    const struct sk_context *context = sk_context_of(vm->kind);
    const struct sk_input input = {.data_offset = vm->data_offset, .data_end_offset = vm->data_end_offset,
                                   .context_extent = vm->image ? vm->image->program->context_extent : 0};
    vm->env.stack_bytes = SK_STACK_BYTES;
    for (uint32_t i = 0; i < vm->env.map_count; i++)
        if (vm->maps[i]->type == SKEP_MAP_PROG_ARRAY)
            vm->env.stack_bytes = SK_TAIL_STACK_BYTES;
    vm->workspace_size = sk_run_workspace_size(&vm->env, vm->image ? vm->image->shape.most_may_gotos : 0,
                                               context->room ? context->room(context, &input) : 0);
}

size_t skep_vm_workspace_size(const skep_vm *vm) { return vm ? vm->workspace_size : 0; }

skep_code skep_vm_create(const skep_vm_options *given, skep_vm **out, skep_error *err)
{
    skep_vm_options options;
    skep_hooks hooks;
    if (!out)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is nowhere to put the VM");
    if (!sk_options_copy(&options, sizeof options, given))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "options: size is not that of a skep_vm_options this library knows");
    if (!sk_hooks_resolve(&hooks, options.hooks))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "hooks: size is not that of a skep_hooks this library knows");
    skep_code failed = check_options(&options, err);
    if (failed)
        return failed;
    skep_vm *vm = sk_alloc_zero(&hooks, sizeof *vm);
    if (!vm)
        return sk_fail_memory(err);
    vm->env.hooks = hooks;
    vm->env.helpers = &vm->helpers;
    vm->helpers.builtin = options.linux_helpers ? sk_kernel_helper : NULL;
    vm->kind = options.kind;
    vm->policy = options.policy;
    vm->byte_order = options.byte_order;
    vm->data_offset = options.data_offset;
    vm->data_end_offset = options.data_end_offset;
    vm->budget = options.budget ? options.budget : SKEP_BUDGET_DEFAULT;
    failed = sk_vm_take_maps(vm, options.maps, options.map_count, options.cpus, err);
    if (failed) {
        skep_vm_free(vm);
        return failed;
    }
    size_workspace(vm);
    if (options.code && (failed = skep_vm_load(vm, options.code, options.code_size, err)) != SKEP_OK) {
        skep_vm_free(vm);
        return failed;
    }
    *out = vm;
    return SKEP_OK;
}

void skep_vm_free(skep_vm *vm)
{
    if (!vm)
        return;
    const skep_hooks hooks = vm->env.hooks;
    sk_native_unref(vm->native);
    sk_image_unref(vm->image);
    sk_helper_table_free(&vm->helpers, &hooks);
    sk_vm_drop_maps(vm);
    sk_free(&hooks, vm->env.grants);
    sk_free(&hooks, (void *)(uintptr_t)vm->env.calls);
    sk_free(&hooks, vm);
}

/* -------------------------------------------------------------------------------------- the program */

/* The helper of each id that the image calls. NULL: no memory. */
static const struct sk_helper **resolve_calls(const skep_vm *vm, const struct sk_helper_table *helpers,
                                              const struct sk_image *image)
{
    const struct sk_helper **calls = sk_alloc_array(&vm->env.hooks, image->call_count, sizeof *calls);
    for (uint32_t i = 0; calls && i < image->call_count; i++)
        calls[i] = sk_helper_find(helpers, image->call_ids[i]);
    return calls;
}

static skep_code check_sealed(const struct sk_image *image, const struct sk_helper **calls, skep_error *err)
{
    const struct sk_program *p = image->program;
    for (uint32_t c = 0; c < image->call_count; c++) {
        if (calls[c])
            continue;
        for (uint32_t i = 0; i < p->count; i++)
            if (p->insns[i].op == SK_OP_CALL && (uint32_t)p->insns[i].imm == image->call_ids[c])
                return sk_structural_refuse(p, i, err, "no helper is registered under %u (0x%x)", image->call_ids[c],
                                            image->call_ids[c]);
    }
    return SKEP_OK;
}

static skep_code run_verifier(skep_verifier_fn verifier, void *user, const struct sk_program *p, skep_error *err)
{
    skep_error own;
    if (!verifier)
        return SKEP_OK;
    sk_error_clear(&own);
    skep_code code = verifier(p->code, p->code_size, user, &own);
    if (code && err) {
        *err = own;
        err->code = code;
        err->message[sizeof err->message - 1] = 0;
        if (!err->message[0])
            sk_snfmt(err->message, sizeof err->message, "the verifier refused the program");
    }
    return code;
}

/* The frame of each function, as the calculator says. *sizes stays NULL without one. */
static skep_code frame_sizes(skep_stack_size_fn fn, void *user, const struct sk_program *p, uint32_t **sizes,
                             skep_error *err)
{
    *sizes = NULL;
    if (!fn)
        return SKEP_OK;
    uint32_t *result = sk_alloc_array(&p->hooks, p->subprog_count, sizeof *result);
    if (!result)
        return sk_fail_memory(err);
    for (uint32_t s = 0; s < p->subprog_count; s++) {
        uint32_t pc = p->slot_of[p->subprogs[s].begin];
        size_t size = fn(p->code, p->code_size, pc, user);
        if (size > SKEP_STACK_SIZE) {
            sk_free(&p->hooks, result);
            return sk_fail_at(err, SKEP_ERR_ARGUMENT, pc, "the function at %u is said to use %z bytes of stack; at most %u", pc,
                              size, SKEP_STACK_SIZE);
        }
        result[s] = size ? ((uint32_t)size + 7) & ~7u : 8;
    }
    *sizes = result;
    return SKEP_OK;
}

void sk_vm_drop_native(skep_vm *vm)
{
    sk_native_unref(vm->native);
    vm->native = NULL;
    vm->env.native = NULL;
}

/* Makes everything that running `p` needs, then puts it in place of what was there. */
static skep_code install(skep_vm *vm, struct sk_program *p, skep_stack_size_fn fn, void *user, skep_error *err)
{
    uint32_t *sizes;
    struct sk_image *image = NULL;
    skep_code failed = frame_sizes(fn, user, p, &sizes, err);
    if (failed)
        return failed;
    failed = sk_image_create(p, sizes, vm->policy != SKEP_TRUSTED, &image, err);
    sk_free(&p->hooks, sizes);
    if (failed)
        return failed;
    const struct sk_helper **calls = resolve_calls(vm, &vm->helpers, image);
    failed = !calls ? sk_fail_memory(err) : vm->sealed ? check_sealed(image, calls, err) : SKEP_OK;
    if (failed) {
        sk_free(&vm->env.hooks, (void *)(uintptr_t)calls);
        sk_image_unref(image);
        return failed;
    }
    sk_image_unref(vm->image);
    sk_free(&vm->env.hooks, (void *)(uintptr_t)vm->env.calls);
    vm->image = image;
    vm->env.image = image;
    vm->env.calls = calls;
    sk_vm_drop_native(vm);
    size_workspace(vm);
    return SKEP_OK;
}

skep_code skep_vm_load(skep_vm *vm, const void *code, size_t code_size, skep_error *err)
{
    struct sk_program *p;
    if (!vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM");
    skep_code failed = sk_structural_load(&vm->env.hooks, code, code_size, vm->byte_order, &p, err);
    if (failed)
        return failed;
    failed = sk_vm_resolve_maps(vm, p, err);
    if (!failed && sk_context_of(vm->kind)->fields)
        failed = sk_ctxflow(p, sk_context_of(vm->kind)->fields, err);
    if (!failed)
        failed = run_verifier(vm->verifier, vm->verifier_user, p, err);
    if (!failed)
        failed = install(vm, p, vm->stack_size, vm->stack_size_user, err);
    sk_program_unref(p);
    return failed;
}

skep_code skep_vm_set_offsets(skep_vm *vm, size_t data_offset, size_t data_end_offset, skep_error *err)
{
    if (!vm || vm->kind != SKEP_FIXED_MBUFF)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "only a VM with a fixed metadata buffer has offsets");
    skep_code failed = sk_context_check_offsets(data_offset, data_end_offset, err);
    if (failed)
        return failed;
    vm->data_offset = data_offset;
    vm->data_end_offset = data_end_offset;
    size_workspace(vm);
    return SKEP_OK;
}

skep_code skep_vm_set_verifier(skep_vm *vm, skep_verifier_fn verifier, void *user, skep_error *err)
{
    if (!vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM");
    skep_code failed = vm->image ? run_verifier(verifier, user, vm->image->program, err) : SKEP_OK;
    if (failed)
        return failed;
    vm->verifier = verifier;
    vm->verifier_user = user;
    return SKEP_OK;
}

skep_code skep_vm_set_stack_size(skep_vm *vm, skep_stack_size_fn fn, void *user, skep_error *err)
{
    if (!vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM");
    skep_code failed = vm->image ? install(vm, vm->image->program, fn, user, err) : SKEP_OK;
    if (failed)
        return failed;
    vm->stack_size = fn;
    vm->stack_size_user = user;
    return SKEP_OK;
}

/* ---------------------------------------------------------------------------------- helpers and grants */

skep_code skep_vm_register(skep_vm *vm, uint32_t id, const skep_helper *helper, skep_error *err)
{
    if (!vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM");
    if (vm->sealed)
        return sk_fail(err, SKEP_ERR_STATE, "the helpers of this VM are sealed");
    skep_code failed = sk_helper_register(&vm->helpers, &vm->env.hooks, id, helper, err);
    if (failed || !vm->image)
        return failed;
    sk_vm_drop_native(vm);
    for (uint32_t i = 0; i < vm->image->call_count; i++)
        if (vm->image->call_ids[i] == id)
            vm->env.calls[i] = sk_helper_find(&vm->helpers, id);
    return SKEP_OK;
}

skep_code skep_vm_register_fn(skep_vm *vm, uint32_t id, skep_helper_fn fn, void *user, skep_error *err)
{
    const skep_helper helper = {.size = sizeof helper, .fn = fn, .user = user};
    return skep_vm_register(vm, id, &helper, err);
}

skep_code skep_vm_seal_helpers(skep_vm *vm, skep_error *err)
{
    if (!vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM");
    skep_code failed = vm->image ? check_sealed(vm->image, vm->env.calls, err) : SKEP_OK;
    if (!failed)
        vm->sealed = true;
    return failed;
}

skep_code skep_vm_grant(skep_vm *vm, void *base, size_t size, unsigned access, skep_error *err)
{
    if (!vm || !base || size == 0)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a grant needs a VM, an address and a size above 0");
    if (access != SKEP_READ && access != (SKEP_READ | SKEP_WRITE))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a grant is for SKEP_READ or SKEP_READ | SKEP_WRITE, not %u", access);
    if (sk_addr(base) + size < sk_addr(base))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a grant of %z bytes there would wrap around the address space", size);
    if (vm->env.grant_count >= SKEP_MAX_GRANTS)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "a VM has at most %u grants", SKEP_MAX_GRANTS);
    if (vm->env.grant_count == vm->grant_room) {
        size_t room = vm->grant_room ? vm->grant_room * 2 : 4;
        struct sk_region *grants = sk_realloc(&vm->env.hooks, vm->env.grants, room * sizeof *grants);
        if (!grants)
            return sk_fail_memory(err);
        vm->env.grants = grants;
        vm->grant_room = room;
    }
    vm->env.grants[vm->env.grant_count++] = (struct sk_region){sk_addr(base), size, access, "granted memory"};
    sk_vm_drop_native(vm);
    return SKEP_OK;
}

skep_code skep_vm_revoke(skep_vm *vm, const void *base, skep_error *err)
{
    if (!vm)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM");
    for (size_t i = 0; i < vm->env.grant_count; i++)
        if (vm->env.grants[i].low == sk_addr(base)) {
            memmove(&vm->env.grants[i], &vm->env.grants[i + 1], (vm->env.grant_count - i - 1) * sizeof *vm->env.grants);
            vm->env.grant_count--;
            return SKEP_OK;
        }
    return sk_fail(err, SKEP_ERR_NOT_FOUND, "no grant begins at that address");
}

/* --------------------------------------------------------------------------------------- the whole VM */

skep_code skep_vm_clone(const skep_vm *vm, skep_vm **out, skep_error *err)
{
    if (!vm || !out)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no VM, or nowhere to put its clone");
    skep_vm *clone = sk_alloc(&vm->env.hooks, sizeof *clone);
    if (!clone)
        return sk_fail_memory(err);
    *clone = *vm;
    clone->env.helpers = &clone->helpers;
    clone->image = NULL;
    clone->native = NULL;
    clone->env.calls = NULL;
    clone->env.grants = NULL;
    clone->env.image = NULL;
    clone->env.native = NULL;
    clone->maps = NULL;
    clone->env.map_count = 0;
    clone->env.cpus = NULL;
    clone->grant_room = vm->env.grant_count ? vm->env.grant_count : 1;
    skep_code failed = sk_helper_table_copy(&clone->helpers, &vm->helpers, &vm->env.hooks, err);
    if (failed) {
        sk_free(&vm->env.hooks, clone);
        return failed;
    }
    clone->env.grants = sk_alloc_array(&vm->env.hooks, clone->grant_room, sizeof *clone->env.grants);
    if (clone->env.grants && vm->env.grant_count)
        memcpy(clone->env.grants, vm->env.grants, vm->env.grant_count * sizeof *vm->env.grants);
    if (vm->image) {
        clone->image = sk_image_ref(vm->image);
        clone->native = vm->native ? sk_native_ref(vm->native) : NULL;
        clone->env.image = clone->image;
        clone->env.native = clone->native;
        clone->env.calls = resolve_calls(clone, &clone->helpers, clone->image);
    }
    failed = sk_vm_take_maps(clone, vm->maps, vm->env.map_count, vm->env.cpus, err);
    if (failed) {
        skep_vm_free(clone);
        return failed;
    }
    if (!clone->env.grants || (vm->image && !clone->env.calls)) {
        skep_vm_free(clone);
        return sk_fail_memory(err);
    }
    *out = clone;
    return SKEP_OK;
}

static void put(char *out, size_t size, size_t *length, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t room = *length < size ? size - *length : 0;
    *length += sk_vsnfmt(room ? out + *length : NULL, room, format, args);
    va_end(args);
}

size_t skep_vm_describe(const skep_vm *vm, char *out, size_t size)
{
    static const char *const policies[] = {"guarded", "trusted", "strict"};
    size_t n = 0;
    if (!vm) {
        put(out, size, &n, "no VM\n");
        return n;
    }
    put(out, size, &n, "VM of kind \"%s\", %s", sk_context_of(vm->kind)->name, policies[vm->policy]);
    if (vm->kind == SKEP_FIXED_MBUFF)
        put(out, size, &n, ", data at %z, data_end at %z", vm->data_offset, vm->data_end_offset);
    if (vm->budget == SKEP_BUDGET_NONE)
        put(out, size, &n, ", no budget\n");
    else
        put(out, size, &n, ", budget %U instructions\n", vm->budget);
    if (vm->image)
        put(out, size, &n, "program: %u instructions in %u slots, %u function%s%s\n", vm->image->program->count,
            vm->image->program->slot_count, vm->image->program->subprog_count,
            vm->image->program->subprog_count == 1 ? "" : "s", vm->verifier ? ", verifier of the caller's" : "");
    else
        put(out, size, &n, "program: none%s\n", vm->verifier ? ", verifier of the caller's" : "");
    put(out, size, &n, "helpers%s:", vm->sealed ? " (sealed)" : "");
    for (size_t i = 0; i < vm->helpers.count; i++)
        put(out, size, &n, "%s %u%s%s", i ? "," : "", vm->helpers.entries[i]->id,
            vm->helpers.entries[i]->name[0] ? " " : "", vm->helpers.entries[i]->name);
    put(out, size, &n, "%s\ngrants:", vm->helpers.count ? "" : " none");
    for (size_t i = 0; i < vm->env.grant_count; i++)
        put(out, size, &n, "%s 0x%X+%U %s", i ? "," : "", vm->env.grants[i].low, vm->env.grants[i].size,
            vm->env.grants[i].access & SKEP_WRITE ? "rw" : "r");
    put(out, size, &n, "%s\n", vm->env.grant_count ? "" : " none");
    return n;
}
