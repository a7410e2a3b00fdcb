/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/over_report.c - groups of runs, in words, the first that was met first.
 */
#include "lab/diff.h"
#include "lab/over.h"
#include "lab/words.h"

#include <string.h>

#define MAX_NAMES 12 /* of scenarios, in a report */

/* Runs of one scenario. */
struct member {
    const char *name;
    uint64_t runs;
};

struct cause_runs {
    uint64_t runs, example;
    unsigned n, room;
    struct member *member;
};

struct group_runs {
    uint64_t runs;
    struct cause_runs *cause; /* by the number of the cause */
};

struct telling {
    const struct over *o;
    struct over_run *run;
    struct err *e;
    struct group_runs *group; /* by the number of the group */
};

static void count(struct telling *t, const struct difference *d)
{
    struct pool *pool = t->o->pool;
    struct group_runs *g = &t->group[d->group];
    struct cause_runs *c = &g->cause[d->cause];
    const char *name = scenario_file_name(t->o->file[over_file(t->o, d->at)]);

    g->runs++;
    if (!c->runs++)
        c->example = d->at;
    if (!c->n || strcmp(c->member[c->n - 1].name, name) != 0) {
        c->member =
            pool_more(pool, c->member, c->n, &c->room, sizeof(*c->member));
        c->member[c->n++] = (struct member) { name, 0 };
    }
    c->member[c->n - 1].runs++;
}

static const char *members_text(struct pool *pool, const struct cause_runs *c)
{
    struct buf b = BUF_INIT;

    for (unsigned i = 0; i < c->n && i < MAX_NAMES; i++) {
        buf_printf(&b, "%s%s", i ? ", " : "", c->member[i].name);
        if (c->member[i].runs > 1)
            buf_printf(&b, " (%llu points)",
                       (unsigned long long)c->member[i].runs);
    }
    if (c->n > MAX_NAMES)
        buf_printf(&b, ", and %u more", c->n - MAX_NAMES);
    return words_taken(pool, &b);
}

static const char *example(const struct telling *t, uint64_t run)
{
    const struct scenario *s = over_run_scenario(t->run);

    if (over_take(t->o, t->run, run, t->e))
        return "";
    return pool_printf(t->o->pool, "%s%s%s", s->path, *s->point ? "  " : "",
                       s->point);
}

static struct report_cause cause_report(const struct telling *t,
                                        const struct cause *c,
                                        const struct cause_runs *runs)
{
    struct pool *pool = t->o->pool;
    struct report_places *p = pool_alloc(pool, sizeof(*p));

    *p = (struct report_places) { "", runs->runs, runs->n,
                                  members_text(pool, runs) };
    return (struct report_cause) {
        .count = runs->runs,
        .n_sets = c->sets.n,
        .set = report_sets(pool, t->o->q->between, &c->sets),
        .n_places = 1,
        .places = p,
        .where = "",
        .example = example(t, runs->example),
    };
}

static struct report_group group_report(const struct telling *t, unsigned i)
{
    const struct change_group *g = &t->o->found.group[i];
    struct pool *pool = t->o->pool;
    struct report_cause *causes =
        pool_alloc(pool, g->n_causes * sizeof(*causes));
    struct report_group out = { .count = t->group[i].runs,
                                .n_causes = g->n_causes,
                                .cause = causes };

    out.n_changes = change_list(pool, g->key, &out.change);
    for (unsigned k = 0; k < g->n_causes; k++)
        causes[k] = cause_report(t, &g->cause[k], &t->group[i].cause[k]);
    return out;
}

int over_report(const struct over *o, struct report_diff *out, struct err *e)
{
    const struct differences *found = &o->found;
    struct telling t = { .o = o, .run = over_run_create(o->q), .e = e };
    struct report_group *groups =
        pool_alloc(o->pool, (found->n_groups + 1) * sizeof(*groups));
    unsigned n = 0;

    t.group = pool_alloc(o->pool, (found->n_groups + 1) * sizeof(*t.group));
    for (unsigned i = 0; i < found->n_groups; i++)
        t.group[i].cause = pool_alloc(o->pool, found->group[i].n_causes *
                                                   sizeof(struct cause_runs));
    for (uint64_t i = 0; i < found->n; i++)
        count(&t, &found->list[i]);
    for (uint64_t i = 0; i < found->n; i++) {
        struct group_runs *g = &t.group[found->list[i].group];

        if (!g->cause)
            continue; /* told already */
        groups[n++] = group_report(&t, found->list[i].group);
        g->cause = NULL;
    }
    *out = (struct report_diff) {
        .from = o->q->between->from.name,
        .to = o->q->between->to.name,
        .over = pool_printf(o->pool, "%u scenarios", o->n_files),
        .noun_one = "run",
        .noun = "runs",
        .place = "",
        .place_one = "scenario",
        .place_many = "scenarios",
        .compared = o->compared,
        .differ = found->n,
        .n_groups = found->n_groups,
        .group = groups,
    };
    over_run_destroy(t.run);
    return e->set ? -1 : 0;
}
