/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_lint.c - nptsim lint: parse and check, run nothing. */
#include "cli/cli.h"

#include <inttypes.h>

struct lint_args {
    char **paths;
    unsigned n_paths;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct lint_args *a = state->input;

    (void)arg;
    switch (key) {
    case ARGP_KEY_ARGS:
        a->paths = state->argv + state->next;
        a->n_paths = (unsigned)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenario?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    NULL,
    parse_option,
    "PATH...",
    "Parse and check scenarios, every point of a matrix included. A folder "
    "stands for all scenarios below it.",
    NULL,
    NULL,
    NULL
};

static int lint_file(struct catalog *catalog, const char *path)
{
    struct cli_points points = { .pool = pool_create(),
                                 .catalog = catalog,
                                 .path = path };
    struct err e = { 0 };
    int status = STATUS_OK;

    if (cli_each_point(&points, &e))
        status = cli_input_error(&e);
    else if (points.n == 1)
        printf("%s: ok\n", path);
    else
        printf("%s: ok, %" PRIu64 " points, %" PRIu64 " excluded\n", path,
               points.n, points.excluded);
    pool_destroy(points.pool);
    return status;
}

int cmd_lint(int argc, char **argv)
{
    struct lint_args a = { 0 };
    struct cli_files files = { 0 };
    struct pool *pool = pool_create();
    struct catalog *catalog;
    int status = STATUS_OK;

    cli_parse(&argp, argc, argv, &a);
    for (unsigned i = 0; i < a.n_paths && !status; i++)
        status = cli_find_scenarios(pool, a.paths[i], &files);
    if (!status && files.n == 0)
        status = cli_usage_error("no scenario below these paths");
    catalog = cli_catalog(pool);
    for (unsigned i = 0; i < files.n; i++)
        if (lint_file(catalog, files.path[i]))
            status = STATUS_INPUT;
    pool_destroy(pool);
    return status;
}
