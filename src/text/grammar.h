/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * All templates of a dialect as one tree: an edge is a literal token or an operand, and a node where a template ends
 * names its instruction. Literals are interned as symbols, so that matching compares small numbers; the tree's first
 * edges, which are many, are found through their symbol. Made from some 200 templates in some 50 us, immutable then.
 */
#ifndef SK_GRAMMAR_H
#define SK_GRAMMAR_H

#include "base/buf.h"
#include "isa/insn.h"
#include "text/lexer.h"

#define SK_NO_OP SK_OP_COUNT

struct sk_node {
    char operand;    /* letter of the template; 0: the edge is `symbol` */
    uint16_t symbol;
    uint16_t first;  /* child; 0: none (the root is no one's child) */
    uint16_t next;   /* sibling; 0: none */
    uint16_t op;     /* the template that ends here; SK_NO_OP: none */
};

struct sk_symbol {
    char text[22];
    uint8_t size;
    uint16_t start; /* child of the root by this literal; 0: none */
    uint32_t hash;
};

#define SK_GRAMMAR_INDEX 1024

struct sk_grammar {
    skep_dialect dialect;
    struct sk_buf nodes;   /* of struct sk_node; node 0 is the root, whose children are its operand edges only */
    struct sk_buf symbols; /* of struct sk_symbol; symbol 0 is none */
    uint16_t index[SK_GRAMMAR_INDEX];
};

/* False: out of memory; wants sk_grammar_free all the same. */
bool sk_grammar_init(struct sk_grammar *grammar, const skep_hooks *hooks, skep_dialect dialect);
void sk_grammar_free(struct sk_grammar *grammar);

static inline const struct sk_node *sk_grammar_node(const struct sk_grammar *g, unsigned node)
{
    return (const struct sk_node *)(const void *)g->nodes.data + node;
}
static inline const struct sk_symbol *sk_grammar_symbol(const struct sk_grammar *g, unsigned symbol)
{
    return (const struct sk_symbol *)(const void *)g->symbols.data + symbol;
}
static inline unsigned sk_grammar_symbol_count(const struct sk_grammar *g)
{
    return (unsigned)(g->symbols.size / sizeof(struct sk_symbol));
}

/* sk_assemble with a grammar that the caller keeps: for many small texts. */
skep_code sk_assemble_by(const struct sk_grammar *grammar, const skep_hooks *hooks, const char *text, size_t size,
                         skep_byte_order order, struct sk_buf *out, skep_error *err);

/* The symbol of a token's text; 0: none. */
unsigned sk_grammar_find(const struct sk_grammar *grammar, const char *text, size_t size);

#endif
