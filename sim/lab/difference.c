/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/difference.c - differences as threads find them, sorted into groups.
 *
 * A thread numbers the changes that it sees; when it hands over, its numbers
 * become those of the groups. Which thread sees what is chance, so the numbers
 * of groups are, too.
 */
#include "lab/difference.h"

#include <stdlib.h>
#include <string.h>

struct find {
    uint64_t at;
    unsigned kind; /* of change, in the finder's own numbers */
};

struct kind {
    const char *key;
    bool is_log;
};

struct finds {
    struct pool *pool;
    unsigned n_kinds, kinds_room;
    struct kind *kind;
    uint64_t n, room;
    struct find *find;
};

static void *grow(void *old, size_t size, uint64_t room)
{
    void *p = realloc(old, size * room);

    BUG_ON(!p); /* out of memory ends the program, as in pool_alloc() */
    return p;
}

struct finds *finds_create(void)
{
    struct pool *pool = pool_create();
    struct finds *f = pool_alloc(pool, sizeof(*f));

    f->pool = pool;
    return f;
}

static unsigned kind_of(struct finds *f, const char *key, bool is_log)
{
    unsigned i = 0;

    while (i < f->n_kinds &&
           (f->kind[i].is_log != is_log || strcmp(f->kind[i].key, key) != 0))
        i++;
    if (i < f->n_kinds)
        return i;
    f->kind = pool_more(f->pool, f->kind, f->n_kinds, &f->kinds_room,
                        sizeof(*f->kind));
    f->kind[f->n_kinds] = (struct kind) { pool_strdup(f->pool, key), is_log };
    return f->n_kinds++;
}

void finds_add(struct finds *f, uint64_t at, const char *key, bool is_log)
{
    if (f->n == f->room) {
        f->room = f->room ? 2 * f->room : 1024;
        f->find = grow(f->find, sizeof(*f->find), f->room);
    }
    f->find[f->n++] = (struct find) { at, kind_of(f, key, is_log) };
}

static unsigned group_of(struct differences *all, const struct kind *k)
{
    unsigned i = 0;

    while (i < all->n_groups && (all->group[i].is_log != k->is_log ||
                                 strcmp(all->group[i].key, k->key) != 0))
        i++;
    if (i < all->n_groups)
        return i;
    all->group = pool_more(all->pool, all->group, all->n_groups,
                           &all->groups_room, sizeof(*all->group));
    all->group[all->n_groups] =
        (struct change_group) { .key = pool_strdup(all->pool, k->key),
                                .is_log = k->is_log };
    return all->n_groups++;
}

void finds_collect(struct finds *f, struct differences *all)
{
    unsigned *group = pool_alloc(f->pool, (f->n_kinds + 1) * sizeof(*group));

    for (unsigned i = 0; i < f->n_kinds; i++)
        group[i] = group_of(all, &f->kind[i]);
    if (all->n + f->n > all->room) {
        all->room = all->n + f->n;
        all->list = grow(all->list, sizeof(*all->list), all->room);
    }
    for (uint64_t i = 0; i < f->n; i++)
        all->list[all->n++] =
            (struct difference) { .at = f->find[i].at,
                                  .group = group[f->find[i].kind] };
    free(f->find);
    pool_destroy(f->pool);
}

static int by_place(const void *a, const void *b)
{
    const struct difference *x = a, *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

void differences_sort(struct differences *all)
{
    if (all->n)
        qsort(all->list, all->n, sizeof(*all->list), by_place);
}

void differences_clear(struct differences *all)
{
    free(all->list);
    all->list = NULL;
    all->n = all->room = 0;
}
