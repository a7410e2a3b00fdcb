/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/field.h - which keys a mapping may have, and where their values go.
 *
 * A table is read three ways: to fill a struct (field.c), to list what can be
 * written, and to print the JSON schema (schema.c). So the three never differ.
 */
#ifndef NPTSIM_LOAD_FIELD_H
#define NPTSIM_LOAD_FIELD_H

#include "load/node.h"

struct json_t;

enum field_form {
    FIELD_BOOL,
    FIELD_NUMBER,    /* min..max */
    FIELD_PAGE_SIZE, /* 4KiB, 2MiB, 1GiB */
    FIELD_WORD,      /* one of words: its index */
    FIELD_TEXT,      /* one line */
    FIELD_PROSE,     /* text of any number of lines */
    FIELD_TEXTS,     /* list of lines */
    FIELD_FEATURES,  /* feature: boolean, into bool [N_FEATURES] */
    FIELD_GROUP,     /* a mapping with a table of its own */
    FIELD_ITEMS,     /* a list of mappings, all with the same table */
    FIELD_NODE,      /* the node as it is, for someone who knows more */
    FIELD_OWN,       /* what read() makes of it */
};

/* Who reads, for whom. */
struct reader {
    struct pool *pool;
    struct err *e;
    void *ctx; /* for read() */
};

struct field_table;
struct field {
    const char *key;
    enum field_form kind;
    const char *doc;
    bool required;
    bool or_zero; /* NUMBER: 0 is fine, too */
    /* Where in the struct, and how wide; ITEMS, TEXTS: of the pointer. */
    size_t offset, width;
    size_t n_offset; /* ITEMS, TEXTS: of the unsigned count */
    uint64_t min, max;
    const char *const *words;
    unsigned n_words;
    const struct field_table *table;
    /* OWN: read @n into @out. Other kinds: called when the value is stored. */
    int (*read)(const struct reader *r, const struct field *f,
                const struct node *n, void *out);
    /* NODE, OWN: the type in words, and as JSON schema (schema.h). */
    const char *type;
    struct json_t *(*schema)(void);
};

#define FIELD_AT(type_, member)                                                \
    .offset = offsetof(type_, member), .width = sizeof(((type_ *)0)->member)
#define FIELD_LIST_AT(type_, member, count)                                    \
    .offset = offsetof(type_, member), .n_offset = offsetof(type_, count)
#define FIELD_WORDS(list) .words = (list), .n_words = ARRAY_SIZE(list)

struct field_table {
    const char *name; /* in messages: "cpu.set"; "" = the top */
    const struct field *field;
    unsigned n;
    /* Of the items of a list: their size, where their mark goes, and what they
     * are before a key says otherwise. */
    size_t size, mark_offset;
    void (*defaults)(void *item);
};

/* All keys of a scenario file; in scenario.c. Its first two levels are named
 * as people write them: "cpu.set", "vm.memory". */
extern const struct field_table scenario_table;

/* Fill @out from @map, in the order of the table, not of the file. */
int fields_read(const struct reader *r, const struct field_table *t,
                const struct node *map, void *out);
/* An unknown key in @map: an error with a hint. */
int fields_check_keys(const struct reader *r, const struct field_table *t,
                      const struct node *map);
/* "unknown WHAT 'word'", with the nearest of @words as hint. Returns -1. */
int unknown_word(const struct reader *r, struct mark at, const char *what,
                 const char *word, const char *const *words, unsigned n);

/* "number 32..52", "boolean", ...: the type of @f in words. */
const char *field_type(const struct field *f, struct pool *pool);
/* All feature names, as feature_table has them. */
const char *const *feature_names(struct pool *pool);

/* A field found by its dotted path, and its place in the outermost struct. */
struct field_ref {
    const struct field *field;
    size_t offset;
    int feature; /* enum feature for one of FIELD_FEATURES, else -1 */
};
bool field_find(const struct field_table *t, const char *path,
                struct field_ref *out);

#endif
