/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/sweep_run.c - nptsim sweep FILE --out DIR: answer what has no answer. */
#include "cli/cli.h"
#include "cli/sweep_commands.h"
#include "sweep.h"

#include <inttypes.h>
#include <string.h>

struct sweep_args {
    struct pool *pool;
    struct cli_settings settings;
    const char **set; /* as they were written */
    const char *file, *out;
    unsigned jobs;
    bool cycles;
    uint64_t shard, shards;
};

static const struct argp_option options[] = {
    { "out", 'o', "DIR", 0, "Folder for the answers; made if there is none",
      0 },
    { "jobs", 'j', "N", 0, "Threads, 1..256 (default: all cores)", 0 },
    { "shard", 'k', "K/N", 0,
      "Answer only the K-th of N shares of the points; `sweep merge` joins "
      "them",
      0 },
    { "set", 's', "KEY=VALUE", 0,
      "Lay a value over the scenario, e.g. cpu.set.cbit=47", 0 },
    { "cycles", 'c', NULL, 0, "Tell what steps cost, too (slower)", 0 },
    { 0 },
};

static bool parse_shard(const char *text, uint64_t *shard, uint64_t *shards)
{
    const char *slash = strchr(text, '/');

    return slash && num_parse(text, (size_t)(slash - text), shard) == NUM_OK &&
           num_parse(slash + 1, strlen(slash + 1), shards) == NUM_OK &&
           *shard >= 1 && *shard <= *shards && *shards <= SCENARIO_MAX_SHARDS;
}

static void add_setting(struct sweep_args *a, const char *arg,
                        struct argp_state *state)
{
    a->set[a->settings.n < CLI_MAX_SETTINGS ? a->settings.n : 0] = arg;
    cli_take_setting(state, &a->settings, a->pool, arg);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct sweep_args *a = state->input;

    switch (key) {
    case 'o':
        a->out = arg;
        return 0;
    case 'j':
        a->jobs = cli_jobs(state, arg);
        return 0;
    case 'k':
        if (!parse_shard(arg, &a->shard, &a->shards))
            argp_error(state, "--shard: '%s' is not K/N with K in 1..N", arg);
        return 0;
    case 's':
        add_setting(a, arg, state);
        return 0;
    case 'c':
        a->cycles = true;
        return 0;
    case ARGP_KEY_ARG:
        return cli_one_word(state, arg, &a->file, "one scenario at a time");
    case ARGP_KEY_END:
        if (!a->file)
            argp_error(state, "which scenario?");
        if (strcmp(a->file, "-") == 0)
            argp_error(state, "a file is needed, to go on with later");
        if (!a->out)
            argp_error(state, "where to? --out DIR");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "FILE --out DIR\nmerge DIR... --out FILE\nindex DIR|FILE\ncsv DIR|FILE\n"
    "map DIR|FILE",
    "Live through every point of a scenario's matrix, on all cores, and keep "
    "the answers in a folder, a JSON object on each line. Whatever ends a "
    "sweep, the same command goes on behind it.\v"
    "A line has the point's number, counts of expectations, \"axes\", "
    "\"facts\", \"steps\", \"invariants\" that were put to the test, and the "
    "\"verdicts\" that are no pass; names are those of nptsim list facts. Same "
    "scenario, same bytes, whatever the jobs, shards and interruptions. The "
    "last line printed counts expectations.\n"
    "Exit status 75: interrupted, run the same command again. What can be done "
    "with the answers: nptsim sweep merge|index|csv|map --help.",
    NULL,
    NULL,
    NULL
};

/* ---- the answers ---- */

static void put_answer(struct buf *out, const struct lab_answer *a)
{
    struct point_axis axes[SCENARIO_MAX_AXES];
    struct point_record r = { .point = a->point,
                              .n_axes = scenario_file_axes(a->file),
                              .axes = axes,
                              .judge = a->judge,
                              .cycles = a->cycles,
                              .counts = a->counts,
                              .n_verdicts = a->n_verdicts,
                              .verdicts = a->verdicts };

    for (unsigned i = 0; i < r.n_axes; i++) {
        struct axis_desc d = scenario_file_axis(a->file, i);

        axes[i] = (struct point_axis) {
            .name = d.path,
            .value = scenario_file_axis_value(a->file, i, a->point),
            .wide = d.wide,
        };
    }
    render_point(out, &r);
}

/* ---- being told to stop ---- */

static bool tick(void *ctx, uint64_t done)
{
    cli_progress_tick(ctx, done);
    return !cli_stop_asked();
}

/* ---- all of it ---- */

static int report(const struct sweep_args *a, const struct lab_store *store,
                  const struct lab_manifest *m, enum lab_sweep_end end,
                  const struct err *e)
{
    struct lab_totals t = lab_store_totals(store);
    int status = end == LAB_SWEEP_INPUT ? STATUS_INPUT : STATUS_AGAIN;

    if (end == LAB_SWEEP_DONE) {
        printf("%" PRIu64 " points in %s\n%" PRIu64 " passed, %" PRIu64
               " failed, %" PRIu64 " skipped\n",
               t.points, a->out, t.passed, t.failed, t.skipped);
        return t.failed ? STATUS_FAILED : STATUS_OK;
    }
    if (e->set)
        cli_input_error(e);
    fprintf(
        stderr, "nptsim: %s: %" PRIu64 " of %" PRIu64 " points are done%s\n",
        a->out, lab_store_done(store), m->end - m->first,
        status == STATUS_AGAIN ? "; run the same command again to go on" : "");
    return status;
}

static int run(const struct sweep_args *a, struct scenario_file *file,
               const struct lab_manifest *m, struct lab_store *store)
{
    struct cli_progress progress =
        cli_progress_begin("sweep", m->end - m->first - lab_store_done(store));
    struct lab_sweep s = { .file = file,
                           .store = store,
                           .manifest = m,
                           .jobs = a->jobs,
                           .cycles = a->cycles,
                           .put = put_answer,
                           .tick = tick,
                           .tick_ctx = &progress };
    enum lab_sweep_end end;
    struct err e = { 0 };

    cli_stop_hold();
    end = lab_sweep_run(&s, &e);
    cli_progress_end(&progress);
    return report(a, store, m, end, &e);
}

static int prepare(struct sweep_args *a, struct scenario_file **file,
                   struct lab_manifest *m, struct err *e)
{
    struct catalog *catalog = cli_catalog(a->pool);

    if (scenario_file_load_shards(a->pool, catalog, a->file, a->settings.s,
                                  a->settings.n, a->shards, file, e))
        return -1;
    *m = (struct lab_manifest) { .scenario = scenario_file_name(*file),
                                 .n_settings = a->settings.n,
                                 .settings = a->set,
                                 .cycles = a->cycles,
                                 .points = scenario_file_points(*file),
                                 .shard = a->shard,
                                 .shards = a->shards };
    lab_manifest_share(m);
    return catalog_digest(catalog, a->file, &m->content, e);
}

int sweep_run(int argc, char **argv)
{
    struct sweep_args a = { .pool = pool_create(), .shard = 1, .shards = 1 };
    struct scenario_file *file;
    struct lab_store *store = NULL;
    struct lab_manifest m;
    struct err e = { 0 };
    int status;

    a.set = pool_alloc(a.pool, CLI_MAX_SETTINGS * sizeof(*a.set));
    cli_parse(&argp, argc, argv, &a);
    if (prepare(&a, &file, &m, &e) == 0)
        store = lab_store_open(a.out, &m, &e);
    status = store ? run(&a, file, &m, store) : cli_input_error(&e);
    lab_store_close(store);
    pool_destroy(a.pool);
    return status;
}
