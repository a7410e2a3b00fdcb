/* SPDX-License-Identifier: GPL-2.0-only */
/* render/prove_table.c - which invariants several kernels keep: a table, then
 * the violations, those that kernels share once. */
#include "render/prove.h"

#include <string.h>

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
    buf_adds(b, cell_name(finding_end(r, f)));
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
