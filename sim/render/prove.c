/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/prove.c - which invariants a kernel keeps over a whole space.
 *
 * One kernel is told finding by finding; several first as a table.
 */
#include "render/parts.h"

#include <inttypes.h>
#include <string.h>

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

enum finding_end {
    END_NOT_TOLD,
    END_UNTESTED,
    END_HOLDS,
    END_SO_FAR, /* it holds in what was asked before an interrupt */
    END_ADVICE,
    END_BAD
};

static enum finding_end end_of(const struct report_proof *r,
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

static const char *end_name(enum finding_end e)
{
    static const char *const names[] = {
        [END_NOT_TOLD] = "not asked", [END_UNTESTED] = "untested",
        [END_HOLDS] = "holds",        [END_SO_FAR] = "unfinished",
        [END_ADVICE] = "reported",    [END_BAD] = "violated",
    };

    return names[e];
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
    switch (end_of(r, f)) {
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

static void put_finding(struct buf *b, const struct report_proof *r,
                        const struct report_finding *f, bool colour)
{
    put_label(b, end_of(r, f), colour);
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

/* ---- several kernels ---- */

static const char *cell_name(enum finding_end e)
{
    static const char *const names[] = {
        [END_NOT_TOLD] = "-",  [END_UNTESTED] = "untested",
        [END_HOLDS] = "holds", [END_SO_FAR] = "unfinished",
        [END_ADVICE] = "note", [END_BAD] = "FAIL",
    };

    return names[e];
}

static void put_cell(struct buf *b, const struct report_proof *r,
                     const struct report_finding *f)
{
    buf_adds(b, cell_name(end_of(r, f)));
    if (!f->violated)
        return;
    buf_addc(b, ' ');
    render_count(b, f->violated);
}

/* @text in a column as wide as @width; the last one has no blanks behind. */
static void put_column(struct buf *b, const char *text, size_t width, bool last)
{
    buf_adds(b, text);
    for (size_t used = strlen(text); !last && used < width + 2; used++)
        buf_addc(b, ' ');
}

static size_t kernel_width(const struct report_proof *r, unsigned n)
{
    size_t width = strlen("kernel");

    for (unsigned k = 0; k < n; k++)
        if (strlen(r[k].kernel) > width)
            width = strlen(r[k].kernel);
    return width;
}

/* Of the column of finding @i, whose cells may be wider than its head. */
static size_t finding_width(const struct report_proof *r, unsigned n,
                            unsigned i)
{
    size_t width = strlen(r[0].finding[i].invariant);

    for (unsigned k = 0; k < n; k++) {
        struct buf cell = BUF_INIT;

        if (i < r[k].n_findings)
            put_cell(&cell, &r[k], &r[k].finding[i]);
        width = cell.len > width ? cell.len : width;
        buf_free(&cell);
    }
    return width;
}

static void put_row(struct buf *b, const struct report_proof *r, unsigned n,
                    unsigned k)
{
    put_column(b, r[k].kernel, kernel_width(r, n), false);
    for (unsigned i = 0; i < r[k].n_findings; i++) {
        struct buf cell = BUF_INIT;

        put_cell(&cell, &r[k], &r[k].finding[i]);
        put_column(b, cell.data, finding_width(r, n, i),
                   i + 1 == r[k].n_findings);
        buf_free(&cell);
    }
    buf_addc(b, '\n');
}

static void put_table(struct buf *b, const struct report_proof *r, unsigned n)
{
    put_column(b, "kernel", kernel_width(r, n), false);
    for (unsigned i = 0; i < r[0].n_findings; i++)
        put_column(b, r[0].finding[i].invariant, finding_width(r, n, i),
                   i + 1 == r[0].n_findings);
    buf_addc(b, '\n');
    for (unsigned k = 0; k < n; k++)
        put_row(b, r, n, k);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_example(const struct report_example *a,
                         const struct report_example *b)
{
    bool same = same_text(a->cpu, b->cpu) && same_text(a->vm, b->vm) &&
                same_text(a->why, b->why) && a->n_settings == b->n_settings;

    for (unsigned i = 0; same && i < a->n_settings; i++)
        same = same_text(a->setting[i].key, b->setting[i].key) &&
               same_text(a->setting[i].value, b->setting[i].value);
    return same;
}

static bool same_violations(const struct report_finding *a,
                            const struct report_finding *b)
{
    bool same = a->violated == b->violated && a->n_places == b->n_places;

    for (unsigned i = 0; same && i < a->n_places; i++)
        same = same_text(a->places[i].when, b->places[i].when) &&
               same_text(a->places[i].text, b->places[i].text);
    return same && (!a->violated || same_example(&a->example, &b->example));
}

/* Do both kernels violate the same in the same places? */
static bool same_proof(const struct report_proof *a,
                       const struct report_proof *b)
{
    bool same = a->n_findings == b->n_findings && a->done == b->done;

    for (unsigned i = 0; same && i < a->n_findings; i++)
        same = same_violations(&a->finding[i], &b->finding[i]);
    return same;
}

static bool is_told(const struct report_proof *r, unsigned k)
{
    for (unsigned before = 0; before < k; before++)
        if (same_proof(&r[before], &r[k]))
            return true;
    for (unsigned i = 0; i < r[k].n_findings; i++)
        if (r[k].finding[i].violated)
            return false;
    return true; /* there is nothing to tell */
}

/* Violations of one kernel, and of all that have the same. */
static void put_alike(struct buf *b, const struct report_proof *r, unsigned n,
                      unsigned k, bool colour)
{
    buf_printf(b, "\n%s", r[k].kernel);
    for (unsigned other = k + 1; other < n; other++)
        if (same_proof(&r[k], &r[other]))
            buf_printf(b, ", %s", r[other].kernel);
    buf_addc(b, '\n');
    for (unsigned i = 0; i < r[k].n_findings; i++)
        if (r[k].finding[i].violated)
            put_finding(b, &r[k], &r[k].finding[i], colour);
}

void render_proofs(struct buf *b, const struct report_proof *r, unsigned n,
                   bool colour)
{
    if (!n)
        return;
    put_table(b, r, n);
    for (unsigned k = 0; k < n; k++)
        if (!is_told(r, k))
            put_alike(b, r, n, k, colour);
}

/* ---- JSON Lines ---- */

static void json_text(struct buf *b, const char *key, const char *text)
{
    if (!text)
        return;
    buf_printf(b, ",\"%s\":", key);
    render_json_string(b, text);
}

static void json_count(struct buf *b, const char *key, uint64_t n)
{
    buf_printf(b, ",\"%s\":%" PRIu64, key, n);
}

static void json_places(struct buf *b, const struct report_finding *f)
{
    json_text(b, "place", f->place);
    json_text(b, "common", f->common);
    buf_adds(b, ",\"places\":[");
    for (unsigned i = 0; i < f->n_places; i++) {
        const struct report_places *p = &f->places[i];

        buf_printf(b, "%s{\"when\":", i ? "," : "");
        render_json_string(b, p->when);
        json_count(b, "states", p->count);
        json_count(b, "n", p->n);
        json_text(b, "where", p->text);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
    json_count(b, "repeated", f->repeated);
    json_count(b, "elsewhere", f->elsewhere);
}

static void json_example(struct buf *b, const struct report_example *x)
{
    buf_adds(b, ",\"counterexample\":{\"cpu\":");
    render_json_string(b, x->cpu);
    json_text(b, "vm", x->vm);
    buf_adds(b, ",\"settings\":{");
    for (unsigned i = 0; i < x->n_settings; i++) {
        if (i)
            buf_addc(b, ',');
        render_json_string(b, x->setting[i].key);
        buf_addc(b, ':');
        render_json_string(b, x->setting[i].value);
    }
    buf_addc(b, '}');
    json_text(b, "why", x->why);
    json_text(b, "saved", x->saved);
    buf_addc(b, '}');
}

static void json_finding(struct buf *b, const struct report_proof *r,
                         const struct report_finding *f)
{
    buf_adds(b, "{\"kernel\":");
    render_json_string(b, r->kernel);
    json_text(b, "invariant", f->invariant);
    json_text(b, "verdict", end_name(end_of(r, f)));
    json_text(b, "depth", r->depth);
    json_text(b, "over", r->over);
    json_count(b, "states", r->states);
    json_count(b, "done", r->done);
    json_count(b, "skipped", r->skipped);
    json_count(b, "tested", f->tested);
    json_count(b, "violated", f->violated);
    json_text(b, "vms", f->vms);
    if (f->violated)
        json_places(b, f);
    if (f->example.cpu)
        json_example(b, &f->example);
    buf_adds(b, "}\n");
}

void render_proof_json(struct buf *b, const struct report_proof *r)
{
    for (unsigned i = 0; i < r->n_findings; i++)
        json_finding(b, r, &r->finding[i]);
}
