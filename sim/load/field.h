/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/field.h - tables that say which key of a file fills which member.
 *
 * A table describes one mapping: its keys, what may stand there, and where it
 * goes. The same tables fill the structs, make the JSON schema and the list of
 * fields, and tell the expressions of a matrix what there is to ask about.
 * Filling touches only what is written; defaults are whatever stood there.
 */
#ifndef NPTSIM_LOAD_FIELD_H
#define NPTSIM_LOAD_FIELD_H

#include "base.h"
#include "judge.h"
#include "load/node.h"

enum field_type {
    FIELD_NUMBER, /* @min..@max, or one of @choice */
    FIELD_BOOL,
    FIELD_WORD,  /* an enum: the index of one of @words */
    FIELD_TEXT,  /* const char *; if @words, one of them */
    FIELD_PROSE, /* const char *, may have many lines */
    FIELD_TEXTS, /* list of texts: const char **, and the member at @count */
    FIELD_FLAGS, /* bool[@n]: a mapping of names to booleans */
    FIELD_GROUP, /* a mapping; @table's offsets are added to @offset */
    FIELD_LIST,  /* array of @table's struct, and its length at @count */
    FIELD_NODE,  /* const struct node *: its owner looks into it */
};

struct field_table;

struct field {
    const char *key;
    enum field_type type;
    bool required;
    /* A LIST whose owner fills it later: only the node is kept. */
    bool later;
    uint8_t size; /* of the member: NUMBER, WORD */
    size_t offset;
    size_t count; /* offset of an unsigned: LIST, TEXTS */
    size_t at;    /* offset of a struct mark that says where the value stands,
                     so also whether it does; 0 = nobody asks */
    uint64_t min, max;
    uint64_t align; /* NUMBER: must be a multiple of it; 0 = any */
    unsigned n; /* of @choice or @words or flags; most items of a LIST, TEXTS */
    const uint64_t *choice;
    const char *const *words;
    const char *(*flag_name)(unsigned i);
    const struct field_table *table;
    /* NODE: what may stand there, as JSON schema. */
    void (*schema)(struct buf *b);
    const char *doc;
};

struct field_table {
    const char *name; /* in messages: "cpu.set" */
    const struct field *fields;
    unsigned n;
    size_t size;      /* LIST: of one element */
    const void *init; /* LIST: what an element is before it is filled */
    size_t at;        /* LIST: offset of the element's own mark, 0 = none */
};

/* Where a member lives, for the tables. */
#define MEMBER(strct, member)                                                  \
    .offset = offsetof(strct, member),                                         \
    .size = (uint8_t)sizeof(((strct *)0)->member)

extern const uint64_t field_page_sizes[3]; /* 4 KiB, 2 MiB, 1 GiB */

/* Fill @base from @map; an unknown key, a bad value or a missing required key
 * is an error. */
int fields_fill(struct pool *pool, const struct field_table *t,
                const struct node *map, void *base, struct err *e);
/* Fill the one member of @f from @value. */
int field_set(struct pool *pool, const struct field *f,
              const struct node *value, void *base, struct err *e);

/* The field called @key, or NULL. */
const struct field *field_find(const struct field_table *t, const char *key);
/* "unknown key 'X' in NAME", with what was probably meant. Returns -1. */
int field_unknown(const struct field_table *t, const char *key, struct mark at,
                  struct err *e);

/* A single value somewhere below a table: what can be compared. */
struct field_ref {
    const struct field *field; /* NUMBER, BOOL, WORD, TEXT, or FLAGS */
    size_t offset;             /* from the table's base */
    unsigned flag;             /* FLAGS: which one */
};
/* Follow a dotted path, "cpu.set.features.sev", to a single value. */
bool field_resolve(const struct field_table *t, const char *path,
                   struct field_ref *out);
enum value_kind field_ref_kind(const struct field_ref *ref);
int field_ref_set(struct pool *pool, const struct field_ref *ref,
                  const struct node *value, void *base, struct err *e);
/* A number or boolean that was there before: nothing is checked or marked. */
void field_ref_put(const struct field_ref *ref, uint64_t v, void *base);
struct value field_ref_value(const struct field_ref *ref, const void *base);

/* What may stand there: "number 32..52", "one of: plain sev". */
void field_describe(const struct field *f, struct buf *b);
/* A number as a person would write it: "2MiB". */
void field_add_size(struct buf *b, uint64_t v);

/* All keys of a scenario file (scenario.c). */
extern const struct field_table scenario_table;

/* What the CPU feature called @name is; "" for other names. */
const char *field_flag_doc(const char *name);

/* Members of 1, 2, 4 or 8 bytes, and the flag of that name, or -1: for those
 * who fill tables. */
void field_store(void *at, unsigned size, uint64_t v);
uint64_t field_fetch(const void *at, unsigned size);
int field_flag_find(const struct field *f, const char *name);

#endif
