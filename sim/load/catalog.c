/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/catalog.c - the models/ folder, listed and read on demand.
 *
 * Names come from the folder, so a name from a file is only ever compared and
 * never becomes a path.
 */
#include "load/catalog.h"
#include "load/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More generations than any family tree of models needs. */
#define MAX_PARENTS 32

enum book_state { BOOK_CLOSED, BOOK_BEING_READ, BOOK_READ };

/* The files of one kind; both kinds of entry are reached through @entry. */
struct shelf {
    const char *dir, *what; /* what: "CPU model" */
    bool listed;
    unsigned n;
    const char **names;
    struct {
        enum book_state state;
        void *entry;
    } * books;
};

struct catalog {
    struct pool *pool;
    struct shelf cpus, kernels;
    unsigned depth;
};

struct catalog *catalog_open(struct pool *pool, const char *models_dir)
{
    struct catalog *c = pool_alloc(pool, sizeof(*c));

    c->pool = pool;
    c->cpus.dir = pool_printf(pool, "%s/cpus", models_dir);
    c->cpus.what = "CPU model";
    c->kernels.dir = pool_printf(pool, "%s/kernels", models_dir);
    c->kernels.what = "kernel model";
    return c;
}

int model_check_name(const struct model_head *head, const char *name,
                     struct err *e)
{
    if (strcmp(head->name, name) == 0)
        return 0;
    err_at(e, head->name_at, "name: '%.60s' stands in a file called '%.60s'",
           head->name, name);
    return err_hint(e, "name and file name must be the same");
}

/* ---- listing ---- */

static int is_model(const struct dirent *d)
{
    const char *dot = strrchr(d->d_name, '.');

    return d->d_name[0] != '.' && dot && strcmp(dot, ".yaml") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* 0, or an errno. */
static int list(struct catalog *c, struct shelf *s)
{
    struct dirent **files;
    int n;

    if (s->listed)
        return 0;
    n = scandir(s->dir, &files, is_model, NULL);
    if (n < 0)
        return errno;
    s->n = (unsigned)n;
    s->names = pool_alloc(c->pool, (s->n + 1) * sizeof(*s->names));
    s->books = pool_alloc(c->pool, (s->n + 1) * sizeof(*s->books));
    for (unsigned i = 0; i < s->n; i++) {
        const char *file = files[i]->d_name;

        s->names[i] =
            pool_strndup(c->pool, file, strlen(file) - strlen(".yaml"));
        free(files[i]);
    }
    free(files);
    qsort(s->names, s->n, sizeof(*s->names), by_name);
    s->listed = true;
    return 0;
}

static unsigned names(struct catalog *c, struct shelf *s,
                      const char *const **out)
{
    list(c, s);
    *out = s->names;
    return s->n;
}

unsigned catalog_cpu_names(struct catalog *c, const char *const **out)
{
    return names(c, &c->cpus, out);
}

unsigned catalog_kernel_names(struct catalog *c, const char *const **out)
{
    return names(c, &c->kernels, out);
}

/* ---- reading ---- */

static char *path_of(struct catalog *c, const struct shelf *s, unsigned i)
{
    return pool_printf(c->pool, "%s/%s.yaml", s->dir, s->names[i]);
}

static int find(struct catalog *c, struct shelf *s, const char *name,
                struct mark at, struct err *e)
{
    int error = list(c, s);

    if (error)
        return err_plain(e, s->dir, "cannot read the models: %s",
                         strerror(error));
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->names[i], name) == 0)
            return (int)i;
    err_at(e, at, "unknown %s '%.60s'", s->what, name);
    err_suggest(e, name, s->names, s->n);
    return err_hint(e, "the models are in %.150s", s->dir);
}

static int read_entry(struct catalog *c, struct shelf *s, unsigned i,
                      struct err *e)
{
    const char *path = path_of(c, s, i);

    if (s == &c->cpus)
        return cpu_read(c->pool, c, path, s->names[i], s->books[i].entry, e);
    return kernel_read(c->pool, c, path, s->names[i], s->books[i].entry, e);
}

static const void *entry_of(struct catalog *c, struct shelf *s, size_t size,
                            const char *name, struct mark at, struct err *e)
{
    int i = find(c, s, name, at, e);

    if (i < 0)
        return NULL;
    if (s->books[i].state == BOOK_READ)
        return s->books[i].entry;
    if (s->books[i].state == BOOK_BEING_READ) {
        err_at(e, at, "%s '%.60s' extends itself", s->what, name);
        return NULL;
    }
    if (c->depth == MAX_PARENTS) {
        err_at(e, at, "more than %d models extend each other", MAX_PARENTS);
        return NULL;
    }
    s->books[i].state = BOOK_BEING_READ;
    s->books[i].entry = pool_alloc(c->pool, size);
    c->depth++;
    if (read_entry(c, s, (unsigned)i, e))
        s->books[i].state = BOOK_CLOSED;
    else
        s->books[i].state = BOOK_READ;
    c->depth--;
    return s->books[i].state == BOOK_READ ? s->books[i].entry : NULL;
}

const struct cpu_entry *catalog_cpu_entry(struct catalog *c, const char *name,
                                          struct mark at, struct err *e)
{
    return entry_of(c, &c->cpus, sizeof(struct cpu_entry), name, at, e);
}

const struct kernel_entry *catalog_kernel_entry(struct catalog *c,
                                                const char *name,
                                                struct mark at, struct err *e)
{
    return entry_of(c, &c->kernels, sizeof(struct kernel_entry), name, at, e);
}

const struct cpu_file *catalog_cpu(struct catalog *c, const char *name,
                                   struct mark at, struct err *e)
{
    const struct cpu_entry *entry = catalog_cpu_entry(c, name, at, e);

    return entry ? &entry->file : NULL;
}

const struct kernel_file *catalog_kernel(struct catalog *c, const char *name,
                                         struct mark at, struct err *e)
{
    const struct kernel_entry *entry = catalog_kernel_entry(c, name, at, e);

    return entry ? &entry->file : NULL;
}

/* ---- digest ---- */

/* FNV-1a, 64 bits: against accidents, not against enemies. */
static uint64_t fnv(uint64_t h, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)data[i]) * 0x100000001b3;
    return h;
}

static int add_file(const char *path, const char *name, uint64_t *digest,
                    struct err *e)
{
    uint64_t h = fnv(0xcbf29ce484222325, name, strlen(name) + 1);
    struct buf text = BUF_INIT;
    int ret = read_file(&text, path, YAML_MAX_BYTES, e);

    /* A sum, because the order in which files were read says nothing. */
    if (ret == 0)
        *digest += fnv(h, text.data, text.len);
    buf_free(&text);
    return ret;
}

static int add_shelf(struct catalog *c, const struct shelf *s, uint64_t *digest,
                     struct err *e)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->books[i].state == BOOK_READ &&
            add_file(path_of(c, s, i), s->names[i], digest, e))
            return -1;
    return 0;
}

int catalog_digest(struct catalog *c, const char *path, uint64_t *out,
                   struct err *e)
{
    *out = 0;
    return add_file(path, "", out, e) || add_shelf(c, &c->cpus, out, e) ||
                   add_shelf(c, &c->kernels, out, e)
               ? -1
               : 0;
}
