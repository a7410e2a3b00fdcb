/* SPDX-License-Identifier: GPL-2.0-only */
/* render/report.h - what answers have in common (diff.c). */
#ifndef NPTSIM_RENDER_REPORT_H
#define NPTSIM_RENDER_REPORT_H

#include "render.h"

/* Sets of decisions, each with its commit: "because ... with ... or ...". */
void put_sets(struct buf *b, const struct report_set *set, unsigned n);

/* ,"key":"text"; nothing if @text is NULL. */
void json_member(struct buf *b, const char *key, const char *text);
/* ,"explanations":[[...]] */
void json_sets(struct buf *b, const struct report_set *set, unsigned n);

#endif
