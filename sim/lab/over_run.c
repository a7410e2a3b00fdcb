/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/over_run.c - one run under two kernels: facts, and how steps ended. */
#include "lab/ask.h"
#include "lab/over.h"

#include <string.h>

struct over_run {
    const struct lab_over *q;
    struct pool *pool, *scratch, *trial;
    struct asker *asker;
    struct scenario s;
    unsigned n_outcomes;
    const struct outcome *outcome;
    const char **wanted; /* of each outcome, or NULL: not compared */
    bool *wants_mask;
};

struct over_run *over_run_create(const struct lab_over *q)
{
    struct pool *pool = pool_create();
    struct over_run *r = pool_alloc(pool, sizeof(*r));

    r->q = q;
    r->pool = pool;
    r->scratch = pool_create();
    r->trial = pool_create();
    r->asker = asker_create(pool);
    return r;
}

void over_run_destroy(struct over_run *r)
{
    pool_destroy(r->trial);
    pool_destroy(r->scratch);
    pool_destroy(r->pool);
}

int over_run_take(struct over_run *r, struct scenario_file *f, uint64_t point,
                  struct err *e)
{
    int ret;

    pool_reset(r->scratch);
    ret = scenario_file_point(f, r->scratch, point, &r->s, e);
    r->s.expect = (struct expectations) { 0 };
    return ret;
}

const struct scenario *over_run_scenario(const struct over_run *r)
{
    return &r->s;
}

/* ---- what is compared ---- */

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

bool over_compares(const struct lab_over *q, const struct outcome *o)
{
    for (unsigned i = 0; i < q->n_names; i++)
        if (strcmp(q->names[i], o->name) == 0 ||
            (o->of_step && strcmp(q->names[i], o->property) == 0))
            return true;
    return q->n_names == 0 && is_told(o);
}

/* Masks of a kernel differ from one CPU to the next; a group is made by what
 * kind of change it was. */
static bool is_mask(const struct outcome *o, const struct outcome_value *v)
{
    return !o->of_step && v->known && v->value.kind == VALUE_NUMBER &&
           v->value.number > UINT32_MAX;
}

/* ---- living through it ---- */

/* The judge, until the next life; NULL with @e set. */
static const struct judge *live(struct over_run *r,
                                const struct kernel_model *k, struct err *e)
{
    pool_reset(r->trial);
    r->s.config.kernel = *k;
    return asker_live(r->asker, r->trial, &r->s, false, e);
}

int over_run_want(struct over_run *r, struct err *e)
{
    const struct judge *judge = live(r, &r->q->between->to, e);

    if (!judge)
        return -1;
    r->n_outcomes = lab_outcomes(r->scratch, &r->s, &r->outcome);
    r->wanted = pool_alloc(r->scratch, r->n_outcomes * sizeof(*r->wanted));
    r->wants_mask = pool_alloc(r->scratch, r->n_outcomes);
    for (unsigned i = 0; i < r->n_outcomes; i++) {
        const struct outcome *o = &r->outcome[i];
        struct outcome_value v;

        if (!over_compares(r->q, o))
            continue;
        v = judge_outcome(judge, r->trial, o);
        r->wanted[i] = pool_strdup(r->scratch, v.text);
        r->wants_mask[i] = is_mask(o, &v);
    }
    return 0;
}

int over_run_change(struct over_run *r, struct buf *key, struct err *e)
{
    const struct judge *judge = live(r, &r->q->between->from, e);

    if (!judge)
        return -1;
    for (unsigned i = 0; i < r->n_outcomes; i++) {
        const struct outcome *o = &r->outcome[i];
        bool was, is = r->wants_mask[i];
        struct outcome_value v;

        if (!r->wanted[i])
            continue;
        v = judge_outcome(judge, r->trial, o);
        if (strcmp(v.text, r->wanted[i]) == 0)
            continue;
        was = is_mask(o, &v);
        buf_printf(key, "%s=%s>%s;", o->name, was ? "bits" : v.text,
                   was && is ? "other bits"
                   : is      ? "bits"
                             : r->wanted[i]);
    }
    return 0;
}

bool over_run_holds(void *run, const struct kernel_model *k)
{
    struct over_run *r = run;
    struct err e = { 0 };
    const struct judge *judge = live(r, k, &e);
    bool same = judge != NULL;

    for (unsigned i = 0; i < r->n_outcomes && same; i++)
        same = !r->wanted[i] ||
               strcmp(judge_outcome(judge, r->trial, &r->outcome[i]).text,
                      r->wanted[i]) == 0;
    return same;
}
