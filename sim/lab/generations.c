/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/generations.c - the releases in their order.
 *
 * A release's file extends that of the one before, perhaps by way of a stable
 * tree; so their order is a chain, and needs no number to be read.
 */
#include "lab.h"
#include "load.h"

/* The release that @f comes from; NULL: it is the first. *@e set on error. */
static const struct kernel_file *
before(struct catalog *c, const struct kernel_file *f, struct err *e)
{
    while (f && f->extends) {
        f = catalog_kernel(c, f->extends, (struct mark) { .file = f->path }, e);
        if (f && f->kind == KERNEL_MAINLINE)
            return f;
    }
    return NULL;
}

static int read_all(struct pool *pool, struct catalog *c,
                    const struct kernel_file ***out, unsigned *n, struct err *e)
{
    const char *const *names;
    unsigned n_names = catalog_kernel_names(c, &names);

    *out = pool_alloc(pool, (n_names + 1) * sizeof(**out));
    *n = 0;
    for (unsigned i = 0; i < n_names; i++) {
        const struct kernel_file *f =
            catalog_kernel(c, names[i], (struct mark) { 0 }, e);

        if (!f)
            return -1;
        if (f->kind == KERNEL_MAINLINE)
            (*out)[(*n)++] = f;
    }
    return 0;
}

/* The one of @all that comes behind @last, NULL: behind nothing. */
static const struct kernel_file *
next(struct catalog *c, const struct kernel_file *const *all, unsigned n,
     const struct kernel_file *last, struct err *e)
{
    const struct kernel_file *found = NULL;

    for (unsigned i = 0; i < n && !e->set; i++) {
        if (before(c, all[i], e) != last || e->set)
            continue;
        if (found)
            err_plain(e, all[i]->path,
                      "this release and %.60s both come behind %.60s",
                      found->model.name, last ? last->model.name : "nothing");
        found = all[i];
    }
    return e->set ? NULL : found;
}

int lab_generations(struct pool *pool, struct catalog *c,
                    const struct kernel_file *const **out, unsigned *n,
                    struct err *e)
{
    const struct kernel_file **all, **chain, *f = NULL;
    unsigned n_all;

    if (read_all(pool, c, &all, &n_all, e))
        return -1;
    chain = pool_alloc(pool, (n_all + 1) * sizeof(*chain));
    for (*n = 0; *n < n_all; (*n)++) {
        f = next(c, all, n_all, f, e);
        if (!f)
            return -1;
        chain[*n] = f;
    }
    *out = chain;
    return 0;
}
