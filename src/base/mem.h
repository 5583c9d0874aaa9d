/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory through the caller's hook. Nothing here ever aborts: a failed allocation is NULL and the caller
 * reports SKEP_ERR_MEMORY. Sizes are checked for overflow before they reach the hook.
 */
#ifndef SK_MEM_H
#define SK_MEM_H

#include "base/base.h"
#include "skep/skep.h"

void *sk_alloc(const skep_hooks *hooks, size_t size);          /* not cleared */
void *sk_alloc_zero(const skep_hooks *hooks, size_t size);
void *sk_alloc_array(const skep_hooks *hooks, size_t count, size_t size); /* cleared */
void *sk_realloc(const skep_hooks *hooks, void *ptr, size_t size);
void sk_free(const skep_hooks *hooks, void *ptr);

/* Copies the caller's hooks (NULL: the defaults) over the defaults; false when its size is unknown to us. */
bool sk_hooks_resolve(skep_hooks *out, const skep_hooks *given);

/* The platform's defaults: src/os/ hosted; none of them freestanding, where the caller gives all it needs. */
extern const skep_hooks sk_default_hooks;

bool sk_options_copy_other(void *to, size_t known, const void *from);

/*
 * A struct of the caller's that begins with size_t size: copied into `to` of `known` bytes, zero-filled. False when
 * size is too small to be true or a tail that we do not know is not zero. Inline, because the usual case then is a
 * copy of constant size, which is worth it at every run.
 */
static inline bool sk_options_copy(void *to, size_t known, const void *from)
{
    size_t size;
    if (!from)
        return sk_options_copy_other(to, known, from);
    memcpy(&size, from, sizeof size);
    if (size != known)
        return sk_options_copy_other(to, known, from);
    memcpy(to, from, known);
    return true;
}

#endif
