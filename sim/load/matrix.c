/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/matrix.c - one file, many runs: every combination of some values.
 *
 * Points are numbered and made when they are asked for; nothing grows with
 * their number. The last axis runs fastest.
 */
#include "load/axis.h"
#include "load/expr.h"

struct conditional {
    const struct expr *condition;
    struct expectations expect;
};

struct matrix {
    struct axes axes;
    unsigned n_excludes, n_expects;
    const struct expr **excludes;
    struct conditional *expects;
};

struct matrix_doc {
    const struct node *axes, *exclude;
    unsigned n_expects;
    struct expect_doc *expects;
};

static const struct field matrix_fields[] = {
    { .key = "axes",
      .type = FIELD_NODE,
      .required = true,
      .offset = offsetof(struct matrix_doc, axes),
      .schema = schema_axes,
      .doc = "key of cpu, kernel, vm or guest: 48..52 or [v5.19, v6.0]" },
    { .key = "exclude",
      .type = FIELD_TEXTS,
      .later = true,
      .offset = offsetof(struct matrix_doc, exclude),
      .doc = "conditions of points that are left out" },
    { .key = "expect",
      .type = FIELD_LIST,
      .offset = offsetof(struct matrix_doc, expects),
      .count = offsetof(struct matrix_doc, n_expects),
      .table = &matrix_expect_table,
      .doc = "expectations of the points where `if` holds; with it, the "
             "file's own `expect` is for its single machine only" },
};

const struct field_table matrix_table = {
    .name = "matrix",
    .fields = matrix_fields,
    .n = ARRAY_SIZE(matrix_fields),
};

/* ---- the rest ---- */

static int read_excludes(struct pool *pool, struct catalog *c, struct matrix *m,
                         const struct node *list, struct err *e)
{
    if (!list)
        return 0;
    if (node_expect(list, NODE_LIST, "exclude", e))
        return -1;
    m->excludes = pool_alloc(pool, (list->n + 1) * sizeof(*m->excludes));
    m->n_excludes = list->n;
    for (unsigned i = 0; i < list->n; i++) {
        m->excludes[i] = expr_read(pool, c, list->entry[i].value, "exclude", e);
        if (!m->excludes[i])
            return -1;
    }
    return 0;
}

static int read_expects(struct pool *pool, struct matrix *m,
                        const struct matrix_doc *doc,
                        const struct matrix_context *x, struct err *e)
{
    m->expects = pool_alloc(pool, (doc->n_expects + 1) * sizeof(*m->expects));
    m->n_expects = doc->n_expects;
    for (unsigned i = 0; i < doc->n_expects; i++) {
        const struct expect_doc *d = &doc->expects[i];
        struct conditional *to = &m->expects[i];

        to->condition = expr_read(pool, x->catalog, d->condition, "if", e);
        if (!to->condition || expect_read(pool, d, x->steps, &to->expect, e))
            return -1;
    }
    return 0;
}

struct matrix *matrix_read(struct pool *pool, const struct node *n,
                           const struct matrix_context *x, struct err *e)
{
    struct matrix *m = pool_alloc(pool, sizeof(*m));
    struct matrix_doc doc = { 0 };

    if (fields_fill(pool, &matrix_table, n, &doc, e) ||
        axes_read(pool, &m->axes, doc.axes, x, e) ||
        read_excludes(pool, x->catalog, m, doc.exclude, e) ||
        read_expects(pool, m, &doc, x, e))
        return NULL;
    return m;
}

const struct axes *matrix_axes(const struct matrix *m)
{
    return &m->axes;
}

bool matrix_excludes(const struct matrix *m, const struct scenario_doc *doc)
{
    for (unsigned i = 0; i < m->n_excludes; i++)
        if (expr_true(m->excludes[i], doc))
            return true;
    return false;
}

void matrix_expect(const struct matrix *m, struct pool *pool,
                   const struct scenario_doc *doc, struct expectations *x)
{
    if (m->n_expects)
        *x = (struct expectations) { 0 };
    for (unsigned i = 0; i < m->n_expects; i++)
        if (expr_true(m->expects[i].condition, doc))
            expect_add(pool, x, &m->expects[i].expect);
}
