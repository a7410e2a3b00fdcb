/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/index.c - answers as a table of SQLite, to be asked in SQL.
 *
 * The database is made aside and gets its name when it is whole; the lines stay
 * the truth, and it can be made again at any time. Numbers of 64 bits are
 * SQLite's integers, which have a sign; format('%x', kvm_mmio_value) in SQL
 * shows the bits. Booleans are 0 and 1, what a point does not have is NULL.
 */
#include "sweep.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct index {
    struct lab_table *table;
    const struct lab_column *columns;
    unsigned n;
    sqlite3 *db;
    sqlite3_stmt *insert;
    const char *path;
    struct err *e;
};

static int failed(struct index *x)
{
    return err_plain(x->e, x->path, "cannot write the index: %s",
                     x->db ? sqlite3_errmsg(x->db) : "out of memory");
}

static int run(struct index *x, const char *sql)
{
    return sqlite3_exec(x->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                   : failed(x);
}

/* ---- names ---- */

/* A name that SQL takes without quotes, "cpu_set_cbit"; unique by its number
 * where two names become one. */
static void sql_name(const struct index *x, unsigned column, struct buf *out)
{
    size_t from = out->len;

    for (const char *c = x->columns[column].name; *c; c++)
        buf_addc(out, strchr(".-", *c) ? '_' : *c);
    for (unsigned i = 0; i < column; i++) {
        const char *other = x->columns[i].name;
        size_t at = 0;

        while (other[at] &&
               (out->data[from + at] == other[at] || strchr(".-", other[at])))
            at++;
        if (!other[at] && !out->data[from + at]) {
            buf_printf(out, "_%u", column);
            return;
        }
    }
}

static int name_column(struct index *x, unsigned i, struct buf *create,
                       struct buf *insert, sqlite3_stmt *names)
{
    const struct lab_column *c = &x->columns[i];
    struct buf name = BUF_INIT;
    int ret = 0;

    sql_name(x, i, &name);
    buf_printf(create, "%s\"%s\" %s", i ? "," : "", name.data,
               i == 0                  ? "INTEGER PRIMARY KEY"
               : c->kind == VALUE_TEXT ? "TEXT"
                                       : "INTEGER");
    buf_adds(insert, i ? ",?" : "?");
    sqlite3_bind_text(names, 1, name.data, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(names, 2, c->name, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(names) != SQLITE_DONE || sqlite3_reset(names))
        ret = failed(x);
    buf_free(&name);
    return ret;
}

static int create(struct index *x)
{
    struct buf table = BUF_INIT, insert = BUF_INIT;
    sqlite3_stmt *names = NULL;
    int ret = run(x, "CREATE TABLE columns(name TEXT, stands_for TEXT)");

    buf_adds(&table, "CREATE TABLE points(");
    buf_adds(&insert, "INSERT INTO points VALUES(");
    if (!ret && sqlite3_prepare_v2(x->db, "INSERT INTO columns VALUES(?,?)", -1,
                                   &names, NULL))
        ret = failed(x);
    for (unsigned i = 0; i < x->n && !ret; i++)
        ret = name_column(x, i, &table, &insert, names);
    sqlite3_finalize(names);
    buf_addc(&table, ')');
    buf_addc(&insert, ')');
    if (!ret)
        ret = run(x, table.data);
    if (!ret && sqlite3_prepare_v2(x->db, insert.data, -1, &x->insert, NULL))
        ret = failed(x);
    buf_free(&table);
    buf_free(&insert);
    return ret;
}

/* ---- rows ---- */

static void bind(struct index *x, unsigned i, const struct lab_cell *cell)
{
    int at = (int)i + 1;

    if (!cell->known)
        sqlite3_bind_null(x->insert, at);
    else if (cell->value.kind == VALUE_TEXT)
        sqlite3_bind_text(x->insert, at, cell->value.text, -1,
                          SQLITE_TRANSIENT);
    else
        sqlite3_bind_int64(x->insert, at, (sqlite3_int64)cell->value.number);
}

static int fill(struct index *x, uint64_t *points)
{
    int ret;

    while ((ret = lab_table_next(x->table, x->e)) > 0) {
        const struct lab_cell *row = lab_table_row(x->table);

        for (unsigned i = 0; i < x->n; i++)
            bind(x, i, &row[i]);
        if (sqlite3_step(x->insert) != SQLITE_DONE ||
            sqlite3_reset(x->insert) != SQLITE_OK)
            return failed(x);
        ++*points;
    }
    return ret;
}

static int make(struct index *x, const char *part, uint64_t *points)
{
    int ret;

    if (unlink(part) && errno != ENOENT)
        return err_plain(x->e, x->path, "cannot write the index: %s",
                         strerror(errno));
    if (sqlite3_open_v2(part, &x->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
        return failed(x);
    /* Nobody else sees it yet, and what breaks off is made again. */
    ret = run(x, "PRAGMA journal_mode=OFF; BEGIN");
    if (!ret)
        ret = create(x);
    if (!ret)
        ret = fill(x, points);
    sqlite3_finalize(x->insert);
    return ret ? ret : run(x, "COMMIT");
}

int lab_index(struct lab_table *t, const char *path, uint64_t *points,
              struct err *e)
{
    struct index x = { .table = t, .path = path, .e = e };
    struct buf part = BUF_INIT;
    int ret;

    *points = 0;
    x.n = lab_table_columns(t, &x.columns);
    buf_printf(&part, "%s.part", path);
    ret = make(&x, part.data, points);
    if (sqlite3_close(x.db) != SQLITE_OK && !ret)
        ret = err_plain(e, path, "cannot close the index");
    if (!ret && rename(part.data, path))
        ret = err_plain(e, path, "cannot write the index: %s", strerror(errno));
    if (ret)
        unlink(part.data);
    buf_free(&part);
    return ret;
}
