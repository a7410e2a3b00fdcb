/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_prove.c - nptsim prove: every state against the invariants. */
#include "cli/prove_save.h"
#include "prove.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_KERNELS 256
#define MAX_SETS    32

struct prove_args {
    struct pool *pool;
    struct lab_question q;
    struct lab_axes axes;
    const char *kernels[MAX_KERNELS];
    unsigned n_kernels;
    const char *set[MAX_SETS]; /* --axis */
    unsigned n_sets, n_invariants;
    bool has_depth, json;
    const char *text;
    struct prove_save save;
};

enum { KEY_TEXT = 1000, KEY_OUT, KEY_SAVE };

static const struct argp_option options[] = {
    { "kernel", 'k', "NAME", 0,
      "Kernel model; may be repeated (default: all of them)", 0 },
    { "depth", 'd', "DEPTH", 0,
      "machine (default): a VM of each type is created and its guest touches a "
      "device; policy: kernels are loaded only, over a much larger space",
      0 },
    { "axis", 'a', "NAME=VALUES", 0,
      "Narrow or widen the space: pa_reduction=0..6, cbit=47,51, "
      "asids=1-15,100-509; the names are the columns of 'batch gating'",
      0 },
    { "text", KEY_TEXT, "LIB.so", 0,
      "Ask a real kernel's functions (make kernel-policy) instead of a model",
      0 },
    { "out", KEY_OUT, "DIR", 0,
      "Folder for counterexamples (default: this one)", 0 },
    { "save", KEY_SAVE, "FILE", 0,
      "File for the counterexample; needs one invariant and one kernel", 0 },
    { "json", 'j', NULL, 0, "JSON Lines: one for each invariant", 0 },
    { "jobs", 'J', "N", 0, "Threads, 1..256 (default: all cores)", 0 },
    { 0 },
};

static void choose_invariant(struct argp_state *state, struct prove_args *a,
                             const char *name)
{
    const char *names[N_INVARIANTS], *near;
    int i = invariant_find(name);

    if (i >= 0) {
        a->n_invariants += !a->q.asked[i];
        a->q.asked[i] = true;
        return;
    }
    for (unsigned k = 0; k < N_INVARIANTS; k++)
        names[k] = invariant_table[k].name;
    near = closest_word(name, names, N_INVARIANTS);
    if (near)
        argp_error(state, "unknown invariant '%s', did you mean '%s'?", name,
                   near);
    else
        argp_error(state,
                   "unknown invariant '%s'; 'nptsim list invariants' shows "
                   "them all",
                   name);
}

static void choose_depth(struct argp_state *state, struct prove_args *a,
                         const char *name)
{
    a->has_depth = true;
    if (strcmp(name, "policy") == 0)
        a->q.depth = LAB_POLICY;
    else if (strcmp(name, "machine") == 0)
        a->q.depth = LAB_MACHINE;
    else
        argp_error(state, "--depth: '%s' is not policy or machine", name);
}

static void check_args(struct argp_state *state, struct prove_args *a)
{
    size_t len = a->save.file ? strlen(a->save.file) : 0;

    if (a->text && a->has_depth && a->q.depth == LAB_MACHINE)
        argp_error(state, "--text: a library has no machine around it; only "
                          "--depth policy can ask it");
    if (a->text && a->n_kernels)
        argp_error(state, "--kernel or --text, one of them");
    if (a->save.file && (a->n_invariants != 1 || a->n_kernels != 1))
        argp_error(state, "--save needs one invariant and one --kernel; --out "
                          "takes any number of files");
    if (a->save.file &&
        (len < 6 || strcmp(a->save.file + len - 5, ".yaml") != 0))
        argp_error(state, "--save: a scenario's name ends in .yaml");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct prove_args *a = state->input;

    switch (key) {
    case 'k':
        if (a->n_kernels == MAX_KERNELS)
            argp_error(state, "too many kernels");
        a->kernels[a->n_kernels++] = arg;
        return 0;
    case 'd':
        choose_depth(state, a, arg);
        return 0;
    case 'a':
        if (a->n_sets == MAX_SETS)
            argp_error(state, "too many axes");
        a->set[a->n_sets++] = arg;
        return 0;
    case KEY_TEXT:
        a->text = arg;
        return 0;
    case KEY_OUT:
        a->save.dir = arg;
        return 0;
    case KEY_SAVE:
        a->save.file = arg;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case 'J':
        a->q.jobs = cli_jobs(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        choose_invariant(state, a, arg);
        return 0;
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
    "[INVARIANT...]",
    "Hold every state of the configuration space against the invariants "
    "('nptsim list invariants'), and save the counterexample that is closest "
    "to a CPU that ships as a scenario that 'nptsim run' lives through.\v"
    "Exit status 1 if an invariant is violated that is more than advice.",
    NULL,
    NULL,
    NULL
};

/* ---- what is asked ---------------------------------------------------------
 */

static int prepare_space(struct prove_args *a)
{
    struct err e = { 0 };
    uint64_t states;

    if (a->text)
        a->q.depth = LAB_POLICY;
    lab_axes_init(a->pool, &a->axes, a->q.depth);
    for (unsigned i = 0; i < a->n_sets; i++)
        if (lab_axes_set(a->pool, &a->axes, a->set[i], &e)) {
            cli_input_error(&e);
            return STATUS_USAGE;
        }
    for (unsigned i = 0; !a->n_invariants && i < N_INVARIANTS; i++)
        a->q.asked[i] = true;
    a->q.space =
        (struct lab_space) { a->axes.n, a->axes.axis, policy_default_host() };
    states = lab_states(&a->q);
    if (states > LAB_MAX_STATES)
        return cli_usage_error("%s%" PRIu64 " states are too many, %" PRIu64
                               " is the limit: narrow an axis",
                               states == UINT64_MAX ? "more than " : "", states,
                               LAB_MAX_STATES);
    return STATUS_OK;
}

/* CPUs that ship: models/README.md says what hypo-* are. */
static unsigned find_parts(struct catalog *c, struct lab_part *parts,
                           unsigned max, struct err *e)
{
    const char *const *names;
    unsigned n = catalog_cpu_names(c, &names), found = 0;

    for (unsigned i = 0; i < n && found < max; i++) {
        const struct cpu_file *f;

        if (strncmp(names[i], "hypo-", 5) == 0)
            continue;
        f = catalog_cpu(c, names[i], (struct mark) { 0 }, e);
        if (!f)
            return 0;
        parts[found++] = (struct lab_part) { f->model.name, &f->model };
    }
    return found;
}

/* ---- asking ----------------------------------------------------------------
 */

struct watch {
    struct cli_progress progress;
    struct timespec began;
    uint64_t before; /* states of the kernels that are done */
    bool stopped;
};

static bool tick(void *ctx, uint64_t done)
{
    struct watch *w = ctx;

    cli_progress_tick(&w->progress, w->before + done);
    w->stopped = w->stopped || cli_stop_asked();
    return !w->stopped;
}

struct results {
    unsigned n;
    struct report_proof r[MAX_KERNELS];
    struct lab_part parts[512];
    unsigned n_parts;
    int status; /* of saving */
};

static void ask(struct prove_args *a, struct results *all, struct watch *w)
{
    struct report_proof *r = &all->r[all->n++];
    struct lab_proof p;

    a->q.tick = tick;
    a->q.tick_ctx = w;
    lab_prove(&a->q, &p);
    w->before += p.done;
    lab_proof_report(a->pool, &p, all->parts, all->n_parts, r);
    lab_proof_free(&p);
    if (prove_save(a->pool, &a->save, r))
        all->status = STATUS_INPUT;
}

static int ask_kernels(struct prove_args *a, struct catalog *c,
                       struct results *all, struct watch *w)
{
    const struct kernel_file *files[MAX_KERNELS];
    struct err e = { 0 };

    for (unsigned i = 0; i < a->n_kernels; i++) {
        files[i] = catalog_kernel(c, a->kernels[i], (struct mark) { 0 }, &e);
        if (!files[i])
            return cli_input_error(&e);
    }
    for (unsigned i = 0; i < a->n_kernels && !w->stopped; i++) {
        a->q.kernel = &files[i]->model;
        ask(a, all, w);
    }
    return STATUS_OK;
}

static int ask_library(struct prove_args *a, struct results *all,
                       struct watch *w)
{
    struct err e = { 0 };

    a->q.text = lab_text_open(a->text, &e);
    if (!a->q.text)
        return cli_input_error(&e);
    ask(a, all, w);
    return STATUS_OK;
}

static bool is_chosen(const struct prove_args *a, const char *name)
{
    for (unsigned i = 0; i < a->n_kernels; i++)
        if (strcmp(a->kernels[i], name) == 0)
            return true;
    return false;
}

/* All of them: the releases in their order, then those apart. */
static int choose_kernels(struct prove_args *a, struct catalog *c)
{
    const struct kernel_file *const *release;
    const char *const *names;
    unsigned n_releases, n = catalog_kernel_names(c, &names);
    struct err e = { 0 };

    if (lab_generations(a->pool, c, &release, &n_releases, &e))
        return cli_input_error(&e);
    for (unsigned i = 0; i < n_releases && a->n_kernels < MAX_KERNELS; i++)
        a->kernels[a->n_kernels++] = release[i]->model.name;
    for (unsigned i = 0; i < n && a->n_kernels < MAX_KERNELS; i++)
        if (!is_chosen(a, names[i]))
            a->kernels[a->n_kernels++] = names[i];
    return STATUS_OK;
}

/* ---- telling ---------------------------------------------------------------
 */

/* Not a result: it differs from run to run. */
static void tell_rate(const struct watch *w)
{
    struct timespec now;
    struct buf b = BUF_INIT;
    double s;

    clock_gettime(CLOCK_MONOTONIC, &now);
    s = (double)(now.tv_sec - w->began.tv_sec) +
        (double)(now.tv_nsec - w->began.tv_nsec) / 1e9;
    render_count(&b, w->before);
    buf_printf(&b, " states in %.1f s, ", s);
    render_count(&b, (uint64_t)((double)w->before / (s > 0 ? s : 1)));
    fflush(stdout);
    fprintf(stderr, "%s/s\n", b.data);
    buf_free(&b);
}

static bool has_violation(const struct report_proof *r)
{
    for (unsigned i = 0; i < r->n_findings; i++)
        if (r->finding[i].violated && !r->finding[i].advice)
            return true;
    return false;
}

static void print_results(const struct prove_args *a, const struct results *all)
{
    bool colour = cli_colour();
    struct buf b = BUF_INIT;

    for (unsigned i = 0; a->json && i < all->n; i++)
        render_proof_json(&b, &all->r[i]);
    if (!a->json && all->n == 1)
        render_proof(&b, &all->r[0], colour);
    else if (!a->json)
        render_proofs(&b, all->r, all->n, colour);
    cli_print(&b);
    buf_free(&b);
}

static int finish(const struct prove_args *a, const struct results *all,
                  const struct watch *w)
{
    print_results(a, all);
    tell_rate(w);
    if (w->stopped)
        return STATUS_STOPPED;
    if (all->status)
        return all->status;
    for (unsigned i = 0; i < all->n; i++)
        if (has_violation(&all->r[i]))
            return STATUS_FAILED;
    return STATUS_OK;
}

static int prove(struct prove_args *a)
{
    struct catalog *c = cli_catalog(a->pool);
    struct results *all = pool_alloc(a->pool, sizeof(*all));
    struct watch w = { .stopped = false };
    struct err e = { 0 };
    int status = STATUS_OK;

    if (!a->n_kernels && !a->text)
        status = choose_kernels(a, c);
    if (status)
        return status;
    all->n_parts = find_parts(c, all->parts, ARRAY_SIZE(all->parts), &e);
    if (e.set)
        return cli_input_error(&e);
    status = prove_save_prepare(a->pool, &a->save, a->kernels, a->n_kernels,
                                a->q.asked);
    if (status)
        return status;
    cli_stop_hold();
    clock_gettime(CLOCK_MONOTONIC, &w.began);
    w.progress = cli_progress_begin("states", lab_states(&a->q) *
                                                  (a->text ? 1 : a->n_kernels));
    status = a->text ? ask_library(a, all, &w) : ask_kernels(a, c, all, &w);
    cli_progress_end(&w.progress);
    return status ? status : finish(a, all, &w);
}

int cmd_prove(int argc, char **argv)
{
    struct prove_args a = { .pool = pool_create(),
                            .q = { .depth = LAB_MACHINE },
                            .save = { .dir = "." } };
    int status;

    cli_parse(&argp, argc, argv, &a);
    status = prepare_space(&a);
    if (!status)
        status = prove(&a);
    pool_destroy(a.pool);
    return status;
}
