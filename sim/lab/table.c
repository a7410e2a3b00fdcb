/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/table.c - answers as rows of cells.
 *
 * Which columns there are follows from the first line: its axes and its steps,
 * which every point of a sweep has, and all facts that there are.
 */
#include "lab/lines.h"
#include "lab/scan.h"

#include "trace.h"

#include <jansson.h>
#include <string.h>

enum source { FROM_ROOT, FROM_AXES, FROM_FACTS, FROM_STEP, FROM_INVARIANTS };

struct column {
    enum source source;
    unsigned step; /* FROM_STEP */
    const char *key;
};

struct lab_table {
    struct pool *pool, *row; /* row: its texts */
    const char *path;
    struct lines *lines;
    unsigned n, room;
    struct lab_column *columns; /* as others see them */
    struct column *from;
    struct lab_cell *cells;
    unsigned n_steps;
    unsigned guess; /* the column that is probably filled next */
};

/* ---- columns ---- */

static void add_column(struct lab_table *t, struct lab_column c,
                       struct column from)
{
    unsigned room = t->room;

    t->from = pool_more(t->pool, t->from, t->n, &room, sizeof(*t->from));
    t->columns =
        pool_more(t->pool, t->columns, t->n, &t->room, sizeof(*t->columns));
    t->columns[t->n] = c;
    t->from[t->n++] = from;
}

static void add_counts(struct lab_table *t)
{
    static const char *const names[] = { "point", "passed", "failed",
                                         "skipped" };

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        add_column(t,
                   (struct lab_column) { names[i], VALUE_NUMBER, false, false },
                   (struct column) { FROM_ROOT, 0, names[i] });
}

static bool is_hex(const json_t *j)
{
    const char *text = json_string_value(j);

    return text && strncmp(text, "0x", 2) == 0;
}

static void add_axes(struct lab_table *t, const json_t *line)
{
    json_t *axes = json_object_get(line, "axes"), *value;
    const char *key;

    json_object_foreach(axes, key, value)
    {
        const char *name = pool_strdup(t->pool, key);
        bool number = json_is_integer(value) || is_hex(value);

        add_column(t,
                   (struct lab_column) { name,
                                         number                  ? VALUE_NUMBER
                                         : json_is_string(value) ? VALUE_TEXT
                                                                 : VALUE_BOOL,
                                         true, is_hex(value) },
                   (struct column) { FROM_AXES, 0, name });
    }
}

static void add_facts(struct lab_table *t)
{
    for (unsigned i = 0; i < n_facts; i++) {
        const struct fact_desc *d = &fact_table[i];
        int field = event_field_find(d->event, d->field);
        enum field_kind kind = event_table[d->event].fields[field].kind;

        add_column(
            t,
            (struct lab_column) { d->name, d->kind, false,
                                  d->kind == VALUE_NUMBER && kind != KIND_DEC },
            (struct column) { FROM_FACTS, 0, d->name });
    }
}

static void add_steps(struct lab_table *t, const json_t *line)
{
    static const struct {
        const char *key;
        enum value_kind kind;
        bool hex;
    } members[] = {
        { "outcome", VALUE_TEXT, false },     { "value", VALUE_NUMBER, true },
        { "error_code", VALUE_NUMBER, true }, { "cr2", VALUE_NUMBER, true },
        { "n_npf", VALUE_NUMBER, false },     { "npf", VALUE_TEXT, false },
        { "exits", VALUE_NUMBER, false },     { "cycles", VALUE_NUMBER, false },
    };
    json_t *steps = json_object_get(line, "steps");

    t->n_steps = (unsigned)json_array_size(steps);
    for (unsigned i = 0; i < t->n_steps; i++) {
        const json_t *step = json_array_get(steps, i);
        const char *id = json_string_value(json_object_get(step, "id"));

        for (unsigned k = 0; id && k < ARRAY_SIZE(members); k++)
            add_column(t,
                       (struct lab_column) {
                           pool_printf(t->pool, "%s.%s", id, members[k].key),
                           members[k].kind, false, members[k].hex },
                       (struct column) { FROM_STEP, i, members[k].key });
    }
}

static void add_invariants(struct lab_table *t)
{
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        const char *name = invariant_table[i].name;

        add_column(t, (struct lab_column) { name, VALUE_TEXT, false, false },
                   (struct column) { FROM_INVARIANTS, 0, name });
    }
}

unsigned lab_table_columns(const struct lab_table *t,
                           const struct lab_column **out)
{
    *out = t->columns;
    return t->n;
}

int lab_table_find(const struct lab_table *t, const char *name, struct err *e)
{
    struct pool *pool = pool_create();
    const char **names = pool_alloc(pool, (t->n + 1) * sizeof(*names));
    int found = -1;

    for (unsigned i = 0; i < t->n; i++) {
        names[i] = t->columns[i].name;
        if (strcmp(names[i], name) == 0)
            found = (int)i;
    }
    if (found < 0) {
        err_plain(e, t->path, "there is no column '%.60s'", name);
        err_suggest(e, name, names, t->n);
        err_hint(e, "nptsim sweep csv prints them all");
    }
    pool_destroy(pool);
    return found;
}

/* ---- rows ---- */

static int bad_line(struct lab_table *t, const char *what, struct err *e)
{
    err_at(e, lines_at(t->lines), "not the answer of a sweep: %s", what);
    return -1;
}

/* 1 = a line is there, 0 = no more, -1 = error. */
static int read_line(struct lab_table *t, const char **text, size_t *len,
                     struct err *e)
{
    struct lab_line head;
    int ret = lines_next(t->lines, text, len, e);

    if (ret > 0 && !lab_line_read(*text, *len, &head))
        return bad_line(t, "it does not begin with point and counts", e);
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
    int ret = read_line(t, &s.at, &len, e);

    if (ret <= 0)
        return ret;
    s.end = s.at + len;
    pool_reset(t->row);
    memset(t->cells, 0, t->n * sizeof(*t->cells));
    t->guess = 0;
    fill_group(t, &s, FROM_ROOT, 0);
    if (s.bad || s.at != s.end)
        return bad_line(
            t, t->guess ? t->columns[t->guess - 1].name : "it is no JSON", e);
    return is_complete(t) ? 1 : bad_line(t, "an axis is missing", e);
}

const struct lab_cell *lab_table_row(const struct lab_table *t)
{
    return t->cells;
}

/* ---- the whole ---- */

uint64_t lab_table_missing(const struct lab_table *t)
{
    return lines_missing(t->lines);
}

static int look_at_first(struct lab_table *t, struct err *e)
{
    const char *text;
    size_t len;
    int ret = read_line(t, &text, &len, e);
    json_error_t why;
    json_t *line;

    if (ret < 0)
        return -1;
    if (ret == 0)
        return err_plain(e, t->path, "holds no answers yet");
    line = json_loadb(text, len, 0, &why);
    if (!line)
        return bad_line(t, why.text, e);
    add_counts(t);
    add_axes(t, line);
    add_facts(t);
    add_steps(t, line);
    add_invariants(t);
    json_decref(line);
    t->cells = pool_alloc(t->pool, t->n * sizeof(*t->cells));
    lines_rewind(t->lines);
    return 0;
}

struct lab_table *lab_table_open(struct pool *pool, const char *path,
                                 struct err *e)
{
    struct lab_table *t = pool_alloc(pool, sizeof(*t));

    t->pool = pool;
    t->row = pool_child(pool);
    t->path = path;
    t->lines = lines_open(pool, path, e);
    if (t->lines && look_at_first(t, e) == 0)
        return t;
    lab_table_close(t);
    return NULL;
}

void lab_table_close(struct lab_table *t)
{
    if (t && t->lines)
        lines_close(t->lines);
}
