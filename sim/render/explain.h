/* SPDX-License-Identifier: GPL-2.0-only */
/* render/explain.h - between the teller (explain.c) and its sentences. */
#ifndef NPTSIM_RENDER_EXPLAIN_H
#define NPTSIM_RENDER_EXPLAIN_H

#include "render/renderer.h"

/* Say in one or two sentences what @ev means; leave @b empty to say nothing. */
void explain_sentence(struct buf *b, const struct event *ev);
/* The manual section or commit behind it where the event names none, or "". */
const char *explain_source(const struct event *ev);

#endif
