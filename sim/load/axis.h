/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/axis.h - what varies in a matrix: keys, each with its values.
 *
 * Points are numbered and made when they are asked for; nothing grows with
 * their number. The last axis runs fastest. Every value is tried when the file
 * is read, so that the ten-thousandth point does not find a typing error.
 */
#ifndef NPTSIM_LOAD_AXIS_H
#define NPTSIM_LOAD_AXIS_H

#include "load/scenario.h"

struct axis {
    const char *path;
    struct mark at;
    struct field_ref field;
    uint64_t n;
    uint64_t stride; /* points from one value to the next */
    /* Either a list of values, */
    const struct node **values;
    struct value *value; /* the same, understood */
    /* or a range, written here: */
    uint64_t first;
    const struct node *range;
};

struct axes {
    unsigned n;
    struct axis *axis;
    uint64_t points;
    size_t text_size; /* enough for the name of any point */
};

/* Read the mapping at `axes:`. */
int axes_read(struct pool *pool, struct axes *axes, const struct node *n,
              const struct matrix_context *x, struct err *e);

/* Which of its values an axis has at a point. */
static inline uint64_t axis_at(const struct axis *a, uint64_t point)
{
    return point / a->stride % a->n;
}

/* The @i-th value. */
struct value axis_value(const struct axis *a, uint64_t i);
/* The @i-th value into @doc. */
int axis_set(const struct axis *a, struct pool *pool, uint64_t i,
             struct scenario_doc *doc, struct err *e);

/* @root with the values of @point laid over it; NULL on error. */
const struct node *axes_lay(const struct axes *axes, struct pool *pool,
                            const struct node *root, uint64_t point,
                            struct err *e);
/* "cpu.set.cbit=51 kernel.model=v6.0" */
const char *axes_text(const struct axes *axes, struct pool *pool,
                      uint64_t point);

#endif
