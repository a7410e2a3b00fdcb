/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/keys.c - the single values of a configuration, one by one, and a
 * scenario with some of them changed.
 *
 * For those who try out many: nothing is parsed again.
 */
#include "load/scenario.h"

#include <string.h>

struct keys {
    struct pool *pool;
    unsigned n, room;
    struct config_key *key;
};

static void add(struct keys *k, const char *path, const struct field *f)
{
    struct field_ref ref;
    struct config_key *key;

    if (!field_resolve(&scenario_table, path, &ref))
        return;
    k->key = pool_more(k->pool, k->key, k->n, &k->room, sizeof(*k->key));
    key = &k->key[k->n++];
    *key = (struct config_key) { .path = path, .kind = field_ref_kind(&ref) };
    if (key->kind == VALUE_NUMBER) {
        key->min = f->min;
        key->max = f->max;
        key->n = f->choice ? f->n : 0;
        key->choice = f->choice;
    } else if (f->type == FIELD_WORD) {
        key->n = f->n;
        key->words = f->words;
    }
}

static void add_table(struct keys *k, const struct field_table *t,
                      const char *prefix)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct field *f = &t->fields[i];
        const char *path = pool_printf(k->pool, "%s%s", prefix, f->key);

        if (f->type == FIELD_GROUP)
            add_table(k, f->table, pool_printf(k->pool, "%s.", path));
        else if (f->type == FIELD_FLAGS)
            for (unsigned n = 0; n < f->n; n++)
                add(k, pool_printf(k->pool, "%s.%s", path, f->flag_name(n)), f);
        else if (strchr(path, '.'))
            add(k, path, f);
    }
}

unsigned load_config_keys(struct pool *pool, const struct config_key **out)
{
    struct keys k = { .pool = pool };

    add_table(&k, &scenario_table, "");
    *out = k.key;
    return k.n;
}

struct value config_value(const struct scenario *s, const char *path)
{
    struct field_ref ref;

    BUG_ON(!field_resolve(&scenario_table, path, &ref));
    /* A scenario is what a document begins with. */
    BUG_ON(ref.offset >= sizeof(*s));
    return field_ref_value(&ref, s);
}

void config_set(struct scenario_doc *doc, const struct config_change *change)
{
    struct field_ref ref;

    BUG_ON(!field_resolve(&scenario_table, change->path, &ref));
    if (ref.field->type == FIELD_TEXT)
        *(const char **)(void *)((char *)doc + ref.offset) = change->text;
    else
        field_ref_put(&ref, change->number, doc);
}
