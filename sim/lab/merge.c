/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/merge.c - the chunks of many folders as one file, every point once.
 *
 * All chunks are sorted by their first point and walked through like pages that
 * may overlap. Only those that reach over the point at hand are in memory: one,
 * unless two folders tell of the same points.
 */
#include "lab/chunk.h"
#include "lab/outfile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FLUSH_AT (1U << 20)

/* A chunk of one of the folders. */
struct page {
    struct chunk chunk;
    const char *dir;
    /* While it is open: */
    struct buf text;
    const char *line; /* the next one; NULL: none is left */
    size_t len;       /* with its end */
    struct lab_line head;
};

struct merger {
    struct pool *pool;
    const char *const *dirs;
    unsigned n_dirs;
    struct lab_manifest manifest; /* of the first folder */
    struct page *pages;
    unsigned n_pages, next; /* next: the first one not opened yet */
    struct page **open;
    unsigned n_open;
    uint64_t covered; /* points before this one were in some chunk */
    struct outfile file;
    struct buf out;
    struct lab_totals totals;
    struct err *e;
};

/* ---- which chunks there are ---- */

static int by_first(const void *a, const void *b)
{
    const struct page *x = a, *y = b;

    if (x->chunk.first != y->chunk.first)
        return x->chunk.first < y->chunk.first ? -1 : 1;
    return strcmp(x->dir, y->dir);
}

static int read_manifests(struct merger *m)
{
    for (unsigned i = 0; i < m->n_dirs; i++) {
        struct lab_manifest is;

        if (lab_manifest_read(m->pool, m->dirs[i], &is, m->e))
            return -1;
        if (i == 0)
            m->manifest = is;
        if (lab_manifest_match(m->dirs[i], &is, &m->manifest, m->e))
            return err_hint(m->e, "which is what %.100s holds", m->dirs[0]);
    }
    return 0;
}

static int list_pages(struct merger *m)
{
    struct chunk **lists = pool_alloc(m->pool, m->n_dirs * sizeof(*lists));
    unsigned *n = pool_alloc(m->pool, m->n_dirs * sizeof(*n));

    for (unsigned i = 0; i < m->n_dirs; i++) {
        if (chunk_list(m->pool, m->dirs[i], &lists[i], &n[i], m->e))
            return -1;
        m->n_pages += n[i];
    }
    m->pages = pool_alloc(m->pool, (m->n_pages + 1) * sizeof(*m->pages));
    m->open = pool_alloc(m->pool, (m->n_pages + 1) * sizeof(struct page *));
    m->n_pages = 0;
    for (unsigned i = 0; i < m->n_dirs; i++)
        for (unsigned k = 0; k < n[i]; k++)
            m->pages[m->n_pages++] =
                (struct page) { .chunk = lists[i][k], .dir = m->dirs[i] };
    qsort(m->pages, m->n_pages, sizeof(*m->pages), by_first);
    return 0;
}

/* ---- pages ---- */

/* Points @from .. @to-1 are in no folder. */
static int missing(struct merger *m, uint64_t from, uint64_t to)
{
    err_plain(m->e, m->n_dirs == 1 ? m->dirs[0] : NULL,
              "points %" PRIu64 "..%" PRIu64 " of %" PRIu64 " are missing",
              from, to - 1, m->manifest.points);
    return err_hint(m->e, "give the folders of all shards, and sweep until "
                          "each of them is done");
}

static void next_line(struct page *p)
{
    const char *end = p->text.data + p->text.len;
    const char *at = p->line + p->len;

    if (at == end) {
        p->line = NULL;
        return;
    }
    p->line = at;
    p->len =
        (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at) + 1;
    BUG_ON(!lab_line_read(at, p->len - 1, &p->head)); /* the chunk is sound */
}

static int open_page(struct merger *m)
{
    struct page *p = &m->pages[m->next++];

    if (p->chunk.first > m->covered)
        return missing(m, m->covered, p->chunk.first);
    if (p->chunk.last + 1 > m->covered)
        m->covered = p->chunk.last + 1;
    if (chunk_load(p->dir, &p->chunk, &p->text, m->e))
        return -1;
    p->line = p->text.data;
    p->len = 0;
    next_line(p);
    m->open[m->n_open++] = p;
    return 0;
}

/* Forget open pages that end before @point. */
static void close_pages(struct merger *m, uint64_t point)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < m->n_open; i++) {
        struct page *p = m->open[i];

        if (p->line || p->chunk.last >= point)
            m->open[kept++] = p;
        else
            buf_free(&p->text);
    }
    m->n_open = kept;
}

/* ---- points ---- */

static int differ(struct merger *m, uint64_t point, const struct page *a,
                  const struct page *b)
{
    err_plain(m->e, b->dir, "point %" PRIu64 " is not what it is in %.150s",
              point, a->dir);
    return err_hint(m->e, "different versions of nptsim? nptsim run FILE --set "
                          "KEY=VALUE tells which is right");
}

/* The page whose line comes next; NULL: no open page has one. */
static struct page *first_of(const struct merger *m)
{
    struct page *first = NULL;

    for (unsigned i = 0; i < m->n_open; i++) {
        struct page *p = m->open[i];

        if (p->line && (!first || p->head.point < first->head.point))
            first = p;
    }
    return first;
}

/* Every open page that reaches over @a's point must say the same of it. */
static int agree(struct merger *m, struct page *a)
{
    uint64_t point = a->head.point;

    for (unsigned i = 0; i < m->n_open; i++) {
        struct page *p = m->open[i];

        if (p == a || p->chunk.first > point || p->chunk.last < point)
            continue;
        if (!p->line || p->head.point != point || p->len != a->len ||
            memcmp(p->line, a->line, a->len) != 0)
            return differ(m, point, a, p);
        next_line(p);
    }
    return 0;
}

static int flush(struct merger *m)
{
    int ret = outfile_add(&m->file, m->out.data, m->out.len, m->e);

    buf_clear(&m->out);
    return ret;
}

static int put(struct merger *m, struct page *p)
{
    if (agree(m, p))
        return -1;
    buf_add(&m->out, p->line, p->len);
    lab_totals_add(&m->totals, &p->head);
    next_line(p);
    return m->out.len < FLUSH_AT ? 0 : flush(m);
}

static int walk(struct merger *m)
{
    for (;;) {
        struct page *p = first_of(m);

        if (m->next < m->n_pages &&
            (!p || m->pages[m->next].chunk.first <= p->head.point)) {
            close_pages(m, m->pages[m->next].chunk.first);
            if (open_page(m))
                return -1;
        } else if (!p) {
            break;
        } else if (put(m, p)) {
            return -1;
        }
    }
    if (m->covered < m->manifest.points)
        return missing(m, m->covered, m->manifest.points);
    return m->out.len ? flush(m) : 0;
}

static int merge(struct merger *m, const char *out)
{
    if (read_manifests(m) || list_pages(m) ||
        outfile_open(&m->file, AT_FDCWD, NULL, out, m->e))
        return -1;
    if (walk(m) || outfile_commit(&m->file, m->e)) {
        outfile_drop(&m->file);
        return -1;
    }
    return 0;
}

int lab_merge(const char *const *dirs, unsigned n, const char *out,
              struct lab_totals *totals, struct err *e)
{
    struct merger m = {
        .pool = pool_create(), .dirs = dirs, .n_dirs = n, .e = e
    };
    int ret = merge(&m, out);

    *totals = m.totals;
    for (unsigned i = 0; i < m.n_pages; i++)
        buf_free(&m.pages[i].text);
    buf_free(&m.out);
    pool_destroy(m.pool);
    return ret;
}
