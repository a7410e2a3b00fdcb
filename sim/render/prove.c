/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/prove.c - which invariants a kernel keeps over a whole space, finding
 * by finding.
 */
#include "render/parts.h"
#include "render/prove.h"

#include <string.h>

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

enum finding_end finding_end(const struct report_proof *r,
                             const struct report_finding *f)
{
    if (!f->told)
        return END_NOT_TOLD;
    if (f->violated)
        return f->advice ? END_ADVICE : END_BAD;
    if (!f->tested)
        return END_UNTESTED;
    return r->done < r->states ? END_SO_FAR : END_HOLDS;
}

static void put_label(struct buf *b, enum finding_end e, bool colour)
{
    static const struct {
        const char *colour, *label;
    } labels[] = {
        [END_NOT_TOLD] = { YELLOW, "[ SKIP ]" },
        [END_UNTESTED] = { YELLOW, "[ SKIP ]" },
        [END_HOLDS] = { GREEN, "[ PASS ]" },
        [END_SO_FAR] = { YELLOW, "[ SKIP ]" },
        [END_ADVICE] = { YELLOW, "[ NOTE ]" },
        [END_BAD] = { RED, "[ FAIL ]" },
    };

    if (colour)
        buf_adds(b, labels[e].colour);
    buf_adds(b, labels[e].label);
    if (colour)
        buf_adds(b, PLAIN);
}

static void put_states(struct buf *b, uint64_t n)
{
    render_count(b, n);
    buf_adds(b, n == 1 ? " state" : " states");
}

/* ---- where ---- */

#define INDENT "         "

static const char *place_name(uint64_t n)
{
    return n == 1 ? "geometry" : "geometries";
}

/* "225 geometries (raw_maxphyaddr,pa_reduction,cbit): (51,0,51), (52,*,*)" */
static void put_places(struct buf *b, const struct report_finding *f,
                       const struct report_places *p)
{
    buf_adds(b, INDENT);
    if (*p->when)
        buf_printf(b, "with %s: ", p->when);
    if (p->n) {
        render_count(b, p->n);
        buf_printf(b, " %s%s %s: %s",
                   *p->when && !*f->places[0].when ? "more " : "",
                   place_name(p->n), f->place, p->text);
    } else {
        put_states(b, p->count);
    }
    buf_addc(b, '\n');
}

static void put_rest(struct buf *b, const struct report_finding *f)
{
    if (f->repeated) {
        buf_adds(b, INDENT);
        put_states(b, f->repeated);
        buf_adds(b, " more of these geometries, with one other setting\n");
    }
    if (f->elsewhere) {
        buf_adds(b, INDENT);
        put_states(b, f->elsewhere);
        buf_adds(b, " with several other settings\n");
    }
}

/* ---- the example ---- */

static bool skip_prefix(const char **text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncmp(*text, prefix, len) != 0)
        return false;
    *text += len;
    return true;
}

/* "genoa as it ships", "genoa with phys_reduction 1, features.sev false". */
static void put_deviation(struct buf *b, const struct report_example *x)
{
    buf_printf(b, "%s%s", x->cpu, x->n_settings ? " with " : " as it ships");
    for (unsigned i = 0; i < x->n_settings; i++) {
        const char *key = x->setting[i].key;

        if (!skip_prefix(&key, "cpu.set."))
            skip_prefix(&key, "kernel.");
        buf_printf(b, "%s%s %s", i ? ", " : "", key, x->setting[i].value);
    }
}

static void put_example(struct buf *b, const struct report_example *x)
{
    if (!x->cpu) {
        buf_adds(b, INDENT "no scenario of a CPU that ships shows it\n");
        return;
    }
    buf_adds(b, INDENT "closest: ");
    put_deviation(b, x);
    buf_printf(b, ", VM %s\n", x->vm);
    if (x->why)
        buf_printf(b, INDENT "%s\n", x->why);
    if (x->saved)
        buf_printf(b, INDENT "nptsim run %s\n", x->saved);
}

/* ---- one kernel ---- */

static void put_verdict(struct buf *b, const struct report_proof *r,
                        const struct report_finding *f)
{
    switch (finding_end(r, f)) {
    case END_NOT_TOLD:
        buf_adds(b, "needs a guest: --depth machine");
        return;
    case END_UNTESTED:
        buf_adds(b, "no state put it to the test");
        return;
    case END_HOLDS:
        buf_adds(b, "holds in ");
        put_states(b, f->tested);
        return;
    case END_SO_FAR:
        buf_adds(b, "holds so far, in ");
        put_states(b, f->tested);
        return;
    case END_ADVICE:
    case END_BAD:
        buf_printf(b, "%s in ", f->advice ? "reported" : "violated");
        put_states(b, f->violated);
        buf_adds(b, " of ");
        render_count(b, f->tested);
        if (f->vms)
            buf_printf(b, ", VM %s", f->vms);
        if (*f->common)
            buf_printf(b, ", all with %s", f->common);
        return;
    }
}

void put_finding(struct buf *b, const struct report_proof *r,
                 const struct report_finding *f, bool colour)
{
    put_label(b, finding_end(r, f), colour);
    buf_printf(b, " %-18s   ", f->invariant);
    put_verdict(b, r, f);
    buf_addc(b, '\n');
    if (!f->violated)
        return;
    for (unsigned i = 0; i < f->n_places; i++)
        put_places(b, f, &f->places[i]);
    put_rest(b, f);
    put_example(b, &f->example);
}

static void put_head(struct buf *b, const struct report_proof *r)
{
    buf_printf(b, "kernel %s   %s depth   ", r->kernel, r->depth);
    if (r->done < r->states) {
        render_count(b, r->done);
        buf_adds(b, " of ");
    }
    put_states(b, r->states);
    if (r->skipped) {
        buf_adds(b, ", ");
        render_count(b, r->skipped);
        buf_adds(b, " skipped: no such CPU can be built");
    }
    if (r->done < r->states)
        buf_adds(b, "; interrupted");
    buf_addc(b, '\n');
}

void render_proof(struct buf *b, const struct report_proof *r, bool colour)
{
    put_head(b, r);
    for (unsigned i = 0; i < r->n_findings; i++)
        put_finding(b, r, &r->finding[i], colour);
}
