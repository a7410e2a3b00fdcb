/* SPDX-License-Identifier: GPL-2.0-only */
/* judge/verdict.c - compare what was expected with what happened. */
#include "judge/judge_state.h"

#include <inttypes.h>
#include <string.h>

struct judge *judge_create(struct pool *pool, const struct expectations *x,
                           unsigned n_steps, const char *const *step_ids,
                           const unsigned *sizes)
{
    struct judge *j = pool_alloc(pool, sizeof(*j));

    j->pool = pool;
    j->x = x;
    j->n_steps = n_steps;
    j->step = pool_alloc(pool, (n_steps + 1) * sizeof(*j->step));
    j->report = pool_alloc(pool, (n_steps + 1) * sizeof(*j->report));
    j->count = pool_alloc(pool, (x->n_events + 1) * sizeof(*j->count));
    j->last_seen = pool_alloc(pool, (x->n_events + 1) * sizeof(*j->last_seen));
    for (unsigned i = 0; i < n_steps; i++) {
        j->step[i].report.id = step_ids[i];
        j->step[i].size = sizes[i];
    }
    facts_init(j);
    return j;
}

void judge_sink(void *judge, const struct event *ev)
{
    struct judge *j = judge;

    facts_listen(j, ev);
    steps_listen(j, ev);
    if (j->x->n_events)
        expect_listen(j, ev);
}

const char *value_text(struct pool *pool, const struct value *v)
{
    switch (v->kind) {
    case VALUE_TEXT:
        return v->text;
    case VALUE_BOOL:
        return v->number ? "true" : "false";
    case VALUE_NUMBER:
        if (v->number < 64)
            return pool_printf(pool, "%" PRIu64, v->number);
        return pool_printf(pool, "0x%" PRIx64, v->number);
    }
    return "";
}

static bool same(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == VALUE_TEXT ? strcmp(a->text, b->text) == 0
                                 : a->number == b->number;
}

/* ---- facts ---- */

static struct verdict judge_one_fact(const struct judge *j,
                                     const struct expect_item *x)
{
    int fact = fact_find(x->name);
    struct fact_value f;
    struct verdict v = { .at = x->want.at };

    BUG_ON(fact < 0);
    f = judge_fact(j, (unsigned)fact);
    v.what =
        pool_printf(j->pool, "%s = %s", x->name, value_text(j->pool, &x->want));
    v.reason = f.reason;
    if (!f.known) {
        v.result = VERDICT_FAIL;
        v.got = "never settled";
    } else if (!same(&f.value, &x->want)) {
        v.result = VERDICT_FAIL;
        v.got = value_text(j->pool, &f.value);
    }
    return v;
}

/* ---- steps ---- */

static const char *npf_text(struct pool *pool, const uint64_t *npf, unsigned n)
{
    const char *text = "[";

    for (unsigned i = 0; i < n; i++)
        text = pool_printf(pool, "%s%s0x%" PRIx64, text, i ? ", " : "", npf[i]);
    return pool_printf(pool, "%s]", text);
}

static void judge_npf(const struct judge *j, const struct step_report *r,
                      const struct expect_item *x, struct verdict *v)
{
    uint64_t want[STEP_MAX_NPF];
    unsigned n = x->n_list < STEP_MAX_NPF ? x->n_list : STEP_MAX_NPF;
    bool ok = x->n_list == r->n_npf && n == x->n_list;

    for (unsigned i = 0; i < n; i++) {
        want[i] = x->list[i].number;
        ok = ok && want[i] == r->npf[i];
    }
    v->what = pool_printf(j->pool, "step %s: npf = %s", r->id,
                          npf_text(j->pool, want, n));
    v->result = ok ? VERDICT_PASS : VERDICT_FAIL;
    if (!ok)
        v->got = pool_printf(
            j->pool, "%s%s",
            npf_text(j->pool, r->npf,
                     r->n_npf < STEP_MAX_NPF ? r->n_npf : STEP_MAX_NPF),
            r->n_npf > STEP_MAX_NPF ? " and more" : "");
}

/* Property @name of a report; false: the step has none. */
static bool property(const struct step_report *r, const char *name,
                     struct value *out)
{
    const struct {
        const char *name;
        bool has;
        uint64_t number;
    } numbers[] = {
        { "value", r->has_value, r->value },
        { "error_code", r->has_error_code, r->error_code },
        { "cr2", r->has_cr2, r->cr2 },
        { "exits", true, r->exits },
        { "cycles", true, r->cycles },
    };

    *out = (struct value) { .kind = VALUE_TEXT, .text = r->outcome };
    if (strcmp(name, "outcome") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (strcmp(name, numbers[i].name) != 0)
            continue;
        *out = (struct value) { .kind = VALUE_NUMBER,
                                .number = numbers[i].number };
        return numbers[i].has;
    }
    return false;
}

static struct verdict judge_property(const struct judge *j,
                                     const struct step_report *r,
                                     const struct expect_item *x)
{
    struct verdict v = { .at = x->want.at };
    struct value got;

    if (strcmp(x->name, "outcome") == 0)
        v.reason = r->reason;
    if (strcmp(x->name, "npf") == 0) {
        judge_npf(j, r, x, &v);
        return v;
    }
    v.what = pool_printf(j->pool, "step %s: %s = %s", r->id, x->name,
                         value_text(j->pool, &x->want));
    if (!property(r, x->name, &got)) {
        v.result = VERDICT_FAIL;
        v.got = pool_printf(j->pool, "none (outcome %s)", r->outcome);
        v.reason = r->reason;
    } else if (!same(&got, &x->want)) {
        v.result = VERDICT_FAIL;
        v.got = value_text(j->pool, &got);
        v.reason = r->reason;
    }
    return v;
}

static const struct step_report *find_report(const struct judge *j,
                                             const char *id)
{
    for (unsigned i = 0; i < j->n_steps; i++)
        if (strcmp(j->report[i].id, id) == 0)
            return &j->report[i];
    BUG_ON(true); /* the loader checked the id */
}

/* Is the step's outcome judged? Then its other properties need not fail too
 * when it never ran. */
static bool judges_outcome(const struct expect_step *x)
{
    for (unsigned i = 0; i < x->n_items; i++)
        if (strcmp(x->items[i].name, "outcome") == 0)
            return true;
    return false;
}

static void judge_step(const struct judge *j, const struct expect_step *x,
                       struct verdict *v)
{
    const struct step_report *r = find_report(j, x->id);
    bool never_ran = strcmp(r->outcome, "skipped") == 0;

    for (unsigned i = 0; i < x->n_items; i++) {
        v[i] = judge_property(j, r, &x->items[i]);
        if (!never_ran || strcmp(x->items[i].name, "outcome") == 0)
            continue;
        v[i].result = judges_outcome(x) ? VERDICT_SKIP : VERDICT_FAIL;
        v[i].got = "the step was skipped";
        v[i].reason = r->reason;
    }
}

/* ---- events ---- */

static const char *event_text(const struct judge *j,
                              const struct expect_event *x)
{
    const char *text = event_table[x->event].name;

    for (unsigned i = 0; i < x->n_fields; i++)
        text = pool_printf(j->pool, "%s %s=%s", text, x->fields[i].name,
                           value_text(j->pool, &x->fields[i].want));
    return text;
}

static struct verdict judge_event(const struct judge *j, unsigned i)
{
    const struct expect_event *x = &j->x->events[i];
    struct verdict v = { .at = x->at };
    const char *text = event_text(j, x);

    switch (x->mode) {
    case EXPECT_NEXT:
        v.what = pool_printf(j->pool, "event %s", text);
        if (!j->count[i]) {
            v.result = VERDICT_FAIL;
            v.got = "not seen at its place in the order";
        }
        break;
    case EXPECT_NEVER:
        v.what = pool_printf(j->pool, "never %s", text);
        if (j->count[i]) {
            v.result = VERDICT_FAIL;
            v.got = pool_printf(j->pool,
                                "%" PRIu64 " times, first as event %" PRIu64,
                                j->count[i], j->last_seen[i] - 1);
        }
        break;
    case EXPECT_COUNT:
        v.what =
            pool_printf(j->pool, "%s occurs %" PRIu64 " times", text, x->count);
        if (j->count[i] != x->count) {
            v.result = VERDICT_FAIL;
            v.got = pool_printf(j->pool, "%" PRIu64, j->count[i]);
        }
        break;
    }
    return v;
}

unsigned judge_finish(struct judge *j, const struct verdict **out)
{
    unsigned n = 0, most = j->x->n_facts + j->x->n_events;
    struct verdict *v;

    steps_finish(j);
    for (unsigned s = 0; s < j->x->n_steps; s++)
        most += j->x->steps[s].n_items;
    v = pool_alloc(j->pool, (most + 1) * sizeof(*v));
    for (unsigned i = 0; i < j->x->n_facts; i++)
        v[n++] = judge_one_fact(j, &j->x->facts[i]);
    for (unsigned s = 0; s < j->x->n_steps; s++) {
        judge_step(j, &j->x->steps[s], &v[n]);
        n += j->x->steps[s].n_items;
    }
    for (unsigned i = 0; i < j->x->n_events; i++)
        v[n++] = judge_event(j, i);
    *out = v;
    return n;
}
