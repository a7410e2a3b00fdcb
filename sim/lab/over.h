/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/over.h - the parts of a comparison of two kernels over scenarios. */
#ifndef NPTSIM_LAB_OVER_H
#define NPTSIM_LAB_OVER_H

#include "lab/difference.h"
#include "load.h"

/* ---- one run (over_run.c) ---- */

/* A thread's machine, which stands before one run after the other. */
struct over_run;
struct over_run *over_run_create(const struct lab_over *q);
void over_run_destroy(struct over_run *r);
/* Go to a point. 1: the matrix excludes it; -1 with @e set. */
int over_run_take(struct over_run *r, struct scenario_file *f, uint64_t point,
                  struct err *e);
const struct scenario *over_run_scenario(const struct over_run *r);
/* Live through it under the second kernel: that is what is wanted. */
int over_run_want(struct over_run *r, struct err *e);
/* And under the first: append what it does otherwise, as change_list() reads
 * it. */
int over_run_change(struct over_run *r, struct buf *key, struct err *e);
/* Does all that is wanted come of it under @k? */
bool over_run_holds(void *run, const struct kernel_model *k);

/* Is @o compared? "hpet.outcome" asks for one, "outcome" for every step's. */
bool over_compares(const struct lab_over *q, const struct outcome *o);

/* ---- all of them (over.c) ---- */

struct over {
    const struct lab_over *q;
    struct pool *pool;
    unsigned n_files; /* those with a kernel */
    struct scenario_file **file;
    uint64_t *first; /* by file: the number of its first run; then their sum */
    struct differences found;
    uint64_t compared;
};

/* Which file a run is of, by its number. */
unsigned over_file(const struct over *o, uint64_t run);
/* Go there, as over_run_take() does. */
int over_take(const struct over *o, struct over_run *r, uint64_t run,
              struct err *e);

/* ---- the answer (over_report.c) ---- */

int over_report(const struct over *o, struct report_diff *out, struct err *e);

#endif
