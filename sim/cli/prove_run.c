/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/prove_run.c - ask each kernel, save and print what it answers. */
#include "cli/proving.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* ---- what is asked ---- */

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

/* ---- asking ---- */

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
    struct report_proof r[PROVE_MAX_KERNELS];
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
    const struct kernel_file *files[PROVE_MAX_KERNELS];
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
    for (unsigned i = 0; i < n_releases && a->n_kernels < PROVE_MAX_KERNELS;
         i++)
        a->kernels[a->n_kernels++] = release[i]->model.name;
    for (unsigned i = 0; i < n && a->n_kernels < PROVE_MAX_KERNELS; i++)
        if (!is_chosen(a, names[i]))
            a->kernels[a->n_kernels++] = names[i];
    return STATUS_OK;
}

/* ---- telling ---- */

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

int prove_run(struct prove_args *a)
{
    int status = prepare_space(a);

    return status ? status : prove(a);
}
