/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/matrix.c - one file, many runs: every combination of some values.
 *
 * Points are numbered and made when they are asked for; nothing grows with
 * their number. The last axis runs fastest.
 */
#include "load/expr.h"
#include "load/yaml.h"

#include <inttypes.h>
#include <string.h>

#define MAX_POINTS 10000000

struct axis {
    const char *path;
    struct mark at;
    uint64_t n;
    /* Either a list of values, */
    const struct node **values;
    /* or a range, written here: */
    uint64_t first;
    const struct node *range;
};

struct conditional {
    const struct expr *condition;
    struct expectations expect;
};

struct matrix {
    unsigned n_axes, n_excludes, n_expects;
    struct axis *axes;
    const struct expr **excludes;
    struct conditional *expects;
    uint64_t n_points;
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

/* ---- axes ---- */

/* "48..52"; 1 = it is a range, 0 = it is not, -1 = a bad one. */
static int read_range(struct axis *a, const struct node *n, struct err *e)
{
    const char *dots = strstr(n->text, "..");
    uint64_t last;

    if (n->quoted || !dots)
        return 0;
    if (num_parse(n->text, (size_t)(dots - n->text), &a->first) != NUM_OK ||
        num_parse(dots + 2, strlen(dots + 2), &last) != NUM_OK) {
        err_at(e, n->at, "%s: '%.60s' is not a range of numbers", a->path,
               n->text);
        return err_hint(e, "48..52 is 48, 49, 50, 51 and 52");
    }
    if (last < a->first)
        return err_at(e, n->at, "%s: the range '%.60s' is empty", a->path,
                      n->text);
    /* A range of all 64-bit numbers is refused as too many, not as none. */
    a->n = last - a->first == UINT64_MAX ? UINT64_MAX : last - a->first + 1;
    a->range = n;
    return 1;
}

static int read_list(struct pool *pool, struct axis *a, const struct node *list,
                     struct err *e)
{
    const struct node **values =
        pool_alloc(pool, (list->n + 1) * sizeof(*values));

    if (!list->n)
        return err_at(e, list->at, "%s: an axis without values", a->path);
    for (unsigned i = 0; i < list->n; i++) {
        values[i] = list->entry[i].value;
        if (node_expect(values[i], NODE_SCALAR, a->path, e))
            return -1;
    }
    a->values = values;
    a->n = list->n;
    return 0;
}

static int read_values(struct pool *pool, struct axis *a, const struct node *n,
                       struct err *e)
{
    int is_range = n->kind == NODE_SCALAR ? read_range(a, n, e) : 0;

    if (is_range)
        return is_range < 0 ? -1 : 0;
    if (n->kind == NODE_LIST)
        return read_list(pool, a, n, e);
    err_at(e, n->at, "%s: a range or a list is needed here, this is %s",
           a->path, node_kind_name(n));
    return err_hint(e, "48..52, or [48, 51]");
}

/* Single values below cpu, kernel, vm and guest can vary, steps cannot. */
static int check_path(struct pool *pool, const struct node_entry *entry,
                      struct err *e)
{
    const struct field_doc *docs;
    const char **paths, *near;
    struct field_ref ref;
    unsigned n_docs, n = 0;

    if (strchr(entry->key, '.') &&
        field_resolve(&scenario_table, entry->key, &ref))
        return 0;
    n_docs = load_fields(pool, &docs);
    paths = pool_alloc(pool, n_docs * sizeof(*paths));
    for (unsigned i = 0; i < n_docs; i++)
        if (strchr(docs[i].path, '.') &&
            field_resolve(&scenario_table, docs[i].path, &ref))
            paths[n++] = docs[i].path;
    err_at(e, entry->key_at, "'%.60s' is nothing that an axis can vary",
           entry->key);
    near = closest_word(entry->key, paths, n);
    if (near)
        return err_hint(e, "did you mean '%s'?", near);
    return err_hint(e, "single values below cpu, kernel, vm and guest");
}

/* An axis that --set names keeps the value that is in @root by now. */
static int pin(struct pool *pool, struct axis *a, const struct node *root,
               struct err *e)
{
    const struct node *value = node_at(root, a->path);
    const struct node **values = pool_alloc(pool, sizeof(*values));

    if (!value)
        return 0;
    if (node_expect(value, NODE_SCALAR, a->path, e))
        return -1;
    values[0] = value;
    a->values = values;
    a->n = 1;
    return 0;
}

static bool is_set(const char *path, const struct setting *settings, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(settings[i].key, path) == 0)
            return true;
    return false;
}

static int read_axis(struct pool *pool, struct axis *a,
                     const struct node_entry *entry,
                     const struct matrix_context *x, struct err *e)
{
    a->path = entry->key;
    a->at = entry->key_at;
    if (check_path(pool, entry, e) || read_values(pool, a, entry->value, e))
        return -1;
    return is_set(a->path, x->settings, x->n_settings)
               ? pin(pool, a, x->root, e)
               : 0;
}

static int read_axes(struct pool *pool, struct matrix *m, const struct node *n,
                     const struct matrix_context *x, struct err *e)
{
    if (node_expect(n, NODE_MAP, "axes", e))
        return -1;
    m->axes = pool_alloc(pool, (n->n + 1) * sizeof(*m->axes));
    m->n_axes = n->n;
    m->n_points = 1;
    for (unsigned i = 0; i < n->n; i++) {
        if (read_axis(pool, &m->axes[i], &n->entry[i], x, e))
            return -1;
        if (__builtin_mul_overflow(m->n_points, m->axes[i].n, &m->n_points))
            m->n_points = UINT64_MAX;
    }
    if (m->n_points <= MAX_POINTS)
        return 0;
    err_at(e, n->at, "the matrix has %s%" PRIu64 " points, at most %d can run",
           m->n_points == UINT64_MAX ? "at least " : "", m->n_points,
           MAX_POINTS);
    return err_hint(e, "shorten an axis, or make two files of it");
}

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
        read_axes(pool, m, doc.axes, x, e) ||
        read_excludes(pool, x->catalog, m, doc.exclude, e) ||
        read_expects(pool, m, &doc, x, e))
        return NULL;
    return m;
}

uint64_t matrix_points(const struct matrix *m)
{
    return m->n_points;
}

/* ---- points ---- */

static const struct node *axis_value(const struct axis *a, struct pool *pool,
                                     uint64_t i)
{
    struct node *n;

    if (a->values)
        return a->values[i];
    n = pool_alloc(pool, sizeof(*n));
    *n = *a->range;
    n->text = pool_printf(pool, "%" PRIu64, a->first + i);
    return n;
}

const struct node *matrix_point(const struct matrix *m, struct pool *pool,
                                const struct node *root, uint64_t i,
                                const char **text, struct err *e)
{
    uint64_t stride = m->n_points;

    *text = "";
    for (unsigned k = 0; k < m->n_axes && root; k++) {
        const struct axis *a = &m->axes[k];
        const struct node *value;

        stride /= a->n;
        value = axis_value(a, pool, i / stride % a->n);
        root = node_with(pool, root, a->path, a->at, value, e);
        *text = pool_printf(pool, "%s%s%s=%s", *text, k ? " " : "", a->path,
                            value->text);
    }
    return root;
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
