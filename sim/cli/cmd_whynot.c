/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_whynot.c - nptsim whynot: what would have to be different? */
#include "cli/cli.h"
#include "lab.h"

#include <string.h>
#include <time.h>

#define MAX_FIXED 64

struct whynot_args {
    struct pool *pool;
    const char *file, *wish;
    struct cli_settings settings;
    const char *fixed[MAX_FIXED];
    unsigned n_fixed, max_changes, jobs, seconds;
    bool json;
};

enum { KEY_MAX = 1000, KEY_FIX, KEY_SECONDS };

static const struct argp_option options[] = {
    { "set", 's', "KEY=VALUE", 0,
      "Lay a value over the scenario, e.g. cpu.set.cbit=47", 0 },
    { "max-changes", KEY_MAX, "N", 0, "At most N at once, 1..3 (default: 3)",
      0 },
    { "fix", KEY_FIX, "KEY", 0,
      "Change neither KEY nor what is below it, e.g. cpu; may be repeated", 0 },
    { "seconds", KEY_SECONDS, "N", 0, "Stop after N seconds (default: 60)", 0 },
    { "jobs", 'J', "N", 0, "Threads, 1..256 (default: all cores)", 0 },
    { "json", 'j', NULL, 0, "JSON Lines: the whole, then each way", 0 },
    { 0 },
};

static unsigned number(struct argp_state *state, const char *option,
                       const char *arg, unsigned max)
{
    uint64_t n;

    if (num_parse(arg, strlen(arg), &n) != NUM_OK || n < 1 || n > max)
        argp_error(state, "%s: '%s' is not in 1..%u", option, arg, max);
    return (unsigned)n;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct whynot_args *a = state->input;

    switch (key) {
    case 's':
        cli_take_setting(state, &a->settings, a->pool, arg);
        return 0;
    case KEY_MAX:
        a->max_changes = number(state, "--max-changes", arg, 3);
        return 0;
    case KEY_FIX:
        if (a->n_fixed == MAX_FIXED)
            argp_error(state, "too many --fix");
        a->fixed[a->n_fixed++] = arg;
        return 0;
    case KEY_SECONDS:
        a->seconds = number(state, "--seconds", arg, 1000000);
        return 0;
    case 'J':
        a->jobs = cli_jobs(state, arg);
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case ARGP_KEY_ARG:
        return cli_two_words(state, arg, &a->file, &a->wish,
                             "one scenario and one wish");
    case ARGP_KEY_END:
        if (!a->wish || !strchr(a->wish, '=') || a->wish[0] == '=')
            argp_error(state, "which scenario, and which FACT=VALUE?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "FILE FACT=VALUE",
    "Search for the fewest changes of the configuration (cpu.set, kernel, "
    "vm.type) with which FACT would be VALUE: kvm.sev_es=true, "
    "hpet.outcome=mmio.vc.\v"
    "Every change is tried out: first each alone, then two at once, then "
    "three.\nExit status: 0 there is a way, 1 none was found.",
    NULL,
    NULL,
    NULL
};

/* ---- the wish ---- */

static int bad_value(const struct outcome *o, const char *text,
                     const char *needed, struct err *e)
{
    err_at(e, (struct mark) { .file = "nptsim whynot" },
           "%s: '%.60s' is not %s", o->name, text, needed);
    return -1;
}

static int text_value(const struct outcome *o, const char *text,
                      struct value *v, struct err *e)
{
    unsigned n = 0;

    v->text = text;
    if (!o->of_step)
        return *text ? 0 : bad_value(o, text, "ok, or an errno's name", e);
    for (; step_outcome_names[n]; n++)
        if (strcmp(step_outcome_names[n], text) == 0)
            return 0;
    bad_value(o, text, "an outcome of a step", e);
    err_suggest(e, text, step_outcome_names, n);
    return err_hint(e, "'nptsim list facts' has all of them");
}

static int read_value(const struct outcome *o, const char *text,
                      struct value *v, struct err *e)
{
    *v = (struct value) { .kind = o->kind };
    if (o->of_step && strcmp(o->property, "npf") == 0) {
        bad_value(o, text, "to be wished for: it is a list", e);
        return err_hint(e, "wish for an outcome, or for exits");
    }
    switch (o->kind) {
    case VALUE_TEXT:
        return text_value(o, text, v, e);
    case VALUE_BOOL:
        v->number = strcmp(text, "true") == 0;
        return v->number || strcmp(text, "false") == 0
                   ? 0
                   : bad_value(o, text, "true or false", e);
    case VALUE_NUMBER:
        return num_parse(text, strlen(text), &v->number) == NUM_OK
                   ? 0
                   : bad_value(o, text, "a number", e);
    }
    BUG_ON(true);
}

/* ---- what stays ---- */

/* Is @fixed a key, or the part before a dot of one? */
static bool names_key(const struct config_key *keys, unsigned n,
                      const char *fixed)
{
    size_t len = strlen(fixed);

    for (unsigned i = 0; i < n; i++)
        if (strncmp(keys[i].path, fixed, len) == 0 &&
            (keys[i].path[len] == '\0' || keys[i].path[len] == '.'))
            return true;
    return false;
}

static int check_fixed(const struct whynot_args *a)
{
    const struct config_key *keys;
    unsigned n = load_config_keys(a->pool, &keys);

    for (unsigned i = 0; i < a->n_fixed; i++) {
        const char **names = pool_alloc(a->pool, n * sizeof(*names));

        if (names_key(keys, n, a->fixed[i]))
            continue;
        for (unsigned k = 0; k < n; k++)
            names[k] = keys[k].path;
        return cli_unknown("--fix: unknown key", a->fixed[i], names, n);
    }
    return STATUS_OK;
}

/* ---- the search ---- */

struct watch {
    struct cli_progress progress;
    time_t end;
};

static bool watch(void *ctx, uint64_t done)
{
    struct watch *w = ctx;

    cli_progress_tick(&w->progress, done);
    return time(NULL) < w->end;
}

/* Kernels that have a file which can be read; threads find them read. */
static int read_kernels(const struct whynot_args *a, struct catalog *c,
                        struct lab_whynot *q, struct err *e)
{
    q->n_kernels = catalog_kernel_names(c, &q->kernels);
    for (unsigned i = 0; i < q->n_kernels; i++)
        if (!catalog_kernel(c, q->kernels[i], (struct mark) { 0 }, e))
            return -1;
    q->catalog = c;
    q->fixed = a->fixed;
    q->n_fixed = a->n_fixed;
    return 0;
}

static int search(const struct whynot_args *a, struct catalog *c,
                  struct lab_whynot *q)
{
    const char *eq = strchr(a->wish, '=');
    struct watch w = { cli_progress_begin("values tried with all others", 0),
                       time(NULL) + a->seconds };
    struct report_whynot report;
    struct buf b = BUF_INIT;
    struct err e = { 0 };

    q->outcome =
        lab_outcome(a->pool, q->base,
                    pool_strndup(a->pool, a->wish, (size_t)(eq - a->wish)), &e);
    if (!q->outcome || read_value(q->outcome, eq + 1, &q->wanted, &e) ||
        read_kernels(a, c, q, &e))
        return cli_input_error(&e);
    q->wanted_text = eq + 1;
    q->tick = watch;
    q->tick_ctx = &w;
    lab_whynot(a->pool, q, &report);
    cli_progress_end(&w.progress);
    if (a->json)
        render_whynot_json(&b, &report);
    else
        render_whynot(&b, &report);
    cli_print(&b);
    buf_free(&b);
    return report.is_so || report.n_ways ? STATUS_OK : STATUS_FAILED;
}

int cmd_whynot(int argc, char **argv)
{
    struct whynot_args a = { .pool = pool_create(),
                             .max_changes = 3,
                             .seconds = 60 };
    struct catalog *catalog;
    struct scenario_file *file;
    struct scenario s;
    struct lab_whynot q = { 0 };
    int status;

    cli_parse(&argp, argc, argv, &a);
    catalog = cli_catalog(a.pool);
    status =
        cli_one_scenario(a.pool, catalog, a.file, &a.settings, NULL, &file, &s);
    q.file = file;
    q.base = &s;
    q.max_changes = a.max_changes;
    q.jobs = a.jobs;
    if (!status)
        status = check_fixed(&a);
    if (!status)
        status = search(&a, catalog, &q);
    pool_destroy(a.pool);
    return status;
}
