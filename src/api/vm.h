/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a VM is made of. Runs see it const; whatever is shared between clones is counted and never changes. */
#ifndef SK_VM_H
#define SK_VM_H

#include "context/context.h"
#include "helper/helper.h"
#include "interp/lower.h"
#include "jit/compile.h"
#include "program/program.h"

struct sk_object;

struct skep_vm {
    struct sk_run_env env; /* hooks, helpers, grants, and the helper of each call site */
    skep_kind kind;
    skep_policy policy;
    skep_byte_order byte_order;
    size_t data_offset, data_end_offset;
    uint64_t budget;
    bool sealed;
    skep_verifier_fn verifier;
    void *verifier_user;
    skep_stack_size_fn stack_size;
    void *stack_size_user;
    struct sk_helper_table helpers;
    size_t grant_room;
    struct sk_image *image; /* NULL: no program */
    struct sk_native *native; /* its machine code; NULL: none */
    skep_map **maps;        /* [env.map_count], counted */
    const struct sk_object *object; /* what the program is from, or NULL: it knows lines of the source */
    uint32_t object_program;
    void (*tell_line)(const struct sk_object *object, uint32_t program, skep_error *err); /* its own, as builds may lack objects */
    size_t workspace_size;  /* of a run of it */
};

void sk_vm_drop_native(skep_vm *vm);
static inline const struct skep_vm *sk_vm_of(const struct sk_run_env *env)
{
    return (const struct skep_vm *)(const void *)((const char *)env - offsetof(struct skep_vm, env));
}

/* Takes references to maps and to the cpus that they have in common (vm_maps.c); on failure the VM has some of them. */
skep_code sk_vm_take_maps(skep_vm *vm, skep_map *const *maps, size_t count, skep_cpus *cpus, skep_error *err);
void sk_vm_drop_maps(skep_vm *vm);
/*
 * References to maps become numbers: a handle, or the address of a value's byte. The program has just been made and is
 * nobody else's yet.
 */
skep_code sk_vm_resolve_maps(const skep_vm *vm, struct sk_program *program, skep_error *err);

/* Adds to an error with a pc where in the source that is (object_load.c). */
void sk_object_tell_line(const struct sk_object *object, uint32_t program, skep_error *err);

/* Puts a run's fault into words, and returns its code (exec.c). */
skep_code sk_vm_explain(const skep_vm *vm, const skep_run *run, skep_error *err);

/* Hands out what a run that ended well leaves of its context and its packet. */
void sk_vm_finish(const skep_run *run, const skep_exec_options *options);

/* What must hold before a run; *options may be replaced by a copy. */
skep_code sk_vm_check_exec(const skep_vm *vm, bool native, const skep_exec_options **options, skep_exec_options *copy,
                           skep_error *err);
/* A run of the VM for machine code, in a workspace that is large enough. */
skep_run *sk_vm_begin_native(const skep_vm *vm, const skep_exec_options *options, void *workspace);

#endif
