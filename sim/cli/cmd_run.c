/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_run.c - nptsim run: scenarios, their verdicts, and the reasons. */
#include "cli/cli.h"

struct run_args {
    struct pool *pool;
    struct cli_settings settings;
    enum trace_format trace;
    bool json, cost, colour;
    char **files;
    unsigned n_files;
    struct verdict_counts total;
};

static const struct argp_option options[] = {
    { "trace", 't', "FORMAT", 0,
      "Print every event: text, jsonl, ftrace or none", 0 },
    { "json", 'j', NULL, 0, "One JSON object per run", 0 },
    { "set", 's', "KEY=VALUE", 0,
      "Lay a value over the scenario, e.g. cpu.set.cbit=47", 0 },
    { "cost", 'c', NULL, 0, "Show where the cycles go", 0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct run_args *a = state->input;
    int format;

    switch (key) {
    case 't':
        format = trace_format_find(arg);
        if (format < 0)
            argp_error(state, "--trace: '%s' is not text, jsonl, ftrace, none",
                       arg);
        a->trace = (enum trace_format)format;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case 's':
        cli_take_setting(state, &a->settings, a->pool, arg);
        return 0;
    case 'c':
        a->cost = true;
        return 0;
    case ARGP_KEY_ARGS:
        a->files = state->argv + state->next;
        a->n_files = (unsigned)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenario?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "FILE...",
    "Run scenarios and print the verdict of each expectation with its reason.",
    NULL,
    NULL,
    NULL
};

static void print_cost(struct buf *b, const struct clock *clock)
{
    const struct cost_row *rows;
    unsigned n = clock_rows(clock, &rows);
    uint64_t total = 0;

    for (unsigned i = 0; i < n; i++)
        total += rows[i].cycles;
    buf_printf(b, "%-28s %8s %12s %7s\n", "where the cycles go", "events",
               "cycles", "share");
    for (unsigned i = 0; i < n; i++) {
        if (!rows[i].events)
            continue;
        buf_printf(
            b, "%-28s %8llu %12llu %6llu%%\n", rows[i].name,
            (unsigned long long)rows[i].events,
            (unsigned long long)rows[i].cycles,
            (unsigned long long)(total ? rows[i].cycles * 100 / total : 0));
    }
    buf_printf(b, "%-28s %8s %12llu\n", "total", "", (unsigned long long)total);
}

static void json_run(struct buf *b, const struct scenario *s,
                     const struct execution *x)
{
    buf_adds(b, "{\"scenario\":");
    render_json_string(b, s->name);
    buf_adds(b, ",\"point\":");
    render_json_string(b, s->point ? s->point : "");
    render_json_facts(b, x->judge);
    render_json_steps(b, x->judge, true);
    render_json_verdicts(b, x->verdicts, x->n_verdicts);
    buf_adds(b, ",\"invariants\":");
    render_invariants_json(b, x->judge);
    buf_adds(b, "}\n");
}

static int run_point(void *ctx, struct pool *pool, const struct scenario *s,
                     struct err *e)
{
    struct run_args *a = ctx;
    struct buf out = BUF_INIT;
    struct execute_options o = { .trace = a->trace, .trace_out = &out };
    struct execution x;

    if (execute(pool, s, &o, &x, e)) {
        buf_free(&out);
        return -1;
    }
    if (a->json) {
        json_run(&out, s, &x);
    } else {
        execute_title(&out, s);
        render_verdicts(&out, x.verdicts, x.n_verdicts, a->colour);
        if (!x.n_verdicts)
            render_steps(&out, x.judge);
        render_invariants(&out, x.judge, a->colour);
    }
    if (a->cost && !a->json)
        print_cost(&out, x.clock);
    cli_print(&out);
    buf_free(&out);
    a->total.passed += x.counts.passed;
    a->total.failed += x.counts.failed;
    a->total.skipped += x.counts.skipped;
    return 0;
}

static int run_file(struct run_args *a, struct catalog *catalog,
                    const char *path)
{
    struct cli_points points = { .pool = pool_create(),
                                 .catalog = catalog,
                                 .path = path,
                                 .settings = &a->settings,
                                 .visit = run_point,
                                 .ctx = a };
    struct err e = { 0 };
    int status = STATUS_OK;

    if (cli_each_point(&points, &e))
        status = cli_input_error(&e);
    pool_destroy(points.pool);
    return status;
}

int cmd_run(int argc, char **argv)
{
    struct run_args a = { .pool = pool_create() };
    struct catalog *catalog;
    int status = STATUS_OK;

    a.colour = cli_colour();
    cli_parse(&argp, argc, argv, &a);
    catalog = cli_catalog(a.pool);
    for (unsigned i = 0; i < a.n_files; i++) {
        int ret = run_file(&a, catalog, a.files[i]);

        if (ret)
            status = ret;
    }
    fprintf(a.json ? stderr : stdout, "%u passed, %u failed, %u skipped\n",
            a.total.passed, a.total.failed, a.total.skipped);
    pool_destroy(a.pool);
    if (status)
        return status;
    if (a.total.failed)
        return STATUS_FAILED;
    return a.total.skipped && !a.total.passed ? STATUS_SKIPPED : STATUS_OK;
}
