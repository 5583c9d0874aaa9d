/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Builds without machine code (SKEP_NO_JIT). */
#include "jit/compile.h"

#ifdef SKEP_NO_JIT
skep_code sk_jit_compile(struct sk_image *image, const struct sk_run_env *env, bool context_is_memory,
                         const skep_jit_options *options, struct sk_native **native, skep_error *err)
{
    (void)image, (void)env, (void)context_is_memory, (void)options, (void)native;
    return sk_fail(err, SKEP_ERR_UNSUPPORTED, "machine code is not supported here: this build leaves it out");
}

const char *skep_jit_pass_name(unsigned index)
{
    (void)index;
    return NULL;
}

struct sk_native *sk_native_ref(struct sk_native *native) { return native; }
void sk_native_unref(struct sk_native *native) { (void)native; }
void sk_native_begin(skep_run *run, const struct sk_native *native) { (void)run, (void)native; }
#endif
