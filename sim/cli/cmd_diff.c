/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_diff.c - nptsim diff: where two kernels differ, and why. */
#include "cli/cli.h"
#include "lab.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Hours, but an end. */
#define MAX_POINTS UINT64_C(100000000000)

enum diff_form { DIFF_TEXT, DIFF_MARKDOWN, DIFF_JSON };

struct diff_args {
    struct pool *pool;
    const char *from, *to, *columns, *text, *facts;
    struct cli_files over;
    struct lab_axes axes;
    bool has_axis;
    enum diff_form form;
    unsigned jobs;
};

enum { KEY_MARKDOWN = 1000, KEY_COLUMNS, KEY_TEXT, KEY_FACTS };

static const struct argp_option options[] = {
    { "columns", KEY_COLUMNS, "A,B,...", 0,
      "Compare these columns of 'batch gating' only", 0 },
    { "axis", 'a', "NAME=VALUES", 0,
      "Narrow or widen the space, as 'prove' does: pa_reduction=0..16, "
      "cbit=47,51, asids=1-15,100-509",
      0 },
    { "over", 'o', "FILE|DIR", 0,
      "Run these scenarios under both kernels, instead of asking about "
      "configurations",
      0 },
    { "facts", KEY_FACTS, "A,B,...", 0,
      "With --over: compare kvm.sev_es, hpet.outcome, outcome (of every step), "
      "... only",
      0 },
    { "text", KEY_TEXT, "LIB.so", 0,
      "Instead of a second kernel: the functions of a tree, as 'make "
      "kernel-policy' took them",
      0 },
    { "markdown", KEY_MARKDOWN, NULL, 0, "For a patch mail", 0 },
    { "json", 'j', NULL, 0, "JSON Lines: the whole, then each group", 0 },
    { "jobs", 'J', "N", 0, "Threads, 1..256 (default: all cores)", 0 },
    { 0 },
};

static void check_args(struct argp_state *state, const struct diff_args *a)
{
    if (!a->from || (!a->to && !a->text))
        argp_error(state, "which two kernels?");
    if (a->to && a->text)
        argp_error(state, "a second kernel, or --text");
    if (a->over.n && (a->text || a->columns || a->has_axis))
        argp_error(state, "scenarios run under models and have facts: "
                          "--over goes without --text, --columns, --axis");
    if (a->facts && !a->over.n)
        argp_error(state, "--facts goes with --over; see --columns");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct diff_args *a = state->input;
    struct err e = { 0 };

    switch (key) {
    case KEY_COLUMNS:
        a->columns = arg;
        return 0;
    case 'o':
        if (strcmp(arg, "-") == 0)
            argp_error(state, "--over: a file is needed, to be read twice");
        if (cli_find_scenarios(a->pool, arg, &a->over))
            exit(STATUS_INPUT);
        if (!a->over.n)
            argp_error(state, "--over: no scenario below '%s'", arg);
        return 0;
    case 'a':
        if (lab_axes_set(a->pool, &a->axes, arg, &e)) {
            cli_input_error(&e);
            exit(STATUS_USAGE);
        }
        a->has_axis = true;
        return 0;
    case KEY_FACTS:
        a->facts = arg;
        return 0;
    case KEY_TEXT:
        a->text = arg;
        return 0;
    case KEY_MARKDOWN:
        a->form = DIFF_MARKDOWN;
        return 0;
    case 'j':
        a->form = DIFF_JSON;
        return 0;
    case 'J':
        a->jobs = cli_jobs(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        return cli_two_words(state, arg, &a->from, &a->to,
                             "two kernels, no more");
    case ARGP_KEY_END:
        check_args(state, a);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "KERNEL KERNEL\nKERNEL --text LIB.so",
    "Find every configuration for which two kernels differ, in groups of equal "
    "change, each with the decisions and commits that explain it.\v"
    "What explains a group is found by experiment: the first kernel takes over "
    "decisions of the second, few at a time, until it does the same.",
    NULL,
    NULL,
    NULL
};

/* ---- columns ---- */

static int unknown_column(struct pool *pool, const char *name)
{
    const char **names = pool_alloc(pool, n_policy_columns * sizeof(*names));

    for (unsigned i = 0; i < n_policy_columns; i++)
        names[i] = policy_columns[i].name;
    return cli_unknown("--columns: unknown column", name, names,
                       n_policy_columns);
}

static int choose_columns(const struct diff_args *a, struct lab_diff *q)
{
    unsigned n;
    const char *const *names = cli_split(a->pool, a->columns, &n);

    for (unsigned i = 0; i < n; i++) {
        int column = policy_column_find(names[i]);

        if (column < 0)
            return unknown_column(a->pool, names[i]);
        q->outcomes |= BIT(column);
    }
    return STATUS_OK;
}

/* Those that `batch gating` prints; log text apart from outcomes. */
static void default_columns(struct lab_diff *q)
{
    for (unsigned i = 0; i < n_policy_columns; i++) {
        if (policy_columns[i].extra)
            continue;
        if (policy_columns[i].format == POLICY_TEXT)
            q->logs |= BIT(i);
        else
            q->outcomes |= BIT(i);
    }
}

/* ---- the command ---- */

static int print_report(const struct diff_args *a, const struct report_diff *r)
{
    struct buf b = BUF_INIT;

    switch (a->form) {
    case DIFF_TEXT:
        render_diff(&b, r);
        break;
    case DIFF_MARKDOWN:
        render_diff_markdown(&b, r);
        break;
    case DIFF_JSON:
        render_diff_json(&b, r);
        break;
    }
    cli_print(&b);
    buf_free(&b);
    return r->n_groups ? STATUS_FAILED : STATUS_OK;
}

/* Who is compared: two models, or a model and a library. */
static int choose_kernels(const struct diff_args *a, struct pool *pool,
                          struct lab_decisions *between, struct lab_diff *q,
                          struct err *e)
{
    struct catalog *c = cli_catalog(pool);

    if (a->text) {
        const struct kernel_file *f = catalog_kernel(
            c, a->from, (struct mark) { .file = "nptsim diff" }, e);

        q->text = f ? lab_text_open(a->text, e) : NULL;
        q->from = f ? &f->model : NULL;
        return q->text ? 0 : -1;
    }
    q->between = between;
    q->from = &between->from;
    return lab_decisions(pool, c, a->from, a->to, between, e);
}

/* ---- how far it is ---- */

struct watch {
    struct cli_progress progress;
    uint64_t points;
};

static bool looking(void *ctx, uint64_t done)
{
    struct watch *w = ctx;

    cli_progress_stage(&w->progress, "configurations", done, w->points);
    return true;
}

static void comparing(void *ctx, uint64_t done, uint64_t all)
{
    struct watch *w = ctx;

    cli_progress_stage(&w->progress, "runs", done, all);
}

static void explaining(void *ctx, uint64_t done, uint64_t all)
{
    struct watch *w = ctx;

    cli_progress_stage(&w->progress, "differences explained", done, all);
}

/* ---- the two ways to compare ---- */

static int over_space(const struct diff_args *a, struct pool *pool)
{
    struct lab_space space = { a->axes.n, a->axes.axis, policy_default_host() };
    uint64_t points = lab_space_points(&space);
    struct watch w = { cli_progress_begin("configurations", points), points };
    struct lab_decisions between;
    struct lab_diff q = { .space = &space,
                          .jobs = a->jobs,
                          .tick = looking,
                          .explaining = explaining,
                          .tick_ctx = &w };
    struct report_diff report;
    struct err e = { 0 };

    if (points > MAX_POINTS)
        return cli_usage_error(
            "diff: %s%" PRIu64 " configurations; at most %" PRIu64
            " can be compared, shorten an --axis",
            points == UINT64_MAX ? "at least " : "", points, MAX_POINTS);
    if (a->columns && choose_columns(a, &q))
        return STATUS_USAGE;
    if (!a->columns)
        default_columns(&q);
    if (choose_kernels(a, pool, &between, &q, &e))
        return cli_input_error(&e);
    if (lab_diff(pool, &q, &report))
        return STATUS_FAILED;
    cli_progress_end(&w.progress);
    return print_report(a, &report);
}

static int over_scenarios(const struct diff_args *a)
{
    struct watch w = { cli_progress_begin("runs", 0), 0 };
    struct lab_decisions between;
    struct lab_over q = { .between = &between,
                          .catalog = cli_catalog(a->pool),
                          .n_files = a->over.n,
                          .files = a->over.path,
                          .jobs = a->jobs,
                          .comparing = comparing,
                          .explaining = explaining,
                          .tick_ctx = &w };
    struct report_diff report;
    struct err e = { 0 };
    int ret;

    if (a->facts)
        q.names = cli_split(a->pool, a->facts, &q.n_names);
    ret = lab_decisions(a->pool, q.catalog, a->from, a->to, &between, &e);
    if (!ret)
        ret = lab_diff_over(a->pool, &q, &report, &e);
    cli_progress_end(&w.progress);
    return ret ? cli_input_error(&e) : print_report(a, &report);
}

static void grid_axes(struct pool *pool, struct lab_axes *a)
{
    struct lab_space grid = lab_grid(pool);

    a->n = grid.n_axes;
    memcpy(a->axis, grid.axes, grid.n_axes * sizeof(*grid.axes));
}

int cmd_diff(int argc, char **argv)
{
    struct diff_args a = { .pool = pool_create() };
    int status;

    grid_axes(a.pool, &a.axes);
    cli_parse(&argp, argc, argv, &a);
    status = a.over.n ? over_scenarios(&a) : over_space(&a, a.pool);
    pool_destroy(a.pool);
    return status;
}
