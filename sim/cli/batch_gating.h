/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_gating.h - the record processor behind `nptsim batch gating`.
 */
#ifndef NPTSIM_CLI_BATCH_GATING_H
#define NPTSIM_CLI_BATCH_GATING_H

#include "base.h"

#include <stdio.h>

struct kernel_model;

/* Read a table from @in, called @in_name in messages, and write it to @out with
 * what @k concludes about each row's host. @columns: just these, NULL = all.
 * 0, or -1 with @e set. */
int batch_gating(FILE *in, const char *in_name, FILE *out,
                 const struct kernel_model *k, const char *columns,
                 struct err *e);

#endif
