/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/schema.h - JSON schemas of what no table of fields describes: values
 * whose names come from the judge's tables or the event vocabulary. Each
 * appends one schema.
 */
#ifndef NPTSIM_LOAD_SCHEMA_H
#define NPTSIM_LOAD_SCHEMA_H

#include "load/field.h"

void schema_number(struct buf *b);
void schema_text(struct buf *b);
/* A mapping as @t describes it. */
void schema_table(struct buf *b, const struct field_table *t);
/* `expect.facts`, `expect.steps`, `expect.events`. */
void schema_facts(struct buf *b);
void schema_invariants(struct buf *b);
void schema_steps(struct buf *b);
void schema_events(struct buf *b);
/* `matrix.axes`: dotted path: values. */
void schema_axes(struct buf *b);

#endif
