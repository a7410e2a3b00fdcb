/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/sweep_index.c - nptsim sweep index and csv: answers for other tools. */
#include "cli/cli.h"
#include "cli/sweep_commands.h"
#include "sweep.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

struct export_args {
    const char *from, *out, *columns;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct export_args *a = state->input;

    switch (key) {
    case 'o':
        a->out = arg;
        return 0;
    case 'c':
        a->columns = arg;
        return 0;
    case ARGP_KEY_ARG:
        return cli_one_word(state, arg, &a->from,
                            "one folder or file at a time");
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which folder or file?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- SQLite ---- */

static const struct argp_option index_options[] = {
    { "out", 'o', "FILE", 0,
      "The database (default: DIR/index.sqlite, FILE.sqlite)", 0 },
    { 0 },
};

static const struct argp index_argp = {
    index_options,
    parse_option,
    "DIR|FILE",
    "Make an SQLite database of a sweep's folder or of a merged file: table "
    "\"points\", a row for each point.\v"
    "Columns: point, passed, failed, skipped, the axes, the facts, and of each "
    "step its outcome, value, and so on, the invariants, with _ for . and -: "
    "cpu_set_cbit, kvm_sev_es, hpet_outcome, no_hang. Table \"columns\" has "
    "them all.",
    NULL,
    NULL,
    NULL
};

static const char *default_index(struct pool *pool, const char *from)
{
    struct stat st;

    if (stat(from, &st) == 0 && S_ISDIR(st.st_mode))
        return pool_printf(pool, "%s/index.sqlite", from);
    return pool_printf(pool, "%s.sqlite", from);
}

int sweep_index(int argc, char **argv)
{
    struct pool *pool = pool_create();
    struct export_args a = { 0 };
    struct lab_table *table;
    uint64_t points;
    struct err e = { 0 };
    int status = STATUS_OK;

    cli_parse(&index_argp, argc, argv, &a);
    if (!a.out)
        a.out = default_index(pool, a.from);
    table = lab_table_open(pool, a.from, &e);
    if (!table || lab_index(table, a.out, &points, &e))
        status = cli_input_error(&e);
    else
        printf("%" PRIu64 " points in %s\n", points, a.out);
    lab_table_close(table);
    pool_destroy(pool);
    return status;
}

/* ---- CSV ---- */

static const struct argp_option csv_options[] = {
    { "columns", 'c', "A,B,...", 0, "Just these columns, in this order", 0 },
    { 0 },
};

static const struct argp csv_argp = {
    csv_options,
    parse_option,
    "DIR|FILE",
    "Print a sweep's folder or a merged file as CSV, a line for each point.\v"
    "Booleans are 0 and 1, what is made of bits is hexadecimal with 0x, other "
    "numbers are decimal; what a point does not have is empty.",
    NULL,
    NULL,
    NULL
};

/* RFC 4180: in quotes where a comma, a quote or a line's end would confuse. */
static void put_text(struct buf *b, const char *text)
{
    if (!strpbrk(text, ",\"\n\r")) {
        buf_adds(b, text);
        return;
    }
    buf_addc(b, '"');
    for (; *text; text++) {
        if (*text == '"')
            buf_addc(b, '"');
        buf_addc(b, *text);
    }
    buf_addc(b, '"');
}

static void put_cell(struct buf *b, const struct lab_column *c,
                     const struct lab_cell *cell)
{
    if (!cell->known)
        return;
    if (cell->value.kind == VALUE_TEXT) {
        put_text(b, cell->value.text);
    } else if (c->hex) {
        buf_adds(b, "0x");
        buf_hex(b, cell->value.number);
    } else {
        buf_dec(b, cell->value.number);
    }
}

/* Which columns, in which order; NULL with @e. */
static unsigned *choose(struct pool *pool, const struct lab_table *t,
                        const char *names, unsigned *n, struct err *e)
{
    const struct lab_column *columns;
    const char *const *name = NULL;
    unsigned *chosen;

    *n = lab_table_columns(t, &columns);
    if (names)
        name = cli_split(pool, names, n);
    chosen = pool_alloc(pool, *n * sizeof(*chosen));
    for (unsigned i = 0; i < *n; i++) {
        int column = name ? lab_table_find(t, name[i], e) : (int)i;

        if (column < 0)
            return NULL;
        chosen[i] = (unsigned)column;
    }
    return chosen;
}

static int print_csv(struct lab_table *t, const unsigned *chosen, unsigned n,
                     struct err *e)
{
    const struct lab_column *columns;
    struct buf line = BUF_INIT;
    int ret;

    lab_table_columns(t, &columns);
    for (unsigned i = 0; i < n; i++) {
        buf_adds(&line, i ? "," : "");
        put_text(&line, columns[chosen[i]].name);
    }
    buf_addc(&line, '\n');
    while ((ret = lab_table_next(t, e)) > 0) {
        const struct lab_cell *row = lab_table_row(t);

        for (unsigned i = 0; i < n; i++) {
            buf_adds(&line, i ? "," : "");
            put_cell(&line, &columns[chosen[i]], &row[chosen[i]]);
        }
        buf_addc(&line, '\n');
        cli_print(&line);
        buf_clear(&line);
    }
    cli_print(&line); /* a header without rows */
    buf_free(&line);
    return ret;
}

int sweep_csv(int argc, char **argv)
{
    struct pool *pool = pool_create();
    struct export_args a = { 0 };
    struct lab_table *table;
    unsigned *chosen, n;
    struct err e = { 0 };
    int status = STATUS_OK;

    cli_parse(&csv_argp, argc, argv, &a);
    table = lab_table_open(pool, a.from, &e);
    chosen = table ? choose(pool, table, a.columns, &n, &e) : NULL;
    if (!chosen || print_csv(table, chosen, n, &e))
        status = cli_input_error(&e);
    lab_table_close(table);
    pool_destroy(pool);
    return status;
}
