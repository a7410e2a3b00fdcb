/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/over.c - two kernels, every run of some scenarios: where do they differ?
 *
 * As in diff.c, but a member of a group is a run, and what is compared is what
 * came of it: facts, and how each step ended.
 */
#include "lab/ask.h"
#include "lab/diff.h"
#include "load.h"

#include <string.h>

#define MAX_NAMES 12 /* of scenarios, in a report */

/* Runs of one scenario. */
struct member {
    const char *name;
    uint64_t runs;
};

struct over_cause {
    struct lab_sets sets;
    struct kernel_model *hybrid;
    uint64_t runs;
    unsigned n_members, room;
    struct member *member;
    const char *example;
};

struct over_group {
    const char *key;
    uint64_t runs;
    unsigned n_causes, room;
    struct over_cause *cause;
};

struct comparing {
    struct pool *pool, *scratch, *trial;
    const struct lab_over *q;
    struct asker *asker;
    struct err *e;
    bool *known; /* q->names that some run has */
    unsigned n_groups, room;
    struct over_group *group;
    uint64_t runs, differ;
    unsigned n_files; /* with a kernel */
    /* The run at work. */
    struct scenario s;
    unsigned n_outcomes;
    const struct outcome *outcome;
    const char **wanted; /* what the second kernel makes of each, or NULL */
    bool *wants_mask;
};

/* ---- what is compared ------------------------------------------------------
 */

static bool is_told(const struct outcome *o)
{
    static const char *const properties[] = { "outcome", "value", "error_code",
                                              "cr2" };

    if (!o->of_step)
        return true;
    for (unsigned i = 0; i < ARRAY_SIZE(properties); i++)
        if (strcmp(o->property, properties[i]) == 0)
            return true;
    return false;
}

/* "hpet.outcome", or "outcome" for that of every step. */
static bool is_asked(struct comparing *c, const struct outcome *o)
{
    bool asked = c->q->n_names == 0 && is_told(o);

    for (unsigned i = 0; i < c->q->n_names; i++) {
        const char *name = c->q->names[i];

        if (strcmp(name, o->name) == 0 ||
            (o->of_step && strcmp(name, o->property) == 0))
            asked = c->known[i] = true;
    }
    return asked;
}

static const struct judge *live(struct comparing *c, struct pool *pool,
                                const struct kernel_model *k)
{
    c->s.config.kernel = *k;
    return asker_live(c->asker, pool, &c->s, false, c->e);
}

static bool holds(void *ctx, const struct kernel_model *k)
{
    struct comparing *c = ctx;
    const struct judge *judge;
    bool same;

    pool_reset(c->trial);
    judge = live(c, c->trial, k);
    same = judge != NULL;
    for (unsigned i = 0; i < c->n_outcomes && same; i++)
        same = !c->wanted[i] ||
               strcmp(judge_outcome(judge, c->trial, &c->outcome[i]).text,
                      c->wanted[i]) == 0;
    return same;
}

/* Masks of a kernel differ from one CPU to the next; a group is made by what
 * kind of change it was. */
static bool is_mask(const struct outcome *o, const struct outcome_value *v)
{
    return !o->of_step && v->known && v->value.kind == VALUE_NUMBER &&
           v->value.number > UINT32_MAX;
}

static void want(struct comparing *c, unsigned i, struct outcome_value v)
{
    c->wanted[i] = pool_strdup(c->scratch, v.text);
    c->wants_mask[i] = is_mask(&c->outcome[i], &v);
}

static void add_change(struct comparing *c, struct buf *key, unsigned i,
                       const struct outcome_value *from)
{
    const struct outcome *o = &c->outcome[i];
    bool was = is_mask(o, from), is = c->wants_mask[i];

    buf_printf(key, "%s=%s>%s;", o->name, was ? "bits" : from->text,
               was && is ? "other bits"
               : is      ? "bits"
                         : c->wanted[i]);
}

/* What differs, as change_list() reads it; fills c->wanted. */
static int change_of_run(struct comparing *c, struct buf *key)
{
    const struct judge *from, *to = NULL;

    c->n_outcomes = lab_outcomes(c->scratch, &c->s, &c->outcome);
    c->wanted = pool_alloc(c->scratch, c->n_outcomes * sizeof(*c->wanted));
    c->wants_mask = pool_alloc(c->scratch, c->n_outcomes);
    pool_reset(c->trial);
    to = live(c, c->trial, &c->q->between->to);
    if (!to)
        return -1;
    for (unsigned i = 0; i < c->n_outcomes; i++)
        if (is_asked(c, &c->outcome[i]))
            want(c, i, judge_outcome(to, c->trial, &c->outcome[i]));
    from = live(c, c->trial, &c->q->between->from);
    if (!from)
        return -1;
    for (unsigned i = 0; i < c->n_outcomes; i++) {
        struct outcome_value is;

        if (!c->wanted[i])
            continue;
        is = judge_outcome(from, c->trial, &c->outcome[i]);
        if (strcmp(is.text, c->wanted[i]) != 0)
            add_change(c, key, i, &is);
    }
    return 0;
}

/* ---- groups and causes ------------------------------------------------------
 */

static void *one_more(struct pool *pool, void *list, unsigned n, unsigned *room,
                      size_t size)
{
    void *more;

    if (n < *room)
        return list;
    *room = *room ? 2 * *room : 8;
    more = pool_alloc(pool, *room * size);
    if (n)
        memcpy(more, list, n * size);
    return more;
}

static struct over_group *group_of(struct comparing *c, const char *key)
{
    for (unsigned i = 0; i < c->n_groups; i++)
        if (strcmp(c->group[i].key, key) == 0)
            return &c->group[i];
    c->group =
        one_more(c->pool, c->group, c->n_groups, &c->room, sizeof(*c->group));
    c->group[c->n_groups] =
        (struct over_group) { .key = pool_strdup(c->pool, key) };
    return &c->group[c->n_groups++];
}

static bool explains(struct comparing *c, const struct over_cause *cause)
{
    for (unsigned i = 0; i < cause->sets.n; i++)
        if (!holds(c, &cause->hybrid[i]))
            return false;
    return cause->sets.n > 0;
}

static struct over_cause *cause_of(struct comparing *c, struct over_group *g)
{
    const struct lab_decisions *between = c->q->between;
    struct over_cause *cause;

    for (unsigned i = 0; i < g->n_causes; i++)
        if (explains(c, &g->cause[i]))
            return &g->cause[i];
    g->cause =
        one_more(c->pool, g->cause, g->n_causes, &g->room, sizeof(*g->cause));
    cause = &g->cause[g->n_causes++];
    *cause =
        (struct over_cause) { .sets = lab_explain(c->pool, between, holds, c) };
    cause->hybrid =
        pool_alloc(c->pool, (cause->sets.n + 1) * sizeof(*cause->hybrid));
    for (unsigned i = 0; i < cause->sets.n; i++)
        lab_hybrid(between, &cause->sets.set[i], &cause->hybrid[i]);
    cause->example = pool_printf(c->pool, "%s%s%s", c->s.path,
                                 *c->s.point ? "  " : "", c->s.point);
    return cause;
}

static void count(struct comparing *c, struct over_cause *cause)
{
    unsigned n = cause->n_members;

    cause->runs++;
    if (!n || strcmp(cause->member[n - 1].name, c->s.name) != 0) {
        cause->member = one_more(c->pool, cause->member, n, &cause->room,
                                 sizeof(*cause->member));
        cause->member[cause->n_members++] =
            (struct member) { pool_strdup(c->pool, c->s.name), 0 };
    }
    cause->member[cause->n_members - 1].runs++;
}

static int compare_run(struct comparing *c)
{
    struct buf key = BUF_INIT;
    int ret = change_of_run(c, &key);

    c->runs++;
    if (!ret && key.len) {
        struct over_group *g = group_of(c, key.data);

        c->differ++;
        g->runs++;
        count(c, cause_of(c, g));
    }
    buf_free(&key);
    return ret;
}

/* 1 = on bare hardware there is no kernel to compare, -1 = error. */
static int load_file(struct comparing *c, struct pool *pool, const char *path,
                     struct scenario_file **f)
{
    struct setting kernel = { "kernel.model", c->q->between->from.name };

    if (scenario_file_load(pool, c->q->catalog, path, NULL, 0, f, c->e))
        return -1;
    return scenario_file_is_bare(*f)
               ? 1
               : scenario_file_load(pool, c->q->catalog, path, &kernel, 1, f,
                                    c->e);
}

static int compare_file(struct comparing *c, const char *path)
{
    struct pool *file_pool = pool_create();
    struct scenario_file *f;
    int ret = load_file(c, file_pool, path, &f);

    if (ret == 1) {
        pool_destroy(file_pool);
        return 0;
    }
    c->n_files += ret == 0;
    for (uint64_t i = 0; ret >= 0 && i < scenario_file_points(f); i++) {
        pool_reset(c->scratch);
        ret = scenario_file_point(f, c->scratch, i, &c->s, c->e);
        c->s.expect = (struct expectations) { 0 };
        if (ret == 0)
            ret = compare_run(c);
        if (c->q->tick)
            c->q->tick(c->q->tick_ctx, c->runs);
    }
    pool_destroy(file_pool);
    return ret < 0 ? -1 : 0;
}

/* ---- the report -------------------------------------------------------------
 */

static const char *members_text(struct pool *pool, const struct over_cause *c)
{
    struct buf b = BUF_INIT;
    const char *text;

    for (unsigned i = 0; i < c->n_members && i < MAX_NAMES; i++) {
        buf_printf(&b, "%s%s", i ? ", " : "", c->member[i].name);
        if (c->member[i].runs > 1)
            buf_printf(&b, " (%llu points)",
                       (unsigned long long)c->member[i].runs);
    }
    if (c->n_members > MAX_NAMES)
        buf_printf(&b, ", and %u more", c->n_members - MAX_NAMES);
    text = pool_strdup(pool, b.data);
    buf_free(&b);
    return text;
}

static struct report_group group_report(const struct comparing *c,
                                        const struct over_group *g)
{
    struct report_cause *causes =
        pool_alloc(c->pool, g->n_causes * sizeof(*causes));
    struct report_group out = { .count = g->runs,
                                .n_causes = g->n_causes,
                                .cause = causes };

    out.n_changes = change_list(c->pool, g->key, &out.change);
    for (unsigned i = 0; i < g->n_causes; i++) {
        const struct over_cause *from = &g->cause[i];
        struct report_places *p = pool_alloc(c->pool, sizeof(*p));

        *p = (struct report_places) { "", from->runs, from->n_members,
                                      members_text(c->pool, from) };
        causes[i] = (struct report_cause) {
            .count = from->runs,
            .n_sets = from->sets.n,
            .set = report_sets(c->pool, c->q->between, &from->sets),
            .n_places = 1,
            .places = p,
            .where = "",
            .example = from->example,
        };
    }
    return out;
}

static int report(struct comparing *c, struct report_diff *out)
{
    struct report_group *groups =
        pool_alloc(c->pool, (c->n_groups + 1) * sizeof(*groups));

    for (unsigned i = 0; i < c->q->n_names; i++)
        if (!c->known[i]) /* says so, for no run has it */
            return judge_outcome_find(c->outcome, c->n_outcomes, c->q->names[i],
                                      (struct mark) { .file = "--facts" }, c->e)
                       ? 0
                       : -1;
    for (unsigned i = 0; i < c->n_groups; i++)
        groups[i] = group_report(c, &c->group[i]);
    *out = (struct report_diff) {
        .from = c->q->between->from.name,
        .to = c->q->between->to.name,
        .over = pool_printf(c->pool, "%u scenarios", c->n_files),
        .noun_one = "run",
        .noun = "runs",
        .place = "",
        .place_one = "scenario",
        .place_many = "scenarios",
        .compared = c->runs,
        .differ = c->differ,
        .n_groups = c->n_groups,
        .group = groups,
    };
    return 0;
}

int lab_diff_over(struct pool *pool, const struct lab_over *q,
                  struct report_diff *out, struct err *e)
{
    struct comparing c = { .pool = pool,
                           .scratch = pool_create(),
                           .trial = pool_create(),
                           .q = q,
                           .asker = asker_create(pool),
                           .e = e };
    int ret = 0;

    c.known = pool_alloc(pool, q->n_names + 1);
    for (unsigned i = 0; i < q->n_files && !ret; i++)
        ret = compare_file(&c, q->files[i]);
    if (!ret)
        ret = report(&c, out);
    pool_destroy(c.trial);
    pool_destroy(c.scratch);
    return ret;
}
