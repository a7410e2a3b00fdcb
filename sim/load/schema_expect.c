/* SPDX-License-Identifier: GPL-2.0-only */
/* load/schema_expect.c - JSON schemas of what may be expected: facts, steps,
 * invariants, events. */
#include "load/schema.h"

#include "load.h"

#include <string.h>

static void add_value(struct buf *b, enum value_kind kind)
{
    switch (kind) {
    case VALUE_NUMBER:
        schema_number(b);
        return;
    case VALUE_BOOL:
        schema_bool(b);
        return;
    case VALUE_TEXT:
        schema_text(b);
        return;
    }
}

void schema_facts(struct buf *b)
{
    schema_open(b);
    for (unsigned i = 0; i < n_facts; i++) {
        schema_key(b, fact_table[i].name);
        add_value(b, fact_table[i].kind);
        schema_describe(b, fact_table[i].doc);
    }
    buf_adds(b, "}}");
}

void schema_invariants(struct buf *b)
{
    schema_open(b);
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        unsigned n = 0;

        while (invariant_state_names[n])
            n++;
        schema_key(b, invariant_table[i].name);
        schema_enum(b, invariant_state_names, n);
        schema_describe(b, invariant_table[i].claim);
    }
    buf_adds(b, "}}");
}

/* `npf` is a list, `outcome` one of a few words. */
static void add_property(struct buf *b, const struct step_property_desc *d)
{
    unsigned n = 0;

    if (strcmp(d->name, "npf") == 0) {
        buf_adds(b, "{\"type\":\"array\",\"items\":");
        schema_number(b);
        buf_addc(b, '}');
    } else if (strcmp(d->name, "outcome") == 0) {
        while (step_outcome_names[n])
            n++;
        schema_enum(b, step_outcome_names, n);
    } else {
        add_value(b, d->kind);
    }
}

void schema_steps(struct buf *b)
{
    buf_adds(b, "{\"type\":\"object\",\"additionalProperties\":");
    schema_open(b);
    for (unsigned i = 0; i < n_step_properties; i++) {
        schema_key(b, step_property_table[i].name);
        add_property(b, &step_property_table[i]);
        schema_describe(b, step_property_table[i].doc);
    }
    buf_adds(b, "}}}");
}

static enum value_kind field_value_kind(enum field_kind kind)
{
    switch (kind) {
    case KIND_STR:
        return VALUE_TEXT;
    case KIND_BOOL:
        return VALUE_BOOL;
    case KIND_DEC:
    case KIND_HEX:
    case KIND_PTE:
    case KIND_PFERR:
    case KIND_EXIT:
        return VALUE_NUMBER;
    }
    return VALUE_NUMBER;
}

static void add_event_fields(struct buf *b, const struct event_desc *d)
{
    schema_open(b);
    for (unsigned i = 0; i < d->n_fields; i++) {
        schema_key(b, d->fields[i].name);
        add_value(b, field_value_kind(d->fields[i].kind));
    }
    buf_adds(b, "}}");
    schema_describe(b, d->sentence);
}

/* {npf: {info1: 1}}, or with @count {npf: 3}. */
void schema_event(struct buf *b, bool count)
{
    schema_open(b);
    for (unsigned i = 0; i < N_EVENTS; i++) {
        schema_key(b, event_table[i].name);
        if (count)
            schema_number(b);
        else
            add_event_fields(b, &event_table[i]);
    }
    buf_adds(b, "},\"minProperties\":1,\"maxProperties\":1}");
}

void schema_event_name(struct buf *b)
{
    const char *names[N_EVENTS];

    for (unsigned i = 0; i < N_EVENTS; i++)
        names[i] = event_table[i].name;
    schema_enum(b, names, N_EVENTS);
}

void schema_events(struct buf *b)
{
    static const char event[] = "{\"anyOf\":[{\"$ref\":\"#/$defs/event_name\"},"
                                "{\"$ref\":\"#/$defs/event\"}]}";

    buf_printf(b, "{\"type\":\"array\",\"items\":{\"anyOf\":[%s,", event);
    schema_open(b);
    buf_printf(b, "\"never\":%s},\"required\":[\"never\"]},", event);
    schema_open(b);
    buf_adds(b, "\"count\":{\"$ref\":\"#/$defs/event_count\"}},"
                "\"required\":[\"count\"]}]}}");
}
