/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/expect.c - expectations, checked against the judge's vocabulary.
 *
 * Facts, properties of steps, events and their fields have a type each; a value
 * of another type could never be met and is an error here, not a failure later.
 */
#include "load/scenario.h"

#include <string.h>

static const struct field expect_fields[] = {
    { .key = "if",
      .type = FIELD_NODE,
      .required = true,
      .offset = offsetof(struct expect_doc, condition),
      .schema = schema_text,
      .doc = "expression over the configuration" },
    { .key = "facts",
      .type = FIELD_NODE,
      .offset = offsetof(struct expect_doc, facts),
      .schema = schema_facts,
      .doc = "facts by name, see `list facts`" },
    { .key = "steps",
      .type = FIELD_NODE,
      .offset = offsetof(struct expect_doc, steps),
      .schema = schema_steps,
      .doc = "by id: outcome, value, error_code, ..." },
    { .key = "events",
      .type = FIELD_NODE,
      .offset = offsetof(struct expect_doc, events),
      .schema = schema_events,
      .doc = "list: {EVENT: {FIELD: VALUE}} in order, {never: ...}, "
             "{count: {EVENT: N}}" },
    { .key = "invariants",
      .type = FIELD_NODE,
      .offset = offsetof(struct expect_doc, invariants),
      .schema = schema_invariants,
      .doc = "by name: holds, violated or untested, see `list invariants`" },
};

const struct field_table matrix_expect_table = {
    .name = "matrix.expect",
    .fields = expect_fields,
    .n = ARRAY_SIZE(expect_fields),
    .size = sizeof(struct expect_doc),
};

const struct field_table expect_table = {
    .name = "expect",
    .fields = expect_fields + 1, /* without `if` */
    .n = ARRAY_SIZE(expect_fields) - 1,
};

struct reading {
    struct pool *pool;
    const struct run_config *config;
    struct expectations *out;
    struct err *e;
};

/* ---- values ---- */

static int read_value(const struct node *n, const char *what,
                      enum value_kind kind, struct value *out, struct err *e)
{
    bool truth = false;

    *out = (struct value) { .kind = kind, .at = n->at };
    switch (kind) {
    case VALUE_NUMBER:
        return node_number(n, what, &out->number, e);
    case VALUE_BOOL:
        if (node_bool(n, what, &truth, e))
            return -1;
        out->number = truth;
        return 0;
    case VALUE_TEXT:
        return node_text(n, what, &out->text, e);
    }
    return -1;
}

/* Hint at the word that was probably meant, or at @list. Returns -1. */
static int suggest(struct reading *r, const char *word,
                   const char *const *words, unsigned n, const char *list)
{
    err_suggest(r->e, word, words, n);
    return err_hint(r->e, "%s", list);
}

#define FACTS_LIST  "`nptsim list facts` shows them all"
#define EVENTS_LIST "`nptsim list events` shows them all"

/* ---- facts ---- */

static int unknown_fact(struct reading *r, const struct node_entry *entry)
{
    const char **names = pool_alloc(r->pool, n_facts * sizeof(*names));

    for (unsigned i = 0; i < n_facts; i++)
        names[i] = fact_table[i].name;
    err_at(r->e, entry->key_at, "unknown fact '%.60s'", entry->key);
    return suggest(r, entry->key, names, n_facts, FACTS_LIST);
}

static int read_facts(struct reading *r, const struct node *map)
{
    struct expectations *x = r->out;

    if (node_expect(map, NODE_MAP, "facts", r->e))
        return -1;
    x->facts = pool_alloc(r->pool, (map->n + 1) * sizeof(*x->facts));
    for (unsigned i = 0; i < map->n; i++) {
        const struct node_entry *entry = &map->entry[i];
        int fact = fact_find(entry->key);

        if (fact < 0)
            return unknown_fact(r, entry);
        if (r->config->is_bare && fact_table[fact].event != EV_cpu) {
            err_at(r->e, entry->key_at, "%s: there is no KVM on bare hardware",
                   entry->key);
            return err_hint(r->e, "facts about the CPU begin with cpu.");
        }
        x->facts[i].name = fact_table[fact].name;
        if (read_value(entry->value, entry->key, fact_table[fact].kind,
                       &x->facts[i].want, r->e))
            return -1;
    }
    x->n_facts = map->n;
    return 0;
}

/* ---- steps ---- */

static const struct step_property_desc *property_find(const char *name)
{
    for (unsigned i = 0; i < n_step_properties; i++)
        if (strcmp(step_property_table[i].name, name) == 0)
            return &step_property_table[i];
    return NULL;
}

static int unknown_property(struct reading *r, const struct node_entry *entry)
{
    const char **names =
        pool_alloc(r->pool, n_step_properties * sizeof(*names));

    for (unsigned i = 0; i < n_step_properties; i++)
        names[i] = step_property_table[i].name;
    err_at(r->e, entry->key_at, "unknown property '%.60s' of a step",
           entry->key);
    return suggest(r, entry->key, names, n_step_properties, FACTS_LIST);
}

static int check_outcome(struct reading *r, const struct node *n)
{
    unsigned n_names = 0;

    for (; step_outcome_names[n_names]; n_names++)
        if (strcmp(step_outcome_names[n_names], n->text) == 0)
            return 0;
    return node_not_one_of(n, "outcome", step_outcome_names, n_names, r->e);
}

static int read_number_list(struct reading *r, const struct node *n,
                            const char *what, struct expect_item *item)
{
    if (node_expect(n, NODE_LIST, what, r->e))
        return -1;
    item->list = pool_alloc(r->pool, (n->n + 1) * sizeof(*item->list));
    item->n_list = n->n;
    item->want = (struct value) { .kind = VALUE_NUMBER, .at = n->at };
    for (unsigned i = 0; i < n->n; i++)
        if (read_value(n->entry[i].value, what, VALUE_NUMBER, &item->list[i],
                       r->e))
            return -1;
    return 0;
}

static int read_property(struct reading *r, const struct node_entry *entry,
                         struct expect_item *item)
{
    const struct step_property_desc *p = property_find(entry->key);

    if (!p)
        return unknown_property(r, entry);
    item->name = p->name;
    if (strcmp(p->name, "npf") == 0)
        return read_number_list(r, entry->value, "npf", item);
    if (read_value(entry->value, p->name, p->kind, &item->want, r->e))
        return -1;
    return strcmp(p->name, "outcome") == 0 ? check_outcome(r, entry->value) : 0;
}

static int check_step_id(struct reading *r, const struct node_entry *entry)
{
    unsigned n = r->config->n_steps;
    const char **ids = pool_alloc(r->pool, (n + 1) * sizeof(*ids));

    for (unsigned i = 0; i < n; i++) {
        ids[i] = r->config->steps[i].id;
        if (strcmp(ids[i], entry->key) == 0)
            return 0;
    }
    err_at(r->e, entry->key_at, "unknown step '%.60s'", entry->key);
    return suggest(r, entry->key, ids, n, "the ids stand in steps:");
}

static int read_step(struct reading *r, const struct node_entry *entry,
                     struct expect_step *step)
{
    const struct node *map = entry->value;

    if (check_step_id(r, entry) || node_expect(map, NODE_MAP, entry->key, r->e))
        return -1;
    *step = (struct expect_step) { .id = entry->key,
                                   .n_items = map->n,
                                   .at = entry->key_at };
    step->items = pool_alloc(r->pool, (map->n + 1) * sizeof(*step->items));
    for (unsigned i = 0; i < map->n; i++)
        if (read_property(r, &map->entry[i], &step->items[i]))
            return -1;
    return 0;
}

static int read_steps(struct reading *r, const struct node *map)
{
    struct expectations *x = r->out;

    if (node_expect(map, NODE_MAP, "steps", r->e))
        return -1;
    x->steps = pool_alloc(r->pool, (map->n + 1) * sizeof(*x->steps));
    x->n_steps = map->n;
    for (unsigned i = 0; i < map->n; i++)
        if (read_step(r, &map->entry[i], &x->steps[i]))
            return -1;
    return 0;
}

/* ---- events ---- */

static enum value_kind kind_of(enum field_kind kind)
{
    switch (kind) {
    case KIND_DEC:
    case KIND_HEX:
    case KIND_PTE:
    case KIND_PFERR:
    case KIND_EXIT:
        return VALUE_NUMBER;
    case KIND_BOOL:
        return VALUE_BOOL;
    case KIND_STR:
        return VALUE_TEXT;
    }
    return VALUE_TEXT;
}

static int find_event(struct reading *r, const char *name, struct mark at,
                      enum event_id *out)
{
    int id = event_find(name);
    const char *names[N_EVENTS];

    if (id >= 0) {
        *out = (enum event_id)id;
        return 0;
    }
    for (unsigned i = 0; i < N_EVENTS; i++)
        names[i] = event_table[i].name;
    err_at(r->e, at, "unknown event '%.60s'", name);
    return suggest(r, name, names, N_EVENTS, EVENTS_LIST);
}

static int unknown_event_field(struct reading *r, enum event_id id,
                               const struct node_entry *entry)
{
    const struct event_desc *d = &event_table[id];
    const char *names[EVENT_MAX_FIELDS];

    for (unsigned i = 0; i < d->n_fields; i++)
        names[i] = d->fields[i].name;
    err_at(r->e, entry->key_at, "unknown field '%.60s' of event '%s'",
           entry->key, d->name);
    return suggest(r, entry->key, names, d->n_fields, EVENTS_LIST);
}

static int read_event_fields(struct reading *r, const struct node *map,
                             struct expect_event *ev)
{
    const struct event_desc *d = &event_table[ev->event];

    if (node_expect(map, NODE_MAP, d->name, r->e))
        return -1;
    ev->n_fields = map->n;
    ev->fields = pool_alloc(r->pool, (map->n + 1) * sizeof(*ev->fields));
    for (unsigned i = 0; i < map->n; i++) {
        const struct node_entry *entry = &map->entry[i];
        int field = event_field_find(ev->event, entry->key);

        if (field < 0)
            return unknown_event_field(r, ev->event, entry);
        ev->fields[i].name = d->fields[field].name;
        if (read_value(entry->value, entry->key, kind_of(d->fields[field].kind),
                       &ev->fields[i].want, r->e))
            return -1;
    }
    return 0;
}

/* The one entry of a mapping; NULL with the error set. */
static const struct node_entry *only_entry(struct reading *r,
                                           const struct node *n)
{
    if (n->kind == NODE_MAP && n->n == 1)
        return &n->entry[0];
    err_at(r->e, n->at, "one event is needed here");
    err_hint(r->e, "{npf: {info1: 0x4}}, {never: vc} or {count: {vmgexit: 1}}");
    return NULL;
}

/* "npf", or {npf: {info1: 4}}. */
static int read_pattern(struct reading *r, const struct node *n,
                        struct expect_event *ev)
{
    const struct node_entry *entry;

    if (n->kind == NODE_SCALAR)
        return find_event(r, n->text, n->at, &ev->event);
    entry = only_entry(r, n);
    if (!entry || find_event(r, entry->key, entry->key_at, &ev->event))
        return -1;
    return read_event_fields(r, entry->value, ev);
}

static int read_count(struct reading *r, const struct node *n,
                      struct expect_event *ev)
{
    const struct node_entry *entry = only_entry(r, n);

    if (!entry || find_event(r, entry->key, entry->key_at, &ev->event))
        return -1;
    return node_number(entry->value, entry->key, &ev->count, r->e);
}

static int read_event(struct reading *r, const struct node *n,
                      struct expect_event *ev)
{
    const struct node_entry *entry;

    *ev = (struct expect_event) { .mode = EXPECT_NEXT, .at = n->at };
    if (n->kind == NODE_SCALAR)
        return read_pattern(r, n, ev);
    entry = only_entry(r, n);
    if (!entry)
        return -1;
    ev->at = entry->key_at;
    if (strcmp(entry->key, "never") == 0) {
        ev->mode = EXPECT_NEVER;
        return read_pattern(r, entry->value, ev);
    }
    if (strcmp(entry->key, "count") == 0) {
        ev->mode = EXPECT_COUNT;
        return read_count(r, entry->value, ev);
    }
    return read_pattern(r, n, ev);
}

static int read_events(struct reading *r, const struct node *list)
{
    struct expectations *x = r->out;

    if (node_expect(list, NODE_LIST, "events", r->e))
        return -1;
    x->events = pool_alloc(r->pool, (list->n + 1) * sizeof(*x->events));
    x->n_events = list->n;
    for (unsigned i = 0; i < list->n; i++)
        if (read_event(r, list->entry[i].value, &x->events[i]))
            return -1;
    return 0;
}

/* ---- invariants ---- */

static int unknown_invariant(struct reading *r, const struct node_entry *entry)
{
    const char *names[N_INVARIANTS];

    for (unsigned i = 0; i < N_INVARIANTS; i++)
        names[i] = invariant_table[i].name;
    err_at(r->e, entry->key_at, "unknown invariant '%.60s'", entry->key);
    return suggest(r, entry->key, names, N_INVARIANTS,
                   "`nptsim list invariants` shows them all");
}

static int read_state(struct reading *r, const struct node_entry *entry,
                      struct expect_item *item)
{
    unsigned n = 0;

    if (read_value(entry->value, entry->key, VALUE_TEXT, &item->want, r->e))
        return -1;
    for (; invariant_state_names[n]; n++)
        if (strcmp(invariant_state_names[n], item->want.text) == 0)
            return 0;
    return node_not_one_of(entry->value, entry->key, invariant_state_names, n,
                           r->e);
}

static int read_invariants(struct reading *r, const struct node *map)
{
    struct expectations *x = r->out;

    if (node_expect(map, NODE_MAP, "invariants", r->e))
        return -1;
    x->invariants = pool_alloc(r->pool, (map->n + 1) * sizeof(*x->invariants));
    for (unsigned i = 0; i < map->n; i++) {
        int found = invariant_find(map->entry[i].key);

        if (found < 0)
            return unknown_invariant(r, &map->entry[i]);
        x->invariants[i].name = invariant_table[found].name;
        if (read_state(r, &map->entry[i], &x->invariants[i]))
            return -1;
    }
    x->n_invariants = map->n;
    return 0;
}

/* ---- all of them ---- */

int expect_read(struct pool *pool, const struct expect_doc *doc,
                const struct run_config *config, struct expectations *out,
                struct err *e)
{
    struct reading r = { .pool = pool, .config = config, .out = out, .e = e };

    if ((doc->facts && read_facts(&r, doc->facts)) ||
        (doc->steps && read_steps(&r, doc->steps)) ||
        (doc->events && read_events(&r, doc->events)) ||
        (doc->invariants && read_invariants(&r, doc->invariants)))
        return -1;
    return 0;
}

static void *join(struct pool *pool, const void *a, unsigned n_a, const void *b,
                  unsigned n_b, size_t size)
{
    char *all = pool_alloc(pool, (n_a + n_b + 1) * size);

    if (n_a)
        memcpy(all, a, n_a * size);
    if (n_b)
        memcpy(all + n_a * size, b, n_b * size);
    return all;
}

void expect_add(struct pool *pool, struct expectations *to,
                const struct expectations *more)
{
    to->facts = join(pool, to->facts, to->n_facts, more->facts, more->n_facts,
                     sizeof(*to->facts));
    to->n_facts += more->n_facts;
    to->steps = join(pool, to->steps, to->n_steps, more->steps, more->n_steps,
                     sizeof(*to->steps));
    to->n_steps += more->n_steps;
    to->events = join(pool, to->events, to->n_events, more->events,
                      more->n_events, sizeof(*to->events));
    to->n_events += more->n_events;
    to->invariants =
        join(pool, to->invariants, to->n_invariants, more->invariants,
             more->n_invariants, sizeof(*to->invariants));
    to->n_invariants += more->n_invariants;
}
