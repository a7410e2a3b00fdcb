/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/experiment.c - which decisions explain each difference.
 *
 * The first member of a group is explained by trying out decisions. Most others
 * have the same explanation, so it is tried first, on all cores; only where it
 * fails is explained anew. Everything happens in the order of the list, so the
 * answer does not depend on the number of threads.
 */
#include "lab/difference.h"

#include <stdatomic.h>

#define CHUNK 512

struct trying {
    struct differences *all;
    const struct experiment *x;
    atomic_uint_fast64_t explained;
};

static void tell(struct trying *t)
{
    if (t->x->tick)
        t->x->tick(t->x->tick_ctx, atomic_load(&t->explained), t->all->n);
}

/* ---- known causes, on all cores ---- */

static void *begin(void *ctx)
{
    const struct trying *t = ctx;

    return t->x->begin(t->x->ctx);
}

static void end(void *ctx, void *own)
{
    const struct trying *t = ctx;

    t->x->end(own);
}

static bool one_decision_holds(const struct experiment *x, void *own)
{
    for (unsigned i = 0; i < x->between->n; i++) {
        struct lab_set one = { 1, { i } };
        struct kernel_model k;

        lab_hybrid(x->between, &one, &k);
        if (x->holds(own, &k))
            return true;
    }
    return false;
}

/* What needs one decision is not explained by two. */
static bool explains(const struct experiment *x, const struct cause *c,
                     void *own)
{
    for (unsigned i = 0; i < c->sets.n; i++)
        if (!x->holds(own, &c->hybrid[i]))
            return false;
    return c->sets.n == 0 || c->sets.set[0].n == 1 ||
           !one_decision_holds(x, own);
}

static void try_known(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct trying *t = ctx;

    for (uint64_t i = from; i < to; i++) {
        struct difference *d = &t->all->list[i];
        const struct change_group *g = &t->all->group[d->group];

        if (d->explained || d->tried == g->n_causes)
            continue;
        t->x->prepare(t->x->ctx, own, d, g);
        for (; d->tried < g->n_causes && !d->explained; d->tried++) {
            d->explained = explains(t->x, &g->cause[d->tried], own);
            d->cause = d->tried;
        }
        atomic_fetch_add(&t->explained, d->explained);
    }
}

static bool tick(void *ctx, uint64_t done)
{
    (void)done;
    tell(ctx);
    return true;
}

static void try_all_known(struct trying *t)
{
    struct lab_loop loop = { .points = t->all->n,
                             .chunk = CHUNK,
                             .jobs = t->x->jobs,
                             .begin = begin,
                             .work = try_known,
                             .end = end,
                             .ctx = t,
                             .tick = tick,
                             .tick_ctx = t };

    lab_parallel(&loop);
}

/* ---- new causes ---- */

static void explain_one(struct trying *t, void *own, const struct difference *d)
{
    const struct lab_decisions *between = t->x->between;
    struct change_group *g = &t->all->group[d->group];
    struct pool *pool = t->all->pool;
    struct cause *c;

    g->cause =
        pool_more(pool, g->cause, g->n_causes, &g->room, sizeof(*g->cause));
    c = &g->cause[g->n_causes++];
    t->x->prepare(t->x->ctx, own, d, g);
    c->sets = lab_explain(pool, between, t->x->holds, own);
    c->hybrid = pool_alloc(pool, (c->sets.n + 1) * sizeof(*c->hybrid));
    for (unsigned i = 0; i < c->sets.n; i++)
        lab_hybrid(between, &c->sets.set[i], &c->hybrid[i]);
}

/* Of each group the first member that no known cause explains. */
static bool explain_firsts(struct trying *t)
{
    bool *done = pool_alloc(t->all->pool, t->all->n_groups + 1), any = false;
    void *own = t->x->begin(t->x->ctx);

    for (uint64_t i = 0; i < t->all->n; i++) {
        const struct difference *d = &t->all->list[i];

        if (d->explained || done[d->group])
            continue;
        done[d->group] = any = true;
        explain_one(t, own, d);
        tell(t);
    }
    t->x->end(own);
    return any;
}

void differences_explain(struct differences *all, const struct experiment *x)
{
    struct trying t = { .all = all, .x = x };

    do
        try_all_known(&t);
    while (explain_firsts(&t));
}
