/* SPDX-License-Identifier: GPL-2.0-only */
/* load/field_docs.c - every key of a scenario in a line, for people. */
#include "load/scenario.h"

#include "arch/cpuid.h"
#include "load.h"

const char *field_flag_doc(const char *name)
{
    int feature = feature_find(name);

    return feature < 0 ? "" : feature_table[feature].doc;
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
                    "boolean", field_flag_doc(f->flag_name(k)), false);
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
