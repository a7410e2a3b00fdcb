/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/chunk.c - names and contents of a sweep's files. */
#include "lab/chunk.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than a chunk of points with a hundred steps each needs. */
#define MAX_BYTES (1ULL << 30)

void chunk_name(const struct chunk *c, char name[CHUNK_MAX_NAME])
{
    snprintf(name, CHUNK_MAX_NAME,
             "points-%015" PRIu64 "-%015" PRIu64 ".%" PRIu64 ".jsonl", c->first,
             c->last, c->lines);
}

bool chunk_parse(const char *name, struct chunk *out)
{
    char again[CHUNK_MAX_NAME];

    *out = (struct chunk) { 0 };
    if (sscanf(name, "points-%" SCNu64 "-%" SCNu64 ".%" SCNu64 ".jsonl",
               &out->first, &out->last, &out->lines) != 3)
        return false;
    chunk_name(out, again);
    return strcmp(name, again) == 0 && out->first <= out->last &&
           out->lines <= out->last - out->first + 1;
}

/* ---- lines ---- */

/* A number behind @before. */
static bool read_member(const char **at, const char *end, const char *before,
                        uint64_t *out)
{
    size_t len = strlen(before), digits = 0;

    if ((size_t)(end - *at) < len || memcmp(*at, before, len) != 0)
        return false;
    *at += len;
    while (*at + digits < end && (*at)[digits] >= '0' && (*at)[digits] <= '9')
        digits++;
    if (num_parse(*at, digits, out) != NUM_OK)
        return false;
    *at += digits;
    return true;
}

bool lab_line_read(const char *text, size_t len, struct lab_line *out)
{
    const char *at = text, *end = text + len;

    return read_member(&at, end, "{\"point\":", &out->point) &&
           read_member(&at, end, ",\"passed\":", &out->passed) &&
           read_member(&at, end, ",\"failed\":", &out->failed) &&
           read_member(&at, end, ",\"skipped\":", &out->skipped) && at < end &&
           *at == ',' && end[-1] == '}';
}

void lab_totals_add(struct lab_totals *t, const struct lab_line *l)
{
    t->points++;
    t->passed += l->passed;
    t->failed += l->failed;
    t->skipped += l->skipped;
}

bool chunk_is_sound(const struct chunk *c, const struct buf *text,
                    struct lab_totals *t)
{
    struct lab_totals sum = *t;
    const char *at = text->data, *end = at + text->len;
    uint64_t next = c->first, lines = 0;

    for (; at < end; lines++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct lab_line l;

        if (!stop || !lab_line_read(at, (size_t)(stop - at), &l) ||
            l.point < next || l.point > c->last)
            return false;
        next = l.point + 1;
        lab_totals_add(&sum, &l);
        at = stop + 1;
    }
    if (lines != c->lines)
        return false;
    *t = sum;
    return true;
}

/* ---- folders ---- */

static int by_first(const void *a, const void *b)
{
    const struct chunk *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->last > y->last) - (x->last < y->last);
}

int chunk_list(struct pool *pool, const char *dir, struct chunk **out,
               unsigned *n, struct err *e)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    unsigned room = 0;

    *out = NULL;
    *n = 0;
    if (!d)
        return err_plain(e, dir, "cannot read the folder: %s", strerror(errno));
    while ((entry = readdir(d))) {
        struct chunk c;

        if (!chunk_parse(entry->d_name, &c))
            continue;
        *out = pool_more(pool, *out, *n, &room, sizeof(**out));
        (*out)[(*n)++] = c;
    }
    closedir(d);
    if (*n)
        qsort(*out, *n, sizeof(**out), by_first);
    return 0;
}

int chunk_load(const char *dir, const struct chunk *c, struct buf *text,
               struct err *e)
{
    struct lab_totals t = { 0 };
    char name[CHUNK_MAX_NAME], path[4096 + CHUNK_MAX_NAME];

    chunk_name(c, name);
    snprintf(path, sizeof(path), "%.4000s/%s", dir, name);
    buf_clear(text);
    if (read_file(text, path, MAX_BYTES, e)) {
        e->at.file = dir; /* which outlives the path */
        return -1;
    }
    if (chunk_is_sound(c, text, &t))
        return 0;
    err_plain(e, dir, "%s is not what its name says", name);
    return err_hint(e, "a damaged file: sweep again, and it is made anew");
}
