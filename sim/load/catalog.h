/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/catalog.h - what the readers of model files share.
 */
#ifndef NPTSIM_LOAD_CATALOG_H
#define NPTSIM_LOAD_CATALOG_H

#include "load.h"
#include "load/field.h"

/* Read the model file at @path; its name must be @name. NULL on error. */
const struct cpu_file *cpu_file_read(struct catalog *c, struct pool *pool,
                                     const char *path, const char *name,
                                     struct err *e);
const struct kernel_file *kernel_file_read(struct catalog *c, struct pool *pool,
                                           const char *path, const char *name,
                                           struct err *e);

/* The first keys of every file: `schema: @schema`, and `name:` as its file. */
int check_header(const struct node *root, const char *schema, const char *name,
                 struct err *e);

/* Fields of struct cpu_model, as `cpu.set` has them. */
extern const struct field_table cpu_set_table;

#endif
