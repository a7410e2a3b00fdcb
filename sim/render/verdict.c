/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/verdict.c - verdicts as `run` prints them.
 *
 * One line each: result, what was expected, why it is so. A failure says what
 * came instead, and below it where the expectation was written.
 */
#include "render/parts.h"
#include "render/report.h"

#include <string.h>

/* Wider expectations push their reason to the right instead of all others. */
#define MAX_COLUMN 44

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

static void add_label(struct buf *b, enum verdict_result r, bool colour)
{
    static const struct {
        const char *colour, *label;
    } labels[] = {
        [VERDICT_PASS] = { GREEN, "[ PASS ]" },
        [VERDICT_FAIL] = { RED, "[ FAIL ]" },
        [VERDICT_SKIP] = { YELLOW, "[ SKIP ]" },
    };

    if (colour)
        buf_adds(b, labels[r].colour);
    buf_adds(b, labels[r].label);
    if (colour)
        buf_adds(b, PLAIN);
    buf_addc(b, ' ');
}

static size_t column_of(const struct verdict *v, unsigned n)
{
    size_t column = 0;

    for (unsigned i = 0; i < n; i++) {
        size_t len = strlen(v[i].what);

        if (len > column && len <= MAX_COLUMN)
            column = len;
    }
    return column;
}

static void add_place(struct buf *b, struct mark at)
{
    if (!at.file)
        return;
    buf_printf(b, "         expected at %s", at.file);
    if (at.line)
        buf_printf(b, ":%u:%u", at.line, at.col);
    buf_addc(b, '\n');
}

static void add_verdict(struct buf *b, const struct verdict *v, size_t column,
                        bool colour)
{
    add_label(b, v->result, colour);
    buf_adds(b, v->what);
    if (v->got || v->reason) {
        buf_adds(b, "   ");
        for (size_t used = strlen(v->what); used < column; used++)
            buf_addc(b, ' ');
    }
    if (v->got)
        buf_printf(b, "got %s", v->got);
    if (v->reason)
        buf_printf(b, "%s%s", v->got ? ": " : "", v->reason);
    buf_addc(b, '\n');
    if (v->result == VERDICT_FAIL)
        add_place(b, v->at);
}

void render_verdicts(struct buf *b, const struct verdict *v, unsigned n,
                     bool colour)
{
    size_t column = column_of(v, n);

    for (unsigned i = 0; i < n; i++)
        add_verdict(b, &v[i], column, colour);
}

void render_steps(struct buf *b, const struct judge *j)
{
    const struct step_report *r;
    unsigned n = judge_steps(j, &r);

    for (unsigned i = 0; i < n; i++) {
        buf_printf(b, "         step %s: %s", r[i].id, r[i].outcome);
        if (r[i].has_value)
            buf_printf(b, ", value 0x%llx", (unsigned long long)r[i].value);
        if (r[i].reason)
            buf_printf(b, "   %s", r[i].reason);
        buf_addc(b, '\n');
    }
}

/* ---- invariants ---- */

static void add_invariant(struct buf *b, const struct invariant_desc *d,
                          const char *why, bool colour)
{
    if (colour)
        buf_adds(b, YELLOW);
    buf_adds(b, d->advice ? "[ NOTE ]" : "[ WARN ]");
    if (colour)
        buf_adds(b, PLAIN);
    buf_printf(b, " invariant %s violated   %s\n", d->name, why);
}

unsigned render_invariants(struct buf *b, const struct judge *j, bool colour)
{
    const struct invariant_report *r = judge_invariant_reports(j);
    unsigned n = 0;

    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        if (r[i].state != INVARIANT_VIOLATED || judge_expects_invariant(j, i))
            continue;
        add_invariant(b, &invariant_table[i], r[i].why, colour);
        n++;
    }
    return n;
}

void render_invariants_json(struct buf *b, const struct judge *j)
{
    const struct invariant_report *r = judge_invariant_reports(j);

    for (unsigned i = 0; i < N_INVARIANTS; i++) {
        buf_printf(b, "%c\"%s\":{\"state\":\"%s\"", i ? ',' : '{',
                   invariant_table[i].name, invariant_state_names[r[i].state]);
        json_member(b, "why", r[i].why);
        buf_addc(b, '}');
    }
    buf_addc(b, '}');
}
