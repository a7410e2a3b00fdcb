/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/verdict.c - the judge: listens, then compares with the expectations.
 *
 * A verdict says what was expected, what came instead, and the sentence that
 * the responsible actor gave for it. Nothing is recomputed here.
 */
#include "judge/parts.h"

#include "arch/svm.h"

#include <string.h>

struct judge {
    struct pool *texts; /* of this run */
    const struct expectations *x;
    struct facts facts;
    struct steps steps;
    struct watches watches;
    struct invariants *invariants;
    bool watching; /* them, too */
    const struct invariant_report *report;
    struct verdict *verdict;
    unsigned n_verdicts;
};

struct judge *judge_create(struct pool *pool, const struct expectations *x,
                           unsigned n_steps, const char *const *step_ids,
                           const unsigned *sizes)
{
    struct judge *j = pool_alloc(pool, sizeof(*j));

    j->texts = pool_child(pool);
    j->x = x;
    facts_init(&j->facts, pool, j->texts);
    steps_init(&j->steps, pool, n_steps, step_ids, sizes);
    watches_init(&j->watches, pool, j->texts, x);
    j->invariants = invariants_create(pool);
    j->watching = x->n_invariants;
    return j;
}

void judge_interest(const struct judge *j, bool reasons,
                    struct trace_interest *out)
{
    *out = (struct trace_interest) { .texts = reasons };
    facts_interest(&j->facts, out);
    steps_interest(out);
    watches_interest(&j->watches, out);
    if (j->watching)
        invariants_interest(j->invariants, out);
}

void judge_reset(struct judge *j)
{
    pool_reset(j->texts);
    j->verdict = NULL;
    j->n_verdicts = 0;
    facts_reset(&j->facts);
    steps_reset(&j->steps);
    watches_reset(&j->watches);
    invariants_reset(j->invariants);
}

void judge_sink(void *judge, const struct event *ev)
{
    struct judge *j = judge;

    facts_hear(&j->facts, ev);
    steps_hear(&j->steps, ev);
    watches_hear(&j->watches, ev);
    if (j->watching)
        invariants_sink(j->invariants, ev);
}

/* ---- writing values ------------------------------------------------------ */

static const char *exit_text(struct pool *pool, uint64_t code)
{
    const char *name = exit_code_name(code);

    return name ? name : pool_printf(pool, "%#llx", (unsigned long long)code);
}

const char *value_text(struct pool *pool, const struct value *v,
                       enum field_kind kind)
{
    switch (v->kind) {
    case VALUE_TEXT:
        return v->text;
    case VALUE_BOOL:
        return v->number ? "true" : "false";
    case VALUE_NUMBER:
        if (kind == KIND_EXIT)
            return exit_text(pool, v->number);
        return pool_printf(pool, kind == KIND_DEC ? "%llu" : "0x%llx",
                           (unsigned long long)v->number);
    }
    BUG_ON(true);
}

static bool same_value(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == VALUE_TEXT ? strcmp(a->text, b->text) == 0
                                 : a->number == b->number;
}

/* ---- facts --------------------------------------------------------------- */

static struct verdict judge_one_fact(struct judge *j,
                                     const struct expect_item *x)
{
    int fact = fact_find(x->name);
    struct fact_value is;
    enum field_kind kind;
    struct verdict v = { .at = x->want.at };

    BUG_ON(fact < 0); /* the loader checks names */
    is = facts_value(&j->facts, (unsigned)fact);
    kind =
        event_table[fact_table[fact].event].fields[j->facts.field[fact]].kind;
    v.what = pool_printf(j->texts, "%s = %s", x->name,
                         value_text(j->texts, &x->want, kind));
    v.reason = is.reason;
    if (is.known && same_value(&is.value, &x->want))
        return v;
    v.result = VERDICT_FAIL;
    v.got = is.known ? value_text(j->texts, &is.value, kind)
                     : "nothing: the run ended before it was settled";
    return v;
}

/* ---- steps --------------------------------------------------------------- */

static const char *npf_text(struct pool *pool, const uint64_t *codes,
                            unsigned n, unsigned total)
{
    const char *text = "[";

    for (unsigned i = 0; i < n; i++)
        text = pool_printf(pool, "%s%s0x%llx", text, i ? ", " : "",
                           (unsigned long long)codes[i]);
    return pool_printf(pool, n < total ? "%s, ... %u in all]" : "%s]", text,
                       total);
}

const char *step_npf_text(struct pool *pool, const struct step_report *r)
{
    unsigned kept = r->n_npf < STEP_MAX_NPF ? r->n_npf : STEP_MAX_NPF;

    return npf_text(pool, r->npf, kept, r->n_npf);
}

static void judge_npf(struct judge *j, const struct expect_item *x,
                      const struct step_report *r, struct verdict *v)
{
    unsigned kept = r->n_npf < STEP_MAX_NPF ? r->n_npf : STEP_MAX_NPF;
    uint64_t *want = pool_alloc(j->texts, x->n_list * sizeof(*want));
    bool same = x->n_list == r->n_npf;

    for (unsigned i = 0; i < x->n_list; i++) {
        want[i] = x->list[i].number;
        same = same && (i >= kept || want[i] == r->npf[i]);
    }
    v->what = pool_printf(j->texts, "step %s: npf = %s", r->id,
                          npf_text(j->texts, want, x->n_list, x->n_list));
    v->result = same ? VERDICT_PASS : VERDICT_FAIL;
    if (!same)
        v->got = step_npf_text(j->texts, r);
}

bool step_value(const struct step_report *r, const char *name,
                struct value *out, enum field_kind *kind)
{
    *out = (struct value) { .kind = VALUE_NUMBER };
    *kind = KIND_HEX;
    if (strcmp(name, "outcome") == 0) {
        out->kind = VALUE_TEXT;
        out->text = r->outcome;
        return true;
    }
    if (strcmp(name, "value") == 0) {
        out->number = r->value;
        return r->has_value;
    }
    if (strcmp(name, "error_code") == 0) {
        out->number = r->error_code;
        return r->has_error_code;
    }
    if (strcmp(name, "cr2") == 0) {
        out->number = r->cr2;
        return r->has_cr2;
    }
    *kind = KIND_DEC;
    out->number = strcmp(name, "exits") == 0 ? r->exits : r->cycles;
    return true;
}

static struct verdict judge_property(struct judge *j,
                                     const struct expect_item *x,
                                     const struct step_report *r)
{
    struct verdict v = { .at = x->want.at };
    struct value is;
    enum field_kind kind;
    bool has;

    if (strcmp(x->name, "npf") == 0) {
        judge_npf(j, x, r, &v);
        return v;
    }
    has = step_value(r, x->name, &is, &kind);
    v.what = pool_printf(j->texts, "step %s: %s = %s", r->id, x->name,
                         value_text(j->texts, &x->want, kind));
    if (has && same_value(&is, &x->want))
        return v;
    v.result = VERDICT_FAIL;
    v.got = has ? value_text(j->texts, &is, kind)
                : pool_printf(j->texts, "none (outcome %s)", r->outcome);
    return v;
}

static const struct step_report *report_of(const struct judge *j,
                                           const char *id)
{
    for (unsigned i = 0; i < j->steps.n; i++)
        if (strcmp(j->steps.report[i].id, id) == 0)
            return &j->steps.report[i];
    BUG_ON(true); /* the loader checks ids */
}

static bool is_outcome(const struct expect_item *x)
{
    return strcmp(x->name, "outcome") == 0;
}

/* Of a step that was skipped, only the outcome can be right or wrong. If that
 * is not judged, nobody would notice: then the other properties fail. */
static void judge_skipped(struct verdict *v, const struct step_report *r,
                          bool outcome_judged)
{
    v->result = outcome_judged ? VERDICT_SKIP : VERDICT_FAIL;
    v->got = "nothing: the step was skipped";
    v->reason = r->reason;
}

static void judge_one_step(struct judge *j, const struct expect_step *x)
{
    const struct step_report *r = report_of(j, x->id);
    bool skipped = strcmp(r->outcome, "skipped") == 0, outcome_judged = false;

    for (unsigned i = 0; i < x->n_items; i++)
        outcome_judged |= is_outcome(&x->items[i]);
    for (unsigned i = 0; i < x->n_items; i++) {
        struct verdict *v = &j->verdict[j->n_verdicts++];

        *v = judge_property(j, &x->items[i], r);
        if (skipped && !is_outcome(&x->items[i]))
            judge_skipped(v, r, outcome_judged);
        else if (v->result == VERDICT_FAIL || is_outcome(&x->items[i]))
            v->reason = r->reason;
    }
}

/* ---- invariants ---------------------------------------------------------- */

static struct verdict judge_one_invariant(struct judge *j,
                                          const struct expect_item *x)
{
    int i = invariant_find(x->name);
    const struct invariant_report *r;
    struct verdict v = { .at = x->want.at };
    const char *is;

    BUG_ON(i < 0); /* the loader checks names */
    r = &j->report[i];
    is = invariant_state_names[r->state];
    v.what = pool_printf(j->texts, "invariant %s = %s", x->name, x->want.text);
    v.reason = r->why;
    if (strcmp(is, x->want.text) == 0)
        return v;
    v.result = VERDICT_FAIL;
    v.got = is;
    return v;
}

bool judge_expects_invariant(const struct judge *j, enum invariant i)
{
    for (unsigned k = 0; k < j->x->n_invariants; k++)
        if (invariant_find(j->x->invariants[k].name) == (int)i)
            return true;
    return false;
}

/* ---- all ----------------------------------------------------------------- */

unsigned judge_finish(struct judge *j, const struct verdict **out)
{
    const struct expectations *x = j->x;
    unsigned n = x->n_facts + x->n_events + x->n_invariants;

    for (unsigned i = 0; i < x->n_steps; i++)
        n += x->steps[i].n_items;
    j->verdict = pool_alloc(j->texts, n * sizeof(*j->verdict));
    j->n_verdicts = 0;

    steps_finish(&j->steps, j->texts);
    j->report = invariants_finish(j->invariants);
    for (unsigned i = 0; i < x->n_facts; i++)
        j->verdict[j->n_verdicts++] = judge_one_fact(j, &x->facts[i]);
    for (unsigned i = 0; i < x->n_steps; i++)
        judge_one_step(j, &x->steps[i]);
    for (unsigned i = 0; i < x->n_events; i++)
        j->verdict[j->n_verdicts++] = watches_verdict(&j->watches, i);
    for (unsigned i = 0; i < x->n_invariants; i++)
        j->verdict[j->n_verdicts++] = judge_one_invariant(j, &x->invariants[i]);
    *out = j->verdict;
    return j->n_verdicts;
}

struct verdict_counts verdict_count(const struct verdict *v, unsigned n)
{
    struct verdict_counts c = { 0 };

    for (unsigned i = 0; i < n; i++) {
        switch (v[i].result) {
        case VERDICT_PASS:
            c.passed++;
            break;
        case VERDICT_FAIL:
            c.failed++;
            break;
        case VERDICT_SKIP:
            c.skipped++;
            break;
        }
    }
    return c;
}

struct fact_value judge_fact(const struct judge *j, unsigned fact)
{
    return facts_value(&j->facts, fact);
}

unsigned judge_steps(const struct judge *j, const struct step_report **out)
{
    *out = j->steps.report;
    return j->steps.n;
}

struct invariants *judge_invariants(struct judge *j)
{
    j->watching = true;
    return j->invariants;
}

const struct invariant_report *judge_invariant_reports(const struct judge *j)
{
    return j->report;
}
