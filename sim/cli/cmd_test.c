/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/cmd_test.c - nptsim test: whole folders as a regression set.
 *
 * Files are found first, sorted, then run on all cores, each thread with its
 * own catalogue; results are printed in the order of the files (test_report.c).
 */
#include "cli/test.h"
#include "lab.h"

#include <string.h>

static const struct argp_option options[] = {
    { "format", 'f', "FORMAT", 0, "pretty (default) or ktap", 0 },
    { "junit", 'u', "FILE", 0, "Write a JUnit report too", 0 },
    { "jobs", 'j', "N", 0, "Threads, 1..256 (default: all cores)", 0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct test_set *t = state->input;

    switch (key) {
    case 'f':
        if (strcmp(arg, "ktap") == 0)
            t->format = FORMAT_KTAP;
        else if (strcmp(arg, "pretty") != 0)
            argp_error(state, "--format: '%s' is not pretty or ktap", arg);
        return 0;
    case 'u':
        t->junit = arg;
        return 0;
    case 'j':
        t->jobs = cli_jobs(state, arg);
        return 0;
    case ARGP_KEY_ARGS:
        t->paths = state->argv + state->next;
        t->n_paths = (unsigned)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenarios?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "PATH...",
    "Run every scenario (*.yaml) below the paths and print the failures.",
    NULL,
    NULL,
    NULL
};

/* ---- finding ---- */

static int find_files(struct test_set *t)
{
    struct cli_files files = { 0 };

    for (unsigned i = 0; i < t->n_paths; i++)
        if (cli_find_scenarios(t->pool, t->paths[i], &files))
            return STATUS_INPUT;
    t->n = files.n;
    t->result = pool_alloc(t->pool, (t->n + 1) * sizeof(*t->result));
    for (unsigned i = 0; i < t->n; i++)
        t->result[i].path = files.path[i];
    return STATUS_OK;
}

/* ---- running ---- */

/* One thread. */
struct tester {
    struct pool *pool;
    struct catalog *catalog;
};

static void keep_failures(struct test_result *r, const struct scenario *s,
                          const struct execution *x)
{
    bool titled = false;

    for (unsigned i = 0; i < x->n_verdicts; i++) {
        if (x->verdicts[i].result != VERDICT_FAIL)
            continue;
        if (!titled)
            execute_title(&r->details, s);
        titled = true;
        render_verdicts(&r->details, &x->verdicts[i], 1, false);
    }
}

static void keep_violations(struct test_result *r, const struct judge *j)
{
    const struct invariant_report *report = judge_invariant_reports(j);

    for (unsigned i = 0; i < N_INVARIANTS; i++)
        r->violated[i] |= report[i].state == INVARIANT_VIOLATED &&
                          !judge_expects_invariant(j, i);
}

static int test_point(void *ctx, struct pool *pool, const struct scenario *s,
                      struct err *e)
{
    struct execute_options o = { .trace = TRACE_NONE };
    struct test_result *r = ctx;
    struct execution x;

    if (execute(pool, s, &o, &x, e))
        return -1;
    r->passed += x.counts.passed;
    r->failed += x.counts.failed;
    r->skipped += x.counts.skipped;
    keep_failures(r, s, &x);
    keep_violations(r, x.judge);
    return 0;
}

static void test_file(struct test_result *r, struct catalog *catalog)
{
    struct cli_points points = { .pool = pool_create(),
                                 .catalog = catalog,
                                 .path = r->path,
                                 .visit = test_point,
                                 .ctx = r };
    struct err e = { 0 };

    if (cli_each_point(&points, &e)) {
        r->bad_input = true;
        render_error(&r->details, &e);
    }
    pool_destroy(points.pool);
}

static void *begin(void *ctx)
{
    struct pool *pool = pool_create();
    struct tester *t = pool_alloc(pool, sizeof(*t));

    (void)ctx;
    t->pool = pool;
    t->catalog = cli_catalog(pool);
    return t;
}

static void work(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct test_set *set = ctx;
    const struct tester *t = own;

    for (uint64_t i = from; i < to; i++)
        test_file(&set->result[i], t->catalog);
}

static void end(void *ctx, void *own)
{
    struct tester *t = own;

    (void)ctx;
    pool_destroy(t->pool);
}

static void test_all(struct test_set *t)
{
    struct lab_loop loop = { .points = t->n,
                             .chunk = 1,
                             .jobs = t->jobs,
                             .begin = begin,
                             .work = work,
                             .end = end,
                             .ctx = t };

    lab_parallel(&loop);
}

int cmd_test(int argc, char **argv)
{
    struct test_set t = { .pool = pool_create() };
    int status;

    cli_parse(&argp, argc, argv, &t);
    status = find_files(&t);
    if (!status && t.n == 0)
        status = cli_usage_error("no scenario below these paths");
    if (!status) {
        test_all(&t);
        status = test_report(&t);
        if (t.junit && test_write_junit(&t))
            status = STATUS_INPUT;
    }
    for (unsigned i = 0; i < t.n; i++)
        buf_free(&t.result[i].details);
    pool_destroy(t.pool);
    return status;
}
