/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/diff.c - two kernels, every host of a space: where do they differ?
 *
 * The space is walked in slabs. In each, all cores look for hosts that differ;
 * then these are sorted into groups of equal change and explained.
 */
#include "lab/diff.h"

#include <stdlib.h>
#include <string.h>

#define SLAB  (1U << 21)
#define CHUNK 4096

uint64_t columns_of(const struct lab_diff *q, bool is_log)
{
    return is_log ? q->outcomes | q->logs : q->outcomes;
}

/* ---- looking, on all cores -------------------------------------------------
 */

struct find {
    uint64_t point;
    unsigned kind; /* of change, in the finder's own numbers */
};

struct kind {
    const char *key;
    bool is_log;
};

/* One thread. */
struct finder {
    struct pool *pool;
    struct lab_bench *bench;
    struct buf key;
    unsigned n_kinds, kinds_room;
    struct kind *kind;
    uint64_t n, room;
    struct find *find;
};

/* One slab; what the finders bring. */
struct search {
    struct diffing *d;
    uint64_t n, room;
    struct differing *list;
};

static void *grow(void *old, size_t size, uint64_t room)
{
    void *p = realloc(old, size * room);

    BUG_ON(!p); /* out of memory ends the program, as in pool_alloc() */
    return p;
}

static void *begin(void *ctx)
{
    struct pool *pool = pool_create();
    struct finder *f = pool_alloc(pool, sizeof(*f));

    (void)ctx;
    f->pool = pool;
    f->bench = lab_bench_create(pool);
    return f;
}

/* The number of the change whose key is in f->key. */
static unsigned kind_of(struct finder *f, bool is_log)
{
    unsigned i = 0;

    while (i < f->n_kinds && (f->kind[i].is_log != is_log ||
                              strcmp(f->kind[i].key, f->key.data) != 0))
        i++;
    if (i < f->n_kinds)
        return i;
    if (f->n_kinds == f->kinds_room) {
        f->kinds_room = f->kinds_room ? 2 * f->kinds_room : 16;
        f->kind = grow(f->kind, sizeof(*f->kind), f->kinds_room);
    }
    f->kind[f->n_kinds] =
        (struct kind) { pool_strdup(f->pool, f->key.data), is_log };
    return f->n_kinds++;
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
    if (f->n == f->room) {
        f->room = f->room ? 2 * f->room : 1024;
        f->find = grow(f->find, sizeof(*f->find), f->room);
    }
    f->find[f->n++] = (struct find) { point, kind_of(f, is_log) };
}

static void look(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct search *s = ctx;
    const struct lab_diff *q = s->d->q;
    struct finder *f = own;
    struct policy_result a, b;
    struct policy_host host;

    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    from += s->d->base;
    to += s->d->base;
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

/* ---- collecting ------------------------------------------------------------
 */

static unsigned group_of(struct diffing *d, const struct kind *k)
{
    unsigned i = 0;

    while (i < d->n_groups && (d->group[i].is_log != k->is_log ||
                               strcmp(d->group[i].key, k->key) != 0))
        i++;
    if (i < d->n_groups)
        return i;
    if (d->n_groups == d->room) {
        struct group *old = d->group;

        d->room = d->room ? 2 * d->room : 16;
        d->group = pool_alloc(d->pool, d->room * sizeof(*d->group));
        if (d->n_groups)
            memcpy(d->group, old, d->n_groups * sizeof(*old));
    }
    d->group[d->n_groups] =
        (struct group) { .key = pool_strdup(d->pool, k->key),
                         .is_log = k->is_log };
    return d->n_groups++;
}

static void collect(void *ctx, void *own)
{
    struct search *s = ctx;
    struct finder *f = own;
    unsigned *group = pool_alloc(f->pool, (f->n_kinds + 1) * sizeof(*group));

    for (unsigned i = 0; i < f->n_kinds; i++)
        group[i] = group_of(s->d, &f->kind[i]);
    if (s->n + f->n > s->room) {
        s->room = s->n + f->n;
        s->list = grow(s->list, sizeof(*s->list), s->room);
    }
    for (uint64_t i = 0; i < f->n; i++)
        s->list[s->n++] =
            (struct differing) { .point = f->find[i].point,
                                 .group = group[f->find[i].kind] };
    free(f->find);
    free(f->kind);
    buf_free(&f->key);
    pool_destroy(f->pool);
}

static int by_point(const void *a, const void *b)
{
    const struct differing *x = a, *y = b;

    return x->point < y->point ? -1 : x->point > y->point;
}

static bool tick(void *ctx, uint64_t done)
{
    struct search *s = ctx;
    const struct lab_diff *q = s->d->q;

    return !q->tick || q->tick(q->tick_ctx, s->d->base + done);
}

/* false: stopped. */
static bool do_slab(struct diffing *d, uint64_t points)
{
    struct search s = { .d = d };
    struct lab_loop loop = { .points = points,
                             .chunk = CHUNK,
                             .jobs = d->q->jobs,
                             .begin = begin,
                             .work = look,
                             .end = collect,
                             .ctx = &s,
                             .tick = tick,
                             .tick_ctx = &s };
    bool whole = lab_parallel(&loop) == points;

    if (whole && s.n) {
        qsort(s.list, s.n, sizeof(*s.list), by_point);
        explain_all(d, s.list, s.n);
    }
    free(s.list);
    return whole;
}

/* ---- reporting --------------------------------------------------------------
 */

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
    const struct group *x = a, *y = b;

    if (x->is_log != y->is_log)
        return x->is_log - y->is_log;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->key, y->key);
}

int lab_diff(struct pool *pool, const struct lab_diff *q,
             struct report_diff *out)
{
    struct diffing d = { .q = q, .pool = pool };
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
