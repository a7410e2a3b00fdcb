/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge.h - what was expected, what happened, and the reason for each.
 *
 * The judge listens on the bus. Facts and step outcomes are read off events;
 * nothing is computed twice.
 */
#ifndef NPTSIM_JUDGE_H
#define NPTSIM_JUDGE_H

#include "base.h"
#include "trace.h"

/* A value as a scenario writes it. */
enum value_kind { VALUE_NUMBER, VALUE_BOOL, VALUE_TEXT };
struct value {
    enum value_kind kind;
    uint64_t number; /* NUMBER, BOOL */
    const char *text;
    struct mark at;
};

/* Name: value, e.g. a fact, an event's field, a property of a step. */
struct expect_item {
    const char *name;
    struct value want;
    unsigned n_list; /* property `npf`: a list of EXITINFO1 values */
    struct value *list;
};

struct expect_step {
    const char *id;
    unsigned n_items;
    struct expect_item *items; /* outcome, value, error_code, cr2, npf, ... */
    struct mark at;
};

enum expect_event_mode { EXPECT_NEXT, EXPECT_NEVER, EXPECT_COUNT };
struct expect_event {
    enum expect_event_mode mode;
    enum event_id event;
    unsigned n_fields; /* NEXT, NEVER: fields that must match */
    struct expect_item *fields;
    uint64_t count; /* COUNT */
    struct mark at;
};

struct expectations {
    unsigned n_facts, n_steps, n_events, n_invariants;
    struct expect_item *facts;
    struct expect_step *steps;
    struct expect_event *events;
    struct expect_item *invariants; /* "no-hang": "holds" or "violated" */
};

/* What may be expected, for the loader's checks and `list facts`. */
struct fact_desc {
    const char *name;
    enum value_kind kind;
    const char *doc;
    enum event_id event; /* where it is read off ... */
    const char *field;   /* ... and which field */
};
extern const struct fact_desc fact_table[];
extern const unsigned n_facts;
int fact_find(const char *name);

struct step_property_desc {
    const char *name;
    enum value_kind kind;
    const char *doc;
};
extern const struct step_property_desc step_property_table[];
extern const unsigned n_step_properties;
extern const char *const step_outcome_names[]; /* NULL-terminated */

/* ---- invariants ---- */

/* What must be true of every run, whatever was expected of it. */
enum invariant {
    MMIO_FAULTS,
    ONLY_MMIO_FAULTS,
    SEV_ES_CAN_MMIO,
    CACHING_NOT_WASTED,
    NO_STALE_TLB,
    NO_HANG,
    NO_LEAK,
    N_INVARIANTS
};

struct invariant_desc {
    const char *name;
    const char *claim; /* one sentence */
    bool advice;       /* a violation is worth a report, but no failure */
};
extern const struct invariant_desc invariant_table[N_INVARIANTS];
int invariant_find(const char *name); /* or -1 */

enum invariant_state {
    INVARIANT_UNTESTED, /* nothing in this run put it to the test */
    INVARIANT_HOLDS,
    INVARIANT_VIOLATED,
};
extern const char *const invariant_state_names[]; /* NULL-terminated */

struct invariant_report {
    enum invariant_state state;
    const char *why; /* NULL: nothing to say */
};

struct cpu;
struct kvm_module;
struct kvm_vm;

/* Listens to one run; looks at the machine when something happened to it. Needs
 * no expectations. Lives in @pool. */
struct invariants;
struct invariants *invariants_create(struct pool *pool);
/* Whom to look at (run.h: struct run_onlooker). Without it only what events
 * tell is judged. */
void invariants_meet(void *invariants, const struct cpu *cpu,
                     const struct kvm_module *module, const struct kvm_vm *vm);
void invariants_sink(void *invariants, const struct event *ev);
/* Watch only those with @asked set; the others stay untested. */
void invariants_only(struct invariants *v, const bool asked[N_INVARIANTS]);
/* Add what it needs to hear. */
void invariants_interest(const struct invariants *v,
                         struct trace_interest *out);
/* Forget everything, reports included: for the next run. */
void invariants_reset(struct invariants *v);
/* After the run, the machine still there: N_INVARIANTS reports. */
const struct invariant_report *invariants_finish(struct invariants *v);

/* ---- listening ---- */

struct judge;
/* @step_ids: ids of all steps, in order. @sizes: bytes of the step's value.
 * Neither is copied. */
struct judge *judge_create(struct pool *pool, const struct expectations *x,
                           unsigned n_steps, const char *const *step_ids,
                           const unsigned *sizes);
void judge_sink(void *judge, const struct event *ev);
/* What this judge needs to hear, for trace_add_listener(). Without @reasons it
 * gives none, and the actors need not phrase any. */
void judge_interest(const struct judge *j, bool reasons,
                    struct trace_interest *out);
/* Forget everything that was heard, and take the texts given out along: the
 * next run of the same steps against the same expectations. */
void judge_reset(struct judge *j);
/* The invariants that it then watches, too, to be introduced to the machine
 * (run.h: struct run_onlooker); call it before judge_interest(). */
struct invariants *judge_invariants(struct judge *j);

enum verdict_result { VERDICT_PASS, VERDICT_FAIL, VERDICT_SKIP };
struct verdict {
    enum verdict_result result;
    const char *what;   /* "kvm.sev_es = false", "step hpet: outcome = hang" */
    const char *got;    /* what happened instead; NULL on PASS */
    const char *reason; /* from the event that settled it; may be NULL */
    struct mark at;
};

/* After the run. Returns the verdicts, in the order of the file. */
unsigned judge_finish(struct judge *j, const struct verdict **out);

struct verdict_counts {
    unsigned passed, failed, skipped;
};
struct verdict_counts verdict_count(const struct verdict *v, unsigned n);

/* After judge_finish(): N_INVARIANTS of them. */
const struct invariant_report *judge_invariant_reports(const struct judge *j);
/* Does an expectation speak about it? */
bool judge_expects_invariant(const struct judge *j, enum invariant i);

/* Facts and outcomes as they were, for --json and matrices. */
struct fact_value {
    bool known;
    struct value value;
    const char *reason;
};
struct fact_value judge_fact(const struct judge *j, unsigned fact);

#define STEP_MAX_NPF 16
struct step_report {
    const char *id;
    const char *outcome; /* one of step_outcome_names */
    bool has_value, has_error_code, has_cr2;
    uint64_t value, error_code, cr2;
    unsigned n_npf; /* total; the first STEP_MAX_NPF are kept */
    uint64_t npf[STEP_MAX_NPF];
    uint64_t exits, cycles;
    const char *reason;
};
unsigned judge_steps(const struct judge *j, const struct step_report **out);

/* ---- by name ---------------------------------------------------------------
 */

/* A fact, or a property of a step: "kvm.sev_es", "hpet.outcome". */
struct outcome {
    const char *name;
    enum value_kind kind; /* `npf` is a list of them */
    bool of_step;
    unsigned fact;
    unsigned step; /* by number */
    const char *property;
};
/* All that a run with these steps has. */
unsigned judge_outcomes(struct pool *pool, unsigned n_steps,
                        const char *const *ids, const struct outcome **out);
/* NULL with @e set: unknown, with a hint. @at: where the name was written. */
const struct outcome *judge_outcome_find(const struct outcome *list, unsigned n,
                                         const char *name, struct mark at,
                                         struct err *e);

struct outcome_value {
    bool known; /* a step that was skipped has no value */
    struct value value;
    const char *text;   /* as one would write it; "none" */
    const char *reason; /* may be NULL */
};
/* After judge_finish(); texts live in @pool. */
struct outcome_value judge_outcome(const struct judge *j, struct pool *pool,
                                   const struct outcome *o);

#endif
