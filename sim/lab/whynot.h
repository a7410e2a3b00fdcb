/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/whynot.h - the parts of a search for changes that flip an outcome. */
#ifndef NPTSIM_LAB_WHYNOT_H
#define NPTSIM_LAB_WHYNOT_H

#include "lab.h"
#include "load.h"

#define WHYNOT_MAX_CHANGES 3

/* ---- what can be changed (whynot_values.c) ---- */

/* A key with another value than the scenario's. */
struct trial_value {
    unsigned key; /* in trial_values.key */
    struct config_change change;
    const char *text; /* as one would write it */
};

struct trial_values {
    unsigned n_keys, n;
    const struct config_key *key;
    bool *sampled; /* by key: not every value of its range is here */
    struct trial_value *value; /* by key, then ascending */
};

void trial_values_make(struct pool *pool, const struct lab_whynot *q,
                       struct trial_values *out);

/* ---- trying (whynot_try.c) ---- */

enum trial_end {
    TRIAL_IMPOSSIBLE, /* no such machine */
    TRIAL_OTHER,
    TRIAL_HIT,
};

/* One thread's machine. */
struct trier;
struct trier *trier_create(struct pool *pool, const struct lab_whynot *q);
/* With @n of the values; *@story: a number for all that was said. */
enum trial_end trier_try(struct trier *t, const struct trial_values *values,
                         const unsigned *which, unsigned n, uint64_t *story);
/* The outcome of that, with the reason; texts live in @pool. */
bool trier_tell(struct trier *t, struct pool *pool,
                const struct trial_values *values, const unsigned *which,
                unsigned n, struct outcome_value *out);

/* ---- the answer (whynot_report.c) ---- */

struct trial_hit {
    unsigned value[WHYNOT_MAX_CHANGES];
};

/* Hits of @n changes each, in ways; sorts them. */
void whynot_report(struct pool *pool, const struct lab_whynot *q,
                   const struct trial_values *values, struct trial_hit *hits,
                   uint64_t n_hits, unsigned n, struct report_whynot *out);

#endif
