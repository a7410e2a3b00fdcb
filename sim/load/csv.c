/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/csv.c - tables of millions of rows, one row in memory at a time.
 *
 * Stricter than most: every row has as many cells as the header, no quotes, no
 * control characters, no line without end. A table that a program wrote for
 * another program has no reason to be otherwise, and a shifted column would be
 * believed.
 */
#include "load.h"

#include <errno.h>
#include <string.h>

#define CHUNK       65536 /* bytes asked for at a time */
#define MAX_LINE    65535
#define MAX_COLUMNS 256

struct csv {
    FILE *in;
    const char *name;
    bool eof;
    unsigned line; /* of the current row, from 1 */
    unsigned n_columns;
    const char *names[MAX_COLUMNS];
    struct csv_cell cells[MAX_COLUMNS];
    char *data; /* CHUNK + MAX_LINE + 1 bytes */
    size_t at, end;
    const char *start; /* of the current line */
};

static struct mark mark_at(const struct csv *c, const char *where, size_t span)
{
    return (struct mark) {
        .file = c->name,
        .line = c->line,
        .col = (unsigned)(where - c->start) + 1,
        .span = (unsigned)span,
    };
}

/* ---- lines ---- */

/* Move the unfinished line to the front and read on behind it. */
static int refill(struct csv *c, struct err *e)
{
    size_t got;

    memmove(c->data, c->data + c->at, c->end - c->at);
    c->end -= c->at;
    c->at = 0;
    got = fread(c->data + c->end, 1, CHUNK, c->in);
    if (ferror(c->in))
        return err_plain(e, c->name, "cannot read: %s", strerror(errno));
    c->eof = got == 0;
    c->end += got;
    return 0;
}

/* The next line, without its end. 1, 0 at the end of the file, -1 on error. */
static int next_line(struct csv *c, struct csv_cell *out, struct err *e)
{
    size_t seen = 0, len;
    char *stop;

    while (
        !(stop = memchr(c->data + c->at + seen, '\n', c->end - c->at - seen))) {
        seen = c->end - c->at;
        if (seen > MAX_LINE || c->eof)
            break;
        if (refill(c, e))
            return -1;
    }
    if (!stop && seen == 0)
        return 0;

    c->line++;
    c->start = c->data + c->at;
    len = stop ? (size_t)(stop - c->start) : seen;
    c->at += len + (stop != NULL);
    if (len > MAX_LINE)
        return err_at(e, mark_at(c, c->start, 0),
                      "the line is longer than %d characters", MAX_LINE);
    if (len && c->start[len - 1] == '\r')
        len--;
    *out = (struct csv_cell) { c->start, len };
    return 1;
}

/* ---- cells ---- */

/* Characters of a cell that a message shows. */
static int shown(struct csv_cell cell)
{
    return cell.len < 60 ? (int)cell.len : 60;
}

/* Cut @line into cells; returns how many there are, also beyond the array. */
static unsigned cut(struct csv *c, struct csv_cell line)
{
    const char *at = line.text, *end = at + line.len;
    unsigned n = 0;

    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;

        if (n < MAX_COLUMNS)
            c->cells[n] = (struct csv_cell) { at, (size_t)(stop - at) };
        n++;
        if (!comma)
            return n;
        at = comma + 1;
    }
}

static int check_characters(struct csv *c, struct csv_cell line, struct err *e)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char byte = (unsigned char)line.text[i];

        if (byte >= ' ' && byte != '"' && byte != 0x7f)
            continue;
        if (byte == '"') {
            err_at(e, mark_at(c, line.text + i, 1),
                   "a quote: cells are plain here");
            return err_hint(e, "write the cell without quotes; it cannot "
                               "contain a comma");
        }
        return err_at(e, mark_at(c, line.text + i, 1),
                      "the control character %02xh: not a text file", byte);
    }
    return 0;
}

static bool is_name(struct csv_cell cell)
{
    if (cell.len == 0 || (cell.text[0] >= '0' && cell.text[0] <= '9'))
        return false;
    for (size_t i = 0; i < cell.len; i++) {
        char l = cell.text[i] | 32;

        if (!(l >= 'a' && l <= 'z') && !strchr("0123456789_.-", cell.text[i]))
            return false;
    }
    return true;
}

static int read_header(struct csv *c, struct pool *pool, struct err *e)
{
    struct csv_cell line;
    int got = next_line(c, &line, e);

    if (got < 0)
        return -1;
    if (got == 0) {
        err_plain(e, c->name, "empty: there is no header line");
        return err_hint(e, "the first line names the columns");
    }
    if (check_characters(c, line, e))
        return -1;
    c->n_columns = cut(c, line);
    if (c->n_columns > MAX_COLUMNS)
        return err_at(e, mark_at(c, line.text, line.len),
                      "%u columns; at most %d are read", c->n_columns,
                      MAX_COLUMNS);

    for (unsigned i = 0; i < c->n_columns; i++) {
        struct csv_cell cell = c->cells[i];

        if (!is_name(cell)) {
            err_at(e, csv_mark(c, i), "'%.*s' is not a column name",
                   shown(cell), cell.text);
            return err_hint(e, "the first line names the columns: letters, "
                               "digits, '_', '.', '-'");
        }
        c->names[i] = pool_strndup(pool, cell.text, cell.len);
        for (unsigned j = 0; j < i; j++)
            if (strcmp(c->names[i], c->names[j]) == 0)
                return err_at(e, csv_mark(c, i), "duplicate column '%s'",
                              c->names[i]);
    }
    return 0;
}

struct csv *csv_open(struct pool *pool, FILE *in, const char *name,
                     struct err *e)
{
    struct csv *c = pool_alloc(pool, sizeof(*c));

    c->in = in;
    c->name = name;
    c->data = pool_alloc(pool, CHUNK + MAX_LINE + 1);
    return read_header(c, pool, e) ? NULL : c;
}

unsigned csv_n_columns(const struct csv *c)
{
    return c->n_columns;
}

const char *csv_column_name(const struct csv *c, unsigned column)
{
    return c->names[column];
}

int csv_column(const struct csv *c, const char *name)
{
    for (unsigned i = 0; i < c->n_columns; i++)
        if (strcmp(c->names[i], name) == 0)
            return (int)i;
    return -1;
}

int csv_next(struct csv *c, struct err *e)
{
    struct csv_cell line;
    int got = next_line(c, &line, e);
    unsigned n;

    if (got <= 0)
        return got;
    if (check_characters(c, line, e))
        return -1;
    n = cut(c, line);
    if (n == c->n_columns)
        return 1;
    if (line.len == 0 && c->n_columns > 1)
        return err_at(e, mark_at(c, line.text, 0), "an empty line");
    err_at(e, mark_at(c, line.text, line.len),
           "the row has %u cells, the header %u", n, c->n_columns);
    return err_hint(e,
                    n < c->n_columns ? "the first missing one is '%s'"
                                     : "the last column is '%s'",
                    c->names[n < c->n_columns ? n : c->n_columns - 1]);
}

struct csv_cell csv_cell(const struct csv *c, unsigned column)
{
    return c->cells[column];
}

struct mark csv_mark(const struct csv *c, unsigned column)
{
    return mark_at(c, c->cells[column].text, c->cells[column].len);
}

int csv_number(const struct csv *c, unsigned column, unsigned radix,
               uint64_t min, uint64_t max, uint64_t *out, struct err *e)
{
    struct csv_cell cell = c->cells[column];
    enum num_result r = radix == 16 ? num_parse_hex(cell.text, cell.len, out)
                                    : num_parse(cell.text, cell.len, out);

    if (r != NUM_OK)
        return err_at(e, csv_mark(c, column), "%s: '%.*s' %s", c->names[column],
                      shown(cell), cell.text, num_problem(r));
    if (*out >= min && *out <= max)
        return 0;
    return err_at(e, csv_mark(c, column),
                  radix == 16 ? "%s: %.*s is not in %llx..%llx"
                              : "%s: %.*s is not in %llu..%llu",
                  c->names[column], shown(cell), cell.text,
                  (unsigned long long)min, (unsigned long long)max);
}
