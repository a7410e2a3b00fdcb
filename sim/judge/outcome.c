/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/outcome.c - facts and properties of steps, by the names that
 * expectations use: "kvm.sev_es", "hpet.outcome".
 */
#include "judge/parts.h"

#include <string.h>

/* ---- names ----------------------------------------------------------------
 */

unsigned judge_outcomes(struct pool *pool, unsigned n_steps,
                        const char *const *ids, const struct outcome **out)
{
    unsigned n = 0;
    struct outcome *list = pool_alloc(
        pool, (n_facts + n_steps * n_step_properties) * sizeof(*list));

    for (unsigned i = 0; i < n_facts; i++)
        list[n++] = (struct outcome) { .name = fact_table[i].name,
                                       .kind = fact_table[i].kind,
                                       .fact = i };
    for (unsigned i = 0; i < n_steps; i++)
        for (unsigned k = 0; k < n_step_properties; k++)
            list[n++] = (struct outcome) {
                .name = pool_printf(pool, "%s.%s", ids[i],
                                    step_property_table[k].name),
                .kind = step_property_table[k].kind,
                .of_step = true,
                .step = i,
                .property = step_property_table[k].name,
            };
    *out = list;
    return n;
}

const struct outcome *judge_outcome_find(const struct outcome *list, unsigned n,
                                         const char *name, struct mark at,
                                         struct err *e)
{
    struct pool *scratch;
    const char **names;

    for (unsigned i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    scratch = pool_create();
    names = pool_alloc(scratch, n * sizeof(*names));
    for (unsigned i = 0; i < n; i++)
        names[i] = list[i].name;
    err_at(e, at, "unknown fact '%.60s'", name);
    err_suggest(e, name, names, n);
    err_hint(e, "kvm.sev_es, vm.create, STEP.outcome: nptsim list facts");
    pool_destroy(scratch);
    return NULL;
}

/* ---- values ---------------------------------------------------------------
 */

/* What the number of a fact looks like. */
static enum field_kind fact_kind(unsigned fact)
{
    const struct fact_desc *f = &fact_table[fact];

    return event_table[f->event]
        .fields[event_field_find(f->event, f->field)]
        .kind;
}

static struct outcome_value value_of_fact(const struct judge *j,
                                          struct pool *pool, unsigned fact)
{
    struct fact_value f = judge_fact(j, fact);
    struct outcome_value v = { f.known, f.value, "none", f.reason };

    if (f.known)
        v.text = value_text(pool, &f.value, fact_kind(fact));
    return v;
}

static struct outcome_value
value_of_step(const struct judge *j, struct pool *pool, const struct outcome *o)
{
    const struct step_report *steps;
    struct outcome_value v = { .text = "none" };
    enum field_kind kind;

    BUG_ON(o->step >= judge_steps(j, &steps));
    v.reason = steps[o->step].reason;
    if (strcmp(o->property, "npf") == 0) {
        v.known = true;
        v.value.kind = VALUE_TEXT;
        v.text = v.value.text = step_npf_text(pool, &steps[o->step]);
        return v;
    }
    v.known = step_value(&steps[o->step], o->property, &v.value, &kind);
    if (v.known)
        v.text = value_text(pool, &v.value, kind);
    return v;
}

struct outcome_value judge_outcome(const struct judge *j, struct pool *pool,
                                   const struct outcome *o)
{
    return o->of_step ? value_of_step(j, pool, o)
                      : value_of_fact(j, pool, o->fact);
}
