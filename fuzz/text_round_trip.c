/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "text_round_trip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/grammar.h"
#include "text/text.h"

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

/* Making a grammar takes longer than reading a small text: each is made once. */
static const struct sk_grammar *grammar_of(skep_dialect dialect)
{
    static struct sk_grammar grammars[2];
    static int made[2];
    if (!made[dialect] && !sk_grammar_init(&grammars[dialect], &sk_default_hooks, dialect))
        abort();
    made[dialect] = 1;
    return &grammars[dialect];
}

void fuzz_assemble(const uint8_t *data, size_t size, skep_dialect dialect)
{
    skep_error err;
    struct sk_buf code;
    sk_buf_init(&code, &sk_default_hooks);
    skep_code failed = sk_assemble_by(grammar_of(dialect), &sk_default_hooks, (const char *)data, size,
                                      SKEP_LITTLE_ENDIAN, &code, &err);
    if (failed)
        check(failed == SKEP_ERR_SYNTAX && err.line && err.column && *err.message, "a failure without a place",
              err.message);
    for (int d = 0; d < 2 && !failed; d++) {
        struct sk_buf text, again;
        sk_buf_init(&text, &sk_default_hooks);
        sk_buf_init(&again, &sk_default_hooks);
        check(!sk_disassemble(code.data, code.size, (skep_dialect)d, SKEP_LITTLE_ENDIAN, &text, &err), "no listing",
              err.message);
        check(!sk_assemble_by(grammar_of((skep_dialect)d), &sk_default_hooks, (const char *)text.data, text.size,
                              SKEP_LITTLE_ENDIAN, &again, &err),
              "does not assemble", err.message);
        check(again.size == code.size && (!code.size || !memcmp(again.data, code.data, code.size)), "other bytes", "");
        sk_buf_free(&again);
        sk_buf_free(&text);
    }
    sk_buf_free(&code);
}
