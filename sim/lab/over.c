/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/over.c - two kernels, every run of some scenarios: where do they differ?
 *
 * As in diff.c, but what differs is a run, and what is compared is what came of
 * it. Runs are numbered through all files; all cores take part.
 */
#include "lab/over.h"

#include <pthread.h>
#include <stdlib.h>

#define CHUNK 16

unsigned over_file(const struct over *o, uint64_t run)
{
    unsigned low = 0, high = o->n_files;

    while (high - low > 1) { /* first[low] <= run < first[high] */
        unsigned middle = low + (high - low) / 2;

        if (o->first[middle] <= run)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int over_take(const struct over *o, struct over_run *r, uint64_t run,
              struct err *e)
{
    unsigned file = over_file(o, run);

    return over_run_take(r, o->file[file], run - o->first[file], e);
}

/* ---- the files ---- */

/* 1 = on bare hardware there is no kernel to compare, -1 = error. */
static int load_file(struct over *o, const char *path, struct scenario_file **f,
                     struct err *e)
{
    const struct lab_over *q = o->q;
    struct setting kernel = { "kernel.model", q->between->from.name };

    if (scenario_file_load(o->pool, q->catalog, path, NULL, 0, f, e))
        return -1;
    return scenario_file_is_bare(*f)
               ? 1
               : scenario_file_load(o->pool, q->catalog, path, &kernel, 1, f,
                                    e);
}

static int load_files(struct over *o, struct err *e)
{
    const struct lab_over *q = o->q;

    o->file = pool_alloc(o->pool, q->n_files * sizeof(struct scenario_file *));
    o->first = pool_alloc(o->pool, (q->n_files + 1) * sizeof(*o->first));
    for (unsigned i = 0; i < q->n_files; i++) {
        unsigned n = o->n_files;
        int ret = load_file(o, q->files[i], &o->file[n], e);

        if (ret < 0)
            return -1;
        if (ret > 0)
            continue;
        o->first[n + 1] = o->first[n] + scenario_file_points(o->file[n]);
        o->n_files++;
    }
    return 0;
}

static bool has(const struct outcome *list, unsigned n, const char *name)
{
    const struct lab_over one = { .n_names = 1, .names = &name };

    for (unsigned i = 0; i < n; i++)
        if (over_compares(&one, &list[i]))
            return true;
    return false;
}

/* Every name must be an outcome of some run; all runs of a file have the same.
 */
static int check_names(const struct over *o, struct over_run *r, struct err *e)
{
    const struct lab_over *q = o->q;
    bool *known = pool_alloc(o->pool, q->n_names + 1);
    const struct outcome *list = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < o->n_files && q->n_names; i++) {
        uint64_t points = scenario_file_points(o->file[i]);
        int ret = 1;

        for (uint64_t p = 0; p < points && ret > 0; p++)
            ret = over_run_take(r, o->file[i], p, e);
        if (ret < 0)
            return -1;
        if (ret > 0)
            continue; /* all excluded */
        n = lab_outcomes(o->pool, over_run_scenario(r), &list);
        for (unsigned k = 0; k < q->n_names; k++)
            known[k] |= has(list, n, q->names[k]);
    }
    for (unsigned k = 0; k < q->n_names; k++)
        if (!known[k]) /* says so, for no run has it */
            return judge_outcome_find(list, n, q->names[k],
                                      (struct mark) { .file = "--facts" }, e)
                       ? 0
                       : -1;
    return 0;
}

/* ---- comparing, on all cores ---- */

struct comparing {
    struct over *o;
    pthread_mutex_t lock; /* of what follows */
    uint64_t broken;      /* the first run that cannot be, or UINT64_MAX */
    struct err *e;
};

struct comparer {
    struct over_run *run;
    struct finds *finds;
    struct buf key;
    uint64_t compared;
};

static void *begin(void *ctx)
{
    struct comparing *c = ctx;
    struct comparer *own = calloc(1, sizeof(*own));

    BUG_ON(!own);
    own->run = over_run_create(c->o->q);
    own->finds = finds_create();
    return own;
}

static void end(void *ctx, void *arg)
{
    struct comparing *c = ctx;
    struct comparer *own = arg;

    c->o->compared += own->compared;
    finds_collect(own->finds, &c->o->found);
    over_run_destroy(own->run);
    buf_free(&own->key);
    free(own);
}

static int compare_run(const struct over *o, struct comparer *own, uint64_t i,
                       struct err *e)
{
    int ret = over_take(o, own->run, i, e);

    if (ret)
        return ret < 0 ? -1 : 0; /* an excluded point is no run */
    buf_clear(&own->key);
    if (over_run_want(own->run, e) || over_run_change(own->run, &own->key, e))
        return -1;
    own->compared++;
    if (own->key.len)
        finds_add(own->finds, i, own->key.data, false);
    return 0;
}

static void compare(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct comparing *c = ctx;

    for (uint64_t i = from; i < to; i++) {
        struct err e = { 0 };

        if (!compare_run(c->o, own, i, &e))
            continue;
        /* Whichever thread comes first: the first run is the one to tell. */
        pthread_mutex_lock(&c->lock);
        if (i < c->broken) {
            c->broken = i;
            *c->e = e;
        }
        pthread_mutex_unlock(&c->lock);
        return;
    }
}

static bool tick(void *ctx, uint64_t done)
{
    const struct comparing *c = ctx;
    const struct lab_over *q = c->o->q;

    if (q->comparing)
        q->comparing(q->tick_ctx, done, c->o->first[c->o->n_files]);
    return true;
}

static int compare_all(struct over *o, struct err *e)
{
    struct comparing c = { .o = o, .broken = UINT64_MAX, .e = e };
    struct lab_loop loop = { .points = o->first[o->n_files],
                             .chunk = CHUNK,
                             .jobs = o->q->jobs,
                             .begin = begin,
                             .work = compare,
                             .end = end,
                             .ctx = &c,
                             .tick = tick,
                             .tick_ctx = &c };

    pthread_mutex_init(&c.lock, NULL);
    lab_parallel(&loop);
    pthread_mutex_destroy(&c.lock);
    return c.broken == UINT64_MAX ? 0 : -1;
}

/* ---- explaining ---- */

static void *begin_trial(void *ctx)
{
    const struct over *o = ctx;

    return over_run_create(o->q);
}

static void end_trial(void *own)
{
    over_run_destroy(own);
}

static void prepare(void *ctx, void *own, const struct difference *d,
                    const struct change_group *g)
{
    struct err e = { 0 };
    int ret = over_take(ctx, own, d->at, &e);

    (void)g;
    BUG_ON(ret || over_run_want(own, &e)); /* it could be compared */
}

int lab_diff_over(struct pool *pool, const struct lab_over *q,
                  struct report_diff *out, struct err *e)
{
    struct over o = { .q = q, .pool = pool, .found = { .pool = pool } };
    struct experiment x = { .between = q->between,
                            .jobs = q->jobs,
                            .begin = begin_trial,
                            .prepare = prepare,
                            .holds = over_run_holds,
                            .end = end_trial,
                            .ctx = &o,
                            .tick = q->explaining,
                            .tick_ctx = q->tick_ctx };
    struct over_run *r = over_run_create(q);
    int ret = load_files(&o, e);

    if (!ret)
        ret = check_names(&o, r, e);
    if (!ret)
        ret = compare_all(&o, e);
    if (!ret) {
        differences_sort(&o.found);
        differences_explain(&o.found, &x);
        ret = over_report(&o, out, e);
    }
    over_run_destroy(r);
    differences_clear(&o.found);
    return ret;
}
