/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_gating.c - `nptsim batch gating`: one host per row in, what KVM
 * concludes about it out.
 *
 * For differential tests against tables that a real kernel's functions made:
 * the column names are theirs. Each row becomes a whole machine, on which the
 * kernel model boots and loads KVM; no shortcut around the CPU. Or the rows are
 * put to such functions themselves, where somebody has a library of them.
 */
#include "cli/batch.h"
#include "lab.h"
#include "load.h"

#include <errno.h>
#include <string.h>

/* ---- the plan: made once from the header ----------------------------------
 */

#define MAX_OUTPUTS 320

struct plan {
    unsigned n_inputs; /* known input columns that the table has */
    struct {
        enum policy_input input;
        unsigned column;
    } in[N_POLICY_INPUTS];
    unsigned n_outputs;
    struct {
        bool is_result;
        unsigned index; /* of policy_columns, or a column of the table */
    } out[MAX_OUTPUTS];
};

static void add_output(struct plan *p, bool is_result, unsigned index)
{
    p->out[p->n_outputs].is_result = is_result;
    p->out[p->n_outputs].index = index;
    p->n_outputs++;
}

static void plan_inputs(struct plan *p, const struct csv *c)
{
    for (unsigned i = 0; i < N_POLICY_INPUTS; i++) {
        int column = csv_column(c, policy_inputs[i].name);

        if (column < 0)
            continue;
        p->in[p->n_inputs].input = i;
        p->in[p->n_inputs].column = (unsigned)column;
        p->n_inputs++;
    }
}

/* Every column of the input, then the results. A column that carries the name
 * of a result is computed anew, not copied. */
static void plan_all(struct plan *p, const struct csv *c)
{
    for (unsigned i = 0; i < csv_n_columns(c); i++)
        if (policy_column_find(csv_column_name(c, i)) < 0)
            add_output(p, false, i);
    for (unsigned r = 0; r < n_policy_columns; r++)
        if (!policy_columns[r].extra ||
            csv_column(c, policy_columns[r].name) >= 0)
            add_output(p, true, r);
}

static int unknown_column(const struct csv *c, const char *name, struct err *e)
{
    const char *candidates[MAX_OUTPUTS];
    const char *near;
    unsigned n = 0;

    for (unsigned r = 0; r < n_policy_columns; r++)
        candidates[n++] = policy_columns[r].name;
    for (unsigned i = 0; i < csv_n_columns(c) && n < MAX_OUTPUTS; i++)
        candidates[n++] = csv_column_name(c, i);
    err_plain(e, "--columns", "no column '%s' in the input or the results",
              name);
    near = closest_word(name, candidates, n);
    return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

/* @columns: names between commas. */
static int plan_named(struct plan *p, const struct csv *c, struct pool *pool,
                      const char *columns, struct err *e)
{
    while (columns) {
        const char *comma = strchr(columns, ',');
        size_t len = comma ? (size_t)(comma - columns) : strlen(columns);
        const char *name = pool_strndup(pool, columns, len);
        int result = policy_column_find(name), column = csv_column(c, name);

        if (result < 0 && column < 0)
            return unknown_column(c, name, e);
        if (p->n_outputs == MAX_OUTPUTS)
            return err_plain(e, "--columns", "more than %d columns",
                             MAX_OUTPUTS);
        if (result >= 0)
            add_output(p, true, (unsigned)result);
        else
            add_output(p, false, (unsigned)column);
        columns = comma ? comma + 1 : NULL;
    }
    return 0;
}

static int make_plan(struct plan *p, const struct csv *c, struct pool *pool,
                     const char *columns, struct err *e)
{
    plan_inputs(p, c);
    if (columns)
        return plan_named(p, c, pool, columns, e);
    plan_all(p, c);
    return 0;
}

/* ---- rows -----------------------------------------------------------------
 */

/* A cell of a column that has words. */
static int read_word(const struct csv *c, unsigned column,
                     const struct policy_input_desc *d, uint64_t *out,
                     struct err *e)
{
    struct csv_cell cell = csv_cell(c, column);

    for (uint64_t i = d->min; i <= d->max; i++) {
        if (cell.len == strlen(d->words[i]) &&
            memcmp(cell.text, d->words[i], cell.len) == 0) {
            *out = i;
            return 0;
        }
    }
    return err_at(e, csv_mark(c, column), "%s: '%.*s' is not %s", d->name,
                  (int)(cell.len < 60 ? cell.len : 60), cell.text,
                  d->words[d->min]);
}

static int read_row(const struct plan *p, const struct csv *c,
                    struct policy_host *host, struct err *e)
{
    for (unsigned i = 0; i < p->n_inputs; i++) {
        const struct policy_input_desc *d = &policy_inputs[p->in[i].input];
        uint64_t *v = &host->v[p->in[i].input];
        unsigned column = p->in[i].column;
        int bad = d->words
                      ? read_word(c, column, d, v, e)
                      : csv_number(c, column, d->radix, d->min, d->max, v, e);

        if (!bad)
            continue;
        if (d->min == d->max)
            err_hint(e, "this version models no other state of the machine");
        return -1;
    }
    return 0;
}

static void put_row(struct buf *b, const struct plan *p, const struct csv *c,
                    const struct policy_result *r)
{
    for (unsigned i = 0; i < p->n_outputs; i++) {
        if (i)
            buf_addc(b, ',');
        if (p->out[i].is_result) {
            policy_put(b, r, p->out[i].index);
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
        buf_adds(b, p->out[i].is_result ? policy_columns[p->out[i].index].name
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

static int run_rows(struct csv *c, const struct plan *p, struct pool *pool,
                    const struct batch_kernel *k, FILE *out, struct buf *b,
                    struct err *e)
{
    struct lab_bench *bench = lab_bench_create(pool);
    struct policy_host host = policy_default_host();
    struct policy_result r;
    int got;

    while ((got = csv_next(c, e)) > 0) {
        if (read_row(p, c, &host, e))
            return -1;
        if (k->text)
            k->text->load(&host, &r);
        else
            lab_result(lab_load(bench, k->model, &host), &r);
        put_row(b, p, c, &r);
        if (b->len >= FLUSH_AT && flush(b, out, e))
            return -1;
    }
    return got;
}

int batch_gating(FILE *in, const char *in_name, FILE *out,
                 const struct batch_kernel *k, const char *columns,
                 struct err *e)
{
    struct pool *pool = pool_create();
    struct csv *c = csv_open(pool, in, in_name, e);
    struct plan p = { 0 };
    struct buf b = BUF_INIT;
    int ret = c ? make_plan(&p, c, pool, columns, e) : -1;

    if (!ret) {
        put_header(&b, &p, c);
        ret = run_rows(c, &p, pool, k, out, &b, e);
        /* The rows before a bad one are good: they still go out. */
        if (flush(&b, out, e))
            ret = -1;
    }
    buf_free(&b);
    pool_destroy(pool);
    return ret;
}
