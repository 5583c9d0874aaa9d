/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The assembler's inside. One instruction at a time: tokens come into a small window, the grammar's tree is walked
 * over them with backtracking (bounded by the longest template), the captured operands become a struct sk_insn.
 * Only when no path fits is the walk repeated with a diagnosis attached, which remembers the furthest token that
 * any path reached and what would have been right there.
 */
#ifndef SK_PARSER_H
#define SK_PARSER_H

#include "text/grammar.h"
#include "text/label.h"
#include "text/lexer.h"
#include "text/text.h"

#define SK_WINDOW 40
#define SK_EXPECTED 8

/* What a diagnosis may expect besides symbols: operand letters of templates, and these. */
enum { SK_EXPECT_SYMBOL = 0, SK_EXPECT_END = '$', SK_EXPECT_OFFSET = '+' };

struct sk_diagnosis {
    unsigned at; /* token in the window */
    unsigned count, more;
    struct {
        char operand;
        uint16_t symbol;
    } expected[SK_EXPECTED];
    bool exact; /* message says it all */
    char message[200];
};

struct sk_parser {
    struct sk_lexer lexer;
    const struct sk_grammar *grammar;
    struct sk_labels labels;
    struct sk_token window[SK_WINDOW];
    unsigned count;
    struct sk_diagnosis *diagnosis; /* NULL: just match */
};

/* Operands captured on the way down. */
struct sk_capture {
    struct sk_insn insn;
    bool has_dst, has_src;
    uint8_t label; /* token + 1 of the target's name; 0: the distance is a number */
};

/* Token number `at` of the window; the window grows as needed. Beyond its size, the last one. */
struct sk_token *sk_parser_token(struct sk_parser *p, unsigned at);
/* Drops the first `count` tokens. */
void sk_parser_shift(struct sk_parser *p, unsigned count);

/* Matches one operand at token `at` into *capture. Returns how many tokens it took; 0: none (but see 'N'). */
unsigned sk_operand_match(struct sk_parser *p, char operand, unsigned at, struct sk_capture *capture, bool *matched);

/* Notes that `at` should have been something else, for the message. No-ops without a diagnosis. */
void sk_expect(struct sk_parser *p, unsigned at, char operand, unsigned symbol);
void sk_expect_exactly(struct sk_parser *p, unsigned at, const char *format, ...);
/* The error for a statement that no template fits. */
skep_code sk_explain(struct sk_parser *p, const struct sk_diagnosis *diagnosis, skep_error *err);

/* Name and size of a numeric label's digits, or of a plain label. */
static inline size_t sk_label_name_size(const struct sk_token *token)
{
    return token->kind == SK_TOKEN_LOCAL ? token->size - 1 : token->size;
}

#endif
