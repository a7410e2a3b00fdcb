/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/difference.h - where two kernels differ, in groups of equal change, and
 * why.
 *
 * What it is that differs, a host of a space or a run of a scenario, is the
 * business of those who ask: here it is a number.
 */
#ifndef NPTSIM_LAB_DIFFERENCE_H
#define NPTSIM_LAB_DIFFERENCE_H

#include "lab.h"

struct difference {
    uint64_t at;
    unsigned group, cause;
    unsigned tried; /* causes that do not explain it */
    bool explained;
};

/* What explains some members of a group. */
struct cause {
    struct lab_sets sets;
    struct kernel_model *hybrid; /* one per set */
};

struct change_group {
    const char *key; /* what changed: diff_change.c */
    bool is_log;
    unsigned n_causes, room;
    struct cause *cause;
};

struct differences {
    struct pool *pool; /* of groups and causes */
    unsigned n_groups, groups_room;
    struct change_group *group;
    uint64_t n, room;
    struct difference *list;
};

/* ---- finding them, on all cores (difference.c) ---- */

/* What one thread finds. */
struct finds;
struct finds *finds_create(void);
void finds_add(struct finds *f, uint64_t at, const char *key, bool is_log);
/* Hand it over to @all; @f is gone. */
void finds_collect(struct finds *f, struct differences *all);
/* In the order of what differs, whichever thread found it. */
void differences_sort(struct differences *all);
/* Forget the list; groups stay, with what explains them. */
void differences_clear(struct differences *all);

/* ---- explaining them (experiment.c) ---- */

struct experiment {
    const struct lab_decisions *between;
    unsigned jobs;
    /* A thread's own, which stands before one difference after the other: */
    void *(*begin)(void *ctx);
    void (*prepare)(void *ctx, void *own, const struct difference *d,
                    const struct change_group *g);
    /* does @k do there as the second kernel does? */
    bool (*holds)(void *own, const struct kernel_model *k);
    void (*end)(void *own);
    void *ctx;
    /* On the caller's thread, now and then. May be NULL. */
    void (*tick)(void *ctx, uint64_t explained, uint64_t all);
    void *tick_ctx;
};
/* Give each its cause. Some may have none that can be told: an empty set. */
void differences_explain(struct differences *all, const struct experiment *x);

#endif
