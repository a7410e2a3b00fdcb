/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/record.c - what came of a run, for programs: facts, steps, verdicts as
 * JSON. Numbers of 64 bits are hex strings; no clock of the wall.
 */
#include "render/parts.h"
#include "render/report.h"

static void add_hex(struct buf *b, uint64_t v)
{
    buf_adds(b, "\"0x");
    buf_hex(b, v);
    buf_addc(b, '"');
}

static void add_hex_member(struct buf *b, const char *name, uint64_t v)
{
    buf_adds(b, name);
    add_hex(b, v);
}

static void add_value(struct buf *b, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NUMBER:
        add_hex(b, v->number);
        return;
    case VALUE_BOOL:
        buf_adds(b, v->number ? "true" : "false");
        return;
    case VALUE_TEXT:
        render_json_string(b, v->text);
        return;
    }
}

void render_json_facts(struct buf *b, const struct judge *judge)
{
    const char *gap = "\"";

    buf_adds(b, ",\"facts\":{");
    for (unsigned i = 0; i < n_facts; i++) {
        struct fact_value f = judge_fact(judge, i);

        if (!f.known)
            continue;
        buf_adds(b, gap);
        buf_adds(b, fact_table[i].name);
        buf_adds(b, "\":");
        add_value(b, &f.value);
        gap = ",\"";
    }
    buf_addc(b, '}');
}

static void add_step(struct buf *b, const struct step_report *s, bool cycles)
{
    buf_adds(b, "{\"id\":");
    render_json_string(b, s->id);
    buf_adds(b, ",\"outcome\":\"");
    buf_adds(b, s->outcome);
    buf_addc(b, '"');
    if (s->has_value)
        add_hex_member(b, ",\"value\":", s->value);
    if (s->has_error_code)
        add_hex_member(b, ",\"error_code\":", s->error_code);
    if (s->has_cr2)
        add_hex_member(b, ",\"cr2\":", s->cr2);
    buf_adds(b, ",\"n_npf\":");
    buf_dec(b, s->n_npf);
    buf_adds(b, ",\"npf\":[");
    for (unsigned k = 0; k < s->n_npf && k < STEP_MAX_NPF; k++)
        add_hex_member(b, k ? "," : "", s->npf[k]);
    buf_adds(b, "],\"exits\":");
    buf_dec(b, s->exits);
    if (cycles)
        add_hex_member(b, ",\"cycles\":", s->cycles);
    buf_addc(b, '}');
}

void render_json_steps(struct buf *b, const struct judge *judge, bool cycles)
{
    const struct step_report *steps;
    unsigned n = judge_steps(judge, &steps);

    buf_adds(b, ",\"steps\":[");
    for (unsigned i = 0; i < n; i++) {
        buf_adds(b, i ? "," : "");
        add_step(b, &steps[i], cycles);
    }
    buf_addc(b, ']');
}

static void add_verdict(struct buf *b, const struct verdict *v)
{
    static const char *const names[] = {
        [VERDICT_PASS] = "pass",
        [VERDICT_FAIL] = "fail",
        [VERDICT_SKIP] = "skip",
    };

    buf_printf(b, "{\"result\":\"%s\",\"what\":", names[v->result]);
    render_json_string(b, v->what);
    json_member(b, "got", v->got);
    json_member(b, "reason", v->reason);
    buf_addc(b, '}');
}

void render_json_verdicts(struct buf *b, const struct verdict *v, unsigned n)
{
    buf_adds(b, ",\"verdicts\":[");
    for (unsigned i = 0; i < n; i++) {
        buf_adds(b, i ? "," : "");
        add_verdict(b, &v[i]);
    }
    buf_addc(b, ']');
}

/* Those that were put to the test. */
static void add_invariants(struct buf *b, const struct judge *judge)
{
    const struct invariant_report *r = judge_invariant_reports(judge);
    const char *gap = "\"";

    buf_adds(b, ",\"invariants\":{");
    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        if (r[i].state == INVARIANT_UNTESTED)
            continue;
        buf_adds(b, gap);
        buf_adds(b, invariant_table[i].name);
        buf_adds(b, "\":\"");
        buf_adds(b, invariant_state_names[r[i].state]);
        buf_addc(b, '"');
        gap = ",\"";
    }
    buf_addc(b, '}');
}

/* Those that did not pass; nothing when there are none. */
static void add_failures(struct buf *b, const struct point_record *r)
{
    const char *gap = ",\"verdicts\":[";

    for (unsigned i = 0; i < r->n_verdicts; i++) {
        if (r->verdicts[i].result == VERDICT_PASS)
            continue;
        buf_adds(b, gap);
        add_verdict(b, &r->verdicts[i]);
        gap = ",";
    }
    buf_adds(b, r->counts.failed + r->counts.skipped ? "]" : "");
}

static void add_axes(struct buf *b, const struct point_record *r)
{
    buf_adds(b, ",\"axes\":{");
    for (unsigned i = 0; i < r->n_axes; i++) {
        const struct point_axis *a = &r->axes[i];

        buf_adds(b, i ? ",\"" : "\"");
        buf_adds(b, a->name);
        buf_adds(b, "\":");
        if (a->value.kind == VALUE_NUMBER && !a->wide)
            buf_dec(b, a->value.number);
        else
            add_value(b, &a->value);
    }
    buf_addc(b, '}');
}

void render_point(struct buf *b, const struct point_record *r)
{
    buf_adds(b, "{\"point\":");
    buf_dec(b, r->point);
    buf_adds(b, ",\"passed\":");
    buf_dec(b, r->counts.passed);
    buf_adds(b, ",\"failed\":");
    buf_dec(b, r->counts.failed);
    buf_adds(b, ",\"skipped\":");
    buf_dec(b, r->counts.skipped);
    add_axes(b, r);
    render_json_facts(b, r->judge);
    render_json_steps(b, r->judge, r->cycles);
    add_invariants(b, r->judge);
    add_failures(b, r);
    buf_adds(b, "}\n");
}
