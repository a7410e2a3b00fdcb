/* SPDX-License-Identifier: GPL-2.0-only */
/* load/origin.h - groups of values, each with its source. */
#ifndef NPTSIM_LOAD_ORIGIN_H
#define NPTSIM_LOAD_ORIGIN_H

#include "load/field.h"

/* Fill @base from @group, which may be NULL: the keys of @t, each a value or
 * {value:, source:}, and between them source: or assumed: for all. *@given: the
 * fields that were there, by bit. */
int origin_read_group(struct pool *pool, const struct field_table *t,
                      const struct node *group, void *base, uint32_t *given,
                      struct err *e);

#endif
