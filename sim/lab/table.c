/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/table.c - answers as rows of cells.
 *
 * Which columns there are follows from the first line: its axes and its steps,
 * which every point of a sweep has, and all facts that there are.
 */
#include "lab/lines.h"

#include "trace.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

enum source { FROM_ROOT, FROM_AXES, FROM_FACTS, FROM_STEP };

struct column {
    enum source source;
    unsigned step; /* FROM_STEP */
    const char *key;
};

struct lab_table {
    struct pool *pool, *row; /* row: its texts */
    const char *path;
    struct lines *lines;
    unsigned n, cap;
    struct lab_column *columns; /* as others see them */
    struct column *from;
    struct lab_cell *cells;
    unsigned n_steps;
    json_t *line;
};

/* ---- columns ---- */

static void add_column(struct lab_table *t, struct lab_column c,
                       struct column from)
{
    if (t->n == t->cap) {
        unsigned cap = t->cap ? 2 * t->cap : 64;
        struct lab_column *columns =
            pool_alloc(t->pool, cap * sizeof(*columns));
        struct column *froms = pool_alloc(t->pool, cap * sizeof(*froms));

        if (t->n) {
            memcpy(columns, t->columns, t->n * sizeof(*columns));
            memcpy(froms, t->from, t->n * sizeof(*froms));
        }
        t->columns = columns;
        t->from = froms;
        t->cap = cap;
    }
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

static void add_axes(struct lab_table *t)
{
    json_t *axes = json_object_get(t->line, "axes"), *value;
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

static void add_steps(struct lab_table *t)
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
    json_t *steps = json_object_get(t->line, "steps");

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

unsigned lab_table_columns(const struct lab_table *t,
                           const struct lab_column **out)
{
    *out = t->columns;
    return t->n;
}

int lab_table_find(const struct lab_table *t, const char *name, struct err *e)
{
    struct pool *pool = pool_create();
    const char **names = pool_alloc(pool, (t->n + 1) * sizeof(*names)), *near;
    int found = -1;

    for (unsigned i = 0; i < t->n; i++) {
        names[i] = t->columns[i].name;
        if (strcmp(names[i], name) == 0)
            found = (int)i;
    }
    if (found < 0) {
        near = closest_word(name, names, t->n);
        err_plain(e, t->path, "there is no column '%.60s'", name);
        if (near)
            err_hint(e, "did you mean '%s'?", near);
        else
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
static int read_line(struct lab_table *t, struct err *e)
{
    const char *text;
    size_t len;
    struct lab_line head;
    json_error_t why;
    int ret = lines_next(t->lines, &text, &len, e);

    json_decref(t->line);
    t->line = NULL;
    if (ret <= 0)
        return ret;
    if (!lab_line_read(text, len, &head))
        return bad_line(t, "it does not begin with point and counts", e);
    t->line = json_loadb(text, len, 0, &why);
    return t->line ? 1 : bad_line(t, why.text, e);
}

static const json_t *source_of(const struct lab_table *t, unsigned column)
{
    const struct column *c = &t->from[column];

    switch (c->source) {
    case FROM_ROOT:
        return json_object_get(t->line, c->key);
    case FROM_AXES:
        return json_object_get(json_object_get(t->line, "axes"), c->key);
    case FROM_FACTS:
        return json_object_get(json_object_get(t->line, "facts"), c->key);
    case FROM_STEP:
        return json_object_get(
            json_array_get(json_object_get(t->line, "steps"), c->step), c->key);
    }
    return NULL;
}

static bool number_of(const json_t *j, uint64_t *out)
{
    const char *text = json_string_value(j);

    if (json_is_integer(j))
        *out = (uint64_t)json_integer_value(j);
    return text ? num_parse(text, strlen(text), out) == NUM_OK
                : json_is_integer(j);
}

/* "0x100000004 0x10000000d" */
static const char *list_text(struct pool *pool, const json_t *list)
{
    const char *text = "";

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));

        text = pool_printf(pool, "%s%s%s", text, i ? " " : "", one ? one : "?");
    }
    return text;
}

/* false: there stands something else than in the first line. */
static bool fill_cell(struct lab_table *t, unsigned column)
{
    const json_t *j = source_of(t, column);
    struct lab_cell *cell = &t->cells[column];
    struct value *v = &cell->value;

    *cell = (struct lab_cell) { .known = j != NULL,
                                .value.kind = t->columns[column].kind };
    if (!j)
        return t->from[column].source == FROM_FACTS ||
               t->from[column].source == FROM_STEP;
    switch (v->kind) {
    case VALUE_NUMBER:
        return number_of(j, &v->number);
    case VALUE_BOOL:
        v->number = json_is_true(j);
        return json_is_boolean(j);
    case VALUE_TEXT:
        v->text =
            json_is_array(j) ? list_text(t->row, j) : json_string_value(j);
        return v->text != NULL;
    }
    return false;
}

static int fill_row(struct lab_table *t, struct err *e)
{
    json_t *steps = json_object_get(t->line, "steps");

    pool_reset(t->row);
    if (json_array_size(steps) != t->n_steps ||
        !json_is_object(json_object_get(t->line, "facts")))
        return bad_line(t, "it has other steps than the first line", e);
    for (unsigned i = 0; i < t->n; i++)
        if (!fill_cell(t, i))
            return bad_line(t, t->columns[i].name, e);
    return 1;
}

int lab_table_next(struct lab_table *t, struct err *e)
{
    int ret = read_line(t, e);

    return ret > 0 ? fill_row(t, e) : ret;
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
    int ret = read_line(t, e);

    if (ret < 0)
        return -1;
    if (ret == 0) {
        err_plain(e, t->path, "holds no answers yet");
        return -1;
    }
    add_counts(t);
    add_axes(t);
    add_facts(t);
    add_steps(t);
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
    if (!t)
        return;
    json_decref(t->line);
    t->line = NULL;
    if (t->lines)
        lines_close(t->lines);
}
