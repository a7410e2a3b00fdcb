/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/table_row.c - one answer as the cells of a row. */
#include "lab/scan.h"
#include "lab/table.h"

#include <string.h>

int table_bad_line(struct lab_table *t, const char *what, struct err *e)
{
    err_at(e, lines_at(t->lines), "not the answer of a sweep: %s", what);
    return -1;
}

int table_read_line(struct lab_table *t, const char **text, size_t *len,
                    struct err *e)
{
    struct lab_line head;
    int ret = lines_next(t->lines, text, len, e);

    if (ret > 0 && !lab_line_read(*text, *len, &head))
        return table_bad_line(t, "it does not begin with point and counts", e);
    return ret;
}

/* Values stand in the line as columns do in the table, but for those that are
 * not there: the next one is almost always the right guess. */
static int find_column(struct lab_table *t, enum source source, unsigned step,
                       const char *key, size_t len)
{
    for (unsigned k = 0; k < t->n; k++) {
        unsigned i = (t->guess + k) % t->n;
        const struct column *c = &t->from[i];

        if (c->source == source && c->step == step &&
            strncmp(c->key, key, len) == 0 && !c->key[len]) {
            t->guess = i + 1;
            return (int)i;
        }
    }
    return -1;
}

/* "0x100000004 0x10000000d" */
static const char *list_text(struct scan *s, struct pool *pool)
{
    const char *text = "", *one;
    bool first = true;

    scan_expect(s, '[');
    while (scan_more(s, ']', &first) && (one = scan_text(s, pool)))
        text = *text ? pool_printf(pool, "%s %s", text, one) : one;
    return text;
}

static void fill_cell(struct lab_table *t, unsigned column, struct scan *s)
{
    struct lab_cell *cell = &t->cells[column];
    bool truth = false;

    cell->known = true;
    cell->value.kind = t->columns[column].kind;
    switch (cell->value.kind) {
    case VALUE_NUMBER:
        scan_number(s, &cell->value.number);
        return;
    case VALUE_BOOL:
        scan_bool(s, &truth);
        cell->value.number = truth;
        return;
    case VALUE_TEXT:
        cell->value.text =
            scan_sees(s, '[') ? list_text(s, t->row) : scan_text(s, t->row);
        return;
    }
}

static void fill_group(struct lab_table *t, struct scan *s, enum source source,
                       unsigned step);

static void fill_steps(struct lab_table *t, struct scan *s)
{
    unsigned step = 0;
    bool first = true;

    scan_expect(s, '[');
    while (scan_more(s, ']', &first))
        fill_group(t, s, FROM_STEP, step++);
    s->bad |= step != t->n_steps;
}

/* A member of the line that is a value of its own, or a group of them. */
static void fill_member(struct lab_table *t, struct scan *s, enum source source,
                        unsigned step, const char *key, size_t len)
{
    static const struct {
        const char *key;
        enum source source;
    } groups[] = {
        { "axes", FROM_AXES },
        { "facts", FROM_FACTS },
        { "steps", FROM_STEP },
        { "invariants", FROM_INVARIANTS },
    };
    int column = find_column(t, source, step, key, len);
    unsigned i = 0;

    if (column >= 0) {
        fill_cell(t, (unsigned)column, s);
        return;
    }
    while (i < ARRAY_SIZE(groups) &&
           (source != FROM_ROOT || strlen(groups[i].key) != len ||
            memcmp(groups[i].key, key, len) != 0))
        i++;
    if (i == ARRAY_SIZE(groups))
        scan_skip(s);
    else if (groups[i].source == FROM_STEP)
        fill_steps(t, s);
    else
        fill_group(t, s, groups[i].source, 0);
}

static void fill_group(struct lab_table *t, struct scan *s, enum source source,
                       unsigned step)
{
    bool first = true, plain;
    const char *key;
    size_t len;

    scan_expect(s, '{');
    while (scan_more(s, '}', &first) && scan_raw(s, &key, &len, &plain) &&
           scan_expect(s, ':'))
        fill_member(t, s, source, step, key, len);
}

/* Counts and axes are in every line. */
static bool is_complete(const struct lab_table *t)
{
    for (unsigned i = 0; i < t->n; i++)
        if (!t->cells[i].known &&
            (t->from[i].source == FROM_ROOT || t->from[i].source == FROM_AXES))
            return false;
    return true;
}

int lab_table_next(struct lab_table *t, struct err *e)
{
    struct scan s = { 0 };
    size_t len;
    int ret = table_read_line(t, &s.at, &len, e);

    if (ret <= 0)
        return ret;
    s.end = s.at + len;
    pool_reset(t->row);
    memset(t->cells, 0, t->n * sizeof(*t->cells));
    t->guess = 0;
    fill_group(t, &s, FROM_ROOT, 0);
    if (s.bad || s.at != s.end)
        return table_bad_line(
            t, t->guess ? t->columns[t->guess - 1].name : "it is no JSON", e);
    return is_complete(t) ? 1 : table_bad_line(t, "an axis is missing", e);
}

const struct lab_cell *lab_table_row(const struct lab_table *t)
{
    return t->cells;
}
