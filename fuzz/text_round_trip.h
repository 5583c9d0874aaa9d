/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef TEXT_ROUND_TRIP_H
#define TEXT_ROUND_TRIP_H

#include <stddef.h>
#include <stdint.h>

#include "skep/skep.h"

/* Assembles the text; if it is one, its bytes must survive both dialects. */
void fuzz_assemble(const uint8_t *data, size_t size, skep_dialect dialect);

/* The program's bytes, written and read back in `dialect`, must be the same; aborts otherwise. */
void fuzz_round_trip(const void *code, size_t size, skep_dialect dialect, skep_byte_order order);

#endif
