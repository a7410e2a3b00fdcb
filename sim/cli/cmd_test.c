/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/cmd_test.c - nptsim test: whole folders as a regression set.
 *
 * Files are found first, sorted, then run by a few threads, each with its own
 * pools and catalogue; results are printed in the order of the files.
 */
#include "cli/cli.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum test_format { FORMAT_PRETTY, FORMAT_KTAP };

struct test_result {
    const char *path;
    unsigned passed, failed, skipped; /* expectations */
    bool violated[N_INVARIANTS]; /* at some point, and nobody expected it */
    bool bad_input;
    struct buf details; /* failing verdicts, or the error */
};

struct test_set {
    struct pool *pool;
    enum test_format format;
    const char *junit;
    unsigned jobs;
    char **paths;
    unsigned n_paths;
    unsigned n;
    struct test_result *result;
    atomic_uint next;
};

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

static void *worker(void *arg)
{
    struct test_set *t = arg;
    struct pool *pool = pool_create();
    struct catalog *catalog = cli_catalog(pool);

    for (;;) {
        unsigned i = atomic_fetch_add(&t->next, 1);

        if (i >= t->n)
            break;
        test_file(&t->result[i], catalog);
    }
    pool_destroy(pool);
    return NULL;
}

static void run_all(struct test_set *t)
{
    pthread_t threads[256];
    unsigned started = 0;

    while (started + 1 < t->jobs && started + 1 < t->n &&
           pthread_create(&threads[started], NULL, worker, t) == 0)
        started++;
    worker(t);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* ---- reporting ---- */

/* Invariants that were violated are told; they fail no test. */
static bool print_violations(const struct test_result *r, const char *before)
{
    bool any = false;

    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        if (!r->violated[i])
            continue;
        printf("%s%s", any ? ", " : before, invariant_table[i].name);
        any = true;
    }
    return any;
}

static void report_pretty(const struct test_result *r)
{
    printf("%s %s (%u passed, %u failed, %u skipped)",
           r->bad_input ? "[ ERROR ]"
           : r->failed  ? "[ FAIL ]"
                        : "[ PASS ]",
           r->path, r->passed, r->failed, r->skipped);
    print_violations(r, "   violated: ");
    putchar('\n');
    cli_print(&r->details);
}

static void report_ktap(const struct test_result *r, unsigned number)
{
    const char *line = r->details.data, *end;

    for (; line && *line; line = end + 1) {
        end = strchrnul(line, '\n');
        printf("# %.*s\n", (int)(end - line), line);
        if (!*end)
            break;
    }
    if (print_violations(r, "# violated: "))
        putchar('\n');
    printf("%s %u %s%s\n", r->bad_input || r->failed ? "not ok" : "ok", number,
           r->path, r->skipped && !r->passed && !r->failed ? " # SKIP" : "");
}

static void xml_text(FILE *out, const char *s)
{
    for (; s && *s; s++) {
        switch (*s) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            if ((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\t')
                fputc(*s, out);
        }
    }
}

static int write_junit(const struct test_set *t)
{
    FILE *out = fopen(t->junit, "w");
    unsigned failed = 0;

    if (!out) {
        fprintf(stderr, "nptsim: %s: %s\n", t->junit, strerror(errno));
        return STATUS_INPUT;
    }
    for (unsigned i = 0; i < t->n; i++)
        failed += t->result[i].failed || t->result[i].bad_input;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"nptsim\" tests=\"%u\" failures=\"%u\">\n",
            t->n, failed);
    for (unsigned i = 0; i < t->n; i++) {
        const struct test_result *r = &t->result[i];

        fputs("<testcase name=\"", out);
        xml_text(out, r->path);
        fputs("\">", out);
        if (r->failed || r->bad_input) {
            fputs("<failure>", out);
            xml_text(out, r->details.data);
            fputs("</failure>", out);
        }
        fputs("</testcase>\n", out);
    }
    fputs("</testsuite>\n", out);
    return fclose(out) ? STATUS_INPUT : STATUS_OK;
}

static int report(const struct test_set *t)
{
    unsigned passed = 0, failed = 0, skipped = 0, bad = 0;

    if (t->format == FORMAT_KTAP)
        printf("KTAP version 1\n1..%u\n", t->n);
    for (unsigned i = 0; i < t->n; i++) {
        const struct test_result *r = &t->result[i];

        if (t->format == FORMAT_KTAP)
            report_ktap(r, i + 1);
        else
            report_pretty(r);
        passed += r->passed;
        failed += r->failed;
        skipped += r->skipped;
        bad += r->bad_input;
    }
    printf("%s%u passed, %u failed, %u skipped\n",
           t->format == FORMAT_KTAP ? "# " : "", passed, failed, skipped);
    if (bad)
        return STATUS_INPUT;
    if (failed)
        return STATUS_FAILED;
    return skipped && !passed ? STATUS_SKIPPED : STATUS_OK;
}

int cmd_test(int argc, char **argv)
{
    struct test_set t = { .pool = pool_create() };
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int status;

    t.jobs = cores > 0 && cores < 256 ? (unsigned)cores : 1;
    cli_parse(&argp, argc, argv, &t);
    status = find_files(&t);
    if (!status && t.n == 0)
        status = cli_usage_error("no scenario below these paths");
    if (!status) {
        run_all(&t);
        status = report(&t);
        if (t.junit && write_junit(&t))
            status = STATUS_INPUT;
    }
    for (unsigned i = 0; i < t.n; i++)
        buf_free(&t.result[i].details);
    pool_destroy(t.pool);
    return status;
}
