/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/yaml.h - YAML text to a tree, by libyaml's events.
 *
 * The part of YAML that people need to describe a configuration: one document
 * of mappings, lists and scalars. Anchors, aliases, tags and merge keys are
 * refused, so a file means what it shows and cannot grow when it is read.
 */
#ifndef NPTSIM_LOAD_YAML_H
#define NPTSIM_LOAD_YAML_H

#include "load/node.h"

#define YAML_MAX_BYTES (4U << 20)
#define YAML_MAX_DEPTH 64
#define YAML_MAX_NODES 200000

/* The file at @path ("-": standard input); NULL with @e set on error. */
const struct node *yaml_file(struct pool *pool, const char *path,
                             struct err *e);
/* A piece of text, for instance the value of --set; @name stands for the file
 * in messages. */
const struct node *yaml_text(struct pool *pool, const char *text, size_t len,
                             const char *name, struct err *e);
/* As yaml_text(), for text without lines of its own: every node is at @at. */
const struct node *yaml_value(struct pool *pool, const char *text,
                              struct mark at, struct err *e);

#endif
