/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kvm-unit-tests, a Linux selftest and the APM say that a walk ends in:
 * tests/data/vectors/conformance.csv, asked of the CPU model and of the oracle.
 */
#include "oracle/conformance.h"
#include "oracle/oracle.h"

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TABLE     "tests/data/vectors/conformance.csv"
#define MAX_LINES 400

static struct conformance lines[MAX_LINES];
static unsigned n_lines;

START_TEST(the_oracle_ends_a_walk_as_written_down)
{
    const struct conformance *c = &lines[_i];

    for (unsigned k = 0; !*c->needs && k < conformance_variants(c); k++) {
        struct trial v;
        struct answer a;
        const char *wrong;

        conformance_trial(c, k, &v);
        a = oracle_walk(&v);
        if (a.unknown)
            continue; /* shadow stacks */
        wrong = conformance_problem(c, &a);
        ck_assert_msg(!wrong, "line %u, row %s, variant %u: %s", c->line,
                      c->row, k, wrong);
    }
}
END_TEST

START_TEST(the_cpu_ends_a_walk_as_written_down)
{
    const struct cpu_model blank = { .name = "blank", .maxphyaddr_raw = 48 };
    const struct conformance *c = &lines[_i];
    struct pool *pool = pool_create();
    struct cpu *cpu = cpu_create(pool, &blank, NULL);

    for (unsigned k = 0; !*c->needs && k < conformance_variants(c); k++) {
        struct trial v;
        struct answer a;
        const char *wrong;

        conformance_trial(c, k, &v);
        if (trial_run(cpu, &v, &a))
            continue; /* counted by report_skipped() */
        wrong = conformance_problem(c, &a);
        ck_assert_msg(!wrong, "line %u, row %s, variant %u: %s (%s)", c->line,
                      c->row, k, wrong, c->source);
    }
    pool_destroy(pool);
}
END_TEST

/* A line that a walk cannot ask for names the test that has it instead. */
START_TEST(a_line_that_is_covered_elsewhere_is)
{
    const struct conformance *c = &lines[_i];
    const char *colon = strchr(c->after, ':');
    struct err e = { 0 };
    struct buf source = BUF_INIT;
    char path[200];

    if (!*c->needs || !*c->after)
        return;
    ck_assert_ptr_nonnull(colon);
    snprintf(path, sizeof(path), "%.*s", (int)(colon - c->after), c->after);
    ck_assert_int_eq(read_file(&source, path, 1U << 20, &e), 0);
    ck_assert_msg(strstr(source.data, colon + 1), "line %u: no %s", c->line,
                  c->after);
    buf_free(&source);
}
END_TEST

START_TEST(all_103_rows_are_there)
{
    unsigned rows = 0;

    for (unsigned i = 0; i < n_lines; i++)
        rows += isdigit((unsigned char)lines[i].row[0]) &&
                (i == 0 || strcmp(lines[i].row, lines[i - 1].row) != 0);
    ck_assert_uint_eq(rows, 103);
}
END_TEST

/* Never silently: what is not modelled, by reason. */
static void report_skipped(void)
{
    for (unsigned i = 0; i < n_lines; i++) {
        const struct conformance *c = &lines[i];
        struct trial v;
        const char *why;

        if (*c->needs && !*c->after) {
            printf("skipped: row %s: not modelled: %s\n", c->row, c->needs);
            continue;
        }
        if (*c->needs)
            continue;
        conformance_trial(c, 0, &v);
        why = walk_unsupported(&v.s);
        if (why)
            printf("skipped: row %s: %s\n", c->row, why);
    }
}

int main(void)
{
    Suite *s = suite_create("conformance");
    TCase *t = tcase_create("conformance");
    SRunner *r = srunner_create(s);
    struct pool *pool = pool_create();
    int failed, n;

    n_lines = conformance_load(pool, TABLE, lines, MAX_LINES);
    n = (int)n_lines;
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, the_oracle_ends_a_walk_as_written_down, 0, n);
    tcase_add_loop_test(t, the_cpu_ends_a_walk_as_written_down, 0, n);
    tcase_add_loop_test(t, a_line_that_is_covered_elsewhere_is, 0, n);
    tcase_add_test(t, all_103_rows_are_there);
    srunner_set_fork_status(r, CK_NOFORK); /* hundreds of small tests */
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    report_skipped();
    pool_destroy(pool);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
