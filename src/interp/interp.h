/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef SK_INTERP_H
#define SK_INTERP_H

#include "helper/helper.h"
#include "interp/lower.h"

/*
 * Runs the image on a run that was begun with its shape (run/begin.h). True: r0 is in regs[0]. False: code, fault_index and the rest say why. `executed` is set either way.
 */
bool sk_interp(const struct sk_image *image, skep_run *run);

/* What struct sk_icode.op holds for each enum sk_iop. */
const int32_t *sk_interp_ops(void);

#endif
