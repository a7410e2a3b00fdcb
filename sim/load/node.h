/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/node.h - a parsed file as a tree, every node with its place.
 *
 * Trees are never changed: node_with() answers a --set or a matrix point with
 * a new tree that shares all but the path to the replaced node.
 */
#ifndef NPTSIM_LOAD_NODE_H
#define NPTSIM_LOAD_NODE_H

#include "base.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool quoted; /* a scalar in quotes is text, never a number */
    struct mark at;
    const char *text; /* NODE_SCALAR */
    unsigned n;       /* NODE_LIST, NODE_MAP */
    struct node_entry *entry;
};

struct node_entry {
    const char *key; /* NULL in a list */
    struct mark key_at;
    const struct node *value;
};

/* The entry or the value of @key; NULL when absent, or @map is no mapping. */
const struct node_entry *node_entry(const struct node *map, const char *key);
const struct node *node_get(const struct node *map, const char *key);
/* The value at a dotted path, "cpu.set.cbit"; or NULL. */
const struct node *node_at(const struct node *root, const char *path);

/* "text", "a list", "a mapping": what @n is, for messages. */
const char *node_kind_name(const struct node *n);

/* The scalar as a value of that kind; @what names it in messages. */
int node_number(const struct node *n, const char *what, uint64_t *out,
                struct err *e);
int node_bool(const struct node *n, const char *what, bool *out, struct err *e);
/* One line of text, not empty. */
int node_text(const struct node *n, const char *what, const char **out,
              struct err *e);
int node_expect(const struct node *n, enum node_kind kind, const char *what,
                struct err *e);

/* "WHAT: 'TEXT' is not one of a, b, c", with a hint. Returns -1. */
int node_not_one_of(const struct node *n, const char *what,
                    const char *const *words, unsigned n_words, struct err *e);

/* @root with @value at the dotted @path, made where it is not there yet. NULL:
 * something on the way is no mapping. @at: where the path was written. */
const struct node *node_with(struct pool *pool, const struct node *root,
                             const char *path, struct mark at,
                             const struct node *value, struct err *e);

#endif
