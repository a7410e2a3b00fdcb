/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * story.h - scenarios from text, for the tests of the loader: written to a
 * folder of their own, read with the shipped models.
 */
#ifndef NPTSIM_TESTS_LOAD_STORY_H
#define NPTSIM_TESTS_LOAD_STORY_H

#include "load.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Five lines that every story begins with; what follows is line 6. */
#define HEAD                                                                   \
    "schema: nptsim/scenario/v1\n"                                             \
    "name: story\n"                                                            \
    "why: one moral\n"                                                         \
    "cpu: {model: milan}\n"                                                    \
    "kernel: {model: v6.0}\n"

struct story {
    struct pool *pool;
    struct catalog *catalog;
    struct err e;
    char dir[32], path[64];
    struct scenario_file *file;
    struct scenario s; /* its first point */
};

static inline void story_open(struct story *y)
{
    memset(y, 0, sizeof(*y));
    y->pool = pool_create();
    y->catalog = catalog_open(y->pool, "models");
    strcpy(y->dir, "/tmp/nptsim-story-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(y->dir));
    snprintf(y->path, sizeof(y->path), "%s/story.yaml", y->dir);
}

static inline void story_close(struct story *y)
{
    unlink(y->path);
    ck_assert_int_eq(rmdir(y->dir), 0);
    pool_destroy(y->pool);
}

static inline void story_write(const struct story *y, const void *text,
                               size_t len)
{
    FILE *f;

    unlink(y->path); /* a new file is quicker than a truncated one */
    f = fopen(y->path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, len, f), len);
    fclose(f);
}

/* 0 or -1, as the loader says; on 0 its first point is in y->s. */
static inline int story_read(struct story *y, const struct setting *settings,
                             unsigned n_settings)
{
    y->e = (struct err) { 0 };
    if (scenario_file_load(y->pool, y->catalog, y->path, settings, n_settings,
                           &y->file, &y->e))
        return -1;
    return scenario_file_point(y->file, y->pool, 0, &y->s, &y->e) < 0 ? -1 : 0;
}

static inline int story_load(struct story *y, const char *text)
{
    story_write(y, text, strlen(text));
    return story_read(y, NULL, 0);
}

static inline void story_is_fine(struct story *y, const char *text)
{
    ck_assert_msg(story_load(y, text) == 0, "%u:%u: %s (%s) in\n%s",
                  y->e.at.line, y->e.at.col, y->e.msg, y->e.hint, text);
}

/* Refused at @line:@col with @words in the message and @hint in the hint. */
static inline void story_is_refused(struct story *y, const char *text,
                                    unsigned line, unsigned col,
                                    const char *words, const char *hint)
{
    ck_assert_msg(story_load(y, text) < 0, "wanted %u:%u: %s in\n%s", line, col,
                  words, text);
    ck_assert_msg(y->e.at.line == line && y->e.at.col == col &&
                      strstr(y->e.msg, words) && strstr(y->e.hint, hint),
                  "%u:%u: %s (%s)\nwanted %u:%u: %s (%s) in\n%s", y->e.at.line,
                  y->e.at.col, y->e.msg, y->e.hint, line, col, words, hint,
                  text);
    ck_assert_str_eq(y->e.at.file, y->path);
}

#endif
