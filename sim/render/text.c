/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/text.c - the trace for people: number, lane of the actor, event,
 * fields. One line per event, the same columns for all.
 */
#include "render/parts.h"

#include <string.h>

/* Behind the longest name of an event that occurs often. */
#define FIELDS_AT 24

static void pad(struct buf *b, size_t used, size_t width)
{
    for (; used < width; used++)
        buf_addc(b, ' ');
}

/* "HW", "KVM"; "HW/1" when it works for vCPU 1. */
static void add_lane(struct buf *b, const struct event *ev)
{
    size_t start = b->len;

    for (const char *s = actor_name(event_table[ev->id].actor); *s; s++)
        buf_addc(b, (char)(*s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s));
    if (ev->vcpu) {
        buf_addc(b, '/');
        buf_dec(b, ev->vcpu);
    }
    pad(b, b->len - start, 5);
}

static void text_line(struct buf *b, const struct event *ev)
{
    const struct event_desc *d = &event_table[ev->id];

    buf_printf(b, "%6llu ", (unsigned long long)ev->seq);
    add_lane(b, ev);
    buf_adds(b, " ");
    buf_adds(b, d->name);
    if (d->n_fields) {
        pad(b, strlen(d->name), FIELDS_AT);
        buf_addc(b, ' ');
        render_fields(b, ev);
    }
    buf_addc(b, '\n');
}

/* ---- the sink that serves every format ---- */

struct renderer {
    enum trace_format format;
    struct buf *out;
};

static const char *const format_names[] = {
    [TRACE_NONE] = "none",
    [TRACE_TEXT] = "text",
    [TRACE_JSONL] = "jsonl",
    [TRACE_FTRACE] = "ftrace",
};

int trace_format_find(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(format_names); i++)
        if (strcmp(format_names[i], name) == 0)
            return (int)i;
    return -1;
}

struct renderer *renderer_create(struct pool *pool, enum trace_format format,
                                 struct buf *out)
{
    struct renderer *r = pool_alloc(pool, sizeof(*r));

    *r = (struct renderer) { .format = format, .out = out };
    if (format == TRACE_FTRACE)
        render_ftrace_header(out);
    return r;
}

void renderer_sink(void *renderer, const struct event *ev)
{
    struct renderer *r = renderer;

    switch (r->format) {
    case TRACE_NONE:
        return;
    case TRACE_TEXT:
        text_line(r->out, ev);
        return;
    case TRACE_JSONL:
        render_json(r->out, ev);
        buf_addc(r->out, '\n');
        return;
    case TRACE_FTRACE:
        render_ftrace_line(r->out, ev);
        return;
    }
    BUG_ON(true);
}
