/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any bytes as a program: listings, the decoded view, and reading the listings back. */
#include <stdlib.h>
#include <string.h>

#include "text_round_trip.h"

/* The decoded view and the listing say the same of each instruction. */
static void compare_views(const void *code, size_t size, const skep_text_options *options)
{
    skep_insn *insns;
    size_t count, length;
    char *listing;
    skep_error err;
    if (skep_insn_list(code, size, options, &insns, &count, &err))
        return;
    if (!skep_disassemble(code, size, options, &listing, &length, &err)) {
        const char *line = listing;
        for (size_t i = 0; i < count; i++) {
            char text[128];
            size_t n = skep_insn_format(&insns[i], options->dialect, text, sizeof text);
            if (n >= sizeof text || strncmp(line, text, n) != 0 || line[n] != '\n')
                abort();
            line += n + 1;
        }
        if (*line)
            abort();
        skep_free(NULL, listing);
    }
    skep_free(NULL, insns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int order = 0; order < 2; order++)
        for (int dialect = 0; dialect < 2; dialect++) {
            skep_text_options options = {.size = sizeof options,
                                         .dialect = (skep_dialect)dialect,
                                         .byte_order = (skep_byte_order)order};
            fuzz_round_trip(data, size, options.dialect, options.byte_order);
            compare_views(data, size, &options);
        }
    return 0;
}
