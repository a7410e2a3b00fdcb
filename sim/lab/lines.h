/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/lines.h - the lines of a sweep's folder or of a merged file. */
#ifndef NPTSIM_LAB_LINES_H
#define NPTSIM_LAB_LINES_H

#include "sweep.h"

struct lines;
struct lines *lines_open(struct pool *pool, const char *path, struct err *e);
void lines_close(struct lines *l);
void lines_rewind(struct lines *l);
/* 1 = *@text is a line of *@len bytes, without its end; until the next one.
 * 0 = no more, -1 = error. */
int lines_next(struct lines *l, const char **text, size_t *len, struct err *e);
/* Points of the matrix that a folder has no chunk for; 0 for a file. */
uint64_t lines_missing(const struct lines *l);
/* Where that line stands. */
struct mark lines_at(const struct lines *l);

#endif
