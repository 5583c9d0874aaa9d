/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "text/lexer.h"

void sk_lexer_init(struct sk_lexer *lexer, const char *text, size_t size, skep_dialect dialect)
{
    *lexer = (struct sk_lexer){.text = text, .size = size, .line = 1, .fresh = true, .dialect = dialect};
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '$'; }

/* The character `ahead` places on; NUL beyond the end, which no token contains. */
static char peek(const struct sk_lexer *l, size_t ahead) { return ahead < l->size - l->at ? l->text[l->at + ahead] : 0; }

static void skip_line(struct sk_lexer *l)
{
    while (l->at < l->size && l->text[l->at] != '\n')
        l->at++;
}

/* False: the comment has no end, and nothing is skipped. */
static bool skip_block(struct sk_lexer *l)
{
    uint32_t line = l->line;
    size_t line_start = l->line_start;
    for (size_t i = l->at + 2; i + 1 < l->size; i++) {
        if (l->text[i] == '\n') {
            line++;
            line_start = i + 1;
        } else if (l->text[i] == '*' && l->text[i + 1] == '/') {
            l->at = i + 2;
            l->line = line;
            l->line_start = line_start;
            return true;
        }
    }
    return false;
}

/* Skips blanks and comments. False: a comment has no end. */
static bool skip_blanks(struct sk_lexer *l)
{
    while (l->at < l->size) {
        char c = l->text[l->at];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f') {
            l->at++;
        } else if (c == '#' || (c == '/' && peek(l, 1) == '/')) {
            skip_line(l);
        } else if (c == ';' && (l->dialect != SKEP_KERNEL || l->fresh)) {
            /* LLVM separates instructions with `;`, its listings and the kernel's log begin source lines with it. */
            skip_line(l);
        } else if (c == '/' && peek(l, 1) == '*') {
            if (!skip_block(l))
                return false;
        } else {
            return true;
        }
    }
    return true;
}

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

static void bad(struct sk_token *t, const char *why)
{
    t->kind = SK_TOKEN_BAD;
    t->why = why;
}

static void lex_number(const struct sk_lexer *l, struct sk_token *t)
{
    size_t n = 0;
    while (is_word(peek(l, n)))
        n++;
    t->size = n;
    t->kind = SK_TOKEN_NUMBER;

    /* LLVM reads a leading zero as octal; the mnemonic dialect's users never did. */
    bool prefixes = l->dialect == SKEP_KERNEL;
    char second = peek(l, 1);
    unsigned base = 10;
    size_t i = 0;
    if (peek(l, 0) == '0' && n > 2 && (second == 'x' || second == 'X'))
        base = 16, i = 2;
    else if (prefixes && peek(l, 0) == '0' && n > 2 && (second == 'b' || second == 'B'))
        base = 2, i = 2;
    else if (prefixes && peek(l, 0) == '0' && n > 1 && is_digit(second))
        base = 8, i = 1;

    uint64_t v = 0;
    for (; i < n; i++) {
        unsigned digit = (unsigned)digit_value(t->text[i]);
        if (digit >= base) {
            if (base == 10 && i + 1 == n && i > 0 && (t->text[i] == 'b' || t->text[i] == 'f')) {
                t->kind = SK_TOKEN_LOCAL;
                t->forward = t->text[i] == 'f';
                break;
            }
            bad(t, "is not a number");
            return;
        }
        if (v > (UINT64_MAX - digit) / base) {
            bad(t, "does not fit into 64 bits");
            return;
        }
        v = v * base + digit;
    }
    t->number = v;
}

static void lex_word(const struct sk_lexer *l, struct sk_token *t)
{
    size_t n = 0;
    while (is_word(peek(l, n)))
        n++;
    t->size = n;
    t->kind = SK_TOKEN_WORD;

    char c = t->text[0];
    bool wide = c == 'r' || c == 'R';
    bool narrow = l->dialect == SKEP_KERNEL && (c == 'w' || c == 'W');
    if (n < 2 || (!wide && !narrow))
        return;
    uint64_t number = 0;
    for (size_t i = 1; i < n; i++) {
        if (!is_digit(t->text[i]))
            return;
        if (number < 1000000)
            number = number * 10 + (uint64_t)(t->text[i] - '0');
    }
    t->kind = SK_TOKEN_REGISTER;
    t->wide = wide;
    t->number = number;
}

/* How many characters the operator has that begins `ahead` characters on. */
static size_t sign_size(const struct sk_lexer *l, size_t ahead)
{
    char c = peek(l, ahead), next = peek(l, ahead + 1);
    bool assigns = c == '+' || c == '-' || c == '*' || c == '/' || c == '%' || c == '&' || c == '|' || c == '^' ||
                   c == '<' || c == '>' || c == '!' || c == '=';
    if (assigns && next == '=')
        return 2;
    if ((c == '<' || c == '>') && next == c && peek(l, ahead + 2) == '=')
        return 3;
    return 1;
}

/* The `s` of a signed operator, perhaps with blanks behind it. */
static bool lex_signed(const struct sk_lexer *l, struct sk_token *t)
{
    if (l->dialect != SKEP_KERNEL || peek(l, 0) != 's' || is_word(peek(l, 1)))
        return false;
    size_t ahead = 1;
    while (peek(l, ahead) == ' ')
        ahead++;
    char c = peek(l, ahead);
    size_t n = sign_size(l, ahead);
    if (c != '<' && c != '>' && !((c == '/' || c == '%') && n == 2))
        return false;
    t->kind = SK_TOKEN_SIGN;
    t->size = ahead + n;
    return true;
}

void sk_lex(struct sk_lexer *l, struct sk_token *t)
{
    bool closed = skip_blanks(l);
    *t = (struct sk_token){.line = l->line, .text = l->text + l->at};
    size_t column = l->at - l->line_start + 1;
    t->column = column > UINT32_MAX ? UINT32_MAX : (uint32_t)column;
    if (!closed) {
        t->size = 2;
        bad(t, "begins a comment that has no end");
        l->at = l->size;
        return;
    }
    if (l->at >= l->size) {
        t->kind = SK_TOKEN_END;
        return;
    }

    char c = *t->text;
    size_t eaten = 0;
    if (c == '\n' || c == ';') {
        t->kind = SK_TOKEN_LINE;
        t->size = 1;
    } else if (lex_signed(l, t)) {
    } else if (is_digit(c)) {
        lex_number(l, t);
    } else if (is_word(c)) {
        lex_word(l, t);
    } else if (c == '%' && l->dialect != SKEP_KERNEL && is_letter(peek(l, 1))) {
        /* %r0, as uBPF's programs have it: the register is a token without the sign. */
        l->at++;
        t->text++;
        lex_word(l, t);
        if (t->kind != SK_TOKEN_REGISTER) {
            t->text--;
            t->size++;
            eaten = 1;
            bad(t, "is not a register");
        }
    } else if (c > ' ' && c <= '~') {
        t->kind = SK_TOKEN_SIGN;
        t->size = sign_size(l, 0);
    } else {
        t->size = 1;
        bad(t, "has no place in a program");
    }
    l->at += t->size - eaten;
    l->fresh = false;
    if (c == '\n') {
        l->line++;
        l->line_start = l->at;
        l->fresh = true;
    }
}
