/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/table.h - a table of answers: where the value of each column stands. */
#ifndef NPTSIM_LAB_TABLE_H
#define NPTSIM_LAB_TABLE_H

#include "lab/lines.h"

enum source { FROM_ROOT, FROM_AXES, FROM_FACTS, FROM_STEP, FROM_INVARIANTS };

struct column {
    enum source source;
    unsigned step; /* FROM_STEP */
    const char *key;
};

struct lab_table {
    struct pool *pool, *row; /* row: its texts */
    const char *path;
    struct lines *lines;
    unsigned n, room;
    struct lab_column *columns; /* as others see them */
    struct column *from;
    struct lab_cell *cells;
    unsigned n_steps;
    unsigned guess; /* the column that is probably filled next */
};

/* ---- table_row.c ---- */

/* 1 = a line is there, 0 = no more, -1 = error. */
int table_read_line(struct lab_table *t, const char **text, size_t *len,
                    struct err *e);
/* Say what is wrong with the line at hand. Returns -1. */
int table_bad_line(struct lab_table *t, const char *what, struct err *e);

#endif
