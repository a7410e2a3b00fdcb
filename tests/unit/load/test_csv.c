/* SPDX-License-Identifier: GPL-2.0-only */
/* test_csv.c - what a table may look like, and how a bad one is refused. */
#include "load.h"
#include "unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    FILE *in;
    struct pool *pool;
    struct csv *csv;
    struct err e;
};

static struct table open_bytes(const char *text, size_t len)
{
    struct table t = { .pool = pool_create() };

    t.in = tmpfile();
    ck_assert_ptr_nonnull(t.in);
    ck_assert_uint_eq(fwrite(text, 1, len, t.in), len);
    rewind(t.in);
    t.csv = csv_open(t.pool, t.in, "t.csv", &t.e);
    return t;
}

static void close_table(struct table *t)
{
    fclose(t->in);
    pool_destroy(t->pool);
}

static bool cell_is(const struct table *t, unsigned column, const char *text)
{
    struct csv_cell c = csv_cell(t->csv, column);

    return c.len == strlen(text) && memcmp(c.text, text, c.len) == 0;
}

/* The first error of the whole table. */
static struct err refuse(const char *text, size_t len)
{
    struct table t = open_bytes(text, len);
    struct err e;

    while (t.csv && csv_next(t.csv, &t.e) > 0)
        ;
    e = t.e;
    close_table(&t);
    return e;
}

START_TEST(a_row_has_the_cells_between_the_commas)
{
    static const char text[] = "a,b,c\n1,,x y\r\n2,3,";
    struct table t = open_bytes(text, strlen(text));

    ck_assert_ptr_nonnull(t.csv);
    ck_assert_uint_eq(csv_n_columns(t.csv), 3);
    ck_assert_str_eq(csv_column_name(t.csv, 1), "b");
    ck_assert_int_eq(csv_column(t.csv, "c"), 2);
    ck_assert_int_eq(csv_column(t.csv, "d"), -1);
    ck_assert_int_eq(csv_next(t.csv, &t.e), 1);
    ck_assert(cell_is(&t, 0, "1") && cell_is(&t, 1, ""));
    ck_assert(cell_is(&t, 2, "x y"));
    ck_assert_int_eq(csv_next(t.csv, &t.e), 1); /* no line feed at the end */
    ck_assert(cell_is(&t, 1, "3") && cell_is(&t, 2, ""));
    ck_assert_int_eq(csv_next(t.csv, &t.e), 0);
    close_table(&t);
}
END_TEST

/* Rows that cross every chunk border, each known by its number. */
START_TEST(rows_survive_the_borders_between_chunks)
{
    struct buf b = BUF_INIT;
    struct table t;
    uint64_t n;

    buf_adds(&b, "n,pad\n");
    for (unsigned i = 0; i < 3000; i++)
        buf_printf(&b, "%u,%0*d\n", i, (int)(i % 97) + 1, 0);
    t = open_bytes(b.data, b.len);
    for (unsigned i = 0; i < 3000; i++) {
        ck_assert_int_eq(csv_next(t.csv, &t.e), 1);
        ck_assert_int_eq(csv_number(t.csv, 0, 10, 0, 9999, &n, &t.e), 0);
        ck_assert_uint_eq(n, i);
        ck_assert_uint_eq(csv_cell(t.csv, 1).len, i % 97 + 1);
    }
    ck_assert_int_eq(csv_next(t.csv, &t.e), 0);
    close_table(&t);
    buf_free(&b);
}
END_TEST

#define BYTES(text) text, sizeof(text) - 1
static const struct {
    const char *text;
    size_t len;
    unsigned line, col;
    const char *says;
} refusals[] = {
    { BYTES(""), 0, 0, "no header line" },
    { BYTES("\n1\n"), 1, 1, "not a column name" },
    { BYTES("48,5,51\n"), 1, 1, "'48' is not a column name" },
    { BYTES("a,,c\n"), 1, 3, "'' is not a column name" },
    { BYTES("a,b,a\n"), 1, 5, "duplicate column 'a'" },
    { BYTES("a,b\n1\n"), 2, 1, "the row has 1 cells, the header 2" },
    { BYTES("a,b\n1,2\n1,2,3\n"), 3, 1, "the row has 3 cells" },
    { BYTES("a,b\n\n"), 2, 1, "an empty line" },
    { BYTES("a,b\n1,\0\n"), 2, 3, "the control character 00h" },
    { BYTES("a\0b\n"), 1, 2, "the control character 00h" },
    { BYTES("a,b\n1\r,2\n"), 2, 2, "the control character 0dh" },
    { BYTES("a,b\n1,\x1b[31m\n"), 2, 3, "the control character 1bh" },
    { BYTES("a,b\n1,\"2\"\n"), 2, 3, "a quote" },
};

START_TEST(a_bad_table_is_refused_at_its_place)
{
    struct err e = refuse(refusals[_i].text, refusals[_i].len);

    ck_assert(e.set);
    ck_assert_msg(strstr(e.msg, refusals[_i].says), "%s", e.msg);
    ck_assert_str_eq(e.at.file, "t.csv");
    ck_assert_uint_eq(e.at.line, refusals[_i].line);
    ck_assert_uint_eq(e.at.col, refusals[_i].col);
}
END_TEST

START_TEST(a_short_row_names_the_missing_column)
{
    struct err e = refuse(BYTES("a,b,c\n1,2\n"));

    ck_assert_str_eq(e.hint, "the first missing one is 'c'");
}
END_TEST

/* At the limit, and one past it, with and without a line feed. */
START_TEST(a_line_has_an_end_within_65535_characters)
{
    bool feed = _i & 1;
    size_t len = 65535 + (size_t)(_i >> 1 & 1);
    char *text = malloc(4 + len + 1);
    struct err e;

    memcpy(text, "a,b\n", 4);
    memset(text + 4, 'x', len);
    text[5] = ',';
    text[4 + len] = '\n';
    e = refuse(text, 4 + len + feed);
    ck_assert_int_eq(e.set, len > 65535);
    if (e.set) {
        ck_assert_ptr_nonnull(strstr(e.msg, "longer than 65535"));
        ck_assert_uint_eq(e.at.line, 2);
    }
    free(text);
}
END_TEST

static const struct {
    const char *cell;
    unsigned radix;
    bool good;
    uint64_t value;
} numbers[] = {
    { "52", 10, true, 52 },   { "53", 10, false, 0 }, { "31", 10, false, 0 },
    { "", 10, false, 0 },     { "x", 10, false, 0 },  { "-1", 10, false, 0 },
    { "052", 10, false, 0 },  { "2a", 16, true, 42 }, { "2g", 16, false, 0 },
    { "0x2a", 16, false, 0 },
};

START_TEST(a_number_is_in_its_range_or_refused_at_its_cell)
{
    struct buf b = BUF_INIT;
    struct table t;
    uint64_t v;
    int ret;

    buf_printf(&b, "a,width\nz,%s\n", numbers[_i].cell);
    t = open_bytes(b.data, b.len);
    ck_assert_int_eq(csv_next(t.csv, &t.e), 1);
    ret = csv_number(t.csv, 1, numbers[_i].radix, 32, 52, &v, &t.e);
    ck_assert_int_eq(ret == 0, numbers[_i].good);
    if (ret == 0)
        ck_assert_uint_eq(v, numbers[_i].value);
    else
        ck_assert_msg(t.e.at.line == 2 && t.e.at.col == 3 &&
                          strstr(t.e.msg, "width"),
                      "%u:%u: %s", t.e.at.line, t.e.at.col, t.e.msg);
    close_table(&t);
    buf_free(&b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("csv");
    TCase *t = tcase_create("all");

    tcase_add_test(t, a_row_has_the_cells_between_the_commas);
    tcase_add_test(t, rows_survive_the_borders_between_chunks);
    tcase_add_loop_test(t, a_bad_table_is_refused_at_its_place, 0,
                        ARRAY_SIZE(refusals));
    tcase_add_test(t, a_short_row_names_the_missing_column);
    tcase_add_loop_test(t, a_line_has_an_end_within_65535_characters, 0, 4);
    tcase_add_loop_test(t, a_number_is_in_its_range_or_refused_at_its_cell, 0,
                        ARRAY_SIZE(numbers));
    suite_add_tcase(s, t);
    return run_suite(s);
}
