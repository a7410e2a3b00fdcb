/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/diff_cause.c - which decisions explain each host that differs.
 *
 * The first host of a group is explained by trying out decisions. Most others
 * have the same explanation, so it is tried first, on all cores; only a host
 * for which it fails is explained anew. Everything happens in the order of the
 * points, so the answer does not depend on the number of threads.
 */
#include "lab/diff.h"

#include <string.h>

#define CHUNK 512

/* Places are told apart by the values of an axis that has as many. */
#define MAX_SPLIT 8

/* Does @k do at a host what the second kernel does? */
struct trial {
    struct lab_bench *bench;
    struct policy_host host;
    struct policy_result wanted;
    uint64_t columns;
};

static bool holds(void *ctx, const struct kernel_model *k)
{
    struct trial *t = ctx;
    struct policy_result r;

    lab_result(lab_load(t->bench, k, &t->host), &r);
    return same_in(&r, &t->wanted, t->columns);
}

static void prepare(struct trial *t, const struct diffing *d,
                    const struct differing *x)
{
    const struct lab_diff *q = d->q;

    lab_space_host(q->space, x->point, &t->host);
    lab_result(lab_load(t->bench, &q->between->to, &t->host), &t->wanted);
    t->columns = columns_of(q, d->group[x->group].is_log);
}

/* ---- known causes, on all cores --------------------------------------------
 */

struct known {
    struct diffing *d;
    struct differing *list;
};

struct helper {
    struct pool *pool;
    struct trial trial;
};

static void *begin(void *ctx)
{
    struct pool *pool = pool_create();
    struct helper *h = pool_alloc(pool, sizeof(*h));

    (void)ctx;
    h->pool = pool;
    h->trial.bench = lab_bench_create(pool);
    return h;
}

static void end(void *ctx, void *own)
{
    struct helper *h = own;

    (void)ctx;
    pool_destroy(h->pool);
}

static bool one_decision_holds(const struct diffing *d, struct trial *t)
{
    for (unsigned i = 0; i < d->q->between->n; i++) {
        struct lab_set one = { 1, { i } };
        struct kernel_model k;

        lab_hybrid(d->q->between, &one, &k);
        if (holds(t, &k))
            return true;
    }
    return false;
}

/* A host that needs one decision is not explained by two. */
static bool explains(const struct diffing *d, const struct cause *c,
                     struct trial *t)
{
    for (unsigned i = 0; i < c->sets.n; i++)
        if (!holds(t, &c->hybrid[i]))
            return false;
    return c->sets.n == 0 || c->sets.set[0].n == 1 || !one_decision_holds(d, t);
}

static void try_known(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct known *k = ctx;
    struct helper *h = own;

    for (uint64_t i = from; i < to; i++) {
        struct differing *x = &k->list[i];
        const struct group *g = &k->d->group[x->group];

        if (x->explained || x->tried == g->n_causes)
            continue;
        prepare(&h->trial, k->d, x);
        for (; x->tried < g->n_causes && !x->explained; x->tried++) {
            x->explained = explains(k->d, &g->cause[x->tried], &h->trial);
            x->cause = x->tried;
        }
    }
}

static void try_all_known(struct diffing *d, struct differing *list, uint64_t n)
{
    struct known k = { d, list };
    struct lab_loop loop = { .points = n,
                             .chunk = CHUNK,
                             .jobs = d->q->jobs,
                             .begin = begin,
                             .work = try_known,
                             .end = end,
                             .ctx = &k };

    lab_parallel(&loop);
}

/* ---- new causes ------------------------------------------------------------
 */

static struct lab_cluster *places(struct diffing *d)
{
    if (!d->n_place)
        return NULL;
    return lab_cluster_create(d->pool, d->q->space, d->place, d->n_place);
}

static struct cause *add_cause(struct diffing *d, struct group *g)
{
    const struct lab_space *s = d->q->space;
    struct cause *c;

    if (g->n_causes == g->room) {
        struct cause *old = g->cause;

        g->room = g->room ? 2 * g->room : 4;
        g->cause = pool_alloc(d->pool, g->room * sizeof(*g->cause));
        if (g->n_causes)
            memcpy(g->cause, old, g->n_causes * sizeof(*old));
    }
    c = &g->cause[g->n_causes++];
    c->places = places(d);
    c->with = pool_alloc(d->pool, (s->n_axes + 1) * sizeof(*c->with));
    for (unsigned i = 0; i < s->n_axes; i++) {
        unsigned n = s->axes[i].n_values;

        c->with[i] = pool_alloc(d->pool, n * sizeof(**c->with));
        for (unsigned k = 0; k < n && n <= MAX_SPLIT && c->places; k++)
            c->with[i][k].places = places(d);
    }
    return c;
}

static void explain_one(struct diffing *d, const struct differing *x)
{
    struct pool *scratch = pool_create();
    struct trial t = { .bench = lab_bench_create(scratch) };
    struct cause *c = add_cause(d, &d->group[x->group]);

    prepare(&t, d, x);
    c->sets = lab_explain(d->pool, d->q->between, holds, &t);
    c->hybrid = pool_alloc(d->pool, (c->sets.n + 1) * sizeof(*c->hybrid));
    for (unsigned i = 0; i < c->sets.n; i++)
        lab_hybrid(d->q->between, &c->sets.set[i], &c->hybrid[i]);
    pool_destroy(scratch);
}

/* Of each group the first host that no known cause explains. */
static bool explain_firsts(struct diffing *d, const struct differing *list,
                           uint64_t n)
{
    bool *done = pool_alloc(d->pool, d->n_groups + 1), any = false;

    for (uint64_t i = 0; i < n; i++) {
        if (list[i].explained || done[list[i].group])
            continue;
        done[list[i].group] = any = true;
        explain_one(d, &list[i]);
    }
    return any;
}

/* ---- counting --------------------------------------------------------------
 */

static void count(struct diffing *d, const struct differing *x)
{
    const struct lab_space *s = d->q->space;
    struct group *g = &d->group[x->group];
    struct cause *c = &g->cause[x->cause];
    uint64_t rest = x->point;
    unsigned oddity = 0;

    for (unsigned a = s->n_axes; a-- > 0;) {
        const struct lab_axis *axis = &s->axes[a];
        unsigned at = (unsigned)(rest % axis->n_values);

        rest /= axis->n_values;
        c->with[a][at].count++;
        if (c->with[a][at].places)
            lab_cluster_add(c->with[a][at].places, x->point);
        for (unsigned k = 0; k < axis->n_inputs; k++)
            oddity += axis->values[at][k] != s->base.v[axis->input[k]];
    }
    if (!c->count++ || oddity < c->example_oddity) {
        c->example = x->point;
        c->example_oddity = oddity;
    }
    if (c->places)
        lab_cluster_add(c->places, x->point);
    g->count++;
    d->differ[g->is_log]++;
}

void explain_all(struct diffing *d, struct differing *list, uint64_t n)
{
    if (d->q->text) { /* nothing to try out: a group has one cause */
        for (uint64_t i = 0; i < n; i++) {
            if (!d->group[list[i].group].n_causes)
                add_cause(d, &d->group[list[i].group]);
            count(d, &list[i]);
        }
        return;
    }
    do
        try_all_known(d, list, n);
    while (explain_firsts(d, list, n));
    for (uint64_t i = 0; i < n; i++)
        count(d, &list[i]);
}
