/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/chunk.h - one file of a sweep's folder: the answers of points in a row.
 *
 * Its name tells which points, and how many have an answer (a matrix may
 * exclude some): "points-000000000000128-000000000000159.32.jsonl". Names sort
 * as points do.
 */
#ifndef NPTSIM_LAB_CHUNK_H
#define NPTSIM_LAB_CHUNK_H

#include "sweep.h"

struct chunk {
    uint64_t first, last; /* points, both inclusive */
    uint64_t lines;
};

#define CHUNK_MAX_NAME 96
void chunk_name(const struct chunk *c, char name[CHUNK_MAX_NAME]);
/* false: no name of a chunk. */
bool chunk_parse(const char *name, struct chunk *out);

/* Is @text what the name says: so many lines, points in order? Adds to @t. */
bool chunk_is_sound(const struct chunk *c, const struct buf *text,
                    struct lab_totals *t);

/* The chunks in a folder, sorted. -1 with @e: it cannot be read. */
int chunk_list(struct pool *pool, const char *dir, struct chunk **out,
               unsigned *n, struct err *e);
/* The text of a chunk, which must be sound. */
int chunk_load(const char *dir, const struct chunk *c, struct buf *text,
               struct err *e);

#endif
