/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One load, store or atomic done out of line, for both engines: the context's, by its table, and what is rare. */
#ifndef SK_STEP_H
#define SK_STEP_H

#include "interp/lower.h"

/*
 * The access of instruction `index`: to the context if it leads there or certainly is meant to (its fact), else as any other
 * under the image's policy. Works on the run's registers. False: the run has its fault.
 */
bool sk_step(skep_run *run, const struct sk_image *image, uint32_t index);

#endif
