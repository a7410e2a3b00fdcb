/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/schema.h - JSON schemas of fields that no table describes: what may be
 * expected comes from the judge's tables and the event vocabulary.
 */
#ifndef NPTSIM_LOAD_SCHEMA_H
#define NPTSIM_LOAD_SCHEMA_H

#include <jansson.h>

json_t *schema_number(void);
json_t *schema_text(void);
/* `expect.facts`, `expect.steps`, `expect.events`. */
json_t *schema_facts(void);
json_t *schema_step_expectations(void);
json_t *schema_events(void);
/* `matrix.axes`: dotted path: values. */
json_t *schema_axes(void);
/* A mapping as @t describes it. */
struct field_table;
json_t *schema_mapping(const struct field_table *t);

#endif
