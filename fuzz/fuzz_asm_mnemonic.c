/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The assembler of the mnemonic dialect on any bytes. */
#include "text_round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_assemble(data, size, SKEP_MNEMONIC);
    return 0;
}
