/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/batch_walk.h - a line of `batch walk`, on its way through its files. */
#ifndef NPTSIM_CLI_BATCH_WALK_H
#define NPTSIM_CLI_BATCH_WALK_H

#include "base.h"
#include "hw.h"

#include <jansson.h>

/* One line; errors name the place in it. */
struct record {
    struct mark at;
    const char *line;
    size_t len;
    json_t *root;
    struct err *e;
};

struct number_key {
    const char *name;
    uint64_t *out;
    uint64_t min, max;
};
#define ANY 0, UINT64_MAX

struct request {
    gva_t gva;
    enum access_kind kind;
    unsigned size;
    bool stack;
};

/* ---- batch_walk_json.c; -1: told in r->e ---- */
/* @where: a key, or "host.cr0": the key behind another one. */
struct mark walk_place(const struct record *r, const char *where);
int walk_bad(const struct record *r, const char *where, const char *what);
/* A 64-bit value: a hex (or decimal) string, or a small integer. */
int walk_number(const struct record *r, const char *where, const json_t *v,
                uint64_t *out);
/* Fill @keys from @object; absent keys keep their value. */
int walk_numbers_in(const struct record *r, const char *name, json_t *object,
                    const struct number_key *keys, size_t n);
/* The same from the object @name of the record. */
int walk_numbers(const struct record *r, const char *name,
                 const struct number_key *keys, size_t n);

/* ---- batch_walk_setup.c ---- */
int walk_take_cpu(const struct record *r, struct cpu_model *m);
int walk_take_setup(const struct record *r, struct walk_setup *s);
/* Words of memory and entries of the reverse map table of @s. */
int walk_take_memory(const struct record *r, const struct walk_setup *s,
                     struct cpu *c);
int walk_take_access(const struct record *r, struct request *q);

#endif
