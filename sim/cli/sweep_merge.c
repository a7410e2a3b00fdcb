/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/sweep_merge.c - nptsim sweep merge: shards become one file. */
#include "cli/cli.h"
#include "cli/sweep_commands.h"
#include "sweep.h"

#include <inttypes.h>

struct merge_args {
    char **dirs;
    unsigned n_dirs;
    const char *out;
};

static const struct argp_option options[] = {
    { "out", 'o', "FILE", 0, "File for the answers, a line for each point", 0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct merge_args *a = state->input;

    switch (key) {
    case 'o':
        a->out = arg;
        return 0;
    case ARGP_KEY_ARGS:
        a->dirs = state->argv + state->next;
        a->n_dirs = (unsigned)(state->argc - state->next);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which folders?");
        return 0;
    case ARGP_KEY_END:
        if (!a->out)
            argp_error(state, "where to? --out FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "DIR... --out FILE",
    "Join the folders of all shards of a sweep into one file, in the order of "
    "points. Every point must be there; one that is in two folders must be the "
    "same in both.",
    NULL,
    NULL,
    NULL
};

int sweep_merge(int argc, char **argv)
{
    struct merge_args a = { 0 };
    struct lab_totals t;
    struct err e = { 0 };

    cli_parse(&argp, argc, argv, &a);
    if (lab_merge((const char *const *)a.dirs, a.n_dirs, a.out, &t, &e))
        return cli_input_error(&e);
    printf("%" PRIu64 " points in %s\n%" PRIu64 " passed, %" PRIu64
           " failed, %" PRIu64 " skipped\n",
           t.points, a.out, t.passed, t.failed, t.skipped);
    return t.failed ? STATUS_FAILED : STATUS_OK;
}
