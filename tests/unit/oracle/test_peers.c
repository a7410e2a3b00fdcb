/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vectors that ran under QEMU and Bochs, against the reading of the APM that
 * came with them. What we hold to be right nevertheless stands in
 * npf-peers.known.csv, with its reason; a line there that no longer disagrees
 * fails too.
 */
#include "load.h"
#include "oracle/peers.h"

#include <check.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define TABLE "tests/data/vectors/npf-peers.sample.csv.gz"
#define KNOWN "tests/data/vectors/npf-peers.known.csv"

static struct peer_vector *rows;
static unsigned n_rows;

static bool matches(const struct csv *csv, unsigned column, const char *text)
{
    struct csv_cell c = csv_cell(csv, column);
    char pattern[100];

    snprintf(pattern, sizeof(pattern), "%.*s", (int)c.len, c.text);
    return fnmatch(pattern, text, 0) == 0;
}

/* In which field this vector is known to differ; "" = in none. */
static void known_field(const struct peer_vector *p, char field[20])
{
    struct pool *pool = pool_create();
    FILE *f = fopen(KNOWN, "r");
    struct err e = { 0 };
    struct csv *csv = f ? csv_open(pool, f, KNOWN, &e) : NULL;

    ck_assert_ptr_nonnull(csv);
    *field = '\0';
    while (csv_next(csv, &e) > 0) {
        struct csv_cell c = csv_cell(csv, 2);

        if (matches(csv, 0, p->group) && matches(csv, 1, p->note))
            snprintf(field, 20, "%.*s", (int)c.len, c.text);
    }
    ck_assert(!e.set);
    fclose(f);
    pool_destroy(pool);
}

static void compare(struct cpu *c, const struct peer_vector *p)
{
    struct answer a;
    const char *wrong;
    char known[20];

    if (peer_run(c, p, &a))
        return; /* counted by report_skipped() */
    wrong = peer_problem(p, &a);
    known_field(p, known);
    ck_assert_msg(strcmp(wrong ? wrong : "", known) == 0,
                  "vector %u (%s, %s): %s: %s %lx %lx", p->id, p->group,
                  p->note, wrong ? wrong : "known, but it agrees",
                  outcome_name(a.outcome), a.code, a.addr);
}

START_TEST(the_oracle_reads_the_manual_the_same_way)
{
    compare(NULL, &rows[_i]);
}
END_TEST

START_TEST(the_cpu_reads_the_manual_the_same_way)
{
    const struct cpu_model blank = { .name = "blank", .maxphyaddr_raw = 48 };
    struct pool *pool = pool_create();

    compare(cpu_create(pool, &blank, NULL), &rows[_i]);
    pool_destroy(pool);
}
END_TEST

/* How many of the rows from @i on are refused for the reason of row @i; 0: it
 * is not refused, or an earlier row said it. */
static unsigned same_reason(unsigned i)
{
    const char *why = walk_unsupported(&rows[i].access.s);
    unsigned n = 0;

    for (unsigned k = 0; why && k < n_rows; k++) {
        if (walk_unsupported(&rows[k].access.s) != why)
            continue;
        if (k < i)
            return 0;
        n++;
    }
    return n;
}

/* Never silently: what is not modelled, by reason. */
static void report_skipped(void)
{
    for (unsigned i = 0; i < n_rows; i++) {
        unsigned n = same_reason(i);

        if (n)
            printf("skipped: %u vectors: %s\n", n,
                   walk_unsupported(&rows[i].access.s));
    }
}

int main(void)
{
    Suite *s = suite_create("peers");
    TCase *t = tcase_create("peers");
    SRunner *r = srunner_create(s);
    struct pool *pool = pool_create();
    int failed, n;

    n_rows = peers_load(pool, TABLE, &rows);
    n = (int)n_rows;
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, the_oracle_reads_the_manual_the_same_way, 0, n);
    tcase_add_loop_test(t, the_cpu_reads_the_manual_the_same_way, 0, n);
    srunner_set_fork_status(r, CK_NOFORK); /* a thousand small tests */
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    report_skipped();
    pool_destroy(pool);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
