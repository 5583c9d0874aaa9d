/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "text/grammar.h"

#include "text/text.h"

static const struct same {
    const char *alias, *name;
} sames[] = {
#define SK_SAME(alias, name) {alias, name},
#include "text/alias.def"
};

static const struct alias {
    skep_dialect dialect;
    uint16_t op;
    const char *pattern;
} aliases[] = {
#define SK_ALIAS(dialect, id, pattern) {SKEP_##dialect, SK_OP_##id, pattern},
#include "text/alias.def"
};

/* Operators may hold blanks behind their `s`; they are left out of the symbol. */
static uint32_t hash_of(const char *text, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        if (text[i] != ' ')
            hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static bool same_text(const struct sk_symbol *symbol, const char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == ' ')
            continue;
        if (n == symbol->size || symbol->text[n++] != text[i])
            return false;
    }
    return n == symbol->size;
}

static unsigned place_of(const struct sk_grammar *g, const char *text, size_t size, uint32_t hash)
{
    for (unsigned i = hash % SK_GRAMMAR_INDEX;; i = (i + 1) % SK_GRAMMAR_INDEX) {
        if (!g->index[i])
            return i;
        const struct sk_symbol *symbol = sk_grammar_symbol(g, g->index[i]);
        if (symbol->hash == hash && same_text(symbol, text, size))
            return i;
    }
}

unsigned sk_grammar_find(const struct sk_grammar *g, const char *text, size_t size)
{
    return g->index[place_of(g, text, size, hash_of(text, size))];
}

/* 0: out of memory, or too many or too long for the table, which the tests would tell. */
static unsigned intern(struct sk_grammar *g, const char *text, size_t size)
{
    uint32_t hash = hash_of(text, size);
    unsigned i = place_of(g, text, size, hash);
    if (g->index[i])
        return g->index[i];
    unsigned count = sk_grammar_symbol_count(g);
    struct sk_symbol symbol = {.size = (uint8_t)size, .hash = hash};
    if (size > sizeof symbol.text || count >= SK_GRAMMAR_INDEX / 2)
        return 0;
    memcpy(symbol.text, text, size);
    sk_buf_add(&g->symbols, &symbol, sizeof symbol);
    if (g->symbols.failed)
        return 0;
    g->index[i] = (uint16_t)count;
    return count;
}

static struct sk_node *node_at(struct sk_grammar *g, unsigned node)
{
    return (struct sk_node *)(void *)g->nodes.data + node;
}

static unsigned new_node(struct sk_grammar *g, char operand, unsigned symbol)
{
    size_t count = g->nodes.size / sizeof(struct sk_node);
    struct sk_node node = {.operand = operand, .symbol = (uint16_t)symbol, .op = SK_NO_OP};
    sk_buf_add(&g->nodes, &node, sizeof node);
    return g->nodes.failed || count > UINT16_MAX ? 0 : (unsigned)count;
}

/* The child of `parent` by that edge, made when there is none; 0: out of memory. */
static unsigned child_of(struct sk_grammar *g, unsigned parent, char operand, unsigned symbol)
{
    if (!operand && !symbol)
        return 0;
    if (parent == 0 && !operand) {
        struct sk_symbol *s = (struct sk_symbol *)(void *)g->symbols.data + symbol;
        if (!s->start)
            s->start = (uint16_t)new_node(g, operand, symbol);
        return s->start;
    }
    unsigned last = 0;
    for (unsigned c = node_at(g, parent)->first; c; c = node_at(g, c)->next) {
        if (node_at(g, c)->operand == operand && node_at(g, c)->symbol == symbol)
            return c;
        last = c;
    }
    unsigned child = new_node(g, operand, symbol);
    if (!child)
        return 0;
    if (last)
        node_at(g, last)->next = (uint16_t)child;
    else
        node_at(g, parent)->first = (uint16_t)child;
    return child;
}

/* Goes down from `node` along the template's literals up to the next operand, or its end. 0: out of memory. */
static unsigned add_literals(struct sk_grammar *g, unsigned node, const char **pattern)
{
    char plain[64];
    size_t n = 0;
    const char *p = *pattern;
    for (; *p && (*p != '%' || p[1] == '%'); p++) {
        if (*p == '%')
            p++;
        if (n < sizeof plain)
            plain[n++] = *p;
    }
    *pattern = p;

    struct sk_lexer lexer;
    struct sk_token token;
    sk_lexer_init(&lexer, plain, n, g->dialect);
    for (sk_lex(&lexer, &token); token.kind != SK_TOKEN_END; sk_lex(&lexer, &token)) {
        node = child_of(g, node, 0, intern(g, token.text, token.size));
        if (!node)
            return 0;
    }
    return node;
}

/* A template for `op`: the name (NULL: none), then the pattern. The first to end at a node keeps it. */
static bool add(struct sk_grammar *g, unsigned op, const char *name, const char *pattern)
{
    unsigned node = 0;
    if (name) {
        const char *p = name;
        node = add_literals(g, 0, &p);
        if (!node)
            return false;
    }
    while (*pattern) {
        if (*pattern == '%' && pattern[1] != '%') {
            node = child_of(g, node, pattern[1], 0);
            pattern += 2;
        } else {
            const char *before = pattern;
            unsigned next = add_literals(g, node, &pattern);
            if (next == node && pattern == before)
                return false;
            node = next;
        }
        if (!node)
            return false;
    }
    if (node_at(g, node)->op == SK_NO_OP)
        node_at(g, node)->op = (uint16_t)op;
    return true;
}

static bool add_mnemonics(struct sk_grammar *g)
{
    for (unsigned op = 0; op < SK_OP_COUNT; op++) {
        const char *pattern = sk_form_template(sk_op_infos[op].form);
        if (!add(g, op, sk_op_infos[op].name, pattern))
            return false;
        for (size_t i = 0; i < SK_COUNT(sames); i++)
            if (sk_streq(sames[i].name, sk_op_infos[op].name) && !add(g, op, sames[i].alias, pattern))
                return false;
    }
    return true;
}

static bool add_kernel(struct sk_grammar *g)
{
    for (unsigned op = 0; op < SK_OP_COUNT; op++)
        if (!add(g, op, NULL, sk_op_infos[op].kernel))
            return false;
    return true;
}

bool sk_grammar_init(struct sk_grammar *g, const skep_hooks *hooks, skep_dialect dialect)
{
    memset(g, 0, sizeof *g);
    g->dialect = dialect;
    sk_buf_init(&g->nodes, hooks);
    sk_buf_init(&g->symbols, hooks);
    struct sk_symbol none = {.size = 0};
    sk_buf_add(&g->symbols, &none, sizeof none);
    new_node(g, 0, 0);
    if (g->symbols.failed || g->nodes.failed)
        return false;
    if (!(dialect == SKEP_KERNEL ? add_kernel(g) : add_mnemonics(g)))
        return false;
    for (size_t i = 0; i < SK_COUNT(aliases); i++)
        if (aliases[i].dialect == dialect && !add(g, aliases[i].op, NULL, aliases[i].pattern))
            return false;
    return true;
}

void sk_grammar_free(struct sk_grammar *g)
{
    sk_buf_free(&g->nodes);
    sk_buf_free(&g->symbols);
}
