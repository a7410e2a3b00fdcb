/* SPDX-License-Identifier: GPL-2.0-only */
/* render/renderer.h - between the trace renderers. */
#ifndef NPTSIM_RENDER_RENDERER_H
#define NPTSIM_RENDER_RENDERER_H

#include "render.h"

struct renderer {
    enum trace_format format;
    struct buf *out;
};

/* The fields of an event, typed: FIELDS(npf, ev)->info1. */
#define FIELDS(name, ev) ((const struct ev_##name *)(const void *)(ev)->fields)

void ftrace_header(struct buf *b);
/* One line in the shape of trace_pipe; nothing for events that KVM lacks. */
void ftrace_line(struct buf *b, const struct event *ev);

/* Text wrapped at @width columns; later lines are indented by @indent. */
void wrap_text(struct buf *b, const char *text, unsigned first_column,
               unsigned indent, unsigned width);

#endif
