/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "text_round_trip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static skep_text_options options_of(skep_dialect dialect, skep_byte_order order)
{
    return (skep_text_options){.size = sizeof(skep_text_options), .dialect = dialect, .byte_order = order};
}

static void check(int good, const char *what, const char *text)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

void fuzz_round_trip(const void *code, size_t size, skep_dialect dialect, skep_byte_order order)
{
    skep_text_options options = options_of(dialect, order);
    char *text, *second;
    size_t length, again_size, second_length;
    void *again;
    skep_error err;
    if (skep_disassemble(code, size, &options, &text, &length, &err)) {
        check(err.code == SKEP_ERR_INVALID, "unexpected failure", err.message);
        return;
    }
    check(!skep_assemble(text, length, &options, &again, &again_size, &err), "does not assemble", text);
    check(again_size == size, "another size", text);
    /* The older encoding of a call through a register is read, but not written: compare what the bytes mean. */
    check(!skep_disassemble(again, again_size, &options, &second, &second_length, &err), "no second listing", text);
    check(length == second_length && !memcmp(text, second, length), "another meaning", text);
    skep_free(NULL, second);
    skep_free(NULL, again);
    skep_free(NULL, text);
}

void fuzz_assemble(const uint8_t *data, size_t size, skep_dialect dialect)
{
    skep_text_options options = options_of(dialect, SKEP_LITTLE_ENDIAN);
    void *code;
    size_t code_size;
    skep_error err;
    skep_code failed = skep_assemble((const char *)data, size, &options, &code, &code_size, &err);
    if (failed) {
        check(failed == SKEP_ERR_SYNTAX && err.line && err.column && *err.message, "a failure without a place",
              err.message);
        return;
    }
    for (int d = 0; d < 2; d++) {
        skep_text_options other = options_of((skep_dialect)d, SKEP_LITTLE_ENDIAN);
        char *text;
        void *again;
        size_t length, again_size;
        check(!skep_disassemble(code, code_size, &other, &text, &length, &err), "no listing", err.message);
        check(!skep_assemble(text, length, &other, &again, &again_size, &err), "does not assemble", text);
        check(again_size == code_size && !memcmp(again, code, code_size), "other bytes", text);
        skep_free(NULL, again);
        skep_free(NULL, text);
    }
    skep_free(NULL, code);
}
