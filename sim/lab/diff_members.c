/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/diff_members.c - how many hosts each cause has, where, and one of them.
 */
#include "lab/diff.h"

/* Places are told apart by the values of an axis that has as many. */
#define MAX_SPLIT 8

static struct lab_cluster *places(struct diffing *d)
{
    if (!d->n_place)
        return NULL;
    return lab_cluster_create(d->pool, d->q->space, d->place, d->n_place);
}

static void add_group(struct diffing *d)
{
    const struct change_group *g = &d->found.group[d->n_groups];

    d->group =
        pool_more(d->pool, d->group, d->n_groups, &d->room, sizeof(*d->group));
    d->group[d->n_groups++] =
        (struct group_members) { .key = g->key, .is_log = g->is_log };
}

static void add_cause(struct diffing *d, struct group_members *g,
                      const struct cause *cause)
{
    const struct lab_space *s = d->q->space;
    struct cause_members *c;

    g->cause =
        pool_more(d->pool, g->cause, g->n_causes, &g->room, sizeof(*g->cause));
    c = &g->cause[g->n_causes++];
    c->sets = cause ? cause->sets : (struct lab_sets) { 0 };
    c->places = places(d);
    c->with = pool_alloc(d->pool, (s->n_axes + 1) * sizeof(*c->with));
    for (unsigned i = 0; i < s->n_axes; i++) {
        unsigned n = s->axes[i].n_values;

        c->with[i] = pool_alloc(d->pool, n * sizeof(**c->with));
        for (unsigned k = 0; k < n && n <= MAX_SPLIT && c->places; k++)
            c->with[i][k].places = places(d);
    }
}

/* Where nothing could be tried out a group has one cause, which is unknown. */
static void make_room(struct diffing *d)
{
    while (d->n_groups < d->found.n_groups)
        add_group(d);
    for (unsigned i = 0; i < d->n_groups; i++) {
        const struct change_group *from = &d->found.group[i];
        struct group_members *g = &d->group[i];

        while (g->n_causes < from->n_causes)
            add_cause(d, g, &from->cause[g->n_causes]);
        if (!g->n_causes)
            add_cause(d, g, NULL);
    }
}

static void count(struct diffing *d, const struct difference *x)
{
    const struct lab_space *s = d->q->space;
    struct group_members *g = &d->group[x->group];
    struct cause_members *c = &g->cause[x->cause];
    uint64_t rest = x->at;
    unsigned oddity = 0;

    for (unsigned a = s->n_axes; a-- > 0;) {
        const struct lab_axis *axis = &s->axes[a];
        unsigned at = (unsigned)(rest % axis->n_values);

        rest /= axis->n_values;
        c->with[a][at].count++;
        if (c->with[a][at].places)
            lab_cluster_add(c->with[a][at].places, x->at);
        for (unsigned k = 0; k < axis->n_inputs; k++)
            oddity += axis->values[at][k] != s->base.v[axis->input[k]];
    }
    if (!c->count++ || oddity < c->example_oddity) {
        c->example = x->at;
        c->example_oddity = oddity;
    }
    if (c->places)
        lab_cluster_add(c->places, x->at);
    g->count++;
    d->differ[g->is_log]++;
}

void count_members(struct diffing *d)
{
    make_room(d);
    for (uint64_t i = 0; i < d->found.n; i++)
        count(d, &d->found.list[i]);
}
