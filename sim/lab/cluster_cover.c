/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/cluster_cover.c - a set as products of values, in one order of the axes.
 *
 * Values of an axis behind which the same lies are one value; so a set falls
 * into boxes, axis by axis. Where a box with a hole is shorter to say than its
 * pieces, it is said with the hole.
 */
#include "lab/cluster.h"

#include <string.h>

/* ---- covering ---- */

static struct term *add_term(struct telling *t, struct terms *to)
{
    to->term =
        pool_more(t->pool, to->term, to->n, &to->room, sizeof(*to->term));
    return &to->term[to->n++];
}

static const struct cluster_axis *axis_at(const struct telling *t, unsigned k)
{
    return &t->c->axis[t->order[k]];
}

static size_t cells_below(const struct telling *t, unsigned k)
{
    size_t n = 1;

    for (; k < t->c->n_axes; k++)
        n *= axis_at(t, k)->n;
    return n;
}

static bool is_empty(const uint8_t *in, size_t n)
{
    return !memchr(in, 1, n);
}

/* One term of @sub, with @set for the axis at depth @k. */
static void lift(struct telling *t, unsigned k, const uint8_t *set, size_t cost,
                 const struct term *sub, struct terms *to)
{
    struct term *term = add_term(t, to);

    *term = *sub;
    term->box.set[t->order[k]] = set;
    to->cost += cost;
    if (!sub->n_minus)
        return;
    term->minus = pool_alloc(t->pool, sub->n_minus * sizeof(*term->minus));
    for (unsigned i = 0; i < sub->n_minus; i++) {
        term->minus[i] = sub->minus[i];
        term->minus[i].set[t->order[k]] = set;
        to->cost += cost;
    }
}

static struct terms cover(struct telling *t, unsigned k, const uint8_t *in,
                          bool holes);

/* The values of depth @k that have the same behind them as @v has. */
static uint8_t *alike(struct telling *t, unsigned k, const uint8_t *in,
                      size_t below, unsigned v)
{
    unsigned n = axis_at(t, k)->n;
    uint8_t *set = pool_alloc(t->pool, n);

    for (unsigned w = v; w < n; w++)
        set[w] = memcmp(in + v * below, in + w * below, below) == 0;
    return set;
}

static struct terms cover_by_values(struct telling *t, unsigned k,
                                    const uint8_t *in, bool holes)
{
    const struct cluster_axis *a = axis_at(t, k);
    size_t below = cells_below(t, k + 1);
    uint8_t *done = pool_alloc(t->pool, a->n);
    struct terms all = { 0 };

    for (unsigned v = 0; v < a->n; v++) {
        struct terms sub;
        uint8_t *set;
        size_t cost;

        if (done[v] || is_empty(in + v * below, below))
            continue;
        set = alike(t, k, in, below, v);
        for (unsigned w = v; w < a->n; w++)
            done[w] |= set[w];
        cost = set_cost(a->axis, set);
        sub = cover(t, k + 1, in + v * below, holes);
        all.cost += sub.cost;
        for (unsigned i = 0; i < sub.n; i++)
            lift(t, k, set, cost, &sub.term[i], &all);
    }
    return all;
}

/* The smallest box from depth @k on that holds @in. */
static struct box bounding_box(struct telling *t, unsigned k, const uint8_t *in)
{
    size_t n = cells_below(t, k);
    struct box box = { { NULL } };

    for (; k < t->c->n_axes; k++) {
        size_t below = cells_below(t, k + 1);
        unsigned n_values = axis_at(t, k)->n;
        uint8_t *set = pool_alloc(t->pool, n_values);

        for (size_t i = 0; i < n; i++)
            if (in[i])
                set[i / below % n_values] = 1;
        box.set[t->order[k]] = set;
    }
    return box;
}

/* What is in @box but not in @in. */
static const uint8_t *holes_of(struct telling *t, unsigned k, const uint8_t *in,
                               const struct box *box)
{
    size_t n = cells_below(t, k);
    uint8_t *out = pool_alloc(t->pool, n);

    for (size_t i = 0; i < n; i++) {
        bool inside = true;

        for (unsigned d = k; d < t->c->n_axes && inside; d++)
            inside = box->set[t->order[d]]
                             [i / cells_below(t, d + 1) % axis_at(t, d)->n];
        out[i] = inside && !in[i];
    }
    return out;
}

static struct terms cover_by_holes(struct telling *t, unsigned k,
                                   const uint8_t *in)
{
    struct box box = bounding_box(t, k, in);
    struct terms holes = cover(t, k, holes_of(t, k, in, &box), false);
    struct terms one = { .cost = holes.cost + holes.n * strlen(" minus ") };
    struct term *term = add_term(t, &one);

    for (unsigned d = k; d < t->c->n_axes; d++)
        one.cost += set_cost(axis_at(t, d)->axis, box.set[t->order[d]]);
    term->box = box;
    term->n_minus = holes.n;
    term->minus = pool_alloc(t->pool, (holes.n + 1) * sizeof(*term->minus));
    for (unsigned i = 0; i < holes.n; i++)
        term->minus[i] = holes.term[i].box;
    return one;
}

static struct terms cover(struct telling *t, unsigned k, const uint8_t *in,
                          bool holes)
{
    struct terms by_values, by_holes;

    if (k == t->c->n_axes) {
        struct terms one = { 0 };

        if (*in)
            add_term(t, &one);
        return one;
    }
    by_values = cover_by_values(t, k, in, holes);
    if (!holes || by_values.n < 2)
        return by_values;
    /* Each term says every axis before this one again. */
    by_holes = cover_by_holes(t, k, in);
    return by_holes.cost + 3 * k * (1 + by_holes.term[0].n_minus) <
                   by_values.cost + (3 * k + 2) * by_values.n
               ? by_holes
               : by_values;
}

/* The cells in the order in which @t takes the axes. */
static const uint8_t *transpose(struct telling *t)
{
    const struct lab_cluster *c = t->c;
    uint8_t *out = pool_alloc(t->pool, c->n_cells);

    for (uint32_t i = 0; i < c->n_cells; i++) {
        unsigned at[LAB_CLUSTER_AXES];
        uint32_t rest = i, cell = 0;

        for (unsigned a = c->n_axes; a-- > 0;) {
            at[a] = rest % c->axis[a].n;
            rest /= c->axis[a].n;
        }
        for (unsigned k = 0; k < c->n_axes; k++)
            cell = cell * axis_at(t, k)->n + at[t->order[k]];
        out[cell] = c->in[i];
    }
    return out;
}

struct terms cluster_cover(struct telling *t)
{
    return cover(t, 0, transpose(t), true);
}
