/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/atlas.c - read a table into places. */
#include "cli/atlas.h"

#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static const char *cell_text(struct pool *pool, const struct lab_column *c,
                             const struct lab_cell *cell)
{
    uint64_t v = cell->value.number;

    if (!cell->known)
        return "none";
    switch (cell->value.kind) {
    case VALUE_TEXT:
        return cell->value.text;
    case VALUE_BOOL:
        return v ? "true" : "false";
    case VALUE_NUMBER:
        return pool_printf(pool, c->hex ? "0x%llx" : "%llu",
                           (unsigned long long)v);
    }
    return "";
}

/* The index of @text among @v, which may grow by it; -1: too many. */
static int place_of(struct atlas *m, struct atlas_values *v, const char *text,
                    struct err *e)
{
    for (unsigned k = 0; k < v->n; k++) {
        unsigned i = (v->last + k) % v->n;

        if (strcmp(v->text[i], text) == 0) {
            v->last = i;
            return (int)i;
        }
    }
    if (v->n == ATLAS_MAX_VALUES) {
        err_plain(e, NULL, "%.60s has more than %d values, too many for a map",
                  v->column->name, ATLAS_MAX_VALUES);
        return err_hint(e, "--where AXIS=VALUE leaves fewer points; nptsim "
                           "sweep index and csv take them all");
    }
    v->text[v->n] = pool_strdup(m->pool, text);
    v->last = v->n;
    return (int)v->n++;
}

static struct atlas_values values_of(struct atlas *m, unsigned column)
{
    return (struct atlas_values) {
        .column = &m->columns[column],
        .index = column,
        .text = pool_alloc(m->pool, ATLAS_MAX_VALUES * sizeof(char *)),
    };
}

/* ---- columns ---- */

/* The last step's outcome, else what became of the VM. */
static int default_fact(const struct atlas *m, unsigned n)
{
    int vm = 0;

    for (unsigned i = n; i-- > 0;) {
        const char *dot = strrchr(m->columns[i].name, '.');

        if (dot && strcmp(dot, ".outcome") == 0)
            return (int)i;
        if (strcmp(m->columns[i].name, "vm.create") == 0)
            vm = (int)i;
    }
    return vm;
}

static int choose_columns(struct atlas *m, const char *fact, struct err *e)
{
    unsigned n = lab_table_columns(m->table, &m->columns);
    int shown = fact ? lab_table_find(m->table, fact, e) : default_fact(m, n);

    if (shown < 0)
        return -1;
    m->shown = values_of(m, (unsigned)shown);
    m->axes = pool_alloc(m->pool, n * sizeof(*m->axes));
    for (unsigned i = 0; i < n; i++)
        if (m->columns[i].axis)
            m->axes[m->n_axes++] = values_of(m, i);
    return 0;
}

/* ---- rows ---- */

/* Does the row fulfil every --where? -1: it names no column. */
static int wanted(struct atlas *m, const struct cli_settings *where,
                  const struct lab_cell *row, struct pool *scratch,
                  struct err *e)
{
    for (unsigned i = 0; i < where->n; i++) {
        int c = lab_table_find(m->table, where->s[i].key, e);

        if (c < 0)
            return -1;
        if (strcmp(cell_text(scratch, &m->columns[c], &row[c]),
                   where->s[i].value) != 0)
            return 0;
    }
    return 1;
}

static uint16_t *new_answer(struct atlas *m)
{
    size_t size = m->n_axes + 1;

    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 1024;
        m->answers = realloc(m->answers, m->cap * size * sizeof(uint16_t));
        BUG_ON(!m->answers);
    }
    return m->answers + m->n++ * size;
}

static int read_row(struct atlas *m, const struct lab_cell *row,
                    struct pool *scratch, struct err *e)
{
    uint16_t *answer = new_answer(m);

    for (unsigned i = 0; i <= m->n_axes; i++) {
        struct atlas_values *v = i < m->n_axes ? &m->axes[i] : &m->shown;
        int at =
            place_of(m, v, cell_text(scratch, v->column, &row[v->index]), e);

        if (at < 0)
            return -1;
        answer[i] = (uint16_t)at;
    }
    return 0;
}

static int read_rows(struct atlas *m, const struct cli_settings *where,
                     struct err *e)
{
    struct pool *scratch = pool_create();
    int ret;

    while ((ret = lab_table_next(m->table, e)) > 0) {
        const struct lab_cell *row = lab_table_row(m->table);

        ret = wanted(m, where, row, scratch, e);
        if (ret > 0)
            ret = read_row(m, row, scratch, e);
        pool_reset(scratch);
        if (ret < 0)
            break;
    }
    pool_destroy(scratch);
    if (ret == 0 && m->n == 0)
        return err_plain(e, NULL, "no point fulfils every --where");
    return ret;
}

/* ---- order ---- */

static uint64_t number_of(const char *text)
{
    uint64_t v = 0;

    num_parse(text, strlen(text), &v);
    return v;
}

/* Points that are missing may have brought an axis' values out of order. */
static void sort_axis(struct atlas *m, unsigned axis)
{
    struct atlas_values *v = &m->axes[axis];
    const char **text = pool_alloc(m->pool, v->n * sizeof(*text));
    uint16_t *rank = pool_alloc(m->pool, v->n * sizeof(*rank));

    for (unsigned i = 0; i < v->n; i++)
        for (unsigned k = 0; k < v->n; k++)
            rank[i] += number_of(v->text[k]) < number_of(v->text[i]);
    for (unsigned i = 0; i < v->n; i++)
        text[rank[i]] = v->text[i];
    for (size_t i = 0; i < m->n; i++) {
        uint16_t *at = m->answers + i * (m->n_axes + 1) + axis;

        *at = rank[*at];
    }
    v->text = text;
}

int atlas_read(struct atlas *m, struct pool *pool, struct lab_table *table,
               const char *fact, const struct cli_settings *where,
               struct err *e)
{
    *m = (struct atlas) { .pool = pool, .table = table };
    if (choose_columns(m, fact, e) || read_rows(m, where, e))
        return -1;
    for (unsigned i = 0; i < m->n_axes; i++)
        if (m->axes[i].column->kind == VALUE_NUMBER)
            sort_axis(m, i);
    return 0;
}

void atlas_free(struct atlas *m)
{
    free(m->answers);
}
