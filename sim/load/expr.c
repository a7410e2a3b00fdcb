/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/expr.c - conditions over a configuration, read once, asked per point.
 *
 *   or      := and { "||" and }
 *   and     := not { "&&" not }
 *   not     := "!" not | compare
 *   compare := operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand ]
 *   operand := "(" or ")" | number | true | false | name | word | 'text'
 *
 * A word that is no name is text ("v6.0", "sev-es"), and must then be one that
 * the other side can have.
 */
#include "load/expr.h"

#include <string.h>

#define MAX_DEPTH  64
#define MAX_LENGTH 1000

enum expr_op {
    OP_LITERAL,
    OP_FIELD, /* a value of the configuration */
    OP_WIDTH, /* cpu.width: follows from the others */
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_AND,
    OP_OR,
    OP_NOT,
};

struct expr {
    enum expr_op op;
    enum value_kind kind;
    bool bare; /* a word without quotes, perhaps meant as a name */
    struct value literal;
    struct field_ref field;
    const struct expr *a, *b;
    struct mark at;
};

struct parser {
    struct pool *pool;
    struct catalog *catalog;
    const struct node *node;
    const char *what, *next;
    unsigned depth;
    struct err *e;
};

/* ---- words ---- */

static struct mark place(const struct parser *p, const char *from, size_t len)
{
    struct mark at = p->node->at;
    size_t whole = strlen(p->node->text), quotes = p->node->quoted ? 2 : 0;

    if (!at.line || at.span != whole + quotes) /* escapes, or many lines */
        return at;
    at.col += (unsigned)(from - p->node->text) + (unsigned)(quotes / 2);
    at.span = (unsigned)len;
    return at;
}

static void skip_blanks(struct parser *p)
{
    p->next += strspn(p->next, " \t\n");
}

static bool accept(struct parser *p, const char *token)
{
    size_t len = strlen(token);

    skip_blanks(p);
    if (strncmp(p->next, token, len) != 0)
        return false;
    p->next += len;
    return true;
}

static struct expr *make(struct parser *p, enum expr_op op,
                         enum value_kind kind, struct mark at)
{
    struct expr *x = pool_alloc(p->pool, sizeof(*x));

    x->op = op;
    x->kind = kind;
    x->at = at;
    return x;
}

static size_t word_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
}

/* "cpu.cbit" is short for "cpu.set.cbit". */
static bool find_name(struct parser *p, const char *word, struct field_ref *out)
{
    if (field_resolve(&scenario_table, word, out))
        return true;
    return strncmp(word, "cpu.", 4) == 0 &&
           field_resolve(&scenario_table,
                         pool_printf(p->pool, "cpu.set.%s", word + 4), out);
}

static const struct expr *unknown_name(struct parser *p, const struct expr *x)
{
    const struct field_doc *docs;
    unsigned n = load_fields(p->pool, &docs);
    const char **names = pool_alloc(p->pool, (n + 1) * sizeof(*names));

    for (unsigned i = 0; i < n; i++)
        names[i] = docs[i].path;
    names[n] = "cpu.width";
    err_at(p->e, x->at, "%s: unknown name '%.60s'", p->what, x->literal.text);
    err_suggest(p->e, x->literal.text, names, n + 1);
    err_hint(p->e, "cpu.width, and the keys below cpu, kernel, vm, guest");
    return NULL;
}

static const struct expr *read_number(struct parser *p, struct expr *x)
{
    const char *text = x->literal.text;
    enum num_result r = num_parse(text, strlen(text), &x->literal.number);

    x->kind = VALUE_NUMBER;
    x->bare = false;
    if (r == NUM_OK)
        return x;
    err_at(p->e, x->at, "%s: '%.60s' %s", p->what, text, num_problem(r));
    return NULL;
}

static const struct expr *read_word(struct parser *p, size_t len)
{
    struct expr *x = make(p, OP_LITERAL, VALUE_TEXT, place(p, p->next, len));
    const char *word = pool_strndup(p->pool, p->next, len);
    uint64_t number;
    enum num_result r = num_parse(word, len, &number);

    p->next += len;
    x->literal.text = word;
    x->bare = true;
    if (r == NUM_OK || r == NUM_LEADING_ZERO || r == NUM_TOO_BIG)
        return read_number(p, x);
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        x->kind = VALUE_BOOL;
        x->bare = false;
        x->literal.number = word[0] == 't';
    } else if (strcmp(word, "cpu.width") == 0) {
        x->op = OP_WIDTH;
        x->kind = VALUE_NUMBER;
    } else if (find_name(p, word, &x->field)) {
        x->op = OP_FIELD;
        x->kind = field_ref_kind(&x->field);
    }
    return x;
}

static const struct expr *read_quoted(struct parser *p)
{
    const char *start = p->next + 1, *end = strchr(start, *p->next);
    struct expr *x;

    if (!end) {
        err_at(p->e, place(p, p->next, 1), "%s: this quote is never closed",
               p->what);
        return NULL;
    }
    x = make(p, OP_LITERAL, VALUE_TEXT,
             place(p, p->next, (size_t)(end - start) + 2));
    x->literal.text = pool_strndup(p->pool, start, (size_t)(end - start));
    p->next = end + 1;
    return x;
}

/* ---- operators ---- */

static const struct expr *read_or(struct parser *p);

static const struct expr *read_operand(struct parser *p)
{
    const struct expr *x;
    size_t len;

    if (accept(p, "(")) {
        x = read_or(p);
        if (x && !accept(p, ")")) {
            err_at(p->e, place(p, p->next, 1), "%s: ')' is missing", p->what);
            return NULL;
        }
        return x;
    }
    if (*p->next == '\'' || *p->next == '"')
        return read_quoted(p);
    len = word_length(p->next);
    if (len)
        return read_word(p, len);
    err_at(p->e, place(p, p->next, 1), "%s: a name or a value is needed here",
           p->what);
    return NULL;
}

/* Not a name, and only text if the other side says so. */
static bool is_word(const struct expr *x)
{
    return x->op == OP_LITERAL && x->bare;
}

static bool is_text_field(const struct expr *x)
{
    return x->op == OP_FIELD && x->kind == VALUE_TEXT;
}

static bool is_known(const char *text, const char *const *words, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return false;
}

/* A text that @field can never be is a mistake, not a comparison. */
static int check_text(struct parser *p, const struct expr *field,
                      const struct expr *text)
{
    const char *const *words = field->field.field->words;
    unsigned n = field->field.field->n;

    if (field->field.offset == offsetof(struct scenario_doc, s.cpu_name))
        n = catalog_cpu_names(p->catalog, &words);
    else if (field->field.offset ==
             offsetof(struct scenario_doc, s.kernel_name))
        n = catalog_kernel_names(p->catalog, &words);
    if (!words || is_known(text->literal.text, words, n))
        return 0;
    err_at(p->e, text->at, "%s: there is no %s '%.60s'", p->what,
           field->field.field->key, text->literal.text);
    return err_suggest(p->e, text->literal.text, words, n);
}

static const char *kind_name(enum value_kind kind)
{
    switch (kind) {
    case VALUE_NUMBER:
        return "a number";
    case VALUE_BOOL:
        return "a boolean";
    case VALUE_TEXT:
        return "text";
    }
    return "";
}

static const struct expr *compare(struct parser *p, enum expr_op op,
                                  const struct expr *a, const struct expr *b)
{
    struct expr *x = make(p, op, VALUE_BOOL, a->at);

    x->a = a;
    x->b = b;
    if (is_word(a) && !is_text_field(b))
        return unknown_name(p, a);
    if (is_word(b) && !is_text_field(a))
        return unknown_name(p, b);
    if (a->kind != b->kind) {
        err_at(p->e, b->at, "%s: %s is compared with %s", p->what,
               kind_name(a->kind), kind_name(b->kind));
        return NULL;
    }
    if (op != OP_EQ && op != OP_NE && a->kind != VALUE_NUMBER) {
        err_at(p->e, a->at, "%s: only numbers have an order, this is %s",
               p->what, kind_name(a->kind));
        return NULL;
    }
    if (is_text_field(a) && b->op == OP_LITERAL && check_text(p, a, b))
        return NULL;
    if (is_text_field(b) && a->op == OP_LITERAL && check_text(p, b, a))
        return NULL;
    return x;
}

static const struct expr *read_compare(struct parser *p)
{
    static const struct {
        const char *token;
        enum expr_op op;
    } ops[] = {
        { "==", OP_EQ }, { "!=", OP_NE }, { "<=", OP_LE },
        { ">=", OP_GE }, { "<", OP_LT },  { ">", OP_GT },
    };
    const struct expr *a = read_operand(p), *b;

    for (unsigned i = 0; a && i < ARRAY_SIZE(ops); i++) {
        if (!accept(p, ops[i].token))
            continue;
        b = read_operand(p);
        return b ? compare(p, ops[i].op, a, b) : NULL;
    }
    return a;
}

/* @x, if it can be true or false. */
static const struct expr *need_truth(struct parser *p, const struct expr *x)
{
    if (!x || x->kind == VALUE_BOOL)
        return x;
    if (is_word(x))
        return unknown_name(p, x);
    err_at(p->e, x->at, "%s: this is %s, a condition is needed", p->what,
           kind_name(x->kind));
    return NULL;
}

static const struct expr *read_not(struct parser *p)
{
    const struct expr *inner;
    struct expr *x;

    skip_blanks(p);
    if (++p->depth > MAX_DEPTH) {
        err_at(p->e, place(p, p->next, 1), "%s: nested more than %d deep",
               p->what, MAX_DEPTH);
        return NULL;
    }
    if (*p->next == '!' && p->next[1] != '=') {
        x = make(p, OP_NOT, VALUE_BOOL, place(p, p->next, 1));
        p->next++;
        x->a = need_truth(p, read_not(p));
        inner = x->a ? x : NULL;
    } else {
        inner = read_compare(p);
    }
    p->depth--;
    return inner;
}

/* @a, or operands joined by @token from the left. */
static const struct expr *
read_chain(struct parser *p, const char *token, enum expr_op op,
           const struct expr *(*read)(struct parser *p))
{
    const struct expr *a = read(p);

    while (a && accept(p, token)) {
        struct expr *x = make(p, op, VALUE_BOOL, a->at);

        x->a = need_truth(p, a);
        x->b = x->a ? need_truth(p, read(p)) : NULL;
        a = x->b ? x : NULL;
    }
    return a;
}

static const struct expr *read_and(struct parser *p)
{
    return read_chain(p, "&&", OP_AND, read_not);
}

static const struct expr *read_or(struct parser *p)
{
    return read_chain(p, "||", OP_OR, read_and);
}

const struct expr *expr_read(struct pool *pool, struct catalog *c,
                             const struct node *n, const char *what,
                             struct err *e)
{
    struct parser p = {
        .pool = pool, .catalog = c, .node = n, .what = what, .e = e
    };
    const struct expr *x;

    if (node_expect(n, NODE_SCALAR, what, e))
        return NULL;
    if (strlen(n->text) > MAX_LENGTH) {
        err_at(e, n->at, "%s: more than %d characters", what, MAX_LENGTH);
        return NULL;
    }
    p.next = n->text;
    x = read_or(&p);
    if (!x)
        return NULL;
    skip_blanks(&p);
    if (!*p.next)
        return need_truth(&p, x);
    err_at(e, place(&p, p.next, 1), "%s: '%.20s' is not understood", what,
           p.next);
    err_hint(e, "operators are == != < <= > >= && || ! ( )");
    return NULL;
}

/* ---- asking ---- */

static struct value value_of(const struct expr *x,
                             const struct scenario_doc *doc)
{
    struct value v = x->literal;

    if (x->op == OP_FIELD)
        return field_ref_value(&x->field, doc);
    v.kind = x->kind;
    if (x->op == OP_WIDTH)
        v.number = cpu_model_width(&doc->s.config.cpu);
    else if (x->op != OP_LITERAL)
        v.number = expr_true(x, doc);
    return v;
}

/* <0, 0, >0 */
static int order(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_TEXT)
        return strcmp(a->text, b->text);
    return (a->number > b->number) - (a->number < b->number);
}

static bool compares(const struct expr *x, const struct scenario_doc *doc)
{
    struct value a = value_of(x->a, doc), b = value_of(x->b, doc);
    int o = order(&a, &b);

    return x->op == OP_EQ   ? o == 0
           : x->op == OP_NE ? o != 0
           : x->op == OP_LT ? o < 0
           : x->op == OP_LE ? o <= 0
           : x->op == OP_GT ? o > 0
                            : o >= 0;
}

bool expr_true(const struct expr *x, const struct scenario_doc *doc)
{
    switch (x->op) {
    case OP_LITERAL:
    case OP_FIELD:
    case OP_WIDTH:
        return value_of(x, doc).number;
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        return compares(x, doc);
    case OP_AND:
        return expr_true(x->a, doc) && expr_true(x->b, doc);
    case OP_OR:
        return expr_true(x->a, doc) || expr_true(x->b, doc);
    case OP_NOT:
        return !expr_true(x->a, doc);
    }
    return false;
}
