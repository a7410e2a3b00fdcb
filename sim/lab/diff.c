/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/diff.c - two kernels, every host of a space: where do they differ?
 *
 * The space is walked in slabs. In each, all cores look for hosts that differ;
 * then these are explained, and counted.
 */
#include "lab/diff.h"

#include <stdlib.h>
#include <string.h>

#define SLAB  (1U << 21)
#define CHUNK 4096

/* ---- looking, on all cores ---- */

/* One thread. */
struct finder {
    struct pool *pool;
    struct lab_bench *bench;
    struct buf key;
    struct finds *finds;
};

static void *begin(void *ctx)
{
    struct pool *pool = pool_create();
    struct finder *f = pool_alloc(pool, sizeof(*f));

    (void)ctx;
    f->pool = pool;
    f->bench = lab_bench_create(pool);
    f->finds = finds_create();
    return f;
}

static void end(void *ctx, void *own)
{
    struct diffing *d = ctx;
    struct finder *f = own;

    finds_collect(f->finds, &d->found);
    buf_free(&f->key);
    pool_destroy(f->pool);
}

static void compare(const struct lab_diff *q, struct finder *f, uint64_t point,
                    const struct policy_result *a,
                    const struct policy_result *b)
{
    bool is_log;

    if (memcmp(a, b, sizeof(*a)) == 0 || same_in(a, b, q->outcomes | q->logs))
        return;
    is_log = same_in(a, b, q->outcomes);
    buf_clear(&f->key);
    change_key(&f->key, a, b, is_log ? q->logs : q->outcomes);
    finds_add(f->finds, point, f->key.data, is_log);
}

static void look(void *ctx, void *own, uint64_t from, uint64_t to)
{
    const struct diffing *d = ctx;
    const struct lab_diff *q = d->q;
    struct finder *f = own;
    struct policy_result a, b;
    struct policy_host host;

    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    from += d->base;
    to += d->base;
    lab_space_host(q->space, from, &host);
    for (uint64_t i = from; i < to; i++) {
        if (i > from)
            lab_space_next(q->space, i, &host);
        lab_result(lab_load(f->bench, q->from, &host), &a);
        if (q->text)
            q->text->load(&host, &b);
        else
            lab_result(lab_load(f->bench, &q->between->to, &host), &b);
        compare(q, f, i, &a, &b);
    }
}

/* ---- explaining ---- */

/* Does a kernel do at a host what the second one does? */
struct trial {
    struct pool *pool;
    struct lab_bench *bench;
    struct policy_host host;
    struct policy_result wanted;
    uint64_t columns;
};

static void *begin_trial(void *ctx)
{
    struct pool *pool = pool_create();
    struct trial *t = pool_alloc(pool, sizeof(*t));

    (void)ctx;
    t->pool = pool;
    t->bench = lab_bench_create(pool);
    return t;
}

static void end_trial(void *own)
{
    struct trial *t = own;

    pool_destroy(t->pool);
}

static void prepare(void *ctx, void *own, const struct difference *d,
                    const struct change_group *g)
{
    const struct diffing *all = ctx;
    const struct lab_diff *q = all->q;
    struct trial *t = own;

    lab_space_host(q->space, d->at, &t->host);
    lab_result(lab_load(t->bench, &q->between->to, &t->host), &t->wanted);
    t->columns = g->is_log ? q->outcomes | q->logs : q->outcomes;
}

static bool holds(void *own, const struct kernel_model *k)
{
    struct trial *t = own;
    struct policy_result r;

    lab_result(lab_load(t->bench, k, &t->host), &r);
    return same_in(&r, &t->wanted, t->columns);
}

/* ---- slab by slab ---- */

static bool tick(void *ctx, uint64_t done)
{
    const struct diffing *d = ctx;
    const struct lab_diff *q = d->q;

    return !q->tick || q->tick(q->tick_ctx, d->base + done);
}

/* false: stopped. */
static bool do_slab(struct diffing *d, uint64_t points)
{
    const struct lab_diff *q = d->q;
    struct lab_loop loop = { .points = points,
                             .chunk = CHUNK,
                             .jobs = q->jobs,
                             .begin = begin,
                             .work = look,
                             .end = end,
                             .ctx = d,
                             .tick = tick,
                             .tick_ctx = d };
    struct experiment x = { .between = q->between,
                            .jobs = q->jobs,
                            .begin = begin_trial,
                            .prepare = prepare,
                            .holds = holds,
                            .end = end_trial,
                            .ctx = d,
                            .tick = q->explaining,
                            .tick_ctx = q->tick_ctx };
    bool whole = lab_parallel(&loop) == points;

    if (whole) {
        differences_sort(&d->found);
        if (!q->text) /* else there is nothing to try out */
            differences_explain(&d->found, &x);
        count_members(d);
    }
    differences_clear(&d->found);
    return whole;
}

/* A place is a geometry, where the space has any. */
static void choose_place(struct diffing *d)
{
    static const enum policy_input geometry[] = { POLICY_RAW_MAXPHYADDR,
                                                  POLICY_PA_REDUCTION,
                                                  POLICY_CBIT };
    const struct lab_space *s = d->q->space;

    for (unsigned i = 0; i < ARRAY_SIZE(geometry); i++)
        for (unsigned a = 0; a < s->n_axes; a++)
            if (s->axes[a].input[0] == geometry[i] && s->axes[a].n_values > 1)
                d->place[d->n_place++] = a;
}

static int by_count(const void *a, const void *b)
{
    const struct group_members *x = a, *y = b;

    if (x->is_log != y->is_log)
        return x->is_log - y->is_log;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->key, y->key);
}

int lab_diff(struct pool *pool, const struct lab_diff *q,
             struct report_diff *out)
{
    struct diffing d = { .q = q, .pool = pool, .found = { .pool = pool } };
    uint64_t points = lab_space_points(q->space);

    choose_place(&d);
    for (; d.base < points; d.base += SLAB)
        if (!do_slab(&d, points - d.base < SLAB ? points - d.base : SLAB))
            return -1;
    if (d.n_groups)
        qsort(d.group, d.n_groups, sizeof(*d.group), by_count);
    diff_report(&d, out);
    return 0;
}
