/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/parts.h - the three listeners that a judge is made of.
 *
 * Each hears every event and keeps what its questions need: what became a fact
 * (facts.c), how each step ended (steps.c), which expected events came
 * (expect.c). verdict.c owns them and compares with what was expected.
 */
#ifndef NPTSIM_JUDGE_PARTS_H
#define NPTSIM_JUDGE_PARTS_H

#include "judge.h"

/* ---- facts.c ---- */

enum gate_chain { GATES_SEV, GATES_SEV_ES, GATES_SEV_SNP, N_GATE_CHAINS };

struct gate_seen {
    bool any, open;
    const char *gate, *why, *source;
};

/* What the sentences beside the facts come from. */
struct fact_sources {
    struct ev_cpu cpu;
    const char *boot_width, *mmio_mask, *vm_create;
    bool mmio_works;  /* by the last choice of bits */
    bool vm_answered; /* what KVM says after vm_create is another story */
    struct gate_seen gate[N_GATE_CHAINS]; /* the last one asked */
};

struct facts {
    struct pool *texts;
    struct fact_value *value; /* indexed like fact_table */
    unsigned *field;          /* where in its event each one lies */
    bool settles[N_EVENTS];   /* does an event carry facts? */
    struct fact_sources from;
};

void facts_init(struct facts *f, struct pool *pool, struct pool *texts);
void facts_reset(struct facts *f);
void facts_interest(const struct facts *f, struct trace_interest *out);
void facts_hear(struct facts *f, const struct event *ev);
struct fact_value facts_value(const struct facts *f, unsigned fact);

/* ---- steps.c ---- */

/* What was heard between a step and its step_done. */
struct step_notes {
    bool begun, ended;
    bool emulated, asked_by_ghcb, host_action, halted;
    bool fixed_up, faulted, host_answered;
    uint64_t vector, rax;
    const char *how, *why;
    const char *hang, *shutdown, *fixup, *fault, *vc, *answer, *terminate;
    const char *npf, *refused; /* the last #NPF; VMRUN's reason */
    const char *unvalidated;   /* why a page is not, that was touched */
    const char *unsupported;   /* an instruction that nobody executes */
    uint64_t began_at;         /* cycles */
};

struct steps {
    unsigned n, current; /* n: none is running */
    struct step_report *report;
    struct step_notes *notes;
    const char *const *id;
    const unsigned *size;
};

void steps_init(struct steps *s, struct pool *pool, unsigned n,
                const char *const *ids, const unsigned *sizes);
void steps_reset(struct steps *s);
void steps_interest(struct trace_interest *out);
void steps_hear(struct steps *s, const struct event *ev);
/* Settle outcomes; steps that never began count as skipped. */
void steps_finish(struct steps *s, struct pool *pool);

/* ---- expect.c ---- */

struct event_watch {
    const struct expect_event *want;
    unsigned *field;  /* of each expected item, in the event */
    uint64_t seen;    /* events of that kind that matched */
    uint64_t at;      /* NEXT: which event it was; NEVER: the first offender */
    const char *why;  /* that event's own reason, "" if it gives none */
    const char *near; /* NEXT: the last event of the kind that differed */
};

struct watches {
    struct pool *texts;
    unsigned n, next; /* next: the NEXT entry that is being waited for */
    struct event_watch *watch;
    int why_field[N_EVENTS]; /* -1: none */
};

void watches_init(struct watches *w, struct pool *pool, struct pool *texts,
                  const struct expectations *x);
void watches_reset(struct watches *w);
void watches_interest(const struct watches *w, struct trace_interest *out);
void watches_hear(struct watches *w, const struct event *ev);
struct verdict watches_verdict(const struct watches *w, unsigned i);

/* ---- verdict.c ---- */

/* "0x1f", "31", "true", "hang": @kind says how the number is written. */
const char *value_text(struct pool *pool, const struct value *v,
                       enum field_kind kind);
/* A property of a step as a value; false: the step has no such thing. */
bool step_value(const struct step_report *r, const char *name,
                struct value *out, enum field_kind *kind);
/* "[0x100000004, 0x10000000d]" */
const char *step_npf_text(struct pool *pool, const struct step_report *r);

#endif
