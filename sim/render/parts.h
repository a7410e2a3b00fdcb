/* SPDX-License-Identifier: GPL-2.0-only */
/* render/parts.h - what the renderers share. */
#ifndef NPTSIM_RENDER_PARTS_H
#define NPTSIM_RENDER_PARTS_H

#include "render.h"

/* One event as one line; nothing, for an event that KVM does not have. */
void render_ftrace_line(struct buf *b, const struct event *ev);
/* What a reader of the lines must know before the first one. */
void render_ftrace_header(struct buf *b);

/* "P W U A D": the bits of a page-table entry in words. */
void pte_words(struct buf *b, uint64_t pte);

/* Paragraphs of at most @width columns: the first line starts behind @first,
 * the others behind as many spaces. */
void wrap_text(struct buf *out, const char *first, const char *text,
               unsigned width);

#endif
