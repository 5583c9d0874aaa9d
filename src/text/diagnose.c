/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Why a statement did not match: what was found, what was expected, and what the word may have been meant to be. */
#include "base/error.h"
#include "base/fmt.h"
#include "text/parser.h"

/* Whether something about token `at` is news; what was known of earlier tokens is dropped then. */
static bool reaches(struct sk_parser *p, unsigned at)
{
    struct sk_diagnosis *d = p->diagnosis;
    if (!d || at < d->at)
        return false;
    if (at > d->at) {
        d->at = at;
        d->count = d->more = 0;
        d->exact = false;
    }
    return true;
}

void sk_expect(struct sk_parser *p, unsigned at, char operand, unsigned symbol)
{
    if (!reaches(p, at))
        return;
    struct sk_diagnosis *d = p->diagnosis;
    for (unsigned i = 0; i < d->count; i++)
        if (d->expected[i].operand == operand && d->expected[i].symbol == symbol)
            return;
    if (d->count == SK_EXPECTED) {
        d->more++;
        return;
    }
    d->expected[d->count].operand = operand;
    d->expected[d->count++].symbol = (uint16_t)symbol;
}

void sk_expect_exactly(struct sk_parser *p, unsigned at, const char *format, ...)
{
    if (!reaches(p, at) || p->diagnosis->exact)
        return;
    va_list args;
    va_start(args, format);
    sk_vsnfmt(p->diagnosis->message, sizeof p->diagnosis->message, format, args);
    va_end(args);
    p->diagnosis->exact = true;
}

struct sentence {
    char text[256];
    size_t size;
};

static void say(void *user, const char *text, size_t size)
{
    struct sentence *s = user;
    for (size_t i = 0; i < size && s->size + 1 < sizeof s->text; i++)
        s->text[s->size++] = text[i];
    s->text[s->size] = 0;
}

static void say_fmt(struct sentence *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sk_vfmt(say, s, format, args);
    va_end(args);
}

static void say_found(struct sentence *s, const struct sk_token *t)
{
    uint32_t byte = t->size ? (uint8_t)*t->text : 0;
    if (t->kind == SK_TOKEN_END)
        say_fmt(s, "found the end of the text");
    else if (t->kind == SK_TOKEN_LINE)
        say_fmt(s, "found the end of the %s", *t->text == '\n' ? "line" : "instruction");
    else if (byte <= ' ' || byte > '~')
        say_fmt(s, "found the byte 0x%02x", byte);
    else
        say_fmt(s, "found '%.*s'%s", (int)(t->size < 40 ? t->size : 40), t->text, t->size > 40 ? "..." : "");
}

static const char *operand_name(char operand)
{
    switch (operand) {
    case 'D':
    case 'S':
    case 'm':
    case 'M':
    case 'x': return "a register r0 to r10";
    case 'd':
    case 's': return "a register w0 to w10";
    case 'o':
    case 'j': return "a label or a distance";
    case 'p': return "a target";
    case 'l': return "a label";
    case 'h': return "a name with #number";
    case 'N': return "','";
    case SK_EXPECT_END: return "the end of the instruction";
    case SK_EXPECT_OFFSET: return "'+' or '-' and an offset";
    default: return "a number";
    }
}

static void say_expected(struct sentence *s, const struct sk_parser *p, const struct sk_diagnosis *d)
{
    const char *said[SK_EXPECTED] = {NULL};
    unsigned count = 0;
    for (unsigned i = 0; i < d->count; i++) {
        char operand = d->expected[i].operand;
        const char *name = operand_name(operand);
        bool again = false;
        for (unsigned j = 0; operand && j < count; j++)
            again |= said[j] == name;
        if (again)
            continue;
        say_fmt(s, "%s", count ? (i + 1 == d->count && !d->more ? " or " : ", ") : ", expected ");
        if (operand) {
            said[count] = name;
            say_fmt(s, "%s", name);
        } else {
            const struct sk_symbol *symbol = sk_grammar_symbol(p->grammar, d->expected[i].symbol);
            say_fmt(s, "'%.*s'", (int)symbol->size, symbol->text);
        }
        count++;
    }
    if (d->more)
        say_fmt(s, " or others");
}

/* Edits that turn one word into the other (insert, delete, replace, swap neighbours); words of up to 22 letters. */
static unsigned distance(const char *a, size_t m, const char *b, size_t n)
{
    unsigned row[3][24];
    for (unsigned j = 0; j <= n; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[m % 3][n];
}

static const struct sk_symbol *nearest(const struct sk_parser *p, const struct sk_token *t)
{
    const struct sk_symbol *best = NULL;
    unsigned least = t->size < 4 ? 2 : 3;
    if (t->size > sizeof best->text)
        return NULL;
    for (unsigned i = 1; i < sk_grammar_symbol_count(p->grammar); i++) {
        const struct sk_symbol *symbol = sk_grammar_symbol(p->grammar, i);
        if (!symbol->start || symbol->size < 2)
            continue;
        unsigned d = distance(t->text, t->size, symbol->text, symbol->size);
        if (d < least) {
            least = d;
            best = symbol;
        }
    }
    return best;
}

static skep_code unknown(const struct sk_parser *p, const struct sk_token *t, skep_error *err)
{
    struct sentence s = {.size = 0};
    const struct sk_symbol *near = t->kind == SK_TOKEN_WORD ? nearest(p, t) : NULL;
    if (t->kind == SK_TOKEN_WORD)
        say_fmt(&s, "there is no instruction '%.*s'", (int)(t->size < 40 ? t->size : 40), t->text);
    else
        say_found(&s, t);
    if (near)
        say_fmt(&s, ": did you mean '%.*s'?", (int)near->size, near->text);
    else if (t->kind != SK_TOKEN_WORD)
        say_fmt(&s, ", expected an instruction or a label");
    return sk_fail_text(err, t->line, t->column, "%s", s.text);
}

skep_code sk_explain(struct sk_parser *p, const struct sk_diagnosis *d, skep_error *err)
{
    const struct sk_token *t = sk_parser_token(p, d->at);
    struct sentence s = {.size = 0};
    if (t->kind == SK_TOKEN_BAD) {
        uint32_t byte = (uint8_t)*t->text;
        if (byte <= ' ' || byte > '~')
            say_fmt(&s, "the byte 0x%02x %s", byte, t->why);
        else
            say_fmt(&s, "'%.*s' %s", (int)(t->size < 40 ? t->size : 40), t->text, t->why);
        return sk_fail_text(err, t->line, t->column, "%s", s.text);
    }
    if (d->exact)
        return sk_fail_text(err, t->line, t->column, "%s", d->message);
    if (d->at == 0)
        return unknown(p, t, err);
    say_found(&s, t);
    say_expected(&s, p, d);
    return sk_fail_text(err, t->line, t->column, "%s", s.text);
}
