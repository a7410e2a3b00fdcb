/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/ask.c - a scenario lived through and judged. */
#include "lab/ask.h"

#include "timing.h"
#include "trace.h"

struct asker {
    struct trace trace;
    struct rig *rig;
};

struct asker *asker_create(struct pool *pool)
{
    struct asker *a = pool_alloc(pool, sizeof(*a));

    trace_init(&a->trace, pool);
    a->rig = rig_create(pool, &a->trace);
    return a;
}

struct judge *lab_judge(struct pool *pool, const struct scenario *s)
{
    unsigned n = s->config.n_steps;
    const char **ids = pool_alloc(pool, (n + 1) * sizeof(*ids));
    unsigned *sizes = pool_alloc(pool, (n + 1) * sizeof(*sizes));

    for (unsigned i = 0; i < n; i++) {
        ids[i] = s->config.steps[i].id;
        sizes[i] = s->config.steps[i].size;
    }
    return judge_create(pool, &s->expect, n, ids, sizes);
}

static int live(struct asker *a, struct pool *pool, const struct scenario *s,
                bool cycles, bool reasons, struct lab_answer *out,
                struct err *e)
{
    struct judge *judge = lab_judge(pool, s);
    struct run_config config = s->config;
    struct trace_interest wants;

    config.onlooker =
        (struct run_onlooker) { invariants_meet, judge_invariants(judge) };
    trace_init(&a->trace, pool);
    if (cycles)
        trace_set_clock(&a->trace, clock_price, clock_create(pool, &s->cost));
    judge_interest(judge, reasons, &wants);
    trace_add_listener(&a->trace, judge_sink, judge, &wants);
    if (rig_run(a->rig, &config, e))
        return -1;
    out->n_verdicts = judge_finish(judge, &out->verdicts);
    out->judge = judge;
    out->cycles = cycles;
    out->counts = verdict_count(out->verdicts, out->n_verdicts);
    return 0;
}

int asker_ask(struct asker *a, struct pool *pool, const struct scenario *s,
              bool cycles, struct lab_answer *out, struct err *e)
{
    if (live(a, pool, s, cycles, false, out, e))
        return -1;
    return out->counts.failed ? live(a, pool, s, cycles, true, out, e) : 0;
}

const struct judge *asker_live(struct asker *a, struct pool *pool,
                               const struct scenario *s, bool reasons,
                               struct err *e)
{
    struct lab_answer answer;

    return live(a, pool, s, false, reasons, &answer, e) ? NULL : answer.judge;
}
