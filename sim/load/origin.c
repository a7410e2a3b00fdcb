/* SPDX-License-Identifier: GPL-2.0-only */
/* load/origin.c - values that say where they come from: source: or assumed:. */
#include "load/origin.h"

struct origin {
    const struct node *value;
    const char *source;
    bool assumed;
    struct mark assumed_at;
};

static const struct field origin_fields[] = {
    { .key = "value",
      .type = FIELD_NODE,
      .required = true,
      MEMBER(struct origin, value) },
    { .key = "source", .type = FIELD_TEXT, MEMBER(struct origin, source) },
    { .key = "assumed",
      .type = FIELD_BOOL,
      MEMBER(struct origin, assumed),
      .at = offsetof(struct origin, assumed_at) },
};

/* {value: 100, assumed: true}: with its own origin. */
static const struct field_table value_table = {
    .name = "a value with its origin",
    .fields = origin_fields,
    .n = ARRAY_SIZE(origin_fields),
};

/* source: and assumed: between the keys of a group. */
static const struct field_table group_origin_table = {
    .name = "the origin of a group",
    .fields = origin_fields + 1,
    .n = ARRAY_SIZE(origin_fields) - 1,
};

static int check_origin(const struct origin *o, struct err *e)
{
    if (!o->assumed_at.file)
        return 0;
    if (!o->assumed) {
        err_at(e, o->assumed_at, "assumed: only 'true' says something");
        return err_hint(e, "a value that is known has a source:");
    }
    if (o->source)
        return err_at(e, o->assumed_at,
                      "a value is assumed or has a source, not both");
    return 0;
}

static int read_value(struct pool *pool, const struct field *f,
                      const struct node *n, void *base, struct err *e)
{
    struct origin o = { 0 };

    if (n->kind != NODE_MAP)
        return field_set(pool, f, n, base, e);
    if (fields_fill(pool, &value_table, n, &o, e) || check_origin(&o, e))
        return -1;
    if (!o.source && !o.assumed) {
        err_at(e, n->at, "%s: neither 'source' nor 'assumed'", f->key);
        return err_hint(e, "say where the value comes from");
    }
    return field_set(pool, f, o.value, base, e);
}

int origin_read_group(struct pool *pool, const struct field_table *t,
                      const struct node *group, void *base, uint32_t *given,
                      struct err *e)
{
    struct origin o = { 0 };

    if (!group)
        return 0;
    if (node_expect(group, NODE_MAP, t->name, e))
        return -1;
    for (unsigned i = 0; i < group->n; i++) {
        const struct node_entry *entry = &group->entry[i];
        const struct field *f = field_find(t, entry->key);
        const struct field *origin =
            field_find(&group_origin_table, entry->key);

        if (!f && !origin)
            return field_unknown(t, entry->key, entry->key_at, e);
        if (origin ? field_set(pool, origin, entry->value, &o, e)
                   : read_value(pool, f, entry->value, base, e))
            return -1;
        if (f)
            *given |= 1U << (f - t->fields);
    }
    return check_origin(&o, e);
}
