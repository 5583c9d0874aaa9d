/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Text to tokens, one at a time, without memory of its own: a token points into the text. Any bytes are fine; what
 * is not a token becomes SK_TOKEN_BAD with a reason. The lexer also cuts the templates of insn.def and alias.def,
 * so that it needs to know how operators look, but not which there are: one character, with `=` behind it, doubled
 * with `=` behind it (`<<=`), and in the kernel dialect an `s` before `<`, `>`, `/=` and `%=` for "signed".
 */
#ifndef SK_LEXER_H
#define SK_LEXER_H

#include "base/base.h"
#include "skep/skep.h"

enum sk_token_kind {
    SK_TOKEN_END,      /* of the text */
    SK_TOKEN_LINE,     /* end of a line, or `;` between instructions (kernel dialect) */
    SK_TOKEN_WORD,     /* letters, digits, `_`, `.`, `$` */
    SK_TOKEN_REGISTER, /* r5, w5, %r5: `wide` and `number` */
    SK_TOKEN_NUMBER,   /* without a sign: `number` */
    SK_TOKEN_LOCAL,    /* 1b, 1f: a reference to a numeric label; `number`, `forward` */
    SK_TOKEN_SIGN,     /* operator or punctuation */
    SK_TOKEN_BAD
};

struct sk_lexer {
    const char *text;
    size_t size, at;
    size_t line_start;
    uint32_t line;
    bool fresh; /* no token on this line yet */
    skep_dialect dialect;
};

struct sk_token {
    uint8_t kind; /* enum sk_token_kind */
    bool wide;    /* rN rather than wN */
    bool forward;
    uint16_t symbol; /* of the grammar; 0: none */
    uint32_t line, column;
    const char *text;
    size_t size;
    uint64_t number;
    const char *why; /* SK_TOKEN_BAD; static */
};

void sk_lexer_init(struct sk_lexer *lexer, const char *text, size_t size, skep_dialect dialect);
void sk_lex(struct sk_lexer *lexer, struct sk_token *token);

static inline bool sk_token_is(const struct sk_token *token, char sign)
{
    return token->kind == SK_TOKEN_SIGN && token->size == 1 && *token->text == sign;
}

#endif
