/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/sweep.c - the chunks of a shard that have no answer yet, on all cores.
 *
 * A thread answers a whole chunk and keeps it, or drops it: because it was told
 * to stop, or because an earlier chunk ends the sweep anyway. So the first bad
 * point is the one that is reported, whichever thread comes first.
 */
#include "sweep.h"

#include "lab.h"
#include "lab/ask.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* What all threads of a sweep share. */
struct effort {
    const struct lab_sweep *sweep;
    uint64_t *missing; /* chunks */
    uint64_t n_missing;
    atomic_uint_fast64_t done; /* points, in this sweep */
    atomic_bool stop;
    /* The first chunk that ends the sweep, UINT64_MAX: none yet. */
    atomic_uint_fast64_t broken;
    pthread_mutex_t lock; /* of what follows */
    enum lab_sweep_end end;
    struct err *e;
};

/* One thread. */
struct hand {
    struct pool *pool, *point;
    struct asker *asker;
    struct buf lines;
};

static void *begin(void *ctx)
{
    struct hand *h = calloc(1, sizeof(*h));

    (void)ctx;
    BUG_ON(!h);
    h->pool = pool_create();
    h->point = pool_create();
    h->asker = asker_create(h->pool);
    return h;
}

static void end(void *ctx, void *own)
{
    struct hand *h = own;

    (void)ctx;
    buf_free(&h->lines);
    pool_destroy(h->point);
    pool_destroy(h->pool);
    free(h);
}

/* Chunk @i ends the sweep, unless an earlier one does. */
static void give_up(struct effort *x, uint64_t i, enum lab_sweep_end why,
                    const struct err *e)
{
    pthread_mutex_lock(&x->lock);
    if (i < atomic_load(&x->broken)) {
        atomic_store(&x->broken, i);
        x->end = why;
        *x->e = *e;
    }
    pthread_mutex_unlock(&x->lock);
}

static bool goes_on(const struct effort *x, uint64_t i)
{
    return !atomic_load(&x->stop) && i < atomic_load(&x->broken);
}

static int answer_point(const struct lab_sweep *s, struct hand *h, uint64_t i,
                        struct err *e)
{
    struct lab_answer a = { .point = i, .file = s->file };
    struct scenario scenario;
    int ret = scenario_file_point(s->file, h->point, i, &scenario, e);

    if (ret == 0) {
        ret = asker_ask(h->asker, h->point, &scenario, s->cycles, &a, e);
        if (ret)
            err_hint(e, "at the point %.150s", scenario.point);
        else
            s->put(&h->lines, &a);
    }
    pool_reset(h->point);
    return ret < 0 ? -1 : 0;
}

static void work(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct effort *x = ctx;
    const struct lab_manifest *m = x->sweep->manifest;
    struct hand *h = own;
    uint64_t i = x->missing[from], point = m->first + i * m->chunk;
    uint64_t stop = m->end - point < m->chunk ? m->end : point + m->chunk;
    struct err e = { 0 };

    BUG_ON(to != from + 1);
    buf_clear(&h->lines);
    for (; point < stop; point++) {
        if (!goes_on(x, i))
            return;
        if (answer_point(x->sweep, h, point, &e)) {
            give_up(x, i, LAB_SWEEP_INPUT, &e);
            return;
        }
        atomic_fetch_add_explicit(&x->done, 1, memory_order_relaxed);
    }
    if (lab_store_put(x->sweep->store, i, &h->lines, &e))
        give_up(x, i, LAB_SWEEP_WRITE, &e);
}

static bool tick(void *ctx, uint64_t chunks)
{
    struct effort *x = ctx;
    const struct lab_sweep *s = x->sweep;

    (void)chunks;
    if (s->tick && !s->tick(s->tick_ctx, atomic_load(&x->done)))
        atomic_store(&x->stop, true);
    return goes_on(x, UINT64_MAX - 1);
}

static void find_missing(struct effort *x)
{
    uint64_t n = lab_manifest_chunks(x->sweep->manifest);

    x->missing = calloc(n + 1, sizeof(*x->missing));
    BUG_ON(!x->missing);
    for (uint64_t i = 0; i < n; i++)
        if (!lab_store_has(x->sweep->store, i))
            x->missing[x->n_missing++] = i;
}

enum lab_sweep_end lab_sweep_run(const struct lab_sweep *s, struct err *e)
{
    struct effort x = { .sweep = s, .broken = UINT64_MAX, .e = e };
    struct lab_loop loop = {
        .chunk = 1,
        .jobs = s->jobs,
        .begin = begin,
        .work = work,
        .end = end,
        .ctx = &x,
        .tick = tick,
        .tick_ctx = &x,
    };

    pthread_mutex_init(&x.lock, NULL);
    find_missing(&x);
    loop.points = x.n_missing;
    if (x.n_missing)
        lab_parallel(&loop);
    free(x.missing);
    pthread_mutex_destroy(&x.lock);
    if (atomic_load(&x.broken) != UINT64_MAX)
        return x.end;
    return atomic_load(&x.stop) ? LAB_SWEEP_STOPPED : LAB_SWEEP_DONE;
}
