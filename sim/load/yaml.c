/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/yaml.c - YAML text to a tree, by libyaml's events.
 *
 * Events and not libyaml's document loader, whose work grows with the square
 * of the nesting. Every loop here is bounded by the text and by the limits in
 * yaml.h, and stops at the first error.
 */
#include "load/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reading {
    struct pool *pool;
    yaml_parser_t parser;
    const char *text;
    size_t len;
    const char *name;        /* of the file */
    const struct mark *only; /* the place of everything, if not NULL */
    unsigned depth, n_nodes;
    struct err *e;
};

static struct mark place(const struct reading *r, const yaml_mark_t *start,
                         const yaml_mark_t *end)
{
    struct mark m = { .file = r->name,
                      .line = (unsigned)start->line + 1,
                      .col = (unsigned)start->column + 1 };

    if (r->only)
        return *r->only;
    if (end && end->line == start->line)
        m.span = (unsigned)(end->column - start->column);
    return m;
}

static struct mark event_place(const struct reading *r, const yaml_event_t *ev)
{
    return place(r, &ev->start_mark, &ev->end_mark);
}

/* The place of a byte: libyaml's reader, and the check for NUL, have no mark.
 * Columns count characters. */
static struct mark byte_place(const struct reading *r, size_t offset)
{
    struct mark m = { .file = r->name, .line = 1, .col = 1, .span = 1 };

    if (r->only)
        return *r->only;
    for (size_t i = 0; i < offset && i < r->len; i++) {
        unsigned char c = (unsigned char)r->text[i];

        if (c == '\n') {
            m.line++;
            m.col = 1;
        } else if ((c & 0xc0) != 0x80) {
            m.col++;
        }
    }
    return m;
}

static int parser_error(struct reading *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "cannot be read";

    if (p->error == YAML_READER_ERROR)
        return err_at(r->e, byte_place(r, p->problem_offset),
                      "not UTF-8 text: %s", problem);
    err_at(r->e, place(r, &p->problem_mark, NULL), "YAML: %s", problem);
    if (p->context && !r->only)
        err_hint(r->e, "%s that began in line %zu", p->context,
                 p->context_mark.line + 1);
    return -1;
}

static int next_event(struct reading *r, yaml_event_t *ev)
{
    return yaml_parser_parse(&r->parser, ev) ? 0 : parser_error(r);
}

/* ---- what this YAML does not have ---- */

static int check_tag(struct reading *r, const yaml_event_t *ev,
                     const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (tag) {
        err_at(r->e, event_place(r, ev), "tag '%.60s' is not understood",
               (const char *)tag);
        return err_hint(r->e, "write the value without a tag");
    }
    if (anchor) {
        err_at(r->e, event_place(r, ev), "anchor '&%.60s' is not allowed",
               (const char *)anchor);
        return err_hint(r->e, "write the value out where it is needed");
    }
    return 0;
}

static int check_event(struct reading *r, const yaml_event_t *ev)
{
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        err_at(r->e, event_place(r, ev), "alias '*%.60s' is not allowed",
               (const char *)ev->data.alias.anchor);
        return err_hint(r->e, "write the value out where it is needed");
    case YAML_SCALAR_EVENT:
        return check_tag(r, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
    case YAML_SEQUENCE_START_EVENT:
        return check_tag(r, ev, ev->data.sequence_start.anchor,
                         ev->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return check_tag(r, ev, ev->data.mapping_start.anchor,
                         ev->data.mapping_start.tag);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return 0;
    }
    return 0;
}

static int by_key(const void *a, const void *b)
{
    const struct node_entry *x = *(const struct node_entry *const *)a;
    const struct node_entry *y = *(const struct node_entry *const *)b;
    int order = strcmp(x->key, y->key);

    return order ? order : (x > y) - (x < y);
}

/* Sorted, because a mapping may have as many keys as a file has bytes. */
static int check_duplicates(struct reading *r, const struct node *map)
{
    const struct node_entry **sorted, *again = NULL, *first = NULL;

    if (map->n < 2)
        return 0;
    sorted = pool_alloc(r->pool, map->n * sizeof(*sorted));
    for (unsigned i = 0; i < map->n; i++)
        sorted[i] = &map->entry[i];
    qsort(sorted, map->n, sizeof(*sorted), by_key);
    for (unsigned i = 1; i < map->n; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
            continue;
        if (again && again < sorted[i])
            continue;
        first = sorted[i - 1];
        again = sorted[i];
    }
    if (!again)
        return 0;
    err_at(r->e, again->key_at, "key '%.60s' stands here twice", again->key);
    if (first->key_at.line)
        err_hint(r->e, "the first one is in line %u", first->key_at.line);
    return -1;
}

/* ---- the tree ---- */

static const struct node *read_node(struct reading *r, yaml_event_t *ev);

static const struct node *read_scalar(struct reading *r, const yaml_event_t *ev,
                                      struct node *n)
{
    const char *text = (const char *)ev->data.scalar.value;
    size_t len = ev->data.scalar.length;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c >= ' ' && c != 0x7f) || c == '\n' || c == '\t')
            continue;
        err_at(r->e, n->at, "a control character (%#04x) is not text", c);
        return NULL;
    }
    n->kind = NODE_SCALAR;
    n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    n->text = pool_strndup(r->pool, text, len);
    return n;
}

static struct node_entry *add_entry(struct reading *r, struct node *n,
                                    unsigned *room)
{
    n->entry = pool_more(r->pool, n->entry, n->n, room, sizeof(*n->entry));
    return &n->entry[n->n++];
}

static int read_key(struct reading *r, yaml_event_t *ev,
                    struct node_entry *entry)
{
    const struct node *key = read_node(r, ev);

    if (!key)
        return -1;
    if (key->kind != NODE_SCALAR)
        return err_at(r->e, key->at, "a key must be a word, this is %s",
                      node_kind_name(key));
    if (strcmp(key->text, "<<") == 0) {
        err_at(r->e, key->at, "merge key '<<' is not allowed");
        return err_hint(r->e, "write the merged keys out");
    }
    entry->key = key->text;
    entry->key_at = key->at;
    return 0;
}

/* Children up to the end of the collection that has just begun. */
static int read_children(struct reading *r, struct node *n)
{
    yaml_event_t ev;
    unsigned room = 0;
    int ret = 0;

    while (!ret) {
        struct node_entry *entry;

        if (next_event(r, &ev))
            return -1;
        if (ev.type == YAML_SEQUENCE_END_EVENT ||
            ev.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&ev);
            return n->kind == NODE_MAP ? check_duplicates(r, n) : 0;
        }
        entry = add_entry(r, n, &room);
        if (n->kind == NODE_MAP) {
            ret = read_key(r, &ev, entry);
            yaml_event_delete(&ev);
            if (ret || next_event(r, &ev))
                return -1;
        }
        entry->value = read_node(r, &ev);
        yaml_event_delete(&ev);
        ret = entry->value ? 0 : -1;
    }
    return ret;
}

static const struct node *
read_collection(struct reading *r, const yaml_event_t *ev, struct node *n)
{
    bool map = ev->type == YAML_MAPPING_START_EVENT;

    n->kind = map ? NODE_MAP : NODE_LIST;
    /* A block has no end of its own to underline. */
    if (!r->only)
        n->at.span = 1;
    if (++r->depth > YAML_MAX_DEPTH) {
        err_at(r->e, n->at, "nested more than %d deep", YAML_MAX_DEPTH);
        return NULL;
    }
    if (read_children(r, n))
        return NULL;
    r->depth--;
    return n;
}

/* The node that begins with @ev, which stays the caller's. */
static const struct node *read_node(struct reading *r, yaml_event_t *ev)
{
    struct node *n;

    if (check_event(r, ev))
        return NULL;
    if (++r->n_nodes > YAML_MAX_NODES) {
        err_at(r->e, event_place(r, ev), "more than %d values in one file",
               YAML_MAX_NODES);
        return NULL;
    }
    n = pool_alloc(r->pool, sizeof(*n));
    n->at = event_place(r, ev);
    return ev->type == YAML_SCALAR_EVENT ? read_scalar(r, ev, n)
                                         : read_collection(r, ev, n);
}

/* ---- the document ---- */

/* Skip events of @type; the first other one is left in @ev. */
static int skip(struct reading *r, yaml_event_type_t type, yaml_event_t *ev)
{
    for (;;) {
        if (next_event(r, ev))
            return -1;
        if (ev->type != type)
            return 0;
        yaml_event_delete(ev);
    }
}

static int check_end(struct reading *r)
{
    yaml_event_t ev;
    int ret = 0;

    if (skip(r, YAML_DOCUMENT_END_EVENT, &ev))
        return -1;
    if (ev.type != YAML_STREAM_END_EVENT) {
        err_at(r->e, place(r, &ev.start_mark, NULL),
               "a second document begins here");
        ret = err_hint(r->e, "one file, one document");
    }
    yaml_event_delete(&ev);
    return ret;
}

static const struct node *read_document(struct reading *r)
{
    const struct node *root;
    yaml_event_t ev;

    if (skip(r, YAML_STREAM_START_EVENT, &ev))
        return NULL;
    if (ev.type == YAML_STREAM_END_EVENT) {
        yaml_event_delete(&ev);
        err_at(r->e, byte_place(r, 0), "there is nothing in it");
        return NULL;
    }
    if (ev.type == YAML_DOCUMENT_START_EVENT) {
        yaml_event_delete(&ev);
        if (next_event(r, &ev))
            return NULL;
    }
    root = read_node(r, &ev);
    yaml_event_delete(&ev);
    return root && !check_end(r) ? root : NULL;
}

static const struct node *read_text(struct reading *r)
{
    const char *nul = memchr(r->text, '\0', r->len);
    const struct node *root;

    if (nul) {
        err_at(r->e, byte_place(r, (size_t)(nul - r->text)),
               "a NUL character: this is not a text file");
        return NULL;
    }
    if (!yaml_parser_initialize(&r->parser)) {
        err_plain(r->e, r->name, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text,
                                 r->len);
    root = read_document(r);
    yaml_parser_delete(&r->parser);
    return root;
}

const struct node *yaml_text(struct pool *pool, const char *text, size_t len,
                             const char *name, struct err *e)
{
    struct reading r = {
        .pool = pool, .text = text, .len = len, .name = name, .e = e
    };

    return read_text(&r);
}

const struct node *yaml_value(struct pool *pool, const char *text,
                              struct mark at, struct err *e)
{
    struct reading r = { .pool = pool,
                         .text = text,
                         .len = strlen(text),
                         .name = at.file,
                         .only = &at,
                         .e = e };

    return read_text(&r);
}

const struct node *yaml_file(struct pool *pool, const char *path, struct err *e)
{
    const char *name =
        strcmp(path, "-") == 0 ? "<stdin>" : pool_strdup(pool, path);
    const struct node *root = NULL;
    struct buf text = BUF_INIT;

    if (!read_file(&text, path, YAML_MAX_BYTES, e))
        root = yaml_text(pool, text.data, text.len, name, e);
    buf_free(&text);
    return root;
}
