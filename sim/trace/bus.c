/* SPDX-License-Identifier: GPL-2.0-only */
/* trace/bus.c - number an event, ask the clock for its price, fan it out. */
#include "trace.h"

#include <stdio.h>
#include <string.h>

void trace_init(struct trace *t, struct pool *pool)
{
    *t = (struct trace) { .pool = pool };
}

/* What anybody hears. A clock prices each event, also those that nobody else
 * cares about: they take time all the same. */
static void collect(struct trace *t)
{
    t->heard.texts = false;
    memset(t->heard.event, t->clock != NULL, sizeof(t->heard.event));
    for (unsigned i = 0; i < t->n_sinks; i++) {
        t->heard.texts |= t->sink[i].wants.texts;
        for (unsigned id = 0; id < N_EVENTS; id++)
            t->heard.event[id] |= t->sink[i].wants.event[id];
    }
}

void trace_add_listener(struct trace *t, trace_sink_fn fn, void *ctx,
                        const struct trace_interest *wants)
{
    BUG_ON(t->n_sinks == TRACE_MAX_SINKS);
    t->sink[t->n_sinks].fn = fn;
    t->sink[t->n_sinks].ctx = ctx;
    t->sink[t->n_sinks].wants = *wants;
    t->n_sinks++;
    collect(t);
}

void trace_add_sink(struct trace *t, trace_sink_fn fn, void *ctx)
{
    struct trace_interest all = { .texts = true };

    memset(all.event, true, sizeof(all.event));
    trace_add_listener(t, fn, ctx, &all);
}

void trace_set_clock(struct trace *t, trace_clock_fn fn, void *ctx)
{
    t->clock = fn;
    t->clock_ctx = ctx;
    collect(t);
}

void trace_restart(struct trace *t, struct pool *pool)
{
    t->seq = t->now = t->vcpu = 0;
    t->pool = pool;
}

void trace_mute(struct trace *t)
{
    t->heard = (struct trace_interest) { .texts = false };
}

void trace_unmute(struct trace *t)
{
    collect(t);
}

void trace_emit(struct trace *t, enum event_id id, const void *fields)
{
    struct event ev = {
        .id = id,
        .seq = t->seq++,
        .vcpu = t->vcpu,
        .now = t->now,
        .fields = fields,
    };

    if (t->clock)
        ev.price = t->clock(t->clock_ctx, &ev);
    t->now += ev.price;
    for (unsigned i = 0; i < t->n_sinks; i++)
        if (t->sink[i].wants.event[id])
            t->sink[i].fn(t->sink[i].ctx, &ev);
}

const char *trace_text(struct trace *t, const char *fmt, ...)
{
    va_list ap, again;
    char *s;
    int len;

    if (!t || !t->heard.texts)
        return "";
    va_start(ap, fmt);
    va_copy(again, ap);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    BUG_ON(len < 0);
    s = pool_alloc(t->pool, (size_t)len + 1);
    vsnprintf(s, (size_t)len + 1, fmt, again);
    va_end(again);
    return s;
}
