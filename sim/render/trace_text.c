/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/trace_text.c - a trace as text or JSON Lines.
 *
 * No cycles and no wall-clock: the same run gives the same bytes, priced or
 * not. The ftrace form has templates of its own, see ftrace.c.
 */
#include "render/renderer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const format_names[] = {
    [TRACE_NONE] = "none",
    [TRACE_TEXT] = "text",
    [TRACE_JSONL] = "jsonl",
    [TRACE_FTRACE] = "ftrace",
};

int trace_format_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(format_names); i++)
        if (strcmp(format_names[i], name) == 0)
            return (int)i;
    return -1;
}

/* Lanes: who speaks stands in the same column, deeper actors further right. */
static void text_line(struct buf *b, const struct event *ev)
{
    const struct event_desc *d = &event_table[ev->id];
    char actor[8];

    snprintf(actor, sizeof(actor), "%s", actor_name(d->actor));
    for (char *c = actor; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    buf_printf(b, "%6llu %-5s %-24s ", (unsigned long long)ev->seq, actor,
               d->name);
    render_fields(b, ev);
    while (b->len && b->data[b->len - 1] == ' ')
        b->data[--b->len] = '\0';
    buf_addc(b, '\n');
}

struct renderer *renderer_create(struct pool *pool, enum trace_format format,
                                 struct buf *out)
{
    struct renderer *r = pool_alloc(pool, sizeof(*r));

    r->format = format;
    r->out = out;
    if (format == TRACE_FTRACE)
        ftrace_header(out);
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
        ftrace_line(r->out, ev);
        return;
    }
}
