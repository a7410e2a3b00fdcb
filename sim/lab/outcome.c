/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/outcome.c - what can be asked of a scenario. */
#include "lab.h"
#include "load.h"

unsigned lab_outcomes(struct pool *pool, const struct scenario *s,
                      const struct outcome **out)
{
    unsigned n = s->config.n_steps;
    const char **ids = pool_alloc(pool, (n + 1) * sizeof(*ids));

    for (unsigned i = 0; i < n; i++)
        ids[i] = s->config.steps[i].id;
    return judge_outcomes(pool, n, ids, out);
}

const struct outcome *lab_outcome(struct pool *pool, const struct scenario *s,
                                  const char *name, struct err *e)
{
    struct mark at = { .file = s->path };
    const struct outcome *list, *o;
    unsigned n = lab_outcomes(pool, s, &list);

    o = judge_outcome_find(list, n, name, at, e);
    if (!o || !s->config.is_bare || o->of_step ||
        fact_table[o->fact].event == EV_cpu)
        return o;
    err_at(e, at, "%s: there is no KVM on bare hardware", name);
    err_hint(e, "STEP.outcome, STEP.value: nptsim list facts");
    return NULL;
}
