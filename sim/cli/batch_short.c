/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/batch_short.c - see batch_short.h; other words of theirs mean nothing. */
#include "cli/batch_short.h"

#include <string.h>

void batch_short_plan(struct batch_short *s, const struct csv *c)
{
    s->caching = csv_column(c, "caching");
    s->gate = csv_column(c, "gate");
    s->section = csv_column(c, "section");
    s->note = csv_column(c, "note");
}

static bool says(const struct csv *c, int column, const char *word)
{
    struct csv_cell cell = csv_cell(c, (unsigned)column);

    return cell.len == strlen(word) && memcmp(cell.text, word, cell.len) == 0;
}

/* 52 bits and a C-bit at 51, of which encryption takes five, or just the one
 * that leaves the C-bit alone at the top. */
static void read_caching(const struct batch_short *s, const struct csv *c,
                         struct policy_host *h)
{
    bool on = says(c, s->caching, "1");

    if (!on && !says(c, s->caching, "0"))
        return;
    h->v[POLICY_RAW_MAXPHYADDR] = 52;
    h->v[POLICY_PA_REDUCTION] = on ? 5 : 1;
    h->v[POLICY_CBIT] = 51;
}

static void read_gate(const struct batch_short *s, const struct csv *c,
                      struct policy_host *h)
{
    h->v[POLICY_P_NPT] = !says(c, s->gate, "npt0");
    h->v[POLICY_P_NRIPS] = !says(c, s->gate, "nrips0");
    h->v[POLICY_P_LBRV] = !says(c, s->gate, "lbrv0");
}

void batch_short_read(const struct batch_short *s, const struct csv *c,
                      struct batch_row *row)
{
    if (s->caching >= 0)
        read_caching(s, c, &row->host);
    if (s->gate >= 0)
        read_gate(s, c, &row->host);
    if (s->section >= 0 && s->note >= 0)
        row->reloads =
            says(c, s->section, "reload") && says(c, s->note, "second");
}
