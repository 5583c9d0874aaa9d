/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Freestanding: no defaults, the caller's hooks are all there is. Hosted builds link src/os/hooks.c instead. */
#ifdef SKEP_FREESTANDING
#include "base/mem.h"

const skep_hooks sk_default_hooks = {.size = sizeof(skep_hooks)};
#else
typedef int sk_no_os_is_empty; /* a translation unit must hold something */
#endif
