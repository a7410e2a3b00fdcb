/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/bisect.c - one outcome of one scenario, under every kernel there is.
 *
 * The releases in their order: where the outcome changes from one to the next,
 * decisions of the later one are tried out in the earlier one. There are few
 * releases and a run takes no time, so none is skipped.
 */
#include "lab/ask.h"
#include "lab/diff.h"
#include "load.h"

#include <string.h>

struct bisecting {
    struct pool *pool;
    struct catalog *catalog;
    struct scenario s; /* with the kernel of the moment */
    const struct outcome *outcome;
    struct asker *asker;
    const char *wanted; /* by an experiment */
    struct err *e;
};

/* What comes of it under @k; texts live in @pool. */
static int live(struct bisecting *b, struct pool *pool,
                const struct kernel_model *k, bool reasons,
                struct outcome_value *out)
{
    const struct judge *judge;

    b->s.config.kernel = *k;
    judge = asker_live(b->asker, pool, &b->s, reasons, b->e);
    if (!judge)
        return -1;
    *out = judge_outcome(judge, pool, b->outcome);
    return 0;
}

static int add_turn(struct bisecting *b, const struct kernel_file *f,
                    struct report_turn *out)
{
    struct pool *scratch = pool_create();
    struct outcome_value v;
    int ret = live(b, scratch, &f->model, true, &v);

    if (!ret)
        *out = (struct report_turn) {
            .kernel = f->model.name,
            .kind = kernel_kind_names[f->kind],
            .value = pool_strdup(b->pool, v.text),
            .reason = v.reason ? pool_strdup(b->pool, v.reason) : NULL,
        };
    pool_destroy(scratch);
    return ret;
}

/* ---- changes ---- */

static bool holds(void *ctx, const struct kernel_model *k)
{
    struct bisecting *b = ctx;
    struct pool *scratch = pool_create();
    struct outcome_value v;
    bool same =
        live(b, scratch, k, false, &v) == 0 && strcmp(v.text, b->wanted) == 0;

    pool_destroy(scratch);
    return same;
}

static int explain(struct bisecting *b, const struct report_turn *from,
                   struct report_turn *to)
{
    struct lab_decisions between;
    struct lab_sets sets;

    to->changed = true;
    if (lab_decisions(b->pool, b->catalog, from->kernel, to->kernel, &between,
                      b->e))
        return -1;
    b->wanted = to->value;
    sets = lab_explain(b->pool, &between, holds, b);
    to->n_sets = sets.n;
    to->set = report_sets(b->pool, &between, &sets);
    return b->e->set ? -1 : 0;
}

static int all_releases(struct bisecting *b, struct report_bisect *out)
{
    const struct kernel_file *const *chain;
    struct report_turn *turn;
    unsigned n;

    if (lab_generations(b->pool, b->catalog, &chain, &n, b->e))
        return -1;
    turn = pool_alloc(b->pool, (n + 1) * sizeof(*turn));
    for (unsigned i = 0; i < n; i++) {
        if (add_turn(b, chain[i], &turn[i]))
            return -1;
        if (i == 0 || strcmp(turn[i].value, turn[i - 1].value) == 0)
            continue;
        out->n_changes++;
        if (explain(b, &turn[i - 1], &turn[i]))
            return -1;
    }
    out->n = n;
    out->turn = turn;
    return 0;
}

/* ---- the others ---- */

static int all_others(struct bisecting *b, struct report_bisect *out)
{
    const char *const *names;
    unsigned n = catalog_kernel_names(b->catalog, &names);
    struct report_turn *turn = pool_alloc(b->pool, (n + 1) * sizeof(*turn));

    for (unsigned i = 0; i < n; i++) {
        const struct kernel_file *f =
            catalog_kernel(b->catalog, names[i], (struct mark) { 0 }, b->e);

        if (!f)
            return -1;
        if (f->kind == KERNEL_MAINLINE)
            continue;
        if (add_turn(b, f, &turn[out->n_apart]))
            return -1;
        turn[out->n_apart].extends = f->extends;
        out->n_apart++;
    }
    out->apart = turn;
    return 0;
}

int lab_bisect(struct pool *pool, struct catalog *c, const struct scenario *s,
               const char *outcome, struct report_bisect *out, struct err *e)
{
    struct bisecting b = { pool, c, *s, NULL, asker_create(pool), NULL, e };

    if (s->config.is_bare) {
        err_at(e, (struct mark) { .file = s->path },
               "there is no kernel on bare hardware");
        return err_hint(e, "whynot tries out other CPUs and hypervisors");
    }
    *out = (struct report_bisect) { .scenario = s->name, .outcome = outcome };
    b.s.expect = (struct expectations) { 0 };
    b.outcome = lab_outcome(pool, s, outcome, e);
    return b.outcome && !all_releases(&b, out) && !all_others(&b, out) ? 0 : -1;
}
