/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef SK_COMPILE_H
#define SK_COMPILE_H

#include "jit/target.h"

/*
 * Compiles an image for this machine. `env`: its maps, and the helpers of its call sites as they are now;
 * context_is_memory: r1 begins as a buffer that is not the packet. SKEP_ERR_UNSUPPORTED: there is no back end for it, or
 * no code pages.
 */
skep_code sk_jit_compile(struct sk_image *image, const struct sk_run_env *env, bool context_is_memory,
                         const skep_jit_options *options, struct sk_native **native, skep_error *err);

struct sk_native *sk_native_ref(struct sk_native *native);
void sk_native_unref(struct sk_native *native); /* NULL is fine */

#endif
