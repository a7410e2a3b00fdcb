/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/table.c - answers as rows of cells.
 *
 * Which columns there are follows from the first line: its axes and its steps,
 * which every point of a sweep has, and all facts that there are.
 */
#include "lab/table.h"

#include "trace.h"

#include <jansson.h>
#include <string.h>

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

/* ---- the whole ---- */

uint64_t lab_table_missing(const struct lab_table *t)
{
    return lines_missing(t->lines);
}

static int look_at_first(struct lab_table *t, struct err *e)
{
    const char *text;
    size_t len;
    int ret = table_read_line(t, &text, &len, e);
    json_error_t why;
    json_t *line;

    if (ret < 0)
        return -1;
    if (ret == 0)
        return err_plain(e, t->path, "holds no answers yet");
    line = json_loadb(text, len, 0, &why);
    if (!line)
        return table_bad_line(t, why.text, e);
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
