/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render.h - everything that becomes text: traces, verdicts, explanations,
 * errors with their caret. Only render, cli and viz print.
 */
#ifndef NPTSIM_RENDER_H
#define NPTSIM_RENDER_H

#include "base.h"
#include "judge.h"
#include "trace.h"

enum trace_format { TRACE_NONE, TRACE_TEXT, TRACE_JSONL, TRACE_FTRACE };
/* -1: no such format. */
int trace_format_find(const char *name);

/* A sink that appends one line per event to @out. Lives in @pool. */
struct renderer;
struct renderer *renderer_create(struct pool *pool, enum trace_format format,
                                 struct buf *out);
void renderer_sink(void *renderer, const struct event *ev);

/* One event's fields as text, "level=4 gpa=0x1000": generic over descriptors.
 */
void render_fields(struct buf *b, const struct event *ev);
/* One event as a JSON object without newline. */
void render_json(struct buf *b, const struct event *ev);
void render_json_string(struct buf *b, const char *text);

/* `explain`: a sink that keeps the causal chain, then tells it. */
struct explainer;
struct explainer *explainer_create(struct pool *pool);
void explainer_sink(void *explainer, const struct event *ev);
/* @moral: told first. @step: id of one step, or NULL for the whole story. */
void explainer_tell(struct explainer *x, const char *moral, const char *step,
                    struct buf *out);

/* Verdicts as `run` prints them. @colour: ANSI colours. */
void render_verdicts(struct buf *b, const struct verdict *v, unsigned n,
                     bool colour);

/* "file:line:col: error: ...", the source line, a caret, the hint. */
void render_error(struct buf *b, const struct err *e);

#endif
