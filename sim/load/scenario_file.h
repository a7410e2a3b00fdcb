/* SPDX-License-Identifier: GPL-2.0-only */
/* load/scenario_file.h - a file that was read: what scenario.c leaves to
 * point.c. */
#ifndef NPTSIM_LOAD_SCENARIO_FILE_H
#define NPTSIM_LOAD_SCENARIO_FILE_H

#include "load/scenario.h"

struct scenario_file {
    struct pool *pool;
    struct catalog *catalog;
    const char *path;
    const struct node *root;
    struct run_config steps; /* steps only: the same in every point */
    struct expectations expect;
    struct matrix *matrix;   /* NULL: one point */
    const struct axes *axes; /* of the matrix; none without one */
    /* A point is a form, filled in but for its axes' values: one form, or one
     * for each CPU of the axis that names models. */
    struct scenario_doc *forms;
    const struct axis *cpus;
};

/* @root as a configuration, over its CPU's model ... */
int scenario_fill(struct catalog *c, struct pool *pool, const struct node *root,
                  struct scenario_doc *doc, struct err *e);
/* ... and whether its parts, each fine, go together. */
int scenario_check(struct pool *pool, const struct node *root,
                   struct scenario_doc *doc, struct err *e);
/* Fill in the forms, once the matrix is read. */
int scenario_make_forms(struct scenario_file *f, struct err *e);

#endif
