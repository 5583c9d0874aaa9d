/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/mem.h"

void *sk_realloc(const skep_hooks *hooks, void *ptr, size_t size)
{
    if (!hooks->realloc || size == 0)
        return NULL;
    return hooks->realloc(hooks->user, ptr, size);
}

void *sk_alloc(const skep_hooks *hooks, size_t size) { return sk_realloc(hooks, NULL, size); }

void *sk_alloc_zero(const skep_hooks *hooks, size_t size)
{
    void *p = sk_alloc(hooks, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void *sk_alloc_array(const skep_hooks *hooks, size_t count, size_t size)
{
    if (count == 0)
        count = 1; /* so that NULL always means failure */
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return sk_alloc_zero(hooks, count * size);
}

void sk_free(const skep_hooks *hooks, void *ptr)
{
    if (ptr && hooks->realloc)
        (void)hooks->realloc(hooks->user, ptr, 0);
}

bool sk_options_copy_other(void *to, size_t known, const void *from)
{
    size_t size;
    memset(to, 0, known);
    if (!from)
        return true;
    memcpy(&size, from, sizeof size);
    if (size < sizeof size)
        return false;
    const unsigned char *tail = from;
    for (size_t i = known; i < size; i++)
        if (tail[i])
            return false;
    memcpy(to, from, size < known ? size : known);
    return true;
}

bool sk_hooks_resolve(skep_hooks *out, const skep_hooks *given)
{
    skep_hooks own;
    *out = sk_default_hooks;
    if (!given)
        return true;
    if (!sk_options_copy(&own, sizeof own, given))
        return false;
    if (own.realloc) {
        out->realloc = own.realloc;
    }
    if (own.time_ns)
        out->time_ns = own.time_ns;
    if (own.random)
        out->random = own.random;
    if (own.log)
        out->log = own.log;
    if (own.cpu_id)
        out->cpu_id = own.cpu_id;
    if (own.cpu_count)
        out->cpu_count = own.cpu_count;
    if (own.code_alloc && own.code_seal && own.code_free) {
        out->code_alloc = own.code_alloc;
        out->code_seal = own.code_seal;
        out->code_free = own.code_free;
    }
    out->user = own.user;
    out->size = sizeof *out;
    return true;
}
