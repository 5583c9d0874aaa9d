/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Operands: registers, numbers, memory, targets. The letters are those of the templates in insn.def and alias.def.
 * A number may be a sum of numbers (LLVM's macros make such); it is kept as sign and magnitude, because what fits
 * depends on the field: 32-bit immediates take -2^31..2^32-1, and 64-bit patterns that say the same.
 */
#include "text/parser.h"

struct number {
    bool negative;
    uint64_t size;
};

/* -v if negative, as bits. */
static uint64_t bits_of(struct number n) { return n.negative ? 0 - n.size : n.size; }

static bool add_number(struct number *a, struct number b)
{
    if (a->negative == b.negative) {
        if (a->size > UINT64_MAX - b.size)
            return false;
        a->size += b.size;
    } else if (a->size >= b.size) {
        a->size -= b.size;
    } else {
        a->size = b.size - a->size;
        a->negative = b.negative;
    }
    return true;
}

/* Signs and one number; returns the tokens. */
static unsigned match_term(struct sk_parser *p, unsigned at, struct number *n)
{
    unsigned begin = at;
    n->negative = false;
    for (;; at++) {
        const struct sk_token *t = sk_parser_token(p, at);
        if (sk_token_is(t, '-'))
            n->negative = !n->negative;
        else if (!sk_token_is(t, '+'))
            break;
        if (at + 1 >= SK_WINDOW) {
            sk_expect_exactly(p, at, "this is too long for an instruction");
            return 0;
        }
    }
    const struct sk_token *t = sk_parser_token(p, at);
    if (t->kind != SK_TOKEN_NUMBER) {
        sk_expect(p, at, 'i', 0);
        return 0;
    }
    n->size = t->number;
    return at + 1 - begin;
}

static unsigned match_sum(struct sk_parser *p, unsigned at, struct number *sum)
{
    unsigned begin = at;
    unsigned taken = match_term(p, at, sum);
    if (!taken)
        return 0;
    for (at += taken; sk_token_is(sk_parser_token(p, at), '+') || sk_token_is(sk_parser_token(p, at), '-');
         at += taken) {
        struct number next;
        taken = match_term(p, at, &next);
        if (!taken)
            return 0;
        if (!add_number(sum, next)) {
            sk_expect_exactly(p, at, "the sum does not fit into 64 bits");
            return 0;
        }
    }
    return at - begin;
}

static bool as_int32(struct number n, int32_t *out)
{
    uint64_t bits = bits_of(n);
    bool fits = n.negative ? n.size <= 0x80000000u : n.size <= UINT32_MAX || n.size >= 0xffffffff80000000u;
    *out = (int32_t)(uint32_t)bits;
    return fits;
}

static bool as_int64(struct number n, int64_t *out)
{
    *out = (int64_t)bits_of(n);
    return !n.negative || n.size <= 1ull << 63;
}

static bool as_int16(struct number n, int16_t *out)
{
    *out = (int16_t)(uint16_t)bits_of(n);
    return n.size <= 32767u + n.negative;
}

static unsigned match_imm32(struct sk_parser *p, unsigned at, int32_t *imm)
{
    struct number n;
    unsigned taken = match_sum(p, at, &n);
    if (taken && !as_int32(n, imm)) {
        sk_expect_exactly(p, at, "%s%#X does not fit into 32 bits", n.negative ? "-" : "", n.size);
        return 0;
    }
    return taken;
}

static unsigned match_register(struct sk_parser *p, unsigned at, bool wide, uint8_t *field, bool *known, char operand)
{
    const struct sk_token *t = sk_parser_token(p, at);
    if (t->kind != SK_TOKEN_REGISTER || t->wide != wide) {
        sk_expect(p, at, operand, 0);
        return 0;
    }
    if (t->number > 15) {
        sk_expect_exactly(p, at, "there is no register %.*s: they go from %c0 to %c10", (int)t->size, t->text,
                          wide ? 'r' : 'w', wide ? 'r' : 'w');
        return 0;
    }
    if (*known && *field != t->number) {
        sk_expect_exactly(p, at, "found %.*s, but it must be %c%u as before", (int)t->size, t->text, wide ? 'r' : 'w',
                          (uint32_t)*field);
        return 0;
    }
    *field = (uint8_t)t->number;
    *known = true;
    return 1;
}

/* A base register and perhaps an offset, whose first sign is not optional. */
static unsigned match_memory(struct sk_parser *p, unsigned at, uint8_t *base, bool *known, char operand,
                             struct number *off)
{
    *off = (struct number){false, 0};
    if (!match_register(p, at, true, base, known, operand))
        return 0;
    const struct sk_token *t = sk_parser_token(p, at + 1);
    if (!sk_token_is(t, '+') && !sk_token_is(t, '-')) {
        sk_expect(p, at + 1, SK_EXPECT_OFFSET, 0);
        return 1;
    }
    unsigned taken = match_sum(p, at + 1, off);
    return taken ? taken + 1 : 0;
}

/* Makes token `at` end at `size` bytes from its begin, and forgets what was read behind it. */
static void stretch(struct sk_parser *p, unsigned at, size_t size)
{
    struct sk_token *t = sk_parser_token(p, at);
    t->size = size;
    p->count = at + 1;
    p->lexer.at = (size_t)(t->text - p->lexer.text) + size;
    p->lexer.line = t->line;
    p->lexer.line_start = p->lexer.at - size - (t->column - 1);
    p->lexer.fresh = false;
}

/* llvm-objdump writes `<symbol+0x10>` behind a target. */
static unsigned match_annotation(struct sk_parser *p, unsigned at)
{
    const struct sk_token *t = sk_parser_token(p, at);
    if (p->lexer.dialect != SKEP_KERNEL || t->kind != SK_TOKEN_SIGN || *t->text != '<')
        return 0;
    size_t room = p->lexer.size - (size_t)(t->text - p->lexer.text);
    for (size_t i = 1; i < room && t->text[i] != '\n'; i++)
        if (t->text[i] == '>') {
            stretch(p, at, i + 1);
            return 1;
        }
    return 0;
}

static bool set_distance(struct sk_parser *p, unsigned at, char operand, struct number n, struct sk_insn *insn)
{
    int32_t imm;
    bool fits = operand == 'o' ? as_int16(n, &insn->off) : as_int32(n, &imm);
    if (!fits) {
        sk_expect_exactly(p, at, "a distance of %s%U slots does not fit into %u bits", n.negative ? "-" : "", n.size,
                          operand == 'o' ? 16u : 32u);
        return false;
    }
    if (operand != 'o')
        insn->imm = imm;
    return true;
}

static bool names_place(const struct sk_token *t) { return t->kind == SK_TOKEN_WORD || t->kind == SK_TOKEN_LOCAL; }

static bool is_pc(const struct sk_token *t)
{
    return t->kind == SK_TOKEN_WORD && t->size == 2 && t->text[0] == 'p' && t->text[1] == 'c';
}

/* A label, a number, or `pc` and a signed number; %p of the kernel dialect is the last alone. */
static unsigned match_target(struct sk_parser *p, unsigned at, char operand, struct sk_capture *capture)
{
    bool strict = operand == 'p' && p->lexer.dialect == SKEP_KERNEL;
    unsigned begin = at, number = at;
    const struct sk_token *t = sk_parser_token(p, at);
    if (is_pc(t)) {
        const struct sk_token *sign = sk_parser_token(p, at + 1);
        if (sk_token_is(sign, '+') || sk_token_is(sign, '-'))
            number = at + 1;
    }
    if (number == at && (strict || names_place(t))) {
        if (strict) {
            sk_expect(p, at, operand, 0);
            return 0;
        }
        capture->label = (uint8_t)(at + 1);
        at++;
    } else {
        const struct sk_token *first = sk_parser_token(p, number);
        if (number == at && first->kind != SK_TOKEN_NUMBER && !sk_token_is(first, '+') && !sk_token_is(first, '-')) {
            sk_expect(p, at, operand, 0);
            return 0;
        }
        struct number n;
        unsigned taken = match_sum(p, number, &n);
        if (!taken || !set_distance(p, number, operand, n, &capture->insn))
            return 0;
        at = number + taken;
    }
    return at - begin + match_annotation(p, at);
}

/* name#number, as the kernel's log writes calls. */
static unsigned match_numbered(struct sk_parser *p, unsigned at, int64_t *imm)
{
    const struct sk_token *t = sk_parser_token(p, at);
    size_t begin = (size_t)(t->text - p->lexer.text), room = p->lexer.size - begin, i = t->size;
    if (t->kind != SK_TOKEN_WORD || i >= room || t->text[i] != '#') {
        sk_expect(p, at, 'h', 0);
        return 0;
    }
    i++;
    struct number n = {false, 0};
    if (i < room && t->text[i] == '-') {
        n.negative = true;
        i++;
    }
    size_t digits = i;
    for (; i < room && t->text[i] >= '0' && t->text[i] <= '9' && n.size <= UINT32_MAX; i++)
        n.size = n.size * 10 + (uint64_t)(t->text[i] - '0');
    int32_t v;
    if (i == digits || !as_int32(n, &v)) {
        sk_expect_exactly(p, at, "there must be a 32-bit number behind %.*s#", (int)(t->size < 60 ? t->size : 60), t->text);
        return 0;
    }
    *imm = v;
    stretch(p, at, i);
    return 1;
}

/* A label alone, where a number would mean something else. */
static unsigned match_label(struct sk_parser *p, unsigned at, struct sk_capture *capture)
{
    const struct sk_token *t = sk_parser_token(p, at);
    bool numbered = p->lexer.dialect == SKEP_KERNEL && t->text + t->size < p->lexer.text + p->lexer.size &&
                    t->text[t->size] == '#';
    if (!names_place(t) || numbered) {
        sk_expect(p, at, 'l', 0);
        return 0;
    }
    capture->label = (uint8_t)(at + 1);
    return 1 + match_annotation(p, at + 1);
}

static unsigned match_next_imm(struct sk_parser *p, unsigned at, int64_t *imm)
{
    int32_t next;
    unsigned taken = match_imm32(p, at, &next);
    if (taken)
        *imm = (int64_t)((uint64_t)(uint32_t)next << 32 | (uint32_t)*imm);
    return taken;
}

/* The first half of a two-slot immediate: the second is zero until %n says otherwise. */
static unsigned match_first_imm(struct sk_parser *p, unsigned at, struct sk_insn *insn)
{
    int32_t imm;
    unsigned taken = match_imm32(p, at, &imm);
    if (taken)
        insn->imm = imm;
    return taken;
}

static unsigned match_imm64(struct sk_parser *p, unsigned at, struct sk_insn *insn)
{
    struct number n;
    unsigned taken = match_sum(p, at, &n);
    if (taken && !as_int64(n, &insn->imm)) {
        sk_expect_exactly(p, at, "-%#X does not fit into 64 bits", n.size);
        return 0;
    }
    return taken;
}

unsigned sk_operand_match(struct sk_parser *p, char operand, unsigned at, struct sk_capture *c, bool *matched)
{
    struct sk_insn *insn = &c->insn;
    struct number off;
    unsigned taken = 0;
    switch (operand) {
    case 'D':
    case 'd': taken = match_register(p, at, operand == 'D', &insn->dst, &c->has_dst, operand); break;
    case 'S':
    case 's': taken = match_register(p, at, operand == 'S', &insn->src, &c->has_src, operand); break;
    case 'i': taken = match_first_imm(p, at, insn); break;
    case 'I': taken = match_imm64(p, at, insn); break;
    case 'n': taken = match_next_imm(p, at, &insn->imm); break;
    case 'N':
        insn->imm = (int64_t)(uint32_t)insn->imm;
        if (!sk_token_is(sk_parser_token(p, at), ',')) {
            sk_expect(p, at, operand, 0);
            *matched = true;
            return 0;
        }
        taken = match_next_imm(p, at + 1, &insn->imm);
        taken += taken != 0;
        break;
    case 'o':
    case 'j':
    case 'p': taken = match_target(p, at, operand, c); break;
    case 'l': taken = match_label(p, at, c); break;
    case 'm': taken = match_memory(p, at, &insn->dst, &c->has_dst, operand, &off); break;
    case 'M': taken = match_memory(p, at, &insn->src, &c->has_src, operand, &off); break;
    case 'x': {
        int32_t imm;
        taken = match_memory(p, at, &insn->src, &c->has_src, operand, &off);
        if (taken && !as_int32(off, &imm)) {
            sk_expect_exactly(p, at + 1, "the offset does not fit into 32 bits");
            taken = 0;
        }
        if (taken)
            insn->imm = imm;
        break;
    }
    case 'h': taken = match_numbered(p, at, &insn->imm); break;
    default: break;
    }
    if (taken && (operand == 'm' || operand == 'M') && !as_int16(off, &insn->off)) {
        sk_expect_exactly(p, at + 1, "the offset %s%U does not fit into 16 bits", off.negative ? "-" : "", off.size);
        taken = 0;
    }
    *matched = taken != 0;
    return taken;
}
