/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a VM is made of. Runs see it const; whatever is shared between clones is counted and never changes. */
#ifndef SK_VM_H
#define SK_VM_H

#include "context/context.h"
#include "helper/helper.h"
#include "interp/lower.h"
#include "program/program.h"

struct skep_vm {
    skep_hooks hooks;
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
    struct sk_region *grants;
    size_t grant_count, grant_room;
    struct sk_image *image; /* NULL: no program */
    const struct sk_helper **calls; /* [image->call_count] the helper of each id that the program calls, or NULL */
};

#endif
