/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sweep.h - a matrix lived through on all cores, its answers kept in a folder.
 *
 * The folder of a sweep holds a manifest (what was asked) and one file for
 * every finished chunk of points, a JSON object on each line. A file is there
 * whole or not at all, so whatever ends a sweep, the next one goes on behind
 * it. These lines are the truth; an index, a table or a map can always be made
 * from them again.
 */
#ifndef NPTSIM_SWEEP_H
#define NPTSIM_SWEEP_H

#include "base.h"
#include "judge.h"
#include "load.h"

/* ---- what is asked ---- */

struct lab_manifest {
    const char *scenario; /* its name */
    uint64_t content;     /* of its file and its models: catalog_digest() */
    unsigned n_settings;
    const char *const *settings; /* "cpu.set.cbit=47" */
    bool cycles;                 /* the answers tell what steps cost */
    uint64_t points;             /* of the whole matrix */
    uint64_t shard, shards;      /* 1 of 1 */
    uint64_t first, end;         /* the shard's points: first .. end-1 */
    uint64_t chunk;              /* points in a file, but for the last one */
};
#define LAB_MANIFEST_NAME "manifest.json"

/* Fill in what follows from points, shard and shards. */
void lab_manifest_share(struct lab_manifest *m);
uint64_t lab_manifest_chunks(const struct lab_manifest *m);
void lab_manifest_text(const struct lab_manifest *m, struct buf *out);
/* The manifest in folder @dir. */
int lab_manifest_read(struct pool *pool, const char *dir,
                      struct lab_manifest *out, struct err *e);
/* Do both ask the same of the same matrix? Shards may differ. -1: no, @e says
 * what @dir holds instead of @want. */
int lab_manifest_match(const char *dir, const struct lab_manifest *is,
                       const struct lab_manifest *want, struct err *e);

/* ---- answers, line by line ---- */

/* The numbers that every line begins with. */
struct lab_line {
    uint64_t point, passed, failed, skipped;
};
/* @text: a line without its end. false: this is none. */
bool lab_line_read(const char *text, size_t len, struct lab_line *out);

struct lab_totals {
    uint64_t points; /* that have an answer */
    uint64_t passed, failed, skipped;
};
void lab_totals_add(struct lab_totals *t, const struct lab_line *l);

/* ---- a folder of answers ---- */

struct lab_store;
/* Begin @m in folder @dir, or go on with it. What a killed sweep left half done
 * is dropped. The folder is locked until lab_store_close(). */
struct lab_store *lab_store_open(const char *dir, const struct lab_manifest *m,
                                 struct err *e);
void lab_store_close(struct lab_store *s);
bool lab_store_has(const struct lab_store *s, uint64_t chunk);
/* Points that are done, and what came of them. */
uint64_t lab_store_done(const struct lab_store *s);
struct lab_totals lab_store_totals(const struct lab_store *s);
/* Keep a chunk's @lines, whole or not at all. Threads may do so at once, of
 * different chunks. */
int lab_store_put(struct lab_store *s, uint64_t chunk, const struct buf *lines,
                  struct err *e);

/* ---- sweeping ---- */

/* A judge of what @s expects, for one run. */
struct judge *lab_judge(struct pool *pool, const struct scenario *s);

/* What became of one point. */
struct lab_answer {
    uint64_t point;
    const struct scenario_file *file;
    const struct judge *judge;
    bool cycles; /* a clock listened */
    unsigned n_verdicts;
    const struct verdict *verdicts;
    struct verdict_counts counts;
};

struct lab_sweep {
    struct scenario_file *file;
    struct lab_store *store;
    const struct lab_manifest *manifest;
    unsigned jobs; /* 0: one for each core */
    bool cycles;   /* ask the clock too: slower */
    /* Append the answer's line. Called by all threads. */
    void (*put)(struct buf *out, const struct lab_answer *a);
    /* Now and then, on the caller's thread, with the number of points done;
     * false: stop. */
    bool (*tick)(void *ctx, uint64_t done);
    void *tick_ctx;
};
enum lab_sweep_end {
    LAB_SWEEP_DONE,
    LAB_SWEEP_STOPPED, /* as tick wished */
    LAB_SWEEP_INPUT,   /* a point cannot be made, @e says why */
    LAB_SWEEP_WRITE,   /* an answer cannot be kept, @e says why */
};
enum lab_sweep_end lab_sweep_run(const struct lab_sweep *s, struct err *e);

/* ---- merging ---- */

/* Join folders of the same sweep into one file, @out, in the order of points;
 * every point must be there, and be the same wherever it is twice. */
int lab_merge(const char *const *dirs, unsigned n, const char *out,
              struct lab_totals *totals, struct err *e);

/* ---- answers as a table ---- */

/* "point", "cpu.set.cbit", "kvm.sev_es", "hpet.outcome", "no-hang". */
struct lab_column {
    const char *name;
    enum value_kind kind;
    bool axis;
    bool hex; /* a number to be read as bits */
};
struct lab_cell {
    bool known; /* not every point has every fact */
    struct value value;
};

/* The answers in a sweep's folder or in a merged file, read row by row in the
 * order of points. */
struct lab_table;
struct lab_table *lab_table_open(struct pool *pool, const char *path,
                                 struct err *e);
void lab_table_close(struct lab_table *t);
unsigned lab_table_columns(const struct lab_table *t,
                           const struct lab_column **out);
/* The index of a column; or -1 with @e set, and a hint. */
int lab_table_find(const struct lab_table *t, const char *name, struct err *e);
/* 1 = a row is there, 0 = end of the table, -1 = error. */
int lab_table_next(struct lab_table *t, struct err *e);
/* The row's cells, one for each column; until the next row. */
const struct lab_cell *lab_table_row(const struct lab_table *t);
/* Points of the matrix that a folder has not (yet): other shards' too. */
uint64_t lab_table_missing(const struct lab_table *t);

/* ---- an index ---- */

/* Write @t as table "points" of an SQLite database, @path. The names of its
 * columns have '_' for '.' and '-'; table "columns" tells which is which. */
int lab_index(struct lab_table *t, const char *path, uint64_t *points,
              struct err *e);

#endif
