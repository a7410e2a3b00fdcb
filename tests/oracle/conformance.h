/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/conformance.h - the lines of tests/data/vectors/conformance.csv.
 *
 * Its README says what the columns mean.
 */
#ifndef ORACLE_CONFORMANCE_H
#define ORACLE_CONFORMANCE_H

#include "oracle/trial.h"

struct conformance {
    unsigned line;
    const char *row, *source, *needs, *setup, *change, *access, *expect, *after;
};

/* Read the whole table into @pool; how many lines. A missing file or column
 * ends the program. */
unsigned conformance_load(struct pool *pool, const char *path,
                          struct conformance *lines, unsigned max);
/* How many trials the line stands for, and one of them. A word that means
 * nothing ends the program with its place. */
unsigned conformance_variants(const struct conformance *c);
void conformance_trial(const struct conformance *c, unsigned variant,
                       struct trial *v);
/* What is wrong with an answer; NULL: it is as written down. */
const char *conformance_problem(const struct conformance *c,
                                const struct answer *a);

#endif
