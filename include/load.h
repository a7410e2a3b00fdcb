/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.h - from files to plain config structs, or to an error with its place.
 *
 * Every file goes through the same node tree (libyaml events with marks) and
 * the same field tables; the JSON schema and `list fields` come from them too.
 */
#ifndef NPTSIM_LOAD_H
#define NPTSIM_LOAD_H

#include "base.h"
#include "judge.h"
#include "run.h"
#include "timing.h"

#include <stdio.h>

/* ---- models ---- */

/* The models/ folder, read on demand; every file once. */
struct catalog;
struct catalog *catalog_open(struct pool *pool, const char *models_dir);

/* A CPU file: the model, its prices, where it comes from. */
struct cpu_file {
    struct cpu_model model;
    struct cost_model cost;
    const char *title; /* "AMD EPYC 7763 (Milan, Zen 3)" */
    const char *source;
    const char *path;
};
/* NULL with @e set: unknown (with a hint), or a bad file. @at: where the name
 * was written, for the message. */
const struct cpu_file *catalog_cpu(struct catalog *c, const char *name,
                                   struct mark at, struct err *e);
enum kernel_kind {
    KERNEL_MAINLINE, /* a release; they extend each other in their order */
    KERNEL_STABLE,   /* took from later ones */
    KERNEL_WHAT_IF,  /* nobody's */
    N_KERNEL_KINDS,
};
extern const char *const kernel_kind_names[N_KERNEL_KINDS];
struct kernel_file {
    struct kernel_model model;
    enum kernel_kind kind;
    const char *title;
    const char *extends; /* NULL for the oldest */
    const char *path;
};
const struct kernel_file *catalog_kernel(struct catalog *c, const char *name,
                                         struct mark at, struct err *e);
/* A number that differs where the bytes of @path, or of any model that has been
 * read by now, do: was this result made from these files? */
int catalog_digest(struct catalog *c, const char *path, uint64_t *out,
                   struct err *e);
/* Names of all models, sorted. */
unsigned catalog_cpu_names(struct catalog *c, const char *const **out);
unsigned catalog_kernel_names(struct catalog *c, const char *const **out);

/* Set the knob @name, with a value as models and scenarios write it. */
int cpu_knob_set(struct pool *pool, struct cpu_knobs *k, const char *name,
                 const char *value, struct mark at, struct err *e);

/* ---- scenarios ---- */

struct scenario {
    const char *path, *name, *why;
    const char *point; /* matrix point: "cpu.set.cbit=51 kernel.model=v6.0" */
    const char *cpu_name, *kernel_name;
    unsigned n_tags;
    const char **tags;
    struct run_config config;
    struct cost_model cost;
    struct expectations expect;
};

/* key=value from --set or from a matrix point. */
struct setting {
    const char *key, *value;
};

struct scenario_file;
/* Parse and check @path, with @settings laid over it; -1 with @e on error. */
int scenario_file_load(struct pool *pool, struct catalog *c, const char *path,
                       const struct setting *settings, unsigned n_settings,
                       struct scenario_file **out, struct err *e);
/* The same for one of @shards runs that share the points between them. */
int scenario_file_load_shards(struct pool *pool, struct catalog *c,
                              const char *path, const struct setting *settings,
                              unsigned n_settings, uint64_t shards,
                              struct scenario_file **out, struct err *e);
#define SCENARIO_MAX_POINTS UINT64_C(10000000) /* of one run */
#define SCENARIO_MAX_SHARDS                                                    \
    UINT64_C(100000000) /* numbers of points stay below 2^53                   \
                         */
const char *scenario_file_name(const struct scenario_file *f);
/* Is it about bare hardware, without a kernel? */
bool scenario_file_is_bare(const struct scenario_file *f);
/* Runs that the file asks for: 1 without a matrix. */
uint64_t scenario_file_points(const struct scenario_file *f);
/* Point @i as a scenario; 1 = the matrix excludes it, -1 = error. Changes
 * nothing in @f: threads with pools of their own may share it. */
int scenario_file_point(struct scenario_file *f, struct pool *pool, uint64_t i,
                        struct scenario *out, struct err *e);

/* What varies in a matrix. */
struct axis_desc {
    const char *path; /* "cpu.set.cbit" */
    enum value_kind kind;
    bool wide;  /* a number that may need more than 32 bits */
    uint64_t n; /* values */
};
#define SCENARIO_MAX_AXES 32
unsigned scenario_file_axes(const struct scenario_file *f);
struct axis_desc scenario_file_axis(const struct scenario_file *f, unsigned i);
/* The value of axis @i at @point. */
struct value scenario_file_axis_value(const struct scenario_file *f, unsigned i,
                                      uint64_t point);

/* ---- trying out configurations ---- */

/* A single value below cpu, kernel, vm or guest. */
struct config_key {
    const char *path; /* "cpu.set.cbit" */
    enum value_kind kind;
    uint64_t min, max; /* NUMBER */
    unsigned n;        /* of choices or words, 0: any number in min..max */
    const uint64_t *choice;
    const char *const *words; /* TEXT; NULL: names of files, or free text */
};
unsigned load_config_keys(struct pool *pool, const struct config_key **out);
/* What the key at @path, one of these, has in @s. */
struct value config_value(const struct scenario *s, const char *path);

struct config_change {
    const char *path;
    uint64_t number;  /* NUMBER, BOOL, or the number of a word */
    const char *text; /* a kernel's name */
};
/* Point 0 with some values changed, whatever its matrix says; false: there is
 * no such machine. For kernel.model a name of the catalogue; the CPU's model
 * cannot be changed, for the file's own changes lie over it. */
bool scenario_file_change(const struct scenario_file *f, struct pool *pool,
                          const struct config_change *changes, unsigned n,
                          struct scenario *out);

/* ---- field tables ---- */

/* One line of `list fields`. */
struct field_doc {
    const char *path; /* "cpu.set.maxphyaddr_raw" */
    const char *type; /* "number 32..52", "boolean", "one of: plain sev ..." */
    const char *doc;
    bool required;
};
unsigned load_fields(struct pool *pool, const struct field_doc **out);
/* schema/scenario-v1.json, from the same tables. */
void load_schema(struct buf *b);

/* ---- CPUID dumps ---- */

/* Read `cpuid -r` output or an InstLatx64 text dump into a CPU model file's
 * YAML. Warnings about known tool bugs and junk are appended to @warnings. */
int cpuid_dump_import(const char *path, const char *name, struct buf *yaml,
                      struct buf *warnings, struct err *e);

/* ---- memory images ---- */

/* Physical memory of a real machine, out of a file: read where it is asked for,
 * never as a whole. */
struct image;
struct image_range {
    spa_t start, end; /* the first byte, and the one behind the last */
};

/* A raw image (QEMU's pmemsave), whose first byte is the one at @base. NULL
 * with @e set: no such file, not a plain file, empty, beyond 2^52. */
struct image *image_open_raw(struct pool *pool, const char *path, spa_t base,
                             struct err *e);
/* A 64-bit little-endian ELF core (QEMU's dump-guest-memory): its PT_LOAD
 * segments at their physical addresses. NULL with @e set: cut short, or headers
 * that contradict the file or each other. */
struct image *image_open_core(struct pool *pool, const char *path,
                              struct err *e);
void image_close(struct image *img);
/* The aligned 8 bytes at @spa; false: the file does not hold them. */
bool image_read64(struct image *img, spa_t spa, uint64_t *value);
/* What the file holds: disjoint, ascending. */
unsigned image_ranges(const struct image *img, const struct image_range **out);

/* ---- CSV ---- */

/* A table read row by row: a header line of names, then rows of as many cells.
 * No quoting: a cell is what stands between two commas. */
struct csv;
struct csv_cell {
    const char *text; /* not terminated; until the next csv_next() */
    size_t len;
};

/* Read the header of @in, called @name in messages; NULL with @e set. */
struct csv *csv_open(struct pool *pool, FILE *in, const char *name,
                     struct err *e);
unsigned csv_n_columns(const struct csv *c);
const char *csv_column_name(const struct csv *c, unsigned column);
int csv_column(const struct csv *c, const char *name); /* or -1 */
/* 1 = a row is there, 0 = end of the table, -1 = error. */
int csv_next(struct csv *c, struct err *e);
struct csv_cell csv_cell(const struct csv *c, unsigned column);
/* The place of a cell of this row, for messages. */
struct mark csv_mark(const struct csv *c, unsigned column);
/* The cell as a number of @radix 10 or 16 in @min..@max. */
int csv_number(const struct csv *c, unsigned column, unsigned radix,
               uint64_t min, uint64_t max, uint64_t *out, struct err *e);

#endif
