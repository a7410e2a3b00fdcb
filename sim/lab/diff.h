/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/diff.h - the parts of a comparison of two kernels over a space. */
#ifndef NPTSIM_LAB_DIFF_H
#define NPTSIM_LAB_DIFF_H

#include "lab.h"

/* ---- what changed (diff_change.c) ---- */

/* Append what differs between @a and @b in @columns as "name=from>to;": masks
 * and numbers by their kind, else every geometry were a group of its own. */
void change_key(struct buf *b, const struct policy_result *from,
                const struct policy_result *to, uint64_t columns);
/* Such a key as a list. */
unsigned change_list(struct pool *pool, const char *key,
                     const struct report_change **out);
bool same_in(const struct policy_result *a, const struct policy_result *b,
             uint64_t columns);

/* ---- groups and causes (diff_cause.c) ---- */

/* Members that have one value of an axis. */
struct members {
    uint64_t count;
    struct lab_cluster *places;
};

/* Members of a group with the same explanation. */
struct cause {
    struct lab_sets sets;
    struct kernel_model *hybrid; /* one per set */
    uint64_t count, example;
    unsigned example_oddity;    /* axes that leave the ordinary host */
    struct lab_cluster *places; /* NULL: there are too many */
    struct members **with;      /* per axis, per value */
};

struct group {
    const char *key;
    bool is_log;
    uint64_t count;
    unsigned n_causes, room;
    struct cause *cause;
};

/* A host for which the kernels differ. */
struct differing {
    uint64_t point;
    unsigned group, cause;
    unsigned tried; /* causes that do not explain it */
    bool explained;
};

/* One comparison in the making. */
struct diffing {
    const struct lab_diff *q;
    struct pool *pool;
    unsigned n_groups, room;
    struct group *group;
    /* The axes that make a place, and the others. */
    unsigned n_place, place[LAB_CLUSTER_AXES];
    uint64_t base;      /* of the slab of points at work */
    uint64_t differ[2]; /* [is_log] */
};

uint64_t columns_of(const struct lab_diff *q, bool is_log);
/* Find the cause of each, count it there. */
void explain_all(struct diffing *d, struct differing *list, uint64_t n);

/* ---- the answer (diff_report.c) ---- */

const struct report_set *report_sets(struct pool *pool,
                                     const struct lab_decisions *d,
                                     const struct lab_sets *sets);
void diff_report(const struct diffing *d, struct report_diff *out);

#endif
