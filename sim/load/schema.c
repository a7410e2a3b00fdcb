/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/schema.c - the scenario grammar for people and for editors: what `list
 * fields` shows, and a JSON schema (draft 2020-12). Both come from the tables
 * that parse a scenario.
 *
 * The schema serves completion and quick checks while typing. It cannot say
 * everything that the parser checks; `nptsim lint` is the judge.
 */
#include "load/schema.h"

#include "arch/cpuid.h"
#include "load.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- pieces of JSON ---- */

static void add_string(struct buf *b, const char *text)
{
    buf_addc(b, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_addc(b, '\\');
        buf_addc(b, *text);
    }
    buf_addc(b, '"');
}

/* A comma behind everything but an opening bracket. */
static void add_comma(struct buf *b)
{
    char last = b->len ? b->data[b->len - 1] : '{';

    if (last != '{' && last != '[')
        buf_addc(b, ',');
}

static void add_key(struct buf *b, const char *key)
{
    add_comma(b);
    add_string(b, key);
    buf_addc(b, ':');
}

/* `,"description":"..."` in front of the last closing brace. */
static void describe(struct buf *b, const char *doc)
{
    if (!doc || !doc[0])
        return;
    BUG_ON(b->data[b->len - 1] != '}');
    b->len--;
    add_key(b, "description");
    add_string(b, doc);
    buf_addc(b, '}');
}

static void open_object(struct buf *b)
{
    buf_adds(b, "{\"type\":\"object\",\"additionalProperties\":false,"
                "\"properties\":{");
}

/* ---- values ---- */

void schema_number(struct buf *b)
{
    buf_adds(b, "{\"$ref\":\"#/$defs/number\"}");
}

void schema_text(struct buf *b)
{
    buf_adds(b, "{\"type\":\"string\",\"minLength\":1}");
}

static void schema_bool(struct buf *b)
{
    buf_adds(b, "{\"type\":\"boolean\"}");
}

/* 0x10_0000 and 64MiB are text to an editor: no bounds for them. */
#define NUMBER_TEXT                                                            \
    "{\"type\":\"string\",\"pattern\":"                                        \
    "\"^(0[xX][0-9a-fA-F](_?[0-9a-fA-F])*|0|[1-9](_?[0-9])*)"                  \
    "([KMGT]iB)?$\"}"

static void add_bounded(struct buf *b, uint64_t min, uint64_t max)
{
    buf_printf(b, "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":%" PRIu64,
               min);
    if (max <= INT64_MAX)
        buf_printf(b, ",\"maximum\":%" PRIu64, max);
    buf_adds(b, "}," NUMBER_TEXT "]}");
}

static void add_choice(struct buf *b, const struct field *f)
{
    buf_adds(b, "{\"enum\":[");
    for (unsigned i = 0; i < f->n; i++) {
        struct buf size = BUF_INIT;

        add_comma(b);
        buf_dec(b, f->choice[i]);
        field_add_size(&size, f->choice[i]);
        if (strchr(size.data, 'B')) {
            add_comma(b);
            add_string(b, size.data);
        }
        buf_free(&size);
    }
    buf_adds(b, "]}");
}

static void add_enum(struct buf *b, const char *const *words, unsigned n)
{
    buf_adds(b, "{\"enum\":[");
    for (unsigned i = 0; i < n; i++) {
        add_comma(b);
        add_string(b, words[i]);
    }
    buf_adds(b, "]}");
}

/* What a flag means: all flags are CPUID features. */
static const char *flag_doc(const char *name)
{
    int feature = feature_find(name);

    return feature < 0 ? "" : feature_table[feature].doc;
}

static void add_flags(struct buf *b, const struct field *f)
{
    open_object(b);
    for (unsigned i = 0; i < f->n; i++) {
        add_key(b, f->flag_name(i));
        schema_bool(b);
        describe(b, flag_doc(f->flag_name(i)));
    }
    buf_adds(b, "}}");
}

static void add_list(struct buf *b, const struct field *f)
{
    buf_adds(b, "{\"type\":\"array\",");
    if (f->n)
        buf_printf(b, "\"maxItems\":%u,", f->n);
    buf_adds(b, "\"items\":");
    if (f->type == FIELD_LIST)
        schema_table(b, f->table);
    else
        schema_text(b);
    buf_addc(b, '}');
}

/* ---- tables ---- */

static void add_field(struct buf *b, const struct field *f)
{
    switch (f->type) {
    case FIELD_NUMBER:
        if (f->choice)
            add_choice(b, f);
        else if (f->min == 0 && f->max == UINT64_MAX)
            schema_number(b);
        else
            add_bounded(b, f->min, f->max);
        return;
    case FIELD_BOOL:
        schema_bool(b);
        return;
    case FIELD_WORD:
    case FIELD_TEXT:
        if (f->words)
            add_enum(b, f->words, f->n);
        else
            schema_text(b);
        return;
    case FIELD_PROSE:
        schema_text(b);
        return;
    case FIELD_FLAGS:
        add_flags(b, f);
        return;
    case FIELD_GROUP:
        schema_table(b, f->table);
        return;
    case FIELD_TEXTS:
    case FIELD_LIST:
        add_list(b, f);
        return;
    case FIELD_NODE:
        if (f->schema)
            f->schema(b);
        else
            buf_adds(b, "{}");
        return;
    }
}

void schema_table(struct buf *b, const struct field_table *t)
{
    bool required = false;

    open_object(b);
    for (unsigned i = 0; i < t->n; i++) {
        add_key(b, t->fields[i].key);
        add_field(b, &t->fields[i]);
        describe(b, t->fields[i].doc);
        required |= t->fields[i].required;
    }
    buf_addc(b, '}');
    if (required) {
        add_key(b, "required");
        buf_addc(b, '[');
        for (unsigned i = 0; i < t->n; i++) {
            if (!t->fields[i].required)
                continue;
            add_comma(b);
            add_string(b, t->fields[i].key);
        }
        buf_addc(b, ']');
    }
    buf_addc(b, '}');
}

/* ---- expectations ---- */

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
    open_object(b);
    for (unsigned i = 0; i < n_facts; i++) {
        add_key(b, fact_table[i].name);
        add_value(b, fact_table[i].kind);
        describe(b, fact_table[i].doc);
    }
    buf_adds(b, "}}");
}

void schema_invariants(struct buf *b)
{
    open_object(b);
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        unsigned n = 0;

        while (invariant_state_names[n])
            n++;
        add_key(b, invariant_table[i].name);
        add_enum(b, invariant_state_names, n);
        describe(b, invariant_table[i].claim);
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
        add_enum(b, step_outcome_names, n);
    } else {
        add_value(b, d->kind);
    }
}

void schema_steps(struct buf *b)
{
    buf_adds(b, "{\"type\":\"object\",\"additionalProperties\":");
    open_object(b);
    for (unsigned i = 0; i < n_step_properties; i++) {
        add_key(b, step_property_table[i].name);
        add_property(b, &step_property_table[i]);
        describe(b, step_property_table[i].doc);
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
    open_object(b);
    for (unsigned i = 0; i < d->n_fields; i++) {
        add_key(b, d->fields[i].name);
        add_value(b, field_value_kind(d->fields[i].kind));
    }
    buf_adds(b, "}}");
    describe(b, d->sentence);
}

/* {npf: {info1: 1}}, or with @count {npf: 3}. */
static void add_one_event(struct buf *b, bool count)
{
    open_object(b);
    for (unsigned i = 0; i < N_EVENTS; i++) {
        add_key(b, event_table[i].name);
        if (count)
            schema_number(b);
        else
            add_event_fields(b, &event_table[i]);
    }
    buf_adds(b, "},\"minProperties\":1,\"maxProperties\":1}");
}

static void add_event_names(struct buf *b)
{
    const char *names[N_EVENTS];

    for (unsigned i = 0; i < N_EVENTS; i++)
        names[i] = event_table[i].name;
    add_enum(b, names, N_EVENTS);
}

void schema_events(struct buf *b)
{
    static const char event[] = "{\"anyOf\":[{\"$ref\":\"#/$defs/event_name\"},"
                                "{\"$ref\":\"#/$defs/event\"}]}";

    buf_printf(b, "{\"type\":\"array\",\"items\":{\"anyOf\":[%s,", event);
    open_object(b);
    buf_printf(b, "\"never\":%s},\"required\":[\"never\"]},", event);
    open_object(b);
    buf_adds(b, "\"count\":{\"$ref\":\"#/$defs/event_count\"}},"
                "\"required\":[\"count\"]}]}}");
}

void schema_axes(struct buf *b)
{
    static const char scalar[] = "{\"type\":[\"string\",\"number\","
                                 "\"boolean\"]}";

    buf_printf(b,
               "{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[%s,"
               "{\"type\":\"array\",\"minItems\":1,\"items\":%s}]}}",
               scalar, scalar);
}

static void add_definitions(struct buf *b)
{
    add_key(b, "$defs");
    buf_addc(b, '{');
    add_key(b, "number");
    add_bounded(b, 0, UINT64_MAX);
    add_key(b, "event_name");
    add_event_names(b);
    add_key(b, "event");
    add_one_event(b, false);
    add_key(b, "event_count");
    add_one_event(b, true);
    buf_addc(b, '}');
}

/* ---- the two products ---- */

void load_schema(struct buf *b)
{
    struct buf flat = BUF_INIT;
    json_t *tree;
    char *text;

    schema_table(&flat, &scenario_table);
    flat.len--;              /* the closing brace comes last */
    add_key(&flat, "oneOf"); /* who runs the VM */
    buf_adds(&flat, "[{\"required\":[\"kernel\"]},{\"required\":[\"bare\"]}]");
    add_key(&flat, "title");
    add_string(&flat, "nptsim scenario, version 1");
    add_key(&flat, "$schema");
    add_string(&flat, "https://json-schema.org/draft/2020-12/schema");
    add_key(&flat, "$comment");
    add_string(&flat, "SPDX-License-Identifier: MIT. Printed by 'nptsim list "
                      "schema'. A scenario names it in its first line: "
                      "# yaml-language-server: "
                      "$schema=../../schema/scenario-v1.json");
    add_definitions(&flat);
    buf_addc(&flat, '}');
    /* Jansson checks the syntax and lays it out. */
    tree = json_loadb(flat.data, flat.len, JSON_REJECT_DUPLICATES, NULL);
    BUG_ON(!tree);
    text = json_dumps(tree, JSON_INDENT(2));
    BUG_ON(!text);
    buf_adds(b, text);
    buf_addc(b, '\n');
    free(text);
    json_decref(tree);
    buf_free(&flat);
}

struct docs {
    struct pool *pool;
    unsigned n, room;
    struct field_doc *doc;
};

static void add_doc(struct docs *d, const char *path, const char *type,
                    const char *doc, bool required)
{
    d->doc = pool_more(d->pool, d->doc, d->n, &d->room, sizeof(*d->doc));
    d->doc[d->n++] =
        (struct field_doc) { path, type, doc ? doc : "", required };
}

static void add_table_docs(struct docs *d, const struct field_table *t,
                           const char *prefix)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct field *f = &t->fields[i];
        const char *path = pool_printf(d->pool, "%s%s%s", prefix, f->key,
                                       f->type == FIELD_LIST ? "[]" : "");
        struct buf type = BUF_INIT;

        field_describe(f, &type);
        add_doc(d, path, pool_strdup(d->pool, type.data), f->doc, f->required);
        buf_free(&type);
        for (unsigned k = 0; f->type == FIELD_FLAGS && k < f->n; k++)
            add_doc(d, pool_printf(d->pool, "%s.%s", path, f->flag_name(k)),
                    "boolean", flag_doc(f->flag_name(k)), false);
        if (f->type == FIELD_GROUP || f->type == FIELD_LIST)
            add_table_docs(d, f->table, pool_printf(d->pool, "%s.", path));
    }
}

unsigned load_fields(struct pool *pool, const struct field_doc **out)
{
    struct docs d = { .pool = pool };

    add_table_docs(&d, &scenario_table, "");
    *out = d.doc;
    return d.n;
}
