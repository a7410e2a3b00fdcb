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
    const struct outcome *list;
    unsigned n = lab_outcomes(pool, s, &list);

    return judge_outcome_find(list, n, name, (struct mark) { .file = s->path },
                              e);
}
