/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/expect.c - events that must come in this order, never, or n times.
 *
 * The entries without "never" and "count" form one sequence over the whole run:
 * each is matched by the first fitting event after the one before it; other
 * events may lie between.
 */
#include "judge/parts.h"

#include "arch/svm.h"

#include <string.h>

static void watch_init(struct event_watch *w, struct pool *pool,
                       const struct expect_event *x)
{
    w->want = x;
    w->field = pool_alloc(pool, x->n_fields * sizeof(*w->field));
    for (unsigned i = 0; i < x->n_fields; i++) {
        int field = event_field_find(x->event, x->fields[i].name);

        BUG_ON(field < 0); /* the loader checks names */
        w->field[i] = (unsigned)field;
    }
}

/* The entry of the sequence at or after @i; n = none is left. */
static unsigned next_in_order(const struct watches *w, unsigned i)
{
    while (i < w->n && w->watch[i].want->mode != EXPECT_NEXT)
        i++;
    return i;
}

void watches_init(struct watches *w, struct pool *pool, struct pool *texts,
                  const struct expectations *x)
{
    *w = (struct watches) {
        .texts = texts,
        .n = x->n_events,
        .watch = pool_alloc(pool, x->n_events * sizeof(*w->watch)),
    };
    for (unsigned i = 0; i < w->n; i++)
        watch_init(&w->watch[i], pool, &x->events[i]);
    for (unsigned id = 0; id < N_EVENTS; id++)
        w->why_field[id] = event_field_find(id, "why");
    w->next = next_in_order(w, 0);
}

void watches_reset(struct watches *w)
{
    for (unsigned i = 0; i < w->n; i++)
        w->watch[i] = (struct event_watch) { .want = w->watch[i].want,
                                             .field = w->watch[i].field };
    w->next = next_in_order(w, 0);
}

void watches_interest(const struct watches *w, struct trace_interest *out)
{
    for (unsigned i = 0; i < w->n; i++) {
        const struct expect_event *x = w->watch[i].want;

        out->event[x->event] = true;
        for (unsigned k = 0; k < x->n_fields; k++)
            out->texts |= x->fields[k].want.kind == VALUE_TEXT;
    }
}

/* ---- listening ----------------------------------------------------------- */

static bool fits(const struct event *ev, unsigned field, const struct value *v)
{
    const char *name;

    if (v->kind != VALUE_TEXT)
        return ev->fields[field] == v->number;
    switch (event_table[ev->id].fields[field].kind) {
    case KIND_STR:
        return strcmp(event_str(ev, field), v->text) == 0;
    case KIND_EXIT:
        name = exit_code_name(ev->fields[field]);
        return name && strcmp(name, v->text) == 0;
    case KIND_DEC:
    case KIND_HEX:
    case KIND_PTE:
    case KIND_PFERR:
    case KIND_BOOL:
        return false;
    }
    BUG_ON(true);
}

/* The first expected field that differs; n_fields = the event fits. */
static unsigned first_misfit(const struct event_watch *w,
                             const struct event *ev)
{
    unsigned i = 0;

    while (i < w->want->n_fields &&
           fits(ev, w->field[i], &w->want->fields[i].want))
        i++;
    return i;
}

/* "number 12 has info1 = 0x4" for the report of a sequence that got stuck. */
static const char *tell_misfit(struct watches *w, const struct event_watch *e,
                               unsigned i, const struct event *ev)
{
    const struct field_desc *d = &event_table[ev->id].fields[e->field[i]];
    struct value v = { .kind = VALUE_NUMBER,
                       .number = ev->fields[e->field[i]] };

    if (d->kind == KIND_BOOL)
        v.kind = VALUE_BOOL;
    if (d->kind == KIND_STR)
        v = (struct value) { .kind = VALUE_TEXT,
                             .text = event_str(ev, e->field[i]) };
    return pool_printf(w->texts, "number %llu has %s = %s",
                       (unsigned long long)ev->seq, d->name,
                       value_text(w->texts, &v, d->kind));
}

static void matched(struct watches *w, struct event_watch *e,
                    const struct event *ev)
{
    int why = w->why_field[ev->id];

    if (e->seen++)
        return;
    e->at = ev->seq;
    e->why = why < 0 ? "" : event_str(ev, (unsigned)why);
}

static void hear_next(struct watches *w, const struct event *ev)
{
    struct event_watch *e = &w->watch[w->next];
    unsigned misfit = first_misfit(e, ev);

    if (misfit == e->want->n_fields) {
        matched(w, e, ev);
        w->next = next_in_order(w, w->next + 1);
    } else if (!e->near) {
        e->near = tell_misfit(w, e, misfit, ev);
    }
}

void watches_hear(struct watches *w, const struct event *ev)
{
    if (w->next < w->n && w->watch[w->next].want->event == ev->id)
        hear_next(w, ev);
    for (unsigned i = 0; i < w->n; i++) {
        struct event_watch *e = &w->watch[i];

        if (e->want->mode != EXPECT_NEXT && e->want->event == ev->id &&
            first_misfit(e, ev) == e->want->n_fields)
            matched(w, e, ev);
    }
}

/* ---- verdicts ------------------------------------------------------------ */

/* "npf info1=0x4 level=1": the event as it was expected. */
static const char *event_text(struct pool *pool, const struct event_watch *w)
{
    const struct event_desc *d = &event_table[w->want->event];
    const char *text = d->name;

    for (unsigned i = 0; i < w->want->n_fields; i++)
        text = pool_printf(pool, "%s %s=%s", text, d->fields[w->field[i]].name,
                           value_text(pool, &w->want->fields[i].want,
                                      d->fields[w->field[i]].kind));
    return text;
}

/* "number 12", and the event's own reason if it gives one. */
static const char *place_text(struct pool *pool, const struct event_watch *w)
{
    return pool_printf(pool, "number %llu%s%s", (unsigned long long)w->at,
                       *w->why ? ": " : "", w->why);
}

static struct verdict judge_next(const struct watches *w, unsigned i)
{
    const struct event_watch *e = &w->watch[i];
    struct verdict v = {
        .what = pool_printf(w->texts, "event %s", event_text(w->texts, e)),
    };

    if (e->seen) {
        v.result = VERDICT_PASS;
        v.reason = place_text(w->texts, e);
        return v;
    }
    v.result = VERDICT_FAIL;
    if (i != w->next)
        v.got = "not looked for: an event that must come before it did not";
    else
        v.got = e->near ? e->near : "no such event";
    return v;
}

static struct verdict judge_never(const struct watches *w, unsigned i)
{
    const struct event_watch *e = &w->watch[i];
    struct verdict v = { .what = pool_printf(w->texts, "never %s",
                                             event_text(w->texts, e)) };

    if (!e->seen)
        return v;
    v.result = VERDICT_FAIL;
    v.got = pool_printf(w->texts, "%llu of them", (unsigned long long)e->seen);
    v.reason = place_text(w->texts, e);
    return v;
}

static struct verdict judge_count(const struct watches *w, unsigned i)
{
    const struct event_watch *e = &w->watch[i];
    struct verdict v = {
        .what =
            pool_printf(w->texts, "count %s = %llu", event_text(w->texts, e),
                        (unsigned long long)e->want->count),
    };

    if (e->seen == e->want->count)
        return v;
    v.result = VERDICT_FAIL;
    v.got = pool_printf(w->texts, "%llu", (unsigned long long)e->seen);
    return v;
}

struct verdict watches_verdict(const struct watches *w, unsigned i)
{
    struct verdict v = { 0 };

    switch (w->watch[i].want->mode) {
    case EXPECT_NEXT:
        v = judge_next(w, i);
        break;
    case EXPECT_NEVER:
        v = judge_never(w, i);
        break;
    case EXPECT_COUNT:
        v = judge_count(w, i);
        break;
    }
    v.at = w->watch[i].want->at;
    return v;
}
