/* SPDX-License-Identifier: GPL-2.0-only */
/* load/field.c - fill structs from mappings, by table. */
#include "load/field.h"

#include "arch/cpuid.h"

#include <string.h>

/* ---- messages ---- */

int unknown_word(const struct reader *r, struct mark at, const char *what,
                 const char *word, const char *const *words, unsigned n)
{
    const char *near = closest_word(word, words, n);
    struct buf list = BUF_INIT;

    err_at(r->e, at, "unknown %s '%.60s'", what, word);
    if (near)
        return err_hint(r->e, "did you mean '%s'?", near);
    for (unsigned i = 0; i < n; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
    if (n && list.len < sizeof(r->e->hint) - 20)
        err_hint(r->e, "there is %s", list.data);
    buf_free(&list);
    return -1;
}

static int unknown_key(const struct reader *r, const struct field_table *t,
                       const struct node_entry *entry)
{
    const char **words = pool_alloc(r->pool, (t->n + 1) * sizeof(*words));
    const char *near;

    for (unsigned i = 0; i < t->n; i++)
        words[i] = t->field[i].key;
    near = closest_word(entry->key, words, t->n);
    err_at(r->e, entry->key_at, "unknown key '%.60s' in %s", entry->key,
           t->name[0] ? t->name : "the file");
    if (near)
        return err_hint(r->e, "did you mean '%s'?", near);
    for (unsigned i = 0; i < t->n; i++)
        words[t->n] = i ? pool_printf(r->pool, "%s, %s", words[t->n], words[i])
                        : words[i];
    return err_hint(r->e, "the keys are %s", words[t->n]);
}

int fields_check_keys(const struct reader *r, const struct field_table *t,
                      const struct node *map)
{
    for (unsigned i = 0; i < map->n; i++) {
        unsigned k = 0;

        while (k < t->n && strcmp(map->entry[i].key, t->field[k].key) != 0)
            k++;
        if (k == t->n)
            return unknown_key(r, t, &map->entry[i]);
    }
    return 0;
}

/* ---- values ---- */

static void put(void *at, size_t width, uint64_t v)
{
    switch (width) {
    case 1:
        *(uint8_t *)at = (uint8_t)v;
        return;
    case 4:
        *(uint32_t *)at = (uint32_t)v;
        return;
    case 8:
        *(uint64_t *)at = v;
        return;
    }
    BUG_ON(width != 0); /* 0: checked, but kept nowhere */
}

static int read_number(const struct reader *r, const struct field *f,
                       const struct node *n, void *at)
{
    uint64_t v;

    if (node_number(n, f->key, &v, r->e))
        return -1;
    if ((v < f->min || v > f->max) && !(f->or_zero && v == 0)) {
        bool hex = strncmp(n->text, "0x", 2) == 0;

        return err_at(r->e, n->at,
                      hex ? "%s: %s is not in %s%#llx..%#llx"
                          : "%s: %s is not in %s%llu..%llu",
                      f->key, n->text, f->or_zero ? "0, " : "",
                      (unsigned long long)f->min, (unsigned long long)f->max);
    }
    put(at, f->width, v);
    return 0;
}

static int read_page_size(const struct reader *r, const struct field *f,
                          const struct node *n, void *at)
{
    uint64_t v;

    if (node_number(n, f->key, &v, r->e))
        return -1;
    if (v != BIT(12) && v != BIT(21) && v != BIT(30))
        return err_at(r->e, n->at, "%s: %s is not 4KiB, 2MiB or 1GiB", f->key,
                      n->text);
    put(at, f->width, v);
    return 0;
}

static int read_bool(const struct reader *r, const struct field *f,
                     const struct node *n, bool *at)
{
    return node_bool(n, f->key, at, r->e);
}

static int read_word(const struct reader *r, const struct field *f,
                     const struct node *n, void *at)
{
    if (node_expect(n, NODE_SCALAR, f->key, r->e))
        return -1;
    for (unsigned i = 0; i < f->n_words; i++) {
        if (strcmp(n->text, f->words[i]) == 0) {
            put(at, f->width, i);
            return 0;
        }
    }
    return node_not_one_of(n, f->key, f->words, f->n_words, r->e);
}

static int read_prose(const struct reader *r, const struct field *f,
                      const struct node *n, const char **at)
{
    if (node_expect(n, NODE_SCALAR, f->key, r->e))
        return -1;
    if (!n->text[strspn(n->text, " \t\r\n")])
        return err_at(r->e, n->at, "%s is empty", f->key);
    *at = n->text;
    return 0;
}

static int read_texts(const struct reader *r, const struct field *f,
                      const struct node *n, void *out)
{
    const char **texts;

    if (node_expect(n, NODE_LIST, f->key, r->e))
        return -1;
    texts = pool_alloc(r->pool, (n->n + 1) * sizeof(*texts));
    for (unsigned i = 0; i < n->n; i++)
        if (node_text(n->entry[i].value, f->key, &texts[i], r->e))
            return -1;
    *(const char ***)((char *)out + f->offset) = texts;
    *(unsigned *)((char *)out + f->n_offset) = n->n;
    return 0;
}

const char *const *feature_names(struct pool *pool)
{
    const char **names = pool_alloc(pool, N_FEATURES * sizeof(*names));

    for (unsigned i = 0; i < N_FEATURES; i++)
        names[i] = feature_table[i].name;
    return names;
}

static int read_features(const struct reader *r, const struct field *f,
                         const struct node *n, bool *features)
{
    if (node_expect(n, NODE_MAP, f->key, r->e))
        return -1;
    for (unsigned i = 0; i < n->n; i++) {
        const struct node_entry *entry = &n->entry[i];
        int id = feature_find(entry->key);

        if (id < 0)
            return unknown_word(r, entry->key_at, "feature", entry->key,
                                feature_names(r->pool), N_FEATURES);
        if (node_bool(entry->value, entry->key, &features[id], r->e))
            return -1;
    }
    return 0;
}

static int read_items(const struct reader *r, const struct field *f,
                      const struct node *n, void *out)
{
    const struct field_table *t = f->table;
    char *items;

    if (node_expect(n, NODE_LIST, f->key, r->e))
        return -1;
    items = pool_alloc(r->pool, (n->n + 1) * t->size);
    for (unsigned i = 0; i < n->n; i++) {
        char *item = items + i * t->size;

        if (t->defaults)
            t->defaults(item);
        *(struct mark *)(item + t->mark_offset) = n->entry[i].value->at;
        if (fields_read(r, t, n->entry[i].value, item))
            return -1;
    }
    *(char **)((char *)out + f->offset) = items;
    *(unsigned *)((char *)out + f->n_offset) = n->n;
    return 0;
}

static int read_value(const struct reader *r, const struct field *f,
                      const struct node *n, void *out)
{
    void *at = (char *)out + f->offset;

    switch (f->kind) {
    case FIELD_BOOL:
        return read_bool(r, f, n, at);
    case FIELD_NUMBER:
        return read_number(r, f, n, at);
    case FIELD_PAGE_SIZE:
        return read_page_size(r, f, n, at);
    case FIELD_WORD:
        return read_word(r, f, n, at);
    case FIELD_TEXT:
        return node_text(n, f->key, at, r->e);
    case FIELD_PROSE:
        return read_prose(r, f, n, at);
    case FIELD_TEXTS:
        return read_texts(r, f, n, out);
    case FIELD_FEATURES:
        return read_features(r, f, n, at);
    case FIELD_GROUP:
        return fields_read(r, f->table, n, at);
    case FIELD_ITEMS:
        return read_items(r, f, n, out);
    case FIELD_NODE:
        *(const struct node **)at = n;
        return 0;
    case FIELD_OWN:
        return 0;
    }
    return 0;
}

int fields_read(const struct reader *r, const struct field_table *t,
                const struct node *map, void *out)
{
    if (node_expect(map, NODE_MAP, t->name[0] ? t->name : "the file", r->e) ||
        fields_check_keys(r, t, map))
        return -1;
    for (unsigned i = 0; i < t->n; i++) {
        const struct field *f = &t->field[i];
        const struct node *n = node_get(map, f->key);

        if (!n && f->required)
            return err_at(r->e, map->at, "key '%s' is missing in %s", f->key,
                          t->name[0] ? t->name : "the file");
        if (!n)
            continue;
        if (read_value(r, f, n, out))
            return -1;
        if (f->read && f->read(r, f, n, out))
            return -1;
    }
    return 0;
}

/* ---- in words, and by path ---- */

const char *field_type(const struct field *f, struct pool *pool)
{
    const char *words = "one of:";

    switch (f->kind) {
    case FIELD_BOOL:
        return "boolean";
    case FIELD_NUMBER:
        if (f->max == UINT64_MAX && f->min == 0)
            return "number";
        return pool_printf(pool, "number %s%llu..%llu", f->or_zero ? "0, " : "",
                           (unsigned long long)f->min,
                           (unsigned long long)f->max);
    case FIELD_PAGE_SIZE:
        return "4KiB, 2MiB or 1GiB";
    case FIELD_WORD:
        for (unsigned i = 0; i < f->n_words; i++)
            words = pool_printf(pool, "%s %s", words, f->words[i]);
        return words;
    case FIELD_TEXT:
    case FIELD_PROSE:
        return "text";
    case FIELD_TEXTS:
        return "list of texts";
    case FIELD_FEATURES:
        return "feature: boolean";
    case FIELD_GROUP:
        return "mapping";
    case FIELD_ITEMS:
        return "list of mappings";
    case FIELD_NODE:
    case FIELD_OWN:
        return f->type;
    }
    return "";
}

bool field_find(const struct field_table *t, const char *path,
                struct field_ref *out)
{
    size_t len = strcspn(path, "."), base = out->offset;

    for (unsigned i = 0; i < t->n; i++) {
        const struct field *f = &t->field[i];

        if (strncmp(f->key, path, len) != 0 || f->key[len])
            continue;
        *out = (struct field_ref) { f, base + f->offset, -1 };
        if (!path[len])
            return f->kind != FIELD_GROUP && f->kind != FIELD_FEATURES;
        if (f->kind == FIELD_FEATURES)
            out->feature = feature_find(path + len + 1);
        return out->feature >= 0 || (f->kind == FIELD_GROUP &&
                                     field_find(f->table, path + len + 1, out));
    }
    return false;
}
