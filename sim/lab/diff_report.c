/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/diff_report.c - groups and causes in words. */
#include "lab/diff.h"
#include "lab/words.h"

/* Products of values that a description has at most. */
#define MAX_TERMS 12

const struct report_set *report_sets(struct pool *pool,
                                     const struct lab_decisions *d,
                                     const struct lab_sets *sets)
{
    struct report_set *out = pool_alloc(pool, (sets->n + 1) * sizeof(*out));

    for (unsigned i = 0; i < sets->n; i++) {
        const struct lab_set *set = &sets->set[i];
        struct report_decision *list = pool_alloc(pool, set->n * sizeof(*list));

        for (unsigned k = 0; k < set->n; k++) {
            const struct lab_decision *from = &d->d[set->d[k]];

            list[k] = (struct report_decision) { from->key, from->change,
                                                 from->kernel, from->because,
                                                 from->undone };
        }
        out[i] = (struct report_set) { set->n, list };
    }
    return out;
}

static bool is_place(const struct diffing *d, unsigned axis)
{
    for (unsigned i = 0; i < d->n_place; i++)
        if (d->place[i] == axis)
            return true;
    return false;
}

/* Axes that are no part of a place and have one value in all members. */
static const char *where(const struct diffing *d, const struct cause_members *c)
{
    const struct lab_space *s = d->q->space;
    struct buf b = BUF_INIT;

    for (unsigned a = 0; a < s->n_axes; a++) {
        const struct lab_axis *axis = &s->axes[a];
        unsigned n = 0, last = 0;

        for (unsigned i = 0; i < axis->n_values; i++) {
            n += c->with[a][i].count != 0;
            last = c->with[a][i].count ? i : last;
        }
        if (n != 1 || axis->n_values == 1 || is_place(d, a))
            continue;
        for (unsigned k = 0; k < axis->n_inputs; k++)
            words_input(&b, axis->input[k], axis->values[last][k]);
    }
    return words_taken(d->pool, &b);
}

static const char *example(const struct diffing *d,
                           const struct cause_members *c)
{
    const struct lab_space *s = d->q->space;
    struct policy_host host;
    struct buf b = BUF_INIT;

    lab_space_host(s, c->example, &host);
    for (unsigned a = 0; a < s->n_axes; a++)
        for (unsigned k = 0; k < s->axes[a].n_inputs; k++)
            words_input(&b, s->axes[a].input[k], host.v[s->axes[a].input[k]]);
    return words_taken(d->pool, &b);
}

/* Places of the members with one value, all values of an axis together. */
static uint64_t split_size(const struct lab_axis *axis,
                           const struct members *with)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < axis->n_values; i++)
        if (with[i].count)
            n += lab_cluster_size(with[i].places);
    return n;
}

/* The axis whose values tell places apart best, n_axes: none does. An axis
 * that tells nothing has every place once for each of its values. */
static unsigned best_split(const struct diffing *d,
                           const struct cause_members *c)
{
    const struct lab_space *s = d->q->space;
    unsigned best = s->n_axes;
    uint64_t least = 0;

    for (unsigned a = 0; a < s->n_axes && c->places; a++) {
        unsigned n = 0;
        uint64_t size;

        if (is_place(d, a) || !c->with[a][0].places)
            continue;
        for (unsigned i = 0; i < s->axes[a].n_values; i++)
            n += c->with[a][i].count != 0;
        size = split_size(&s->axes[a], c->with[a]);
        if (size == (uint64_t)n * lab_cluster_size(c->places))
            continue;
        if (best == s->n_axes || size < least) {
            best = a;
            least = size;
        }
    }
    return best;
}

static struct report_places places_report(const struct diffing *d,
                                          const char *when, uint64_t count,
                                          const struct lab_cluster *places)
{
    struct report_places out = { when, count, 0, "" };
    struct buf b = BUF_INIT;

    if (!places)
        return out;
    lab_cluster_describe(places, MAX_TERMS, &b);
    out.n = lab_cluster_size(places);
    out.text = words_taken(d->pool, &b);
    return out;
}

static void all_places(const struct diffing *d, const struct cause_members *c,
                       struct report_cause *out)
{
    const struct lab_space *s = d->q->space;
    unsigned split = best_split(d, c), n = 0;
    const struct lab_axis *axis = &s->axes[split];
    struct report_places *list = pool_alloc(
        d->pool, (split < s->n_axes ? axis->n_values : 1) * sizeof(*list));

    if (split == s->n_axes)
        list[n++] = places_report(d, "", c->count, c->places);
    for (unsigned i = 0; split < s->n_axes && i < axis->n_values; i++) {
        const struct members *m = &c->with[split][i];
        struct buf when = BUF_INIT;

        if (!m->count)
            continue;
        for (unsigned k = 0; k < axis->n_inputs; k++)
            words_input(&when, axis->input[k], axis->values[i][k]);
        list[n++] =
            places_report(d, words_taken(d->pool, &when), m->count, m->places);
    }
    out->n_places = n;
    out->places = list;
}

static struct report_cause cause_report(const struct diffing *d,
                                        const struct cause_members *c)
{
    struct report_cause out = { .count = c->count,
                                .n_sets = c->sets.n,
                                .where = where(d, c),
                                .example = example(d, c) };

    if (c->sets.n)
        out.set = report_sets(d->pool, d->q->between, &c->sets);
    all_places(d, c, &out);
    return out;
}

static struct report_group group_report(const struct diffing *d,
                                        const struct group_members *g)
{
    struct report_cause *causes =
        pool_alloc(d->pool, (g->n_causes + 1) * sizeof(*causes));
    struct report_group out = { .is_log = g->is_log,
                                .count = g->count,
                                .n_causes = g->n_causes,
                                .cause = causes };

    out.n_changes = change_list(d->pool, g->key, &out.change);
    for (unsigned i = 0; i < g->n_causes; i++)
        causes[i] = cause_report(d, &g->cause[i]);
    return out;
}

void diff_report(const struct diffing *d, struct report_diff *out)
{
    struct report_group *groups =
        pool_alloc(d->pool, (d->n_groups + 1) * sizeof(*groups));

    for (unsigned i = 0; i < d->n_groups; i++)
        groups[i] = group_report(d, &d->group[i]);
    *out = (struct report_diff) {
        .from = d->q->from->name,
        .to = d->q->text
                  ? pool_printf(d->pool, "text of %s", d->q->text->version)
                  : d->q->between->to.name,
        .over = words_space(d->pool, d->q->space),
        .noun_one = "configuration",
        .noun = "configurations",
        .place = words_place(d->pool, d->q->space, d->place, d->n_place),
        .place_one = "geometry",
        .place_many = "geometries",
        .compared = lab_space_points(d->q->space),
        .differ = d->differ[0],
        .differ_in_log = d->differ[1],
        .n_groups = d->n_groups,
        .group = groups,
    };
}
