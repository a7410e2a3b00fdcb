/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/guest_walk.c - from guest-virtual to guest-physical, and on from there.
 *
 * The guest's tables lie in guest-physical memory, so each of their entries is
 * found by a nested walk first: 4 * (4 + 1) + 4 = 24 references for 4K pages in
 * 4K pages. Order of faults: APM vol. 2, 15.25.6.
 */
#include "hw/walk.h"

static bool fail_at(struct cpu *c, struct walk *w, unsigned level, spa_t slot,
                    uint64_t raw, struct access a)
{
    uint64_t pte = raw & ~c->guest.cbit;
    enum why why = WHY_NOT_PRESENT;

    w->level = level;
    w->slot = slot;
    w->pte = raw;
    w->bit = 0;
    if (pte & PTE_P)
        why = rsvd_why(&c->guest, level, pte, &w->bit);
    return pf_fail(c, w, why, false, a);
}

/* Refused by the AND of all entries; the leaf stands for them. */
static bool deny(struct cpu *c, struct walk *w, struct rights r, uint64_t all,
                 unsigned level, spa_t slot, uint64_t raw, struct access a)
{
    w->level = level;
    w->slot = slot;
    w->pte = raw;
    w->bit = 0;
    return pf_fail(c, w, rights_why(r, all, a), pkey_denies(c, all, raw, a), a);
}

/*
 * Which key the access itself uses (APM vol. 2, 15.34.5): an SEV guest's code
 * is always private, its data when the leaf says so; else the nested leaf
 * decides about the host's key, which npt_walk() has put into w.
 */
static bool reach(struct cpu *c, struct walk *w, gpa_t gpa, uint64_t leaf,
                  struct access a)
{
    bool private = c->gkey && (a.fetch || (leaf & c->guest.cbit));
    struct npt_access final = {
        .write = a.write,
        .fetch = a.fetch,
        .private = private,
    };

    w->gpa = gpa;
    if (!gpa_walk(c, w, gpa, final, 0))
        return false;
    if (private)
        w->key = c->gkey;
    return true;
}

bool guest_walk(struct cpu *c, struct walk *w, gva_t gva, struct access a)
{
    const struct paging *p = &c->guest;
    const struct npt_access table = {
        .table = true,
        .write = true,
        .private = c->gkey,
    };
    struct rights r = guest_rights(c, a);
    uint64_t base = p->root, all = ~0ULL, raw, pte, set, offset;
    const struct key *key;
    unsigned level;
    spa_t slot;

    w->gva = gva;
    level = p->levels;
    if (__builtin_expect(w->recall, 0))
        level = pwc_recall(c, w, &base, &all);
    for (;; level--) {
        if (!gpa_walk(c, w, base + 8 * pt_index(gva, level), table, level))
            return false;
        slot = w->spa;
        key = p->key ? p->key : w->key;
        raw = entry_read(c, slot, key, level, 0);
        pte = raw & ~p->cbit;
        w->n_refs++;
        if (__builtin_expect(c->watched, 0))
            walk_watch(c, false, level, gva, slot, raw);
        if (__builtin_expect(!(pte & PTE_P), 0) ||
            (pte & p->rsvd[level][!!(pte & PTE_PS)]))
            return fail_at(c, w, level, slot, raw, a);
        all &= pte ^ PTE_NX;
        if (level == 1 || (pte & PTE_PS))
            break;
        if (!(pte & PTE_A))
            ad_set(c, false, slot, raw, PTE_A, key);
        base = pte & PTE_ADDR_MASK;
        if (__builtin_expect(c->tlb_on, 0))
            pwc_fill(c, w, level, base, all);
    }

    if (__builtin_expect((all & r.need) != r.need || (all & r.refuse) ||
                             pkey_denies(c, all, raw, a),
                         0))
        return deny(c, w, r, all, level, slot, raw, a);
    set = PTE_A | (a.write ? PTE_D : 0);
    if (__builtin_expect(set & ~pte, 0))
        ad_set(c, false, slot, raw, set, key);
    offset = pt_size(level) - 1;
    w->guest = (struct leaf) { all, raw, offset };
    return reach(c, w, (pte & PTE_ADDR_MASK & ~offset) | (gva & offset), raw,
                 a);
}
