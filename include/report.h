/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - what the laboratory found, in words and numbers.
 *
 * The lab fills it, render tells it; neither needs to know the other.
 */
#ifndef NPTSIM_REPORT_H
#define NPTSIM_REPORT_H

#include "base.h"

/* A decision that a kernel took over from another. */
struct report_decision {
    const char *key, *change; /* "slots.mmio_flag", "sticky -> snapshot" */
    const char *kernel;       /* whose file decided it so */
    const char *because;      /* commit or tag */
    bool undone;              /* the difference is what was before it */
};

/* All of these together are enough. */
struct report_set {
    unsigned n;
    const struct report_decision *decision;
};

/* One outcome: what it was, what it is. */
struct report_change {
    const char *what, *from, *to;
};

/* Some members: those with one value of an input, or all. */
struct report_places {
    const char *when; /* "p_mmio_caching=0", "": all */
    uint64_t count;
    uint64_t n;       /* of places: "34 geometries"; 0: names */
    const char *text; /* "(51,0,51), (52,0,*)", or names */
};

/* Members of a group with the same explanation. */
struct report_cause {
    uint64_t count;
    /* Each alone explains them; none: nothing was tried, or too much would be
     * needed. */
    unsigned n_sets;
    const struct report_set *set;
    unsigned n_places;
    const struct report_places *places;
    const char *where; /* "p_npt=1 p_sev=1": what all have in common, or "" */
    const char *example;
};

/* All that changed alike. */
struct report_group {
    bool is_log; /* text of log lines, not an outcome */
    uint64_t count;
    unsigned n_changes;
    const struct report_change *change;
    unsigned n_causes;
    const struct report_cause *cause;
};

struct report_diff {
    const char *from, *to;
    const char *over; /* what was compared: "raw_maxphyaddr 36..52, ..." */
    const char *noun_one, *noun; /* "run", "runs" */
    /* What a place is: "(raw_maxphyaddr,pa_reduction,cbit)" and its name. */
    const char *place, *place_one, *place_many;
    uint64_t compared, differ, differ_in_log; /* in log text alone */
    unsigned n_groups;
    const struct report_group *group;
};

/* One outcome under one kernel. */
struct report_turn {
    const char *kernel, *kind; /* "mainline", "stable", "what-if" */
    const char *extends;       /* of those apart */
    const char *value;
    const char *reason; /* or NULL */
    bool changed;       /* since the release before, because: */
    unsigned n_sets;
    const struct report_set *set;
};

struct report_bisect {
    const char *scenario, *outcome;
    unsigned n, n_changes;
    const struct report_turn *turn; /* releases, in their order */
    unsigned n_apart;
    const struct report_turn *apart;
};

/* ---- prove ---- */

/* A key of a scenario and its value: "cpu.set.phys_reduction", "1". */
struct report_setting {
    const char *key, *value;
};

/* A violated state, told as a part with as few changes as possible. */
struct report_example {
    const char *cpu; /* NULL: there is none to tell */
    const char *vm;
    unsigned n_settings;
    const struct report_setting *setting;
    const char *why;   /* what happened there; NULL: nobody lived through it */
    const char *saved; /* in which file, or NULL */
    uint64_t memory, device; /* its size; where the device is */
};

/* One invariant. */
struct report_finding {
    const char *invariant, *claim;
    bool advice;               /* violations are reported and fail nothing */
    bool told;                 /* this depth can tell */
    uint64_t tested, violated; /* states */
    const char *vms;           /* types of VM that violate it: "sev-es" */
    const char *common; /* of all violated ones: "syscfg_memenc=1", or "" */
    const char *place;  /* what a place is: "(raw_maxphyaddr,cbit)" */
    unsigned n_places;
    const struct report_places *places;
    /* Violated states under one setting that need none, and under several. */
    uint64_t repeated, elsewhere;
    struct report_example example;
};

struct report_proof {
    const char *kernel;
    const char *depth; /* "machine" */
    const char *over;  /* "raw_maxphyaddr 36..52, ..." */
    uint64_t states, done, skipped;
    unsigned n_findings;
    struct report_finding *finding;
};

/* A key, and values that do. */
struct report_values {
    const char *key;  /* "cpu.set.phys_reduction" */
    const char *text; /* "2..16" */
    bool sampled;     /* only some of its values were tried */
};

/* Changes that, made together, flip an outcome: any of these values. */
struct report_way {
    uint64_t count;
    const struct report_values *value; /* n_changes of them */
    const char *nearest;               /* "--set KEY=VALUE --set ..." */
    const char *reason;                /* for the outcome with these, or "" */
};

struct report_whynot {
    const char *scenario, *outcome, *wanted;
    const char *is, *reason; /* now; reason may be NULL */
    bool is_so;              /* nothing needs to change */
    bool stopped;            /* before all was tried */
    unsigned n_changes;      /* at once, as far as was tried */
    uint64_t tried;
    unsigned n_ways;
    const struct report_way *way;
};

#endif
