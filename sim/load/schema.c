/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/schema.c - the field tables as a list and as a JSON schema.
 *
 * The schema is for editors: it knows keys, types and words. What spans keys
 * (overlapping memory, steps that do not exist) only the loader checks.
 */
#include "load/scenario.h"

#include <inttypes.h>
#include <string.h>

/* ---- list ---- */

struct listing {
    struct pool *pool;
    struct field_doc *docs;
    unsigned n, room;
};

static void add_doc(struct listing *l, const char *path, const struct field *f)
{
    struct buf type = BUF_INIT;

    if (l->n == l->room) {
        struct field_doc *old = l->docs;

        l->room = l->room ? 2 * l->room : 64;
        l->docs = pool_alloc(l->pool, l->room * sizeof(*l->docs));
        if (l->n)
            memcpy(l->docs, old, l->n * sizeof(*old));
    }
    field_describe(f, &type);
    l->docs[l->n++] =
        (struct field_doc) { .path = path,
                             .type = pool_strdup(l->pool, type.data),
                             .doc = f->doc,
                             .required = f->required };
    buf_free(&type);
}

static void list_table(struct listing *l, const char *prefix,
                       const struct field_table *t)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct field *f = &t->fields[i];
        const char *path = pool_printf(l->pool, "%s%s", prefix, f->key);

        add_doc(l, path, f);
        if (f->type == FIELD_GROUP)
            list_table(l, pool_printf(l->pool, "%s.", path), f->table);
        else if (f->type == FIELD_LIST)
            list_table(l, pool_printf(l->pool, "%s[].", path), f->table);
    }
}

unsigned load_fields(struct pool *pool, const struct field_doc **out)
{
    struct listing l = { .pool = pool };

    list_table(&l, "", &scenario_table);
    *out = l.docs;
    return l.n;
}

/* ---- JSON ---- */

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

static void add_strings(struct buf *b, const char *const *words, unsigned n)
{
    buf_addc(b, '[');
    for (unsigned i = 0; i < n; i++) {
        buf_adds(b, i ? ", " : "");
        add_string(b, words[i]);
    }
    buf_addc(b, ']');
}

/* A number may also be a text to YAML: 64MiB, 0x1_000. */
static void add_number(struct buf *b, const struct field *f)
{
    if (f->choice) {
        buf_adds(b, "\"enum\": [");
        for (unsigned i = 0; i < f->n; i++)
            buf_printf(b, "%s%" PRIu64, i ? ", " : "", f->choice[i]);
        for (unsigned i = 0; i < f->n; i++) {
            if (f->choice[i] < 1024)
                continue;
            buf_adds(b, ", \"");
            field_add_size(b, f->choice[i]);
            buf_addc(b, '"');
        }
        buf_addc(b, ']');
        return;
    }
    buf_adds(b, "\"anyOf\": [{\"type\": \"integer\", ");
    buf_printf(b, "\"minimum\": %" PRIu64, f->min);
    if (f->max < BIT(53)) /* what every JSON reader holds exactly */
        buf_printf(b, ", \"maximum\": %" PRIu64, f->max);
    buf_adds(b, "}, {\"$ref\": \"#/$defs/number\"}]");
}

static void add_table(struct buf *b, const struct field_table *t,
                      unsigned indent);

static void add_flags(struct buf *b, const struct field *f)
{
    buf_adds(b, "\"type\": \"object\", \"additionalProperties\": false, "
                "\"properties\": {");
    for (unsigned i = 0; i < f->n; i++) {
        buf_adds(b, i ? ", " : "");
        add_string(b, f->flag_name(i));
        buf_adds(b, ": {\"type\": \"boolean\"}");
    }
    buf_addc(b, '}');
}

static void add_words(struct buf *b, const struct field *f)
{
    buf_adds(b, "\"enum\": ");
    add_strings(b, f->words, f->n);
}

/* The inside of the object that describes @f. */
static void add_type(struct buf *b, const struct field *f, unsigned indent)
{
    switch (f->type) {
    case FIELD_NUMBER:
        add_number(b, f);
        return;
    case FIELD_BOOL:
        buf_adds(b, "\"type\": \"boolean\"");
        return;
    case FIELD_WORD:
        add_words(b, f);
        return;
    case FIELD_TEXT:
        if (f->words)
            add_words(b, f);
        else
            schema_text(b);
        return;
    case FIELD_PROSE:
        buf_adds(b, "\"type\": \"string\", \"minLength\": 1");
        return;
    case FIELD_TEXTS:
        buf_adds(b, "\"type\": \"array\", \"items\": {");
        schema_text(b);
        buf_addc(b, '}');
        return;
    case FIELD_FLAGS:
        add_flags(b, f);
        return;
    case FIELD_GROUP:
        add_table(b, f->table, indent);
        return;
    case FIELD_LIST:
        buf_adds(b, "\"type\": \"array\", \"items\": {");
        add_table(b, f->table, indent);
        buf_addc(b, '}');
        return;
    case FIELD_NODE:
        f->schema(b);
        return;
    }
}

static void add_table(struct buf *b, const struct field_table *t,
                      unsigned indent)
{
    const char *gap = "";

    buf_adds(b, "\"type\": \"object\", \"additionalProperties\": false, ");
    buf_adds(b, "\"required\": [");
    for (unsigned i = 0; i < t->n; i++) {
        if (!t->fields[i].required)
            continue;
        buf_adds(b, gap);
        add_string(b, t->fields[i].key);
        gap = ", ";
    }
    buf_adds(b, "],\n");
    buf_printf(b, "%*s\"properties\": {", (int)indent, "");
    for (unsigned i = 0; i < t->n; i++) {
        buf_printf(b, "%s\n%*s", i ? "," : "", (int)indent + 2, "");
        add_string(b, t->fields[i].key);
        buf_adds(b, ": {\"description\": ");
        add_string(b, t->fields[i].doc);
        buf_adds(b, ", ");
        add_type(b, &t->fields[i], indent + 4);
        buf_addc(b, '}');
    }
    buf_printf(b, "\n%*s}", (int)indent, "");
}

/* ---- what the expectations know ---- */

void schema_text(struct buf *b)
{
    /* A plain scalar is text here, whatever YAML takes it for. */
    buf_adds(b, "\"type\": [\"string\", \"number\", \"boolean\"]");
}

static void add_value(struct buf *b, enum value_kind kind)
{
    switch (kind) {
    case VALUE_NUMBER:
        buf_adds(b, "{\"$ref\": \"#/$defs/any_number\"}");
        return;
    case VALUE_BOOL:
        buf_adds(b, "{\"type\": \"boolean\"}");
        return;
    case VALUE_TEXT:
        buf_addc(b, '{');
        schema_text(b);
        buf_addc(b, '}');
        return;
    }
}

void schema_facts(struct buf *b)
{
    buf_adds(b, "\"type\": \"object\", \"additionalProperties\": false, "
                "\"properties\": {");
    for (unsigned i = 0; i < n_facts; i++) {
        buf_adds(b, i ? ", " : "");
        add_string(b, fact_table[i].name);
        buf_adds(b, ": ");
        add_value(b, fact_table[i].kind);
    }
    buf_addc(b, '}');
}

static void add_property(struct buf *b, const struct step_property_desc *p)
{
    unsigned n = 0;

    add_string(b, p->name);
    buf_adds(b, ": ");
    if (strcmp(p->name, "outcome") == 0) {
        while (step_outcome_names[n])
            n++;
        buf_adds(b, "{\"enum\": ");
        add_strings(b, step_outcome_names, n);
        buf_addc(b, '}');
    } else if (strcmp(p->name, "npf") == 0) {
        buf_adds(b, "{\"type\": \"array\", \"items\": ");
        add_value(b, VALUE_NUMBER);
        buf_addc(b, '}');
    } else {
        add_value(b, p->kind);
    }
}

void schema_steps(struct buf *b)
{
    buf_adds(b, "\"type\": \"object\", \"additionalProperties\": {\"type\": "
                "\"object\", \"additionalProperties\": false, "
                "\"properties\": {");
    for (unsigned i = 0; i < n_step_properties; i++) {
        buf_adds(b, i ? ", " : "");
        add_property(b, &step_property_table[i]);
    }
    buf_adds(b, "}}");
}

/* An event by its name, one with fields, {never: ...} or {count: ...}. */
void schema_events(struct buf *b)
{
    const char *names[N_EVENTS + 2];

    for (unsigned i = 0; i < N_EVENTS; i++)
        names[i] = event_table[i].name;
    names[N_EVENTS] = "never";
    names[N_EVENTS + 1] = "count";
    buf_adds(b, "\"type\": \"array\", \"items\": {\"anyOf\": [{\"enum\": ");
    add_strings(b, names, N_EVENTS);
    buf_adds(b, "}, {\"type\": \"object\", \"minProperties\": 1, "
                "\"maxProperties\": 1, \"propertyNames\": {\"enum\": ");
    add_strings(b, names, ARRAY_SIZE(names));
    buf_adds(b, "}}]}");
}

void schema_axes(struct buf *b)
{
    buf_adds(b, "\"type\": \"object\", \"additionalProperties\": {\"anyOf\": "
                "[{\"type\": \"array\", \"minItems\": 1}, {\"type\": "
                "\"string\", \"pattern\": \"^[0-9a-fA-FxXKMGTiB_]+\\\\.\\\\."
                "[0-9a-fA-FxXKMGTiB_]+$\"}]}");
}

void load_schema(struct buf *b)
{
    buf_adds(b, "{\n"
                "  \"$comment\": \"SPDX-License-Identifier: MIT. Made by "
                "`nptsim list schema`.\",\n"
                "  \"$schema\": "
                "\"https://json-schema.org/draft/2020-12/schema\",\n"
                "  \"title\": \"nptsim scenario, version 1\",\n  ");
    add_table(b, &scenario_table, 2);
    buf_adds(b, ",\n"
                "  \"$defs\": {\n"
                "    \"number\": {\"type\": \"string\", \"pattern\": "
                "\"^(0[xX][0-9a-fA-F_]+|[0-9_]+)([KMGT]iB)?$\"},\n"
                "    \"any_number\": {\"anyOf\": [{\"type\": \"integer\", "
                "\"minimum\": 0}, {\"$ref\": \"#/$defs/number\"}]}\n"
                "  }\n}\n");
}
