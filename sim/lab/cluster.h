/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/cluster.h - what a description of a set is made of. */
#ifndef NPTSIM_LAB_CLUSTER_H
#define NPTSIM_LAB_CLUSTER_H

#include "lab.h"

struct cluster_axis {
    const struct lab_axis *axis;
    unsigned n;
    uint64_t stride; /* in the space */
};

struct lab_cluster {
    struct pool *pool;
    unsigned n_axes;
    struct cluster_axis axis[LAB_CLUSTER_AXES];
    uint32_t n_cells, n_in;
    uint8_t *in; /* one byte per cell, the last axis runs fastest */
};

/* A product of sets of values; a set is one byte per value of its axis. */
struct box {
    const uint8_t *set[LAB_CLUSTER_AXES];
};

struct term {
    struct box box;
    unsigned n_minus;
    struct box *minus;
};

struct terms {
    unsigned n, room;
    struct term *term;
    size_t cost; /* characters, about */
};

/* A set of values as it is seen from the axis at some depth on. */
struct telling {
    struct pool *pool;
    const struct lab_cluster *c;
    unsigned order[LAB_CLUSTER_AXES]; /* depth -> axis */
};

/* cluster_put.c: as it is written. */
unsigned set_size(const uint8_t *set, unsigned n);
/* Characters of one axis' part of a product, its comma too. */
size_t set_cost(const struct lab_axis *a, const uint8_t *set);
/* All values of an axis. */
void put_values(struct buf *b, const struct lab_axis *a);
void put_term(struct buf *b, const struct lab_cluster *c, const struct term *t);

/* cluster_cover.c: products that make up the set, by the order of the axes that
 * @t takes; no two of them meet. */
struct terms cluster_cover(struct telling *t);

#endif
