/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/catalog.h - what the readers of CPU and kernel files share.
 *
 * A model file may extend another one: the parent is read first, through the
 * catalogue, then the child's lines are laid over it.
 */
#ifndef NPTSIM_LOAD_CATALOG_H
#define NPTSIM_LOAD_CATALOG_H

#include "load.h"
#include "load/field.h"

/* The keys that every model file begins with. */
struct model_head {
    const char *schema, *name, *title, *extends, *source;
    struct mark name_at, extends_at;
};
/* As the first fields of a document's table. */
#define MODEL_HEAD_FIELDS(doc, schema_words)                                   \
    { .key = "schema",                                                         \
      .type = FIELD_TEXT,                                                      \
      .required = true,                                                        \
      MEMBER(doc, head.schema),                                                \
      .words = schema_words,                                                   \
      .n = 1 },                                                                \
        { .key = "name",                                                       \
          .type = FIELD_TEXT,                                                  \
          .required = true,                                                    \
          MEMBER(doc, head.name),                                              \
          .at = offsetof(doc, head.name_at) },                                 \
        { .key = "title",                                                      \
          .type = FIELD_TEXT,                                                  \
          .required = true,                                                    \
          MEMBER(doc, head.title) },                                           \
        { .key = "extends",                                                    \
          .type = FIELD_TEXT,                                                  \
          MEMBER(doc, head.extends),                                           \
          .at = offsetof(doc, head.extends_at) },                              \
    {                                                                          \
        .key = "source", .type = FIELD_TEXT, .required = true,                 \
        MEMBER(doc, head.source)                                               \
    }

/* "name: 'x' stands in a file called 'y'". */
int model_check_name(const struct model_head *head, const char *name,
                     struct err *e);

/* The groups of a CPU file. */
enum cpu_group {
    CPU_IDENTITY,
    CPU_GEOMETRY,
    CPU_SVM,
    CPU_SEV,
    CPU_FIRMWARE,
    CPU_PLATFORM,
    CPU_TIMING,
    CPU_TLB,
    N_CPU_GROUPS,
};

/* A CPU file, and which of its values were set by it or by its parents. */
struct cpu_entry {
    struct cpu_file file;
    uint32_t given[N_CPU_GROUPS];
};

/* A kernel file, and what it has not decided yet. */
struct kernel_entry {
    struct kernel_file file;
    uint64_t slots; /* bit = slot was chosen */
    uint32_t lists; /* bit = list was given */
};

const struct cpu_entry *catalog_cpu_entry(struct catalog *c, const char *name,
                                          struct mark at, struct err *e);
const struct kernel_entry *catalog_kernel_entry(struct catalog *c,
                                                const char *name,
                                                struct mark at, struct err *e);

/* Read the file at @path, which must call itself @name. */
int cpu_read(struct pool *pool, struct catalog *c, const char *path,
             const char *name, struct cpu_entry *out, struct err *e);
int kernel_read(struct pool *pool, struct catalog *c, const char *path,
                const char *name, struct kernel_entry *out, struct err *e);

/* Every member of struct cpu_model that a file or cpu.set may fill. */
extern const struct field_table cpu_set_table;

#endif
