/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's helpers: those of linux/bpf.h's list, by its ids, with what its verifier knows of their arguments. */
#ifndef SK_KERNEL_H
#define SK_KERNEL_H

#include "helper/helper.h"

/* NULL: there is none of that id here. */
const struct sk_helper *sk_kernel_helper(uint32_t id);

#endif
