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

static bool one_holds(const struct experiment *x, const struct lab_set *set,
                      void *own)
{
    for (unsigned i = 0; i < set->n && set->n > 1; i++) {
        struct lab_set one = { 1, { set->d[i] } };
        struct kernel_model k;

        lab_hybrid(x->between, &one, &k);
        if (x->holds(own, &k))
            return true;
    }
    return false;
}

/* Where one decision of a set is enough the others explain nothing. */
static bool explains(const struct experiment *x, const struct cause *c,
                     void *own)
{
    for (unsigned i = 0; i < c->sets.n; i++)
        if (!x->holds(own, &c->hybrid[i]))
            return false;
    for (unsigned i = 0; i < c->sets.n; i++)
        if (one_holds(x, &c->sets.set[i], own))
            return false;
    return true;
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
    struct trying *t = ctx;

    (void)done;
    if (t->x->tick)
        t->x->tick(t->x->tick_ctx, atomic_load(&t->explained), t->all->n);
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

/* ---- new causes, those of different groups side by side ---- */

/* The first member of a group that no known cause explains. */
struct first {
    const struct difference *d;
    struct pool *pool; /* a thread must not share one */
    struct cause cause;
};

struct firsts {
    struct trying *t;
    unsigned n;
    struct first *first;
};

static struct firsts find_firsts(struct trying *t)
{
    struct pool *pool = t->all->pool;
    struct firsts f = { .t = t };
    bool *has = pool_alloc(pool, t->all->n_groups + 1);

    f.first = pool_alloc(pool, (t->all->n_groups + 1) * sizeof(*f.first));
    for (uint64_t i = 0; i < t->all->n; i++) {
        const struct difference *d = &t->all->list[i];

        if (d->explained || has[d->group])
            continue;
        has[d->group] = true;
        f.first[f.n++] = (struct first) { .d = d, .pool = pool_child(pool) };
    }
    return f;
}

static void *begin_first(void *ctx)
{
    const struct firsts *f = ctx;

    return begin(f->t);
}

static void end_first(void *ctx, void *own)
{
    const struct firsts *f = ctx;

    end(f->t, own);
}

static void explain(void *ctx, void *own, uint64_t from, uint64_t to)
{
    const struct firsts *f = ctx;
    const struct experiment *x = f->t->x;

    for (uint64_t i = from; i < to; i++) {
        struct first *first = &f->first[i];
        const struct difference *d = first->d;
        struct cause *c = &first->cause;

        x->prepare(x->ctx, own, d, &f->t->all->group[d->group]);
        c->sets = lab_explain(first->pool, x->between, x->holds, own);
        c->hybrid =
            pool_alloc(first->pool, (c->sets.n + 1) * sizeof(*c->hybrid));
        for (unsigned k = 0; k < c->sets.n; k++)
            lab_hybrid(x->between, &c->sets.set[k], &c->hybrid[k]);
    }
}

/* false: all is explained. */
static bool explain_firsts(struct trying *t)
{
    struct firsts f = find_firsts(t);
    struct lab_loop loop = { .points = f.n,
                             .chunk = 1,
                             .jobs = t->x->jobs,
                             .begin = begin_first,
                             .work = explain,
                             .end = end_first,
                             .ctx = &f,
                             .tick = tick,
                             .tick_ctx = t };

    if (f.n)
        lab_parallel(&loop);
    for (unsigned i = 0; i < f.n; i++) {
        struct change_group *g = &t->all->group[f.first[i].d->group];

        g->cause = pool_more(t->all->pool, g->cause, g->n_causes, &g->room,
                             sizeof(*g->cause));
        g->cause[g->n_causes++] = f.first[i].cause;
    }
    return f.n > 0;
}

void differences_explain(struct differences *all, const struct experiment *x)
{
    struct trying t = { .all = all, .x = x };

    do
        try_all_known(&t);
    while (explain_firsts(&t));
}
