/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/pwc.c - page-walk caches: pointers of the guest's and of nested tables.
 *
 * What an upper entry said, so that the next walk may begin below it. Kept like
 * a translation: only if present, accessed and without reserved bits; dropped
 * and read again before a fault is reported (APM vol. 2, 5.5.3). Pointers are
 * never global. Those of nested tables belong to an ASID, whatever the PCID,
 * and are found by guest-physical address; like the nested TLB they do not hear
 * of flushes by linear address.
 */
#include "hw/walk.h"

unsigned pwc_recall(struct cpu *c, struct walk *w, gpa_t *base, uint64_t *raw,
                    uint64_t *all)
{
    for (unsigned level = 2; level <= c->guest.levels; level++) {
        const struct tlb_entry *e =
            tlb_find(&c->tlb->pwc[level], c->tag, w->gva);

        if (!e)
            continue;
        w->recalled = true;
        *base = e->gpa;
        *raw = e->guest.pte;
        *all = e->guest.all;
        return level - 1;
    }
    return c->guest.levels;
}

void pwc_fill(struct cpu *c, const struct walk *w, unsigned level, gpa_t base,
              uint64_t raw, uint64_t all)
{
    uint64_t offset = pt_size(level) - 1;
    const struct tlb_entry e = {
        .addr = w->gva & ~offset,
        .offset = offset,
        .tag = c->tag,
        .tag_mask = ~0ULL,
        .guest = { .all = all, .pte = raw },
        .gpa = base,
    };

    tlb_insert(c->tlb, &c->tlb->pwc[level], &e);
}

/* ---- nested tables ---- */

static uint64_t nested_tag(const struct cpu *c)
{
    return tlb_tag(c->ctl.asid, 0);
}

struct npt_start npwc_recall(struct cpu *c, struct walk *w, gpa_t gpa)
{
    for (unsigned level = 2; level <= c->nested.levels; level++) {
        const struct tlb_entry *e =
            tlb_find(&c->tlb->npwc[level], nested_tag(c), gpa);

        if (!e)
            continue;
        w->recalled = true;
        return (struct npt_start) { level - 1, e->spa, e->nested.all, e->key };
    }
    return npt_root(c);
}

void npwc_fill(struct cpu *c, gpa_t gpa, const struct npt_start *s)
{
    uint64_t offset = pt_size(s->level + 1) - 1;
    const struct tlb_entry e = {
        .addr = gpa & ~offset,
        .offset = offset,
        .tag = nested_tag(c),
        .tag_mask = ~0ULL,
        .nested = { .all = s->all },
        .spa = s->table,
        .key = s->key,
    };

    tlb_insert(c->tlb, &c->tlb->npwc[s->level + 1], &e);
}

void npwc_forget(struct cpu *c, gpa_t gpa)
{
    for (unsigned level = 2; level <= PT_MAX_LEVEL; level++)
        tlb_forget(c->tlb, &c->tlb->npwc[level], nested_tag(c), gpa);
}
