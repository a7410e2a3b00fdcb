/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_bisect.c - nptsim bisect: which release changed an outcome. */
#include "cli/cli.h"
#include "lab.h"

struct bisect_args {
    struct pool *pool;
    const char *file, *outcome;
    struct cli_settings settings;
    bool json;
};

static const struct argp_option options[] = {
    { "set", 's', "KEY=VALUE", 0,
      "Lay a value over the scenario, e.g. cpu.set.cbit=47", 0 },
    { "json", 'j', NULL, 0, "One JSON object per kernel", 0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct bisect_args *a = state->input;

    switch (key) {
    case 's':
        cli_take_setting(state, &a->settings, a->pool, arg);
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case ARGP_KEY_ARG:
        return cli_two_words(state, arg, &a->file, &a->outcome,
                             "one scenario and one fact");
    case ARGP_KEY_END:
        if (!a->outcome)
            argp_error(state, "which scenario, and which of its facts?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "FILE FACT",
    "Run a scenario under every kernel and tell which release changed FACT "
    "(kvm.sev_es, vm.create, STEP.outcome, ...), and by which commit. Whatever "
    "kernel the file names does not matter.\v"
    "Exit status: 0 it never changed, 1 it did.",
    NULL,
    NULL,
    NULL
};

static int bisect(const struct bisect_args *a, struct catalog *catalog,
                  const struct scenario *s)
{
    struct report_bisect report;
    struct buf b = BUF_INIT;
    struct err e = { 0 };

    if (lab_bisect(a->pool, catalog, s, a->outcome, &report, &e))
        return cli_input_error(&e);
    if (a->json)
        render_bisect_json(&b, &report);
    else
        render_bisect(&b, &report);
    cli_print(&b);
    buf_free(&b);
    return report.n_changes ? STATUS_FAILED : STATUS_OK;
}

int cmd_bisect(int argc, char **argv)
{
    struct bisect_args a = { .pool = pool_create() };
    struct catalog *catalog;
    struct scenario_file *file;
    struct scenario s;
    int status;

    cli_parse(&argp, argc, argv, &a);
    catalog = cli_catalog(a.pool);
    status = cli_one_scenario(a.pool, catalog, a.file, &a.settings,
                              "kernel.model", &file, &s);
    if (!status)
        status = bisect(&a, catalog, &s);
    pool_destroy(a.pool);
    return status;
}
