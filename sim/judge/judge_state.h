/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/judge_state.h - what the judge remembers while it listens.
 *
 * facts.c keeps facts, steps.c keeps steps, expect.c keeps the place in the
 * list of expected events; verdict.c compares at the end.
 */
#ifndef NPTSIM_JUDGE_STATE_H
#define NPTSIM_JUDGE_STATE_H

#include "judge.h"

#define MAX_FACTS 32

/* A step while its events pass by. */
struct step_state {
    struct step_report report;
    unsigned size; /* of its value, 0: all of RAX */
    bool seen, done;
    const char *how; /* step_done.how */
    bool fixed_up, vc_done, emulated, halted;
    uint64_t vector; /* of the fix-up */
    uint64_t rax;    /* at the last HLT */
    uint64_t began;  /* cycles */
    const char *vc_why;
    const char *unsupported; /* text of an instruction that we do not execute */
};

struct judge {
    struct pool *pool;
    const struct expectations *x;
    struct fact_value fact[MAX_FACTS];
    uint8_t fact_field[MAX_FACTS];
    /* why each feature is on or off: the gate that closed, else all open */
    const char *mmio_why, *width_why, *sev_why[3], *create_why;
    unsigned n_steps;
    struct step_state *step;
    struct step_report *report;
    struct step_state *current;
    /* expected events */
    unsigned next;       /* NEXT items matched so far, index into x->events */
    uint64_t *count;     /* per expected event: how often it matched */
    uint64_t *last_seen; /* NEVER: sequence number + 1 of the offender */
};

/* The fields of an event, typed: FIELDS(npf, ev)->info1. */
#define FIELDS(name, ev) ((const struct ev_##name *)(const void *)(ev)->fields)

void facts_init(struct judge *j);
void facts_listen(struct judge *j, const struct event *ev);
const char *facts_reason(const struct judge *j, unsigned fact);

void steps_listen(struct judge *j, const struct event *ev);
void steps_finish(struct judge *j);

void expect_listen(struct judge *j, const struct event *ev);

/* A value as people write it: widths in decimal, masks in hex. */
const char *value_text(struct pool *pool, const struct value *v);

#endif
