/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/diff.h - the parts of a comparison of two kernels over a space. */
#ifndef NPTSIM_LAB_DIFF_H
#define NPTSIM_LAB_DIFF_H

#include "lab/difference.h"

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

/* ---- who is a member of what (diff_members.c) ---- */

/* Members that have one value of an axis. */
struct members {
    uint64_t count;
    struct lab_cluster *places;
};

/* Members of a group with the same cause. */
struct cause_members {
    struct lab_sets sets; /* of that cause */
    uint64_t count, example;
    unsigned example_oddity;    /* axes that leave the ordinary host */
    struct lab_cluster *places; /* NULL: there are too many */
    struct members **with;      /* per axis, per value */
};

struct group_members {
    const char *key;
    bool is_log;
    uint64_t count;
    unsigned n_causes, room;
    struct cause_members *cause;
};

/* One comparison in the making. */
struct diffing {
    const struct lab_diff *q;
    struct pool *pool;
    struct differences found; /* in the slab at work */
    unsigned n_groups, room;
    struct group_members *group; /* by the number of the group */
    /* The axes that make a place, and the others. */
    unsigned n_place, place[LAB_CLUSTER_AXES];
    uint64_t base;      /* of the slab of points at work */
    uint64_t differ[2]; /* [is_log] */
};

/* Count all that were found, each with its cause. */
void count_members(struct diffing *d);

/* ---- the answer (diff_report.c) ---- */

const struct report_set *report_sets(struct pool *pool,
                                     const struct lab_decisions *d,
                                     const struct lab_sets *sets);
void diff_report(const struct diffing *d, struct report_diff *out);

#endif
