/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Text to bytes, in one pass over the text and one over the references to labels. Instructions are encoded as they
 * come; what waits for a label has its distance filled in at the end. See parser.h for how a statement is matched.
 */
#include "base/error.h"
#include "text/parser.h"

struct sk_token *sk_parser_token(struct sk_parser *p, unsigned at)
{
    if (at >= SK_WINDOW)
        at = SK_WINDOW - 1;
    while (p->count <= at) {
        struct sk_token *t = &p->window[p->count++];
        sk_lex(&p->lexer, t);
        if (t->kind == SK_TOKEN_WORD || t->kind == SK_TOKEN_REGISTER || t->kind == SK_TOKEN_SIGN)
            t->symbol = (uint16_t)sk_grammar_find(p->grammar, t->text, t->size);
        /* A digit in a template stands for its value, however that is written. */
        char digit = (char)('0' + t->number % 10);
        if (t->kind == SK_TOKEN_NUMBER && t->number < 10)
            t->symbol = (uint16_t)sk_grammar_find(p->grammar, &digit, 1);
    }
    return &p->window[at];
}

void sk_parser_shift(struct sk_parser *p, unsigned count)
{
    p->count -= count;
    memmove(p->window, p->window + count, p->count * sizeof *p->window);
}

/* Whether an instruction may end before token `at`. */
static bool ends_here(struct sk_parser *p, unsigned at)
{
    const struct sk_token *t = sk_parser_token(p, at);
    if (t->kind == SK_TOKEN_END || t->kind == SK_TOKEN_LINE)
        return true;
    /* rbpf separates instructions with any blank: another may follow on the line. */
    if (p->lexer.dialect == SKEP_MNEMONIC && (t->kind == SK_TOKEN_WORD || t->kind == SK_TOKEN_NUMBER))
        return true;
    sk_expect(p, at, SK_EXPECT_END, 0);
    return false;
}

static unsigned walk(struct sk_parser *p, unsigned node, unsigned at, struct sk_capture *capture);

/* Follows one edge: the operand or literal of `child` at token `at`. Returns as walk. */
static unsigned follow(struct sk_parser *p, unsigned child, unsigned at, struct sk_capture *capture)
{
    const struct sk_node *node = sk_grammar_node(p->grammar, child);
    if (!node->operand) {
        if (sk_parser_token(p, at)->symbol == node->symbol)
            return walk(p, child, at + 1, capture);
        sk_expect(p, at, SK_EXPECT_SYMBOL, node->symbol);
        return 0;
    }
    struct sk_capture inner = *capture;
    bool matched;
    unsigned taken = sk_operand_match(p, node->operand, at, &inner, &matched);
    if (!matched)
        return 0;
    unsigned end = walk(p, child, at + taken, &inner);
    if (end)
        *capture = inner;
    return end;
}

/* Returns the token behind the instruction that fits from `node` on; 0: none does. */
static unsigned walk(struct sk_parser *p, unsigned node, unsigned at, struct sk_capture *capture)
{
    if (at >= SK_WINDOW) {
        sk_expect_exactly(p, SK_WINDOW - 1, "this is too long for an instruction");
        return 0;
    }
    unsigned end;
    unsigned symbol = sk_parser_token(p, at)->symbol;
    if (node == 0 && symbol) {
        unsigned start = sk_grammar_symbol(p->grammar, symbol)->start;
        if (start && (end = follow(p, start, at, capture)) != 0)
            return end;
    }
    for (unsigned c = sk_grammar_node(p->grammar, node)->first; c; c = sk_grammar_node(p->grammar, c)->next)
        if ((end = follow(p, c, at, capture)) != 0)
            return end;
    if (sk_grammar_node(p->grammar, node)->op == SK_NO_OP || !ends_here(p, at))
        return 0;
    capture->insn.op = sk_grammar_node(p->grammar, node)->op;
    return at;
}

static skep_code refuse(const struct sk_token *t, skep_error *err, const char *what)
{
    return sk_fail_text(err, t->line, t->column, "%s", what);
}

/* A numeric label's current ordinal counts its definitions so far; it lives in the label of ordinal 0. */
static skep_code refer(struct sk_parser *p, const struct sk_token *t, uint32_t slot, skep_error *err)
{
    size_t size = sk_label_name_size(t);
    uint32_t ordinal = 0;
    if (t->kind == SK_TOKEN_LOCAL) {
        uint32_t counter = sk_label_intern(&p->labels, t->text, size, 0);
        if (counter == SK_NO_LABEL)
            return sk_fail_memory(err);
        uint32_t defined = sk_label_at(&p->labels, counter)->line;
        if (!defined && !t->forward)
            return sk_fail_text(err, t->line, t->column, "there is no label %.*s: before this", (int)size, t->text);
        ordinal = defined + t->forward;
    }
    uint32_t label = sk_label_intern(&p->labels, t->text, size, ordinal);
    if (label == SK_NO_LABEL || !sk_label_refer(&p->labels, (struct sk_fixup){label, slot, t->line, t->column}))
        return sk_fail_memory(err);
    return SKEP_OK;
}

static skep_code define(struct sk_parser *p, const struct sk_token *t, uint32_t slot, skep_error *err)
{
    uint32_t ordinal = 0;
    if (t->kind == SK_TOKEN_NUMBER) {
        uint32_t counter = sk_label_intern(&p->labels, t->text, t->size, 0);
        if (counter == SK_NO_LABEL)
            return sk_fail_memory(err);
        ordinal = ++sk_label_at(&p->labels, counter)->line;
    }
    uint32_t label = sk_label_intern(&p->labels, t->text, t->size, ordinal);
    if (label == SK_NO_LABEL)
        return sk_fail_memory(err);
    struct sk_label *l = sk_label_at(&p->labels, label);
    if (l->slot != SK_NO_SLOT)
        return sk_fail_text(err, t->line, t->column, "the label %.*s is already defined in line %u",
                            (int)(t->size < 60 ? t->size : 60), t->text, l->line);
    l->slot = slot;
    l->line = t->line;
    return SKEP_OK;
}

/* A label at the start of the window. *done: there was one. */
static skep_code match_label(struct sk_parser *p, uint32_t slot, bool *done, skep_error *err)
{
    const struct sk_token *t = sk_parser_token(p, 0);
    *done = false;
    if (t->kind != SK_TOKEN_WORD && t->kind != SK_TOKEN_NUMBER && t->kind != SK_TOKEN_REGISTER)
        return SKEP_OK;
    if (!sk_token_is(sk_parser_token(p, 1), ':'))
        return SKEP_OK;
    if (t->kind == SK_TOKEN_REGISTER)
        return refuse(t, err, "a register's name cannot be a label");
    skep_code code = define(p, t, slot, err);
    sk_parser_shift(p, 2);
    *done = true;
    return code;
}

static skep_code diagnose(struct sk_parser *p, skep_error *err)
{
    struct sk_capture capture = {.label = 0};
    struct sk_diagnosis diagnosis = {.at = 0};
    p->diagnosis = &diagnosis;
    walk(p, 0, 0, &capture);
    p->diagnosis = NULL;
    return sk_explain(p, &diagnosis, err);
}

static skep_code match_insn(struct sk_parser *p, struct sk_buf *out, skep_byte_order order, skep_error *err)
{
    struct sk_capture capture = {.label = 0};
    unsigned end = walk(p, 0, 0, &capture);
    if (!end)
        return diagnose(p, err);
    uint32_t slot = (uint32_t)(out->size / 8);
    if (slot >= UINT32_MAX - 2)
        return refuse(sk_parser_token(p, 0), err, "the program is too long");
    if (capture.label) {
        skep_code code = refer(p, sk_parser_token(p, capture.label - 1u), slot, err);
        if (code)
            return code;
    }
    uint8_t bytes[16];
    unsigned slots = sk_encode(&capture.insn, order, bytes);
    sk_buf_add(out, bytes, (size_t)slots * 8);
    sk_parser_shift(p, end);
    return out->failed ? sk_fail_memory(err) : SKEP_OK;
}

/* bpf_conformance's programs jump to a label `exit` that they need not define: it is the first such instruction. */
static void define_exit(struct sk_parser *p, const struct sk_buf *out, skep_byte_order order)
{
    const char *name = sk_op_infos[SK_OP_EXIT].name;
    uint32_t label = sk_label_find(&p->labels, name, sk_strlen(name), 0);
    if (label == SK_NO_LABEL || sk_label_at(&p->labels, label)->slot != SK_NO_SLOT)
        return;
    uint32_t slots = (uint32_t)(out->size / 8);
    struct sk_insn insn;
    for (uint32_t at = 0; at < slots; at += sk_insn_slots(&insn)) {
        if (sk_decode(out->data, slots, order, at, &insn, NULL) != SK_DECODE_OK)
            return;
        if (insn.op == SK_OP_EXIT) {
            sk_label_at(&p->labels, label)->slot = at;
            return;
        }
    }
}

static skep_code resolve(struct sk_parser *p, struct sk_buf *out, skep_byte_order order, skep_error *err)
{
    struct sk_fixup fixup;
    int64_t distance;
    define_exit(p, out, order);
    enum sk_resolve_status status =
        sk_labels_resolve(&p->labels, out->data, (uint32_t)(out->size / 8), order, &fixup, &distance);
    if (status == SK_RESOLVE_OK)
        return SKEP_OK;
    const struct sk_label *label = sk_label_at(&p->labels, fixup.label);
    int size = (int)(label->size < 60 ? label->size : 60);
    if (status == SK_RESOLVE_FAR)
        return sk_fail_text(err, fixup.line, fixup.column,
                            "the label %.*s is %D slots away, further than this jump reaches", size, label->name,
                            distance);
    return sk_fail_text(err, fixup.line, fixup.column, "the label %.*s is not defined", size, label->name);
}

static skep_code parse(struct sk_parser *p, struct sk_buf *out, skep_byte_order order, skep_error *err)
{
    for (;;) {
        const struct sk_token *t = sk_parser_token(p, 0);
        if (t->kind == SK_TOKEN_END)
            return resolve(p, out, order, err);
        if (t->kind == SK_TOKEN_LINE) {
            sk_parser_shift(p, 1);
            continue;
        }
        bool done;
        skep_code code = match_label(p, (uint32_t)(out->size / 8), &done, err);
        if (!code && !done)
            code = match_insn(p, out, order, err);
        if (code)
            return code;
    }
}

skep_code sk_assemble_by(const struct sk_grammar *grammar, const skep_hooks *hooks, const char *text, size_t size,
                         skep_byte_order order, struct sk_buf *out, skep_error *err)
{
    struct sk_parser *p = sk_alloc(hooks, sizeof *p); /* too large for a device's stack */
    if (!p)
        return sk_fail_memory(err);
    p->grammar = grammar;
    p->count = 0;
    p->diagnosis = NULL;
    sk_lexer_init(&p->lexer, size ? text : "", size, grammar->dialect);
    sk_labels_init(&p->labels, hooks);
    skep_code code = parse(p, out, order, err);
    sk_labels_free(&p->labels);
    sk_free(hooks, p);
    return code;
}

skep_code sk_assemble(const skep_hooks *hooks, const char *text, size_t size, skep_dialect dialect,
                      skep_byte_order order, struct sk_buf *out, skep_error *err)
{
    struct sk_grammar *grammar = sk_alloc(hooks, sizeof *grammar);
    if (!grammar)
        return sk_fail_memory(err);
    skep_code code = sk_grammar_init(grammar, hooks, dialect)
                         ? sk_assemble_by(grammar, hooks, text, size, order, out, err)
                         : sk_fail_memory(err);
    sk_grammar_free(grammar);
    sk_free(hooks, grammar);
    return code;
}
