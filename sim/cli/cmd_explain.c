/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_explain.c - nptsim explain: why an outcome is what it is. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

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
        if (!cli_add_setting(&a->settings, a->pool, arg))
            argp_error(state, "--set: '%s' is not KEY=VALUE", arg);
        return 0;
    case ARGP_KEY_ARG:
        if (a->target)
            argp_error(state, "one scenario at a time");
        a->target = arg;
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
    "FILE[#STEP]",
    "Tell the causal chain of a scenario, link by link, each with its source.",
    NULL,
    NULL,
    NULL
};

/* Ids of the steps, for "did you mean". */
static const char *near_step(const struct scenario *s, const char *step,
                             bool *exists)
{
    unsigned n = s->config.n_steps;
    const char **ids = calloc(n + 1, sizeof(*ids));
    const char *near;

    *exists = false;
    for (unsigned i = 0; ids && i < n; i++) {
        ids[i] = s->config.steps[i].id;
        *exists |= strcmp(ids[i], step) == 0;
    }
    near = ids ? closest_word(step, ids, n) : NULL;
    free(ids);
    return near;
}

static int explain_point(struct pool *pool, const struct scenario *s,
                         const char *step)
{
    struct execute_options o = { .trace = TRACE_NONE, .explain = true };
    struct buf out = BUF_INIT;
    struct execution x;
    struct err e = { 0 };
    bool exists = true;

    if (step) {
        const char *near = near_step(s, step, &exists);

        if (!exists) {
            err_plain(&e, s->path, "no step '%s'", step);
            if (near)
                err_hint(&e, "did you mean '%s'?", near);
            return cli_input_error(&e);
        }
    }
    if (execute(pool, s, &o, &x, &e))
        return cli_input_error(&e);
    execute_title(&out, s);
    explainer_tell(x.explainer, s->why, step, &out);
    cli_print(&out);
    buf_free(&out);
    return STATUS_OK;
}

int cmd_explain(int argc, char **argv)
{
    struct explain_args a = { .pool = pool_create() };
    struct pool *pool = pool_create();
    struct scenario_file *f;
    struct err e = { 0 };
    char *path, *step;
    int status = STATUS_OK;

    cli_parse(&argp, argc, argv, &a);
    path = pool_strdup(a.pool, a.target);
    step = strrchr(path, '#');
    if (step)
        *step++ = '\0';
    if (scenario_file_load(a.pool, cli_catalog(a.pool), path, a.settings.s,
                           a.settings.n, &f, &e)) {
        status = cli_input_error(&e);
    } else {
        for (uint64_t i = 0; i < scenario_file_points(f) && !status; i++) {
            struct scenario s;
            int ret = scenario_file_point(f, pool, i, &s, &e);

            if (ret < 0)
                status = cli_input_error(&e);
            else if (ret == 0)
                status = explain_point(pool, &s, step);
            pool_reset(pool);
        }
    }
    pool_destroy(pool);
    pool_destroy(a.pool);
    return status;
}
