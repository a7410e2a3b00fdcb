/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run/progress.h - does the guest still get anywhere?
 *
 * A lap is one entry into the guest. Its state is what the guest can see of
 * itself, registers and memory, and what made it leave. The machine is
 * deterministic: a state that comes back will come back for ever.
 */
#ifndef NPTSIM_RUN_PROGRESS_H
#define NPTSIM_RUN_PROGRESS_H

#include "base.h"

/* The state must come back this often: KVM may keep notes of its own that a
 * first repetition still changes. */
#define PROGRESS_REPEATS 8
/* Without any repetition a step ends after so many laps. */
#define PROGRESS_MAX_LAPS 20000

struct lap {
    uint64_t state; /* the same number for the anchor's state, no other */
    uint64_t code, info1, info2;
};

/* A cycle of any length is found as Brent does: one remembered state, renewed
 * at ever longer distances. */
struct progress {
    uint64_t laps;
    struct lap anchor;  /* the remembered state */
    uint64_t anchor_at; /* its lap */
    uint64_t reach;     /* renew the anchor after so many laps */
    uint64_t period;    /* laps until the anchor came back, 0: not yet */
    unsigned repeats;   /* how often it came back, a period apart each time */
};

enum progress_verdict {
    PROGRESS_GOES_ON,
    PROGRESS_REPEATS_FOR_EVER, /* every progress.period laps */
    PROGRESS_NO_END,           /* PROGRESS_MAX_LAPS laps, no repetition */
};

void progress_begin(struct progress *p);
enum progress_verdict progress_lap(struct progress *p, const struct lap *now);

#endif
