/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/explain.h - what telling a story needs beside the events themselves.
 *
 * explain.c records the run as chapters of laps of notes; a link turns one note
 * into sentences. Links about how the machine came to be are in
 * explain_setup.c, those about what happened in it in explain_run.c, and what a
 * hypervisor without a policy has to tell in explain_bare.c.
 */
#ifndef NPTSIM_RENDER_EXPLAIN_H
#define NPTSIM_RENDER_EXPLAIN_H

#include "render/parts.h"

/* An event worth telling, kept beyond its sink call. */
struct note {
    enum event_id id;
    unsigned npt_refs, gpt_refs; /* entries read by the walk that it ended */
    uint64_t fields[EVENT_MAX_FIELDS];
};

/* How often a page was touched by faulting accesses so far. */
struct touch {
    gpa_t page;
    unsigned times;
};

#define MAX_TOUCHES 64

/* What the links of one story know of each other. */
struct telling {
    struct buf text;    /* the link at hand; empty = nothing to say */
    const char *source; /* of the link at hand, if its event's does not fit */
    const struct note *note, *lap, *lap_end;
    bool mask_told, caching, es_asks_caching;
    bool bare;        /* there is no KVM in this story */
    unsigned n_gates; /* open ones of the feature at hand, in gates */
    struct buf gates;
    unsigned n_touches;
    struct touch touch[MAX_TOUCHES];
};

struct link {
    void (*tell)(struct telling *t, const struct event *ev);
    const char *source; /* if the event brings none; NULL: seen in this run */
};

/* Would a link about this event be silent? Then it is not even kept. */
bool explain_run_silent(const struct event *ev);
/* tell is NULL where a file has nothing to say about an event. */
const struct link *explain_setup_link(enum event_id id);
const struct link *explain_run_link(enum event_id id);
const struct link *explain_bare_link(enum event_id id);

/* @s, unless it says nothing. */
const char *text_or(const char *s, const char *otherwise);
/* ": why", if there is one; then a full stop. */
void tell_why(struct telling *t, const char *why);

#endif
