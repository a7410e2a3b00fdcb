/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/schema.h - JSON schemas of what no table of fields describes: values
 * whose names come from the judge's tables or the event vocabulary. Each
 * appends one schema, or a piece of one.
 */
#ifndef NPTSIM_LOAD_SCHEMA_H
#define NPTSIM_LOAD_SCHEMA_H

#include "load/field.h"

/* `"key":`, behind a comma where one is due. */
void schema_key(struct buf *b, const char *key);
/* The description of what ends here; @doc may be NULL. */
void schema_describe(struct buf *b, const char *doc);
/* A mapping with just the properties that follow; two braces close it. */
void schema_open(struct buf *b);

void schema_number(struct buf *b);
void schema_text(struct buf *b);
void schema_bool(struct buf *b);
void schema_enum(struct buf *b, const char *const *words, unsigned n);
/* A mapping as @t describes it. */
void schema_table(struct buf *b, const struct field_table *t);
/* `expect.facts`, `expect.steps`, `expect.events`. */
void schema_facts(struct buf *b);
void schema_invariants(struct buf *b);
void schema_steps(struct buf *b);
void schema_events(struct buf *b);
void schema_event_name(struct buf *b);
/* {npf: {info1: 1}}, or with @count {npf: 3}. */
void schema_event(struct buf *b, bool count);
/* `matrix.axes`: dotted path: values. */
void schema_axes(struct buf *b);

#endif
