/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/whynot_try.c - one changed configuration, tried out.
 *
 * What is settled when the modules are loaded needs no VM; everything else is
 * lived through. Nobody computes what a change would do.
 */
#include "lab/whynot.h"

#include "trace.h"

#include <string.h>

struct trier {
    const struct lab_whynot *q;
    struct pool *scratch;
    struct trace trace;
    struct judge *judge;
    uint64_t story;
    bool only_load;
    struct cpu *cpu; /* only_load */
    struct kvm_module module;
    struct rig *rig; /* otherwise */
};

/* ---- what was said ---- */

/* On bare hardware there is only the CPU to listen to. */
static bool is_of_story(enum event_id id, bool bare)
{
    if (bare &&
        (id == EV_npf || id == EV_pf || id == EV_vc || id == EV_vmexit ||
         id == EV_vmrun_invalid || event_table[id].actor == ACTOR_BARE))
        return true;
    return event_table[id].actor == ACTOR_KVM ||
           event_table[id].actor == ACTOR_VMM || id == EV_hang ||
           id == EV_step_done;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    return (h ^ v) * 0x100000001b3ULL + (h >> 47);
}

static void story_sink(void *ctx, const struct event *ev)
{
    struct trier *t = ctx;
    const struct event_desc *d = &event_table[ev->id];

    t->story = mix(t->story, ev->id);
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (d->fields[i].kind != KIND_STR) {
            t->story = mix(t->story, ev->fields[i]);
            continue;
        }
        for (const char *s = event_str(ev, i); *s; s++)
            t->story = mix(t->story, (unsigned char)*s);
    }
}

/* ---- one machine after the other ---- */

static struct judge *make_judge(struct pool *pool, const struct scenario *s,
                                bool steps)
{
    static const struct expectations none;
    unsigned n = steps ? s->config.n_steps : 0;
    const char **ids = pool_alloc(pool, (n + 1) * sizeof(*ids));
    unsigned *sizes = pool_alloc(pool, (n + 1) * sizeof(*sizes));

    for (unsigned i = 0; i < n; i++) {
        ids[i] = s->config.steps[i].id;
        sizes[i] = s->config.steps[i].size;
    }
    return judge_create(pool, &none, n, ids, sizes);
}

struct trier *trier_create(struct pool *pool, const struct lab_whynot *q)
{
    struct trier *t = pool_alloc(pool, sizeof(*t));
    struct trace_interest wants, story = { .texts = false };

    t->q = q;
    t->scratch = pool_child(pool);
    t->only_load = !q->outcome->of_step &&
                   fact_table[q->outcome->fact].event == EV_kvm_loaded;
    t->judge = make_judge(pool, q->base, !t->only_load);
    trace_init(&t->trace, pool);
    judge_interest(t->judge, false, &wants);
    trace_add_listener(&t->trace, judge_sink, t->judge, &wants);
    for (unsigned i = 0; i < N_EVENTS; i++)
        story.event[i] = is_of_story((enum event_id)i, q->base->config.is_bare);
    trace_add_listener(&t->trace, story_sink, t, &story);
    if (t->only_load)
        t->cpu = cpu_create(pool, &q->base->config.cpu, NULL);
    else
        t->rig = rig_create(pool, &t->trace);
    return t;
}

static bool live(struct trier *t, const struct run_config *config)
{
    const struct verdict *none;
    struct err e = { 0 };

    judge_reset(t->judge);
    t->story = 0;
    if (t->only_load) {
        struct wire wire = cpu_wire(t->cpu);

        trace_restart(&t->trace, t->scratch);
        cpu_reset(t->cpu, &config->cpu);
        kvm_module_load(&t->module, &wire, &config->kernel, &config->params,
                        &t->trace);
    } else if (rig_run(t->rig, config, &e)) {
        return false;
    }
    judge_finish(t->judge, &none);
    return true;
}

static bool make(struct trier *t, const struct trial_values *values,
                 const unsigned *which, unsigned n, struct scenario *s)
{
    struct config_change changes[WHYNOT_MAX_CHANGES];

    for (unsigned i = 0; i < n; i++)
        changes[i] = values->value[which[i]].change;
    return scenario_file_change(t->q->file, t->scratch, changes, n, s);
}

static bool is_wanted(const struct lab_whynot *q,
                      const struct outcome_value *is)
{
    if (!is->known)
        return false;
    if (q->wanted.kind == VALUE_TEXT)
        return strcmp(is->value.text, q->wanted.text) == 0;
    return is->value.number == q->wanted.number;
}

enum trial_end trier_try(struct trier *t, const struct trial_values *values,
                         const unsigned *which, unsigned n, uint64_t *story)
{
    struct scenario s;
    struct outcome_value is;

    pool_reset(t->scratch);
    if (!make(t, values, which, n, &s) || !live(t, &s.config))
        return TRIAL_IMPOSSIBLE;
    is = judge_outcome(t->judge, t->scratch, t->q->outcome);
    *story = t->story;
    return is_wanted(t->q, &is) ? TRIAL_HIT : TRIAL_OTHER;
}

bool trier_tell(struct trier *t, struct pool *pool,
                const struct trial_values *values, const unsigned *which,
                unsigned n, struct outcome_value *out)
{
    struct scenario s;
    struct trace trace;
    struct judge *judge = make_judge(pool, t->q->base, true);
    const struct verdict *none;
    struct err e = { 0 };

    pool_reset(t->scratch);
    if (!make(t, values, which, n, &s))
        return false;
    trace_init(&trace, pool);
    trace_add_sink(&trace, judge_sink, judge);
    if (run_scenario(pool, &s.config, &trace, &e))
        return false;
    judge_finish(judge, &none);
    *out = judge_outcome(judge, pool, t->q->outcome);
    return true;
}
