/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/store.c - a folder of answers that survives whatever ends a sweep. */
#include "lab/chunk.h"
#include "lab/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct lab_store {
    struct pool *pool;
    const char *dir;
    int fd; /* of the folder, locked */
    struct lab_manifest manifest;
    bool *has;            /* by chunk; written before and between sweeps only */
    pthread_mutex_t lock; /* of what follows */
    uint64_t done;
    struct lab_totals totals;
};

static struct chunk chunk_of(const struct lab_manifest *m, uint64_t i)
{
    struct chunk c = { .first = m->first + i * m->chunk };

    c.last = (m->end - c.first < m->chunk ? m->end : c.first + m->chunk) - 1;
    return c;
}

/* ---- opening ---- */

static int open_folder(struct lab_store *s, struct err *e)
{
    if (mkdir(s->dir, 0777) && errno != EEXIST)
        return err_plain(e, s->dir, "cannot make the folder: %s",
                         strerror(errno));
    s->fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->fd < 0)
        return err_plain(e, s->dir, "cannot open the folder: %s",
                         strerror(errno));
    if (flock(s->fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    err_plain(e, s->dir, "another nptsim is sweeping into this folder");
    return err_hint(e, "two can share the points: --shard 1/2 and --shard 2/2, "
                       "each with its own --out");
}

static bool is_part(const char *name)
{
    size_t len = strlen(name), suffix = strlen(OUTFILE_SUFFIX);

    return len > suffix && strcmp(name + len - suffix, OUTFILE_SUFFIX) == 0;
}

/* Drop what was being written when a sweep ended; count the rest. */
static int tidy(struct lab_store *s, unsigned *others, struct err *e)
{
    DIR *d = opendir(s->dir);
    const struct dirent *entry;

    if (!d)
        return err_plain(e, s->dir, "cannot read the folder: %s",
                         strerror(errno));
    *others = 0;
    while ((entry = readdir(d))) {
        if (is_part(entry->d_name))
            unlinkat(s->fd, entry->d_name, 0);
        else if (entry->d_name[0] != '.')
            ++*others;
    }
    closedir(d);
    return 0;
}

static int write_file(struct lab_store *s, const char *name,
                      const struct buf *text, struct err *e)
{
    struct outfile o;

    if (outfile_open(&o, s->fd, s->dir, name, e))
        return -1;
    if (outfile_add(&o, text->data, text->len, e) || outfile_commit(&o, e)) {
        outfile_drop(&o);
        return -1;
    }
    return 0;
}

static int begin(struct lab_store *s, const struct lab_manifest *m,
                 unsigned others, struct err *e)
{
    struct buf text = BUF_INIT;
    int ret;

    if (others) {
        err_plain(e, s->dir, "holds files, but no sweep");
        return err_hint(e, "an empty or a new folder is needed");
    }
    lab_manifest_text(m, &text);
    ret = write_file(s, LAB_MANIFEST_NAME, &text, e);
    buf_free(&text);
    if (ret == 0)
        fsync(s->fd);
    return ret;
}

static int go_on(struct lab_store *s, const struct lab_manifest *m,
                 struct err *e)
{
    struct lab_manifest is;

    if (lab_manifest_read(s->pool, s->dir, &is, e))
        return -1;
    if (lab_manifest_match(s->dir, &is, m, e) == 0) {
        if (is.shard == m->shard && is.shards == m->shards)
            return 0;
        err_plain(e, s->dir, "holds shard %" PRIu64 "/%" PRIu64, is.shard,
                  is.shards);
    }
    return err_hint(e, "give another --out, or remove this folder");
}

/* A chunk that is not what its name says is made again. */
static int take_stock(struct lab_store *s, struct err *e)
{
    const struct lab_manifest *m = &s->manifest;
    struct buf text = BUF_INIT;
    struct chunk *chunks;
    unsigned n;

    if (chunk_list(s->pool, s->dir, &chunks, &n, e))
        return -1;
    for (unsigned k = 0; k < n; k++) {
        const struct chunk *c = &chunks[k];
        uint64_t i =
            c->first < m->first ? UINT64_MAX : (c->first - m->first) / m->chunk;
        struct err unsound = { 0 };
        char name[CHUNK_MAX_NAME];

        if (c->first >= m->first && c->first < m->end && !s->has[i] &&
            chunk_of(m, i).first == c->first &&
            chunk_of(m, i).last == c->last &&
            chunk_load(s->dir, c, &text, &unsound) == 0) {
            s->has[i] = chunk_is_sound(c, &text, &s->totals);
            s->done += c->last - c->first + 1;
            continue;
        }
        chunk_name(c, name);
        unlinkat(s->fd, name, 0);
    }
    buf_free(&text);
    return 0;
}

static int prepare(struct lab_store *s, const struct lab_manifest *m,
                   struct err *e)
{
    unsigned others = 0;

    if (open_folder(s, e) || tidy(s, &others, e))
        return -1;
    if (faccessat(s->fd, LAB_MANIFEST_NAME, F_OK, 0))
        return begin(s, m, others, e);
    return go_on(s, m, e) || take_stock(s, e) ? -1 : 0;
}

struct lab_store *lab_store_open(const char *dir, const struct lab_manifest *m,
                                 struct err *e)
{
    struct pool *pool = pool_create();
    struct lab_store *s = pool_alloc(pool, sizeof(*s));

    *s = (struct lab_store) {
        .pool = pool,
        .dir = dir,
        .fd = -1,
        .manifest = *m,
        .has = pool_alloc(pool, lab_manifest_chunks(m) + 1),
    };
    pthread_mutex_init(&s->lock, NULL);
    if (prepare(s, m, e) == 0)
        return s;
    lab_store_close(s);
    return NULL;
}

void lab_store_close(struct lab_store *s)
{
    if (!s)
        return;
    if (s->fd >= 0) {
        fsync(s->fd); /* the names of the chunks */
        close(s->fd);
    }
    pthread_mutex_destroy(&s->lock);
    pool_destroy(s->pool);
}

/* ---- asking and keeping ---- */

bool lab_store_has(const struct lab_store *s, uint64_t chunk)
{
    return s->has[chunk];
}

uint64_t lab_store_done(const struct lab_store *s)
{
    return s->done;
}

struct lab_totals lab_store_totals(const struct lab_store *s)
{
    return s->totals;
}

int lab_store_put(struct lab_store *s, uint64_t chunk, const struct buf *lines,
                  struct err *e)
{
    struct chunk c = chunk_of(&s->manifest, chunk);
    struct lab_totals sum = { 0 };
    char name[CHUNK_MAX_NAME];

    for (size_t i = 0; i < lines->len; i++)
        c.lines += lines->data[i] == '\n';
    BUG_ON(!chunk_is_sound(&c, lines, &sum));
    chunk_name(&c, name);
    if (write_file(s, name, lines, e))
        return -1;
    pthread_mutex_lock(&s->lock);
    s->done += c.last - c.first + 1;
    s->totals.points += sum.points;
    s->totals.passed += sum.passed;
    s->totals.failed += sum.failed;
    s->totals.skipped += sum.skipped;
    pthread_mutex_unlock(&s->lock);
    return 0;
}
