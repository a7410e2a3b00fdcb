/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/memtype.c - how the caches treat an access.
 *
 * Guest and host each have a PAT; their types are combined, and the result with
 * the MTRR type of the system-physical address, because guests have no MTRRs
 * (APM vol. 2, 15.25.8, tables 15-19 and 15-20). Reported only: this model has
 * no caches that could hold a wrong copy.
 */
#include "hw/cpu.h"

/* The encodings of PATs and MTRRs; 2, 3 and 8 to 255 are reserved (APM vol. 2,
 * table 7-9). */
static const enum memtype encoded[8] = {
    [0] = MEMTYPE_UC, [1] = MEMTYPE_WC, [4] = MEMTYPE_WT,
    [5] = MEMTYPE_WP, [6] = MEMTYPE_WB, [7] = MEMTYPE_UC_MINUS,
};

bool memtype_decode(uint64_t code, enum memtype *type)
{
    if (code > 7 || code == 2 || code == 3)
        return false;
    *type = encoded[code];
    return true;
}

bool pat_is_valid(uint64_t pat)
{
    enum memtype type;

    for (unsigned i = 0; i < 8; i++)
        if (!memtype_decode(pat >> 8 * i & 0xff, &type))
            return false;
    return true;
}

const char *memtype_name(enum memtype type)
{
    static const char *const names[] = {
        [MEMTYPE_WB] = "WB",        [MEMTYPE_WT] = "WT",
        [MEMTYPE_WP] = "WP",        [MEMTYPE_WC] = "WC",
        [MEMTYPE_UC_MINUS] = "UC-", [MEMTYPE_UC] = "UC",
        [MEMTYPE_WC_PLUS] = "WC+",  [MEMTYPE_CD] = "CD",
    };

    return names[type];
}

static enum memtype of_pat(uint64_t pat, unsigned index)
{
    return encoded[pat >> 8 * index & 7];
}

#define UC  MEMTYPE_UC
#define UCM MEMTYPE_UC_MINUS
#define WC  MEMTYPE_WC
#define WP  MEMTYPE_WP
#define WT  MEMTYPE_WT
#define WB  MEMTYPE_WB
#define WCP MEMTYPE_WC_PLUS
#define CD  MEMTYPE_CD

/* Table 15-19: guest's type, host's type. */
static const enum memtype pat_by_pat[6][6] = {
    [UC] = { [UC] = UC,
             [UCM] = UC,
             [WC] = UC,
             [WP] = UC,
             [WT] = UC,
             [WB] = UC },
    [UCM] = { [UC] = UC,
              [UCM] = UCM,
              [WC] = WC,
              [WP] = UC,
              [WT] = UC,
              [WB] = UC },
    [WC] = { [UC] = WC,
             [UCM] = WC,
             [WC] = WC,
             [WP] = WCP,
             [WT] = WCP,
             [WB] = WCP },
    [WP] = { [UC] = UC,
             [UCM] = UC,
             [WC] = UC,
             [WP] = WP,
             [WT] = UC,
             [WB] = WP },
    [WT] = { [UC] = UC,
             [UCM] = UC,
             [WC] = UC,
             [WP] = UC,
             [WT] = WT,
             [WB] = WT },
    [WB] = { [UC] = UC,
             [UCM] = UC,
             [WC] = WC,
             [WP] = WP,
             [WT] = WT,
             [WB] = WB },
};

/* Table 15-20: by MTRR; there is no UC- among MTRR types. */
static const enum memtype pat_by_mtrr[7][6] = {
    [UC] = { [UC] = UC, [WC] = CD, [WP] = CD, [WT] = CD, [WB] = CD },
    [UCM] = { [UC] = UC, [WC] = WC, [WP] = CD, [WT] = CD, [WB] = CD },
    [WC] = { [UC] = WC, [WC] = WC, [WP] = WC, [WT] = WC, [WB] = WC },
    [WP] = { [UC] = UC, [WC] = CD, [WP] = WP, [WT] = CD, [WB] = WP },
    [WT] = { [UC] = UC, [WC] = CD, [WP] = CD, [WT] = WT, [WB] = WT },
    [WB] = { [UC] = UC, [WC] = WC, [WP] = WP, [WT] = WT, [WB] = WB },
    [WCP] = { [UC] = WC, [WC] = WC, [WP] = WCP, [WT] = WCP, [WB] = WCP },
};

enum memtype memtype_of(const struct cpu *c, unsigned guest_pat,
                        unsigned nested_pat)
{
    const struct caching *k = &c->caching;
    bool np = has_nested(c);
    enum memtype type = WB; /* of a guest without paging */

    if (k->disabled)
        return CD;
    if (c->guest.levels)
        type = of_pat(np ? c->g.pat : c->host_pat, guest_pat);
    if (np)
        type = pat_by_pat[type][of_pat(c->host_pat, nested_pat)];
    return pat_by_mtrr[type][k->mtrr];
}
