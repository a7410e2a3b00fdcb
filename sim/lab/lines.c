/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/lines.c - answers one after the other, wherever they are.
 *
 * A folder is read chunk by chunk, a file line by line: neither is ever in
 * memory as a whole.
 */
#include "lab/lines.h"

#include "lab/chunk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct lines {
    struct pool *pool;
    const char *path;
    const char *place; /* of the line: @path, or the chunk's file */
    unsigned number;
    /* A file: */
    FILE *in;
    char *line;
    size_t cap;
    /* A folder: */
    struct lab_manifest manifest;
    struct chunk *chunks;
    unsigned n, next;
    struct buf text;
    const char *at;
};

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

struct lines *lines_open(struct pool *pool, const char *path, struct err *e)
{
    struct lines *l = pool_alloc(pool, sizeof(*l));

    l->pool = pool;
    l->path = l->place = path;
    if (is_folder(path))
        return lab_manifest_read(pool, path, &l->manifest, e) ||
                       chunk_list(pool, path, &l->chunks, &l->n, e)
                   ? NULL
                   : l;
    l->in = fopen(path, "rb");
    if (l->in)
        return l;
    err_plain(e, path, "cannot open: %s", strerror(errno));
    err_hint(e, "the folder of a sweep, or what `sweep merge` wrote");
    return NULL;
}

void lines_close(struct lines *l)
{
    if (l->in)
        fclose(l->in);
    free(l->line);
    buf_free(&l->text);
}

void lines_rewind(struct lines *l)
{
    if (l->in)
        rewind(l->in);
    l->number = 0;
    l->next = 0;
    l->at = NULL;
}

uint64_t lines_missing(const struct lines *l)
{
    uint64_t missing = l->manifest.points; /* 0: a file */

    for (unsigned i = 0; i < l->n; i++)
        missing -= l->chunks[i].last - l->chunks[i].first + 1;
    return missing;
}

struct mark lines_at(const struct lines *l)
{
    return (struct mark) { .file = l->place, .line = l->number, .col = 1 };
}

static int next_of_file(struct lines *l, const char **text, size_t *len,
                        struct err *e)
{
    ssize_t got = getline(&l->line, &l->cap, l->in);

    if (got < 0 && ferror(l->in))
        return err_plain(e, l->path, "cannot read: %s", strerror(errno));
    if (got < 0)
        return 0;
    l->number++;
    if (l->line[got - 1] != '\n')
        return err_at(e, lines_at(l), "the line has no end: the file is torn");
    *text = l->line;
    *len = (size_t)got - 1;
    return 1;
}

static int open_chunk(struct lines *l, struct err *e)
{
    const struct chunk *c = &l->chunks[l->next++];
    char name[CHUNK_MAX_NAME];

    chunk_name(c, name);
    l->place = pool_printf(l->pool, "%s/%s", l->path, name);
    l->number = 0;
    if (chunk_load(l->path, c, &l->text, e))
        return -1;
    l->at = l->text.data;
    return 0;
}

static int next_of_folder(struct lines *l, const char **text, size_t *len,
                          struct err *e)
{
    const char *stop;

    while (!l->at || l->at == l->text.data + l->text.len) {
        if (l->next == l->n)
            return 0;
        if (open_chunk(l, e))
            return -1;
    }
    stop = memchr(l->at, '\n', l->text.len - (size_t)(l->at - l->text.data));
    BUG_ON(!stop); /* the chunk is sound */
    l->number++;
    *text = l->at;
    *len = (size_t)(stop - l->at);
    l->at = stop + 1;
    return 1;
}

int lines_next(struct lines *l, const char **text, size_t *len, struct err *e)
{
    return l->in ? next_of_file(l, text, len, e)
                 : next_of_folder(l, text, len, e);
}
