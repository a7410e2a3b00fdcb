/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/pwc.c - page-walk caches: pointers of the guest's tables.
 *
 * What an upper entry said, so that the next walk may begin below it. Kept like
 * a translation: only if present, accessed and without reserved bits; dropped
 * and read again before a fault is reported (APM vol. 2, 5.5.3). Pointers are
 * never global.
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
