/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/schema.c - the scenario grammar for editors: a JSON schema (draft
 * 2020-12), out of the tables that parse a scenario.
 *
 * It serves completion and quick checks while typing. It cannot say
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

void schema_key(struct buf *b, const char *key)
{
    add_comma(b);
    add_string(b, key);
    buf_addc(b, ':');
}

/* `,"description":"..."` in front of the last closing brace. */
void schema_describe(struct buf *b, const char *doc)
{
    if (!doc || !doc[0])
        return;
    BUG_ON(b->data[b->len - 1] != '}');
    b->len--;
    schema_key(b, "description");
    add_string(b, doc);
    buf_addc(b, '}');
}

void schema_open(struct buf *b)
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

void schema_bool(struct buf *b)
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

void schema_enum(struct buf *b, const char *const *words, unsigned n)
{
    buf_adds(b, "{\"enum\":[");
    for (unsigned i = 0; i < n; i++) {
        add_comma(b);
        add_string(b, words[i]);
    }
    buf_adds(b, "]}");
}

/* What a flag means: all flags are CPUID features. */
static void add_flags(struct buf *b, const struct field *f)
{
    schema_open(b);
    for (unsigned i = 0; i < f->n; i++) {
        schema_key(b, f->flag_name(i));
        schema_bool(b);
        schema_describe(b, field_flag_doc(f->flag_name(i)));
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
            schema_enum(b, f->words, f->n);
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

    schema_open(b);
    for (unsigned i = 0; i < t->n; i++) {
        schema_key(b, t->fields[i].key);
        add_field(b, &t->fields[i]);
        schema_describe(b, t->fields[i].doc);
        required |= t->fields[i].required;
    }
    buf_addc(b, '}');
    if (required) {
        schema_key(b, "required");
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
    schema_key(b, "$defs");
    buf_addc(b, '{');
    schema_key(b, "number");
    add_bounded(b, 0, UINT64_MAX);
    schema_key(b, "event_name");
    schema_event_name(b);
    schema_key(b, "event");
    schema_event(b, false);
    schema_key(b, "event_count");
    schema_event(b, true);
    buf_addc(b, '}');
}

/* ---- the whole ---- */

void load_schema(struct buf *b)
{
    struct buf flat = BUF_INIT;
    json_t *tree;
    char *text;

    schema_table(&flat, &scenario_table);
    flat.len--;                 /* the closing brace comes last */
    schema_key(&flat, "oneOf"); /* who runs the VM */
    buf_adds(&flat, "[{\"required\":[\"kernel\"]},{\"required\":[\"bare\"]}]");
    schema_key(&flat, "title");
    add_string(&flat, "nptsim scenario, version 1");
    schema_key(&flat, "$schema");
    add_string(&flat, "https://json-schema.org/draft/2020-12/schema");
    schema_key(&flat, "$comment");
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
