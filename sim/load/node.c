/* SPDX-License-Identifier: GPL-2.0-only */
/* load/node.c - look into a tree, read scalars, replace a node by its path. */
#include "load/node.h"

#include <string.h>

static const struct node_entry *find(const struct node *map, const char *key,
                                     size_t len)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (unsigned i = 0; i < map->n; i++)
        if (strncmp(map->entry[i].key, key, len) == 0 &&
            !map->entry[i].key[len])
            return &map->entry[i];
    return NULL;
}

const struct node_entry *node_entry(const struct node *map, const char *key)
{
    return find(map, key, strlen(key));
}

const struct node *node_get(const struct node *map, const char *key)
{
    const struct node_entry *entry = node_entry(map, key);

    return entry ? entry->value : NULL;
}

const struct node *node_at(const struct node *root, const char *path)
{
    const struct node *n = root;

    while (n) {
        size_t len = strcspn(path, ".");
        const struct node_entry *entry = find(n, path, len);

        n = entry ? entry->value : NULL;
        if (!path[len])
            return n;
        path += len + 1;
    }
    return NULL;
}

const char *node_kind_name(const struct node *n)
{
    switch (n->kind) {
    case NODE_SCALAR:
        return n->text[0] || n->quoted ? "text" : "nothing";
    case NODE_LIST:
        return "a list";
    case NODE_MAP:
        return "a mapping";
    }
    return "";
}

int node_expect(const struct node *n, enum node_kind kind, const char *what,
                struct err *e)
{
    static const char *const wanted[] = {
        [NODE_SCALAR] = "a single value",
        [NODE_LIST] = "a list",
        [NODE_MAP] = "a mapping",
    };

    if (n->kind == kind)
        return 0;
    return err_at(e, n->at, "%s: %s is needed here, this is %s", what,
                  wanted[kind], node_kind_name(n));
}

int node_number(const struct node *n, const char *what, uint64_t *out,
                struct err *e)
{
    enum num_result r;

    if (node_expect(n, NODE_SCALAR, what, e))
        return -1;
    if (n->quoted) {
        err_at(e, n->at, "%s: \"%.60s\" is text, a number is needed", what,
               n->text);
        return err_hint(e, "numbers have no quotes");
    }
    r = num_parse(n->text, strlen(n->text), out);
    if (r == NUM_OK)
        return 0;
    err_at(e, n->at, "%s: '%.60s' %s", what, n->text, num_problem(r));
    if (r == NUM_NOT)
        err_hint(e, "write 42, 0x2a, 1_000 or 64MiB");
    return -1;
}

int node_bool(const struct node *n, const char *what, bool *out, struct err *e)
{
    if (node_expect(n, NODE_SCALAR, what, e))
        return -1;
    *out = strcmp(n->text, "true") == 0;
    if (!n->quoted && (*out || strcmp(n->text, "false") == 0))
        return 0;
    err_at(e, n->at, "%s: '%.60s' is not a boolean", what, n->text);
    return err_hint(e, "booleans are true and false, without quotes");
}

int node_text(const struct node *n, const char *what, const char **out,
              struct err *e)
{
    if (node_expect(n, NODE_SCALAR, what, e))
        return -1;
    if (!n->text[0])
        return err_at(e, n->at, "%s is empty", what);
    if (strpbrk(n->text, "\n\t"))
        return err_at(e, n->at, "%s: one line of text is needed, without tabs",
                      what);
    *out = n->text;
    return 0;
}

int node_not_one_of(const struct node *n, const char *what,
                    const char *const *words, unsigned n_words, struct err *e)
{
    struct buf list = BUF_INIT;

    for (unsigned i = 0; i < n_words; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
    err_at(e, n->at, "%s: '%.60s' is not one of %s", what, n->text, list.data);
    buf_free(&list);
    return err_suggest(e, n->text, words, n_words);
}

/* @map with room for one entry more; @map may be NULL. */
static struct node *copy_map(struct pool *pool, const struct node *map,
                             struct mark at)
{
    struct node *copy = pool_alloc(pool, sizeof(*copy));

    *copy = map ? *map : (struct node) { .kind = NODE_MAP, .at = at };
    copy->entry = pool_alloc(pool, (copy->n + 1) * sizeof(*copy->entry));
    if (copy->n)
        memcpy(copy->entry, map->entry, copy->n * sizeof(*copy->entry));
    return copy;
}

const struct node *node_with(struct pool *pool, const struct node *root,
                             const char *path, struct mark at,
                             const struct node *value, struct err *e)
{
    size_t len = strcspn(path, ".");
    const struct node_entry *old;
    struct node_entry *entry;
    struct node *copy;

    if (root && root->kind != NODE_MAP) {
        err_at(e, at, "'%.60s': there is no mapping to put it in, but %s", path,
               node_kind_name(root));
        return NULL;
    }
    copy = copy_map(pool, root, at);
    old = find(root, path, len);
    if (old) {
        entry = copy->entry + (old - root->entry);
    } else {
        entry = &copy->entry[copy->n++];
        entry->key = pool_strndup(pool, path, len);
        entry->key_at = at;
    }
    if (path[len])
        value = node_with(pool, old ? old->value : NULL, path + len + 1, at,
                          value, e);
    entry->value = value;
    return value ? copy : NULL;
}
