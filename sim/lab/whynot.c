/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/whynot.c - the fewest changes of a configuration that flip an outcome.
 *
 * Breadth first: every single change, then every two, then three. The first
 * number of changes with which it can be done is the answer, and all ways to do
 * it with as many are found. Three changes are too many for all: only values
 * that made KVM say something else in two are combined.
 */
#include "lab/whynot.h"

#include <stdlib.h>
#include <string.h>

struct searching {
    const struct lab_whynot *q;
    const struct trial_values *values;
    unsigned n; /* changes at once */
    /* What KVM said with one change; 0: there is no such machine. */
    uint64_t *story;
    bool *counts; /* by key: worth a third change */
    uint64_t tried, n_hits, room;
    struct trial_hit *hit;
};

/* One thread. */
struct seeker {
    struct pool *pool;
    struct trier *trier;
    bool *counts;
    uint64_t tried, n_hits, room;
    struct trial_hit *hit;
};

static void *begin(void *ctx)
{
    struct searching *s = ctx;
    struct pool *pool = pool_create();
    struct seeker *own = pool_alloc(pool, sizeof(*own));

    own->pool = pool;
    own->trier = trier_create(pool, s->q);
    own->counts = pool_alloc(pool, s->values->n_keys + 1);
    return own;
}

static void add_hit(struct trial_hit **list, uint64_t *n, uint64_t *room,
                    const struct trial_hit *hit)
{
    if (*n == *room) {
        *room = *room ? 2 * *room : 64;
        *list = realloc(*list, *room * sizeof(**list));
        BUG_ON(!*list); /* out of memory ends the program, as in a pool */
    }
    (*list)[(*n)++] = *hit;
}

/* Who changes what KVM says, when another change is made already? */
static void compare_stories(const struct searching *s, struct seeker *own,
                            const unsigned *which, uint64_t story)
{
    const struct trial_value *v = s->values->value;

    if (s->n != 2)
        return;
    if (story != s->story[which[0]])
        own->counts[v[which[1]].key] = true;
    if (story != s->story[which[1]])
        own->counts[v[which[0]].key] = true;
}

static void try(struct searching *s, struct seeker *own, const unsigned *which)
{
    uint64_t story = 0;
    enum trial_end end = trier_try(own->trier, s->values, which, s->n, &story);

    own->tried++;
    if (s->n == 1) /* each value is one thread's alone */
        s->story[which[0]] = story;
    if (end == TRIAL_IMPOSSIBLE)
        return;
    compare_stories(s, own, which, story);
    if (end == TRIAL_HIT) {
        struct trial_hit hit = { { 0 } };

        memcpy(hit.value, which, s->n * sizeof(*which));
        add_hit(&own->hit, &own->n_hits, &own->room, &hit);
    }
}

/* All sets of s->n values that begin with the first @n of @which. */
static void extend(struct searching *s, struct seeker *own, unsigned *which,
                   unsigned n)
{
    const struct trial_value *v = s->values->value;

    if (n == s->n) {
        try(s, own, which);
        return;
    }
    for (unsigned i = which[n - 1] + 1; i < s->values->n; i++) {
        if (v[i].key == v[which[n - 1]].key ||
            (s->n == 3 && !s->counts[v[i].key]))
            continue;
        which[n] = i;
        extend(s, own, which, n + 1);
    }
}

static void work(void *ctx, void *own, uint64_t from, uint64_t to)
{
    struct searching *s = ctx;
    unsigned which[WHYNOT_MAX_CHANGES];

    for (uint64_t i = from; i < to; i++) {
        which[0] = (unsigned)i;
        if (s->n < 3 || s->counts[s->values->value[i].key])
            extend(s, own, which, 1);
    }
}

static void end(void *ctx, void *thread)
{
    struct searching *s = ctx;
    struct seeker *own = thread;

    for (uint64_t i = 0; i < own->n_hits; i++)
        add_hit(&s->hit, &s->n_hits, &s->room, &own->hit[i]);
    for (unsigned i = 0; i < s->values->n_keys; i++)
        s->counts[i] |= own->counts[i];
    s->tried += own->tried;
    free(own->hit);
    pool_destroy(own->pool);
}

static int by_values(const void *a, const void *b)
{
    const struct trial_hit *x = a, *y = b;

    for (unsigned i = 0; i < WHYNOT_MAX_CHANGES; i++)
        if (x->value[i] != y->value[i])
            return x->value[i] < y->value[i] ? -1 : 1;
    return 0;
}

/* false: stopped. */
static bool level(struct searching *s, unsigned n)
{
    struct lab_loop loop = { .points = s->values->n,
                             .chunk = 1,
                             .jobs = s->q->jobs,
                             .begin = begin,
                             .work = work,
                             .end = end,
                             .ctx = s,
                             .tick = s->q->tick,
                             .tick_ctx = s->q->tick_ctx };
    bool whole;

    s->n = n;
    whole = lab_parallel(&loop) == s->values->n;
    if (s->n_hits)
        qsort(s->hit, s->n_hits, sizeof(*s->hit), by_values);
    return whole;
}

void lab_whynot(struct pool *pool, const struct lab_whynot *q,
                struct report_whynot *out)
{
    struct trial_values values;
    struct searching s = { .q = q, .values = &values };
    struct trier *first = trier_create(pool, q);
    uint64_t story;
    unsigned n = 0;
    bool whole = true;

    trial_values_make(pool, q, &values);
    s.story = pool_alloc(pool, (values.n + 1) * sizeof(*s.story));
    s.counts = pool_alloc(pool, values.n_keys + 1);
    *out = (struct report_whynot) { .scenario = q->base->name,
                                    .outcome = q->outcome->name,
                                    .wanted = q->wanted_text };
    if (trier_try(first, &values, NULL, 0, &story) == TRIAL_HIT)
        out->is_so = true;
    while (!out->is_so && whole && !s.n_hits && n < q->max_changes)
        whole = level(&s, ++n);
    out->n_changes = n;
    out->tried = s.tried;
    out->stopped = !whole;
    whynot_report(pool, q, &values, s.hit, s.n_hits, n, out);
    free(s.hit);
}
