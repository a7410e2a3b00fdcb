/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/schema.c - the scenario grammar for people and for editors: what `list
 * fields` shows, and a JSON schema (draft 2020-12). Both come from the tables
 * that parse a scenario.
 *
 * The schema is for completion in editors. It cannot say everything that the
 * parser checks: `nptsim lint` is the judge.
 */
#include "load/schema.h"

#include "arch/cpuid.h"
#include "load.h"
#include "load/field.h"

#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

json_t *schema_number(void)
{
    return json_pack("{s:s}", "$ref", "#/$defs/number");
}

json_t *schema_text(void)
{
    return json_pack("{s:s, s:i}", "type", "string", "minLength", 1);
}

static json_t *schema_bool(void)
{
    return json_pack("{s:s}", "type", "boolean");
}

/* Every way to write a number; a plain one is an integer to an editor. */
static json_t *any_number(void)
{
    return json_pack("{s:[{s:s, s:i}, {s:s, s:s}]}", "anyOf", "type", "integer",
                     "minimum", 0, "type", "string", "pattern",
                     "^(0[xX][0-9a-fA-F](_?[0-9a-fA-F])*|0|[1-9](_?[0-9])*)"
                     "([KMGT]iB)?$");
}

/* Bounds hold for plain integers; 0x10_0000 and 64MiB are text to an editor. */
static json_t *bounded_number(const struct field *f)
{
    json_t *plain, *any, *zero;

    if (f->max > INT64_MAX)
        return schema_number();
    plain = json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
                      (json_int_t)f->min, "maximum", (json_int_t)f->max);
    any = json_pack("[o, {s:s, s:s}]", plain, "type", "string", "pattern",
                    "_|iB$");
    zero = f->or_zero ? json_pack("{s:i}", "const", 0) : NULL;
    if (zero)
        json_array_append_new(any, zero);
    return json_pack("{s:o}", "anyOf", any);
}

static json_t *enumeration(const char *const *words, unsigned n)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < n; i++)
        json_array_append_new(list, json_string(words[i]));
    return json_pack("{s:o}", "enum", list);
}

static json_t *page_size(void)
{
    static const char *const sizes[] = { "4KiB", "2MiB", "1GiB" };

    return json_pack("{s:[o, {s:[i, i, i]}]}", "anyOf",
                     enumeration(sizes, ARRAY_SIZE(sizes)), "enum", 4096,
                     1 << 21, 1 << 30);
}

static json_t *object(json_t *properties)
{
    return json_pack("{s:s, s:b, s:o}", "type", "object",
                     "additionalProperties", 0, "properties", properties);
}

static json_t *list_of(json_t *items)
{
    return json_pack("{s:s, s:o}", "type", "array", "items", items);
}

static json_t *described(json_t *schema, const char *doc)
{
    json_object_set_new(schema, "description", json_string(doc));
    return schema;
}

static json_t *features(void)
{
    json_t *all = json_object();

    for (unsigned i = 0; i < N_FEATURES; i++)
        json_object_set_new(all, feature_table[i].name,
                            described(schema_bool(), feature_table[i].doc));
    return object(all);
}

/* ---- tables ---- */

static json_t *of_field(const struct field *f)
{
    switch (f->kind) {
    case FIELD_BOOL:
        return schema_bool();
    case FIELD_NUMBER:
        return bounded_number(f);
    case FIELD_PAGE_SIZE:
        return page_size();
    case FIELD_WORD:
        return enumeration(f->words, f->n_words);
    case FIELD_TEXT:
    case FIELD_PROSE:
        return schema_text();
    case FIELD_TEXTS:
        return list_of(schema_text());
    case FIELD_FEATURES:
        return features();
    case FIELD_GROUP:
        return schema_mapping(f->table);
    case FIELD_ITEMS:
        return list_of(schema_mapping(f->table));
    case FIELD_NODE:
    case FIELD_OWN:
        return f->schema();
    }
    return NULL;
}

json_t *schema_mapping(const struct field_table *t)
{
    json_t *properties = json_object(), *required = json_array(), *map;

    for (unsigned i = 0; i < t->n; i++) {
        const struct field *f = &t->field[i];

        json_object_set_new(properties, f->key, described(of_field(f), f->doc));
        if (f->required)
            json_array_append_new(required, json_string(f->key));
    }
    map = object(properties);
    json_object_set_new(map, "required", required);
    return map;
}

/* ---- expectations ---- */

static json_t *of_value(enum value_kind kind)
{
    switch (kind) {
    case VALUE_NUMBER:
        return schema_number();
    case VALUE_BOOL:
        return schema_bool();
    case VALUE_TEXT:
        return schema_text();
    }
    return NULL;
}

json_t *schema_facts(void)
{
    json_t *facts = json_object();

    for (unsigned i = 0; i < n_facts; i++)
        json_object_set_new(
            facts, fact_table[i].name,
            described(of_value(fact_table[i].kind), fact_table[i].doc));
    return object(facts);
}

static json_t *of_property(const struct step_property_desc *d)
{
    unsigned n = 0;

    if (strcmp(d->name, "npf") == 0)
        return list_of(schema_number());
    if (strcmp(d->name, "outcome") != 0)
        return of_value(d->kind);
    while (step_outcome_names[n])
        n++;
    return enumeration(step_outcome_names, n);
}

json_t *schema_step_expectations(void)
{
    json_t *properties = json_object();

    for (unsigned i = 0; i < n_step_properties; i++)
        json_object_set_new(properties, step_property_table[i].name,
                            described(of_property(&step_property_table[i]),
                                      step_property_table[i].doc));
    return json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                     object(properties));
}

static json_t *event_fields(const struct event_desc *d)
{
    json_t *fields = json_object();

    for (unsigned i = 0; i < d->n_fields; i++) {
        enum field_kind kind = d->fields[i].kind;
        json_t *s = kind == KIND_STR    ? schema_text()
                    : kind == KIND_BOOL ? schema_bool()
                                        : schema_number();

        json_object_set_new(fields, d->fields[i].name, s);
    }
    return described(object(fields), d->sentence);
}

/* A mapping with one key, the name of an event. */
static json_t *one_event(bool count)
{
    json_t *events = json_object(), *map;

    for (unsigned i = 0; i < N_EVENTS; i++)
        json_object_set_new(events, event_table[i].name,
                            count ? schema_number()
                                  : event_fields(&event_table[i]));
    map = object(events);
    json_object_set_new(map, "minProperties", json_integer(1));
    if (!count)
        json_object_set_new(map, "maxProperties", json_integer(1));
    return map;
}

static json_t *event_name(void)
{
    const char *names[N_EVENTS];

    for (unsigned i = 0; i < N_EVENTS; i++)
        names[i] = event_table[i].name;
    return enumeration(names, N_EVENTS);
}

static json_t *one_key(const char *key, json_t *schema)
{
    json_t *map = object(json_pack("{s:o}", key, schema));

    json_object_set_new(map, "required", json_pack("[s]", key));
    return map;
}

json_t *schema_events(void)
{
    json_t *event = json_pack("{s:[{s:s}, {s:s}]}", "anyOf", "$ref",
                              "#/$defs/event_name", "$ref", "#/$defs/event");
    json_t *never = one_key("never", json_deep_copy(event));
    json_t *count = one_key("count", one_event(true));

    json_array_append_new(json_object_get(event, "anyOf"), never);
    json_array_append_new(json_object_get(event, "anyOf"), count);
    return list_of(event);
}

json_t *schema_axes(void)
{
    json_t *scalar = json_pack("[s, s, s]", "string", "number", "boolean");

    return json_pack("{s:s, s:{s:[{s:O}, {s:s, s:{s:o}}]}}", "type", "object",
                     "additionalProperties", "anyOf", "type", scalar, "type",
                     "array", "items", "type", scalar);
}

/* ---- the two products ---- */

void load_schema(struct buf *b)
{
    json_t *schema = schema_mapping(&scenario_table);
    json_t *root = json_pack(
        "{s:s, s:s, s:s}", "$schema",
        "https://json-schema.org/draft/2020-12/schema", "$comment",
        "SPDX-License-Identifier: MIT. Printed by `nptsim list schema`. In a "
        "scenario: # yaml-language-server: "
        "$schema=../../schema/scenario-v1.json",
        "title", "nptsim scenario, version 1");
    char *text;

    json_object_update(root, schema);
    json_object_set_new(root, "$defs",
                        json_pack("{s:o, s:o, s:o}", "number", any_number(),
                                  "event_name", event_name(), "event",
                                  one_event(false)));
    text = json_dumps(root, JSON_INDENT(2));
    BUG_ON(!text);
    buf_adds(b, text);
    buf_addc(b, '\n');
    free(text);
    json_decref(schema);
    json_decref(root);
}

struct docs {
    struct pool *pool;
    unsigned n, room;
    struct field_doc *doc;
};

static void add_doc(struct docs *d, struct field_doc doc)
{
    if (d->n == d->room) {
        struct field_doc *old = d->doc;

        d->room = d->room ? 2 * d->room : 128;
        d->doc = pool_alloc(d->pool, d->room * sizeof(*d->doc));
        if (d->n)
            memcpy(d->doc, old, d->n * sizeof(*d->doc));
    }
    d->doc[d->n++] = doc;
}

static void add_features(struct docs *d, const char *path)
{
    for (unsigned i = 0; i < N_FEATURES; i++)
        add_doc(d, (struct field_doc) {
                       .path = pool_printf(d->pool, "%s.%s", path,
                                           feature_table[i].name),
                       .type = "boolean",
                       .doc = feature_table[i].doc,
                   });
}

static void add_table(struct docs *d, const struct field_table *t,
                      const char *prefix)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct field *f = &t->field[i];
        const char *path = pool_printf(d->pool, "%s%s%s", prefix, f->key,
                                       f->kind == FIELD_ITEMS ? "[]" : "");

        add_doc(d, (struct field_doc) { path, field_type(f, d->pool), f->doc,
                                        f->required });
        if (f->kind == FIELD_FEATURES)
            add_features(d, path);
        else if (f->kind == FIELD_GROUP || f->kind == FIELD_ITEMS)
            add_table(d, f->table, pool_printf(d->pool, "%s.", path));
    }
}

unsigned load_fields(struct pool *pool, const struct field_doc **out)
{
    struct docs d = { .pool = pool };

    add_table(&d, &scenario_table, "");
    *out = d.doc;
    return d.n;
}
