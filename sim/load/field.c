/* SPDX-License-Identifier: GPL-2.0-only */
/* load/field.c - fill structs from nodes, as the tables say. */
#include "load/field.h"

#include <inttypes.h>
#include <string.h>

const uint64_t field_page_sizes[3] = { 4096, 2ULL << 20, 1ULL << 30 };

const struct field *field_find(const struct field_table *t, const char *key)
{
    for (unsigned i = 0; i < t->n; i++)
        if (strcmp(t->fields[i].key, key) == 0)
            return &t->fields[i];
    return NULL;
}

#define MAX_KEYS 32

int field_unknown(const struct field_table *t, const char *key, struct mark at,
                  struct err *e)
{
    const char *keys[MAX_KEYS];
    struct buf all = BUF_INIT;
    unsigned n = t->n < MAX_KEYS ? t->n : MAX_KEYS;

    for (unsigned i = 0; i < n; i++) {
        keys[i] = t->fields[i].key;
        buf_printf(&all, "%s%s", i ? ", " : "", keys[i]);
    }
    err_at(e, at, "unknown key '%.60s' in %s", key, t->name);
    err_suggest(e, key, keys, n);
    err_hint(e, "there is %s", all.data);
    buf_free(&all);
    return -1;
}

void field_add_size(struct buf *b, uint64_t v)
{
    static const char *const units[] = { "", "KiB", "MiB", "GiB", "TiB" };
    unsigned unit = 0;

    while (v && v % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
        v /= 1024;
        unit++;
    }
    buf_printf(b, "%" PRIu64 "%s", v, units[unit]);
}

static void add_bound(struct buf *b, uint64_t v)
{
    buf_printf(b, v < 0x100000 ? "%" PRIu64 : "0x%" PRIx64, v);
}

static void add_words(struct buf *b, const struct field *f)
{
    for (unsigned i = 0; i < f->n; i++) {
        buf_adds(b, i ? ", " : "");
        if (f->choice)
            field_add_size(b, f->choice[i]);
        else
            buf_adds(b, f->words[i]);
    }
}

void field_describe(const struct field *f, struct buf *b)
{
    switch (f->type) {
    case FIELD_NUMBER:
        if (f->choice) {
            buf_adds(b, "one of: ");
            add_words(b, f);
        } else if (f->min == 0 && f->max == UINT64_MAX) {
            buf_adds(b, "number");
        } else {
            buf_adds(b, "number ");
            add_bound(b, f->min);
            buf_adds(b, "..");
            add_bound(b, f->max);
        }
        return;
    case FIELD_BOOL:
        buf_adds(b, "boolean");
        return;
    case FIELD_WORD:
    case FIELD_TEXT:
        if (f->words) {
            buf_adds(b, f->n == 1 ? "always: " : "one of: ");
            add_words(b, f);
        } else {
            buf_adds(b, "text");
        }
        return;
    case FIELD_PROSE:
        buf_adds(b, "text of many lines");
        return;
    case FIELD_TEXTS:
        buf_adds(b, "list of texts");
        return;
    case FIELD_FLAGS:
        buf_adds(b, "mapping of booleans");
        return;
    case FIELD_GROUP:
    case FIELD_NODE:
        buf_adds(b, "mapping");
        return;
    case FIELD_LIST:
        buf_adds(b, "list of mappings");
        return;
    }
}

/* ---- single values ---- */

void field_store(void *at, unsigned size, uint64_t v)
{
    switch (size) {
    case 1:
        *(uint8_t *)at = (uint8_t)v;
        return;
    case 2:
        *(uint16_t *)at = (uint16_t)v;
        return;
    case 4:
        *(uint32_t *)at = (uint32_t)v;
        return;
    case 8:
        *(uint64_t *)at = v;
        return;
    }
    BUG_ON(true);
}

uint64_t field_fetch(const void *at, unsigned size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)at;
    case 2:
        return *(const uint16_t *)at;
    case 4:
        return *(const uint32_t *)at;
    case 8:
        return *(const uint64_t *)at;
    }
    BUG_ON(true);
    return 0;
}

static bool number_fits(const struct field *f, uint64_t v)
{
    if (!f->choice)
        return v >= f->min && v <= f->max;
    for (unsigned i = 0; i < f->n; i++)
        if (f->choice[i] == v)
            return true;
    return false;
}

static int set_number(const struct field *f, const struct node *n, void *at,
                      struct err *e)
{
    struct buf range = BUF_INIT;
    uint64_t v;

    if (node_number(n, f->key, &v, e))
        return -1;
    if (number_fits(f, v) && f->align && v % f->align) {
        field_add_size(&range, f->align);
        err_at(e, n->at, "%s: %s is not a multiple of %s", f->key, n->text,
               range.data);
    } else if (number_fits(f, v)) {
        field_store(at, f->size, v);
        return 0;
    } else if (f->choice) {
        add_words(&range, f);
        err_at(e, n->at, "%s: %s is not one of %s", f->key, n->text,
               range.data);
    } else {
        add_bound(&range, f->min);
        buf_adds(&range, "..");
        add_bound(&range, f->max);
        err_at(e, n->at, "%s: %s is not in %s", f->key, n->text, range.data);
    }
    buf_free(&range);
    return -1;
}

/* The index of the scalar's text among the field's words, or -1 with @e. */
static int word_index(const struct field *f, const struct node *n,
                      struct err *e)
{
    if (node_expect(n, NODE_SCALAR, f->key, e))
        return -1;
    for (unsigned i = 0; i < f->n; i++)
        if (strcmp(f->words[i], n->text) == 0)
            return (int)i;
    return node_not_one_of(n, f->key, f->words, f->n, e);
}

static int set_prose(const struct field *f, const struct node *n, void *at,
                     struct err *e)
{
    if (node_expect(n, NODE_SCALAR, f->key, e))
        return -1;
    if (!n->text[strspn(n->text, " \t\n")])
        return err_at(e, n->at, "%s is empty", f->key);
    *(const char **)at = n->text;
    return 0;
}

/* ---- collections ---- */

static int check_length(const struct field *f, const struct node *n,
                        struct err *e)
{
    if (node_expect(n, NODE_LIST, f->key, e))
        return -1;
    if (f->n && n->n > f->n)
        return err_at(e, n->entry[f->n].value->at,
                      "%s: %u entries, there may be %u", f->key, n->n, f->n);
    return 0;
}

static int set_texts(struct pool *pool, const struct field *f,
                     const struct node *n, char *base, struct err *e)
{
    const char **texts;

    if (check_length(f, n, e))
        return -1;
    texts = pool_alloc(pool, (n->n + 1) * sizeof(*texts));
    for (unsigned i = 0; i < n->n; i++)
        if (node_text(n->entry[i].value, f->key, &texts[i], e))
            return -1;
    *(const char ***)(void *)(base + f->offset) = texts;
    *(unsigned *)(void *)(base + f->count) = n->n;
    return 0;
}

static int set_list(struct pool *pool, const struct field *f,
                    const struct node *n, char *base, struct err *e)
{
    const struct field_table *t = f->table;
    char *items;

    if (check_length(f, n, e))
        return -1;
    items = pool_alloc(pool, (n->n + 1) * t->size);
    for (unsigned i = 0; i < n->n; i++) {
        char *item = items + i * t->size;
        const struct node *value = n->entry[i].value;

        if (t->init)
            memcpy(item, t->init, t->size);
        if (t->at)
            *(struct mark *)(void *)(item + t->at) = value->at;
        if (fields_fill(pool, t, value, item, e))
            return -1;
    }
    *(void **)(void *)(base + f->offset) = items;
    *(unsigned *)(void *)(base + f->count) = n->n;
    return 0;
}

int field_flag_find(const struct field *f, const char *name)
{
    for (unsigned i = 0; i < f->n; i++)
        if (strcmp(f->flag_name(i), name) == 0)
            return (int)i;
    return -1;
}

static int unknown_flag(struct pool *pool, const struct field *f,
                        const struct node_entry *entry, struct err *e)
{
    const char **names = pool_alloc(pool, f->n * sizeof(*names));

    for (unsigned i = 0; i < f->n; i++)
        names[i] = f->flag_name(i);
    err_at(e, entry->key_at, "unknown name '%.60s' in %s", entry->key, f->key);
    return err_suggest(e, entry->key, names, f->n);
}

static int set_flags(struct pool *pool, const struct field *f,
                     const struct node *n, bool *flags, struct err *e)
{
    if (node_expect(n, NODE_MAP, f->key, e))
        return -1;
    for (unsigned i = 0; i < n->n; i++) {
        const struct node_entry *entry = &n->entry[i];
        int flag = field_flag_find(f, entry->key);

        if (flag < 0)
            return unknown_flag(pool, f, entry, e);
        if (node_bool(entry->value, entry->key, &flags[flag], e))
            return -1;
    }
    return 0;
}

/* ---- filling ---- */

static int set_value(struct pool *pool, const struct field *f,
                     const struct node *n, char *base, struct err *e)
{
    void *at = base + f->offset;
    int word;

    switch (f->type) {
    case FIELD_NUMBER:
        return set_number(f, n, at, e);
    case FIELD_BOOL:
        return node_bool(n, f->key, at, e);
    case FIELD_WORD:
        word = word_index(f, n, e);
        if (word >= 0)
            field_store(at, f->size, (unsigned)word);
        return word < 0 ? -1 : 0;
    case FIELD_TEXT:
        if (f->words && word_index(f, n, e) < 0)
            return -1;
        return node_text(n, f->key, at, e);
    case FIELD_PROSE:
        return set_prose(f, n, at, e);
    case FIELD_TEXTS:
        return set_texts(pool, f, n, base, e);
    case FIELD_FLAGS:
        return set_flags(pool, f, n, at, e);
    case FIELD_GROUP:
        return fields_fill(pool, f->table, n, at, e);
    case FIELD_LIST:
        return set_list(pool, f, n, base, e);
    case FIELD_NODE:
        *(const struct node **)at = n;
        return 0;
    }
    BUG_ON(true);
    return -1;
}

int field_set(struct pool *pool, const struct field *f,
              const struct node *value, void *base, struct err *e)
{
    char *b = base;

    if (f->at)
        *(struct mark *)(void *)(b + f->at) = value->at;
    if (f->later) {
        *(const struct node **)(void *)(b + f->offset) = value;
        return 0;
    }
    return set_value(pool, f, value, b, e);
}

int fields_fill(struct pool *pool, const struct field_table *t,
                const struct node *map, void *base, struct err *e)
{
    if (node_expect(map, NODE_MAP, t->name, e))
        return -1;
    for (unsigned i = 0; i < map->n; i++) {
        const struct node_entry *entry = &map->entry[i];
        const struct field *f = field_find(t, entry->key);

        if (!f)
            return field_unknown(t, entry->key, entry->key_at, e);
        if (field_set(pool, f, entry->value, base, e))
            return -1;
    }
    for (unsigned i = 0; i < t->n; i++)
        if (t->fields[i].required && !node_get(map, t->fields[i].key))
            return err_at(e, map->at, "%s: '%s' is missing", t->name,
                          t->fields[i].key);
    return 0;
}
