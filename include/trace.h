/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - the bus on which actors say what they did.
 *
 * An event is defined once, in events.def, and spoken by the actor who did it.
 * The bus numbers it, asks the clock (if one listens) for its price, and hands
 * it to every sink that asked for it. Where nobody did, TRACE() costs one
 * predictable branch and evaluates none of its arguments. Actors cannot read
 * anything back from here.
 */
#ifndef NPTSIM_TRACE_H
#define NPTSIM_TRACE_H

#include "base.h"

enum trace_actor {
    ACTOR_HW,
    ACTOR_KVM,
    ACTOR_GUEST,
    ACTOR_VMM,
    ACTOR_BARE,
    ACTOR_RUN
};
enum trace_phase { PHASE_INSTANT, PHASE_BEGIN, PHASE_END };

/* How a field is written. Every field is 64 bits wide, STR a pointer. */
enum field_kind {
    KIND_DEC,
    KIND_HEX,
    KIND_PTE,   /* a page-table entry: hex, and its bits in words */
    KIND_PFERR, /* a fault code: hex, and its bits in words */
    KIND_BOOL,
    KIND_EXIT, /* a #VMEXIT code: hex, and its name */
    KIND_STR,  /* NUL-terminated, lives as long as the machine; may be NULL */
};

#define FIELD_TYPE_DEC   uint64_t
#define FIELD_TYPE_HEX   uint64_t
#define FIELD_TYPE_PTE   uint64_t
#define FIELD_TYPE_PFERR uint64_t
#define FIELD_TYPE_BOOL  uint64_t
#define FIELD_TYPE_EXIT  uint64_t
#define FIELD_TYPE_STR   const char *

/* struct ev_<name> { fields }, in the order of events.def. */
#define F(field, kind) FIELD_TYPE_##kind field;
#define EVENT(name, actor, phase, sentence, fields)                            \
    struct ev_##name {                                                         \
        fields                                                                 \
    };
#include "events.def"
#undef EVENT
#undef F

#define EVENT(name, actor, phase, sentence, fields) EV_##name,
enum event_id {
#include "events.def"
    N_EVENTS
};
#undef EVENT

#define EVENT_MAX_FIELDS 12

struct field_desc {
    const char *name;
    enum field_kind kind;
};

struct event_desc {
    const char *name;
    enum trace_actor actor;
    enum trace_phase phase;
    const char *sentence;
    unsigned n_fields;
    struct field_desc fields[EVENT_MAX_FIELDS];
};

/* Indexed by enum event_id. */
extern const struct event_desc event_table[N_EVENTS];

int event_find(const char *name);                         /* id or -1 */
int event_field_find(enum event_id id, const char *name); /* index or -1 */
const char *actor_name(enum trace_actor a);

/* One event on its way to the sinks. Valid during the call only; STR fields
 * live as long as the machine that spoke. */
struct event {
    enum event_id id;
    uint64_t seq;   /* from 0, per bus */
    uint64_t vcpu;  /* the vCPU that the run is about */
    uint64_t price; /* cycles that this event costs, 0 without a clock */
    uint64_t now;   /* cycles before it, sum of all prices so far */
    const uint64_t *fields; /* event_table[id].n_fields words */
};

/* Text of a STR field. */
static inline const char *event_str(const struct event *ev, unsigned field)
{
    const char *s = (const char *)(uintptr_t)ev->fields[field];

    return s ? s : "";
}

/* The fields of an event that is known to be a @name. */
#define EV(name, ev) ((const struct ev_##name *)(const void *)(ev)->fields)

typedef void (*trace_sink_fn)(void *ctx, const struct event *ev);
/* The clock: what does this event cost, in core cycles? */
typedef uint64_t (*trace_clock_fn)(void *ctx, const struct event *ev);

#define TRACE_MAX_SINKS 6

/* What a listener needs; the rest is spared. */
struct trace_interest {
    bool event[N_EVENTS];
    bool texts; /* reads formatted texts; else they may come as "" */
};

struct trace {
    struct trace_interest heard; /* by anybody; nothing while muted */
    unsigned n_sinks;
    struct {
        trace_sink_fn fn;
        void *ctx;
        struct trace_interest wants;
    } sink[TRACE_MAX_SINKS];
    trace_clock_fn clock;
    void *clock_ctx;
    uint64_t seq, now, vcpu;
    struct pool *pool; /* for texts that events carry */
};

void trace_init(struct trace *t, struct pool *pool);
/* @fn hears every event ... */
void trace_add_sink(struct trace *t, trace_sink_fn fn, void *ctx);
/* ... or those that @wants names. The numbers are those of events that somebody
 * hears; a clock hears them all. */
void trace_add_listener(struct trace *t, trace_sink_fn fn, void *ctx,
                        const struct trace_interest *wants);
void trace_set_clock(struct trace *t, trace_clock_fn fn, void *ctx);
/* Count events and cycles from 0 again; texts go to @pool from now on. */
void trace_restart(struct trace *t, struct pool *pool);
/* Nobody hears anything until trace_unmute(). */
void trace_mute(struct trace *t);
void trace_unmute(struct trace *t);
void trace_emit(struct trace *t, enum event_id id, const void *fields);

/* Does anybody hear this event? @t may be NULL. */
static inline bool trace_hears(const struct trace *t, enum event_id id)
{
    return __builtin_expect(t && t->heard.event[id], 0);
}

/* Speak: TRACE(bus, npf, .info1 = code, .gpa = gpa). A misspelled field does
 * not compile. @t may be NULL. */
#define TRACE(t, name, ...)                                                    \
    do {                                                                       \
        struct trace *trace_ = (t);                                            \
        if (trace_hears(trace_, EV_##name))                                    \
            trace_emit(trace_, EV_##name,                                      \
                       &(const struct ev_##name) { __VA_ARGS__ });             \
    } while (0)

/* A formatted text for a STR field, from the bus' pool; "" if nobody reads
 * texts, @t NULL included. Use inside TRACE() so that it is only made when
 * somebody listens. */
const char *trace_text(struct trace *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
