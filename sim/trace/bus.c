/* SPDX-License-Identifier: GPL-2.0-only */
/* trace/bus.c - number an event, ask the clock for its price, fan it out. */
#include "trace.h"

#include <stdio.h>

void trace_init(struct trace *t, struct pool *pool)
{
    *t = (struct trace) { .pool = pool };
}

void trace_add_sink(struct trace *t, trace_sink_fn fn, void *ctx)
{
    BUG_ON(t->n_sinks == TRACE_MAX_SINKS);
    t->sink[t->n_sinks].fn = fn;
    t->sink[t->n_sinks].ctx = ctx;
    t->n_sinks++;
    t->on = true;
}

void trace_set_clock(struct trace *t, trace_clock_fn fn, void *ctx)
{
    t->clock = fn;
    t->clock_ctx = ctx;
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
        t->sink[i].fn(t->sink[i].ctx, &ev);
}

const char *trace_text(struct trace *t, const char *fmt, ...)
{
    va_list ap, again;
    char *s;
    int len;

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
