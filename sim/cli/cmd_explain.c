/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_explain.c - nptsim explain: why an outcome is what it is. */
#include "cli/cli.h"

struct explain_args {
    struct pool *pool;
    struct cli_settings settings;
    const char *target;
};

static const struct argp_option options[] = {
    { "set", 's', "KEY=VALUE", 0, "Lay a value over the scenario", 0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct explain_args *a = state->input;

    switch (key) {
    case 's':
        cli_take_setting(state, &a->settings, a->pool, arg);
        return 0;
    case ARGP_KEY_ARG:
        return cli_one_word(state, arg, &a->target, "one scenario at a time");
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
    "FILE[#STEP]",
    "Tell the causal chain of a scenario, link by link, each with its source.",
    NULL,
    NULL,
    NULL
};

static int explain_point(void *ctx, struct pool *pool, const struct scenario *s,
                         struct err *e)
{
    struct execute_options o = { .trace = TRACE_NONE, .explain = true };
    const struct cli_target *target = ctx;
    struct buf out = BUF_INIT;
    struct execution x;

    if (cli_check_step(s, target->step, e) || execute(pool, s, &o, &x, e))
        return -1;
    execute_title(&out, s);
    explainer_tell(x.explainer, s->why, target->step, &out);
    cli_print(&out);
    buf_free(&out);
    return 0;
}

int cmd_explain(int argc, char **argv)
{
    struct explain_args a = { .pool = pool_create() };
    struct cli_points points = { .pool = a.pool,
                                 .settings = &a.settings,
                                 .visit = explain_point };
    struct cli_target target;
    struct err e = { 0 };
    int status = STATUS_OK;

    cli_parse(&argp, argc, argv, &a);
    target = cli_target(a.pool, a.target);
    points.catalog = cli_catalog(a.pool);
    points.path = target.path;
    points.ctx = &target;
    if (cli_each_point(&points, &e))
        status = cli_input_error(&e);
    pool_destroy(a.pool);
    return status;
}
