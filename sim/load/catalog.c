/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/catalog.c - the models/ folder: which models there are, each read once.
 *
 * A name is looked up among the files that are there, never made into a path.
 */
#include "load/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum model_state { MODEL_UNREAD, MODEL_READING, MODEL_READ };

struct model {
    const char *name, *path;
    enum model_state state;
    const void *file; /* struct cpu_file or kernel_file */
};

struct folder {
    const char *what; /* "CPU model" */
    const char *path;
    int problem; /* errno of opening it */
    unsigned n;
    const char **names;
    struct model *model;
};

struct catalog {
    struct pool *pool;
    struct folder cpus, kernels;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(struct folder *f, struct pool *pool, const char *file,
                     unsigned *room)
{
    static const char suffix[] = ".yaml";
    size_t len = strlen(file);

    if (len < sizeof(suffix) || file[0] == '.' ||
        strcmp(file + len - strlen(suffix), suffix) != 0)
        return;
    if (f->n == *room) {
        const char **old = f->names;

        *room = *room ? 2 * *room : 64;
        f->names = pool_alloc(pool, *room * sizeof(*f->names));
        if (f->n)
            memcpy(f->names, old, f->n * sizeof(*f->names));
    }
    f->names[f->n++] = pool_strndup(pool, file, len - strlen(suffix));
}

static void list_folder(struct folder *f, struct pool *pool)
{
    DIR *dir = opendir(f->path);
    struct dirent *d;
    unsigned room = 0;

    if (!dir) {
        f->problem = errno;
        return;
    }
    while ((d = readdir(dir)))
        add_name(f, pool, d->d_name, &room);
    closedir(dir);
    if (f->n)
        qsort(f->names, f->n, sizeof(*f->names), by_name);
    f->model = pool_alloc(pool, (f->n + 1) * sizeof(*f->model));
    for (unsigned i = 0; i < f->n; i++) {
        f->model[i].name = f->names[i];
        f->model[i].path =
            pool_printf(pool, "%s/%s.yaml", f->path, f->names[i]);
    }
}

struct catalog *catalog_open(struct pool *pool, const char *models_dir)
{
    struct catalog *c = pool_alloc(pool, sizeof(*c));

    c->pool = pool;
    c->cpus.what = "CPU model";
    c->cpus.path = pool_printf(pool, "%s/cpus", models_dir);
    c->kernels.what = "kernel model";
    c->kernels.path = pool_printf(pool, "%s/kernels", models_dir);
    list_folder(&c->cpus, pool);
    list_folder(&c->kernels, pool);
    return c;
}

unsigned catalog_cpu_names(struct catalog *c, const char *const **out)
{
    *out = c->cpus.names;
    return c->cpus.n;
}

unsigned catalog_kernel_names(struct catalog *c, const char *const **out)
{
    *out = c->kernels.names;
    return c->kernels.n;
}

/* The model called @name, ready to be read or read already; NULL on error. */
static struct model *find(struct catalog *c, struct folder *f, const char *name,
                          struct mark at, struct err *e)
{
    const struct reader r = { .pool = c->pool, .e = e };
    const char **found = NULL;
    struct model *m;

    if (f->problem) {
        err_at(e, at, "%s '%.60s': cannot open %s: %s", f->what, name, f->path,
               strerror(f->problem));
        return NULL;
    }
    if (f->n)
        found = bsearch(&name, f->names, f->n, sizeof(*f->names), by_name);
    if (!found) {
        unknown_word(&r, at, f->what, name, f->names, f->n);
        return NULL;
    }
    m = &f->model[found - f->names];
    if (m->state != MODEL_READING)
        return m;
    err_at(e, at, "%s '%s' extends itself in the end", f->what, name);
    return NULL;
}

const struct cpu_file *catalog_cpu(struct catalog *c, const char *name,
                                   struct mark at, struct err *e)
{
    struct model *m = find(c, &c->cpus, name, at, e);

    if (!m || m->state == MODEL_READ)
        return m ? m->file : NULL;
    m->state = MODEL_READING;
    m->file = cpu_file_read(c, c->pool, m->path, m->name, e);
    m->state = m->file ? MODEL_READ : MODEL_UNREAD;
    return m->file;
}

const struct kernel_file *catalog_kernel(struct catalog *c, const char *name,
                                         struct mark at, struct err *e)
{
    struct model *m = find(c, &c->kernels, name, at, e);

    if (!m || m->state == MODEL_READ)
        return m ? m->file : NULL;
    m->state = MODEL_READING;
    m->file = kernel_file_read(c, c->pool, m->path, m->name, e);
    m->state = m->file ? MODEL_READ : MODEL_UNREAD;
    return m->file;
}

int check_header(const struct node *root, const char *schema, const char *name,
                 struct err *e)
{
    const struct node *n;

    if (node_expect(root, NODE_MAP, "the file", e))
        return -1;
    n = node_get(root, "schema");
    if (!n) {
        err_at(e, root->at, "key 'schema' is missing in the file");
        return err_hint(e, "begin with 'schema: %s'", schema);
    }
    if (n->kind != NODE_SCALAR || strcmp(n->text, schema) != 0) {
        err_at(e, n->at, "schema: this is not a file of kind %s", schema);
        return err_hint(e, "this version reads '%s' here", schema);
    }
    n = node_get(root, "name");
    if (n && name && n->kind == NODE_SCALAR && strcmp(n->text, name) != 0) {
        err_at(e, n->at, "name: '%.60s' is not the name of the file", n->text);
        return err_hint(e, "the file is called '%s.yaml'", name);
    }
    return 0;
}
