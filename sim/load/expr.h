/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/expr.h - conditions over a configuration: "cpu.width < 51 &&
 * kernel.sme".
 *
 * Names are the dotted keys of a scenario's single values, and cpu.width. Types
 * are known when an expression is read, so evaluating one cannot fail.
 */
#ifndef NPTSIM_LOAD_EXPR_H
#define NPTSIM_LOAD_EXPR_H

#include "load/scenario.h"

struct expr;

/* Read the text of @n, called @what in messages; NULL with @e set on error. */
const struct expr *expr_read(struct pool *pool, struct catalog *c,
                             const struct node *n, const char *what,
                             struct err *e);
bool expr_true(const struct expr *x, const struct scenario_doc *doc);

#endif
