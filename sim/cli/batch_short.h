/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_short.h - columns in which a published table says several things.
 *
 * The tables of real kernels' answers are thinned: `caching` stands for a
 * geometry, `gate` for the one switch that is off, `section` and `note` for a
 * second load. A column that says one of these things itself wins.
 */
#ifndef NPTSIM_CLI_BATCH_SHORT_H
#define NPTSIM_CLI_BATCH_SHORT_H

#include "cli/batch_table.h"
#include "load.h"

struct batch_short {
    int caching, gate, section, note; /* columns, or -1 */
};

void batch_short_plan(struct batch_short *s, const struct csv *c);
void batch_short_read(const struct batch_short *s, const struct csv *c,
                      struct batch_row *row);

#endif
