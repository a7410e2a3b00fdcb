/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/cluster.c - a set of points, said in few words and exactly.
 *
 * The length of a description depends on the order in which it takes the axes,
 * so every order is tried and the shortest text kept.
 */
#include "lab/cluster.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Larger sets are described in the given order of the axes only. */
#define MAX_CELLS_PERMUTED (1U << 16)

struct lab_cluster *lab_cluster_create(struct pool *pool,
                                       const struct lab_space *space,
                                       const unsigned *axes, unsigned n)
{
    struct lab_cluster *c = pool_alloc(pool, sizeof(*c));
    uint64_t cells = 1;

    BUG_ON(n < 1 || n > LAB_CLUSTER_AXES);
    c->pool = pool;
    c->n_axes = n;
    for (unsigned i = 0; i < n; i++) {
        struct cluster_axis *a = &c->axis[i];

        a->axis = &space->axes[axes[i]];
        a->n = a->axis->n_values;
        a->stride = 1;
        for (unsigned k = axes[i] + 1; k < space->n_axes; k++)
            a->stride *= space->axes[k].n_values;
        cells *= a->n;
        if (cells > LAB_CLUSTER_CELLS)
            return NULL;
    }
    c->n_cells = (uint32_t)cells;
    c->in = pool_alloc(pool, cells);
    return c;
}

void lab_cluster_add(struct lab_cluster *c, uint64_t point)
{
    uint32_t cell = 0;

    for (unsigned i = 0; i < c->n_axes; i++) {
        const struct cluster_axis *a = &c->axis[i];

        cell = cell * a->n + (uint32_t)(point / a->stride % a->n);
    }
    c->n_in += !c->in[cell];
    c->in[cell] = 1;
}

uint32_t lab_cluster_size(const struct lab_cluster *c)
{
    return c->n_in;
}

/* ---- the best order ---- */

static void swap(unsigned *a, unsigned *b)
{
    unsigned t = *a;

    *a = *b;
    *b = t;
}

/* The next order of @n axes; false: that was the last. */
static bool next_order(unsigned *order, unsigned n)
{
    unsigned i = n - 1, k = n - 1;

    while (i > 0 && order[i - 1] > order[i])
        i--;
    if (i == 0)
        return false;
    while (order[k] < order[i - 1])
        k--;
    swap(&order[i - 1], &order[k]);
    for (unsigned a = i, b = n - 1; a < b; a++, b--)
        swap(&order[a], &order[b]);
    return true;
}

static size_t length(const struct lab_cluster *c, const struct terms *all)
{
    struct buf b = BUF_INIT;
    size_t len;

    for (unsigned i = 0; i < all->n; i++)
        put_term(&b, c, &all->term[i]);
    len = b.len + 2 * all->n;
    buf_free(&b);
    return len;
}

static struct terms shortest(const struct lab_cluster *c, struct pool *pool)
{
    struct telling t = { .pool = pool, .c = c };
    struct terms best = { 0 };
    size_t best_len = SIZE_MAX;

    for (unsigned i = 0; i < c->n_axes; i++)
        t.order[i] = i;
    do {
        struct terms all = cluster_cover(&t);
        size_t len = length(c, &all);

        if (len < best_len) {
            best = all;
            best_len = len;
        }
    } while (c->n_cells <= MAX_CELLS_PERMUTED &&
             next_order(t.order, c->n_axes));
    return best;
}

/* ---- the description ---- */

static uint64_t box_size(const struct lab_cluster *c, const struct box *b)
{
    uint64_t n = 1;

    for (unsigned i = 0; i < c->n_axes; i++)
        n *= set_size(b->set[i], c->axis[i].n);
    return n;
}

static uint64_t term_size(const struct lab_cluster *c, const struct term *t)
{
    uint64_t n = box_size(c, &t->box);

    for (unsigned i = 0; i < t->n_minus; i++)
        n -= box_size(c, &t->minus[i]);
    return n;
}

/* By their smallest values; @context is the cluster. */
static int by_place(const void *a, const void *b, void *context)
{
    const struct term *x = a, *y = b;
    const struct lab_cluster *c = context;

    for (unsigned i = 0; i < c->n_axes; i++) {
        const uint8_t *p = x->box.set[i], *q = y->box.set[i];
        int order = memcmp(q, p, c->axis[i].n);

        if (order)
            return order;
    }
    return 0;
}

static int by_size(const void *a, const void *b, void *context)
{
    uint64_t x = term_size(context, a), y = term_size(context, b);

    return x == y ? by_place(a, b, context) : x < y ? 1 : -1;
}

void lab_cluster_describe(const struct lab_cluster *c, unsigned max_terms,
                          struct buf *b)
{
    struct pool *scratch = pool_create();
    struct terms all = shortest(c, scratch);
    uint64_t left = c->n_in;

    if (all.n > max_terms) { /* the largest ones say most */
        qsort_r(all.term, all.n, sizeof(*all.term), by_size, (void *)c);
        all.n = max_terms;
    }
    if (all.n)
        qsort_r(all.term, all.n, sizeof(*all.term), by_place, (void *)c);
    for (unsigned i = 0; i < all.n; i++) {
        buf_adds(b, i ? ", " : "");
        put_term(b, c, &all.term[i]);
        left -= term_size(c, &all.term[i]);
    }
    if (left)
        buf_printf(b, "%sand %" PRIu64 " more", all.n ? ", " : "", left);
    pool_destroy(scratch);
}
