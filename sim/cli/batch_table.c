/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/batch_table.c - read rows about hosts, print rows of answers. */
#include "cli/batch_table.h"
#include "cli/batch_short.h"
#include "load.h"

#include <errno.h>
#include <string.h>

/* ---- the plan: made once from the header ---- */

#define MAX_OUTPUTS 320

struct plan {
    const struct batch_kind *kind;
    unsigned n_inputs; /* known input columns that the table has */
    struct {
        const struct policy_input_desc *desc;
        unsigned column;
        size_t offset; /* of its value in struct batch_row */
    } in[N_POLICY_INPUTS + BATCH_MAX_OWN + 1];
    bool has[N_POLICY_INPUTS];
    struct batch_short shorthand;
    unsigned n_outputs;
    struct {
        bool is_result;
        unsigned index; /* of the result, or a column of the table */
    } out[MAX_OUTPUTS];
};

static void add_output(struct plan *p, bool is_result, unsigned index)
{
    p->out[p->n_outputs].is_result = is_result;
    p->out[p->n_outputs].index = index;
    p->n_outputs++;
}

static bool add_input(struct plan *p, const struct csv *c,
                      const struct policy_input_desc *d, size_t offset)
{
    int column = csv_column(c, d->name);

    if (column < 0)
        return false;
    p->in[p->n_inputs].desc = d;
    p->in[p->n_inputs].column = (unsigned)column;
    p->in[p->n_inputs].offset = offset;
    p->n_inputs++;
    return true;
}

static const struct policy_input_desc reloads = { .name = "reloads",
                                                  .max = 9,
                                                  .radix = 10 };

static int plan_inputs(struct plan *p, const struct csv *c, struct err *e)
{
    const struct batch_kind *k = p->kind;

    for (unsigned i = 0; i < N_POLICY_INPUTS; i++)
        p->has[i] = add_input(p, c, &policy_inputs[i],
                              offsetof(struct batch_row, host.v[i]));
    for (unsigned i = 0; i < k->n_own; i++)
        add_input(p, c, &k->own[i], offsetof(struct batch_row, own[i]));
    add_input(p, c, &reloads, offsetof(struct batch_row, reloads));
    batch_short_plan(&p->shorthand, c);
    if (k->required && csv_column(c, k->required) < 0)
        return err_at(e, csv_mark(c, 0), "there is no column '%s'",
                      k->required);
    return 0;
}

static int result_find(const struct batch_kind *k, const char *name)
{
    for (unsigned i = 0; i < k->n_results; i++)
        if (strcmp(k->result_name(i), name) == 0)
            return (int)i;
    return -1;
}

/* Every column of the input, then the results. A column that carries the name
 * of a result is computed anew, not copied. */
static void plan_all(struct plan *p, const struct csv *c)
{
    const struct batch_kind *k = p->kind;

    for (unsigned i = 0; i < csv_n_columns(c); i++)
        if (result_find(k, csv_column_name(c, i)) < 0)
            add_output(p, false, i);
    for (unsigned r = 0; r < k->n_results; r++)
        if (!k->is_extra(r) || csv_column(c, k->result_name(r)) >= 0)
            add_output(p, true, r);
}

static int unknown_column(const struct plan *p, const struct csv *c,
                          const char *name, struct err *e)
{
    const char *candidates[MAX_OUTPUTS];
    unsigned n = 0;

    for (unsigned r = 0; r < p->kind->n_results; r++)
        candidates[n++] = p->kind->result_name(r);
    for (unsigned i = 0; i < csv_n_columns(c) && n < MAX_OUTPUTS; i++)
        candidates[n++] = csv_column_name(c, i);
    err_plain(e, "--columns", "no column '%s' in the input or the results",
              name);
    return err_suggest(e, name, candidates, n);
}

/* @columns: names between commas. */
static int plan_named(struct plan *p, const struct csv *c, struct pool *pool,
                      const char *columns, struct err *e)
{
    while (columns) {
        const char *comma = strchr(columns, ',');
        size_t len = comma ? (size_t)(comma - columns) : strlen(columns);
        const char *name = pool_strndup(pool, columns, len);
        int result = result_find(p->kind, name), column = csv_column(c, name);

        if (result < 0 && column < 0)
            return unknown_column(p, c, name, e);
        if (p->n_outputs == MAX_OUTPUTS)
            return err_plain(e, "--columns", "more than %d columns",
                             MAX_OUTPUTS);
        add_output(p, result >= 0, (unsigned)(result >= 0 ? result : column));
        columns = comma ? comma + 1 : NULL;
    }
    return 0;
}

static int make_plan(struct plan *p, const struct csv *c, struct pool *pool,
                     const char *columns, struct err *e)
{
    if (plan_inputs(p, c, e))
        return -1;
    if (columns)
        return plan_named(p, c, pool, columns, e);
    plan_all(p, c);
    return 0;
}

/* ---- rows ---- */

/* A cell of a column that has words. */
static int read_word(const struct csv *c, unsigned column,
                     const struct policy_input_desc *d, uint64_t *out,
                     struct err *e)
{
    struct csv_cell cell = csv_cell(c, column);
    char text[64];

    for (uint64_t i = d->min; i <= d->max; i++) {
        if (cell.len == strlen(d->words[i]) &&
            memcmp(cell.text, d->words[i], cell.len) == 0) {
            *out = i;
            return 0;
        }
    }
    snprintf(text, sizeof(text), "%.*s", (int)(cell.len < 60 ? cell.len : 60),
             cell.text);
    err_at(e, csv_mark(c, column), "%s: '%s' is none of its words", d->name,
           text);
    err_suggest(e, text, d->words, (unsigned)d->max + 1);
    return err_hint(e, "the first is '%s'", d->words[d->min]);
}

static int read_row(const struct plan *p, const struct csv *c,
                    struct batch_row *row, struct err *e)
{
    batch_short_read(&p->shorthand, c, row);
    for (unsigned i = 0; i < p->n_inputs; i++) {
        const struct policy_input_desc *d = p->in[i].desc;
        unsigned column = p->in[i].column;
        uint64_t v = 0;

        if (d->words ? read_word(c, column, d, &v, e)
                     : csv_number(c, column, d->radix, d->min, d->max, &v, e))
            return -1;
        memcpy((char *)row + p->in[i].offset, &v, sizeof(v));
    }
    if (p->kind->complete)
        p->kind->complete(row, p->has);
    return 0;
}

static void put_row(struct buf *b, const struct plan *p, const struct csv *c)
{
    for (unsigned i = 0; i < p->n_outputs; i++) {
        if (i)
            buf_addc(b, ',');
        if (p->out[i].is_result) {
            p->kind->put(p->kind->ctx, b, p->out[i].index);
        } else {
            struct csv_cell cell = csv_cell(c, p->out[i].index);

            buf_add(b, cell.text, cell.len);
        }
    }
    buf_addc(b, '\n');
}

static void put_header(struct buf *b, const struct plan *p, const struct csv *c)
{
    for (unsigned i = 0; i < p->n_outputs; i++) {
        if (i)
            buf_addc(b, ',');
        buf_adds(b, p->out[i].is_result ? p->kind->result_name(p->out[i].index)
                                        : csv_column_name(c, p->out[i].index));
    }
    buf_addc(b, '\n');
}

static int flush(struct buf *b, FILE *out, struct err *e)
{
    size_t written = fwrite(b->data, 1, b->len, out);

    if (written != b->len)
        return err_plain(e, "<output>", "cannot write: %s", strerror(errno));
    buf_clear(b);
    return 0;
}

#define FLUSH_AT 65536

static int run_rows(struct csv *c, const struct plan *p, FILE *out,
                    struct buf *b, struct err *e)
{
    struct batch_row row = { .host = p->kind->host };
    int got;

    for (unsigned i = 0; i < p->kind->n_own; i++)
        row.own[i] = p->kind->own[i].value;
    while ((got = csv_next(c, e)) > 0) {
        if (read_row(p, c, &row, e))
            return -1;
        p->kind->ask(p->kind->ctx, &row);
        put_row(b, p, c);
        if (b->len >= FLUSH_AT && flush(b, out, e))
            return -1;
    }
    return got;
}

int batch_table(const struct batch_kind *kind, FILE *in, const char *in_name,
                FILE *out, const char *columns, struct err *e)
{
    struct pool *pool = pool_create();
    struct csv *c = csv_open(pool, in, in_name, e);
    struct plan p = { .kind = kind };
    struct buf b = BUF_INIT;
    int ret = c ? make_plan(&p, c, pool, columns, e) : -1;

    if (!ret) {
        put_header(&b, &p, c);
        ret = run_rows(c, &p, out, &b, e);
        /* The rows before a bad one are good: they still go out. */
        if (flush(&b, out, e))
            ret = -1;
    }
    buf_free(&b);
    pool_destroy(pool);
    return ret;
}
