/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/atlas.h - a sweep's answers as places on a map: for each one the values
 * of all axes and of the column that is shown, as small numbers.
 */
#ifndef NPTSIM_CLI_ATLAS_H
#define NPTSIM_CLI_ATLAS_H

#include "cli/cli.h"
#include "sweep.h"

#define ATLAS_MAX_VALUES 1024 /* of an axis, or of the column shown */

/* What stands in one column. */
struct atlas_values {
    const struct lab_column *column;
    unsigned index; /* of the column */
    unsigned n, last;
    const char **text;
};

struct atlas {
    struct pool *pool;
    struct lab_table *table;
    const struct lab_column *columns;
    struct atlas_values shown;
    unsigned n_axes;
    struct atlas_values *axes;
    /* By answer: which value of each axis, then which is shown. */
    size_t n, cap;
    uint16_t *answers;
};

/* Read all of @table that fulfils every one of @where (axis, value). @fact: the
 * column to show; NULL: the last step's outcome, else vm.create. Numeric axes
 * are in the order of numbers, others as they come. */
int atlas_read(struct atlas *m, struct pool *pool, struct lab_table *table,
               const char *fact, const struct cli_settings *where,
               struct err *e);
void atlas_free(struct atlas *m);
static inline const uint16_t *atlas_answer(const struct atlas *m, size_t i)
{
    return m->answers + i * (m->n_axes + 1);
}

#endif
