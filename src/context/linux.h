/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How runs begin and end whose context is one of Linux's: a shadow of it with a packet, or memory. */
#ifndef SK_LINUX_H
#define SK_LINUX_H

#include "context/context.h"

size_t sk_linux_room(const struct sk_context *context, const struct sk_input *input);
void sk_linux_begin_packet(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own);
void sk_linux_begin_memory(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own);
/* Writes the context back to where it came from. */
void sk_linux_end_packet(const skep_run *run, void *mbuff, size_t mbuff_size);

#endif
